import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import * as io from '../lib/io';
import { native, type Tensor } from '../lib/native';
import { Transformer } from '../lib/transformer';
import { failureOf } from './support/failure';
import { namesIn, temporaryFolder } from './support/folders';
import { describeShared, shared, wave } from './support/shared';

const at = temporaryFolder();
const tensor = (...shape: number[]): Tensor => ({
  shape,
  data: wave(
    shape.reduce((a, b) => a * b, 1),
    0.7,
  ),
});

/** Every function serves the next caller whatever the last one gave it. */
afterEach(async () =>
  expect(await io.blobprotoToArray(await io.arrayToBlobproto([1, 2]))).toEqual({ shape: [2], data: Float32Array.of(1, 2) }),
);

describe('BlobProto', () => {
  test.each([[[2, 3, 4, 5]], [[3]], [[]], [[1, 1, 1, 1, 1, 2]], [[0, 3]]])('an array of shape %j and back', async (shape) => {
    const array = tensor(...shape);
    expect(await io.blobprotoToArray(await io.arrayToBlobproto(array))).toEqual(array);
  });

  test('data and diff', async () => {
    const [data, diff] = [tensor(2, 3), { shape: [2, 3], data: wave(6, 2) }];
    const bytes = await io.arrayToBlobproto(data, diff);
    expect(await io.blobprotoToArray(bytes)).toEqual(data);
    expect(await io.blobprotoToArray(bytes, { diff: true })).toEqual(diff);
    expect(await io.decodeMessage('BlobProto', bytes)).toEqual({ shape: { dim: [2, 3] }, data: data.data, diff: diff.data });
  });

  test('the four numbers of old count, as in pycaffe, even beside a shape', async () => {
    const data = wave(12, 1);
    const old = { num: 1, channels: 3, height: 2, width: 2 };
    const expected = { shape: [1, 3, 2, 2], data };
    for (const blob of [
      { ...old, data },
      { ...old, shape: { dim: [12] }, data },
      { channels: 3, height: 2, width: 2, data },
    ]) {
      expect(await io.blobprotoToArray(blob)).toEqual(expected);
      expect(await io.blobprotoToArray(await io.encodeMessage('BlobProto', blob))).toEqual(expected);
    }
  });

  test('doubles, and objects with plain arrays; the result is a copy', async () => {
    const blob = { shape: { dim: [2] }, double_data: Float64Array.of(0.5, -3), data: [], double_diff: [1, 2] };
    const expected = { shape: [2], data: Float32Array.of(0.5, -3) };
    expect(await io.blobprotoToArray(blob)).toEqual(expected);
    expect(await io.blobprotoToArray(await io.encodeMessage('BlobProto', blob))).toEqual(expected);
    expect((await io.blobprotoToArray(blob, { diff: true })).data).toEqual(Float32Array.of(1, 2));
    const data = Float32Array.of(1, 2);
    (await io.blobprotoToArray({ shape: { dim: [2] }, data })).data.fill(9);
    expect(data).toEqual(Float32Array.of(1, 2));
  });

  test('lists of arrays', async () => {
    const arrays = [tensor(2, 2), tensor(3), tensor(1, 3, 2)];
    const bytes = await io.arraylistToBlobprotovector(arrays);
    expect(await io.blobprotovectorToArraylist(bytes)).toEqual(arrays);
    expect(await io.blobprotovectorToArraylist(await io.arraylistToBlobprotovector([]))).toEqual([]);
    expect(await io.blobprotovectorToArraylist({ blobs: [{ shape: { dim: [1] }, data: [7] }] })).toEqual([
      { shape: [1], data: Float32Array.of(7) },
    ]);
  });

  describeShared('real weights', () => {
    test('the blobs of a published caffemodel', async () => {
      const file = await readFile(path.join(shared, 'models/squeezenet/squeezenet.caffemodel'));
      const { layer } = (await io.decodeMessage('NetParameter', file)) as { layer: { name: string; blobs?: io.BlobProto[] }[] };
      const blobs = layer.find(({ name }) => name === 'conv1')?.blobs ?? [];
      const [weights, bias] = await Promise.all(blobs.map((blob) => io.blobprotoToArray(blob)));
      expect([weights?.shape, bias?.shape]).toEqual([[96, 3, 7, 7], [96]]);
    });
  });
});

