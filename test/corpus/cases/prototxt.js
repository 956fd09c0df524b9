// The prototxt toolkit: text and documents in, text out, all of it synchronous but for the upgrade.
const { prototxt } = require('../../..');
const { NO_OPTIONS, EMPTY_OBJECTS, cyclic, each, thrower } = require('../support/hostile');
const { CLASSIFIER } = require('../support/networks');

const INPUT = 'ERR_CAFFE_INPUT';
const PROTOTXT = 'ERR_CAFFE_PROTOTXT';
const SOURCE = { source: 'lmdb', batchSize: 2 };
const SOLVER = 'base_lr: 0.1 lr_policy: "fixed"';

/** Each way to use a source, with whatever else it takes being right. */
const USES = {
  parse: prototxt.parse,
  parseNet: prototxt.parseNet,
  parseSolver: prototxt.parseSolver,
  retarget: (source) => prototxt.retarget(source, { classes: 2 }),
  freeze: (source) => prototxt.freeze(source, { through: 'conv' }),
  toDeploy: (source) => prototxt.toDeploy(source, { input: { data: [1, 1, 4, 4] } }),
  toTrainVal: (source) => prototxt.toTrainVal(source, { train: SOURCE, validation: SOURCE }),
  setLearningRates: (source) => prototxt.setLearningRates(source, { layers: ['conv'], factor: 2 }),
  inspect: prototxt.inspect,
  draw: prototxt.draw,
  upgrade: prototxt.upgrade,
};

/** Texts that none of them may take, by what is wrong. */
const BAD_TEXTS = {
  'an open brace': 'layer {',
  'a closing brace': 'layer { name: "x" } }',
  'an open string': 'name: "x',
  'an escape that does not exist': 'name: "\\q"',
  NUL: 'name: "x"\0',
  'a lone surrogate': 'name: \ud800',
  'a field without a value': 'layer { name: }',
  '100,000 open braces': 'layer { '.repeat(100_000),
  '1,000,000 open angle brackets': 'a<'.repeat(1_000_000),
  '100,000 lists within each other': `a: ${'['.repeat(100_000)}`,
  '100,000 closed levels': `${'a { '.repeat(100_000)}${'}'.repeat(100_000)}`,
  'a number of a million digits that runs on': `x: ${'9'.repeat(1_000_000)}z`,
  'a million minus signs': `x: ${'-'.repeat(1_000_000)}1`,
};

const sync = (name) => name !== 'upgrade';

const sources = Object.entries(USES).flatMap(([name, use]) => [
  {
    api: `prototxt.${name}`,
    name: 'a source of every wrong kind',
    sync: sync(name),
    code: [INPUT, PROTOTXT, 'ERR_CAFFE_UNSUPPORTED'],
    each: () =>
      each(
        use,
        ...(name === 'parse' || name.startsWith('parse') || name === 'inspect' || name === 'draw'
          ? ['empty text']
          : name === 'upgrade'
            ? ['empty text']
            : []),
      ),
  },
  {
    api: `prototxt.${name}`,
    name: 'text that does not parse',
    sync: sync(name),
    code: PROTOTXT,
    each: () => Object.entries(BAD_TEXTS).map(([label, text]) => [label, () => use(text)]),
  },
]);

const numbers = [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53 + 2, '2', 2n, null];
const values = (use, given = numbers) => given.map((value) => [String(value), () => use(value)]);

