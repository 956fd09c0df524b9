/** What an exported file says beside its numbers: names, metadata, batches; and what cannot be exported. */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { io } from '../../lib';
import { deploy } from '../../lib/deploy';
import { readMeanImage } from '../../lib/mean-image';
import { Net } from '../../lib/net';
import { exportOnnx, type OnnxNetwork } from '../../lib/onnx';
import { writeModel } from '../../lib/onnx/file';
import { encodeModel } from '../../lib/onnx/model';
import { parse } from '../../lib/prototxt';
import { train } from '../../lib/train';
import { ALEXNET_V1 } from '../prototxt/old-networks';
import { failureOf } from '../support/failure';
import { namesIn, temporaryFolder } from '../support/folders';
import { pairsOf, TEMPLATES } from '../support/layer-cases';
import { TINY_DEPLOY } from '../support/networks';
import { onnxEquality } from '../support/onnx-equality';
import { onnxContents } from '../support/onnx-file';
import { onnxRuntime } from '../support/onnx-runtime';
import { relativeError } from '../support/shared';
import { fillAsTrained, randomValues } from '../support/trained';
import { colourDataset, TINY_NETWORK } from '../support/training';

const at = temporaryFolder();
const output = at('net.onnx');
const compare = onnxEquality(output);
const run = onnxRuntime();

const input = (...dim: number[]) =>
  `layer { name: "data" type: "Input" top: "data" input_param { shape { ${dim.map((extent) => `dim: ${extent}`).join(' ')} } } }\n`;
const relu = (bottom: string, top = bottom, name = `relu-${top}`) =>
  `layer { name: "${name}" type: "ReLU" bottom: "${bottom}" top: "${top}" }\n`;
const dropout = (bottom: string, top = bottom) => `layer { name: "drop-${top}" type: "Dropout" bottom: "${bottom}" top: "${top}" }\n`;
const fc = (bottom: string, top: string) =>
  `layer { name: "${top}" type: "InnerProduct" bottom: "${bottom}" top: "${top}" inner_product_param { num_output: 3 } }\n`;

/** The weights of a network, as if it was trained. */
async function weightsOf(text: string, seed?: number): Promise<Buffer> {
  const net = fillAsTrained(await Net.from(text), seed);
  const weights = await net.toBuffer();
  await net.dispose();
  return weights;
}

describe('names', () => {
  test('are those of blobs; before a layer works in place, the blob has another; Dropout is gone', async () => {
    const text =
      input(1, 4) + fc('data', 'fc') + relu('fc') + dropout('fc') + fc('fc', 'out') + relu('out', 'end') + dropout('end', 'last');
    expect((await compare(text)).error).toBeLessThan(1e-5);
    const { nodes, initializers, name, producer, opset, irVersion } = onnxContents(output);
    expect({ name, producer, opset, irVersion }).toEqual({ name: 'network', producer: 'caffe-node', opset: 13, irVersion: 7 });
    expect(nodes.map((node) => [node.name, node.type, ...node.outputs])).toEqual([
      ['fc', 'Gemm', 'fc@fc'],
      ['relu-fc', 'Relu', 'fc'],
      ['out', 'Gemm', 'out'],
      ['relu-end', 'Relu', 'last'],
    ]);
    expect(nodes[0]?.doc).toBe("Caffe's layer 'fc' (InnerProduct)");
    expect(initializers).toEqual({ 'fc.weights': 48, 'fc.bias': 12, 'out.weights': 36, 'out.bias': 12 });
  });

  test('outputs that are the same values have a name each', async () => {
    const split = 'layer { name: "split" type: "Split" bottom: "data" top: "a" top: "b" }\n';
    const { exported } = await compare(input(2, 3) + split + dropout('data', 'c') + fc('data', 'd'));
    expect(exported.outputs.map(({ name }) => name)).toEqual(['a', 'b', 'c', 'd']);
  });

  test('what is written over an input, in place, has the name of the layer as well', async () => {
    const { exported, error } = await compare(input(2, 3) + relu('data') + dropout('data'));
    expect(error).toBe(0);
    expect(exported.inputs.map(({ name }) => name)).toEqual(['data']);
    expect(exported.outputs.map(({ name }) => name)).toEqual(['data@drop-data']);
  });

  test('inputs that no node reads are left out', async () => {
    const silence = 'layer { name: "silence" type: "Silence" bottom: "label" }\n';
    const label = (blob: string) => input(2, 1).replaceAll('data', blob);
    const text = input(2, 3) + label('label') + label('unread') + silence + relu('data', 'out');
    const { inputs, outputs } = await exportOnnx({ network: text, weights: [] }, { output });
    expect([...inputs, ...outputs].map(({ name }) => name)).toEqual(['data', 'out']);
  });

  test('of layers and blobs may be of any kind', async () => {
    const text = [input(1, 4), fc('data', 'fc'), relu('fc'), relu('fc', 'fc@fc', 'fc'), relu('fc', 'fc.weights', 'ä/ß "x"')].join('');
    const quoted = text.replace('"ä/ß "x""', `'ä/ß "x"'`);
    expect((await compare(quoted)).error).toBeLessThan(1e-5);
    const { nodes } = onnxContents(output);
    expect(nodes.at(-1)).toMatchObject({ name: 'ä/ß "x"', outputs: ['fc.weights'] });
    const values = nodes.flatMap((node) => node.outputs);
    expect(new Set(values).size).toBe(values.length);
  });
});

