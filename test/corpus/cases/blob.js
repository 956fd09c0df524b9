// Blob, and the settings of the engine.
const { caffe, CaffeError, Net } = require('../../..');
const { detached, each, thrower, throwing } = require('../support/hostile');
const { LINEAR } = require('../support/networks');

const INPUT = 'ERR_CAFFE_INPUT';
const SHAPE = 'ERR_CAFFE_SHAPE';
const floats = (...values) => Float32Array.from(values);

/** Uses a blob of a disposed net, which still has its shape but no net to compute with. */
const disposed = (use) => async () => {
  const net = await Net.from(LINEAR);
  const { data } = net.blobs;
  await net.dispose();
  return use(data);
};

/** Uses a blob while its net runs. */
const busy =
  (use) =>
  async ({ net }) => {
    const run = net.forward();
    try {
      return use(net.blobs.data);
    } finally {
      await run;
    }
  };

const accessors = (name) => [
  {
    api: `Blob#${name}`,
    name: 'read without its object',
    sync: true,
    code: INPUT,
    each: ({ net }) => {
      const { get } = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(net.blobs.data), name);
      return each((receiver) => get.call(receiver));
    },
  },
  { api: `Blob#${name}`, name: 'while the net runs', code: 'ERR_CAFFE_BUSY', run: busy((blob) => blob[name]) },
  { api: `Blob#${name}`, name: 'of a disposed net', code: 'ERR_CAFFE_DISPOSED', run: disposed((blob) => blob[name]) },
];

const settable = (name) => [
  {
    api: `Blob#${name}`,
    name: 'set to something of every wrong kind',
    sync: true,
    code: [INPUT, SHAPE],
    each: ({ net }) =>
      each((value) => {
        net.blobs.data[name] = value;
      }, 'array'),
  },
  {
    api: `Blob#${name}`,
    name: 'set to too many values',
    sync: true,
    code: INPUT,
    run: ({ net }) => {
      net.blobs.data[name] = [1, 2, 3, 4];
    },
  },
  {
    api: `Blob#${name}`,
    name: 'set to a detached array',
    sync: true,
    code: INPUT,
    run: ({ net }) => {
      net.blobs.data[name] = detached(3);
    },
  },
  {
    api: `Blob#${name}`,
    name: 'set while the net runs',
    code: 'ERR_CAFFE_BUSY',
    run: busy((blob) => {
      blob[name] = [1, 2, 3];
    }),
  },
];

