/** What famous networks leave to Caffe inside their plans, and that their answers are Caffe's. */
import { caffe } from '../../lib/caffe';
import { Net } from '../../lib/net';
import * as networks from '../../lib/networks';
import { type NetParameter, parseNet, retarget, toDeploy } from '../../lib/prototxt';
import { model } from '../prototxt/shared';
import { noise } from '../support/engine';
import { relativeError, sharedIsPresent } from '../support/shared';
import { fillAsTrained, narrow } from '../support/trained';

const describeEngine = caffe.features.onednn ? describe : describe.skip;
jest.setTimeout(300_000); // seconds on an idle machine

/** Sizes that are quickly computed: those that the networks take at least, or a little more. */
const SIZES: Readonly<Partial<Record<networks.NetworkName, number>>> = { alexnet: 67, caffenet: 67, googlenet: 64, squeezenet: 65 };
const ITEMS = 2;

/** The deployed network with the fillers that it is trained from, and a last layer whose values say more than probabilities. */
function deployed(name: networks.NetworkName, size: number): NetParameter {
  const { deploy, trainVal } = networks.get(name, { size, classes: 12 });
  const trained = new Map(parseNet(trainVal).layer?.map((layer) => [layer.name, layer]));
  const layers = parseNet(deploy).layer ?? [];
  return {
    layer: layers.map((layer) =>
      layer.type === 'Input' ? layer : { ...layer, ...trained.get(layer.name), bottom: layer.bottom, top: layer.top, include: [] },
    ),
  };
}

/** Statistics that a BatchNorm may have learned: without, each would divide by nearly nothing. */
function learnStatistics(net: Net): void {
  for (const { name, type } of net.layers) {
    if (type !== 'BatchNorm') continue;
    const [means, variances, divisor] = net.params[name] ?? [];
    means?.set(noise(means.count).map((value) => value / 10));
    variances?.set(noise(variances.count, 2).map((value) => 1 + value / 2));
    divisor?.set([1]);
  }
}

async function stepsInCaffe(net: NetParameter | string, learn: (net: Net) => unknown = learnStatistics): Promise<string[]> {
  const plain = await Net.from(net, { engine: 'caffe' });
  learn(plain);
  const fast = await Net.from(net, { engine: 'onednn', weights: await plain.toBuffer() });
  const [, ...picture] = plain.blobs.data?.shape ?? [];
  const shape = [ITEMS, ...picture];
  const data = { shape, data: noise(shape.reduce((all, extent) => all * extent, 1)) };
  const [found, expected] = [await fast.forward({ data }), await plain.forward({ data })];
  for (const [name, tensor] of Object.entries(expected)) {
    expect(tensor.data.some((value) => value > 0)).toBe(true);
    expect(relativeError(found[name]?.data ?? [], tensor.data)).toBeLessThan(1e-4);
  }
  expect(fast.engine).toEqual({ name: 'onednn', precision: 'f32' });
  const steps = fast.plan?.steps ?? [];
  await Promise.all([plain.dispose(), fast.dispose()]);
  return steps.filter(({ engine }) => engine === 'caffe').flatMap(({ types }) => types);
}

