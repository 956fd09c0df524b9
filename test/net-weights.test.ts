/** Parameters in and out of files, and nets from and to prototxt. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { native } from '../lib/native';
import { Net } from '../lib/net';
import { parse, parseNet } from '../lib/prototxt';
import { failureOf } from './support/failure';
import { temporaryFolder } from './support/folders';
import { LINEAR, TINY } from './support/networks';
import { wave } from './support/shared';

const file = temporaryFolder();
const data = wave(8 * 72, 1.7);
const label = Float32Array.from({ length: 8 }, (_, index) => index % 3);

const dispose = (...nets: Net[]) => Promise.all(nets.map((net) => net.dispose()));

describe('copyFrom', () => {
  test('reports what was copied, missing, unused and renamed', async () => {
    const [net, other] = await Promise.all([
      Net.from(TINY),
      Net.from(TINY.replaceAll('"fc"', '"head"').replaceAll('"conv1"', '"first"').replace('"first" type', '"conv1" type')),
    ]);
    const weights = await other.toBuffer();
    expect(await net.copyFrom(weights)).toEqual({ copied: ['conv1'], missing: ['fc'], unused: ['head'], renamed: [], mismatched: [] });
    expect(net.params.conv1?.[0]?.data).toEqual(other.params.conv1?.[0]?.data);
    expect(await net.copyFrom(weights, { rename: { head: 'fc' } })).toEqual({
      copied: ['conv1', 'fc'],
      missing: [],
      unused: [],
      renamed: [{ from: 'head', to: 'fc' }],
      mismatched: [],
    });
    expect(net.params.fc?.[0]?.data).toEqual(other.params.head?.[0]?.data);
    await dispose(net, other);
  });

  test('ignored layers keep what they had', async () => {
    const [net, other] = await Promise.all([Net.from(TINY), Net.from(TINY)]);
    const before = net.params.fc?.[0]?.data.slice();
    expect(await net.copyFrom(await other.toBuffer(), { ignore: ['fc'] })).toMatchObject({
      copied: ['conv1'],
      missing: ['fc'],
      unused: ['fc'],
    });
    expect(net.params.fc?.[0]?.data).toEqual(before);
    await dispose(net, other);
  });

  test('a shape that differs stops everything, or is reported', async () => {
    const [net, other] = await Promise.all([Net.from(TINY), Net.from(TINY.replace('num_output: 3', 'num_output: 4'))]);
    const before = net.params.conv1?.[0]?.data.slice();
    const weights = await other.toBuffer();
    expect(await failureOf(net.copyFrom(weights))).toMatchObject({
      code: 'ERR_CAFFE_WEIGHTS',
      layer: 'fc',
      hint: expect.stringContaining('ignore'),
    });
    expect(net.params.conv1?.[0]?.data).toEqual(before);
    expect(await net.copyFrom(weights, { strict: false })).toMatchObject({
      copied: ['conv1'],
      missing: ['fc'],
      mismatched: [
        { layer: 'fc', index: 0, file: [4, 36], net: [3, 36] },
        { layer: 'fc', index: 1, file: [4], net: [3] },
      ],
    });
    await dispose(net, other);
  });

  test.each<[string, unknown]>([
    ['ignore an unknown layer', { ignore: ['nowhere'] }],
    ['rename to an unknown layer', { rename: { fc: 'nowhere' } }],
    ['ignore a text', { ignore: 'fc' }],
    ['ignore a number', { ignore: [5] }],
    ['rename to a number', { rename: { fc: 5 } }],
    ['be strict by a text', { strict: 'yes' }],
    ['be nothing', null],
  ])('options that %s are refused', async (_, options) => {
    const net = await Net.from(TINY);
    const weights = await net.toBuffer();
    expect((await failureOf(net.copyFrom(weights, options as never))).code).toBe('ERR_CAFFE_INPUT');
    expect((await net.copyFrom(weights)).copied).toEqual(['conv1', 'fc']);
    await net.dispose();
  });
});

describe.each(['binaryproto', 'hdf5'] as const)('%s', (format) => {
  test('weights go out and come in', async () => {
    const [net, other] = await Promise.all([Net.from(TINY), Net.from(TINY)]);
    await net.save(file(`weights.${format}`), { format });
    expect((await other.copyFrom(file(`weights.${format}`))).copied).toEqual(['conv1', 'fc']);
    expect(await other.forward({ data, label })).toEqual(await net.forward({ data, label }));
    await dispose(net, other);
  });

  test('parameters that layers share are written once and belong to all', async () => {
    const text = TINY.replace(
      'layer { name: "loss"',
      `layer { name: "twin" type: "InnerProduct" bottom: "pool1" top: "twin" param { name: "w" } param { name: "b" } inner_product_param { num_output: 3 } }
       layer { name: "rest" type: "Silence" bottom: "twin" }
       layer { name: "loss"`,
    ).replace('top: "fc" inner', 'top: "fc" param { name: "w" } param { name: "b" } inner');
    const [net, other] = await Promise.all([Net.from(text), Net.from(text)]);
    await net.save(file(`twins.${format}`), { format });
    expect(await other.copyFrom(file(`twins.${format}`))).toMatchObject({ missing: [], unused: [], mismatched: [] });
    expect(other.params.twin?.[0]?.data).toEqual(net.params.fc?.[0]?.data);
    await dispose(net, other);
  });

  test('gradients are written beside the values when they are asked for', async () => {
    const net = await Net.from(TINY, { phase: 'train' });
    await net.forward({ data, label });
    await net.backward();
    const diff = net.params.fc?.[0]?.diff ?? new Float32Array();
    expect(diff.some((value) => value !== 0)).toBe(true);
    await net.save(file(`diffs.${format}`), { format, diffs: true });
    await net.save(file(`plain.${format}`), { format });
    if (format === 'binaryproto') {
      const written = native.messages.fromBinary('NetParameter', readFileSync(file('diffs.binaryproto'))) as unknown as {
        layer: { name: string; blobs?: { diff?: number[] }[] }[];
      };
      const layer = written.layer.find(({ name }) => name === 'fc');
      expect(Array.from(layer?.blobs?.[0]?.diff ?? [])).toEqual(Array.from(diff));
    }
    // Both formats hold the values as they lie in memory.
    const bytes = Buffer.from(diff.buffer, diff.byteOffset, diff.byteLength);
    expect(readFileSync(file(`diffs.${format}`)).includes(bytes)).toBe(true);
    expect(readFileSync(file(`plain.${format}`)).includes(bytes)).toBe(false);
    const other = await Net.from(TINY, { weights: file(`diffs.${format}`) });
    expect(other.params.fc?.[0]?.data).toEqual(net.params.fc?.[0]?.data);
    expect((await failureOf(net.save(file('x'), { diffs: 'yes' as never }))).code).toBe('ERR_CAFFE_INPUT');
    expect((await failureOf(net.save(file('x'), { format: 'json' as never }))).code).toBe('ERR_CAFFE_INPUT');
    await dispose(net, other);
  });
});

test('weights of any format and version are a message', async () => {
  const net = await Net.from(LINEAR);
  await net.save(file('linear.h5'), { format: 'hdf5' });
  const fc = { name: 'fc', type: 'InnerProduct', bottom: ['data'], top: ['fc'], inner_product_param: { num_output: 2 } };
  const blobs = [new Float32Array(6).fill(1), new Float32Array([0.5, 0.5])].map((data) => ({ data }));
  const old = { layers: [{ ...fc, type: 'INNER_PRODUCT', blobs: blobs.map(({ data }) => ({ num: 1, data })) }] };
  const v1 = await native.messages.encode('NetParameter', old);
  for (const weights of [await net.toBuffer(), file('linear.h5'), v1]) {
    const { layer } = (await native.readWeights(weights)) as { layer: { name: string; blobs?: object[] }[] };
    expect(layer.find(({ name }) => name === 'fc')?.blobs).toMatchObject(blobs);
  }
  expect(await failureOf(native.readWeights(file('nowhere')))).toMatchObject({ code: 'ERR_CAFFE_FILE' });
  expect(await failureOf(native.readWeights(Buffer.from('junk')))).toMatchObject({ code: 'ERR_CAFFE_WEIGHTS' });
  await net.dispose();
});

describe('toPrototxt', () => {
  test('gives a net that computes the same, whatever its phase', async () => {
    const text = TINY.replace(
      'layer { name: "pool1"',
      `layer { name: "drop" type: "Dropout" bottom: "conv1" top: "conv1" include { phase: TRAIN } }
       layer { name: "pool1"`,
    );
    for (const phase of ['train', 'test'] as const) {
      const net = await Net.from(text, { phase });
      const copy = await Net.from(net.toPrototxt());
      expect(copy.layers.map(({ name }) => name)).toEqual(net.layers.map(({ name }) => name));
      expect(copy.blobNames).toEqual(net.blobNames);
      expect(copy.inputs).toEqual(net.inputs);
      expect(copy.outputs).toEqual(net.outputs);
      expect(copy.toPrototxt()).toBe(net.toPrototxt());
      if (phase === 'test') {
        await copy.copyFrom(await net.toBuffer());
        expect(await copy.forward({ data, label })).toEqual(await net.forward({ data, label }));
        expect(await copy.backward()).toEqual(await net.backward());
        expect((await net.backward()).data?.data.some((value) => value !== 0)).toBe(true);
      }
      await dispose(net, copy);
    }
  });

  test('keeps splits, shared parameters and loss weights', async () => {
    const text = `
      layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 } } }
      layer { name: "one" type: "InnerProduct" bottom: "data" top: "one" param { name: "w" } inner_product_param { num_output: 3 bias_term: false weight_filler { type: "constant" value: 1 } } }
      layer { name: "two" type: "InnerProduct" bottom: "data" top: "two" param { name: "w" } inner_product_param { num_output: 3 bias_term: false } }
      layer { name: "loss" type: "EuclideanLoss" bottom: "one" bottom: "data" top: "loss" loss_weight: 0.5 }`;
    const net = await Net.from(text);
    const copy = await Net.from(parse(net.toPrototxt()));
    expect(copy.layers.map(({ paramOwners, lossWeights }) => ({ paramOwners, lossWeights }))).toEqual(
      net.layers.map(({ paramOwners, lossWeights }) => ({ paramOwners, lossWeights })),
    );
    expect(await copy.forward({ data: [1, 2, 3, 4, 5, 6] })).toEqual(await net.forward({ data: [1, 2, 3, 4, 5, 6] }));
    await dispose(net, copy);
  });
});

describe('Net.from', () => {
  test('takes text, a document, a NetParameter, and one that Caffe itself read', async () => {
    const binary = native.messages.fromText('NetParameter', LINEAR);
    for (const model of [LINEAR, parse(LINEAR), parseNet(LINEAR), binary, Object.assign(Object.create(null), parseNet(LINEAR))]) {
      const net = await Net.from(model);
      expect((await net.forward({ data: [1, 2, 3] })).fc?.data[0]).toBe(6.5);
      await net.dispose();
    }
  });

  test.each<[string, unknown, string]>([
    ['nothing', undefined, 'ERR_CAFFE_INPUT'],
    ['null', null, 'ERR_CAFFE_INPUT'],
    ['a number', 5, 'ERR_CAFFE_INPUT'],
    ['a symbol', Symbol('net'), 'ERR_CAFFE_INPUT'],
    ['an empty object', {}, 'ERR_CAFFE_PROTOTXT'],
    ['an object with another field', { typo: 1 }, 'ERR_CAFFE_PROTOTXT'],
    [
      'a text that cannot be had',
      {
        toString() {
          throw new Error('no');
        },
      },
      'ERR_CAFFE_INPUT',
    ],
  ])('refuses %s', async (_, model, code) => {
    expect((await failureOf(Net.from(model as never))).code).toBe(code);
    await dispose(await Net.from(LINEAR));
  });

  test('states choose layers by phase, level and stages', async () => {
    const layer = (name: string, rule: string) => `layer { name: "${name}" type: "ReLU" bottom: "data" top: "${name}" ${rule} }`;
    const text = `layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 } } }
      ${layer('train', 'include { phase: TRAIN }')} ${layer('high', 'include { min_level: 2 }')} ${layer('low', 'include { max_level: -1 }')}
      ${layer('deploy', 'include { stage: "deploy" }')} ${layer('both', 'include { stage: "deploy" stage: "fast" }')}
      ${layer('slow', 'include { stage: "deploy" not_stage: "fast" }')} ${layer('plain', 'exclude { stage: "deploy" }')}`;
    const chosen = async (options: Parameters<typeof Net.from>[1]) => {
      const net = await Net.from(text, options);
      const names = net.layers.map(({ name }) => name).filter((name) => name !== 'data' && !name.includes('split'));
      await net.dispose();
      return names;
    };
    expect(await chosen({})).toEqual(['plain']);
    expect(await chosen({ phase: 'train', level: 2 })).toEqual(['train', 'high', 'plain']);
    expect(await chosen({ level: -1 })).toEqual(['low', 'plain']);
    expect(await chosen({ stages: ['deploy'] })).toEqual(['deploy', 'slow']);
    expect(await chosen({ stages: ['fast', 'deploy'] })).toEqual(['deploy', 'both']);
    for (const options of [
      { level: 1.5 },
      { level: '1' },
      { level: 2 ** 31 },
      { stages: 'deploy' },
      { stages: [1] },
      { phase: 'TEST' },
      { basePath: 5 },
      7,
    ]) {
      expect((await failureOf(Net.from(text, options as never))).code).toBe('ERR_CAFFE_INPUT');
    }
  });

  test('paths are files', async () => {
    expect((await failureOf(Net.load(path.join(file(), 'none.prototxt')))).code).toBe('ERR_CAFFE_FILE');
  });
});
