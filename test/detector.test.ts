import sharp from 'sharp';
import { Detector, type DetectorNetwork, type DetectorWindow } from '../lib/detector';
import { type ImageTensor, resizeImage } from '../lib/image';
import type { Tensor } from '../lib/native';
import { Net } from '../lib/net';
import { Transformer } from '../lib/transformer';
import { failureOf } from './support/failure';
import { temporaryFolder } from './support/folders';
import { TINY_DEPLOY } from './support/networks';
import { relativeError, wave } from './support/shared';

const at = temporaryFolder();
const SIDE = 8;
const SETTINGS = { mean: [100, 110, 120], rawScale: 255, channelSwap: [2, 1, 0], inputScale: 0.1 };
/** The mean where images are: RGB, 0 to 1. */
const BACKGROUND = [120 / 255, 110 / 255, 100 / 255];
const IMAGE: ImageTensor = { shape: [30, 40, 3], data: wave(3600, 1.3) };

let net: Net;
let network: DetectorNetwork;
let plain: Detector;
let padded: Detector;

beforeAll(async () => {
  net = await Net.from(TINY_DEPLOY);
  network = { network: TINY_DEPLOY, weights: await net.toBuffer(), ...SETTINGS };
  plain = await Detector.open(network);
  padded = await Detector.open({ ...network, contextPad: 2 }, { batch: 3 });
});
afterAll(() => Promise.all([net.dispose(), plain.dispose(), padded.dispose()]));

const at2 = ({ shape, data }: ImageTensor, row: number, column: number) =>
  [0, 1, 2].map((channel) => data[(row * (shape[1] as number) + column) * 3 + channel] as number);

function part(image: ImageTensor, top: number, left: number, bottom: number, right: number): ImageTensor {
  const pixels: number[] = [];
  for (let row = top; row < bottom; row++) for (let column = left; column < right; column++) pixels.push(...at2(image, row, column));
  return { shape: [bottom - top, right - left, 3], data: Float32Array.from(pixels) };
}

/** Python's round and numpy's. */
function pythonRound(value: number): number {
  const lower = Math.floor(value);
  if (value - lower < 0.5) return lower;
  if (value - lower > 0.5) return lower + 1;
  return lower % 2 === 0 ? lower : lower + 1;
}

/** detector.py's crop, line by line. */
async function pycaffeCrop(image: ImageTensor, window: DetectorWindow, contextPad: number): Promise<ImageTensor> {
  const [imageHeight, imageWidth] = image.shape as [number, number];
  if (contextPad === 0) return part(image, ...(window as [number, number, number, number]));
  let box = [...window];
  const scale = SIDE / (1 * SIDE - contextPad * 2);
  const halfHeight = ((box[2] as number) - (box[0] as number) + 1) / 2;
  const halfWidth = ((box[3] as number) - (box[1] as number) + 1) / 2;
  const centre = [(box[0] as number) + halfHeight, (box[1] as number) + halfWidth];
  const scaledDims = [-halfHeight, -halfWidth, halfHeight, halfWidth].map((each) => scale * each);
  box = scaledDims.map((each, i) => pythonRound((centre[i % 2] as number) + each));
  const fullHeight = (box[2] as number) - (box[0] as number) + 1;
  const fullWidth = (box[3] as number) - (box[1] as number) + 1;
  const scaleHeight = SIDE / fullHeight;
  const scaleWidth = SIDE / fullWidth;
  const padY = pythonRound(Math.max(0, -(box[0] as number)) * scaleHeight);
  const padX = pythonRound(Math.max(0, -(box[1] as number)) * scaleWidth);
  box = box.map((each, i) => Math.min(Math.max(each, 0), i % 2 === 0 ? imageHeight : imageWidth));
  let cropHeight = pythonRound(((box[2] as number) - (box[0] as number) + 1) * scaleHeight);
  let cropWidth = pythonRound(((box[3] as number) - (box[1] as number) + 1) * scaleWidth);
  if (padY + cropHeight > SIDE) cropHeight = SIDE - padY;
  if (padX + cropWidth > SIDE) cropWidth = SIDE - padX;
  const context = await resizeImage(part(image, ...(box as [number, number, number, number])), [cropHeight, cropWidth]);
  const crop = Float32Array.from({ length: SIDE * SIDE * 3 }, (_, i) => BACKGROUND[i % 3] as number);
  for (let row = 0; row < cropHeight; row++) {
    for (let column = 0; column < cropWidth; column++) crop.set(at2(context, row, column), ((padY + row) * SIDE + padX + column) * 3);
  }
  return { shape: [SIDE, SIDE, 3], data: crop };
}

const WINDOWS: [string, DetectorWindow][] = [
  ['inside', [10, 12, 20, 25]],
  ['the whole image', [0, 0, 30, 40]],
  ['one pixel', [7, 9, 8, 10]],
  ['very wide', [3, 0, 5, 40]],
  ['at the upper left corner', [0, 0, 12, 9]],
  ['at the lower right corner', [20, 30, 30, 40]],
  ['at the right', [8, 31, 15, 40]],
  ['at the bottom', [22, 10, 30, 18]],
];