describeEngine('what is left to Caffe', () => {
  test.each(networks.list())('$title: nothing', async ({ name, smallest }) => {
    expect(await stepsInCaffe(deployed(name, SIZES[name] ?? smallest))).toEqual([]);
  });

  test('CIFAR-10 with normalisation within channels: nothing', async () => {
    const convolution = (name: string, bottom: string) =>
      `layer { name: "${name}" type: "Convolution" bottom: "${bottom}" top: "${name}"
        convolution_param { num_output: 32 pad: 2 kernel_size: 5 weight_filler { type: "xavier" } } }`;
    const pool = (name: string, bottom: string, kind: string) =>
      `layer { name: "${name}" type: "Pooling" bottom: "${bottom}" top: "${name}" pooling_param { pool: ${kind} kernel_size: 3 stride: 2 } }
       layer { name: "${name}-relu" type: "ReLU" bottom: "${name}" top: "${name}" }
       layer { name: "${name}-norm" type: "LRN" bottom: "${name}" top: "${name}-norm"
         lrn_param { local_size: 3 alpha: 5e-05 beta: 0.75 norm_region: WITHIN_CHANNEL } }`;
    const text = `
      layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 dim: 32 dim: 32 } } }
      ${convolution('conv1', 'data')} ${pool('pool1', 'conv1', 'MAX')}
      ${convolution('conv2', 'pool1-norm')} ${pool('pool2', 'conv2', 'AVE')}
      layer { name: "ip" type: "InnerProduct" bottom: "pool2-norm" top: "ip" inner_product_param { num_output: 10 weight_filler { type: "xavier" } } }
      layer { name: "prob" type: "Softmax" bottom: "ip" top: "prob" }`;
    expect(await stepsInCaffe(text)).toEqual([]);
  });

  test('a fully convolutional network: its cropping', async () => {
    const convolution = (name: string, bottom: string, outputs: number, size: number) =>
      `layer { name: "${name}" type: "Convolution" bottom: "${bottom}" top: "${name}"
        convolution_param { num_output: ${outputs} kernel_size: ${size} pad: ${(size - 1) / 2} weight_filler { type: "msra" } } }`;
    const half = (name: string, bottom: string) =>
      `layer { name: "${name}" type: "Pooling" bottom: "${bottom}" top: "${name}" pooling_param { pool: MAX kernel_size: 2 stride: 2 } }`;
    const enlarge = (name: string, bottom: string, group: number) =>
      `layer { name: "${name}" type: "Deconvolution" bottom: "${bottom}" top: "${name}"
        convolution_param { num_output: 21 group: ${group} bias_term: false kernel_size: 4 stride: 2 weight_filler { type: "bilinear" } } }`;
    const crop = (name: string, bottom: string, like: string) =>
      `layer { name: "${name}" type: "Crop" bottom: "${bottom}" bottom: "${like}" top: "${name}" crop_param { axis: 2 offset: 1 } }`;
    const text = `
      layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 dim: 36 dim: 44 } } }
      ${convolution('conv1', 'data', 16, 3)}
      layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }
      ${half('pool1', 'conv1')} ${convolution('conv2', 'pool1', 32, 3)} ${half('pool2', 'conv2')}
      ${convolution('score2', 'pool2', 21, 1)} ${enlarge('up2', 'score2', 1)}
      ${convolution('score1', 'pool1', 21, 1)} ${crop('crop2', 'up2', 'score1')}
      layer { name: "fuse" type: "Eltwise" bottom: "score1" bottom: "crop2" top: "fuse" }
      ${enlarge('up1', 'fuse', 21)} ${crop('crop1', 'up1', 'data')}
      layer { name: "prob" type: "Softmax" bottom: "crop1" top: "prob" }`;
    expect(await stepsInCaffe(text)).toEqual(['Crop', 'Crop']);
  });
});

(sharedIsPresent ? describeEngine : describe.skip)('what is left to Caffe of published networks: nothing', () => {
  test.each(['bvlc_alexnet/deploy', 'bvlc_reference_caffenet/deploy', 'bvlc_googlenet/deploy', 'squeezenet/SqueezeNet_deploy'])(
    '%s',
    async (name) => expect(await stepsInCaffe(narrow(model(name)), fillAsTrained)).toEqual([]),
  );

  test.each([
    ['digits/lenet', 1, 28],
    ['digits/alexnet', 3, 227],
    ['digits/googlenet', 3, 224],
  ])('%s, as toDeploy deploys it', async (name, channels, size) => {
    const { text } = toDeploy(narrow(retarget(model(name), { classes: 12 }).text), { input: { data: [1, channels, size, size] } });
    expect(await stepsInCaffe(text, fillAsTrained)).toEqual([]);
  });
});