describe('a model', () => {
  test('with its labels, and the record of its preprocessing, a mean image with its values', async () => {
    const dataset = await colourDataset(at('colours'));
    const model = await train({ dataset, network: TINY_NETWORK, epochs: 1, seed: 1, output: at('model') });
    const archive = await deploy(model, { output: at('model.tar.gz') });
    const files = [model, at('model'), archive, archive.path];
    const bytes: Buffer[] = [];
    for (const one of files) {
      await exportOnnx(one, { output });
      bytes.push(await readFile(output));
    }
    expect(bytes.every((other) => other.equals(bytes[0] as Buffer))).toBe(true);
    const { metadata } = onnxContents(output);
    expect(JSON.parse(metadata.labels ?? '')).toEqual(['blue', 'green', 'red']);
    expect(JSON.parse(metadata.preprocessing ?? '')).toEqual(model.preprocessing);
    const mean = JSON.parse(metadata.mean_image ?? '');
    const expected = await readMeanImage(path.join(model.folder, 'mean.binaryproto'));
    expect(mean.shape).toEqual(expected.shape);
    expect(Buffer.from(mean.float32, 'base64')).toEqual(Buffer.from(expected.data.buffer));
  });
});

describe('batches', () => {
  const shapes = async (text: string, options = {}) => {
    const { exported, error } = await compare(text, options);
    expect(error).toBeLessThan(1e-5);
    return [...exported.inputs, ...exported.outputs].map(({ shape }) => shape);
  };
  const reshape = (...dim: number[]) =>
    `layer { name: "reshape" type: "Reshape" bottom: "data" top: "out" reshape_param { shape { ${dim.map((extent) => `dim: ${extent}`).join(' ')} } } }\n`;

  test('stay open where the network permits it', async () => {
    expect(await shapes(TINY_DEPLOY, { batches: [1, 3, 8] })).toEqual([
      ['N', 3, 8, 8],
      ['N', 5],
    ]);
    // Another extent than the batch itself has no name.
    expect(await shapes(input(2, 3, 4) + reshape(-1, 4), { batches: [1, 2, 5] })).toEqual([
      ['N', 3, 4],
      [undefined, 4],
    ]);
  });

  test('are fixed where the caller says so', async () => {
    const weights = await weightsOf(TINY_DEPLOY);
    const { inputs, outputs } = await exportOnnx({ network: TINY_DEPLOY, weights }, { output, batch: 4 });
    expect([inputs[0]?.shape, outputs[0]?.shape]).toEqual([
      [4, 3, 8, 8],
      [4, 5],
    ]);
    const { tensors } = await run(output, { data: { shape: [4, 3, 8, 8], data: randomValues(768, 1) } });
    expect(tensors.prob?.shape).toEqual([4, 5]);
  });

  test.each([
    ['reshapes to a number of items', input(4, 6) + reshape(4, 3, 2)],
    [
      'has weights for the items',
      `${input(2, 3)}layer { name: "fc" type: "InnerProduct" bottom: "data" top: "out" inner_product_param { num_output: 2 axis: 0 } }`,
    ],
    [
      'cuts the items',
      `${input(3, 2)}layer { name: "slice" type: "Slice" bottom: "data" top: "a" top: "b" slice_param { axis: 0 slice_point: 1 } }`,
    ],
    ['numbers the items', `${input(3, 2)}layer { name: "most" type: "ArgMax" bottom: "data" top: "a" argmax_param { axis: 0 } }`],
    [
      'has two extents that follow the batch',
      `${input(2, 3)}${relu('data', 'out')}layer { name: "more" type: "Input" top: "more" input_param { shape { dim: 3 dim: 1 } } }
      ${relu('more', 'out2')}`,
    ],
  ])('are fixed where the network %s', async (_, text) => {
    const [first] = await shapes(text);
    expect(first).not.toContain('N');
  });
});

