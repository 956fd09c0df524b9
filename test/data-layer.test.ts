import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { type NativeDatasetItem, type NativeNet, native, type Phase } from '../lib/native';

const folder = mkdtempSync(path.join(tmpdir(), 'caffe-node-data-layer-'));
afterAll(() => rmSync(folder, { recursive: true }));

let databases = 0;
async function store(items: NativeDatasetItem[]): Promise<string> {
  const source = path.join(folder, `db${++databases}`);
  const writer = await native.createDatabase(source);
  if (items.length > 0) await writer.put(items);
  await writer.close();
  return source;
}

function item(index: number, height: number, width: number, channels: number, pixel: (i: number) => number): NativeDatasetItem {
  const pixels = Uint8Array.from({ length: height * width * channels }, (_, i) => pixel(i));
  return { key: `${String(index).padStart(8, '0')}_x`, label: index, height, width, channels, pixels };
}

const encodePng = async (each: NativeDatasetItem): Promise<NativeDatasetItem> => ({
  ...each,
  encoded: await sharp(each.pixels, { raw: { width: each.width, height: each.height, channels: each.channels as 1 | 3 } })
    .toColourspace(each.channels === 1 ? 'b-w' : 'srgb')
    .png()
    .toBuffer(),
});

/** `count` images of one grey value each: their number. */
const numbered = (count: number) => Array.from({ length: count }, (_, i) => item(i, 2, 2, 1, () => i));

interface Settings {
  source: string;
  batch?: number;
  transform?: string;
  shuffle?: boolean;
  phase?: Phase;
  /** In place of the usual data_param. */
  data?: string;
}

/** A net of nothing but the layer. */
async function load({ source, batch = 2, transform = '', shuffle = false, phase = 'train', data }: Settings): Promise<NativeNet> {
  const text = `layer { name: "pictures" type: "Data" top: "data" top: "label"
    transform_param { ${transform} } ${shuffle ? 'image_data_param { shuffle: true }' : ''}
    data_param { ${data ?? `source: "${source}" batch_size: ${batch} backend: LMDB`} } }`;
  return native.loadNet({ model: { text }, phase, level: 0, stages: [], weights: [], basePath: '' });
}

async function next(net: NativeNet) {
  const { data, label } = await net.forward({ feeds: [], first: 0, last: 0, fetch: ['data', 'label'] });
  if (!data || !label) throw new Error('a blob is missing');
  return { shape: data.shape, data: [...data.data], labels: [...label.data] };
}

async function labels(net: NativeNet, batches: number): Promise<number[]> {
  const all: number[] = [];
  for (let i = 0; i < batches; ++i) all.push(...(await next(net)).labels);
  return all;
}

const sorted = (values: number[]) => [...values].sort((a, b) => a - b);
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);

describe('order', () => {
  let source: string;
  beforeAll(async () => {
    source = await store(numbered(5));
  });

  test('is that of the keys, and wraps in the middle of a batch', async () => {
    const net = await load({ source, batch: 2 });
    expect(await next(net)).toEqual({ shape: [2, 1, 2, 2], data: [0, 0, 0, 0, 1, 1, 1, 1], labels: [0, 1] });
    expect(await labels(net, 4)).toEqual([2, 3, 4, 0, 1, 2, 3, 4]);
    await net.dispose();
  });

  test('a batch may be larger than the dataset', async () => {
    const net = await load({ source, batch: 12 });
    expect(await labels(net, 1)).toEqual([0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1]);
    await net.dispose();
  });

  test('shuffled: each epoch is a permutation of its own', async () => {
    const many = await store(numbered(50));
    const net = await load({ source: many, batch: 10, shuffle: true });
    const epochs = [await labels(net, 5), await labels(net, 5), await labels(net, 5)];
    for (const epoch of epochs) expect(sorted(epoch)).toEqual(upTo(50));
    expect(new Set([upTo(50), ...epochs].map(String)).size).toBe(4);
    await net.dispose();
  });

  test('the seed alone decides, and another seed decides otherwise', async () => {
    const stream = async (seed: number) => {
      native.setRandomSeed(seed);
      const net = await load({ source, batch: 4, shuffle: true, transform: 'mirror: true crop_size: 1' });
      const result = await labels(net, 10);
      await net.dispose();
      return result;
    };
    expect(await stream(3)).toEqual(await stream(3));
    expect(await stream(3)).not.toEqual(await stream(4));
  });

  test('rewind goes to any item, also forward, also in the middle of an epoch', async () => {
    const net = await load({ source, batch: 3, shuffle: true });
    const stream = await labels(net, 8);
    await net.rewind(0);
    expect(await labels(net, 8)).toEqual(stream);
    await net.rewind(7);
    expect(await labels(net, 5)).toEqual(stream.slice(7, 22));
    await net.dispose();
  });

  test('rand_skip leaves out a number of items that is less', async () => {
    const starts = new Set<number>();
    for (let seed = 0; seed < 12; ++seed) {
      native.setRandomSeed(seed);
      const net = await load({ source, data: `source: "${source}" batch_size: 1 backend: LMDB rand_skip: 3` });
      starts.add((await labels(net, 1))[0] as number);
      await net.dispose();
    }
    expect(sorted([...starts])).toEqual([0, 1, 2]);
  });
});

