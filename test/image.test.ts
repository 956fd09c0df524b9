import { execFileSync } from 'node:child_process';
import { createReadStream, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import sharp from 'sharp';
import { loadImage, oversample, resizeImage } from '../lib/image';
import { type ImageSource, type PixelOptions, RESIZE_MODES, type ResizeMode, readPixels } from '../lib/pixels';
import { planResize } from '../lib/resize-mode';
import { failureOf } from './support/failure';
import { temporaryFolder } from './support/folders';
import { describeShared, golden, relativeError, shared, wave } from './support/shared';

const at = temporaryFolder();
const RED = { r: 255, g: 0, b: 0 };

const plain = (width: number, height: number, background: sharp.Color = RED) =>
  sharp({ create: { width, height, channels: 3, background } });

/** Left half red, right half blue. */
const redAndBlue = () =>
  plain(40, 20).composite([{ input: { create: { width: 20, height: 20, channels: 3, background: '#0000ff' } }, left: 20, top: 0 }]);

const read = (source: ImageSource, options: Partial<PixelOptions> = {}) =>
  readPixels(source, { height: 8, width: 8, resizeMode: 'squash', channels: 3, ...options });

const pixelAt = ({ pixels, width }: { pixels: Uint8Array; width: number }, row: number, column: number) =>
  [...pixels.subarray((row * width + column) * 3)].slice(0, 3);

describe('sources', () => {
  let file: string;
  beforeAll(async () => {
    file = at('red and blue "é" 狐 [1].png');
    await writeFile(file, await redAndBlue().png().toBuffer());
  });

  test('a path, a file: URL, bytes and a stream give the same pixels', async () => {
    const expected = await read(file);
    expect([pixelAt(expected, 4, 0), pixelAt(expected, 4, 7)]).toEqual([
      [255, 0, 0],
      [0, 0, 255],
    ]);
    const bytes = readFileSync(file);
    for (const source of [
      pathToFileURL(file),
      bytes,
      new Uint8Array(bytes),
      createReadStream(file),
      Readable.from([bytes.subarray(0, 50), bytes.subarray(50)]),
    ]) {
      expect(await read(source)).toEqual(expected);
    }
  });

  test('a file that was replaced is read anew', async () => {
    const changing = at('changing.png');
    await plain(8, 8).png().toFile(changing);
    expect(pixelAt(await read(changing), 0, 0)).toEqual([255, 0, 0]);
    await plain(8, 8, { r: 0, g: 9, b: 0 }).png().toFile(changing);
    expect(pixelAt(await read(changing), 0, 0)).toEqual([0, 9, 0]);
  });

  test('frames: BGR, a stride, grey, alpha', async () => {
    const pixel = { height: 1, width: 1 };
    const bgr = Uint8Array.of(1, 2, 3, 4, 5, 6, 0, 0, 7, 8, 9, 10, 11, 12);
    const frame = { data: bgr, width: 2, height: 2, channels: 3, order: 'bgr', stride: 8 } as const;
    const { pixels } = await read(frame, { height: 2, width: 2 });
    expect([...pixels]).toEqual([3, 2, 1, 6, 5, 4, 9, 8, 7, 12, 11, 10]);
    expect([...bgr.subarray(0, 3)]).toEqual([1, 2, 3]);
    const grey = await read({ data: Uint8Array.of(77), width: 1, height: 1, channels: 1 }, pixel);
    expect([...grey.pixels]).toEqual([77, 77, 77]);
    const clear = await read({ data: Uint8ClampedArray.of(9, 9, 9, 0), width: 1, height: 1, channels: 4 }, pixel);
    expect([...clear.pixels]).toEqual([255, 255, 255]);
  });

  test.each([
    ['too few bytes', { data: new Uint8Array(5), width: 1, height: 2, channels: 3 }, '5 bytes'],
    ['no width', { data: new Uint8Array(3), width: 0, height: 1, channels: 3 }, 'width'],
    ['five channels', { data: new Uint8Array(5), width: 1, height: 1, channels: 5 }, 'channels'],
    ['another order', { data: new Uint8Array(3), width: 1, height: 1, channels: 3, order: 'gbr' }, "'gbr'"],
    ['rows that overlap', { data: new Uint8Array(12), width: 2, height: 2, channels: 3, stride: 5 }, 'stride'],
    ['doubles', { data: new Float64Array(3), width: 1, height: 1, channels: 3 }, 'Float64Array'],
    ['nothing', undefined, 'undefined'],
    ['a number', 7, '7'],
    ['an address', 'https://example.org/cat.jpg', 'example.org'],
    ['an address as URL', new URL('https://example.org/cat.jpg'), 'example.org'],
  ])('refuses %s', async (_, source, mentioned) => {
    const failure = await failureOf(read(source as ImageSource));
    expect(failure.code).toBe('ERR_CAFFE_INPUT');
    expect(failure.message).toContain(mentioned);
  });
});

describe('files that are no images', () => {
  test.each([
    ['missing', undefined, /no such file/],
    ['text.jpg', Buffer.from('hello'), /unsupported image format/],
    ['empty.jpg', Buffer.alloc(0), /empty/i],
  ])('%s', async (name, content, reason) => {
    const file = at(name);
    if (content) await writeFile(file, content);
    const failure = await failureOf(read(file));
    expect(failure).toMatchObject({ code: 'ERR_CAFFE_IMAGE', file });
    expect(failure.message).toContain(file);
    expect(failure.message).toMatch(reason);
    expect(failure.hint).toBeTruthy();
  });

  test('a JPEG that is cut short', async () => {
    const file = at('short.jpg');
    const whole = await sharp({
      create: { width: 200, height: 200, channels: 3, background: RED, noise: { type: 'gaussian', mean: 128, sigma: 50 } },
    })
      .jpeg()
      .toBuffer();
    await writeFile(file, whole.subarray(0, whole.length / 2));
    expect(await failureOf(read(file))).toMatchObject({ code: 'ERR_CAFFE_IMAGE', file, hint: expect.stringContaining('cut short') });
    await writeFile(file, whole);
    expect((await read(file)).pixels).toHaveLength(8 * 8 * 3);
  });

  test.each(['jpeg', 'png', 'webp', 'gif'] as const)('a %s cut anywhere', async (format) => {
    const noise = { type: 'gaussian', mean: 128, sigma: 50 } as const;
    const whole = await sharp({ create: { width: 20, height: 20, channels: 3, background: RED, noise } })
      .toFormat(format)
      .toBuffer();
    // The last chunk of a PNG, the last byte of a GIF, say nothing but that it is over.
    const most = whole.length - 13;
    for (let length = 0; length < most; length += Math.ceil(most / 40)) {
      for (const reading of [read(whole.subarray(0, length)), loadImage(whole.subarray(0, length))]) {
        expect((await failureOf(reading)).code).toBe('ERR_CAFFE_IMAGE');
      }
    }
    expect((await loadImage(whole)).shape).toEqual([20, 20, 3]);
  });

  test('a folder, and a FIFO, which must not be waited for', async () => {
    await mkdir(at('folder.jpg'));
    execFileSync('mkfifo', [at('fifo.jpg')]);
    for (const name of ['folder.jpg', 'fifo.jpg']) {
      const failure = await failureOf(read(at(name)));
      expect(failure).toMatchObject({ code: 'ERR_CAFFE_IMAGE', file: at(name) });
      expect(failure.message).toContain('regular file');
    }
  });

  test('a stream that fails, and one of text', async () => {
    const failing = new Readable({ read: (): void => void failing.destroy(new Error('line dropped')) });
    expect((await failureOf(read(failing))).message).toContain('line dropped');
    expect((await failureOf(read(Readable.from(['text'])))).code).toBe('ERR_CAFFE_IMAGE');
  });

  test('an aborted signal ends a stream that would not end', async () => {
    async function* endless() {
      yield Buffer.from([1]);
      await new Promise(() => {});
    }
    for (const make of [() => new Readable({ read() {} }), () => new ReadableStream(), endless]) {
      for (const open of [loadImage, read]) {
        const controller = new AbortController();
        const source = make() as Readable;
        const reading = failureOf(open(source, { signal: controller.signal }));
        setImmediate(() => controller.abort(new Error('enough')));
        expect(await reading).toMatchObject({ code: 'ERR_CAFFE_ABORTED', name: 'AbortError' });
        if (source instanceof Readable) expect(source.destroyed).toBe(true);
      }
    }
  });
});

describe('what is made of an image', () => {
  test('it is turned upright', async () => {
    // Orientation 6: the camera's left is the top.
    const turned = await redAndBlue().withMetadata({ orientation: 6 }).png().toBuffer();
    const image = await read(turned);
    expect([pixelAt(image, 0, 4), pixelAt(image, 7, 4)]).toEqual([
      [255, 0, 0],
      [0, 0, 255],
    ]);
    expect((await loadImage(turned)).shape).toEqual([40, 20, 3]);
  });

  test.each([8, 16])('alpha lies on white, %d bits', async (bits) => {
    const half = sharp({ create: { width: 2, height: 2, channels: 4, background: { r: 0, g: 0, b: 0, alpha: 0 } } });
    const bytes = await half
      .toColourspace(bits === 16 ? 'rgb16' : 'srgb')
      .png()
      .toBuffer();
    expect(pixelAt(await read(bytes), 0, 0)).toEqual([255, 255, 255]);
  });

  test('16 bits, CMYK and grey become 8-bit RGB', async () => {
    const sixteen = await plain(4, 4, { r: 100, g: 50, b: 20 }).toColourspace('rgb16').png().toBuffer();
    expect(pixelAt(await read(sixteen), 0, 0)).toEqual([100, 50, 20]);
    const grey16 = await plain(4, 4, { r: 100, g: 100, b: 100 }).toColourspace('grey16').png().toBuffer();
    expect(pixelAt(await read(grey16), 0, 0)).toEqual([100, 100, 100]);
    const cmyk = await plain(4, 4, { r: 200, g: 50, b: 20 }).toColourspace('cmyk').jpeg().toBuffer();
    const [red = 0, green = 0, blue = 0] = pixelAt(await read(cmyk), 0, 0);
    expect(red).toBeGreaterThan(green + 80);
    expect(Math.abs(green - blue)).toBeLessThan(80);
  });

  test('one channel of grey, in the weights that Caffe’s tools use', async () => {
    for (const [background, grey] of [
      [RED, 76],
      [{ r: 0, g: 255, b: 0 }, 150],
      [{ r: 0, g: 0, b: 255 }, 29],
      [{ r: 255, g: 255, b: 255 }, 255],
    ] as const) {
      const image = await read(await plain(3, 3, background).png().toBuffer(), { channels: 1 });
      expect(image).toEqual({ height: 8, width: 8, channels: 1, pixels: expect.anything() });
      expect([...new Set(image.pixels)]).toEqual([grey]);
    }
  });

  test.each(RESIZE_MODES)('%s: from one pixel, and from very wide and very high images', async (resizeMode) => {
    for (const [width, height] of [
      [1, 1],
      [20000, 10],
      [3, 5000],
    ] as const) {
      const image = await read(await plain(width, height).png().toBuffer(), { height: 32, width: 24, resizeMode });
      expect(image.pixels).toHaveLength(32 * 24 * 3);
      expect(pixelAt(image, 16, 12)).toEqual([255, 0, 0]);
    }
  });

  test('the resize modes', async () => {
    const wide = await redAndBlue().png().toBuffer(); // 40 × 20
    const [red, blue, grey] = [
      [255, 0, 0],
      [0, 0, 255],
      [128, 128, 128],
    ];
    const columns = async (resizeMode: ResizeMode) => {
      const image = await read(wide, { height: 20, width: 20, resizeMode });
      return { top: pixelAt(image, 0, 2), left: pixelAt(image, 10, 2), right: pixelAt(image, 10, 17), bottom: pixelAt(image, 19, 2) };
    };
    expect(await columns('squash')).toEqual({ top: red, left: red, right: blue, bottom: red });
    expect(await columns('crop')).toEqual({ top: red, left: red, right: blue, bottom: red });
    expect(await columns('fill')).toEqual({ top: grey, left: red, right: blue, bottom: grey });
    expect(await columns('half_crop')).toEqual({ top: grey, left: red, right: blue, bottom: grey });
  });

  test('grey images are padded with the same grey', async () => {
    const grey = await plain(40, 20, { r: 9, g: 9, b: 9 }).toColourspace('b-w').png().toBuffer();
    const image = await read(grey, { resizeMode: 'fill', height: 20, width: 20 });
    expect([pixelAt(image, 0, 0), pixelAt(image, 10, 10)]).toEqual([
      [128, 128, 128],
      [9, 9, 9],
    ]);
  });

  test('shrinking does not alias', async () => {
    const data = Uint8Array.from({ length: 64 * 64 }, (_, i) => (i % 2) * 255);
    const { pixels } = await read({ data, width: 64, height: 64, channels: 1 }, { channels: 1 });
    for (const value of pixels) expect(Math.abs(value - 127)).toBeLessThan(12);
  });

  test('many at once', async () => {
    const bytes = await redAndBlue().png().toBuffer();
    const images = await Promise.all(Array.from({ length: 40 }, () => read(bytes)));
    for (const image of images) expect(image).toEqual(images[0]);
  });
});

describe('planResize', () => {
  const square = { height: 256, width: 256 };

  test('half_crop lies between crop and fill, as in DIGITS', () => {
    expect(planResize({ height: 300, width: 400 }, square, 'half_crop')).toEqual({
      scaled: { height: 220, width: 293 },
      kept: { height: 220, width: 256, top: 0, left: 19 },
      padding: { top: 18, bottom: 18, left: 0, right: 0 },
    });
  });

  test('whatever the sizes, the result is exactly the size', () => {
    for (const mode of RESIZE_MODES) {
      for (const width of [1, 2, 3, 17, 255, 256, 257, 1000, 20000]) {
        for (const height of [1, 5, 256, 301]) {
          const { scaled, kept, padding } = planResize({ height, width }, { height: 227, width: 224 }, mode);
          expect([kept.height + padding.top + padding.bottom, kept.width + padding.left + padding.right]).toEqual([227, 224]);
          expect(
            Math.min(scaled.height - kept.top - kept.height, scaled.width - kept.left - kept.width, kept.top, kept.left),
          ).toBeGreaterThanOrEqual(0);
          expect(Math.min(kept.height, kept.width, padding.top, padding.left)).toBeGreaterThanOrEqual(0);
        }
      }
    }
  });
});

describe('loadImage', () => {
  test('RGB from 0 to 1, rows first', async () => {
    const image = await loadImage(await redAndBlue().png().toBuffer());
    expect(image.shape).toEqual([20, 40, 3]);
    expect([...image.data.slice(0, 3), ...image.data.slice(-3)]).toEqual([1, 0, 0, 0, 0, 1]);
  });

  test('grey in the weights of pycaffe', async () => {
    const image = await loadImage(await plain(2, 1).png().toBuffer(), { color: false });
    expect(image.shape).toEqual([1, 2, 1]);
    expect(image.data[0]).toBeCloseTo(0.2125, 6);
  });

  test('bytes are copied before the call returns: they may be given away or filled anew', async () => {
    const bytes = new Uint8Array(await plain(64, 64).png().toBuffer());
    const [reading, again] = [loadImage(bytes), loadImage(bytes)];
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
    expect((await reading).shape).toEqual([64, 64, 3]);
    expect((await again).data).toEqual((await reading).data);
    expect((await failureOf(loadImage(bytes))).code).toMatch(/INPUT|IMAGE/);
  });

  test.each<[string, unknown, object | undefined]>([
    ['options that are none', Buffer.alloc(1), 5 as never],
    ['a colour that is no boolean', Buffer.alloc(1), { color: 'grey' }],
    [
      'a hostile source',
      new Proxy(
        {},
        {
          has: () => {
            throw new Error('no');
          },
        },
      ),
      undefined,
    ],
    ['doubles', new Float64Array(4), undefined],
    ['an ArrayBuffer', new ArrayBuffer(4), undefined],
    ['a promise', Promise.resolve(Buffer.alloc(1)), undefined],
    ['a function', () => 'cat.jpg', undefined],
  ])('refuses %s', async (_, source, options) => {
    expect((await failureOf(loadImage(source as ImageSource, options))).code).toBe('ERR_CAFFE_INPUT');
  });

  test.each<[string, object]>([
    [
      'whose iterator throws',
      {
        [Symbol.asyncIterator]: () => {
          throw new Error('no');
        },
      },
    ],
    ['that gives no results', { [Symbol.asyncIterator]: () => ({ next: async () => undefined }) }],
    [
      'of numbers',
      {
        async *[Symbol.asyncIterator]() {
          yield 5;
        },
      },
    ],
    [
      'of floats',
      {
        async *[Symbol.asyncIterator]() {
          yield new Float32Array(4);
        },
      },
    ],
    [
      'that throws what is no error',
      {
        async *[Symbol.asyncIterator]() {
          yield Buffer.alloc(1);
          throw null;
        },
      },
    ],
    ['of nothing', { async *[Symbol.asyncIterator]() {} }],
  ])('a stream %s', async (_, source) => {
    expect((await failureOf(loadImage(source as Readable))).code).toMatch(/IMAGE|INPUT/);
    expect((await loadImage(await plain(1, 1).png().toBuffer())).shape).toEqual([1, 1, 3]);
  });

  test('rejects, and never throws', async () => {
    const promise = loadImage(null as unknown as ImageSource);
    expect((await failureOf(promise)).code).toBe('ERR_CAFFE_INPUT');
  });
});

describeShared("pycaffe's numbers", () => {
  const imageOf = ({ shape, k }: { shape: number[]; k: number }) => ({
    shape,
    data: wave(
      shape.reduce((a, b) => a * b, 1),
      k,
    ),
  });
  interface Values {
    shape: number[];
    data: number[];
  }

  test('resizeImage', async () => {
    interface Case {
      image: { shape: number[]; k: number };
      to: [number, number];
      order: 0 | 1;
      out: Values;
    }
    for (const { image, to, order, out } of golden<Case[]>('resize.json')) {
      const { shape, data } = await resizeImage(imageOf(image), to, { order });
      expect(shape).toEqual(out.shape);
      expect(relativeError(data, out.data)).toBeLessThan(1e-5);
    }
  });

  test('oversample', async () => {
    const { image, crop, out } = golden<{ image: { shape: number[]; k: number }; crop: [number, number]; out: Values }>('oversample.json');
    const crops = await oversample([imageOf(image)], crop);
    expect([crops.length, ...(crops[0]?.shape ?? [])]).toEqual(out.shape);
    expect(
      relativeError(
        crops.flatMap(({ data }) => [...data]),
        out.data,
      ),
    ).toBeLessThan(1e-6);
  });
});

describe('resizeImage and oversample', () => {
  const image = { shape: [4, 6, 3], data: Float32Array.from({ length: 72 }, (_, i) => i / 72) };

  test('ten crops of each image', async () => {
    const crops = await oversample([image, image], [2, 3]);
    expect(crops).toHaveLength(20);
    for (const { shape, data } of crops) expect([shape, data.length]).toEqual([[2, 3, 3], 18]);
    expect([...(crops[0]?.data.slice(0, 3) ?? [])]).toEqual([...image.data.slice(0, 3)]);
    expect(crops[10]?.data).toEqual(crops[0]?.data);
  });

  test('resize to one pixel and back', async () => {
    expect((await resizeImage(image, [1, 1])).shape).toEqual([1, 1, 3]);
    expect((await resizeImage(image, [4, 6])).data).toEqual(image.data);
  });

  test.each([
    ['no axes', () => resizeImage({ shape: [], data: new Float32Array(1) }, [1, 1])],
    ['no tensor', () => resizeImage(undefined as never, [1, 1])],
    ['too few values', () => resizeImage({ shape: [2, 2, 3], data: new Float32Array(11) }, [1, 1])],
    ['a size of nothing', () => resizeImage(image, [0, 4])],
    ['half a size', () => resizeImage(image, [4] as never)],
    ['a size without end', () => resizeImage(image, [Number.POSITIVE_INFINITY, 4])],
    ['a size below 0', () => resizeImage(image, [-1, 4])],
    ['a size of 2^31', () => resizeImage(image, [2 ** 31, 4])],
    ['a size of 2^40 pixels', () => resizeImage(image, [2 ** 20, 2 ** 20])],
    ['another order', () => resizeImage(image, [2, 2], { order: 2 as never })],
    ['an image of bytes', () => resizeImage({ shape: [1, 1, 3], data: new Uint8Array(3) as never }, [1, 1])],
    ['no images', () => oversample([], [1, 1])],
    ['no list of images', () => oversample(image as never, [1, 1])],
  ])('refuses %s', async (_, action) => {
    expect((await failureOf(action())).code).toBe('ERR_CAFFE_INPUT');
  });

  test('a crop larger than the images', async () => {
    expect((await failureOf(oversample([image], [5, 3]))).code).toBe('ERR_CAFFE_SHAPE');
  });
});

describeShared('real photographs', () => {
  test('loadImage of a grey and a colour JPEG', async () => {
    const grey = await loadImage(path.join(shared, 'datasets/images/cat_gray.jpg'));
    expect(grey.shape).toEqual([360, 480, 3]);
    expect([grey.data[0], grey.data[1]]).toEqual([grey.data[2], grey.data[2]]);
    const colour = await loadImage(path.join(shared, 'datasets/images/cat.jpg'));
    expect(colour.shape).toEqual([360, 480, 3]);
  });
});