describe('networks and weights of every kind', () => {
  const network = at('net.prototxt');

  test('of files, of text, a document; bytes; HDF5', async () => {
    const weights = await weightsOf(TINY_DEPLOY);
    await writeFile(network, TINY_DEPLOY);
    await writeFile(at('net.caffemodel'), weights);
    const net = await Net.from(TINY_DEPLOY, { weights });
    await net.save(at('net.caffemodel.h5'));
    await net.dispose();
    const sources: OnnxNetwork[] = [
      { network, weights: at('net.caffemodel') },
      { network: parse(TINY_DEPLOY), weights: [weights] },
      { network: TINY_DEPLOY, weights: at('net.caffemodel.h5') },
    ];
    const bytes: Buffer[] = [];
    for (const source of sources) {
      await exportOnnx(source, { output });
      bytes.push(await readFile(output));
    }
    expect(bytes.every((other) => other.equals(bytes[0] as Buffer))).toBe(true);
  });

  test('of several weights, later ones win', async () => {
    const [first, second] = [await weightsOf(TINY_DEPLOY, 1), await weightsOf(TINY_DEPLOY, 2)];
    await exportOnnx({ network: TINY_DEPLOY, weights: [second] }, { output });
    const expected = await readFile(output);
    await exportOnnx({ network: TINY_DEPLOY, weights: [first, second] }, { output });
    expect((await readFile(output)).equals(expected)).toBe(true);
  });

  test('layers that share their weights', async () => {
    const shared = 'param { name: "w" } param { name: "b" }';
    const text = [input(2, 3), fc('data', 'a'), fc('a', 'b')].join('').replaceAll('num_output: 3 }', `num_output: 3 } ${shared}`);
    expect((await compare(text)).error).toBeLessThan(1e-5);
  });

  test("of Caffe's first versions, its four extents for every blob", async () => {
    const text = ALEXNET_V1.replaceAll('4096', '8').replaceAll(/num_output: (96|256|384)/g, 'num_output: 4');
    const net = fillAsTrained(await Net.from(text, { engine: 'caffe' }));
    const message = await io.decodeMessage('NetParameter', await net.toBuffer());
    const layer = (message.layer as { blobs?: { shape: { dim: number[] }; data: Float32Array }[] }[]).map((one) => ({
      ...one,
      blobs: one.blobs?.map(({ shape: { dim }, data }) => {
        const [num, channels, height, width] = [...[1, 1, 1, 1], ...dim].slice(-4);
        return { num, channels, height, width, data };
      }),
    }));
    const weights = await io.encodeMessage('NetParameter', { ...message, layer });
    const { inputs } = await exportOnnx({ network: text, weights }, { output });
    expect(inputs).toEqual([{ name: 'data', shape: ['N', 3, 227, 227] }]);
    const data = { shape: [1, 3, 227, 227], data: randomValues(3 * 227 * 227, 1) };
    const [ours, { tensors }] = await Promise.all([net.forward({ data }), run(output, { data })]);
    const [[blob = '', expected] = []] = Object.entries(ours);
    expect(relativeError(tensors[blob]?.data ?? [], expected?.data ?? [])).toBeLessThan(1e-5);
    await net.dispose();
  });
});

