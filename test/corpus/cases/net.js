// Net: loading, running, and everything that is asked of a net between runs.
const { Net } = require('../../..');
const {
  EMPTY_OBJECTS,
  NO_OPTIONS,
  cyclic,
  detached,
  each,
  inconvertible,
  thrower,
  throwing,
  throwingArray,
} = require('../support/hostile');
const { CLASSIFIER, LINEAR, SLOW } = require('../support/networks');

const INPUT = 'ERR_CAFFE_INPUT';
const SHAPE = 'ERR_CAFFE_SHAPE';
/** By our own check, or by Caffe's. */
const REFUSED = ['ERR_CAFFE_PROTOTXT', 'ERR_CAFFE_FATAL'];
const floats = (...values) => Float32Array.from(values);
const item = { data: [1, 2, 3] };
const aborted = () => AbortSignal.abort('the reason');

/** A layer of its own below an input of 1×3×8×8. */
const above = (layer) =>
  `layer { name: "d" type: "Input" top: "d" input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } } layer { name: "x" bottom: "d" top: "x" ${layer} }`;

const input = (...dims) =>
  `layer { name: "d" type: "Input" top: "d" input_param { shape { ${dims.map((dim) => `dim: ${dim}`).join(' ')} } } }`;

function detachedBytes() {
  const bytes = new Uint8Array(16);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  return bytes;
}

/** Gives the value once, then throws it away. */
const changing = (first, later) => {
  let reads = 0;
  return () => (reads++ === 0 ? first : later);
};

async function withNet(text, use, options = {}) {
  const net = await Net.from(text, options);
  try {
    return await use(net);
  } finally {
    await net.dispose();
  }
}

