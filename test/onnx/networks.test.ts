/** Whole networks: what onnxruntime makes of them against Caffe. */
import path from 'node:path';
import { Net } from '../../lib/net';
import * as networks from '../../lib/networks';
import { exportOnnx } from '../../lib/onnx';
import { toDeploy } from '../../lib/prototxt';
import { model } from '../prototxt/shared';
import { temporaryFolder } from '../support/folders';
import { onnxEquality } from '../support/onnx-equality';
import { onnxRuntime } from '../support/onnx-runtime';
import { describeShared, golden, goldenFloats, relativeError, shared } from '../support/shared';
import { fillAsTrained } from '../support/trained';

const at = temporaryFolder();
const compare = onnxEquality(at('model.onnx'));
const run = onnxRuntime();

/** As the pixels of a picture, mean subtracted. */
const pixels = (count: number, seed: number) => Float32Array.from({ length: count }, (_, index) => 100 * Math.sin(seed + index));

test.each(networks.list().map(({ name, smallest, input }) => [name, Math.max(smallest, Math.min(input[1], 64))] as const))(
  '%s of the package, with pictures of %d pixels',
  async (name, size) => {
    const { deploy } = networks.get(name, { classes: 5, size });
    // Fully connected layers of fewer outputs, which take most of the time.
    const { exported, error } = await compare(deploy.replaceAll('4096', '256'), { batches: [1, 2] });
    expect(exported).toMatchObject({ inputs: [{ shape: ['N', expect.any(Number), size, size] }], outputs: [{ name: 'prob' }] });
    expect(error).toBeLessThan(1e-5);
  },
);

describeShared('the published networks', () => {
  test('SqueezeNet with its weights gives what pycaffe gives', async () => {
    const network = path.join(shared, 'models/squeezenet/SqueezeNet_deploy.prototxt');
    const weights = path.join(shared, 'models/squeezenet/squeezenet.caffemodel');
    const exported = await exportOnnx({ network, weights }, { output: at('squeezenet.onnx') });
    expect(exported).toMatchObject({
      opset: 13,
      inputs: [{ name: 'data', shape: ['N', 3, 227, 227] }],
      outputs: [{ name: 'pool_final', shape: ['N', 1000, 1, 1] }],
    });
    const [cat] = golden<{ pool_final: number[] }[]>('squeezenet.json');
    const { tensors } = await run(exported.path, { data: { shape: [1, 3, 227, 227], data: goldenFloats('squeezenet_input_cat.f32') } });
    expect(relativeError(tensors.pool_final?.data ?? [], cat?.pool_final ?? [])).toBeLessThan(1e-5);
  });

  test.each(['bvlc_alexnet', 'bvlc_googlenet'])('%s for deployment', async (name) => {
    const { exported, error } = await compare(model(`${name}/deploy`), { values: pixels, batches: [1, 2] });
    expect(exported).toMatchObject({ inputs: [{ name: 'data' }], outputs: [{ name: 'prob', shape: ['N', 1000] }] });
    expect(error).toBeLessThan(1e-5);
  });

  test.each(['bvlc_googlenet/train_val', 'squeezenet/SqueezeNet_trainval'])('%s, for training, as toDeploy deploys it', async (name) => {
    const input = { data: [1, 3, 224, 224] };
    const { text, outputs } = toDeploy(model(name), { input });
    const net = fillAsTrained(await Net.from(text, { engine: 'caffe' }));
    const exported = await exportOnnx({ network: model(name), weights: await net.toBuffer() }, { output: at('trained.onnx'), input });
    expect(exported.outputs.map((output) => output.name)).toEqual(outputs);
    const data = { shape: input.data, data: pixels(3 * 224 * 224, 3) };
    const [ours, { tensors }] = await Promise.all([net.forward({ data }), run(exported.path, { data })]);
    for (const [blob, expected] of Object.entries(ours)) {
      expect(relativeError(tensors[blob]?.data ?? [], expected.data)).toBeLessThan(1e-5);
    }
    await net.dispose();
  });
});
