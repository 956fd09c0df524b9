import path from 'node:path';
import { loadImage } from '../lib/image';
import type { Tensor } from '../lib/native';
import { type Mean, Transformer } from '../lib/transformer';
import { failureOf } from './support/failure';
import { describeShared, golden, goldenFloats, relativeError, shared, sharedIsPresent, wave } from './support/shared';

const SHAPE = [1, 3, 4, 5];
const image: Tensor = { shape: [4, 5, 3], data: wave(60, 1) };

interface GoldenTensor {
  shape: number[];
  data: number[];
}
interface GoldenCase {
  name: string;
  image: { shape: number[]; k: number };
  net_shape: number[];
  transpose: number[] | null;
  channel_swap: number[] | null;
  raw_scale: number | null;
  mean: GoldenTensor | { shape: number[]; k: number } | null;
  input_scale: number | null;
  preprocessed: GoldenTensor;
  /** null: pycaffe drops the axis of a grey image's only channel, and then fails. */
  deprocessed: GoldenTensor | null;
}

function tensorOf({ shape, ...values }: GoldenTensor | { shape: number[]; k: number }): Tensor {
  const count = shape.reduce((size, extent) => size * extent, 1);
  return { shape, data: 'data' in values ? Float32Array.from(values.data) : wave(count, values.k) };
}

describeShared("pycaffe's numbers", () => {
  // Skipped tests are collected all the same.
  const cases = sharedIsPresent ? golden<GoldenCase[]>('transformer.json') : [];
  test.each(cases.map((one) => [one.name, one] as const))('%s', async (_, expected) => {
    const transformer = new Transformer({ data: expected.net_shape });
    if (expected.transpose) transformer.setTranspose('data', expected.transpose);
    if (expected.channel_swap) transformer.setChannelSwap('data', expected.channel_swap);
    if (expected.raw_scale !== null) transformer.setRawScale('data', expected.raw_scale);
    if (expected.mean) transformer.setMean('data', tensorOf(expected.mean));
    if (expected.input_scale !== null) transformer.setInputScale('data', expected.input_scale);

    const preprocessed = await transformer.preprocess('data', tensorOf(expected.image));
    expect(preprocessed.shape).toEqual(expected.preprocessed.shape);
    expect(relativeError(preprocessed.data, expected.preprocessed.data)).toBeLessThan(1e-5);
    const deprocessed = await transformer.deprocess('data', preprocessed);
    if (!expected.deprocessed) return;
    expect(deprocessed.shape).toEqual(expected.deprocessed.shape);
    expect(relativeError(deprocessed.data, expected.deprocessed.data)).toBeLessThan(1e-5);
  });
});

describeShared('a photograph', () => {
  test.each([
    ['cat', 'datasets/images/cat.jpg'],
    ['dolphin1', 'datasets/untrained-samples/dolphin1.jpg'],
  ])('%s becomes the input that pycaffe gives SqueezeNet', async (name, file) => {
    const transformer = new Transformer({ data: [1, 3, 227, 227] });
    transformer.setTranspose('data', [2, 0, 1]);
    transformer.setChannelSwap('data', [2, 1, 0]);
    transformer.setRawScale('data', 255);
    transformer.setMean('data', [104, 117, 123]);
    const { data } = await transformer.preprocess('data', await loadImage(path.join(shared, file)));
    expect(relativeError(data, goldenFloats(`squeezenet_input_${name}.f32`))).toBeLessThan(1e-4);
  });
});