describe.each([0, 1, 2, 3])('context of %d pixels', (contextPad) => {
  test.each(WINDOWS)("is cropped as by pycaffe's code: %s", async (_, window) => {
    const detector = await Detector.open({ ...network, contextPad });
    const expected = await pycaffeCrop(IMAGE, window, contextPad);
    const { shape, data } = await detector.crop(IMAGE, window);
    expect(shape).toEqual(expected.shape);
    expect(relativeError(data, expected.data)).toBeLessThan(1e-6);
    await detector.dispose();
  });
});

describe('by hand', () => {
  const uniform: ImageTensor = { shape: [30, 40, 3], data: new Float32Array(3600).fill(0.25) };

  test('a uniform image is uniform, and what lies outside of it is the mean', async () => {
    // [0, 0, 9, 9] with scale 2: half 5, centre 5, box -5 … 15, 21 pixels onto 8: 1.9 of them outside.
    const crop = await padded.crop(uniform, [0, 0, 9, 9]);
    for (let row = 0; row < SIDE; row++) {
      for (let column = 0; column < SIDE; column++) {
        const expected = row < 2 || column < 2 ? BACKGROUND : [0.25, 0.25, 0.25];
        for (const [i, value] of at2(crop, row, column).entries()) expect(value).toBeCloseTo(expected[i] as number, 6);
      }
    }
    expect(new Set((await padded.crop(uniform, [10, 10, 19, 19])).data)).toEqual(new Set([0.25]));
  });

  test('to the network the mean is zero', async () => {
    const forward = jest.spyOn(Net.prototype, 'forward');
    await padded.detectWindows([{ image: uniform, windows: [[0, 0, 9, 9]] }]);
    const data = (forward.mock.calls[0]?.[0]?.data as Tensor | undefined)?.data ?? new Float32Array(0);
    forward.mockRestore();
    for (const channel of [0, 1, 2]) expect(Math.abs(data[channel * 64] as number)).toBeLessThan(1e-5);
    expect(data[3 * 8 + 3]).toBeCloseTo((0.25 * 255 - 100) * 0.1, 4);
  });

  test('a window beyond each border is clipped; with context its place is kept', async () => {
    expect((await plain.crop(uniform, [-5, -6, 7, 8])).shape).toEqual([7, 8, 3]);
    expect((await plain.crop(uniform, [25, 35, 50, 60])).shape).toEqual([5, 5, 3]);
    const below = await padded.crop(uniform, [29, 20, 37, 28]);
    // Half 4.5, centre 33.5, box round(24.5) = 24 … 42: 6 rows inside count as 7 of 19, onto 3 of 8.
    expect(at2(below, 2, 4)).toEqual([0.25, 0.25, 0.25]);
    for (const [i, value] of at2(below, 3, 4).entries()) expect(value).toBeCloseTo(BACKGROUND[i] as number, 6);
  });
});

describe('detectWindows', () => {
  test('gives what the network makes of each window, in their order, in any batches', async () => {
    const transformer = new Transformer({ data: [1, 3, SIDE, SIDE] }, { data: { transpose: [2, 0, 1], ...SETTINGS } });
    const windows = WINDOWS.map(([, window]) => window);
    const other: ImageTensor = { shape: [17, 13, 3], data: wave(17 * 13 * 3, 0.4) };
    const list = [
      { image: IMAGE, windows },
      { image: other, windows: [] },
      {
        image: other,
        windows: [
          [1, 2, 9, 10],
          [0, 0, 17, 13],
        ] as DetectorWindow[],
      },
    ];
    const detector = await Detector.open({ ...network, contextPad: 0 }, { batch: 3 });
    for (const contextPad of [0, 2]) {
      await detector.configureCrop(contextPad);
      const detections = await detector.detectWindows(list);
      expect(detections).toHaveLength(windows.length + 2);
      for (const { image, window, prediction } of detections) {
        const input = await transformer.preprocess('data', await pycaffeCrop(image as ImageTensor, window, contextPad));
        const { prob } = await net.forward({ data: { shape: [1, ...input.shape], data: input.data } });
        expect(relativeError(prediction, prob?.data ?? [])).toBeLessThan(1e-5);
      }
      expect(detections.map(({ window }) => window)).toEqual([...windows, [1, 2, 9, 10], [0, 0, 17, 13]]);
      expect(detections.at(-1)?.image).toBe(other);
    }
    await detector.dispose();
  });

  test('takes images of every source, and grey ones for a grey network', async () => {
    const file = at('image.png');
    await sharp({ create: { width: 20, height: 20, channels: 4, background: { r: 9, g: 200, b: 30, alpha: 0.5 } } })
      .png()
      .toFile(file);
    const windows: DetectorWindow[] = [[2, 2, 9, 9]];
    expect(await plain.detectWindows([{ image: file, windows }])).toEqual([
      { image: file, window: windows[0], prediction: expect.anything() },
    ]);
    const grey = await Detector.open({ network: TINY_DEPLOY.replace('dim: 3', 'dim: 1'), mean: [10], rawScale: 255, contextPad: 1 });
    expect(await grey.detectWindows([{ image: file, windows }])).toHaveLength(1);
    expect((await failureOf(grey.detectWindows([{ image: IMAGE, windows }]))).code).toBe('ERR_CAFFE_SHAPE');
    await grey.dispose();
  });

  test('of no images, and of none with windows', async () => {
    expect(await plain.detectWindows([])).toEqual([]);
    expect(await plain.detectWindows([{ image: 'not looked at', windows: [] }])).toEqual([]);
  });

  test('an abort ends it, and the detector goes on', async () => {
    const controller = new AbortController();
    const windows = Array.from({ length: 2000 }, (_, i): DetectorWindow => [i % 10, 0, 20, 20]);
    const detecting = padded.detectWindows([{ image: IMAGE, windows }], { signal: controller.signal });
    setTimeout(() => controller.abort(), 5);
    expect(await failureOf(detecting)).toMatchObject({ code: 'ERR_CAFFE_ABORTED', name: 'AbortError' });
    expect(await padded.detectWindows([{ image: IMAGE, windows: windows.slice(0, 7) }])).toHaveLength(7);
  });
});

