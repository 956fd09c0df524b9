// Plain objects of caffe.proto, and what the linked Caffe does not know: fields of other Caffes.
const { prototxt } = require('../../..');
const { NO_OPTIONS, cyclic, each, thrower } = require('../support/hostile');

const INPUT = 'ERR_CAFFE_INPUT';
const PROTOTXT = 'ERR_CAFFE_PROTOTXT';
const KEEP = { unknown: 'keep' };

/** What a text can say. */
const SCALARS = ['undefined', 'boolean', 'number', 'NaN', 'infinity', 'negative', 'fraction', 'text', 'empty text', 'bigint'];
const NUMBERS = ['number', 'NaN', 'infinity', 'negative', 'fraction'];
const ARRAYS = ['array', 'empty array'];
/** A message without fields. */
const WITHOUT_FIELDS = ['object', 'object without prototype', 'date', 'promise', 'map', 'ArrayBuffer'];

const OPTIONS = {
  parseNet: (options) => prototxt.parseNet('', options),
  parseSolver: (options) => prototxt.parseSolver('', options),
  stringify: (options) => prototxt.stringify({}, 'net', options),
};

const options = Object.entries(OPTIONS).flatMap(([name, use]) => [
  {
    api: `prototxt.${name}`,
    name: 'options of every wrong kind',
    sync: true,
    code: INPUT,
    each: () => each(use, ...NO_OPTIONS),
  },
  {
    api: `prototxt.${name}`,
    name: 'a treatment of unknown fields of every wrong kind',
    sync: true,
    code: INPUT,
    each: () => each((unknown) => use({ unknown }), 'undefined'),
  },
]);

const cases = [
  ...options,
  {
    api: 'prototxt.NetSpec',
    name: 'a name of every wrong kind',
    sync: true,
    code: INPUT,
    each: () => each((name) => new prototxt.NetSpec(name), 'undefined', 'text', 'empty text'),
  },
  {
    api: 'prototxt.netSpec',
    name: 'tops of every wrong kind',
    sync: true,
    code: INPUT,
    each: () =>
      each((top) => {
        prototxt.netSpec().data = top;
      }),
  },
  {
    api: 'prototxt.netSpec',
    name: 'bottoms of every wrong kind',
    sync: true,
    code: INPUT,
    each: () => each((bottom) => prototxt.layers.ReLU(bottom, {})),
  },
  {
    api: 'prototxt.netSpec',
    name: 'settings of every wrong kind',
    sync: true,
    code: INPUT,
    each: () => each((settings) => prototxt.layers.ReLU(settings).toPrototxt(), ...NO_OPTIONS.filter((kind) => kind !== 'undefined')),
  },
  {
    api: 'prototxt.netSpec',
    name: 'a value of every wrong kind in a message',
    sync: true,
    code: INPUT,
    each: () => each((value) => prototxt.layers.Data({ transform_param: { scale: value } }).toPrototxt(), 'undefined', ...NUMBERS),
  },
  {
    api: 'prototxt.netSpec',
    name: 'a message of every wrong kind',
    sync: true,
    code: INPUT,
    each: () => each((value) => prototxt.layers.Data({ data_param: value, source: 'x' }).toPrototxt(), ...NO_OPTIONS),
  },
  {
    api: 'prototxt.netSpec',
    name: 'options of every wrong kind',
    sync: true,
    code: INPUT,
    each: () => each((options) => prototxt.netSpec().toPrototxt(options), ...NO_OPTIONS),
  },
  {
    api: 'prototxt.toNetParameter',
    name: 'tops of every wrong kind',
    sync: true,
    code: INPUT,
    each: () => each((top) => prototxt.toNetParameter(top)),
  },
  {
    api: 'prototxt.assignProto',
    name: 'a message of every wrong kind',
    sync: true,
    code: INPUT,
    each: () => each((message) => prototxt.assignProto(message, {})),
  },
  {
    api: 'prototxt.assignProto',
    name: 'values of every wrong kind',
    sync: true,
    code: INPUT,
    each: () => each((values) => prototxt.assignProto('NetState', values), ...NO_OPTIONS.filter((kind) => kind !== 'undefined')),
  },
  {
    api: 'prototxt.assignProto',
    name: 'a message in it of every wrong kind, for ever, or that throws',
    sync: true,
    code: INPUT,
    each: () => [
      ['cyclic', () => prototxt.assignProto('LayerParameter', { include: cyclic() })],
      [
        'a getter',
        () => prototxt.assignProto('NetParameter', { state: Object.defineProperty({}, 'level', { get: thrower, enumerable: true }) }),
      ],
    ],
  },
  {
    api: 'prototxt.unknownFields',
    name: 'a source of every wrong kind',
    sync: true,
    code: [INPUT, PROTOTXT],
    each: () => each((source) => prototxt.unknownFields(source), 'empty text'),
  },
  {
    api: 'prototxt.unknownFields',
    name: 'a kind of every wrong kind',
    sync: true,
    code: INPUT,
    each: () => each((kind) => prototxt.unknownFields('', kind), 'undefined'),
  },
  {
    api: 'prototxt.unknownFields',
    name: 'text that does not parse',
    sync: true,
    code: PROTOTXT,
    run: () => prototxt.unknownFields('layer { x: }'),
  },
  {
    api: 'prototxt.stringify',
    name: 'in an unknown field, what no text can say',
    sync: true,
    code: INPUT,
    each: () => each((x) => prototxt.stringify({ x }, 'net', KEEP), ...SCALARS, ...ARRAYS, ...WITHOUT_FIELDS),
  },
  {
    api: 'prototxt.stringify',
    name: 'an unknown field that goes on for ever, or throws',
    sync: true,
    code: INPUT,
    each: () => [
      ['cyclic', () => prototxt.stringify(cyclic(), 'net', KEEP)],
      ['in an array', () => prototxt.stringify({ x: [1, cyclic()] }, 'net', KEEP)],
      ['a getter', () => prototxt.stringify({ x: Object.defineProperty({}, 'y', { get: thrower, enumerable: true }) }, 'net', KEEP)],
    ],
  },
  {
    api: 'prototxt.stringify',
    name: 'names that would write other fields',
    sync: true,
    code: INPUT,
    each: () =>
      ['', ' ', 'a b', 'a: 1 b', 'x {', 'x\n', '1x', 'é'].map((name) => [name, () => prototxt.stringify({ [name]: 1 }, 'net', KEEP)]),
  },
];

module.exports = { cases };
