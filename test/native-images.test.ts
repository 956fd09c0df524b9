import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { native, type Tensor } from '../lib/native';
import { describeShared, shared, sharedIsPresent } from './support/shared';

interface Wave {
  shape: number[];
  k: number;
}
interface Values {
  shape: readonly number[];
  data: number[];
}
const golden = (name: string) => JSON.parse(readFileSync(path.join(shared, 'goldens/pycaffe', name), 'utf8'));

const count = (shape: readonly number[]) => shape.reduce((product, extent) => product * extent, 1);
const tensor = (shape: number[], value: (i: number) => number): Tensor => ({
  shape,
  data: Float32Array.from({ length: count(shape) }, (_, i) => value(i)),
});
const wave = ({ shape, k }: Wave) => tensor(shape, (i) => (Math.sin(k * (i + 1)) + 1) / 2);
const tensorOf = ({ shape, data }: Values): Tensor => ({ shape, data: Float32Array.from(data) });

function expectClose(actual: Tensor, expected: Values) {
  expect(actual.shape).toEqual(expected.shape);
  const wrong = expected.data.findIndex(
    (value, i) => !(Math.abs((actual.data[i] as number) - value) <= 1e-4 * Math.max(1, Math.abs(value))),
  );
  expect({ at: wrong, actual: actual.data[wrong] }).toEqual({ at: -1, actual: undefined });
}

describeShared("pycaffe's numbers", () => {
  const cases: {
    name: string;
    image: Wave;
    net_shape: number[];
    transpose: number[];
    channel_swap: number[] | null;
    raw_scale: number | null;
    mean: Values | null;
    input_scale: number | null;
    preprocessed: Values;
    deprocessed: Values | null;
  }[] = sharedIsPresent ? golden('transformer.json') : [];

  test.each(cases.map((each) => [each.name, each] as const))('transformer: %s', async (_, each) => {
    const spec = {
      size: each.net_shape.slice(2) as [number, number],
      transpose: each.transpose,
      channelSwap: each.channel_swap ?? undefined,
      rawScale: each.raw_scale ?? undefined,
      mean: each.mean ? tensorOf(each.mean) : undefined,
      inputScale: each.input_scale ?? undefined,
    };
    const preprocessed = await native.preprocess(wave(each.image), spec);
    expectClose(preprocessed, each.preprocessed);
    if (each.deprocessed) expectClose(await native.deprocess(tensorOf(each.preprocessed), spec), each.deprocessed);
  });

  test('resize', async () => {
    for (const each of golden('resize.json') as { image: Wave; to: [number, number]; order: 0 | 1; out: Values }[]) {
      expectClose(await native.resize(wave(each.image), each.to, each.order), each.out);
    }
  });

  test('oversample', async () => {
    const each = golden('oversample.json') as { image: Wave; crop: [number, number]; out: Values };
    const image = wave(each.image);
    expectClose(await native.oversample([image], each.crop), each.out);
    expect((await native.oversample([image, image], each.crop)).shape).toEqual([20, ...each.crop, 3]);
  });
});