describe('pixels', () => {
  const colour = (index: number) => item(index, 5, 6, 3, (i) => (i * 37 + index * 11) % 256);
  /** Independent of the layer: Caffe's transform of one stored image, at a given place. */
  function transformed(
    each: NativeDatasetItem,
    top: number,
    left: number,
    side: number,
    mirror: boolean,
    value: (pixel: number, c: number, at: number) => number,
  ) {
    const out: number[] = [];
    for (let c = 0; c < each.channels; ++c) {
      for (let y = top; y < top + side; ++y) {
        const row: number[] = [];
        for (let x = left; x < left + side; ++x) {
          const pixel = each.pixels[(y * each.width + x) * each.channels + (each.channels - 1 - c)] as number;
          row.push(value(pixel, c, (c * each.height + y) * each.width + x));
        }
        out.push(...(mirror ? row.reverse() : row));
      }
    }
    return out;
  }

  test('validation: centre crop, mean values, scale', async () => {
    const items = [colour(0), colour(1)];
    const source = await store(items);
    const net = await load({ source, phase: 'test', transform: 'crop_size: 3 scale: 0.5 mean_value: 10 mean_value: 20 mean_value: 30' });
    const { shape, data } = await next(net);
    expect(shape).toEqual([2, 3, 3, 3]);
    const expected = items.flatMap((each) => transformed(each, 1, 1, 3, false, (pixel, c) => (pixel - 10 * (c + 1)) * 0.5));
    expect(data).toEqual(expected);
    await net.dispose();
  });

  test('a mean file is cropped, not mirrored, and read from either form', async () => {
    const each = item(0, 5, 6, 1, (i) => i + 100);
    const source = await store([each]);
    const values = upTo(30);
    const forms = [
      { num: 1, channels: 1, height: 5, width: 6, data: values },
      { shape: { dim: [1, 5, 6] }, data: values },
    ];
    for (const form of forms) {
      const file = path.join(folder, 'mean.binaryproto');
      writeFileSync(file, native.messages.toBinary('BlobProto', form));
      const net = await load({ source, batch: 1, transform: `crop_size: 2 mirror: true mean_file: "${file}"` });
      // The image is the mean plus 100: wherever it is cropped and however it is turned, 100 remains.
      for (let i = 0; i < 10; ++i) expect((await next(net)).data).toEqual([100, 100, 100, 100]);
      await net.dispose();
    }
  });

  test('training: every crop and both mirrors come, and nothing else', async () => {
    const each = item(0, 4, 5, 1, (i) => i);
    const source = await store([each]);
    native.setRandomSeed(1);
    const net = await load({ source, batch: 1, transform: 'crop_size: 3 mirror: true' });
    const possible = new Set<string>();
    for (const top of [0, 1]) {
      for (const left of [0, 1, 2]) {
        for (const mirror of [false, true]) possible.add(String(transformed(each, top, left, 3, mirror, (pixel) => pixel)));
      }
    }
    expect(possible.size).toBe(12);
    const stream: string[] = [];
    for (let i = 0; i < 200; ++i) stream.push(String((await next(net)).data));
    expect(new Set(stream)).toEqual(possible);
    // Chance hangs on the item alone.
    await net.rewind(100);
    expect(String((await next(net)).data)).toBe(stream[100]);
    await net.dispose();
  });

  test('encoded and raw images are the same', async () => {
    for (const make of [colour, (index: number) => item(index, 5, 6, 1, (i) => i * index)]) {
      const items = [make(1), make(2)];
      const raw = await load({ source: await store(items), phase: 'test' });
      const encoded = await load({ source: await store(await Promise.all(items.map(encodePng))), phase: 'test' });
      expect(await next(encoded)).toEqual(await next(raw));
      await raw.dispose();
      await encoded.dispose();
    }
  });

  test('force_gray and force_color make one or three channels of encoded images', async () => {
    const grey = await encodePng(item(0, 2, 2, 1, () => 50));
    const red = await encodePng(item(0, 2, 2, 3, (i) => (i % 3 === 0 ? 200 : 0)));
    const coloured = await load({ source: await store([grey]), batch: 1, transform: 'force_color: true' });
    expect(await next(coloured)).toMatchObject({ shape: [1, 3, 2, 2], data: new Array(12).fill(50) });
    const greyed = await load({ source: await store([red]), batch: 1, transform: 'force_gray: true' });
    expect(await next(greyed)).toMatchObject({ shape: [1, 1, 2, 2], data: new Array(4).fill(60) });
    await coloured.dispose();
    await greyed.dispose();
  });

  test('with a batch of one, each image keeps its own size', async () => {
    const small = await encodePng(item(0, 2, 2, 1, () => 1));
    const large = { ...small, key: '00000001_x', encoded: (await encodePng(item(1, 3, 4, 1, () => 2))).encoded };
    const net = await load({ source: await store([small, large as NativeDatasetItem]), batch: 1 });
    expect((await next(net)).shape).toEqual([1, 1, 2, 2]);
    expect((await next(net)).shape).toEqual([1, 1, 3, 4]);
    expect((await next(net)).shape).toEqual([1, 1, 2, 2]);
    await net.dispose();
  });
});

