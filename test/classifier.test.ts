import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import sharp from 'sharp';
import { Classifier, type ClassifierImage, type ClassifierNetwork } from '../lib/classifier';
import { deploy } from '../lib/deploy';
import { type ImageTensor, loadImage, oversample, resizeImage } from '../lib/image';
import { openModel } from '../lib/model';
import type { Tensor } from '../lib/native';
import { Net } from '../lib/net';
import { readPixels } from '../lib/pixels';
import { train } from '../lib/train';
import { Transformer } from '../lib/transformer';
import { failureOf } from './support/failure';
import { temporaryFolder } from './support/folders';
import { TINY_DEPLOY } from './support/networks';
import { describeShared, golden, relativeError, shared, wave } from './support/shared';
import { colourDataset, picture, TINY_NETWORK } from './support/training';

const at = temporaryFolder();
const LABELS = ['one', 'two', 'three', 'four', 'five'];
const SETTINGS = { mean: [100, 110, 120], rawScale: 255, channelSwap: [2, 1, 0], inputScale: 0.1 };

const photograph = (height: number, width: number, k: number): ImageTensor => ({
  shape: [height, width, 3],
  data: wave(height * width * 3, k),
});
const IMAGES = [photograph(20, 31, 1.1), photograph(9, 9, 0.7), photograph(40, 12, 2.3)];

let net: Net;
let network: ClassifierNetwork;
let transformer: Transformer;

beforeAll(async () => {
  net = await Net.from(TINY_DEPLOY);
  network = { network: TINY_DEPLOY, weights: await net.toBuffer(), labels: LABELS, ...SETTINGS };
  transformer = new Transformer({ data: [1, 3, 8, 8] });
  transformer.setTranspose('data', [2, 0, 1]);
  transformer.setChannelSwap('data', SETTINGS.channelSwap);
  transformer.setRawScale('data', SETTINGS.rawScale);
  transformer.setMean('data', SETTINGS.mean);
  transformer.setInputScale('data', SETTINGS.inputScale);
});
afterAll(() => net.dispose());

const opened: Classifier[] = [];
afterAll(() => Promise.all(opened.map((classifier) => classifier.dispose())));
async function open(...[given, options]: Parameters<typeof Classifier.open>): Promise<Classifier> {
  const classifier = await Classifier.open(given, options);
  opened.push(classifier);
  return classifier;
}

/** What the network makes of one image of the size of its input, step by step. */
async function outputOf(image: ImageTensor): Promise<Float32Array> {
  const { shape, data } = await transformer.preprocess('data', image);
  const { prob } = await net.forward({ data: { shape: [1, ...shape], data } });
  return prob?.data ?? new Float32Array(0);
}

function cropped({ shape, data }: ImageTensor, top: number, left: number, side: number): ImageTensor {
  const width = shape[1] as number;
  const pixel = (i: number) => data[((top + Math.floor(i / 3 / side)) * width + left + (Math.floor(i / 3) % side)) * 3 + (i % 3)] as number;
  return { shape: [side, side, 3], data: Float32Array.from({ length: side * side * 3 }, (_, i) => pixel(i)) };
}

const rowOf = ({ shape, data }: Tensor, index: number) => data.subarray(index * (shape[1] ?? 0), (index + 1) * (shape[1] ?? 0));