const blobs = [
  ...['shape', 'count', 'data', 'diff'].flatMap(accessors),
  ...['data', 'diff'].flatMap(settable),
  {
    api: 'Blob#data',
    name: 'set to a tensor of another shape than a parameter has',
    sync: true,
    code: SHAPE,
    run: ({ net }) => {
      net.params.fc[0].data = { shape: [6], data: new Float32Array(6) };
    },
  },
  {
    api: 'Blob#data',
    name: 'a view kept while the net is reshaped, run and disposed',
    code: 'none',
    run: async () => {
      const net = await Net.from(LINEAR);
      const view = net.blobs.data.data;
      net.blobs.data.reshape(1000, 3);
      view.fill(7);
      await net.forward();
      view.fill(8);
      await net.dispose();
      view.fill(9);
      if (view[2] !== 9) throw new Error('the view is gone');
    },
  },
  {
    api: 'Blob#data',
    name: 'a view whose buffer is to be transferred away',
    code: 'none',
    run: async ({ net }) => {
      const view = net.blobs.data.data;
      try {
        structuredClone(view.buffer, { transfer: [view.buffer] });
      } catch {
        // Node may refuse to detach memory that is not its own.
      }
      await net.forward({ data: [1, 2, 3] });
      if (net.blobs.data.data.length !== 3) throw new Error(`a view of ${net.blobs.data.data.length} values`);
    },
  },
  {
    api: 'Blob#read',
    name: 'a part of every wrong kind',
    code: INPUT,
    each: ({ net }) => each((what) => net.blobs.data.read(what), 'undefined'),
  },
  { api: 'Blob#read', name: 'of a disposed net', code: 'ERR_CAFFE_DISPOSED', run: disposed((blob) => blob.read()) },
  { api: 'Blob#read', name: 'without its object', code: INPUT, each: ({ net }) => each((receiver) => net.blobs.data.read.call(receiver)) },
  {
    api: 'Blob#set',
    name: 'values of every wrong kind',
    sync: true,
    code: [INPUT, SHAPE],
    each: ({ net }) => each((values) => net.blobs.data.set(values), 'array'),
  },
  {
    api: 'Blob#set',
    name: 'a shape that is not filled',
    sync: true,
    code: INPUT,
    run: ({ net }) => net.blobs.data.set({ shape: [2, 3], data: floats(1, 2, 3) }),
  },
  {
    api: 'Blob#set',
    name: 'a tensor whose data throws: the blob keeps its shape',
    sync: true,
    code: INPUT,
    run: ({ net }) =>
      net.blobs.data.set({
        shape: [2, 3],
        get data() {
          return thrower();
        },
      }),
  },
  { api: 'Blob#set', name: 'while the net runs', code: 'ERR_CAFFE_BUSY', run: busy((blob) => blob.set([1, 2, 3])) },
  { api: 'Blob#set', name: 'of a disposed net', code: 'ERR_CAFFE_DISPOSED', run: disposed((blob) => blob.set([1, 2, 3])) },
  {
    api: 'Blob#set',
    name: 'without its object',
    sync: true,
    code: INPUT,
    each: ({ net }) => each((receiver) => net.blobs.data.set.call(receiver, [1, 2, 3])),
  },
  {
    api: 'Blob#set',
    name: 'a getter that disposes the net',
    code: ['ERR_CAFFE_DISPOSED', 'ERR_CAFFE_BUSY'],
    run: async () => {
      const net = await Net.from(LINEAR);
      let ending;
      try {
        net.blobs.data.set({
          shape: [1, 3],
          get data() {
            ending = net.dispose();
            return floats(1, 2, 3);
          },
        });
      } finally {
        await ending;
      }
    },
  },
  {
    api: 'Blob#reshape',
    name: 'an extent of every wrong kind',
    sync: true,
    code: [INPUT, SHAPE],
    each: ({ net }) => each((extent) => net.blobs.data.reshape(1, extent), 'number'),
  },
  {
    api: 'Blob#reshape',
    name: 'extents of 0, 2^31, 2^32 and 2^53',
    sync: true,
    code: [INPUT, SHAPE],
    each: ({ net }) => [0, 2 ** 31, 2 ** 32, 2 ** 53, -(2 ** 31)].map((extent) => [`${extent}`, () => net.blobs.data.reshape(1, extent)]),
  },
  {
    api: 'Blob#reshape',
    name: 'a product of 2^40',
    sync: true,
    code: [INPUT, SHAPE],
    run: ({ net }) => net.blobs.data.reshape(2 ** 20, 2 ** 20),
  },
  {
    api: 'Blob#reshape',
    name: 'a product that wraps around to 0',
    sync: true,
    code: [INPUT, SHAPE],
    run: ({ net }) => net.blobs.data.reshape(2 ** 16, 2 ** 16, 2 ** 16, 2 ** 16),
  },
  {
    api: 'Blob#reshape',
    name: '33 axes',
    sync: true,
    code: [INPUT, SHAPE],
    run: ({ net }) => net.blobs.data.reshape(...new Array(33).fill(1)),
  },
  { api: 'Blob#reshape', name: 'a parameter', sync: true, code: SHAPE, run: ({ net }) => net.params.fc[0].reshape(3, 2) },
  { api: 'Blob#reshape', name: 'while the net runs', code: 'ERR_CAFFE_BUSY', run: busy((blob) => blob.reshape(2, 3)) },
  { api: 'Blob#reshape', name: 'of a disposed net', code: 'ERR_CAFFE_DISPOSED', run: disposed((blob) => blob.reshape(2, 3)) },
  {
    api: 'Blob#reshape',
    name: 'without its object',
    sync: true,
    code: INPUT,
    each: ({ net }) => each((receiver) => net.blobs.data.reshape.call(receiver, 1, 3)),
  },
  {
    api: 'Blob',
    name: 'constructed with something of every kind',
    sync: true,
    code: INPUT,
    each: ({ net }) => each((inner) => new net.blobs.data.constructor(inner, 'data')),
  },
];