describe('Datum', () => {
  test('bytes stay bytes, floats floats; the label comes back', async () => {
    const bytes = { shape: [3, 2, 2], data: Uint8Array.from({ length: 12 }, (_, i) => i * 20) };
    expect(await io.datumToArray(await io.arrayToDatum(bytes, 7))).toEqual({ ...bytes, label: 7 });
    const floats = tensor(2, 1, 3);
    expect(await io.datumToArray(await io.arrayToDatum(floats, -1))).toEqual({ ...floats, label: -1 });
    expect((await io.datumToArray(await io.arrayToDatum(floats))).label).toBe(0);
    expect(await io.decodeMessage('Datum', await io.arrayToDatum(bytes))).toEqual({ channels: 3, height: 2, width: 2, data: bytes.data });
  });

  test('an object with plain numbers', async () => {
    expect(await io.datumToArray({ channels: 1, height: 1, width: 2, float_data: [0.5, 2], label: 3 })).toEqual({
      shape: [1, 1, 2],
      data: Float32Array.of(0.5, 2),
      label: 3,
    });
  });

  test('an encoded one is decoded: planes of blue, green and red', async () => {
    const pixels = Uint8Array.of(1, 2, 3, 4, 5, 6);
    const data = await sharp(pixels, { raw: { width: 2, height: 1, channels: 3 } })
      .png()
      .toBuffer();
    const expected = { shape: [3, 1, 2], data: Uint8Array.of(3, 6, 2, 5, 1, 4), label: 4 };
    expect(await io.datumToArray({ encoded: true, data: new Uint8Array(data), label: 4 })).toEqual(expected);
    const bytes = await io.encodeMessage('Datum', { encoded: true, data: new Uint8Array(data), label: 4 });
    expect(await io.datumToArray(bytes)).toEqual(expected);
  });

  test('what a database holds', async () => {
    const writer = await native.createDatabase(at('db'));
    const pixels = Uint8Array.from({ length: 12 }, (_, i) => i);
    await writer.put([{ key: '0', label: 5, height: 2, width: 2, channels: 3, pixels }]);
    await writer.close();
    const reader = await native.openDatabase(at('db'));
    const [item] = await reader.read(0, 1);
    await reader.close();
    const datum = await io.datumToArray({ ...item });
    expect(datum).toEqual({ shape: [3, 2, 2], data: Uint8Array.of(2, 5, 8, 11, 1, 4, 7, 10, 0, 3, 6, 9), label: 5 });
  });
});