describe('predict', () => {
  test('without oversampling is the centre crop of each image', async () => {
    const classifier = await open({ ...network, imageSize: [13, 10] });
    const predicted = await classifier.predict(IMAGES, { oversample: false });
    expect(predicted.shape).toEqual([3, 5]);
    for (const [index, image] of IMAGES.entries()) {
      const expected = await outputOf(cropped(await resizeImage(image, [13, 10]), 2, 1, 8));
      expect(relativeError(rowOf(predicted, index), expected)).toBeLessThan(1e-5);
    }
  });

  test('averages over ten crops unless told otherwise', async () => {
    const classifier = await open({ ...network, imageSize: [13, 10] });
    const predicted = await classifier.predict(IMAGES);
    for (const [index, image] of IMAGES.entries()) {
      const expected = new Float64Array(5);
      const crops = await oversample([await resizeImage(image, [13, 10])], [8, 8]);
      for (const crop of crops) for (const [i, value] of (await outputOf(crop)).entries()) expected[i] = (expected[i] ?? 0) + value / 10;
      expect(relativeError(rowOf(predicted, index), expected)).toBeLessThan(1e-5);
    }
    expect(await (await open({ ...network, imageSize: [13, 10] }, { oversample: false })).predict(IMAGES)).toEqual(
      await classifier.predict(IMAGES, { oversample: false }),
    );
  });

  test('resizes to the input itself where no size is given', async () => {
    const classifier = await open(network);
    const predicted = await classifier.predict(IMAGES, { oversample: false });
    for (const [index, image] of IMAGES.entries()) expect(relativeError(rowOf(predicted, index), await outputOf(image))).toBeLessThan(1e-5);
  });

  test('the same for any number of images in any batches', async () => {
    const images = Array.from({ length: 23 }, (_, i) => photograph(8 + (i % 5), 9 + (i % 3), i + 0.3));
    const [one, seven] = [await open(network, { batch: 1 }), await open(network, { batch: 7 })];
    for (const oversampled of [true, false]) {
      const [a, b] = await Promise.all([one, seven].map((it) => it.predict(images, { oversample: oversampled })));
      expect(a?.shape).toEqual([23, 5]);
      expect(relativeError(a?.data ?? [], b?.data ?? [1])).toBeLessThan(1e-5);
    }
    expect(await one.predict([])).toEqual({ shape: [0, 5], data: new Float32Array(0) });
  });

  test('a mean image, and a network from a file', async () => {
    const mean = { shape: [3, 16, 16], data: wave(768, 0.1).map((value) => value * 200) };
    await net.save(at('tiny.caffemodel'));
    const file = at('tiny.prototxt');
    await writeFile(file, TINY_DEPLOY);
    const classifier = await open({ network: file, weights: at('tiny.caffemodel'), mean, rawScale: 255 });
    const own = new Transformer({ data: [1, 3, 8, 8] }, { data: { transpose: [2, 0, 1], mean, rawScale: 255 } });
    const [image] = IMAGES as [ImageTensor];
    const { prob } = await net.forward({ data: await own.preprocessBatch('data', [image]) });
    expect(relativeError((await classifier.predict([image], { oversample: false })).data, prob?.data ?? [])).toBeLessThan(1e-5);
  });
});

