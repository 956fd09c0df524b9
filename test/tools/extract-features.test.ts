import { native } from '../../lib/native';
import { Net } from '../../lib/net';
import { type ExtractFeaturesOptions, extractFeatures, streamFeatures } from '../../lib/tools';
import { imageOf, readDatabase, writeDatabase } from '../support/databases';
import { failureOf } from '../support/failure';
import { namesIn, temporaryFolder } from '../support/folders';
import { LINEAR } from '../support/networks';
import { relativeError } from '../support/shared';

const at = temporaryFolder();

const network = () => `
name: "features"
layer { name: "data" type: "Data" top: "data" data_param { source: "${at('db')}" backend: LMDB batch_size: 2 } transform_param { scale: 0.01 } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
  convolution_param { num_output: 2 kernel_size: 2 weight_filler { type: "gaussian" std: 0.1 } } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "fc" type: "InnerProduct" bottom: "conv" top: "fc" inner_product_param { num_output: 3 weight_filler { type: "gaussian" std: 0.1 } } }
layer { name: "prob" type: "Softmax" bottom: "fc" top: "prob" }
`;

beforeAll(async () => {
  await writeDatabase(
    at('db'),
    Array.from({ length: 5 }, (_, index) => imageOf(index)),
  );
  const net = await Net.from(network());
  await net.save(at('net.caffemodel'));
  await net.dispose();
});

const options = (overrides: Partial<ExtractFeaturesOptions> = {}): ExtractFeaturesOptions => ({
  network: network(),
  weights: at('net.caffemodel'),
  blobs: ['conv', 'fc'],
  outputs: [at('conv_db'), at('fc_db')],
  batches: 3,
  ...overrides,
});

/** What a net in Caffe gives for the same batches. */
async function forwards(batches: number) {
  const net = await Net.from(network(), { weights: at('net.caffemodel'), engine: 'caffe' });
  const results = [];
  for (let batch = 0; batch < batches; batch++) results.push(await net.forward({}, { blobs: ['conv', 'fc'] }));
  await net.dispose();
  return results;
}

describe('extractFeatures', () => {
  test('stores one datum of floats for each item, as net.forward gives them', async () => {
    const progress: unknown[] = [];
    const stored = await extractFeatures(options({ onProgress: (one) => progress.push(one) }));
    expect(stored).toEqual([
      { blob: 'conv', path: at('conv_db'), count: 6 },
      { blob: 'fc', path: at('fc_db'), count: 6 },
    ]);
    expect(progress).toEqual([1, 2, 3].map((done) => ({ done, total: 3 })));

    const expected = await forwards(3);
    const sizes = { conv: { channels: 2, height: 3, width: 4 }, fc: { channels: 3, height: 1, width: 1 } };
    for (const [blob, database] of [['conv', at('conv_db')] as const, ['fc', at('fc_db')] as const]) {
      const datums = await readDatabase(database);
      const values = expected.flatMap((batch) => [...(batch[blob]?.data ?? [])]);
      expect(datums.map(({ key }) => key)).toEqual(Array.from({ length: 6 }, (_, item) => String(item).padStart(10, '0')));
      expect(
        relativeError(
          datums.flatMap(({ floats }) => [...(floats ?? [])]),
          values,
        ),
      ).toBeLessThan(1e-5);
      for (const datum of datums) expect(datum).toMatchObject({ ...sizes[blob], label: 0, encoded: false });
    }
  });

  test('a Data layer reads the features back', async () => {
    await extractFeatures(options({ blobs: ['fc'], outputs: [at('fc_again')] }));
    const reader = `layer { name: "data" type: "Data" top: "data" data_param { source: "${at('fc_again')}" backend: LMDB batch_size: 6 } }`;
    const net = await Net.from(reader);
    const { data } = await net.forward();
    expect(data?.shape).toEqual([6, 3, 1, 1]);
    expect(
      relativeError(
        data?.data ?? [],
        (await forwards(3)).flatMap((batch) => [...(batch.fc?.data ?? [])]),
      ),
    ).toBeLessThan(1e-5);
    await net.dispose();
  });

  test.each([
    ['an unknown blob', { blobs: ['fc9', 'fc'] }, 'ERR_CAFFE_INPUT'],
    ['a blob named twice', { blobs: ['fc', 'fc'] }, 'ERR_CAFFE_INPUT'],
    ['no blobs', { blobs: [], outputs: [] }, 'ERR_CAFFE_INPUT'],
    ['fewer outputs than blobs', { outputs: [] }, 'ERR_CAFFE_INPUT'],
    ['an output named twice', { outputs: ['/tmp/same', '/tmp/same'] }, 'ERR_CAFFE_INPUT'],
    ['no batches', { batches: 0 }, 'ERR_CAFFE_INPUT'],
    ['batches left out', { batches: undefined }, 'ERR_CAFFE_INPUT'],
    ['LevelDB', { backend: 'leveldb' }, 'ERR_CAFFE_UNSUPPORTED'],
    ['an aborted signal', { signal: AbortSignal.abort() }, 'ERR_CAFFE_ABORTED'],
  ])('refuses %s, and leaves nothing behind', async (_, overrides, code) => {
    const before = await namesIn(at());
    expect(await failureOf(extractFeatures(options({ outputs: [at('a'), at('b')], ...overrides })))).toMatchObject({ code });
    expect(await namesIn(at())).toEqual(before);
  });

  test('refuses an output that exists, and does not touch it', async () => {
    await writeDatabase(at('there'), [imageOf(3)]);
    const work = extractFeatures(options({ outputs: [at('new'), at('there')] }));
    expect(await failureOf(work)).toMatchObject({ code: 'ERR_CAFFE_DATASET', file: at('there') });
    expect(await namesIn(at())).not.toContain('new');
    expect(await readDatabase(at('there'))).toHaveLength(1);
  });

  test('aborted in the middle, it leaves nothing behind', async () => {
    const before = await namesIn(at());
    const controller = new AbortController();
    const onProgress = () => controller.abort();
    const work = extractFeatures(options({ outputs: [at('a'), at('b')], batches: 1000, signal: controller.signal, onProgress }));
    expect(await failureOf(work)).toMatchObject({ code: 'ERR_CAFFE_ABORTED' });
    expect(await namesIn(at())).toEqual(before);
  });

  test('refuses blobs that a Datum has no room for', async () => {
    const deep = LINEAR.replace('dim: 1 dim: 3', 'dim: 1 dim: 3 dim: 1 dim: 1 dim: 1');
    const work = extractFeatures({ network: deep, weights: [], blobs: ['data'], outputs: [at('deep')], batches: 1 });
    expect(await failureOf(work)).toMatchObject({ code: 'ERR_CAFFE_SHAPE', blob: 'data' });
  });
});

