import sharp from 'sharp';
import type { RawFrame } from '../lib/frame';
import { loadImage } from '../lib/image';
import { readPixels } from '../lib/pixels';
import { failureOf } from './support/failure';

type Channels = 1 | 2 | 3 | 4;
const HEIGHT = 3;
const WIDTH = 5;
const GAP = 4;

/** Samples that differ everywhere, rows with a gap behind them that must not be seen. */
function frameOf(kind: 'bytes' | 'floats', channels: Channels, order: 'rgb' | 'bgr'): RawFrame & { stride: number } {
  const stride = WIDTH * channels + GAP;
  const length = stride * HEIGHT - GAP;
  const data =
    kind === 'bytes'
      ? Uint8Array.from({ length }, (_, i) => (i * 37 + 11) % 256)
      : Float32Array.from({ length }, (_, i) => (Math.sin(i * 1.7) + 1) / 2);
  return { data, width: WIDTH, height: HEIGHT, channels, order, stride };
}

/** The same worked out pixel by pixel: [red, green, blue] of 0 to 1, laid on white. */
function coloursOf({ data, channels, order }: RawFrame, row: number, column: number, stride: number): [number, number, number] {
  const at = row * stride + column * channels;
  const bytes = data instanceof Float32Array ? undefined : data;
  const alpha = channels % 2 === 0 ? (data[at + channels - 1] as number) : undefined;
  const colour = (index: number) => {
    const value = data[at + index] as number;
    if (bytes) return (alpha === undefined ? value : Math.floor((value * alpha + 255 * (255 - alpha)) / 255)) / 255;
    return alpha === undefined ? value : value * alpha + (1 - alpha);
  };
  if (channels < 3) return [colour(0), colour(0), colour(0)];
  return order === 'bgr' ? [colour(2), colour(1), colour(0)] : [colour(0), colour(1), colour(2)];
}

const kinds = ['bytes', 'floats'] as const;
const cases = kinds.flatMap((kind) =>
  ([1, 2, 3, 4] as const).flatMap((channels) => (['rgb', 'bgr'] as const).map((order) => [kind, channels, order] as const)),
);

describe.each(cases)('%s with %d channels, %s', (kind, channels, order) => {
  const frame = frameOf(kind, channels, order);
  const expected = Array.from({ length: HEIGHT * WIDTH }, (_, i) => coloursOf(frame, Math.floor(i / WIDTH), i % WIDTH, frame.stride));

  test('are an image as they are', async () => {
    const { shape, data } = await loadImage(frame);
    expect(shape).toEqual([HEIGHT, WIDTH, 3]);
    for (const [i, value] of expected.flat().entries()) expect(data[i]).toBeCloseTo(value, 6);
  });

  test('are grey when asked for', async () => {
    const { shape, data } = await loadImage(frame, { color: false });
    expect(shape).toEqual([HEIGHT, WIDTH, 1]);
    for (const [i, [red, green, blue]] of expected.entries()) {
      expect(data[i]).toBeCloseTo(0.2125 * red + 0.7154 * green + 0.0721 * blue, 6);
    }
  });

  test('become pixels of 8 bits', async () => {
    const { pixels } = await readPixels(frame, { height: HEIGHT, width: WIDTH, resizeMode: 'squash', channels: 3 });
    for (const [i, value] of expected.flat().entries()) expect(Math.abs((pixels[i] as number) - value * 255)).toBeLessThanOrEqual(0.5001);
  });
});

test('a frame and a PNG of the same pixels are the same image', async () => {
  for (const channels of [1, 2, 3, 4] as const) {
    const data = Uint8Array.from({ length: 64 * channels }, (_, i) => (i * 101 + 7) % 256);
    const png = await sharp(data, { raw: { width: 8, height: 8, channels } })
      .png()
      .toBuffer();
    expect(await loadImage({ data, width: 8, height: 8, channels })).toEqual(await loadImage(png));
  }
});

test('floats keep their precision, and values beyond the range', async () => {
  const data = Float32Array.of(0.1, 1 / 3, 1e-9, -0.25, 1.5, 1);
  expect([...(await loadImage({ data, width: 2, height: 1, channels: 3 })).data]).toEqual([...data]);
  const { pixels } = await readPixels(
    { data, width: 2, height: 1, channels: 3 },
    { height: 1, width: 2, resizeMode: 'squash', channels: 3 },
  );
  expect([...pixels]).toEqual([26, 85, 0, 0, 255, 255]);
});