describe('classify', () => {
  test('names the classes, the most probable first', async () => {
    const classifier = await open(network);
    const [image] = IMAGES as [ImageTensor];
    const { data } = await classifier.predict([image], { oversample: false });
    const best = data.indexOf(Math.max(...data));
    const predictions = await classifier.classify(image);
    expect(predictions).toHaveLength(5);
    expect(predictions[0]).toEqual({ label: LABELS[best], index: best, probability: data[best] });
    const [first] = predictions;
    const same = { ...first, probability: expect.closeTo(first?.probability ?? Number.NaN, 5) };
    expect(await classifier.classify([image, image], { top: 1 })).toEqual([[same], [same]]);
    expect((await (await open({ ...network, labels: undefined })).classify(image, { top: 1 }))[0]?.label).toBe(String(best));
  });

  test('does the softmax where the network ends before it', async () => {
    const [image] = IMAGES as [ImageTensor];
    const expected = await (await open(network)).classify(image);
    const before = TINY_DEPLOY.slice(0, TINY_DEPLOY.indexOf('layer { name: "prob"'));
    const found = await (await open({ ...network, network: before })).classify(image);
    expect(found.map(({ label }) => label)).toEqual(expected.map(({ label }) => label));
    for (const [i, { probability }] of found.entries()) expect(probability).toBeCloseTo(expected[i]?.probability ?? 0, 5);
  });

  test('calls at the same time share the runs of the network', async () => {
    const classifier = await open(network, { batch: 8 });
    const forward = jest.spyOn(Net.prototype, 'forward');
    const images = Array.from({ length: 40 }, (_, i) => photograph(8, 8, i + 0.1));
    const together = await Promise.all(images.map((image) => classifier.classify(image)));
    const runs = forward.mock.calls.length;
    forward.mockRestore();
    expect(runs).toBeLessThan(25);
    const alone = await classifier.classify(images);
    for (const [i, predictions] of together.entries()) {
      expect(predictions.map(({ index }) => index)).toEqual(alone[i]?.map(({ index }) => index));
      expect(predictions[0]?.probability).toBeCloseTo(alone[i]?.[0]?.probability ?? 0, 5);
    }
  });

  test('images of every kind: one pixel, grey, transparent, huge; from bytes, streams and frames', async () => {
    const classifier = await open({ ...network, imageSize: [10, 10] });
    const plain = (width: number, height: number, channels: 3 | 4 = 3) =>
      sharp({ create: { width, height, channels, background: { r: 200, g: 40, b: 90, alpha: 0.5 } } }).png();
    const pixel = await plain(1, 1).toBuffer();
    const sources: ClassifierImage[] = [
      pixel,
      await plain(4000, 3000).toBuffer(),
      await plain(5, 1, 4).toBuffer(),
      await plain(4, 4).toColourspace('b-w').toBuffer(),
      Readable.from([pixel]),
      { data: Uint8Array.of(200, 40, 90), width: 1, height: 1, channels: 3 },
      { data: Float32Array.of(90 / 255, 40 / 255, 200 / 255), width: 1, height: 1, channels: 3, order: 'bgr' },
    ];
    const all = await classifier.classify(sources, { top: 1 });
    expect(all).toHaveLength(7);
    const uniform = { shape: [10, 10, 3], data: Float32Array.from({ length: 300 }, (_, i) => ([200, 40, 90][i % 3] as number) / 255) };
    expect(all[1]?.[0]?.probability).toBeCloseTo((await classifier.classify(uniform))[0]?.probability ?? 0, 5);
    for (const index of [4, 5, 6]) expect(all[index]?.[0]?.probability).toBeCloseTo(all[0]?.[0]?.probability ?? 0, 5);
    expect(await classifier.classify(pixel, { oversample: true })).toHaveLength(5);
  });
});

