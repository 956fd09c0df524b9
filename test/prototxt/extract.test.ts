/** Parts of networks against the whole, both computed by Caffe. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { Net } from '../../lib/net';
import { check, type ExtractOptions, extract, parse, toDeploy } from '../../lib/prototxt';
import { failureOf } from '../support/failure';
import { temporaryFolder } from '../support/folders';
import { relativeError, shared } from '../support/shared';
import { fillAsTrained, randomValues } from '../support/trained';
import { randomNets } from './random-net';
import { describeModels, model } from './shared';

const at = temporaryFolder();
const NET = `# what it is for
name: "branches"
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 dim: 8 dim: 8 } } }
layer { name: "side" type: "Input" top: "side" input_param { shape { dim: 2 dim: 4 } } }
# the first
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1" convolution_param { num_output: 4 kernel_size: 3 } }
layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }
layer { name: "conv2" type: "Convolution" bottom: "conv1" top: "conv2" convolution_param { num_output: 4 kernel_size: 3 pad: 1 } }
layer { name: "sum" type: "Eltwise" bottom: "conv1" bottom: "conv2" top: "sum" } # and what went round it
layer { name: "fc" type: "InnerProduct" bottom: "sum" top: "fc" inner_product_param { num_output: 4 } }
layer { name: "mixed" type: "Eltwise" bottom: "fc" bottom: "side" top: "mixed" }
layer { name: "prob" type: "Softmax" bottom: "fc" top: "prob" }
`;

/** Extracts a part and checks that Caffe gives for it, bit for bit, what it gives for the whole; its inputs hold what they hold in the whole. */
async function part(text: string, options: ExtractOptions, whole: Net) {
  const result = await extract(text, { ...options, weights: await whole.toBuffer() });
  const inner = await Net.from(result.text, { engine: 'caffe' });
  expect(result.weights === undefined).toBe(Object.keys(inner.params).length === 0);
  if (result.weights) expect(await inner.copyFrom(result.weights)).toMatchObject({ missing: [], unused: [], mismatched: [] });
  const values = Object.fromEntries(whole.inputs.map((name, index) => [name, randomValues(whole.blobs[name]?.count ?? 0, index + 1)]));
  const blobs = [...new Set([...inner.inputs, ...result.outputs])];
  const all = {
    ...(await whole.forward(values, { blobs: blobs.filter((name) => !whole.inputs.includes(name)) })),
    ...(await inputsOf(whole)),
  };
  const inputs = Object.fromEntries(inner.inputs.map((name) => [name, all[name]?.data ?? []]));
  for (const { blob, shape } of result.inputs) expect(shape).toEqual(whole.blobs[blob]?.shape);
  const outputs = await inner.forward(inputs);
  expect(Object.keys(outputs).sort()).toEqual([...result.outputs].sort());
  for (const [name, { data }] of Object.entries(outputs)) expect([name, relativeError(data, all[name]?.data ?? [])]).toEqual([name, 0]);
  await inner.dispose();
  return result;
}

async function inputsOf(net: Net) {
  return Object.fromEntries(await Promise.all(net.inputs.map(async (name) => [name, await net.blobs[name]?.read()])));
}