const loading = [
  { api: 'Net.load', name: 'a path of every wrong kind', code: [INPUT, 'ERR_CAFFE_FILE'], each: () => each((path) => Net.load(path)) },
  { api: 'Net.load', name: 'a file that does not exist', code: 'ERR_CAFFE_FILE', run: ({ folder }) => Net.load(`${folder}/none.prototxt`) },
  {
    api: 'Net.load',
    name: 'options of every wrong kind',
    code: INPUT,
    each: ({ file }) => each((options) => Net.load(file, options), ...NO_OPTIONS),
  },
  {
    api: 'Net.from',
    name: 'a model of every wrong kind',
    code: [INPUT, 'ERR_CAFFE_PROTOTXT'],
    each: () => each((model) => Net.from(model)),
  },
  {
    api: 'Net.from',
    name: 'options of every wrong kind',
    code: INPUT,
    each: () => each((options) => Net.from(LINEAR, options), ...NO_OPTIONS),
  },
  {
    api: 'Net.from',
    name: 'a phase of every wrong kind',
    code: INPUT,
    each: () => each((phase) => Net.from(LINEAR, { phase }), 'undefined'),
  },
  {
    api: 'Net.from',
    name: 'a level of every wrong kind',
    code: INPUT,
    each: () => each((level) => Net.from(LINEAR, { level }), 'undefined', 'number', 'negative'),
  },
  { api: 'Net.from', name: 'a level of 2^31', code: INPUT, run: () => Net.from(LINEAR, { level: 2 ** 31 }) },
  {
    api: 'Net.from',
    name: 'stages of every wrong kind',
    code: INPUT,
    each: () => each((stages) => Net.from(LINEAR, { stages }), 'undefined', 'empty array'),
  },
  { api: 'Net.from', name: 'stages that are no texts', code: INPUT, run: () => Net.from(LINEAR, { stages: ['a', Symbol('b')] }) },
  {
    api: 'Net.from',
    name: 'weights of every wrong kind',
    code: [INPUT, 'ERR_CAFFE_FILE'],
    each: () => each((weights) => Net.from(LINEAR, { weights }), 'undefined', 'empty array'),
  },
  {
    api: 'Net.from',
    name: 'a basePath of every wrong kind',
    code: INPUT,
    each: () => each((basePath) => Net.from(LINEAR, { basePath }), 'undefined', 'text', 'empty text'),
  },
  {
    api: 'Net.from',
    name: 'an option whose getter throws',
    code: INPUT,
    run: () => Net.from(LINEAR, Object.defineProperty({}, 'phase', { get: thrower })),
  },
  { api: 'Net.from', name: 'a model whose toString throws', code: INPUT, run: () => Net.from(inconvertible()) },
  { api: 'Net.from', name: 'weights: an array that holds a cycle', code: INPUT, run: () => Net.from(LINEAR, { weights: [cyclic()] }) },
  { api: 'Net.from', name: 'weights: a throwing array', code: INPUT, run: () => Net.from(LINEAR, { weights: throwingArray() }) },
  {
    api: 'Net.from',
    name: 'weights: bytes that were detached',
    code: 'ERR_CAFFE_WEIGHTS',
    run: () => Net.from(LINEAR, { weights: detachedBytes() }),
  },
  { api: 'Net.from', name: 'text that is no prototxt', code: 'ERR_CAFFE_PROTOTXT', run: () => Net.from('layer {') },
  { api: 'Net.from', name: 'text with NUL in it', code: 'ERR_CAFFE_PROTOTXT', run: () => Net.from('name: "a"\0 layer {') },
  { api: 'Net.from', name: 'a lone surrogate', code: 'ERR_CAFFE_PROTOTXT', run: () => Net.from('\ud800') },
  { api: 'Net.from', name: 'no layer at all', code: 'ERR_CAFFE_PROTOTXT', run: () => Net.from('name: "empty"') },
  { api: 'Net.from', name: '100,000 open braces', code: 'ERR_CAFFE_PROTOTXT', run: () => Net.from('layer { '.repeat(100_000)) },
  { api: 'Net.from', name: '1,000,000 open angle brackets', code: 'ERR_CAFFE_PROTOTXT', run: () => Net.from('a<'.repeat(1_000_000)) },
  {
    api: 'Net.from',
    name: 'a field that is unknown, nested 100,000 deep',
    code: 'ERR_CAFFE_PROTOTXT',
    run: () => Net.from(`${'a { '.repeat(100_000)}${'}'.repeat(100_000)}`),
  },
  { api: 'Net.from', name: 'a megabyte of one string', code: 'ERR_CAFFE_PROTOTXT', run: () => Net.from(`name: "${'x'.repeat(2 ** 20)}`) },
  { api: 'Net.from', name: 'a layer type that does not exist', code: 'ERR_CAFFE_FATAL', run: () => Net.from(above('type: "Nonsense"')) },
  {
    api: 'Net.from',
    name: 'a bottom that does not exist',
    code: 'ERR_CAFFE_FATAL',
    run: () => Net.from(`${input(1, 3)} layer { name: "x" type: "ReLU" bottom: "none" top: "x" }`),
  },
  {
    api: 'Net.from',
    name: 'a layer that feeds itself',
    code: 'ERR_CAFFE_FATAL',
    run: () => Net.from('layer { name: "x" type: "ReLU" bottom: "x" top: "x" }'),
  },
  {
    api: 'Net.from',
    name: 'two layers that feed each other',
    code: 'ERR_CAFFE_FATAL',
    run: () => Net.from('layer { name: "x" type: "ReLU" bottom: "y" top: "x" } layer { name: "y" type: "ReLU" bottom: "x" top: "y" }'),
  },
  { api: 'Net.from', name: 'a top made twice', code: 'ERR_CAFFE_FATAL', run: () => Net.from(`${input(1, 3)} ${input(1, 3)}`) },
  {
    api: 'Net.from',
    name: 'stride: 0',
    code: 'ERR_CAFFE_PROTOTXT',
    run: () => Net.from(above('type: "Convolution" convolution_param { num_output: 1 kernel_size: 3 stride: 0 }')),
  },
  {
    api: 'Net.from',
    name: 'group: 0',
    code: 'ERR_CAFFE_PROTOTXT',
    run: () => Net.from(above('type: "Convolution" convolution_param { num_output: 1 kernel_size: 3 group: 0 }')),
  },
  {
    api: 'Net.from',
    name: 'dropout_ratio: 2',
    code: 'ERR_CAFFE_PROTOTXT',
    run: () => Net.from(above('type: "Dropout" dropout_param { dropout_ratio: 2 }')),
  },
  {
    api: 'Net.from',
    name: 'dropout_ratio: nan',
    code: 'ERR_CAFFE_PROTOTXT',
    run: () => Net.from(above('type: "Dropout" dropout_param { dropout_ratio: nan }')),
  },
  { api: 'Net.from', name: 'an extent of 0', code: 'ERR_CAFFE_PROTOTXT', run: () => Net.from(input(1, 0, 8)) },
  { api: 'Net.from', name: 'an extent of -1', code: 'ERR_CAFFE_PROTOTXT', run: () => Net.from(input(1, -1, 8)) },
  { api: 'Net.from', name: 'an extent of 2^31', code: 'ERR_CAFFE_PROTOTXT', run: () => Net.from(input(2 ** 31)) },
  { api: 'Net.from', name: 'an extent of 2^32 + 3', code: 'ERR_CAFFE_PROTOTXT', run: () => Net.from(input(1, 2 ** 32 + 3)) },
  { api: 'Net.from', name: 'an extent of 2^53', code: 'ERR_CAFFE_PROTOTXT', run: () => Net.from(input(2 ** 53)) },
  {
    api: 'Net.from',
    name: 'a pad of 2^31 - 1',
    code: SHAPE,
    run: () => Net.from(above('type: "Convolution" convolution_param { num_output: 1 kernel_size: 3 pad: 2147483647 }')),
  },
  { api: 'Net.from', name: 'an extent of 2^63', code: 'ERR_CAFFE_PROTOTXT', run: () => Net.from(input('9223372036854775808')) },
  { api: 'Net.from', name: 'a blob of 2^40 values', code: 'ERR_CAFFE_PROTOTXT', run: () => Net.from(input(2 ** 20, 2 ** 20)) },
  {
    api: 'Net.from',
    name: 'extents whose product wraps around to 0',
    code: 'ERR_CAFFE_PROTOTXT',
    run: () => Net.from(input(2 ** 16, 2 ** 16, 2 ** 16, 2 ** 16)),
  },
  { api: 'Net.from', name: 'a shape of 33 axes', code: 'ERR_CAFFE_FATAL', run: () => Net.from(input(...new Array(33).fill(1))) },
  {
    api: 'Net.from',
    name: 'parameters of 2^40 values',
    code: SHAPE,
    run: () => Net.from(above('type: "InnerProduct" inner_product_param { num_output: 2147483647 }')),
  },
  {
    api: 'Net.from',
    name: 'num_output: 2^32 - 1',
    code: REFUSED,
    run: () => Net.from(above('type: "InnerProduct" inner_product_param { num_output: 4294967295 }')),
  },
  {
    api: 'Net.from',
    name: 'a kernel larger than the image',
    code: SHAPE,
    run: () => Net.from(above('type: "Convolution" convolution_param { num_output: 1 kernel_size: 99 }')),
  },
  {
    api: 'Net.from',
    name: 'two parameters of one name and different shapes',
    code: 'ERR_CAFFE_FATAL',
    run: () =>
      Net.from(
        `${input(1, 3)} layer { name: "a" type: "InnerProduct" bottom: "d" top: "a" param { name: "w" } inner_product_param { num_output: 2 } } layer { name: "b" type: "InnerProduct" bottom: "a" top: "b" param { name: "w" } inner_product_param { num_output: 2 } }`,
      ),
  },
];

