// Images: where they come from, resizing and crops, and the Transformer.
const { execFileSync } = require('node:child_process');
const { mkdirSync, symlinkSync, writeFileSync } = require('node:fs');
const { Readable } = require('node:stream');
const { loadImage, oversample, resizeImage, Transformer } = require('../../..');
const { NO_OPTIONS, EMPTY_OBJECTS, each, thrower, throwingArray } = require('../support/hostile');
const { picture } = require('../support/pictures');

const INPUT = 'ERR_CAFFE_INPUT';
const IMAGE = 'ERR_CAFFE_IMAGE';
const SHAPE = 'ERR_CAFFE_SHAPE';
const shaped = (...shape) => ({ shape, data: new Float32Array(shape.reduce((count, extent) => count * extent, 1)) });
const frame = (change) => ({ data: new Uint8Array(2 * 2 * 3), width: 2, height: 2, channels: 3, ...change });
const extents = [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, 2 ** 32, 2 ** 53, '2', 2n];

const load = (name, code, run) => ({ api: 'loadImage', name, code, run });

const sources = [
  { api: 'loadImage', name: 'a source of every wrong kind', code: [INPUT, IMAGE], each: () => each((source) => loadImage(source)) },
  {
    api: 'loadImage',
    name: 'options of every wrong kind',
    code: INPUT,
    each: ({ png }) => each((options) => loadImage(png, options), ...NO_OPTIONS),
  },
  {
    api: 'loadImage',
    name: 'color of every wrong kind',
    code: INPUT,
    each: ({ png }) => each((color) => loadImage(png, { color }), 'undefined', 'boolean'),
  },
  load('a file that does not exist', IMAGE, ({ folder }) => loadImage(`${folder}/none.png`)),
  load('a folder', IMAGE, ({ folder }) => loadImage(folder)),
  load('an empty file', IMAGE, ({ folder }) => {
    writeFileSync(`${folder}/empty.png`, '');
    return loadImage(`${folder}/empty.png`);
  }),
  load('a FIFO', IMAGE, ({ folder }) => loadImage(`${folder}/fifo.png`)),
  load('/dev/zero', IMAGE, () => loadImage('/dev/zero')),
  load('/dev/null', IMAGE, () => loadImage('/dev/null')),
  load('a file of /proc that may not be read', IMAGE, () => loadImage('/proc/self/mem')),
  load('links in a circle', IMAGE, ({ folder }) => loadImage(`${folder}/circle.png`)),
  load('a link to nothing', IMAGE, ({ folder }) => loadImage(`${folder}/dangling.png`)),
  load('a path below a file', IMAGE, ({ folder }) => loadImage(`${folder}/blue.png/below.png`)),
  load('a path with NUL', [IMAGE, INPUT], ({ folder }) => loadImage(`${folder}/blue.png\0`)),
  load('a path that is too long', IMAGE, ({ folder }) => loadImage(`${folder}/${'x'.repeat(5000)}.png`)),
  load('an address', INPUT, () => loadImage('https://localhost/cat.jpg')),
  load('a URL that names no file', INPUT, () => loadImage(new URL('http://localhost/cat.jpg'))),
  load('a file: URL of another host', [INPUT, IMAGE], () => loadImage(new URL('file://elsewhere/cat.jpg'))),
  load('a file: URL with an encoded slash', [INPUT, IMAGE], () => loadImage(new URL('file:///tmp/a%2fb.png'))),
  load('no bytes', IMAGE, () => loadImage(new Uint8Array())),
  load('a detached buffer of bytes', [INPUT, IMAGE], ({ png }) => {
    const bytes = Uint8Array.from(png);
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
    return loadImage(bytes);
  }),
  load('bytes that change while they are decoded', [IMAGE, 'none'], ({ png }) => {
    const bytes = Uint8Array.from(png);
    const image = loadImage(bytes);
    bytes.fill(0);
    return image;
  }),
  load('bytes of a resizable buffer that shrinks while they are decoded', [IMAGE, 'none'], ({ png }) => {
    const buffer = new ArrayBuffer(png.length, { maxByteLength: 4096 });
    const bytes = new Uint8Array(buffer);
    bytes.set(png);
    const image = loadImage(bytes);
    buffer.resize(0);
    return image;
  }),
  load('bytes in a shared buffer that are overwritten', [IMAGE, 'none'], ({ png }) => {
    const bytes = new Uint8Array(new SharedArrayBuffer(png.length));
    bytes.set(png);
    const image = loadImage(bytes);
    bytes.fill(255);
    return image;
  }),
  load('a header that claims 2^31 × 2^31 pixels', IMAGE, ({ png }) => {
    const bytes = Buffer.from(png);
    bytes.writeUInt32BE(2 ** 31 - 1, 16);
    bytes.writeUInt32BE(2 ** 31 - 1, 20);
    return loadImage(bytes);
  }),
  load('a header that claims no pixels', IMAGE, ({ png }) => {
    const bytes = Buffer.from(png);
    bytes.writeUInt32BE(0, 16);
    return loadImage(bytes);
  }),
  load('a stream that fails', IMAGE, () =>
    loadImage(
      new Readable({
        read() {
          this.destroy(new Error('the stream broke'));
        },
      }),
    ),
  ),
  load('a stream of texts', IMAGE, () => loadImage(Readable.from(['no', 'bytes']))),
  load('a stream of objects', IMAGE, () => loadImage(Readable.from([{}, {}]))),
  load('an empty stream', IMAGE, () => loadImage(Readable.from([]))),
  load('a stream that was destroyed', IMAGE, () => {
    const stream = new Readable({ read() {} });
    stream.destroy();
    return loadImage(stream);
  }),
  load('an iterator that throws', IMAGE, () =>
    loadImage({
      async *[Symbol.asyncIterator]() {
        yield* [];
        thrower();
      },
    }),
  ),
  load('an iterator that is none', IMAGE, () => loadImage({ [Symbol.asyncIterator]: 5 })),
  {
    api: 'loadImage',
    name: 'a PNG cut at every length',
    code: IMAGE,
    each: ({ png }) =>
      Array.from({ length: png.length - 16 }, (_, length) => [`${length} bytes`, () => loadImage(png.subarray(0, length))]),
  },
  {
    api: 'loadImage',
    name: 'a JPEG cut at every length',
    code: IMAGE,
    each: ({ jpeg }) =>
      Array.from({ length: jpeg.length - 2 }, (_, length) => [`${length} bytes`, () => loadImage(jpeg.subarray(0, length))]),
  },
  {
    api: 'loadImage',
    name: 'a PNG with each of its bytes changed',
    code: [IMAGE, 'none'],
    each: ({ png }) =>
      Array.from(png, (byte, index) => [
        `byte ${index}`,
        () => {
          const bytes = Buffer.from(png);
          bytes[index] = byte ^ 0xff;
          return loadImage(bytes);
        },
      ]),
  },
  ...['width', 'height', 'channels', 'order', 'stride'].map((name) => ({
    api: 'loadImage',
    name: `a frame whose ${name} is of every wrong kind`,
    code: INPUT,
    each: () =>
      each(
        (value) => loadImage(frame({ [name]: value })),
        ...(name === 'order' || name === 'stride' ? ['undefined'] : []),
        ...(name === 'stride' ? ['number'] : []),
        ...(name === 'width' || name === 'height' ? [] : []),
      ),
  })),
  {
    api: 'loadImage',
    name: 'a frame of every wrong kind of data',
    code: [INPUT, IMAGE],
    each: () => each((data) => loadImage(frame({ data }))),
  },
  {
    api: 'loadImage',
    name: 'a frame with extents that are none',
    code: [INPUT, IMAGE],
    each: () => extents.map((width) => [String(width), () => loadImage(frame({ width }))]),
  },
  load('a frame with too few bytes', INPUT, () => loadImage(frame({ data: new Uint8Array(11) }))),
  load('a frame whose data throws', INPUT, () =>
    loadImage({
      width: 2,
      height: 2,
      channels: 3,
      get data() {
        return thrower();
      },
    }),
  ),
  load('a frame whose width changes from read to read', [INPUT, IMAGE, 'none'], () => {
    let reads = 0;
    return loadImage({
      data: new Uint8Array(12),
      height: 2,
      channels: 3,
      get width() {
        return reads++ === 0 ? 2 : 2 ** 20;
      },
    });
  }),
];