describe('a part', () => {
  let net: Net;
  beforeAll(async () => {
    net = fillAsTrained(await Net.from(NET, { engine: 'caffe' }));
  });
  afterAll(() => net.dispose());

  test('between two blobs is a net with an Input, the rest as it was', async () => {
    const result = await part(NET, { from: 'conv1', to: 'sum' }, net);
    expect(result).toMatchObject({
      inputs: [{ blob: 'conv1', shape: [2, 4, 6, 6], from: 'the network' }],
      outputs: ['sum'],
      kept: ['conv2', 'sum'],
      removed: ['data', 'side', 'conv1', 'relu1', 'fc', 'mixed', 'prob'],
    });
    expect(result.text).toBe(`# what it is for
name: "branches"
layer {
  name: "conv1"
  type: "Input"
  top: "conv1"
  input_param { shape: { dim: 2 dim: 4 dim: 6 dim: 6 } }
}
layer { name: "conv2" type: "Convolution" bottom: "conv1" top: "conv2" convolution_param { num_output: 4 kernel_size: 3 pad: 1 } }
layer { name: "sum" type: "Eltwise" bottom: "conv1" bottom: "conv2" top: "sum" } # and what went round it
`);
  });

  test('from the beginning keeps the inputs it needs', async () => {
    const result = await part(NET, { to: 'conv2' }, net);
    expect(result).toMatchObject({ inputs: [], outputs: ['conv2'], kept: ['data', 'conv1', 'relu1', 'conv2'] });
    expect(result.text).toBe(NET.slice(0, NET.indexOf('layer { name: "sum"')).replace(/layer { name: "side".*\n/, ''));
    expect((await part(NET, { from: ['data'], to: ['conv2'] }, net)).text).toBe(result.text);
  });

  test('to the end has all outputs', async () => {
    expect((await part(NET, { from: ['sum', 'side'] }, net)).outputs).toEqual(['mixed', 'prob']);
    expect((await part(NET, { from: 'fc', to: 'prob' }, net)).kept).toEqual(['prob']);
  });

  test('of the whole is the whole', async () => {
    expect((await part(NET, {}, net)).text).toBe(NET);
    expect((await extract(parse(NET))).weights).toBeUndefined();
  });

  test('between several blobs', async () => {
    const result = await part(NET, { from: ['side', 'sum'], to: ['mixed', 'fc'] }, net);
    expect(result.inputs.map(({ blob }) => blob)).toEqual(['side', 'sum']);
    expect(result.kept).toEqual(['fc', 'mixed']);
  });

  test('takes another shape for its input', async () => {
    const { text, inputs } = await extract(NET, { from: 'conv1', to: 'conv2', input: { conv1: [1, 4, 20, 20] } });
    expect(inputs).toEqual([{ blob: 'conv1', shape: [1, 4, 20, 20], from: 'given' }]);
    expect(check(text).blobs.at(-1)).toMatchObject({ name: 'conv2', shape: [1, 4, 20, 20] });
  });

  test('of weights in a file of HDF5', async () => {
    await net.save(at('net.h5'), { format: 'hdf5' });
    const { text, weights } = await extract(NET, { from: 'conv1', to: 'conv2', weights: at('net.h5') });
    const inner = await Net.from(text, { weights });
    expect(inner.params.conv2?.[0]?.data).toEqual(net.params.conv2?.[0]?.data);
    await inner.dispose();
  });

  test('has the parameters that its layers share with one that is left out, whatever the file', async () => {
    const shared = 'param { name: "w" } param { name: "b" } inner_product_param { num_output: 3 }';
    const text = `layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 } } }
layer { name: "one" type: "InnerProduct" bottom: "data" top: "one" ${shared} }
layer { name: "two" type: "InnerProduct" bottom: "one" top: "two" ${shared} }
`;
    const twins = fillAsTrained(await Net.from(text, { engine: 'caffe' }));
    await twins.save(at('twins.h5'), { format: 'hdf5' });
    for (const weights of [at('twins.h5'), await twins.toBuffer()]) {
      const result = await extract(text, { from: 'one', to: 'two', weights });
      const inner = await Net.from(result.text, { weights: result.weights });
      expect(inner.params.two?.map(({ data }) => data)).toEqual(twins.params.one?.map(({ data }) => data));
      await inner.dispose();
    }
    await twins.dispose();
  });

  test('of any net, between any blobs, gives what the whole gives, or says why it cannot be', async () => {
    const outcomes = { extracted: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(randomNets, fc.nat(), fc.nat(), fc.nat(1000), async (text, first, second, seed) => {
        const whole = fillAsTrained(await Net.from(text, { engine: 'caffe' }), seed);
        const blobs = whole.blobNames.filter((name) => !name.includes('split'));
        const [from, to] = [first, second].map((index) => blobs[index % blobs.length] ?? '');
        try {
          await part(text, { from, to }, whole);
          outcomes.extracted++;
        } catch (error) {
          expect(error).toMatchObject({ code: 'ERR_CAFFE_INPUT' });
          outcomes.refused++;
        } finally {
          await whole.dispose();
        }
      }),
      { numRuns: 80 },
    );
    expect(outcomes.extracted).toBeGreaterThan(10);
    expect(outcomes.refused).toBeGreaterThan(10);
  });

  test('of a part is a part', async () => {
    const { text } = await extract(NET, { from: 'conv1', to: 'prob' });
    expect((await extract(text, { from: 'sum', to: 'fc' })).text).toBe((await extract(NET, { from: 'sum', to: 'fc' })).text);
  });
});

describe('a file', () => {
  const DATA =
    'layer { name: "data" type: "Data" top: "data" top: "label" transform_param { crop_size: 6 } data_param { source: "db" batch_size: 4 } }';
  const conv = 'layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" convolution_param { num_output: 2 kernel_size: 3 } }';
  const rule =
    'layer { name: "drop" type: "Dropout" bottom: "conv" top: "conv" include { phase: TRAIN } }\nlayer { name: "pool" type: "Pooling" bottom: "conv" top: "pool" pooling_param { kernel_size: 2 } include { phase: TEST } }';

  test('for training is taken as it is deployed, and its rules go', async () => {
    const { text, removed, inputs } = await extract(`${DATA}\n${conv}\n${rule}\n`, { from: 'data', to: 'pool' });
    expect(removed).toEqual(['data', 'drop']);
    expect(inputs).toEqual([{ blob: 'data', shape: [1, 3, 6, 6], from: "crop_size of Data layer 'data', 3 channels assumed" }]);
    expect(text).not.toMatch(/include|Dropout|label/);
    const net = await Net.from(text);
    expect(net.blobs.pool?.shape).toEqual([1, 2, 3, 3]);
    await net.dispose();
  });

  test('with old input fields', async () => {
    const { text } = await extract(`input: "data"\ninput_dim: 2 input_dim: 3 input_dim: 6 input_dim: 6\n${conv}\n`, { from: 'data' });
    expect(text).not.toMatch(/input:|input_dim/);
    expect(check(text).blobs.map(({ shape }) => shape)).toEqual([
      [2, 3, 6, 6],
      [2, 2, 4, 4],
    ]);
  });

  test('with constants keeps them', async () => {
    const constant = 'layer { name: "one" type: "DummyData" top: "one" dummy_data_param { shape { dim: 1 dim: 2 dim: 4 dim: 4 } } }';
    const sum = 'layer { name: "sum" type: "Eltwise" bottom: "conv" bottom: "one" top: "sum" }';
    const data = 'layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 dim: 6 dim: 6 } } }';
    const { kept } = await extract([data, constant, conv, sum].join('\n'), { from: 'conv', to: 'sum' });
    expect(kept).toEqual(['one', 'sum']);
  });

  test('that does not tell the size of its data works with it', async () => {
    const text = `${DATA.replace('crop_size: 6', '')}\n${conv}\n${rule}\n`;
    expect(await failureOf(extract(text, { from: 'conv', to: 'pool' }))).toMatchObject({
      code: 'ERR_CAFFE_INPUT',
      blob: 'conv',
      hint: expect.stringContaining('"conv"'),
    });
    expect((await extract(text, { from: 'conv', to: 'pool', input: { data: [1, 3, 12, 12] } })).inputs[0]?.shape).toEqual([1, 2, 10, 10]);
  });
});

describe('what cannot be', () => {
  test.each<[string, ExtractOptions, object]>([
    ['a blob that does not exist', { to: 'conv3' }, { blob: 'conv3', hint: "Did you mean 'conv1'?" }],
    ['a beginning that does not exist', { from: 'dta' }, { blob: 'dta', hint: "Did you mean 'data'?" }],
    [
      'a beginning that does not lead there',
      { from: ['data', 'side'], to: 'conv2' },
      { blob: 'side', message: expect.stringContaining("does not lead to 'conv2'") },
    ],
    ['a beginning behind the end', { from: 'prob', to: 'conv2' }, { blob: 'prob' }],
    [
      'a beginning that others go round',
      { from: 'conv2', to: 'sum' },
      { blob: 'data', layer: 'conv1', hint: expect.stringContaining("'data'") },
    ],
    ['an end that needs something else', { from: 'fc' }, { blob: 'side', layer: 'mixed' }],
    ['nothing between', { from: 'fc', to: 'fc' }, { blob: 'fc' }],
    ['no blob at all', { to: [] }, {}],
    ['a shape for something else', { from: 'fc', to: 'prob', input: { fcc: [1, 4] } }, { blob: 'fcc', hint: "Did you mean 'fc'?" }],
    ['a shape without a beginning', { to: 'prob', input: { data: [1, 3, 8, 8] } }, {}],
  ])('%s', async (_, options, details) => {
    expect(await failureOf(extract(NET, options))).toMatchObject({ code: 'ERR_CAFFE_INPUT', ...details });
  });

  test('the weights of another network', async () => {
    const other = await Net.from(NET.replaceAll('"conv', '"c').replaceAll('"fc"', '"f"').replaceAll('"sum"', '"s"'));
    expect((await failureOf(extract(NET, { to: 'fc', weights: await other.toBuffer() }))).code).toBe('ERR_CAFFE_WEIGHTS');
    await other.dispose();
  });
});

describeModels('parts of published networks', () => {
  test('SqueezeNet, with its weights: two halves give what the whole gives', async () => {
    const text = model('squeezenet/SqueezeNet_deploy');
    const weights = path.join(shared, 'models/squeezenet/squeezenet.caffemodel');
    const image = randomValues(3 * 227 * 227, 5).map((value) => 100 * value);
    const [first, second] = await Promise.all([
      extract(text, { to: 'fire5/concat', weights }),
      extract(text, { from: 'fire5/concat', weights }),
    ]);
    expect([...first.kept, ...second.kept]).toEqual(
      parse(text)
        .root.messages('layer')
        .map((layer) => layer.string('name')),
    );
    const sizes = [first.weights, second.weights].map((bytes) => bytes?.length ?? 0);
    expect((sizes[0] ?? 0) + (sizes[1] ?? 0)).toBeLessThan(readFileSync(weights).length + 1000);
    const [whole, lower, upper] = await Promise.all([
      Net.from(text, { engine: 'caffe', weights }),
      Net.from(first.text, { engine: 'caffe', weights: first.weights }),
      Net.from(second.text, { engine: 'caffe', weights: second.weights }),
    ]);
    const { pool_final: expected } = await whole.forward({ data: image });
    const middle = await lower.forward({ data: image });
    const { pool_final: actual } = await upper.forward({ 'fire5/concat': middle['fire5/concat'] ?? [] });
    expect(relativeError(actual?.data ?? [], expected?.data ?? [])).toBe(0);
    await Promise.all([whole, lower, upper].map((net) => net.dispose()));
  });

  test.each<[string, ExtractOptions]>([
    ['bvlc_googlenet/train_val', { from: 'inception_3a/output', to: ['inception_3b/output', 'loss1/conv'] }],
    ['bvlc_googlenet/train_val', { from: ['inception_3a/1x1', 'pool2/3x3_s2'], to: 'inception_3a/output' }],
    ['bvlc_alexnet/train_val', { from: 'norm1', to: 'pool5' }],
    ['bvlc_reference_caffenet/train_val', { from: 'data', to: 'norm2' }],
    ['digits/googlenet', { from: 'conv2/norm2', to: 'inception_3b/output' }],
  ])('%s, %p', async (name, options) => {
    const text = model(name);
    const weightless = await extract(text, { to: options.to, from: 'data' });
    const whole = fillAsTrained(await Net.from(weightless.text, { engine: 'caffe' }));
    const result = await part(weightless.text, options, whole);
    expect((await extract(text, options)).text.replaceAll(/\s+/g, ' ')).toBe(result.text.replaceAll(/\s+/g, ' '));
    await whole.dispose();
  });

  test('what is deployed of AlexNet, in two', async () => {
    const { text } = toDeploy(model('bvlc_alexnet/train_val'), { input: { data: [1, 3, 227, 227] } });
    expect((await extract(text, { from: 'pool5', to: 'prob' })).inputs).toEqual([
      { blob: 'pool5', shape: [1, 256, 6, 6], from: 'the network' },
    ]);
  });
});
