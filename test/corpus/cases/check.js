// Checks and summaries of networks: bad text is a finding of the one and an error of the other, bad arguments are errors of both.
const { prototxt } = require('../../..');
const { NO_OPTIONS, EMPTY_OBJECTS, each, thrower } = require('../support/hostile');
const { CLASSIFIER } = require('../support/networks');

const INPUT = 'ERR_CAFFE_INPUT';
const PROTOTXT = 'ERR_CAFFE_PROTOTXT';

/** What is refused by both, of the options they have in common. */
const WRONG_OPTIONS = {
  phase: [null, 'deploy', 1, {}],
  level: [null, 0.5, '0', Number.NaN],
  stages: ['train', [1], [null], {}],
  batch: [0, -1, 1.5, Number.NaN, 2 ** 31, '2', null],
  inputs: ['data', 1, null, [1], { data: 'x' }, { data: [0] }, { data: [1.5] }, { data: [2 ** 40] }, { nowhere: [1] }],
  layerTypes: ['Own', [7], {}],
};

const cases = ['check', 'summary'].flatMap((name) => {
  const use = prototxt[name];
  return [
    {
      api: `prototxt.${name}`,
      name: 'a source of every wrong kind',
      sync: true,
      code: [INPUT, PROTOTXT],
      each: () => each(use, ...(name === 'check' ? ['text', 'empty text'] : [])),
    },
    {
      api: `prototxt.${name}`,
      name: 'options of every wrong kind',
      sync: true,
      code: INPUT,
      each: () => each((options) => use(CLASSIFIER, options), ...NO_OPTIONS, ...EMPTY_OBJECTS),
    },
    ...Object.entries(WRONG_OPTIONS).map(([option, values]) => ({
      api: `prototxt.${name}`,
      name: `${option} out of its range`,
      sync: true,
      code: INPUT,
      each: () => values.map((value) => [JSON.stringify(value) ?? String(value), () => use(CLASSIFIER, { [option]: value })]),
    })),
    {
      api: `prototxt.${name}`,
      name: 'an option that throws when it is read',
      sync: true,
      code: INPUT,
      run: () => use(CLASSIFIER, Object.defineProperty({}, 'inputs', { get: thrower })),
    },
  ];
});

const summaries = [
  { api: 'prototxt.summary', name: 'no layers', sync: true, code: PROTOTXT, run: () => prototxt.summary('name: "x"') },
  { api: 'prototxt.summary', name: 'a solver', sync: true, code: PROTOTXT, run: () => prototxt.summary('base_lr: 1 lr_policy: "fixed"') },
  {
    api: 'prototxt.summary',
    name: 'layers of the first versions',
    sync: true,
    code: 'ERR_CAFFE_UNSUPPORTED',
    run: () => prototxt.summary('layers { name: "r" type: RELU bottom: "data" top: "r" }'),
  },
];

/** A check tells of bad text and throws nothing. */
const TEXTS = {
  'an open brace': 'layer {',
  'layers of nothing but names': 'layer { name: "x" } layer { } layer { bottom: "" top: "" }',
  'a net without end': 'layer { name: "a" type: "Reshape" bottom: "a" top: "a" }',
  'numbers that are none':
    'layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 } } } layer { name: "y" type: "Power" bottom: "x" top: "y" loss_weight: nan power_param { power: -inf } }',
  'extents of 2^62':
    'layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 4611686018427387904 dim: 4611686018427387904 } } }',
  'layers by the names of an object’s own':
    'layer { name: "__proto__" type: "constructor" bottom: "toString" top: "hasOwnProperty" param { name: "__proto__" } }',
  '100,000 open braces': 'layer { '.repeat(100_000),
  '20,000 layers that read what nobody writes': 'layer { name: "r" type: "ReLU" bottom: "x" top: "y" }\n'.repeat(20_000),
};

const texts = [
  {
    api: 'prototxt.check',
    name: 'bad text of every kind, which is told and not thrown',
    sync: true,
    code: 'none',
    each: () =>
      Object.entries(TEXTS).map(([label, text]) => [
        label,
        () => {
          const { ok, findings } = prototxt.check(text);
          if (findings.some(({ line, column, fix }) => !(line >= 1 && column >= 1 && fix))) throw new Error('a finding without a place');
          if (ok && !label.startsWith('numbers')) throw new Error('nothing was found');
        },
      ]),
  },
];

exports.cases = [...cases, ...summaries, ...texts];