describe('transformer', () => {
  const identity = { size: [4, 4] as [number, number], transpose: [2, 0, 1] };

  test('deprocess undoes preprocess, of one channel and with a batch axis too', async () => {
    const spec = { ...identity, rawScale: 255, mean: tensor([1], () => 33), inputScale: 0.5 };
    const image = tensor([4, 4, 1], (i) => i / 16);
    const { shape, data } = await native.preprocess(image, spec);
    expect(shape).toEqual([1, 4, 4]);
    expectClose(await native.deprocess({ shape: [1, ...shape], data }, spec), { shape: image.shape, data: [...image.data] });
  });

  test('the image given stays as it is', async () => {
    const image = tensor([4, 4, 3], (i) => i);
    await native.preprocess(image, { ...identity, rawScale: 255 });
    expect(image.data[1]).toBe(1);
  });

  test('a mean image of another size is resized', async () => {
    const mean = tensor([3, 8, 8], (i) => Math.floor(i / 64) + 1);
    const result = await native.preprocess(
      tensor([4, 4, 3], () => 10),
      { ...identity, mean },
    );
    expect([...result.data.slice(0, 2), result.data[16], result.data[47]]).toEqual([9, 9, 8, 7]);
  });

  test('a constant image stays constant', async () => {
    const resized = await native.resize(
      tensor([3, 3, 3], () => 0.7),
      [7, 5],
      1,
    );
    expect(new Set(resized.data)).toEqual(new Set([Math.fround(0.7)]));
  });

  test.each([
    [
      'an image of two axes',
      () =>
        native.preprocess(
          tensor([4, 4], () => 0),
          identity,
        ),
      'ERR_CAFFE_INPUT',
    ],
    [
      'a transpose that is no permutation',
      () =>
        native.preprocess(
          tensor([4, 4, 3], () => 0),
          { ...identity, transpose: [2, 0, 0] },
        ),
      'ERR_CAFFE_INPUT',
    ],
    [
      'a swap of channels that are not there',
      () =>
        native.preprocess(
          tensor([4, 4, 3], () => 0),
          { ...identity, channelSwap: [0, 1, 3] },
        ),
      'ERR_CAFFE_INPUT',
    ],
    [
      'a mean of other channels',
      () =>
        native.preprocess(
          tensor([4, 4, 3], () => 0),
          { ...identity, mean: tensor([2], () => 0) },
        ),
      'ERR_CAFFE_SHAPE',
    ],
    ['a crop larger than the image', () => native.oversample([tensor([4, 4, 3], () => 0)], [5, 4]), 'ERR_CAFFE_SHAPE'],
    ['images of two sizes', () => native.oversample([tensor([4, 4, 3], () => 0), tensor([4, 5, 3], () => 0)], [2, 2]), 'ERR_CAFFE_SHAPE'],
    [
      'an absurd size',
      () =>
        native.resize(
          tensor([2, 2, 3], () => 0),
          [1 << 20, 1 << 20],
          1,
        ),
      'ERR_CAFFE_INPUT',
    ],
    [
      'data that does not fill its shape',
      () => native.resize({ shape: [9, 9, 3], data: new Float32Array(4) }, [2, 2], 1),
      'ERR_CAFFE_INPUT',
    ],
  ])('refuses %s', async (_, call, code) => {
    await expect((async () => call())()).rejects.toMatchObject({ code });
  });
});