describe('mean images', () => {
  test('are written and read, and their pixel is the mean of each channel', async () => {
    const mean = tensor(3, 4, 5);
    await io.saveMean(at('mean.binaryproto'), mean);
    expect(await io.loadMean(at('mean.binaryproto'))).toEqual(mean);
    const pixel = await io.meanPixel(mean);
    const planes = [0, 1, 2].map((channel) => [...mean.data.subarray(channel * 20, channel * 20 + 20)]);
    for (const [channel, plane] of planes.entries()) expect(pixel[channel]).toBeCloseTo(plane.reduce((a, b) => a + b) / 20, 9);
    const transformer = new Transformer({ data: [1, 3, 2, 2] }, { data: { transpose: [2, 0, 1], mean } });
    const zero = await transformer.preprocess('data', { shape: [2, 2, 3], data: new Float32Array(12) });
    expect(zero.data.every((value) => value < 0)).toBe(true);
  });

  test('as Caffe writes them, with four numbers, and as arrayToBlobproto does', async () => {
    await io.saveMean(at('old.binaryproto'), { shape: [1, 1, 2, 2], data: Float32Array.of(1, 2, 3, 4) });
    expect(await io.decodeMessage('BlobProto', await readFile(at('old.binaryproto')))).toMatchObject({
      num: 1,
      channels: 1,
      height: 2,
      width: 2,
    });
    await writeFile(at('new.binaryproto'), await io.arrayToBlobproto(tensor(1, 3, 2, 2)));
    expect((await io.loadMean(at('new.binaryproto'))).shape).toEqual([3, 2, 2]);
  });

  test('as NumPy writes them', async () => {
    const npy = (descr: string, values: ArrayBufferView, shape = '(3, 1, 2)', version = 1) => {
      const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }`.padEnd(version === 1 ? 117 : 115);
      const length = Buffer.alloc(version === 1 ? 2 : 4);
      length.writeUInt16LE(header.length + 1);
      const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
      return Buffer.concat([
        Buffer.from(`\x93NUMPY${String.fromCharCode(version)}\0`, 'latin1'),
        length,
        Buffer.from(`${header}\n`),
        bytes,
      ]);
    };
    const values = [0.5, 1, 2, 3, 250, 255];
    const write = (bytes: Buffer) => writeFile(at('mean.npy'), bytes);
    for (const version of [1, 2]) {
      await write(npy('<f8', Float64Array.from(values), undefined, version));
      expect(await io.loadMean(at('mean.npy'))).toEqual({ shape: [3, 1, 2], data: Float32Array.from(values) });
    }
    await write(npy('<f4', Float32Array.from(values), '(1, 3, 1, 2)'));
    expect(await io.meanPixel(await io.loadMean(at('mean.npy')))).toEqual([0.75, 2.5, 252.5]);
    await write(npy('|u1', Uint8Array.of(1, 2, 3), '(3, 1, 1)'));
    expect((await io.loadMean(at('mean.npy'))).data).toEqual(Float32Array.of(1, 2, 3));
    const whole = npy('<f4', Float32Array.from(values));
    const wrong = [
      npy('>f4', Float32Array.from(values)),
      npy('<f4', Float32Array.from(values), '(6,)'),
      npy('<f4', Float32Array.from(values), '(3, 9, 2)'),
    ];
    for (let length = 6; length < whole.length; length += 7) wrong.push(whole.subarray(0, length));
    for (const bytes of wrong) {
      await write(bytes);
      expect(await failureOf(io.loadMean(at('mean.npy')))).toMatchObject({ code: 'ERR_CAFFE_FILE', file: at('mean.npy') });
    }
  });

  test('files that are none', async () => {
    await mkdir(at('folder.binaryproto'));
    execFileSync('mkfifo', [at('fifo.binaryproto')]);
    await writeFile(at('empty.binaryproto'), '');
    await writeFile(at('flat.binaryproto'), await io.arrayToBlobproto(tensor(4)));
    await writeFile(at('many.binaryproto'), await io.arrayToBlobproto(tensor(2, 3, 2, 2)));
    for (const name of ['missing', 'folder', 'fifo', 'empty', 'flat', 'many']) {
      const file = at(`${name}.binaryproto`);
      expect(await failureOf(io.loadMean(file))).toMatchObject({ code: 'ERR_CAFFE_FILE', file });
    }
    const whole = await io.encodeMessage('BlobProto', { num: 1, channels: 3, height: 1, width: 1, data: [1, 2, 3] });
    for (let length = 0; length < whole.length; length++) {
      await writeFile(at('cut.binaryproto'), whole.subarray(0, length));
      expect((await failureOf(io.loadMean(at('cut.binaryproto')))).code).toBe('ERR_CAFFE_FILE');
    }
    await writeFile(at('cut.binaryproto'), whole);
    expect((await io.loadMean(at('cut.binaryproto'))).data).toEqual(Float32Array.of(1, 2, 3));
  });

  test('a place that cannot be written leaves nothing', async () => {
    await mkdir(at('taken'));
    expect((await failureOf(io.saveMean(at('taken'), tensor(3, 2, 2)))).code).toBe('ERR_CAFFE_FILE');
    expect((await namesIn(at())).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    expect((await failureOf(io.saveMean('', tensor(3, 2, 2)))).code).toBe('ERR_CAFFE_INPUT');
  });
});

describe('messages', () => {
  test('of any type, as plain objects', async () => {
    const net = { name: 'n', layer: [{ name: 'c', type: 'Convolution', convolution_param: { num_output: 2, kernel_size: [3] } }] };
    const bytes = await io.encodeMessage('NetParameter', net);
    expect(await io.decodeMessage('NetParameter', bytes)).toEqual(net);
    expect(bytes).toEqual(native.messages.toBinary('NetParameter', net));
  });

  test('are parsed beside the event loop: bytes may be changed once the call has returned', async () => {
    const bytes = await io.arrayToBlobproto(tensor(100));
    const reading = io.blobprotoToArray(bytes);
    bytes.fill(0xff);
    expect(await reading).toEqual(tensor(100));
  });
});

describe('bad input', () => {
  const hostile = new Proxy(
    {},
    {
      get: () => {
        throw new TypeError('hands off');
      },
      has: () => true,
      ownKeys: () => {
        throw new TypeError('hands off');
      },
    },
  ) as never;
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const revoked = proxy as never;
  const detached = new Float32Array(4);
  structuredClone(detached.buffer, { transfer: [detached.buffer] });
  const cut = (bytes: Buffer, by: number) => bytes.subarray(0, bytes.length - by);

  const cases: [string, () => Promise<unknown>, string?][] = [
    ['arrayToBlobproto of nothing', () => io.arrayToBlobproto(undefined as never)],
    ['arrayToBlobproto of text', () => io.arrayToBlobproto('12' as never)],
    ['arrayToBlobproto of doubles', () => io.arrayToBlobproto(new Float64Array(2) as never)],
    ['arrayToBlobproto of texts', () => io.arrayToBlobproto(['1'] as never)],
    ['arrayToBlobproto with a shape that is not filled', () => io.arrayToBlobproto({ shape: [3], data: new Float32Array(2) })],
    ['arrayToBlobproto with a negative shape', () => io.arrayToBlobproto({ shape: [-1, -2], data: new Float32Array(2) })],
    ['arrayToBlobproto with a shape of 2^31', () => io.arrayToBlobproto({ shape: [2 ** 31], data: new Float32Array(2) })],
    ['arrayToBlobproto with a shape of NaN', () => io.arrayToBlobproto({ shape: [Number.NaN], data: new Float32Array(2) })],
    ['arrayToBlobproto with memory that is gone', () => io.arrayToBlobproto({ shape: [4], data: detached })],
    ['arrayToBlobproto of a hostile object', () => io.arrayToBlobproto(hostile)],
    ['arrayToBlobproto of a revoked proxy', () => io.arrayToBlobproto(revoked)],
    ['arrayToBlobproto with a diff of another size', () => io.arrayToBlobproto([1, 2], [1])],
    ['blobprotoToArray of nothing', () => io.blobprotoToArray(null as never)],
    ['blobprotoToArray of floats', () => io.blobprotoToArray(new Float32Array(4) as never)],
    ['blobprotoToArray of other bytes', () => io.blobprotoToArray(Buffer.from('no blob at all'))],
    ['blobprotoToArray of bytes cut short', async () => io.blobprotoToArray(cut(await io.arrayToBlobproto(tensor(9)), 3))],
    ['blobprotoToArray without values', () => io.blobprotoToArray(Buffer.alloc(0))],
    ['blobprotoToArray without a diff', async () => io.blobprotoToArray(await io.arrayToBlobproto([1]), { diff: true })],
    ['blobprotoToArray with too few values', () => io.blobprotoToArray({ num: 2, channels: 2, height: 1, width: 1, data: [1] })],
    ['blobprotoToArray with a negative size', () => io.blobprotoToArray({ num: -1, channels: -1, data: [1] })],
    ['blobprotoToArray with a huge size', () => io.blobprotoToArray({ shape: { dim: [2 ** 40] }, data: [1] })],
    ['blobprotoToArray of a hostile object', () => io.blobprotoToArray(hostile)],
    ['blobprotoToArray with options that are none', () => io.blobprotoToArray({ data: [1] }, 5 as never)],
    ['arraylistToBlobprotovector of no list', () => io.arraylistToBlobprotovector(7 as never)],
    ['arraylistToBlobprotovector of a bad array', () => io.arraylistToBlobprotovector([[1], null as never])],
    ['blobprotovectorToArraylist of other bytes', () => io.blobprotovectorToArraylist(Buffer.from('no vector'))],
    ['blobprotovectorToArraylist of a revoked proxy', () => io.blobprotovectorToArraylist(revoked)],
    ['arrayToDatum of two axes', () => io.arrayToDatum({ shape: [2, 2], data: new Uint8Array(4) })],
    ['arrayToDatum of an empty axis', () => io.arrayToDatum({ shape: [0, 2, 2], data: new Uint8Array(0) })],
    ['arrayToDatum that is not filled', () => io.arrayToDatum({ shape: [1, 2, 2], data: new Uint8Array(3) })],
    ['arrayToDatum of doubles', () => io.arrayToDatum({ shape: [1, 1, 2], data: new Float64Array(2) as never })],
    ['arrayToDatum with half a label', () => io.arrayToDatum({ shape: [1, 1, 1], data: new Uint8Array(1) }, 0.5)],
    ['arrayToDatum with a label of 2^31', () => io.arrayToDatum({ shape: [1, 1, 1], data: new Uint8Array(1) }, 2 ** 31)],
    ['arrayToDatum of a hostile object', () => io.arrayToDatum(hostile)],
    ['datumToArray of other bytes', () => io.datumToArray(Buffer.from('no datum'))],
    ['datumToArray without samples', () => io.datumToArray({ channels: 1, height: 1, width: 1 })],
    ['datumToArray without a size', () => io.datumToArray({ data: Uint8Array.of(1) })],
    ['datumToArray with a size of 2^31', () => io.datumToArray({ channels: 2 ** 31, height: 1, width: 1, data: Uint8Array.of(1) })],
    ['datumToArray of a revoked proxy', () => io.datumToArray(revoked)],
    ['datumToArray that is encoded, but no image', () => io.datumToArray({ encoded: true, data: Uint8Array.of(1, 2) }), 'ERR_CAFFE_IMAGE'],
    ['datumToArray that is encoded, but empty', () => io.datumToArray({ encoded: true })],
    ['meanPixel of no image', () => io.meanPixel({ shape: [4], data: new Float32Array(4) })],
    ['meanPixel of nothing', () => io.meanPixel(undefined as never)],
    ['saveMean of no image', () => io.saveMean(at('x.binaryproto'), { shape: [2, 3, 1, 1], data: new Float32Array(6) })],
    ['loadMean without a path', () => io.loadMean(undefined as never)],
    ['decodeMessage of an unknown type', () => io.decodeMessage('Blob', Buffer.alloc(0))],
    ['decodeMessage of text', () => io.decodeMessage('Datum', 'text' as never)],
    ['decodeMessage of a type that is no text', () => io.decodeMessage(Symbol.iterator as never, Buffer.alloc(0))],
    ['encodeMessage with an unknown field', () => io.encodeMessage('Datum', { chanels: 3 }), 'ERR_CAFFE_PROTOTXT'],
    ['encodeMessage of nothing', () => io.encodeMessage('Datum', undefined as never)],
    ['encodeMessage of a hostile object', () => io.encodeMessage('Datum', hostile)],
  ];

  test.each(cases)('%s', async (_, call, code = 'ERR_CAFFE_INPUT') => {
    expect((await failureOf(call())).code).toBe(code);
  });
});