describe('failures', () => {
  test('a damaged image fails its batch, by name, and the next batch comes', async () => {
    const items = await Promise.all(numbered(6).map(encodePng));
    const [damaged] = items.slice(3) as [NativeDatasetItem];
    damaged.encoded = damaged.encoded?.subarray(0, 40);
    const source = await store(items);
    const net = await load({ source });
    expect(await labels(net, 1)).toEqual([0, 1]);
    const failure = await next(net).catch((error) => error);
    expect(failure).toMatchObject({ code: 'ERR_CAFFE_DATASET', layer: 'pictures', file: source });
    expect(failure.message).toContain('00000003_x');
    expect(await labels(net, 2)).toEqual([4, 5, 0, 1]);
    await expect(next(net)).rejects.toMatchObject({ code: 'ERR_CAFFE_DATASET' });
    await net.rewind(0);
    expect(await labels(net, 1)).toEqual([0, 1]);
    await net.dispose();
  });

  test('images of two sizes in one batch', async () => {
    const small = await encodePng(item(0, 2, 2, 1, () => 1));
    const large = { ...small, key: '00000001_x', encoded: (await encodePng(item(1, 3, 4, 1, () => 2))).encoded };
    const net = await load({ source: await store([small, large as NativeDatasetItem]), batch: 2 });
    const failure = await next(net).catch((error) => error);
    expect(failure).toMatchObject({ code: 'ERR_CAFFE_DATASET', hint: expect.stringContaining('crop_size') });
    for (const part of ['00000001_x', '1×3×4', '1×2×2']) expect(failure.message).toContain(part);
    await net.dispose();
  });

  test('what cannot be is refused at load', async () => {
    const source = await store(numbered(2));
    const empty = await store([]);
    const damaged = await store([{ ...item(0, 2, 2, 1, () => 0), encoded: Buffer.from('no image') }]);
    const cases: [Partial<Settings>, object][] = [
      [{ transform: 'crop_size: 3' }, { code: 'ERR_CAFFE_SHAPE', hint: expect.stringContaining('crop_size') }],
      [{ transform: 'mean_value: 1 mean_value: 2' }, { code: 'ERR_CAFFE_SHAPE' }],
      [{ transform: 'mean_value: 1 mean_file: "x"' }, { code: 'ERR_CAFFE_PROTOTXT' }],
      [{ transform: 'mean_file: "/nowhere/mean.binaryproto"' }, { code: 'ERR_CAFFE_FILE', file: '/nowhere/mean.binaryproto' }],
      [{ transform: `mean_file: "${__filename}"` }, { code: 'ERR_CAFFE_FILE', file: __filename }],
      [{ transform: 'force_color: true force_gray: true' }, { code: 'ERR_CAFFE_PROTOTXT' }],
      [{ data: `source: "${source}" batch_size: 1` }, { code: 'ERR_CAFFE_PROTOTXT', hint: expect.stringContaining('backend: LMDB') }],
      [{ data: `source: "${source}" backend: LMDB` }, { code: 'ERR_CAFFE_PROTOTXT', hint: expect.stringContaining('batch_size') }],
      [{ data: 'batch_size: 1 backend: LMDB' }, { code: 'ERR_CAFFE_PROTOTXT', hint: expect.stringContaining('source') }],
      [{ source: path.join(folder, 'nowhere') }, { code: 'ERR_CAFFE_DATASET' }],
      [{ source: empty }, { code: 'ERR_CAFFE_DATASET', file: empty, message: expect.stringContaining('empty') }],
      [{ source: damaged }, { code: 'ERR_CAFFE_DATASET', file: damaged }],
    ];
    for (const [settings, expected] of cases) {
      await expect(load({ source, ...settings })).rejects.toMatchObject({ layer: 'pictures', ...expected });
    }
  });
});