describe('decoding', () => {
  const height = 37;
  const width = 53;
  /** Smooth enough for JPEG, different in every channel. */
  const pixels = (channels: number) =>
    Uint8Array.from({ length: height * width * channels }, (_, i) => {
      const at = Math.floor(i / channels);
      return 128 + 100 * Math.sin((at % width) / 9 + (i % channels)) * Math.cos(Math.floor(at / width) / 7);
    });
  const drawn = (channels: 1 | 2 | 3 | 4) => sharp(pixels(channels), { raw: { width, height, channels } });
  const largestDifference = (a: ArrayLike<number>, b: ArrayLike<number>) =>
    Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] as number))), 0);

  test.each([
    ['RGB', 3, {}],
    ['interlaced RGB', 3, { progressive: true }],
  ] as const)('PNG: %s, exactly', async (_, channels, options) => {
    const image = await native.decodeImage(await drawn(channels).png(options).toBuffer());
    expect(image).toMatchObject({ height, width, channels });
    expect(Buffer.compare(image.pixels, pixels(channels))).toBe(0);
  });

  test('PNG: grey stays grey', async () => {
    const image = await native.decodeImage(await drawn(1).toColourspace('b-w').png().toBuffer());
    expect(image.channels).toBe(1);
    expect(Buffer.compare(image.pixels, pixels(1))).toBe(0);
  });

  test('PNG: a palette becomes RGB', async () => {
    const file = await drawn(3).png({ palette: true, colours: 16 }).toBuffer();
    const expected = await sharp(file).raw().toBuffer();
    const image = await native.decodeImage(file);
    expect(image.channels).toBe(3);
    expect(Buffer.compare(image.pixels, expected)).toBe(0);
  });

  test('PNG: transparency lies on white', async () => {
    const image = await native.decodeImage(await drawn(4).png().toBuffer());
    const expected = await drawn(4).flatten({ background: '#fff' }).raw().toBuffer();
    expect(image.channels).toBe(3);
    expect(largestDifference(image.pixels, expected)).toBeLessThanOrEqual(1);
  });

  test('PNG: 16 bits become 8', async () => {
    const file = await drawn(3).toColourspace('rgb16').png().toBuffer();
    const image = await native.decodeImage(file);
    expect(largestDifference(image.pixels, pixels(3))).toBeLessThanOrEqual(1);
  });

  test.each([{}, { progressive: true }, { chromaSubsampling: '4:4:4' }])('JPEG as sharp decodes it: %p', async (options) => {
    const file = await drawn(3).jpeg(options).toBuffer();
    const image = await native.decodeImage(file);
    expect(image).toMatchObject({ height, width, channels: 3 });
    expect(largestDifference(image.pixels, await sharp(file).raw().toBuffer())).toBeLessThanOrEqual(2);
  });

  test('JPEG: grey stays grey', async () => {
    const image = await native.decodeImage(await drawn(1).toColourspace('b-w').jpeg({ quality: 100 }).toBuffer());
    expect(image.channels).toBe(1);
    expect(largestDifference(image.pixels, pixels(1))).toBeLessThanOrEqual(4);
  });

  test('JPEG: CMYK becomes RGB', async () => {
    const red = sharp({ create: { width: 16, height: 16, channels: 3, background: '#f00' } });
    const image = await native.decodeImage(await red.toColourspace('cmyk').jpeg({ quality: 100 }).toBuffer());
    expect(image.channels).toBe(3);
    const [r = 0, g = 0, b = 0] = image.pixels;
    expect(r).toBeGreaterThan(180);
    expect(Math.max(g, b)).toBeLessThan(80);
  });

  test.each([
    ['jpeg', () => drawn(3).jpeg().toBuffer()],
    ['jpeg', () => drawn(3).jpeg({ progressive: true }).toBuffer()],
    ['png', () => drawn(3).png().toBuffer()],
  ])('a %s that is cut short anywhere is refused', async (_, make) => {
    const file = await make();
    for (let length = 0; length < file.length - 2; length += 7) {
      await expect(native.decodeImage(file.subarray(0, length))).rejects.toMatchObject({ code: 'ERR_CAFFE_IMAGE' });
    }
    await expect(native.decodeImage(file)).resolves.toMatchObject({ height, width });
  });

  test('damage never does worse than a refusal', async () => {
    for (const file of [await drawn(3).jpeg().toBuffer(), await drawn(4).png().toBuffer()]) {
      for (let at = 0; at < file.length; at += 3) {
        const damaged = Uint8Array.from(file);
        damaged[at] = (damaged[at] as number) ^ 0x55;
        await native.decodeImage(damaged).catch((error) => expect(error.code).toBe('ERR_CAFFE_IMAGE'));
      }
    }
  });

  test('garbage is refused with a hint', async () => {
    for (const bytes of [new Uint8Array(0), Buffer.from('GIF89a not for us'), new Uint8Array(1000).fill(0xff)]) {
      await expect(native.decodeImage(bytes)).rejects.toMatchObject({ code: 'ERR_CAFFE_IMAGE' });
    }
    await expect(native.decodeImage(Buffer.from('GIF89a'))).rejects.toMatchObject({ hint: expect.stringContaining('JPEG or PNG') });
  });

  test('an absurd size is refused before memory is taken', async () => {
    const file = await drawn(3).png({ compressionLevel: 0 }).toBuffer();
    file.writeUInt32BE(900_000, 16);
    file.writeUInt32BE(900_000, 20);
    // A PNG whose header's checksum is right again.
    const zlib: { crc32?: (data: Buffer) => number } = await import('node:zlib');
    if (!zlib.crc32) return;
    file.writeUInt32BE(zlib.crc32(file.subarray(12, 29)), 29);
    await expect(native.decodeImage(file)).rejects.toMatchObject({ message: expect.stringContaining('900000×900000') });
  });
});