const arithmetic = [
  { api: 'resizeImage', name: 'an image of every wrong kind', code: INPUT, each: () => each((image) => resizeImage(image, [2, 2])) },
  { api: 'resizeImage', name: 'a size of every wrong kind', code: INPUT, each: () => each((size) => resizeImage(shaped(4, 4, 3), size)) },
  {
    api: 'resizeImage',
    name: 'extents that are none',
    code: [INPUT, SHAPE],
    each: () => extents.map((extent) => [String(extent), () => resizeImage(shaped(4, 4, 3), [extent, 2])]),
  },
  { api: 'resizeImage', name: 'a size of 2^40 pixels', code: [INPUT, SHAPE], run: () => resizeImage(shaped(4, 4, 3), [2 ** 20, 2 ** 20]) },
  { api: 'resizeImage', name: 'an image of two axes', code: INPUT, run: () => resizeImage(shaped(4, 4), [2, 2]) },
  { api: 'resizeImage', name: 'an image without pixels', code: INPUT, run: () => resizeImage(shaped(0, 4, 3), [2, 2]) },
  {
    api: 'resizeImage',
    name: 'an image that is not filled',
    code: INPUT,
    run: () => resizeImage({ shape: [4, 4, 3], data: new Float32Array(47) }, [2, 2]),
  },
  {
    api: 'resizeImage',
    name: 'an image whose shape throws',
    code: INPUT,
    run: () =>
      resizeImage(
        {
          get shape() {
            return thrower();
          },
          data: new Float32Array(48),
        },
        [2, 2],
      ),
  },
  { api: 'oversample', name: 'images of every wrong kind', code: INPUT, each: () => each((images) => oversample(images, [2, 2])) },
  { api: 'oversample', name: 'an image of every wrong kind', code: INPUT, each: () => each((image) => oversample([image], [2, 2])) },
  { api: 'oversample', name: 'a crop of every wrong kind', code: INPUT, each: () => each((size) => oversample([shaped(4, 4, 3)], size)) },
  { api: 'oversample', name: 'a crop larger than the image', code: SHAPE, run: () => oversample([shaped(4, 4, 3)], [5, 4]) },
  { api: 'oversample', name: 'images of different sizes', code: SHAPE, run: () => oversample([shaped(4, 4, 3), shaped(5, 4, 3)], [2, 2]) },
  { api: 'oversample', name: 'images that throw', code: INPUT, run: () => oversample(throwingArray(), [2, 2]) },
];