const running = [
  {
    api: 'Net#forward',
    name: 'inputs of every wrong kind',
    code: INPUT,
    each: ({ net }) => each((inputs) => net.forward(inputs), ...EMPTY_OBJECTS),
  },
  {
    api: 'Net#forward',
    name: 'a value of every wrong kind',
    code: [INPUT, SHAPE],
    each: ({ net }) => each((data) => net.forward({ data }), 'array'),
  },
  {
    api: 'Net#forward',
    name: 'options of every wrong kind',
    code: INPUT,
    each: ({ net }) => each((options) => net.forward(item, options), ...NO_OPTIONS),
  },
  { api: 'Net#forward', name: 'an input that does not exist', code: INPUT, run: ({ net }) => net.forward({ date: [1, 2, 3] }) },
  {
    api: 'Net#forward',
    name: 'an input by the name __proto__',
    code: INPUT,
    run: ({ net }) => net.forward(JSON.parse('{ "__proto__": [1, 2, 3] }')),
  },
  { api: 'Net#forward', name: 'an input by the name constructor', code: INPUT, run: ({ net }) => net.forward({ constructor: [1, 2, 3] }) },
  { api: 'Net#forward', name: 'a blob that is no input', code: INPUT, run: ({ net }) => net.forward({ fc: [1, 2] }) },
  { api: 'Net#forward', name: 'too few values', code: INPUT, run: ({ net }) => net.forward({ data: [1, 2] }) },
  { api: 'Net#forward', name: 'too many values', code: INPUT, run: ({ net }) => net.forward({ data: [1, 2, 3, 4] }) },
  { api: 'Net#forward', name: 'no values', code: INPUT, run: ({ net }) => net.forward({ data: [] }) },
  { api: 'Net#forward', name: 'numbers as texts', code: INPUT, run: ({ net }) => net.forward({ data: ['1', '2', '3'] }) },
  { api: 'Net#forward', name: 'a BigInt among the numbers', code: INPUT, run: ({ net }) => net.forward({ data: [1, 2n, 3] }) },
  { api: 'Net#forward', name: 'holes among the numbers', code: INPUT, run: ({ net }) => net.forward({ data: new Array(3) }) },
  {
    api: 'Net#forward',
    name: 'typed arrays of other types',
    code: INPUT,
    each: ({ net }) =>
      [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Int32Array, Float64Array, BigInt64Array].map((Type) => [
        Type.name,
        () => net.forward({ data: new Type(3) }),
      ]),
  },
  {
    api: 'Net#forward',
    name: 'bytes that call themselves a Float32Array',
    code: INPUT,
    run: ({ net }) => net.forward({ data: Object.defineProperty(new Uint8Array(3), Symbol.toStringTag, { value: 'Float32Array' }) }),
  },
  {
    api: 'Net#forward',
    name: 'an object that calls itself a Float32Array',
    code: INPUT,
    run: ({ net }) => net.forward({ data: { [Symbol.toStringTag]: 'Float32Array', length: 3, 0: 1, 1: 2, 2: 3 } }),
  },
  {
    api: 'Net#forward',
    name: 'a Proxy of a Float32Array',
    code: INPUT,
    run: ({ net }) => net.forward({ data: new Proxy(floats(1, 2, 3), {}) }),
  },
  { api: 'Net#forward', name: 'a detached array', code: INPUT, run: ({ net }) => net.forward({ data: detached(3) }) },
  {
    api: 'Net#forward',
    name: 'a Tensor whose data is detached',
    code: INPUT,
    run: ({ net }) => net.forward({ data: { shape: [1, 3], data: detached(3) } }),
  },
  {
    api: 'Net#forward',
    name: 'an array out of the bounds of its resizable buffer',
    code: INPUT,
    run: ({ net }) => {
      const buffer = new ArrayBuffer(12, { maxByteLength: 64 });
      const data = new Float32Array(buffer, 0, 3);
      buffer.resize(4);
      return net.forward({ data });
    },
  },
  {
    api: 'Net#forward',
    name: 'a resizable buffer that shrinks while the run waits: the values were taken at the call',
    code: 'none',
    run: async ({ net }) => {
      const buffer = new ArrayBuffer(12, { maxByteLength: 4096 });
      const data = new Float32Array(buffer);
      data.set([1, 2, 3]);
      const runs = Array.from({ length: 20 }, () => net.forward({ data }));
      buffer.resize(0);
      for (const { fc } of await Promise.all(runs)) if (fc.data[0] !== 6.5) throw new Error(`${fc.data[0]} computed`);
    },
  },
  {
    api: 'Net#forward',
    name: 'a buffer transferred while the run waits: the values were taken at the call',
    code: 'none',
    run: async ({ net }) => {
      const data = floats(1, 2, 3);
      const runs = Array.from({ length: 20 }, () => net.forward({ data }));
      structuredClone(data.buffer, { transfer: [data.buffer] });
      for (const { fc } of await Promise.all(runs)) if (fc.data[0] !== 6.5) throw new Error(`${fc.data[0]} computed`);
    },
  },
  {
    api: 'Net#forward',
    name: 'a shared buffer too short',
    code: INPUT,
    run: ({ net }) => net.forward({ data: new Float32Array(new SharedArrayBuffer(8)) }),
  },
  {
    api: 'Net#forward',
    name: 'a shared buffer that is written to during the run',
    code: 'none',
    run: async ({ net }) => {
      const data = new Float32Array(new SharedArrayBuffer(12));
      data.set([1, 2, 3]);
      const run = net.forward({ data });
      data.fill(Number.NaN);
      if ((await run).fc.data[0] !== 6.5) throw new Error('the values were read after the call');
    },
  },
  {
    api: 'Net#forward',
    name: 'a shape of every wrong kind',
    code: [INPUT, SHAPE],
    each: ({ net }) => each((shape) => net.forward({ data: { shape, data: floats(1, 2, 3) } })),
  },
  {
    api: 'Net#forward',
    name: 'the data of a Tensor of every wrong kind',
    code: INPUT,
    each: ({ net }) => each((data) => net.forward({ data: { shape: [1, 3], data } }), 'array'),
  },
  {
    api: 'Net#forward',
    name: 'a shape with a negative extent',
    code: INPUT,
    run: ({ net }) => net.forward({ data: { shape: [-1, -3], data: floats(1, 2, 3) } }),
  },
  {
    api: 'Net#forward',
    name: 'a shape with a fraction',
    code: INPUT,
    run: ({ net }) => net.forward({ data: { shape: [1.5, 2], data: floats(1, 2, 3) } }),
  },
  {
    api: 'Net#forward',
    name: 'a shape with NaN',
    code: INPUT,
    run: ({ net }) => net.forward({ data: { shape: [Number.NaN, 3], data: floats(1, 2, 3) } }),
  },
  {
    api: 'Net#forward',
    name: 'shapes of 2^31, 2^32 and 2^53',
    code: INPUT,
    each: ({ net }) =>
      [2 ** 31, 2 ** 32, 2 ** 53].map((extent) => [`${extent}`, () => net.forward({ data: { shape: [extent, 0], data: floats() } })]),
  },
  {
    api: 'Net#forward',
    name: 'a shape whose product overflows',
    code: [INPUT, SHAPE],
    run: ({ net }) => net.forward({ data: { shape: [65536, 65536, 65536, 65536, 0], data: floats() } }),
  },
  { api: 'Net#forward', name: 'an empty batch', code: SHAPE, run: ({ net }) => net.forward({ data: { shape: [0, 3], data: floats() } }) },
  {
    api: 'Net#forward',
    name: 'a shape of 40 axes',
    code: [INPUT, SHAPE],
    run: ({ net }) => net.forward({ data: { shape: [...new Array(39).fill(1), 3], data: floats(1, 2, 3) } }),
  },
  {
    api: 'Net#forward',
    name: 'a shape that a layer refuses',
    code: SHAPE,
    run: ({ net }) => net.forward({ data: { shape: [1, 4], data: floats(1, 2, 3, 4) } }),
  },
  {
    api: 'Net#forward',
    name: 'an input whose getter throws',
    code: INPUT,
    run: ({ net }) => net.forward(Object.defineProperty({}, 'data', { get: thrower, enumerable: true })),
  },
  {
    api: 'Net#forward',
    name: 'a Tensor whose shape throws',
    code: INPUT,
    run: ({ net }) =>
      net.forward({
        data: {
          get shape() {
            return thrower();
          },
          data: floats(1, 2, 3),
        },
      }),
  },
  {
    api: 'Net#forward',
    name: 'a Tensor whose data is another every time',
    code: INPUT,
    run: ({ net }) => {
      const read = changing(floats(1, 2), floats(1, 2, 3));
      return net.forward({
        data: {
          shape: [1, 3],
          get data() {
            return read();
          },
        },
      });
    },
  },
  {
    api: 'Net#forward',
    name: 'a shape whose extents change from read to read',
    code: [INPUT, SHAPE],
    run: ({ net }) => {
      const read = changing(3, 2 ** 30);
      const shape = new Proxy([1, 3], { get: (target, key) => (key === '1' ? read() : Reflect.get(target, key)) });
      return net.forward({ data: { shape, data: floats(1, 2, 3, 4) } });
    },
  },
  { api: 'Net#forward', name: 'numbers in a throwing array', code: INPUT, run: ({ net }) => net.forward({ data: throwingArray() }) },
  {
    api: 'Net#forward',
    name: 'a getter that detaches what was read before',
    code: INPUT,
    run: ({ net }) => {
      const data = floats(1, 2, 3);
      return net.forward({
        data,
        get other() {
          structuredClone(data.buffer, { transfer: [data.buffer] });
          return [1];
        },
      });
    },
  },
  {
    api: 'Net#forward',
    name: 'a getter that disposes the net',
    code: 'ERR_CAFFE_DISPOSED',
    run: async () => {
      const net = await Net.from(LINEAR);
      let disposed;
      const run = net.forward({
        get data() {
          disposed = net.dispose();
          return [1, 2, 3];
        },
      });
      return Promise.all([run, disposed]);
    },
  },
  {
    api: 'Net#forward',
    name: 'a getter that reshapes the input',
    code: [INPUT, SHAPE],
    run: () =>
      withNet(LINEAR, (net) =>
        net.forward({
          get data() {
            net.blobs.data.reshape(4, 3);
            return [1, 2, 3];
          },
        }),
      ),
  },
  {
    api: 'Net#forward',
    name: 'a getter that runs the net and then throws',
    code: INPUT,
    run: async ({ net }) => {
      let inner;
      const outer = net.forward({
        get data() {
          inner = net.forward(item);
          throw new Error('after all');
        },
      });
      const [{ value }, result] = await Promise.allSettled([inner, outer]);
      if (value.fc.data[0] !== 6.5) throw new Error('the inner run failed');
      throw result.reason;
    },
  },
  {
    api: 'Net#forward',
    name: 'NaN and infinities are computed with',
    code: 'none',
    run: async ({ net }) => {
      const { fc } = await net.forward({ data: [Number.NaN, Number.POSITIVE_INFINITY, 1] });
      if (!Number.isNaN(fc.data[0])) throw new Error(`${fc.data[0]}`);
    },
  },
  {
    api: 'Net#forward',
    name: 'a start of every wrong kind',
    code: INPUT,
    each: ({ net }) => each((start) => net.forward(item, { start }), 'undefined'),
  },
  {
    api: 'Net#forward',
    name: 'an end of every wrong kind',
    code: INPUT,
    each: ({ net }) => each((end) => net.forward(item, { end }), 'undefined'),
  },
  { api: 'Net#forward', name: 'end before start', code: INPUT, run: ({ net }) => net.forward(item, { start: 'fc', end: 'data' }) },
  {
    api: 'Net#forward',
    name: 'blobs of every wrong kind',
    code: INPUT,
    each: ({ net }) => each((blobs) => net.forward(item, { blobs }), 'undefined', 'empty array'),
  },
  { api: 'Net#forward', name: 'a blob that does not exist', code: INPUT, run: ({ net }) => net.forward(item, { blobs: ['fc', 'none'] }) },
  {
    api: 'Net#forward',
    name: 'blobs by the names of an object’s own',
    code: INPUT,
    each: ({ net }) =>
      ['__proto__', 'constructor', 'toString', 'hasOwnProperty'].map((name) => [name, () => net.forward(item, { blobs: [name] })]),
  },
  { api: 'Net#forward', name: 'options that throw', code: INPUT, run: ({ net }) => net.forward(item, throwing()) },
  {
    api: 'Net#forward',
    name: 'a signal of every wrong kind',
    code: INPUT,
    each: ({ net }) => each((signal) => net.forward(item, { signal }), 'undefined'),
  },
  {
    api: 'Net#forward',
    name: 'a signal whose addEventListener throws',
    code: INPUT,
    run: ({ net }) => net.forward(item, { signal: { aborted: false, addEventListener: thrower, removeEventListener() {} } }),
  },
  {
    api: 'Net#forward',
    name: 'a signal that was aborted before',
    code: 'ERR_CAFFE_ABORTED',
    run: ({ net }) => net.forward(item, { signal: aborted() }),
  },
  {
    api: 'Net#forward',
    name: 'aborts at random moments',
    code: ['ERR_CAFFE_ABORTED', 'none'],
    async *each() {
      const net = await Net.from(SLOW);
      for (const delay of [0, 1, 3, 7, 12, 20]) {
        const controller = new AbortController();
        setTimeout(() => controller.abort(), delay);
        yield [`after ${delay} ms`, () => net.forward({}, { signal: controller.signal })];
      }
      await net.dispose();
    },
  },
  {
    api: 'Net#forward',
    name: 'on a disposed net',
    code: 'ERR_CAFFE_DISPOSED',
    run: async () => {
      const net = await Net.from(LINEAR);
      await net.dispose();
      return net.forward(item);
    },
  },
  { api: 'Net#forward', name: 'without its object', code: INPUT, each: ({ net }) => each((receiver) => net.forward.call(receiver, item)) },
  {
    api: 'Net#forward',
    name: 'on something that only inherits from Net',
    code: INPUT,
    run: ({ net }) => net.forward.call(Object.create(Net.prototype), item),
  },
  { api: 'Net#forward', name: 'on the prototype', code: INPUT, run: () => Net.prototype.forward(item) },
  {
    api: 'Net#forward',
    name: '1000 bad calls at once',
    code: INPUT,
    each: ({ net }) =>
      Array.from({ length: 1000 }, (_, index) => net.forward({ data: [index] })).map((run, index) => [`call ${index}`, () => run]),
  },
  {
    api: 'Net#forward',
    name: 'labels out of range',
    code: INPUT,
    each: ({ classifier }) =>
      [-1, 3, 2 ** 31, Number.NaN, Number.NEGATIVE_INFINITY].map((label) => [
        `${label}`,
        () => classifier.forward({ data: new Float32Array(32), label: [0, label] }),
      ]),
  },

  {
    api: 'Net#backward',
    name: 'diffs of every wrong kind',
    code: INPUT,
    each: ({ net }) => each((diffs) => net.backward(diffs), ...EMPTY_OBJECTS),
  },
  { api: 'Net#backward', name: 'a value of every wrong kind', code: INPUT, each: ({ net }) => each((fc) => net.backward({ fc })) },
  {
    api: 'Net#backward',
    name: 'options of every wrong kind',
    code: INPUT,
    each: ({ net }) => each((options) => net.backward({}, options), ...NO_OPTIONS),
  },
  { api: 'Net#backward', name: 'a blob that does not exist', code: INPUT, run: ({ net }) => net.backward({ none: [1, 2] }) },
  { api: 'Net#backward', name: 'too few gradients', code: INPUT, run: ({ net }) => net.backward({ fc: [1] }) },
  {
    api: 'Net#backward',
    name: 'gradients of another shape',
    code: [INPUT, SHAPE],
    run: ({ net }) => net.backward({ fc: { shape: [2, 2], data: floats(1, 2, 3, 4) } }),
  },
  { api: 'Net#backward', name: 'end above start', code: INPUT, run: ({ net }) => net.backward({}, { start: 'data', end: 'fc' }) },
  { api: 'Net#backward', name: 'a start that does not exist', code: INPUT, run: ({ net }) => net.backward({}, { start: 'none' }) },
  {
    api: 'Net#backward',
    name: 'a signal that was aborted before',
    code: 'ERR_CAFFE_ABORTED',
    run: ({ net }) => net.backward({}, { signal: aborted() }),
  },
  {
    api: 'Net#backward',
    name: 'a signal of every wrong kind',
    code: INPUT,
    each: ({ net }) => each((signal) => net.backward({}, { signal }), 'undefined'),
  },
  {
    api: 'Net#backward',
    name: 'on a disposed net',
    code: 'ERR_CAFFE_DISPOSED',
    run: async () => {
      const net = await Net.from(LINEAR);
      await net.dispose();
      return net.backward();
    },
  },
  { api: 'Net#backward', name: 'without its object', code: INPUT, each: ({ net }) => each((receiver) => net.backward.call(receiver)) },
  {
    api: 'Net#backward',
    name: 'after labels went out of range',
    code: INPUT,
    run: () =>
      withNet(
        CLASSIFIER,
        async (net) => {
          await net.forward({ data: new Float32Array(32), label: [0, 1] });
          net.blobs.label.data[0] = 1e9;
          return net.backward();
        },
        { engine: 'caffe' },
      ),
  },
  {
    api: 'Net#backward',
    name: 'aborts at random moments',
    code: ['ERR_CAFFE_ABORTED', 'none'],
    async *each() {
      const net = await Net.from(`force_backward: true ${SLOW}`);
      await net.forward();
      for (const delay of [0, 2, 9, 20]) {
        const controller = new AbortController();
        setTimeout(() => controller.abort(), delay);
        yield [`after ${delay} ms`, () => net.backward({}, { signal: controller.signal })];
      }
      await net.dispose();
    },
  },

  {
    api: 'Net#reshape',
    name: 'after a shape that a layer refuses',
    code: SHAPE,
    run: () =>
      withNet(LINEAR, (net) => {
        net.blobs.data.reshape(1, 4);
        return net.reshape();
      }),
  },
  {
    api: 'Net#reshape',
    name: 'on a disposed net',
    code: 'ERR_CAFFE_DISPOSED',
    run: async () => {
      const net = await Net.from(LINEAR);
      await net.dispose();
      return net.reshape();
    },
  },
  { api: 'Net#reshape', name: 'without its object', code: INPUT, each: ({ net }) => each((receiver) => net.reshape.call(receiver)) },
];