describeShared('real photographs', () => {
  test('decode as in sharp', async () => {
    const folder = path.join(shared, 'datasets/images');
    const files = readdirSync(folder).filter((name) => /\.jpe?g$/i.test(name));
    expect(files.length).toBeGreaterThan(0);
    for (const name of files) {
      const file = readFileSync(path.join(folder, name));
      const image = await native.decodeImage(file);
      // sharp makes RGB of grey files unless it is told.
      const { channels } = await sharp(file).metadata();
      const drawn = sharp(file)
        .toColourspace(channels === 1 ? 'b-w' : 'srgb')
        .raw();
      const expected = await drawn.toBuffer({ resolveWithObject: true });
      expect(image).toMatchObject({ height: expected.info.height, width: expected.info.width, channels });
      expect(image.pixels.length).toBe(expected.data.length);
      let most = 0;
      for (let i = 0; i < image.pixels.length; ++i) {
        most = Math.max(most, Math.abs((image.pixels[i] as number) - (expected.data[i] as number)));
      }
      expect(most).toBeLessThanOrEqual(2);
    }
  });
});

describe('transformPixels', () => {
  const image = (height: number, width: number, channels: number, seed = 1) => ({
    height,
    width,
    channels,
    pixels: Uint8Array.from({ length: height * width * channels }, (_, i) => (i * 37 + seed * 11) % 256),
  });

  test('cuts the centre, turns RGB into BGR planes, subtracts and scales', async () => {
    const { height, width, pixels } = image(5, 8, 3);
    const result = await native.transformPixels([image(5, 8, 3)], { crop: 4, scale: 0.5, meanValues: [1, 2, 3] });
    expect(result.shape).toEqual([1, 3, 4, 4]);
    const [top, left] = [Math.floor((height - 4) / 2), Math.floor((width - 4) / 2)];
    for (let c = 0; c < 3; ++c) {
      for (let y = 0; y < 4; ++y) {
        for (let x = 0; x < 4; ++x) {
          const pixel = pixels[((top + y) * width + left + x) * 3 + (2 - c)] as number;
          expect(result.data[(c * 4 + y) * 4 + x]).toBe((pixel - (c + 1)) * 0.5);
        }
      }
    }
  });

  test('crops a mean image like the image', async () => {
    const mean = { shape: [1, 1, 5, 5], data: Float32Array.from({ length: 25 }, (_, i) => i) };
    const flat = { height: 5, width: 5, channels: 1, pixels: Uint8Array.from({ length: 25 }, (_, i) => i + 7) };
    const result = await native.transformPixels([flat, flat], { crop: 2, scale: 1, meanValues: [], meanImage: mean });
    expect(result.shape).toEqual([2, 1, 2, 2]);
    expect([...result.data]).toEqual(new Array(8).fill(7));
  });

  test.each([
    ['no image', [], { crop: 0, scale: 1, meanValues: [] }, 'ERR_CAFFE_INPUT'],
    ['a crop that is too large', [image(4, 4, 3)], { crop: 5, scale: 1, meanValues: [] }, 'ERR_CAFFE_SHAPE'],
    ['two mean values for three channels', [image(4, 4, 3)], { crop: 0, scale: 1, meanValues: [1, 2] }, 'ERR_CAFFE_SHAPE'],
    ['images of two sizes', [image(4, 4, 3), image(4, 5, 3)], { crop: 0, scale: 1, meanValues: [] }, 'ERR_CAFFE_SHAPE'],
    ['pixels that are too few', [{ ...image(4, 4, 3), height: 5 }], { crop: 0, scale: 1, meanValues: [] }, 'ERR_CAFFE_INPUT'],
    ['four channels', [image(4, 4, 4)], { crop: 0, scale: 1, meanValues: [] }, 'ERR_CAFFE_INPUT'],
  ])('refuses %s', async (_, images, transform, code) => {
    await expect((async () => native.transformPixels(images, transform))()).rejects.toMatchObject({ code });
  });
});