test('a frame is copied before the call returns', async () => {
  const data = new Uint8Array(12).fill(255);
  const frame: RawFrame = { data, width: 2, height: 2, channels: 3 };
  const image = loadImage(frame);
  const pixels = readPixels(frame, { height: 2, width: 2, resizeMode: 'squash', channels: 3 });
  data.fill(0);
  expect(new Set((await image).data)).toEqual(new Set([1]));
  expect(new Set((await pixels).pixels)).toEqual(new Set([255]));
});

describe('memory of every kind', () => {
  const frame = (data: RawFrame['data']): RawFrame => ({ data, width: 2, height: 1, channels: 3 });

  test('parts of a buffer, shared and resizable ones', async () => {
    const whole = Float32Array.from({ length: 10 }, (_, i) => i / 16);
    expect([...(await loadImage(frame(whole.subarray(2, 8)))).data]).toEqual([...whole.subarray(2, 8)]);
    const shared = new Uint8Array(new SharedArrayBuffer(6)).fill(51);
    expect((await loadImage(frame(shared))).data[0]).toBeCloseTo(0.2, 6);
    const resizable = new Float32Array(new (ArrayBuffer as never as new (n: number, o: object) => ArrayBuffer)(24, { maxByteLength: 48 }));
    expect((await loadImage(frame(resizable))).data).toHaveLength(6);
  });

  test('a buffer that was given away, or has shrunk', async () => {
    const given = new Uint8Array(6);
    structuredClone(given.buffer, { transfer: [given.buffer] });
    expect((await failureOf(loadImage(frame(given)))).code).toBe('ERR_CAFFE_INPUT');
    const buffer = new (ArrayBuffer as never as new (n: number, o: object) => ArrayBuffer & { resize(n: number): void })(24, {
      maxByteLength: 48,
    });
    const fixed = new Float32Array(buffer, 0, 6);
    buffer.resize(4);
    expect((await failureOf(loadImage(frame(fixed)))).code).toBe('ERR_CAFFE_INPUT');
    buffer.resize(24);
    expect((await loadImage(frame(fixed))).data).toHaveLength(6);
  });
});

describe('what is no frame', () => {
  const good = { data: new Uint8Array(12), width: 2, height: 2, channels: 3 };
  const hostile = new Proxy(good, {
    get(target, key) {
      if (key === 'height') throw new TypeError('no height for you');
      return Reflect.get(target, key);
    },
  });
  const { proxy: revoked, revoke } = Proxy.revocable(good, {});
  revoke();

  test.each<[string, unknown]>([
    ['too few floats', { ...good, data: new Float32Array(11) }],
    ['doubles', { ...good, data: new Float64Array(12) }],
    ['signed bytes', { ...good, data: new Int8Array(12) }],
    ['16 bits', { ...good, data: new Uint16Array(12) }],
    ['a DataView', { ...good, data: new DataView(new ArrayBuffer(12)) }],
    ['an ArrayBuffer', { ...good, data: new ArrayBuffer(12) }],
    ['an array', { ...good, data: Array(12).fill(0) }],
    ['a proxy of bytes', { ...good, data: new Proxy(new Uint8Array(12), {}) }],
    ['no data', { ...good, data: undefined }],
    ['a width of NaN', { ...good, width: Number.NaN }],
    ['a width below 0', { ...good, width: -2 }],
    ['a height of 2^31', { ...good, height: 2 ** 31 }],
    ['a height without end', { ...good, height: Number.POSITIVE_INFINITY }],
    ['a height as text', { ...good, height: '2' }],
    ['half a column', { ...good, width: 1.5 }],
    ['more than 2^28 pixels', { ...good, width: 2 ** 15, height: 2 ** 15 }],
    ['no channels', { ...good, channels: 0 }],
    ['a stride of NaN', { ...good, stride: Number.NaN }],
    ['a stride of 2^31', { ...good, stride: 2 ** 31 }],
    ['half a stride', { ...good, stride: 6.5 }],
    ['a getter that throws', hostile],
    ['a proxy that was revoked', revoked],
    ['a sample that is no number', { ...good, data: new Float32Array(12).fill(Number.NaN) }],
    ['a sample without end', { ...good, data: new Float32Array(12).fill(Number.NEGATIVE_INFINITY) }],
  ])('%s', async (_, frame) => {
    expect((await failureOf(loadImage(frame as RawFrame))).code).toBe('ERR_CAFFE_INPUT');
    expect((await loadImage(good as RawFrame)).shape).toEqual([2, 2, 3]);
  });
});