const parameters = [
  {
    api: 'Net#copyFrom',
    name: 'weights of every wrong kind',
    code: [INPUT, 'ERR_CAFFE_FILE'],
    each: ({ net }) => each((weights) => net.copyFrom(weights)),
  },
  {
    api: 'Net#copyFrom',
    name: 'options of every wrong kind',
    code: INPUT,
    each: ({ net, weights }) => each((options) => net.copyFrom(weights, options), ...NO_OPTIONS),
  },
  {
    api: 'Net#copyFrom',
    name: 'strict of every wrong kind',
    code: INPUT,
    each: ({ net, weights }) => each((strict) => net.copyFrom(weights, { strict }), 'undefined', 'boolean'),
  },
  {
    api: 'Net#copyFrom',
    name: 'ignore of every wrong kind',
    code: INPUT,
    each: ({ net, weights }) => each((ignore) => net.copyFrom(weights, { ignore }), 'undefined', 'empty array'),
  },
  {
    api: 'Net#copyFrom',
    name: 'rename of every wrong kind',
    code: INPUT,
    each: ({ net, weights }) => each((rename) => net.copyFrom(weights, { rename }), ...EMPTY_OBJECTS),
  },
  {
    api: 'Net#copyFrom',
    name: 'a layer to ignore that does not exist',
    code: INPUT,
    run: ({ net, weights }) => net.copyFrom(weights, { ignore: ['none'] }),
  },
  {
    api: 'Net#copyFrom',
    name: 'a new name that does not exist',
    code: INPUT,
    run: ({ net, weights }) => net.copyFrom(weights, { rename: { fc: 'none' } }),
  },
  {
    api: 'Net#copyFrom',
    name: 'weights of another net',
    code: 'ERR_CAFFE_WEIGHTS',
    run: ({ classifier, weights }) => classifier.copyFrom(weights),
  },
  {
    api: 'Net#copyFrom',
    name: 'on a disposed net',
    code: 'ERR_CAFFE_DISPOSED',
    run: async ({ weights }) => {
      const net = await Net.from(LINEAR);
      await net.dispose();
      return net.copyFrom(weights);
    },
  },
  {
    api: 'Net#copyFrom',
    name: 'without its object',
    code: INPUT,
    each: ({ net, weights }) => each((receiver) => net.copyFrom.call(receiver, weights)),
  },

  {
    api: 'Net#shareWith',
    name: 'something that is no net',
    sync: true,
    code: INPUT,
    each: ({ net }) => each((other) => net.shareWith(other)),
  },
  {
    api: 'Net#shareWith',
    name: 'something that inherits from Net',
    sync: true,
    code: INPUT,
    run: ({ net }) => net.shareWith(Object.create(Net.prototype)),
  },
  {
    api: 'Net#shareWith',
    name: 'a net of other shapes',
    code: SHAPE,
    run: () => withNet(LINEAR, (net) => withNet(LINEAR.replace('num_output: 2', 'num_output: 5'), async (other) => net.shareWith(other))),
  },
  {
    api: 'Net#shareWith',
    name: 'a disposed net',
    code: 'ERR_CAFFE_DISPOSED',
    run: async ({ net }) => {
      const other = await Net.from(LINEAR);
      await other.dispose();
      net.shareWith(other);
    },
  },
  {
    api: 'Net#shareWith',
    name: 'while the other runs',
    code: 'ERR_CAFFE_BUSY',
    run: ({ net }) =>
      withNet(LINEAR, async (other) => {
        const run = other.forward(item);
        try {
          net.shareWith(other);
        } finally {
          await run;
        }
      }),
  },
  {
    api: 'Net#shareWith',
    name: 'without its object',
    sync: true,
    code: INPUT,
    each: ({ net }) => each((receiver) => net.shareWith.call(receiver, net)),
  },

  { api: 'Net#save', name: 'a path of every wrong kind', code: INPUT, each: ({ net }) => each((path) => net.save(path), 'text') },
  {
    api: 'Net#save',
    name: 'options of every wrong kind',
    code: INPUT,
    each: ({ net, output }) => each((options) => net.save(`${output}/net.caffemodel`, options), ...NO_OPTIONS),
  },
  {
    api: 'Net#save',
    name: 'a format that does not exist',
    code: INPUT,
    each: ({ net, output }) => each((format) => net.save(`${output}/net.caffemodel`, { format }), 'undefined'),
  },
  {
    api: 'Net#save',
    name: 'diffs of every wrong kind',
    code: INPUT,
    each: ({ net, output }) => each((diffs) => net.save(`${output}/net.caffemodel`, { diffs }), 'undefined', 'boolean'),
  },
  { api: 'Net#save', name: 'a path with NUL', code: INPUT, run: ({ net, output }) => net.save(`${output}/net\0.caffemodel`) },
  {
    api: 'Net#save',
    name: 'on a disposed net',
    code: 'ERR_CAFFE_DISPOSED',
    run: async ({ output }) => {
      const net = await Net.from(LINEAR);
      await net.dispose();
      return net.save(`${output}/net.caffemodel`);
    },
  },
  {
    api: 'Net#save',
    name: 'without its object',
    code: INPUT,
    each: ({ net, output }) => each((receiver) => net.save.call(receiver, `${output}/net.caffemodel`)),
  },

  {
    api: 'Net#toBuffer',
    name: 'on a disposed net',
    code: 'ERR_CAFFE_DISPOSED',
    run: async () => {
      const net = await Net.from(LINEAR);
      await net.dispose();
      return net.toBuffer();
    },
  },
  { api: 'Net#toBuffer', name: 'without its object', code: INPUT, each: ({ net }) => each((receiver) => net.toBuffer.call(receiver)) },
  {
    api: 'Net#toPrototxt',
    name: 'on a disposed net',
    code: 'ERR_CAFFE_DISPOSED',
    run: async () => {
      const net = await Net.from(LINEAR);
      await net.dispose();
      return net.toPrototxt();
    },
  },
  {
    api: 'Net#toPrototxt',
    name: 'while the net runs',
    code: 'ERR_CAFFE_BUSY',
    run: async ({ net }) => {
      const run = net.forward(item);
      try {
        net.toPrototxt();
      } finally {
        await run;
      }
    },
  },
  {
    api: 'Net#toPrototxt',
    name: 'without its object',
    sync: true,
    code: INPUT,
    each: ({ net }) => each((receiver) => net.toPrototxt.call(receiver)),
  },
  {
    api: 'Net#clearParamDiffs',
    name: 'on a disposed net',
    code: 'ERR_CAFFE_DISPOSED',
    run: async () => {
      const net = await Net.from(LINEAR);
      await net.dispose();
      net.clearParamDiffs();
    },
  },
  {
    api: 'Net#clearParamDiffs',
    name: 'while the net runs',
    code: 'ERR_CAFFE_BUSY',
    run: async ({ net }) => {
      const run = net.forward(item);
      try {
        net.clearParamDiffs();
      } finally {
        await run;
      }
    },
  },
  {
    api: 'Net#clearParamDiffs',
    name: 'without its object',
    sync: true,
    code: INPUT,
    each: ({ net }) => each((receiver) => net.clearParamDiffs.call(receiver)),
  },
];