describe('streamFeatures', () => {
  test('yields batch by batch, and may be left early', async () => {
    const expected = await forwards(2);
    const seen = [];
    for await (const tensors of streamFeatures({ network: network(), weights: at('net.caffemodel'), blobs: ['fc'], batches: 100 })) {
      seen.push(tensors);
      if (seen.length === 2) break;
    }
    expect(seen.map(({ fc }) => fc?.shape)).toEqual([
      [2, 3],
      [2, 3],
    ]);
    for (const [batch, { fc }] of expected.entries()) expect(relativeError(seen[batch]?.fc?.data ?? [], fc?.data ?? [])).toBeLessThan(1e-5);
  });

  test('feeds networks that read no data of their own', async () => {
    async function* inputs() {
      for (let item = 1; item <= 3; item++) yield { data: [item, 0, 0] };
    }
    const seen: number[][] = [];
    const progress: unknown[] = [];
    const features = { network: LINEAR, weights: [], blobs: ['fc'], inputs: inputs(), onProgress: (one: unknown) => progress.push(one) };
    for await (const { fc } of streamFeatures(features)) seen.push([...(fc?.data ?? [])]);
    expect(seen).toEqual([
      [1.5, 1.5],
      [2.5, 2.5],
      [3.5, 3.5],
    ]);
    expect(progress.at(-1)).toMatchObject({ done: 3 });
  });
});

describe('records of a database', () => {
  test.each([
    ['too few floats', { floats: new Float32Array(3) }],
    ['too many floats', { floats: new Float32Array(7) }],
    ['floats of a size that overflows', { channels: 2 ** 30, height: 2 ** 30, width: 16, floats: new Float32Array(6) }],
    ['a negative size', { channels: -1, height: -6, width: 1, floats: new Float32Array(6) }],
    ['floats that are doubles', { floats: new Float64Array(6) }],
    ['neither pixels, nor a file, nor floats', {}],
  ])('refuses %s, and stores the next ones', async (title, record) => {
    const target = at(`records of ${title}`);
    const writer = await native.createDatabase(target);
    const whole = { key: 'a', label: 0, channels: 2, height: 1, width: 3 };
    expect(await failureOf((async () => writer.putRecords([{ ...whole, ...(record as object) }]))())).toMatchObject({
      code: 'ERR_CAFFE_INPUT',
    });
    await writer.putRecords([{ ...whole, floats: Float32Array.of(1, 2, 3, 4, 5, Number.NaN) }]);
    await writer.close();
    expect((await readDatabase(target)).map(({ floats }) => [...(floats ?? [])])).toEqual([[1, 2, 3, 4, 5, Number.NaN]]);
  });
});