const set = (method, ...allowed) => [
  {
    api: `Transformer#${method}`,
    name: 'a name of every wrong kind',
    sync: true,
    code: INPUT,
    each: ({ transformer }) => each((name) => transformer[method](name, 2)),
  },
  {
    api: `Transformer#${method}`,
    name: 'a value of every wrong kind',
    sync: true,
    code: INPUT,
    each: ({ transformer }) => each((value) => transformer[method]('data', value), ...allowed),
  },
  {
    api: `Transformer#${method}`,
    name: 'without its object',
    sync: true,
    code: INPUT,
    each: ({ transformer }) => each((receiver) => transformer[method].call(receiver, 'data', 2)),
  },
];

const run = (method) => [
  {
    api: `Transformer#${method}`,
    name: 'a name of every wrong kind',
    code: INPUT,
    each: ({ transformer }) => each((name) => transformer[method](name, shaped(4, 4, 3))),
  },
  {
    api: `Transformer#${method}`,
    name: 'data of every wrong kind',
    code: [INPUT, SHAPE],
    each: ({ transformer }) => each((data) => transformer[method]('data', data)),
  },
  {
    api: `Transformer#${method}`,
    name: 'data of other axes',
    code: [INPUT, SHAPE],
    each: ({ transformer }) =>
      [[4], [4, 4], [4, 4, 4, 4], [2, 1, 4, 4, 3], [0, 0, 0]].map((shape) => [
        shape.join('×'),
        () => transformer[method]('data', shaped(...shape)),
      ]),
  },
  {
    api: `Transformer#${method}`,
    name: 'without its object',
    code: INPUT,
    each: ({ transformer }) => each((receiver) => transformer[method].call(receiver, 'data', shaped(4, 4, 3))),
  },
];