const ending = [
  {
    api: 'Net#dispose',
    name: 'twice',
    code: 'none',
    run: async () => {
      const net = await Net.from(LINEAR);
      await Promise.all([net.dispose(), net.dispose()]);
      await net.dispose();
    },
  },
  {
    api: 'Net#dispose',
    name: 'before the runs that were asked for are done: they finish',
    code: 'none',
    run: async () => {
      const net = await Net.from(LINEAR);
      const runs = Array.from({ length: 50 }, () => net.forward(item));
      await net.dispose();
      for (const { fc } of await Promise.all(runs)) if (fc.data[0] !== 6.5) throw new Error(`${fc.data[0]}`);
    },
  },
  {
    api: 'Net#dispose',
    name: 'between runs: those behind it are refused',
    code: 'ERR_CAFFE_DISPOSED',
    run: async () => {
      const net = await Net.from(LINEAR);
      const before = net.forward(item);
      const disposed = net.dispose();
      const after = net.forward(item);
      return Promise.all([after, before, disposed]);
    },
  },
  { api: 'Net#dispose', name: 'without its object', code: INPUT, each: ({ net }) => each((receiver) => net.dispose.call(receiver)) },
  {
    api: 'Net#[Symbol.asyncDispose]',
    name: 'twice',
    code: 'none',
    run: async () => {
      const net = await Net.from(LINEAR);
      await Promise.all([net[Symbol.asyncDispose](), net[Symbol.asyncDispose]()]);
    },
  },
  {
    api: 'Net#[Symbol.asyncDispose]',
    name: 'without its object',
    code: INPUT,
    each: ({ net }) => each((receiver) => net[Symbol.asyncDispose].call(receiver)),
  },
  {
    api: 'Net',
    name: 'constructed with something of every kind',
    sync: true,
    code: INPUT,
    each: () => each((inner) => new Net(inner, true)),
  },
  {
    api: 'Net',
    name: 'constructed with an imitation of what it stands on',
    sync: true,
    code: INPUT,
    run: () => new Net({ facts: { name: 'x', phase: 'test', inputs: [], outputs: [], blobNames: [], layers: [] } }, true),
  },
];

async function prepare(folder) {
  const { writeFileSync } = require('node:fs');
  const file = `${folder}/linear.prototxt`;
  writeFileSync(file, LINEAR);
  const net = await Net.from(LINEAR);
  return { net, classifier: await Net.from(CLASSIFIER), file, weights: await net.toBuffer() };
}

async function works({ net, classifier }) {
  const { fc } = await net.forward({ data: { shape: [1, 3], data: floats(1, 2, 3) } });
  if (fc.data[0] !== 6.5) throw new Error(`the net computes ${fc.data[0]}, not 6.5`);
  const { loss } = await classifier.forward({ data: new Float32Array(32), label: [0, 1] });
  if (Math.abs(loss.data[0] - Math.log(3)) > 1e-5) throw new Error(`the classifier's loss is ${loss.data[0]}, not log 3`);
}

const release = ({ net, classifier }) => Promise.all([net.dispose(), classifier.dispose()]);

module.exports = { prepare, works, release, cases: [...loading, ...running, ...parameters, ...ending] };