const operations = [
  { api: 'prototxt.parse', name: 'no source at all', sync: true, code: INPUT, run: () => prototxt.parse() },
  { api: 'prototxt.parseNet', name: 'a field that does not exist', sync: true, code: PROTOTXT, run: () => prototxt.parseNet('nmae: "x"') },
  {
    api: 'prototxt.parseNet',
    name: 'fields by the names of an object’s own',
    sync: true,
    code: PROTOTXT,
    each: () => ['__proto__', 'constructor', 'toString'].map((name) => [name, () => prototxt.parseNet(`${name}: 1`)]),
  },
  {
    api: 'prototxt.parseNet',
    name: 'numbers out of their range',
    sync: true,
    code: PROTOTXT,
    each: () =>
      ['2147483648', '-2147483649', '1e99', '0.5', '99999999999999999999'].map((number) => [
        number,
        () => prototxt.parseNet(`input_dim: ${number}`),
      ]),
  },
  {
    api: 'prototxt.parseNet',
    name: 'a second value where there is one',
    sync: true,
    code: PROTOTXT,
    run: () => prototxt.parseNet('name: "a" name: "b"'),
  },
  {
    api: 'prototxt.parseSolver',
    name: 'a field of a net',
    sync: true,
    code: PROTOTXT,
    run: () => prototxt.parseSolver(`${SOLVER} layer { }`),
  },
  {
    api: 'prototxt.parseSolver',
    name: 'an enum value that does not exist',
    sync: true,
    code: PROTOTXT,
    run: () => prototxt.parseSolver('solver_mode: TPU'),
  },

  {
    api: 'prototxt.stringify',
    name: 'an object of every wrong kind',
    sync: true,
    code: INPUT,
    each: () =>
      each(
        (object) => prototxt.stringify(object, 'net'),
        'object without prototype',
        'date',
        'promise',
        'map',
        'detached array',
        'DataView',
        'ArrayBuffer',
      ),
  },
  {
    api: 'prototxt.stringify',
    name: 'a kind of every wrong kind',
    sync: true,
    code: INPUT,
    each: () => each((kind) => prototxt.stringify({}, kind)),
  },
  {
    api: 'prototxt.stringify',
    name: 'a cycle where a message belongs',
    sync: true,
    code: INPUT,
    run: () => prototxt.stringify({ layer: [cyclic()] }, 'net'),
  },
  {
    api: 'prototxt.stringify',
    name: 'a value of every wrong kind',
    sync: true,
    code: INPUT,
    each: () => each((name) => prototxt.stringify({ name }, 'net'), 'undefined', 'text', 'empty text'),
  },
  {
    api: 'prototxt.stringify',
    name: 'a getter that throws',
    sync: true,
    code: INPUT,
    run: () =>
      prototxt.stringify(
        {
          get name() {
            return thrower();
          },
        },
        'net',
      ),
  },
  {
    api: 'prototxt.stringify',
    name: 'a float that is none',
    sync: true,
    code: INPUT,
    run: () => prototxt.stringify({ base_lr: '0.1' }, 'solver'),
  },

  {
    api: 'prototxt.retarget',
    name: 'options of every wrong kind',
    sync: true,
    code: INPUT,
    each: () => each((options) => prototxt.retarget(CLASSIFIER, options)),
  },
  {
    api: 'prototxt.retarget',
    name: 'classes that are no number from 1',
    sync: true,
    code: INPUT,
    each: () => values((classes) => prototxt.retarget(CLASSIFIER, { classes })),
  },
  {
    api: 'prototxt.retarget',
    name: 'classes of 2^32',
    sync: true,
    code: INPUT,
    run: () => prototxt.retarget(CLASSIFIER, { classes: 2 ** 32 }),
  },
  {
    api: 'prototxt.retarget',
    name: 'rename of every wrong kind',
    sync: true,
    code: INPUT,
    each: () => each((rename) => prototxt.retarget(CLASSIFIER, { classes: 2, rename }), 'function', ...EMPTY_OBJECTS),
  },
  {
    api: 'prototxt.retarget',
    name: 'a renaming that throws',
    sync: true,
    code: 'ERR_CAFFE_CALLBACK',
    run: () => prototxt.retarget(CLASSIFIER, { classes: 2, rename: thrower }),
  },
  {
    api: 'prototxt.retarget',
    name: 'a renaming to something that is no name',
    sync: true,
    code: INPUT,
    each: () => each((name) => prototxt.retarget(CLASSIFIER, { classes: 2, rename: () => name }), 'undefined', 'text'),
  },
  {
    api: 'prototxt.retarget',
    name: 'a name in use',
    sync: true,
    code: INPUT,
    run: () => prototxt.retarget(CLASSIFIER, { classes: 2, rename: { fc: 'conv' } }),
  },
  {
    api: 'prototxt.retarget',
    name: 'a network without a classifier',
    sync: true,
    code: 'ERR_CAFFE_UNSUPPORTED',
    run: () => prototxt.retarget('name: "x"', { classes: 2 }),
  },

  {
    api: 'prototxt.freeze',
    name: 'options of every wrong kind',
    sync: true,
    code: INPUT,
    each: () => each((options) => prototxt.freeze(CLASSIFIER, options)),
  },
  {
    api: 'prototxt.freeze',
    name: 'through of every wrong kind',
    sync: true,
    code: INPUT,
    each: () => each((through) => prototxt.freeze(CLASSIFIER, { through })),
  },
  {
    api: 'prototxt.freeze',
    name: 'except of every wrong kind',
    sync: true,
    code: INPUT,
    each: () => each((except) => prototxt.freeze(CLASSIFIER, { except }), 'empty array'),
  },

  {
    api: 'prototxt.toDeploy',
    name: 'options of every wrong kind',
    sync: true,
    code: INPUT,
    each: () => each((options) => prototxt.toDeploy(CLASSIFIER, options), ...NO_OPTIONS),
  },
  {
    api: 'prototxt.toDeploy',
    name: 'input of every wrong kind',
    sync: true,
    code: INPUT,
    each: () => each((input) => prototxt.toDeploy(CLASSIFIER, { input }), ...EMPTY_OBJECTS),
  },
  {
    api: 'prototxt.toDeploy',
    name: 'a shape of every wrong kind',
    sync: true,
    code: INPUT,
    each: () => each((data) => prototxt.toDeploy(CLASSIFIER, { input: { data } }), 'array'),
  },
  {
    api: 'prototxt.toDeploy',
    name: 'an extent that is none',
    sync: true,
    code: INPUT,
    each: () => values((extent) => prototxt.toDeploy(CLASSIFIER, { input: { data: [1, 1, 4, extent] } }), [...numbers, 2 ** 31]),
  },
  {
    api: 'prototxt.toDeploy',
    name: 'a blob that is no input',
    sync: true,
    code: INPUT,
    run: () => prototxt.toDeploy(CLASSIFIER, { input: { data: [1, 1, 4, 4], none: [1] } }),
  },
  {
    api: 'prototxt.toDeploy',
    name: 'nothing to deploy',
    sync: true,
    code: ['ERR_CAFFE_UNSUPPORTED', INPUT],
    run: () => prototxt.toDeploy('name: "x"', { input: {} }),
  },

  {
    api: 'prototxt.toTrainVal',
    name: 'options of every wrong kind',
    sync: true,
    code: INPUT,
    each: () => each((options) => prototxt.toTrainVal(CLASSIFIER, options)),
  },
  {
    api: 'prototxt.toTrainVal',
    name: 'train of every wrong kind',
    sync: true,
    code: INPUT,
    each: () => each((train) => prototxt.toTrainVal(CLASSIFIER, { train, validation: SOURCE })),
  },
  ...['source', 'batchSize', 'backend', 'mirror', 'cropSize', 'meanFile', 'meanValues', 'scale', 'shuffle'].map((field) => ({
    api: 'prototxt.toTrainVal',
    name: `${field} of every wrong kind`,
    sync: true,
    code: INPUT,
    each: () =>
      each(
        (value) => prototxt.toTrainVal(CLASSIFIER, { train: { ...SOURCE, [field]: value }, validation: SOURCE }),
        ...{
          source: ['text'],
          batchSize: ['undefined', 'number'],
          cropSize: ['undefined', 'number'],
          scale: ['undefined', 'number', 'negative', 'fraction'],
          meanFile: ['undefined', 'text'],
          meanValues: ['undefined', 'array', 'empty array'],
          mirror: ['undefined', 'boolean'],
          shuffle: ['undefined', 'boolean'],
          backend: ['undefined'],
        }[field],
      ),
  })),
  {
    api: 'prototxt.toTrainVal',
    name: 'classes that are no number from 1',
    sync: true,
    code: INPUT,
    each: () => values((classes) => prototxt.toTrainVal(CLASSIFIER, { train: SOURCE, validation: SOURCE, classes })),
  },

  {
    api: 'prototxt.setLearningRates',
    name: 'options of every wrong kind',
    sync: true,
    code: INPUT,
    each: () => each((options) => prototxt.setLearningRates(CLASSIFIER, options)),
  },
  {
    api: 'prototxt.setLearningRates',
    name: 'layers of every wrong kind',
    sync: true,
    code: INPUT,
    each: () => each((layers) => prototxt.setLearningRates(CLASSIFIER, { layers, factor: 1 }), 'empty array'),
  },
  {
    api: 'prototxt.setLearningRates',
    name: 'a factor that is none',
    sync: true,
    code: INPUT,
    each: () =>
      values(
        (factor) => prototxt.setLearningRates(CLASSIFIER, { layers: ['fc'], factor }),
        [-1, Number.NaN, Number.POSITIVE_INFINITY, '2', 2n, null],
      ),
  },
  {
    api: 'prototxt.setLearningRates',
    name: 'a layer without parameters',
    sync: true,
    code: INPUT,
    run: () => prototxt.setLearningRates(CLASSIFIER, { layers: ['relu'], factor: 1 }),
  },

  {
    api: 'prototxt.inspect',
    name: 'a network in an old notation',
    sync: true,
    code: 'ERR_CAFFE_UNSUPPORTED',
    run: () => prototxt.inspect('layers { name: "x" type: RELU bottom: "a" top: "a" }'),
  },
  {
    api: 'prototxt.draw',
    name: 'options of every wrong kind',
    sync: true,
    code: INPUT,
    each: () => each((options) => prototxt.draw(CLASSIFIER, options), ...NO_OPTIONS),
  },
  {
    api: 'prototxt.draw',
    name: 'every option of every wrong kind',
    sync: true,
    code: INPUT,
    each: function* () {
      for (const [option, ...allowed] of [
        ['format'],
        ['rankdir'],
        ['phase'],
        ['level', 'number', 'negative'],
        ['stages', 'empty array'],
        ['learningRates', 'boolean'],
      ])
        for (const [kind, call] of each((value) => prototxt.draw(CLASSIFIER, { [option]: value }), 'undefined', ...allowed))
          yield [`${option}: ${kind}`, call];
    },
  },

  {
    api: 'prototxt.PrototxtDocument',
    name: 'constructed with something of every wrong kind',
    sync: true,
    code: [INPUT, PROTOTXT],
    each: () => each((text) => new prototxt.PrototxtDocument(text), 'empty text'),
  },
  {
    api: 'prototxt.PrototxtDocument#edit',
    name: 'a change of every wrong kind',
    sync: true,
    code: [INPUT, 'ERR_CAFFE_CALLBACK'],
    each: ({ document }) => each((change) => document.edit(change), 'function'),
  },
  {
    api: 'prototxt.PrototxtDocument#edit',
    name: 'a change that throws',
    sync: true,
    code: 'ERR_CAFFE_CALLBACK',
    run: ({ document }) => document.edit(thrower),
  },
  {
    api: 'prototxt.PrototxtDocument#edit',
    name: 'a change that leaves no prototxt',
    sync: true,
    code: PROTOTXT,
    run: ({ document }) => document.edit((edits) => edits.replace({ start: 0, end: 3 }, '{{{')),
  },
  {
    api: 'prototxt.PrototxtDocument#edit',
    name: 'without its object',
    sync: true,
    code: INPUT,
    each: ({ document }) => each((receiver) => document.edit.call(receiver, () => {})),
  },
  {
    api: 'prototxt.PrototxtDocument#toString',
    name: 'without its object',
    sync: true,
    code: INPUT,
    each: ({ document }) => each((receiver) => document.toString.call(receiver)),
  },
  {
    api: 'prototxt.upgrade',
    name: 'a network that Caffe cannot upgrade',
    code: PROTOTXT,
    run: () => prototxt.upgrade('layers { name: "x" type: NOTHING }'),
  },
];

/** Cut at every place, a network either does not parse or is a shorter one: no other error, and never a crash. */
const cut = Object.entries(USES).map(([name, use]) => ({
  api: `prototxt.${name}`,
  name: 'a network cut at every place',
  code: [PROTOTXT, INPUT, 'ERR_CAFFE_UNSUPPORTED', 'none'],
  each: () =>
    Array.from({ length: CLASSIFIER.length }, (_, length) => [`after ${length} characters`, async () => use(CLASSIFIER.slice(0, length))]),
}));

const prepare = () => ({ document: prototxt.parse(CLASSIFIER) });

function works({ document }) {
  if (document.toString() !== CLASSIFIER) throw new Error('the document has changed');
  if (!prototxt.retarget(document, { classes: 7 }).text.includes('num_output: 7')) throw new Error('retarget no longer works');
}

module.exports = { prepare, works, cases: [...sources, ...operations, ...cut] };
