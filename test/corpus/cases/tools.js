// The tools of Caffe as functions; their options, and what stands where their files should.
const { writeFileSync } = require('node:fs');
const path = require('node:path');
const api = require('../../..');
const { NO_OPTIONS, each, thrower } = require('../support/hostile');
const { CLASSIFIER, LINEAR } = require('../support/networks');
const { dataset } = require('../support/pictures');

const INPUT = 'ERR_CAFFE_INPUT';
/** Of files that are not there, or not what they should be. */
const NOT_FOUND = [
  INPUT,
  'ERR_CAFFE_CALLBACK',
  'ERR_CAFFE_FILE',
  'ERR_CAFFE_DATASET',
  'ERR_CAFFE_PROTOTXT',
  'ERR_CAFFE_FATAL',
  'ERR_CAFFE_WEIGHTS',
  'ERR_CAFFE_UNSUPPORTED',
];
const TIMED = { iterations: 1 };

/** Every parameter and the options of a tool, of every wrong kind. */
const tool = (name, uses) =>
  Object.entries(uses).map(([parameter, [use, ...allowed]]) => ({
    api: name,
    name: `${parameter} of every wrong kind`,
    code: NOT_FOUND,
    each: (fixture) => each((value) => use(fixture, value), ...allowed),
  }));