const transforming = [
  {
    api: 'Transformer',
    name: 'inputs of every wrong kind',
    sync: true,
    code: INPUT,
    each: () => each((inputs) => new Transformer(inputs), ...EMPTY_OBJECTS.filter((kind) => kind !== 'undefined')),
  },
  {
    api: 'Transformer',
    name: 'a shape of every wrong kind',
    sync: true,
    code: INPUT,
    each: () => each((data) => new Transformer({ data })),
  },
  {
    api: 'Transformer',
    name: 'extents that are none',
    sync: true,
    code: INPUT,
    each: () => extents.map((extent) => [String(extent), () => new Transformer({ data: [1, 3, extent, 4] })]),
  },
  ...set('setTranspose'),
  ...set('setChannelSwap'),
  ...set('setRawScale', 'number', 'negative', 'fraction'),
  ...set('setMean', 'array'),
  ...set('setInputScale', 'number', 'negative', 'fraction'),
  {
    api: 'Transformer#setMean',
    name: 'values that are no numbers',
    sync: true,
    code: INPUT,
    each: ({ transformer }) =>
      [Number.NaN, Number.POSITIVE_INFINITY, '1', 1n, null].map((value) => [
        String(value),
        () => transformer.setMean('data', [1, 2, value]),
      ]),
  },
  {
    api: 'Transformer#setMean',
    name: 'a mean image of other channels',
    sync: true,
    code: INPUT,
    run: ({ transformer }) => transformer.setMean('data', shaped(2, 4, 4)),
  },
  ...run('preprocess'),
  {
    api: 'Transformer#preprocessBatch',
    name: 'images of every wrong kind',
    code: [INPUT, SHAPE],
    each: ({ transformer }) => each((images) => transformer.preprocessBatch('data', images)),
  },
  {
    api: 'Transformer#preprocessBatch',
    name: 'without its object',
    code: INPUT,
    each: ({ transformer }) => each((receiver) => transformer.preprocessBatch.call(receiver, 'data', [shaped(4, 4, 3)])),
  },
  ...run('deprocess'),
];

async function prepare(folder) {
  const png = await picture('blue');
  writeFileSync(`${folder}/blue.png`, png);
  execFileSync('mkfifo', [`${folder}/fifo.png`]);
  symlinkSync('circle.png', `${folder}/circle.png`);
  symlinkSync('nothing.png', `${folder}/dangling.png`);
  mkdirSync(`${folder}/folder.png`);
  const transformer = new Transformer({ data: [1, 3, 4, 4] });
  transformer.setTranspose('data', [2, 0, 1]);
  return { png, jpeg: await picture('red', 1, 'jpeg'), transformer };
}

async function works({ png, transformer }) {
  const image = await loadImage(png);
  if (image.shape.join() !== '8,8,3') throw new Error(`the image has the shape ${image.shape}`);
  const input = await transformer.preprocess('data', await resizeImage(image, [4, 4]));
  if (input.shape.join() !== '3,4,4') throw new Error(`preprocess gives the shape ${input.shape}`);
}

module.exports = { prepare, works, cases: [...sources, ...arithmetic, ...transforming] };