describe('what goes wrong', () => {
  let classifier: Classifier;
  beforeAll(async () => {
    classifier = await open(network, { batch: 4 });
  });
  const [image] = IMAGES as [ImageTensor];
  afterEach(async () => expect(await classifier.classify(image)).toHaveLength(5));

  test('one bad image rejects its own call and no other', async () => {
    const calls = [image, Buffer.from('no image'), image, at('missing.png')].map((source) => classifier.classify(source));
    const results = await Promise.allSettled(calls);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected']);
    expect((await failureOf(classifier.predict([image, Buffer.from('x'), image]))).code).toBe('ERR_CAFFE_IMAGE');
    const wrong = { shape: [8, 8, 3], data: new Float32Array(192).fill(Number.NaN) };
    const [bad, good] = await Promise.allSettled([classifier.classify(wrong), classifier.classify(image)]);
    expect([bad?.status, good?.status]).toEqual(['rejected', 'fulfilled']);
    expect((await failureOf(classifier.classify(wrong))).code).toBe('ERR_CAFFE_DIVERGED');
  });

  test.each<[string, unknown, string]>([
    ['nothing', undefined, 'ERR_CAFFE_INPUT'],
    ['a number', 7, 'ERR_CAFFE_INPUT'],
    ['an image of one channel', { shape: [8, 8, 1], data: new Float32Array(64) }, 'ERR_CAFFE_SHAPE'],
    ['an image of two axes', { shape: [8, 24], data: new Float32Array(192) }, 'ERR_CAFFE_INPUT'],
    ['an image that is not filled', { shape: [8, 8, 3], data: new Float32Array(191) }, 'ERR_CAFFE_INPUT'],
    ['an image of bytes', { shape: [8, 8, 3], data: new Uint8Array(192) }, 'ERR_CAFFE_INPUT'],
    [
      'a hostile image',
      {
        get shape() {
          throw new Error('no');
        },
        data: 1,
      },
      'ERR_CAFFE_INPUT',
    ],
  ])('%s', async (_, given, code) => {
    expect((await failureOf(classifier.classify(given as ImageTensor))).code).toBe(code);
    expect((await failureOf(classifier.predict([given as ImageTensor]))).code).toBe(code);
  });

  test('options that are none', async () => {
    for (const options of [{ top: 0 }, { top: Number.NaN }, { oversample: 1 }, { signal: {} }, 5]) {
      expect((await failureOf(classifier.classify(image, options as never))).code).toBe('ERR_CAFFE_INPUT');
    }
    for (const images of [undefined, image, 'cat.jpg', { length: 2 }]) {
      expect((await failureOf(classifier.predict(images as never))).code).toBe('ERR_CAFFE_INPUT');
    }
  });

  test('an abort rejects at once, before, while waiting and while running, and leaves the other calls alone', async () => {
    expect((await failureOf(classifier.classify(image, { signal: AbortSignal.abort() }))).code).toBe('ERR_CAFFE_ABORTED');
    const silent = new Readable({ read() {} });
    const controller = new AbortController();
    const { signal } = controller;
    const calls = [classifier.classify(silent, { signal }), classifier.predict(Array(50).fill(image), { signal })];
    const other = classifier.classify(image);
    setTimeout(() => controller.abort(new Error('enough')), 5);
    for (const call of calls) expect(await failureOf(call)).toMatchObject({ code: 'ERR_CAFFE_ABORTED', name: 'AbortError' });
    expect(await other).toHaveLength(5);
  });

  test.each<[string, object, string]>([
    ['no network', { network: undefined }, 'ERR_CAFFE_INPUT'],
    ['a file that is not there', { network: '/nowhere/deploy.prototxt' }, 'ERR_CAFFE_FILE'],
    ['labels of another number', { labels: ['a'] }, 'ERR_CAFFE_INPUT'],
    ['labels that are no texts', { labels: [1, 2, 3, 4, 5] }, 'ERR_CAFFE_INPUT'],
    ['a mean of two channels', { mean: [1, 2] }, 'ERR_CAFFE_INPUT'],
    ['a swap that names a channel twice', { channelSwap: [0, 0, 1] }, 'ERR_CAFFE_INPUT'],
    ['a scale of 0', { rawScale: 0 }, 'ERR_CAFFE_INPUT'],
    ['an image size of nothing', { imageSize: [0, 8] }, 'ERR_CAFFE_INPUT'],
    ['an image size smaller than the input', { imageSize: [7, 8] }, 'ERR_CAFFE_INPUT'],
    ['weights of another kind', { weights: 5 }, 'ERR_CAFFE_INPUT'],
  ])('opening with %s', async (_, settings, code) => {
    expect((await failureOf(Classifier.open({ ...network, ...settings } as never))).code).toBe(code);
  });

  test('opening what is no classifier', async () => {
    const two = `${TINY_DEPLOY} layer { name: "more" type: "Input" top: "more" input_param { shape { dim: 1 } } }`;
    expect((await failureOf(Classifier.open({ network: two }))).code).toBe('ERR_CAFFE_MODEL');
    const flat = 'layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 } } }';
    expect((await failureOf(Classifier.open({ network: flat }))).code).toBe('ERR_CAFFE_MODEL');
    for (const given of [undefined, null, 5, {}]) expect((await failureOf(Classifier.open(given as never))).code).toBe('ERR_CAFFE_INPUT');
    for (const options of [{ batch: 0 }, { batch: 1.5 }, { oversample: 'yes' }]) {
      expect((await failureOf(Classifier.open(network, options as never))).code).toBe('ERR_CAFFE_INPUT');
    }
  });

  test('disposing waits for the calls before it, and ends', async () => {
    const own = await Classifier.open(network);
    const call = own.classify(IMAGES);
    await own.dispose();
    expect(await call).toHaveLength(3);
    await own.dispose();
    expect((await failureOf(own.classify(image))).code).toBe('ERR_CAFFE_DISPOSED');
    expect((await failureOf(own.predict([image]))).code).toBe('ERR_CAFFE_DISPOSED');
  });
});