describe('Transformer', () => {
  let transformer: Transformer;
  beforeEach(() => {
    transformer = new Transformer({ data: SHAPE });
    transformer.setTranspose('data', [2, 0, 1]);
  });

  test('the order of the steps does not depend on the order of the calls', async () => {
    transformer.setInputScale('data', 0.5);
    transformer.setMean('data', [10, 20, 30]);
    transformer.setRawScale('data', 255);
    transformer.setChannelSwap('data', [2, 1, 0]);
    const { data } = await transformer.preprocess('data', image);
    const blue = image.data[2] as number;
    expect(data[0]).toBeCloseTo((blue * 255 - 10) * 0.5, 3);
  });

  test('the image is not changed, and the way back restores it', async () => {
    transformer.setRawScale('data', 255);
    transformer.setMean('data', Float32Array.of(1, 2, 3));
    const before = image.data.slice();
    const back = await transformer.deprocess('data', await transformer.preprocess('data', image));
    expect(image.data).toEqual(before);
    expect(relativeError(back.data, before)).toBeLessThan(1e-5);
  });

  test('a batch of one is taken back like one item', async () => {
    const { shape, data } = await transformer.preprocess('data', image);
    expect((await transformer.deprocess('data', { shape: [1, ...shape], data })).shape).toEqual([4, 5, 3]);
  });

  test('each of several inputs has its own settings', async () => {
    const two = new Transformer({ a: SHAPE, b: [1, 1, 2, 2] });
    two.setRawScale('a', 2);
    expect((await two.preprocess('a', image)).data[0]).toBeCloseTo(2 * (image.data[0] as number), 6);
    expect((await two.preprocess('b', { shape: [2, 2, 1], data: new Float32Array(4).fill(0.5) })).data[0]).toBe(0.5);
  });

  test('settings may be given at once, and images of several sizes become one batch', async () => {
    const settings = { transpose: [2, 0, 1], channelSwap: [2, 1, 0], rawScale: 255, mean: [1, 2, 3], inputScale: 0.5 };
    const other = { shape: [9, 3, 3], data: wave(81, 2) };
    transformer.setChannelSwap('data', settings.channelSwap);
    transformer.setRawScale('data', settings.rawScale);
    transformer.setMean('data', settings.mean);
    transformer.setInputScale('data', settings.inputScale);
    const batch = await new Transformer({ data: SHAPE }, { data: settings }).preprocessBatch('data', [image, other]);
    expect(batch.shape).toEqual([2, 3, 4, 5]);
    for (const [index, each] of [image, other].entries()) {
      expect(batch.data.subarray(index * 60, index * 60 + 60)).toEqual((await transformer.preprocess('data', each)).data);
    }
  });

  test('refuses batches of nothing, and of images that do not fit', async () => {
    expect((await failureOf(transformer.preprocessBatch('data', []))).code).toBe('ERR_CAFFE_INPUT');
    expect((await failureOf(transformer.preprocessBatch('data', image as never))).code).toBe('ERR_CAFFE_INPUT');
    const grey = { shape: [4, 5, 1], data: new Float32Array(20) };
    expect((await failureOf(transformer.preprocessBatch('data', [image, grey]))).code).toBe('ERR_CAFFE_SHAPE');
    expect((await transformer.preprocessBatch('data', [image])).shape).toEqual(SHAPE);
    for (const settings of [{ other: {} }, { data: { rawScale: 0 } }, { data: { mean: [1] } }, { data: null }]) {
      expect(() => new Transformer({ data: SHAPE }, settings as never)).toThrow(expect.objectContaining({ code: 'ERR_CAFFE_INPUT' }));
    }
  });

  const zeros = (...shape: number[]): Tensor => ({ shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) });

  test.each<[string, Mean]>([
    ['numbers', [1, 2, 3]],
    ['a Float32Array', Float32Array.of(1, 2, 3)],
    ['a tensor of three', { shape: [3], data: Float32Array.of(1, 2, 3) }],
    ['one image for all channels', zeros(4, 5)],
    ['an image', zeros(3, 4, 5)],
    ['an image as Caffe stores it', zeros(1, 3, 4, 5)],
    ['an image of another size', zeros(3, 8, 9)],
  ])('takes a mean as %s', async (_, mean) => {
    transformer.setMean('data', mean);
    expect((await transformer.preprocess('data', image)).shape).toEqual([3, 4, 5]);
  });

  test.each<[string, (transformer: Transformer) => void, string]>([
    ['a mean of two channels', (it) => it.setMean('data', [1, 2]), '3 channels'],
    ['a mean image of one channel', (it) => it.setMean('data', zeros(1, 4, 5)), '3 channels'],
    ['a mean of two images', (it) => it.setMean('data', zeros(2, 3, 4, 5)), '2×3×4×5'],
    ['a mean that is not filled', (it) => it.setMean('data', { shape: [3, 4, 5], data: new Float32Array(59) }), '59'],
    ['a mean that is no number', (it) => it.setMean('data', [1, Number.NaN, 3]), 'NaN'],
    ['no mean', (it) => it.setMean('data', null as never), 'an array of numbers'],
    ['a swap of two channels', (it) => it.setChannelSwap('data', [1, 0]), '[ 1, 0 ]'],
    ['a swap that names one twice', (it) => it.setChannelSwap('data', [0, 0, 1]), '[ 0, 0, 1 ]'],
    ['a swap from 1', (it) => it.setChannelSwap('data', [1, 2, 3]), '[ 1, 2, 3 ]'],
    ['a transpose of four axes', (it) => it.setTranspose('data', [0, 3, 1, 2]), '[ 0, 3, 1, 2 ]'],
    ['a transpose that is none', (it) => it.setTranspose('data', [2, 2, 1]), '[ 2, 2, 1 ]'],
    ['a mean image with NaN', (it) => it.setMean('data', { shape: [3, 4, 5], data: new Float32Array(60).fill(Number.NaN) }), 'finite'],
    ['a scale too small for a float', (it) => it.setRawScale('data', 1e-60), '1e-60'],
    ['a scale of 0', (it) => it.setRawScale('data', 0), '0'],
    ['a scale that is no number', (it) => it.setInputScale('data', Number.NaN), 'NaN'],
    ['an unknown input', (it) => it.setRawScale('label', 1), "'label'"],
  ])('refuses %s, and goes on as before', async (_, action, mentioned) => {
    expect(() => action(transformer)).toThrow(
      expect.objectContaining({ code: 'ERR_CAFFE_INPUT', message: expect.stringContaining(mentioned) }),
    );
    expect((await transformer.preprocess('data', image)).data[0]).toBeCloseTo(image.data[0] as number, 6);
  });

  test('refuses inputs that are not [items, channels, height, width]', () => {
    for (const shape of [[3, 4, 5], [1, 3, 0, 5], [1, 3, 4, 5.5], undefined]) {
      expect(() => new Transformer({ data: shape as number[] })).toThrow(
        expect.objectContaining({ code: 'ERR_CAFFE_INPUT', blob: 'data' }),
      );
    }
  });

  test('rejects images and names that do not fit', async () => {
    const failure = await failureOf(transformer.preprocess('other', image));
    expect(failure).toMatchObject({ code: 'ERR_CAFFE_INPUT', blob: 'other', hint: expect.stringContaining('data') });
    expect((await failureOf(transformer.preprocess('data', { shape: [60], data: image.data }))).code).toBe('ERR_CAFFE_INPUT');
    expect((await failureOf(transformer.deprocess('data', zeros(2, 3, 4, 5)))).code).toBe('ERR_CAFFE_INPUT');
    expect((await failureOf(transformer.preprocess('data', null as never))).code).toBe('ERR_CAFFE_INPUT');
    transformer.setChannelSwap('data', [2, 1, 0]);
    expect((await failureOf(transformer.preprocess('data', { shape: [4, 5, 1], data: new Float32Array(20) }))).code).toMatch(/INPUT|SHAPE/);
  });
});