const wrongThis = (name, ...values) => ({
  api: `caffe.${name}`,
  name: 'without its object',
  sync: name !== 'devices',
  code: INPUT,
  each: () => each((receiver) => caffe[name].call(receiver, ...values)),
});

const integer = (name, ...allowed) => [
  {
    api: `caffe.${name}`,
    name: 'a number of every wrong kind',
    sync: true,
    code: INPUT,
    each: () => each((value) => caffe[name](value), ...allowed),
  },
  {
    api: `caffe.${name}`,
    name: 'numbers out of range',
    sync: true,
    code: INPUT,
    each: () => [-1, 2 ** 32, 2 ** 53, -(2 ** 31)].map((value) => [`${value}`, () => caffe[name](value)]),
  },
  wrongThis(name, 1),
];

const readWithoutObject = (name) => ({
  api: `caffe.${name}`,
  name: 'read without its object',
  sync: true,
  code: INPUT,
  each: () => {
    const { get } = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(caffe), name);
    return each((receiver) => get.call(receiver));
  },
});

const engine = [
  readWithoutObject('layerTypes'),
  readWithoutObject('threads'),
  readWithoutObject('lanes'),
  { api: 'caffe.setMode', name: 'a mode of every wrong kind', sync: true, code: INPUT, each: () => each((mode) => caffe.setMode(mode)) },
  {
    api: 'caffe.setMode',
    name: 'a device of every wrong kind',
    sync: true,
    code: INPUT,
    each: () => each((device) => caffe.setMode('cpu', device), 'undefined', 'number'),
  },
  { api: 'caffe.setMode', name: 'a device of 2^31', sync: true, code: INPUT, run: () => caffe.setMode('gpu', 2 ** 31) },
  wrongThis('setMode', 'cpu'),
  wrongThis('devices'),
  ...integer('setThreads', 'number'),
  ...integer('setLanes', 'number'),
  ...integer('setRandomSeed', 'number'),
  {
    api: 'caffe.setLogLevel',
    name: 'a level of every wrong kind',
    sync: true,
    code: INPUT,
    each: () => each((level) => caffe.setLogLevel(level)),
  },
  wrongThis('setLogLevel', 'info'),
  {
    api: 'caffe.on',
    name: 'an event of every wrong kind',
    sync: true,
    code: INPUT,
    each: () => each((event) => caffe.on(event, () => {})),
  },
  {
    api: 'caffe.on',
    name: 'a listener of every wrong kind',
    sync: true,
    code: INPUT,
    each: () => each((listener) => caffe.on('log', listener), 'function'),
  },
  wrongThis('on', 'log', () => {}),
  {
    api: 'caffe.off',
    name: 'an event of every wrong kind',
    sync: true,
    code: INPUT,
    each: () => each((event) => caffe.off(event, () => {})),
  },
  {
    api: 'caffe.off',
    name: 'a listener of every wrong kind',
    sync: true,
    code: INPUT,
    each: () => each((listener) => caffe.off('log', listener), 'function'),
  },
  wrongThis('off', 'log', () => {}),
  {
    api: 'CaffeError',
    name: 'details that throw',
    sync: true,
    code: INPUT,
    run: () => {
      try {
        new CaffeError('ERR_CAFFE_INPUT', 'a message', throwing());
      } catch {
        throw new CaffeError('ERR_CAFFE_INPUT', 'the error of the caller’s own details reached him');
      }
    },
  },
];

async function prepare() {
  return { net: await Net.from(LINEAR) };
}

async function works({ net }) {
  const { data } = net.blobs;
  if (data.shape.join() !== '1,3') throw new Error(`the input has the shape ${data.shape}`);
  data.set([1, 2, 3]);
  const { fc } = await net.forward();
  if (fc.data[0] !== 6.5) throw new Error(`the net computes ${fc.data[0]}, not 6.5`);
  if (caffe.layerTypes.length < 50) throw new Error('the layer types are gone');
}

module.exports = { prepare, works, release: ({ net }) => net.dispose(), cases: [...blobs, ...engine] };