const cases = [
  ...tool('timeNet', {
    'the network': [(_, network) => api.timeNet(network, TIMED)],
    iterations: [(_, iterations) => api.timeNet(LINEAR, { iterations }), 'undefined', 'number'],
    phase: [(_, phase) => api.timeNet(LINEAR, { ...TIMED, phase }), 'undefined'],
    weights: [(_, weights) => api.timeNet(LINEAR, { ...TIMED, weights }), 'undefined', 'empty array'],
    signal: [(_, signal) => api.timeNet(LINEAR, { ...TIMED, signal }), 'undefined'],
    onProgress: [(_, onProgress) => api.timeNet(LINEAR, { ...TIMED, onProgress }), 'undefined', 'function'],
  }),
  {
    api: 'timeNet',
    name: 'an onProgress that throws',
    code: 'ERR_CAFFE_CALLBACK',
    run: () => api.timeNet(LINEAR, { ...TIMED, onProgress: thrower }),
  },
  {
    api: 'timeNet',
    name: 'a signal that was aborted before',
    code: 'ERR_CAFFE_ABORTED',
    run: () => api.timeNet(LINEAR, { ...TIMED, signal: AbortSignal.abort() }),
  },
  ...tool('testNet', {
    'the network': [({ weights }, network) => api.testNet(network, weights, TIMED)],
    'the weights': [(_, weights) => api.testNet(LINEAR, weights, TIMED), 'empty array'],
    iterations: [({ weights }, iterations) => api.testNet(LINEAR, weights, { iterations }), 'undefined', 'number'],
    onProgress: [({ weights }, onProgress) => api.testNet(LINEAR, weights, { ...TIMED, onProgress }), 'undefined', 'function'],
    signal: [({ weights }, signal) => api.testNet(LINEAR, weights, { ...TIMED, signal }), 'undefined'],
  }),
  {
    api: 'testNet',
    name: 'an onProgress that throws',
    code: 'ERR_CAFFE_CALLBACK',
    run: ({ weights }) => api.testNet(LINEAR, weights, { ...TIMED, onProgress: thrower }),
  },
  ...tool('computeImageMean', {
    'the database': [(_, database) => api.computeImageMean(database)],
    'the output': [({ database }, output) => api.computeImageMean(database, output), 'undefined', 'text'],
    onProgress: [({ database }, onProgress) => api.computeImageMean(database, undefined, { onProgress }), 'undefined', 'function'],
  }),
  {
    api: 'computeImageMean',
    name: 'an onProgress that throws',
    code: 'ERR_CAFFE_CALLBACK',
    run: ({ database, output }) => api.computeImageMean(database, `${output}/mean`, { onProgress: thrower }),
  },
  {
    api: 'computeImageMean',
    name: 'an output that is a folder',
    code: 'ERR_CAFFE_FILE',
    run: ({ database, folder }) => api.computeImageMean(database, folder),
  },
  ...tool('convertImageset', {
    options: [(_, options) => api.convertImageset(options)],
    'the list': [({ output }, list) => api.convertImageset({ list, output: `${output}/db` })],
    'the output': [({ list }, output) => api.convertImageset({ list, output }), 'text'],
    resize: [({ list, output }, resize) => api.convertImageset({ list, output: `${output}/db`, resize }), 'undefined'],
  }),
  {
    api: 'convertImageset',
    name: 'an onProgress that throws',
    code: 'ERR_CAFFE_CALLBACK',
    run: ({ list, output }) => api.convertImageset({ list, output: `${output}/db`, onProgress: thrower }),
  },
  {
    api: 'convertImageset',
    name: 'labels that are none',
    code: ['ERR_CAFFE_DATASET', INPUT],
    each: ({ output }) =>
      [Number.NaN, 1.5, 2 ** 31, '1', 1n, null].map((label) => [
        String(label),
        () => api.convertImageset({ list: [{ file: 'x.png', label }], output: `${output}/db` }),
      ]),
  },
  {
    api: 'convertImageset',
    name: 'a list of files that are not there',
    code: 'ERR_CAFFE_DATASET',
    run: ({ output }) => api.convertImageset({ list: [{ file: 'none.png', label: 0 }], output: `${output}/db` }),
  },
  ...tool('drawNet', {
    'the network': [(_, network) => api.drawNet(network)],
    options: [(_, options) => api.drawNet(LINEAR, options), ...NO_OPTIONS],
  }),
  ...tool('extractFeatures', {
    options: [(_, options) => api.extractFeatures(options)],
    blobs: [
      ({ weights, output }, blobs) => api.extractFeatures({ network: LINEAR, weights, blobs, batches: 1, outputs: [`${output}/db`] }),
    ],
    outputs: [({ weights }, outputs) => api.extractFeatures({ network: LINEAR, weights, blobs: ['fc'], batches: 1, outputs })],
    batches: [
      ({ weights, output }, batches) =>
        api.extractFeatures({ network: LINEAR, weights, blobs: ['fc'], batches, outputs: [`${output}/db`] }),
      'number',
    ],
  }),
  {
    api: 'extractFeatures',
    name: 'an onProgress that throws',
    code: 'ERR_CAFFE_CALLBACK',
    run: ({ weights, output }) =>
      api.extractFeatures({ network: LINEAR, weights, blobs: ['fc'], batches: 1, outputs: [`${output}/db`], onProgress: thrower }),
  },
  ...tool('streamFeatures', {
    options: [async (_, options) => api.streamFeatures(options).next()],
    inputs: [
      async ({ weights }, inputs) => api.streamFeatures({ network: LINEAR, weights, blobs: ['fc'], inputs }).next(),
      'empty text',
      'text',
      'empty array',
      'sparse array',
    ],
  }),
  {
    api: 'streamFeatures',
    name: 'inputs whose iterator throws',
    code: 'ERR_CAFFE_CALLBACK',
    run: ({ weights }) => api.streamFeatures({ network: LINEAR, weights, blobs: ['fc'], inputs: { [Symbol.iterator]: thrower } }).next(),
  },
  ...tool('parseLog', {
    'the source': [(_, source) => api.parseLog(source)],
    year: [
      (_, year) => api.parseLog('I0210 13:39:22.381027 25210 solver.cpp:204] Iteration 0, loss = 1\n', { year }),
      'undefined',
      'number',
      'negative',
    ],
  }),
  {
    api: 'upgradeNetFile',
    name: 'inputs without shapes',
    code: 'ERR_CAFFE_PROTOTXT',
    run: ({ folder, output }) => {
      writeFileSync(`${folder}/shapes`, 'input: "a" input: "b" input_shape { dim: 1 }');
      return api.upgradeNetFile(`${folder}/shapes`, `${output}/new`);
    },
  },
  ...['upgradeNetFile', 'upgradeNetBinaryFile', 'upgradeSolverFile'].flatMap((name) => [
    ...tool(name, {
      'the input': [({ output }, input) => api[name](input, `${output}/new`)],
      'the output': [({ networkFile }, output) => api[name](networkFile, output), 'text'],
    }),
    {
      api: name,
      name: 'a file that is something else',
      code: NOT_FOUND,
      run: ({ folder, output }) => {
        writeFileSync(`${folder}/junk`, Buffer.alloc(64, 255));
        return api[name](`${folder}/junk`, `${output}/new`);
      },
    },
  ]),
];

async function prepare(folder) {
  const net = await api.Net.from(LINEAR);
  const weights = await net.toBuffer();
  writeFileSync(`${folder}/net.prototxt`, CLASSIFIER);
  const made = await dataset(folder);
  return {
    ...made,
    net,
    weights,
    networkFile: `${folder}/net.prototxt`,
    database: path.join(made.dataset.path, 'train_db'),
    list: [{ file: path.join(made.pictures, 'red/0.png'), label: 0 }],
  };
}

async function works({ net, database }) {
  const { fc } = await net.forward({ data: [1, 2, 3] });
  if (fc.data[0] !== 6.5) throw new Error(`the net computes ${fc.data[0]}, not 6.5`);
  if ((await api.computeImageMean(database)).count !== 8) throw new Error('the mean is of another number of images');
}

module.exports = { prepare, works, release: ({ net }) => net.dispose(), cases };