/** Nothing computes here, so that each batch is waited for, and threads are added until there are as many as there may be. */
describe('several threads', () => {
  const before = native.threads();
  afterEach(() => native.setThreads(before));

  async function stream(threads: number, settings: Settings, batches: number) {
    native.setThreads(threads);
    native.setRandomSeed(5);
    const net = await load(settings);
    const results = [];
    for (let batch = 0; batch < batches; batch++) results.push(await next(net).catch((error) => String(error.message)));
    await net.dispose();
    return results;
  }

  test('give what one gives, in the same order, whatever is drawn', async () => {
    const pictures = upTo(30).map((index) => encodePng(item(index, 40, 50, 3, (i) => (i * i + index) % 251)));
    const source = await store(await Promise.all(pictures));
    for (const data of ['', ' prefetch: 1', ' prefetch: 9']) {
      const settings: Settings = {
        source,
        shuffle: true,
        transform: 'mirror: true crop_size: 32 scale: 0.01',
        data: `source: "${source}" batch_size: 7 backend: LMDB${data}`,
      };
      expect(await stream(6, settings, 12)).toEqual(await stream(1, settings, 12));
    }
  });

  test('fail at the damaged image, after the batches before it', async () => {
    const items = await Promise.all(numbered(24).map(encodePng));
    for (const index of [9, 10, 17]) Object.assign(items[index] ?? {}, { encoded: Buffer.from('no image') });
    const source = await store(items);
    const one = await stream(1, { source }, 14);
    expect(one.map((result) => typeof result)).toEqual(upTo(14).map((batch) => ([4, 5, 8].includes(batch) ? 'string' : 'object')));
    expect(await stream(6, { source }, 14)).toEqual(one);
  });

  test('can be left at any moment', async () => {
    const big = await Promise.all(upTo(8).map((index) => encodePng(item(index, 200, 200, 3, (i) => (i * i) % 251))));
    const source = await store(big);
    native.setThreads(6);
    for (let batches = 0; batches < 6; batches++) {
      const net = await load({ source, batch: 4 });
      await labels(net, batches);
      await net.rewind(4);
      expect(await labels(net, 1)).toEqual([4, 5, 6, 7]);
      await net.dispose();
    }
  });
});

describe('life', () => {
  test('a net can go while its images are being read', async () => {
    const big = await Promise.all(upTo(8).map((index) => encodePng(item(index, 200, 200, 3, (i) => (i * i) % 251))));
    const source = await store(big);
    for (let i = 0; i < 20; ++i) {
      const net = await load({ source, batch: 4 });
      if (i % 2 === 0) await next(net);
      await net.dispose();
    }
  });

  test('training and validation read one dataset at once', async () => {
    const source = await store(numbered(7));
    const nets = await Promise.all([load({ source, batch: 3 }), load({ source, batch: 2, phase: 'test' })]);
    const streams = await Promise.all(nets.map((net) => labels(net, 7)));
    expect(streams.map((stream) => stream.slice(0, 9))).toEqual([
      [0, 1, 2, 3, 4, 5, 6, 0, 1],
      [0, 1, 2, 3, 4, 5, 6, 0, 1],
    ]);
    await Promise.all(nets.map((net) => net.dispose()));
  });

  test('after a reshape of its top from outside, the next batch has its own shape', async () => {
    const net = await load({ source: await store(numbered(3)) });
    net.blob('data').reshape([1, 1, 1, 1]);
    expect((await next(net)).shape).toEqual([2, 1, 2, 2]);
    await net.dispose();
  });
});
