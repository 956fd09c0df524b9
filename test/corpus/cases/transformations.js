// Transformations of networks: selections of layers, heads by name, states, old formats.
const { prototxt } = require('../../..');
const { each, NO_OPTIONS, thrower } = require('../support/hostile');
const { CLASSIFIER } = require('../support/networks');

const INPUT = 'ERR_CAFFE_INPUT';
const PROTOTXT = 'ERR_CAFFE_PROTOTXT';
const SOLVER = 'base_lr: 0.1 net: "x"';
const OLD = 'layers { type: RELU }';

/** Each way to use a source, with whatever else it takes being right. */
const USES = {
  unfreeze: (source) => prototxt.unfreeze(source),
  select: (source) => prototxt.select(source, { phase: 'train' }),
  toAllInOne: (source) => prototxt.toAllInOne(source),
};

const sources = Object.entries(USES).flatMap(([name, use]) => [
  {
    api: `prototxt.${name}`,
    name: 'a source of every wrong kind',
    sync: true,
    code: [INPUT, PROTOTXT, 'ERR_CAFFE_UNSUPPORTED'],
    each: () => each(use, ...(name === 'toAllInOne' ? [] : ['empty text'])),
  },
  {
    api: `prototxt.${name}`,
    name: 'text that is no network',
    sync: true,
    code: [PROTOTXT, 'ERR_CAFFE_UNSUPPORTED'],
    each: () => ['layer {', 'a: }', SOLVER, OLD, '{'.repeat(100_000)].map((text) => [text.slice(0, 20), () => use(text)]),
  },
]);

/** An option of every wrong kind but those named. */
const option = (api, name, call, ...allowed) => ({
  api: `prototxt.${api}`,
  name: `${name} of every wrong kind`,
  sync: true,
  code: INPUT,
  each: () => each(call, ...allowed),
});

const selecting = ['freeze', 'unfreeze'].flatMap((api) => {
  const use = (options) => prototxt[api](CLASSIFIER, options);
  return [
    option(api, 'layers', (layers) => use({ layers }), 'undefined', 'empty array'),
    option(api, 'a pattern', (pattern) => use({ layers: [pattern] })),
    option(api, 'types', (types) => use({ types }), 'undefined', 'empty array'),
    option(api, 'a type', (type) => use({ types: [type] })),
    option(api, 'batchNormStatistics', (batchNormStatistics) => use({ through: 'conv', batchNormStatistics }), 'undefined', 'boolean'),
    {
      api: `prototxt.${api}`,
      name: 'an expression that throws when it is read',
      sync: true,
      code: INPUT,
      run: () => use({ layers: [new Proxy(/a/, { get: thrower })] }),
    },
  ];
});

const operations = [
  option('retarget', 'heads', (heads) => prototxt.retarget(CLASSIFIER, { classes: 2, heads }), 'undefined'),
  option('retarget', 'the name of a head', (head) => prototxt.retarget(CLASSIFIER, { classes: 2, heads: [head] })),
  option('retarget', 'classes of a head', (fc) => prototxt.retarget(CLASSIFIER, { classes: { fc } }), 'number'),
  option(
    'retarget',
    'keepNames',
    (keepNames) => prototxt.retarget(CLASSIFIER, { classes: 2, keepNames }),
    'undefined',
    'boolean',
    'empty array',
  ),
  option(
    'retarget',
    'learningRateFactor',
    (learningRateFactor) => prototxt.retarget(CLASSIFIER, { classes: 2, learningRateFactor }),
    'undefined',
    'number',
    'fraction',
  ),
  option('unfreeze', 'options', (options) => prototxt.unfreeze(CLASSIFIER, options), ...NO_OPTIONS),
  option('unfreeze', 'multipliers', (multipliers) => prototxt.unfreeze(CLASSIFIER, { multipliers }), 'undefined'),
  option(
    'unfreeze',
    'a multiplier',
    (learning) => prototxt.unfreeze(CLASSIFIER, { multipliers: [{ learning, decay: 1 }] }),
    'number',
    'fraction',
  ),
];

const selectOptions = [
  option('select', 'options', (options) => prototxt.select(CLASSIFIER, options)),
  option('select', 'phase', (phase) => prototxt.select(CLASSIFIER, { phase })),
  option('select', 'level', (level) => prototxt.select(CLASSIFIER, { phase: 'test', level }), 'undefined', 'number', 'negative'),
  option('select', 'stages', (stages) => prototxt.select(CLASSIFIER, { phase: 'test', stages }), 'undefined', 'empty array'),
  option('select', 'keepRules', (keepRules) => prototxt.select(CLASSIFIER, { phase: 'test', keepRules }), 'undefined', 'boolean'),
];

const allInOne = [
  option('toAllInOne', 'options', (options) => prototxt.toAllInOne(CLASSIFIER, options), ...NO_OPTIONS),
  option('toAllInOne', 'openOutputs', (openOutputs) => prototxt.toAllInOne(CLASSIFIER, { openOutputs }), 'undefined', 'boolean'),
  {
    api: 'prototxt.toAllInOne',
    name: 'trainVal or deploy of every wrong kind',
    sync: true,
    code: [INPUT, PROTOTXT, 'ERR_CAFFE_UNSUPPORTED'],
    *each() {
      yield* each((trainVal) => prototxt.toAllInOne({ trainVal }));
      yield* each((deploy) => prototxt.toAllInOne({ trainVal: CLASSIFIER, deploy }), 'undefined');
    },
  },
];

module.exports = { cases: [...sources, ...selecting, ...operations, ...selectOptions, ...allInOne] };