describe('what cannot be exported', () => {
  const odd = `layer { name: "spp" type: "SPP" bottom: "conv1" top: "spp" spp_param { pyramid_height: 2 } }
layer { name: "interp" type: "Interp" bottom: "conv1" top: "interp" }
layer { name: "after" type: "InnerProduct" bottom: "interp" top: "after" inner_product_param { num_output: 2 } }
layer { name: "pool" type: "Pooling" bottom: "conv1" top: "pool" pooling_param { pool: STOCHASTIC kernel_size: 2 } }`;

  test('is named, all of it, before anything is written; what was there stays', async () => {
    await writeFile(at('kept.onnx'), 'as it was');
    const before = await namesIn(at());
    const weights = await weightsOf(TINY_DEPLOY);
    const failure = await failureOf(exportOnnx({ network: TINY_DEPLOY + odd, weights }, { output: at('kept.onnx') }));
    expect(failure).toMatchObject({ code: 'ERR_CAFFE_UNSUPPORTED', layer: 'spp', hint: expect.stringContaining('extract') });
    expect(failure.message).toBe(
      "3 layers cannot be expressed in ONNX: 'spp' (SPP): this type of layer is not exported; " +
        "'interp' (Interp): this type of layer is not exported; " +
        "'pool' (Pooling): stochastic pooling has no counterpart in ONNX.",
    );
    expect(await readFile(at('kept.onnx'), 'utf8')).toBe('as it was');
    expect(await namesIn(at())).toEqual(before);
    expect((await exportOnnx({ network: TINY_DEPLOY, weights }, { output: at('kept.onnx') })).size).toBeGreaterThan(1000);
  });

  const goesOn = 'layer { name: "go" type: "Input" top: "go" input_param { shape { dim: 1 dim: 4 } } }';

  test.each([
    ['limits the wrong way round', 'type: "Clip" clip_param { min: 1 max: 0 }'],
    ['a slope that is no number', 'type: "ReLU" relu_param { negative_slope: nan }'],
    ['a scale that is no number', 'type: "Power" power_param { scale: inf }'],
    ['an LSTM', 'type: "LSTM" bottom: "go" recurrent_param { num_output: 2 }'],
    ['the mask of maxima', 'type: "Pooling" top: "mask" pooling_param { kernel_size: 2 }'],
    ['averages over nothing', 'type: "Pooling" pooling_param { pool: AVE kernel_size: 1 stride: 3 }'],
    ['a normalization by negative factors', 'type: "LRN" lrn_param { alpha: -1 }'],
  ])('%s', async (_, layer) => {
    const text = `${TINY_DEPLOY}${goesOn} layer { name: "it" bottom: "conv1" top: "it" ${layer} }`;
    const failure = await failureOf(exportOnnx({ network: text, weights: await weightsOf(TINY_DEPLOY) }, { output }));
    expect(failure).toMatchObject({ code: 'ERR_CAFFE_UNSUPPORTED', layer: 'it' });
  });

  test('layers of every type, misconfigured: refused, or written whole', async () => {
    const codes = new Set<string>();
    for (const { text } of Object.keys(TEMPLATES).flatMap((type) => pairsOf(type, 8))) {
      const outcome = await exportOnnx({ network: text, weights: [] }, { output }).then(
        ({ size }) => (size > 100 ? 'written' : 'too small'),
        (error: { code?: string; stack: string }) => error.code ?? error.stack,
      );
      codes.add(outcome);
    }
    const possible = ['INPUT', 'PROTOTXT', 'SHAPE', 'UNSUPPORTED', 'WEIGHTS'].map((code) => `ERR_CAFFE_${code}`);
    expect([...codes].filter((code) => ![...possible, 'written'].includes(code))).toEqual([]);
    expect(codes.size).toBeGreaterThan(3);
  });

  test('weights that are missing, or of other shapes, are named by layer', async () => {
    const other = TINY_DEPLOY.replace('num_output: 5', 'num_output: 6');
    const misfit = await failureOf(exportOnnx({ network: other, weights: await weightsOf(TINY_DEPLOY) }, { output }));
    expect(misfit).toMatchObject({ code: 'ERR_CAFFE_WEIGHTS', layer: 'fc2' });
    expect(misfit.message).toBe("Parameter 0 of layer 'fc2' has the shape 6×36; in the weights it is 5×36.");
    expect(await failureOf(exportOnnx({ network: TINY_DEPLOY, weights: [] }, { output }))).toMatchObject({
      code: 'ERR_CAFFE_WEIGHTS',
      layer: 'conv1',
    });
  });

  test('a network without outputs', async () => {
    const text = `${input(2, 3)}layer { name: "silence" type: "Silence" bottom: "data" }`;
    expect(await failureOf(exportOnnx({ network: text, weights: [] }, { output }))).toMatchObject({
      code: 'ERR_CAFFE_UNSUPPORTED',
      message: expect.stringContaining('no outputs'),
    });
  });

  test('2 GiB', async () => {
    const initializers = [{ value: { name: 'w' }, shape: [2 ** 29], data: new Float32Array(2 ** 29) }];
    const producer = { name: 'test', version: '1' };
    const model = encodeModel({ name: 'large', producer, opset: 13, nodes: [], initializers, inputs: [], outputs: [], metadata: {} });
    const failure = await failureOf(writeModel(at('large.onnx'), model));
    expect(failure).toMatchObject({ code: 'ERR_CAFFE_UNSUPPORTED', message: expect.stringContaining('2 GiB') });
    expect(await namesIn(at())).not.toContain('large.onnx');
  });
});

test('an abort leaves nothing, at whatever moment', async () => {
  const text = `${input(1, 3000)}layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc" inner_product_param { num_output: 1500 } }`;
  const weights = await weightsOf(text);
  const before = await namesIn(at());
  let asked = 0;
  for (const last of [1, 2, 3, 4]) {
    asked = 0;
    const signal = {
      get aborted() {
        return ++asked > last;
      },
      reason: 'enough',
      addEventListener() {},
      removeEventListener() {},
    } as unknown as AbortSignal;
    const failure = await failureOf(exportOnnx({ network: text, weights }, { output: at('aborted.onnx'), signal }));
    expect(failure).toMatchObject({ code: 'ERR_CAFFE_ABORTED', cause: 'enough' });
    expect(await namesIn(at())).toEqual(before);
  }
  await exportOnnx({ network: text, weights }, { output: at('aborted.onnx') });
  expect(await namesIn(at())).toContain('aborted.onnx');
});
