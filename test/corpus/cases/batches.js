// What Net and Blob offer beyond pycaffe, and the smaller functions: batches, memory, sharing, listeners, norms, net specs.
const api = require('../../..');
const { NO_OPTIONS, each } = require('../support/hostile');
const { LINEAR } = require('../support/networks');

const { Net, prototxt } = api;
const INPUT = 'ERR_CAFFE_INPUT';
const SHAPE = 'ERR_CAFFE_SHAPE';
const floats = (...values) => Float32Array.from(values);
const items = { shape: [3, 3], data: new Float32Array(9) };
const NET_METHODS = ['forwardAll', 'forwardBackwardAll'];
const STREAMS = ['forwardBatches', 'forwardBackwardBatches'];

/** What either rejects or gives an iterator whose first step does. */
async function started(returned) {
  const value = await returned;
  const iterator = value?.[Symbol.asyncIterator]?.();
  if (iterator) await iterator.next();
  return value;
}

const receiver = (type, name, sync, prototypeOf) => ({
  api: `${type}#${name}`,
  name: 'without its object',
  sync,
  code: INPUT,
  each: (fixture) => {
    const { value, get } = Object.getOwnPropertyDescriptor(prototypeOf(fixture), name);
    return each((object) => (value ?? get).call(object));
  },
});
const ofNet = (name, sync = true) => receiver('Net', name, sync, () => Net.prototype);