describe('bad input', () => {
  afterEach(async () => expect(await padded.detectWindows([{ image: IMAGE, windows: [[1, 1, 5, 5]] }])).toHaveLength(1));

  test.each<[string, unknown]>([
    ['inverted rows', [9, 0, 3, 5]],
    ['inverted columns', [0, 9, 3, 5]],
    ['NaN', [0, 0, Number.NaN, 5]],
    ['infinity', [0, 0, Number.POSITIVE_INFINITY, 5]],
    ['half pixels', [0, 0, 4.5, 5]],
    ['2^31', [0, 0, 2 ** 31, 5]],
    ['texts', ['0', '0', '4', '5']],
    ['three numbers', [0, 0, 4]],
    ['five numbers', [0, 0, 4, 5, 6]],
    ['no array', { 0: 0, length: 4 }],
    ['nothing', undefined],
    ['a window above the image', [-50, 0, -20, 10]],
    ['a window below the image', [200, 0, 220, 10]],
    ['a window left of the image', [0, -99, 10, -60]],
    ['a window right of the image', [0, 400, 10, 420]],
  ])('a window of %s', async (_, window) => {
    for (const detector of [plain, padded]) {
      expect((await failureOf(detector.detectWindows([{ image: IMAGE, windows: [window] }] as never))).code).toBe('ERR_CAFFE_INPUT');
      expect((await failureOf(detector.crop(IMAGE, window as never))).code).toBe('ERR_CAFFE_INPUT');
    }
  });

  test('an empty window without context', async () => {
    expect((await failureOf(plain.crop(IMAGE, [5, 5, 5, 9]))).message).toContain('no pixel');
  });

  test('lists and images that are none', async () => {
    const windows: DetectorWindow[] = [[1, 1, 5, 5]];
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    for (const list of [undefined, 5, {}, [undefined], [5], [{ image: IMAGE }], [{ image: IMAGE, windows: 5 }], [{ windows }], [proxy]]) {
      expect((await failureOf(padded.detectWindows(list as never))).code).toBe('ERR_CAFFE_INPUT');
    }
    expect((await failureOf(padded.detectWindows([{ image: 'nowhere.jpg', windows }]))).code).toBe('ERR_CAFFE_IMAGE');
    expect((await failureOf(padded.detectWindows([{ image: IMAGE, windows }], { signal: {} as never }))).code).toBe('ERR_CAFFE_INPUT');
  });

  test('a context that leaves nothing of the window, or of a network that is not square', async () => {
    for (const contextPad of [-1, 4, 1.5, Number.NaN, '2']) {
      expect((await failureOf(padded.configureCrop(contextPad as number))).code).toBe('ERR_CAFFE_INPUT');
      expect((await failureOf(Detector.open({ ...network, contextPad: contextPad as number }))).code).toBe('ERR_CAFFE_INPUT');
    }
    const wide = TINY_DEPLOY.replace('dim: 8 dim: 8', 'dim: 8 dim: 12');
    expect((await failureOf(Detector.open({ network: wide, contextPad: 1 }))).code).toBe('ERR_CAFFE_INPUT');
  });

  test('disposing waits for the calls before it, and ends', async () => {
    const own = await Detector.open(network);
    const call = own.detectWindows([{ image: IMAGE, windows: [[1, 1, 5, 5]] }]);
    await own.dispose();
    expect(await call).toHaveLength(1);
    await own.dispose();
    expect((await failureOf(own.crop(IMAGE, [1, 1, 5, 5]))).code).toBe('ERR_CAFFE_DISPOSED');
    expect((await failureOf(own.detectWindows([]))).code).toBe('ERR_CAFFE_DISPOSED');
  });
});