describe('a trained model', () => {
  test('is opened from model, archive or path; ten crops are those of its record', async () => {
    const dataset = await colourDataset(at('colours'));
    const model = await train({
      dataset,
      network: TINY_NETWORK,
      epochs: 1,
      seed: 1,
      cropSize: 12,
      mean: [100, 110, 120],
      output: at('model'),
    });
    const archive = await deploy(model, { output: at('model.tar.gz') });
    const file = await picture(at('red.png'), 'red', 99);
    const predicted = await (await open(model)).predict([file]);

    const { pixels } = await readPixels(file, { height: 16, width: 16, resizeMode: 'squash', channels: 3 });
    const { mean, crop } = model.preprocessing;
    expect([mean, crop]).toEqual([[100, 110, 120], 12]);
    const deployed = await Net.load(model.network, { weights: model.best.path });
    const expected = new Float64Array(3);
    for (const mirror of [false, true]) {
      for (const [top, left] of [
        [0, 0],
        [0, 4],
        [4, 0],
        [4, 4],
        [2, 2],
      ] as const) {
        const value = (i: number) => {
          const [channel, row, column] = [Math.floor(i / 144), Math.floor(i / 12) % 12, mirror ? 11 - (i % 12) : i % 12];
          return (pixels[((top + row) * 16 + left + column) * 3 + 2 - channel] as number) - ([100, 110, 120][channel] as number);
        };
        const data = { shape: [1, 3, 12, 12], data: Float32Array.from({ length: 432 }, (_, i) => value(i)) };
        const [output] = Object.values(await deployed.forward({ [deployed.inputs[0] ?? '']: data }));
        for (const [i, each] of (output?.data ?? []).entries()) expected[i] = (expected[i] ?? 0) + each / 10;
      }
    }
    await deployed.dispose();
    expect(relativeError(predicted.data, expected)).toBeLessThan(1e-5);

    const image = await loadImage(file);
    const centre = await (await open(archive)).classify(file);
    for (const source of [await openModel(archive.path), archive.path, model.path]) {
      expect(await (await open(source)).classify(image)).toEqual(centre);
    }
  });
});

describeShared('SqueezeNet', () => {
  const settings = (): ClassifierNetwork => ({
    network: path.join(shared, 'models/squeezenet/SqueezeNet_deploy.prototxt'),
    weights: path.join(shared, 'models/squeezenet/squeezenet.caffemodel'),
    mean: [104, 117, 123],
    rawScale: 255,
    channelSwap: [2, 1, 0],
  });
  const cat = () => path.join(shared, 'datasets/images/cat.jpg');

  test("gives pycaffe's numbers for the cat", async () => {
    const [expected] = golden<{ image: string; top5: number[]; top5_probability: number[]; pool_final: number[] }[]>('squeezenet.json');
    expect(expected?.image).toBe('images/cat.jpg');
    const classifier = await open(settings());
    const predictions = await classifier.classify(cat());
    expect(predictions.map(({ index }) => index)).toEqual(expected?.top5);
    for (const [i, { probability }] of predictions.entries()) expect(probability).toBeCloseTo(expected?.top5_probability[i] ?? 0, 3);
    const { shape, data } = await classifier.predict([cat()], { oversample: false });
    expect(shape).toEqual([1, 1000]);
    expect(relativeError(data, expected?.pool_final ?? [])).toBeLessThan(1e-4);
  });

  test('averages over ten crops as an independent computation does', async () => {
    const classifier = await open({ ...settings(), imageSize: [256, 256] });
    const { data } = await classifier.predict([await readFile(cat())]);
    const { network: file, weights } = settings();
    const squeezenet = await Net.load(file as string, { weights });
    const own = new Transformer(
      { data: [1, 3, 227, 227] },
      { data: { transpose: [2, 0, 1], channelSwap: [2, 1, 0], rawScale: 255, mean: [104, 117, 123] } },
    );
    const average = new Float64Array(1000);
    for (const crop of await oversample([await resizeImage(await loadImage(cat()), [256, 256])], [227, 227])) {
      const input = await own.preprocess('data', crop);
      const { pool_final } = await squeezenet.forward({ data: { shape: [1, 3, 227, 227], data: input.data } });
      for (const [i, value] of (pool_final?.data ?? []).entries()) average[i] = (average[i] ?? 0) + value / 10;
    }
    await squeezenet.dispose();
    expect(relativeError(data, average)).toBeLessThan(1e-4);
  });
});