const cases = [
  {
    api: 'Net.attach',
    name: 'a handle of every wrong kind',
    code: [INPUT, 'ERR_CAFFE_DISPOSED'],
    each: () => each((handle) => Net.attach(handle)),
  },
  ...NET_METHODS.flatMap((name) => [
    {
      api: `Net#${name}`,
      name: 'inputs of every wrong kind',
      code: [INPUT, SHAPE],
      each: ({ net }) => each((inputs) => net[name](inputs)),
    },
    {
      api: `Net#${name}`,
      name: 'a value of every wrong kind',
      code: [INPUT, SHAPE],
      each: ({ net }) => each((data) => net[name]({ data }), 'array', 'empty array'),
    },
    {
      api: `Net#${name}`,
      name: 'options of every wrong kind',
      code: INPUT,
      each: ({ net }) => each((options) => net[name]({ data: items }, options), ...NO_OPTIONS),
    },
    {
      api: `Net#${name}`,
      name: 'items of another shape',
      code: [INPUT, SHAPE],
      run: ({ net }) => net[name]({ data: { shape: [2, 4], data: new Float32Array(8) } }),
    },
    { api: `Net#${name}`, name: 'an input that does not exist', code: INPUT, run: ({ net }) => net[name]({ none: items }) },
    {
      api: `Net#${name}`,
      name: 'a signal that was aborted before',
      code: 'ERR_CAFFE_ABORTED',
      run: ({ net }) => net[name]({ data: items }, { signal: AbortSignal.abort() }),
    },
    ofNet(name, false),
  ]),
  ...STREAMS.flatMap((name) => [
    {
      api: `Net#${name}`,
      name: 'inputs of every wrong kind',
      code: [INPUT, SHAPE, 'ERR_CAFFE_CALLBACK'],
      each: ({ net }) => each(async (inputs) => started(net[name](inputs)), 'text', 'empty text', 'empty array', 'map'),
    },
    {
      api: `Net#${name}`,
      name: 'without its object',
      code: INPUT,
      each: () => each(async (object) => started(Net.prototype[name].call(object))),
    },
  ]),
  {
    api: 'Net#setInputArrays',
    name: 'data of every wrong kind',
    code: [INPUT, SHAPE, 'ERR_CAFFE_UNSUPPORTED'],
    each: ({ net }) => each(async (data) => net.setInputArrays(data, floats(1))),
  },
  {
    api: 'Net#setInputArrays',
    name: 'a net without MemoryData',
    code: [INPUT, SHAPE, 'ERR_CAFFE_UNSUPPORTED'],
    run: async ({ net }) => net.setInputArrays({ shape: [1, 3, 1, 1], data: floats(1, 2, 3) }, floats(0)),
  },
  ...['onForward', 'onBackward'].flatMap((name) => [
    {
      api: `Net#${name}`,
      name: 'a listener of every wrong kind',
      sync: true,
      code: INPUT,
      each: ({ net }) => each((listener) => net[name](listener), 'function'),
    },
    ofNet(name),
  ]),
  {
    api: 'Net#memory',
    name: 'without its object',
    code: INPUT,
    each: () =>
      each(
        async (object) =>
          Object.getOwnPropertyDescriptor(Net.prototype, 'memory').value?.call(object) ??
          Object.getOwnPropertyDescriptor(Net.prototype, 'memory').get.call(object),
      ),
  },
  { api: 'Net#share', name: 'without its object', code: INPUT, each: () => each(async (object) => Net.prototype.share.call(object)) },
  {
    api: 'Net#share',
    name: 'of a disposed net',
    code: 'ERR_CAFFE_DISPOSED',
    run: async () => {
      const net = await Net.from(LINEAR);
      await net.dispose();
      return net.share();
    },
  },
  ...['num', 'channels', 'height', 'width', 'toTensor', 'asum', 'sumsq'].map((name) => ({
    api: `Blob#${name}`,
    name: 'without its object',
    code: INPUT,
    each: ({ net }) => {
      const { value, get } = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(net.blobs.data), name);
      return each(async (object) => (value ?? get).call(object));
    },
  })),
  {
    api: 'Blob#scale',
    name: 'a factor of every wrong kind',
    code: INPUT,
    each: ({ net }) => each(async (factor) => net.blobs.data.scale(factor), 'number', 'negative', 'fraction', 'NaN', 'infinity'),
  },
  {
    api: 'prototxt.coordinateMap',
    name: 'a source of every wrong kind',
    code: [INPUT, 'ERR_CAFFE_PROTOTXT', 'ERR_CAFFE_UNSUPPORTED'],
    each: () => each(async (source) => prototxt.coordinateMap(source, 'data', 'fc')),
  },
  {
    api: 'prototxt.cropBetween',
    name: 'a source of every wrong kind',
    code: [INPUT, 'ERR_CAFFE_PROTOTXT', 'ERR_CAFFE_UNSUPPORTED'],
    each: () => each(async (source) => prototxt.cropBetween(source, 'data', 'fc')),
  },
  {
    api: 'prototxt.netSpec',
    name: 'a builder of every wrong kind',
    code: [INPUT, 'none'],
    each: () => each(async (build) => prototxt.netSpec(build)),
  },
  { api: 'caffeLog', name: 'a solver of every wrong kind', code: INPUT, each: () => each(async (solver) => api.caffeLog(solver)) },
  {
    api: 'logCsv',
    name: 'rows of every wrong kind',
    code: INPUT,
    each: () => each(async (rows) => api.logCsv(rows), 'empty array'),
  },
  {
    api: 'registerLayer',
    name: 'a name of every wrong kind',
    code: INPUT,
    sync: true,
    each: () =>
      each(
        (name) =>
          api.registerLayer(
            name,
            class {
              reshape() {}
              forward() {}
            },
          ),
        'text',
      ),
  },
  {
    api: 'registerLayer',
    name: 'a class of every wrong kind',
    code: INPUT,
    sync: true,
    each: () => each((layer) => api.registerLayer('Bad', layer)),
  },
  {
    api: 'JavaScriptLayer',
    name: 'an object of it is no class',
    code: INPUT,
    sync: true,
    run: () => api.registerLayer('Bad', new api.JavaScriptLayer()),
  },
  {
    api: 'openSolver',
    name: 'a source of every wrong kind',
    code: [INPUT, 'ERR_CAFFE_FILE', 'ERR_CAFFE_PROTOTXT', 'ERR_CAFFE_FATAL'],
    each: () => each((source) => api.openSolver(source)),
  },
];

const prepare = async () => ({ net: await Net.from(LINEAR) });

async function works({ net }) {
  const { fc } = await net.forward({ data: { shape: [1, 3], data: floats(1, 2, 3) } });
  if (fc.data[0] !== 6.5) throw new Error(`the net computes ${fc.data[0]}, not 6.5`);
}

module.exports = { prepare, works, release: ({ net }) => net.dispose(), cases };
