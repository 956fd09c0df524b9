// Prototxt documents: what is read and edited by path, renamed, laid out, compared.
const { prototxt } = require('../../..');
const { NO_OPTIONS, EMPTY_OBJECTS, each, thrower, throwing } = require('../support/hostile');
const { CLASSIFIER } = require('../support/networks');

const INPUT = 'ERR_CAFFE_INPUT';
const PROTOTXT = 'ERR_CAFFE_PROTOTXT';
const CALLBACK = 'ERR_CAFFE_CALLBACK';

/** Paths that lead nowhere. */
const PATHS = [
  '.',
  'layer.',
  '.layer',
  'layer[',
  'layer[]',
  'layer[0',
  'layer]0[',
  'layer[0]name',
  'layer[0]..name',
  'läyer',
  'layer name',
  'layer[0].name.x',
];
const NOWHERE = ['__proto__', 'constructor', 'toString', 'layer[0].nmae', 'layer.name', 'layer[nobody].name', 'base_lr'];

const paths = (use) => [...PATHS, ...NOWHERE].map((path) => [path, () => use(path)]);
const editing = (document, change) => document.edit(change);
const member = (name, use) => ({
  api: `prototxt.PrototxtDocument#${name}`,
  name: 'without its object',
  sync: true,
  code: INPUT,
  each: () => each(use),
});
/** What a document has as a property. */
const getter = (name) => Object.getOwnPropertyDescriptor(prototxt.PrototxtDocument.prototype, name).get;

const queries = [
  {
    api: 'prototxt.PrototxtDocument#get',
    name: 'a path of every wrong kind',
    sync: true,
    code: INPUT,
    each: ({ document }) => each((path) => document.get(path)),
  },
  {
    api: 'prototxt.PrototxtDocument#get',
    name: 'a path that leads nowhere',
    sync: true,
    code: INPUT,
    each: ({ document }) => paths((path) => document.get(path)),
  },
  {
    api: 'prototxt.PrototxtDocument#get',
    name: 'a value of the wrong type in the file',
    sync: true,
    code: PROTOTXT,
    each: () => ['name: 5', 'name: "a" name: "b"', 'name { }', 'name: MAX'].map((text) => [text, () => prototxt.parse(text).get('name')]),
  },
  member('get', (receiver) => prototxt.PrototxtDocument.prototype.get.call(receiver, 'name')),
  {
    api: 'prototxt.PrototxtDocument#layer',
    name: 'a name of every wrong kind',
    sync: true,
    code: INPUT,
    each: ({ document }) => each((name) => document.layer(name)),
  },
  {
    api: 'prototxt.PrototxtDocument#layer',
    name: 'a query of every wrong kind',
    sync: true,
    code: INPUT,
    each: ({ document }) => each((query) => document.layer('conv', query), ...NO_OPTIONS),
  },
  member('layer', (receiver) => prototxt.PrototxtDocument.prototype.layer.call(receiver, 'conv')),
  {
    api: 'prototxt.PrototxtDocument#layers',
    name: 'every part of a query of every wrong kind',
    sync: true,
    code: INPUT,
    each: function* ({ document }) {
      for (const [part, ...allowed] of [
        ['name', 'text', 'empty text'],
        ['type', 'text', 'empty text'],
        ['bottom', 'text', 'empty text'],
        ['top', 'text', 'empty text'],
        ['phase'],
      ])
        for (const [kind, call] of each((value) => document.layers({ [part]: value }), 'undefined', ...allowed))
          yield [`${part}: ${kind}`, call];
      for (const [kind, call] of each((level) => document.layers({ phase: 'test', level }), 'undefined', 'number', 'negative'))
        yield [`level: ${kind}`, call];
      for (const [kind, call] of each((stages) => document.layers({ phase: 'test', stages }), 'undefined', 'empty array'))
        yield [`stages: ${kind}`, call];
      yield ['a Proxy that throws', () => document.layers(throwing())];
    },
  },
  member('layers', (receiver) => prototxt.PrototxtDocument.prototype.layers.call(receiver)),
  member('dangling', (receiver) => getter('dangling').call(receiver)),
  {
    api: 'prototxt.PrototxtDocument#dangling',
    name: 'layers that are none',
    sync: true,
    code: PROTOTXT,
    each: () =>
      ['layer: 5', 'layer { bottom: 5 }', 'layer { top { } }', 'layer { include { phase: 7 } }'].map((text) => [
        text,
        () => prototxt.parse(text).dangling,
      ]),
  },
  member('changes', (receiver) => getter('changes').call(receiver)),
  {
    api: 'prototxt.PrototxtDocument#changes',
    name: 'options of the unified diff of every wrong kind',
    sync: true,
    code: INPUT,
    each: function* ({ document }) {
      yield* each((options) => document.changes.unified(options), ...NO_OPTIONS);
      for (const [kind, call] of each((name) => document.changes.unified({ name }), 'undefined', 'text')) yield [`name: ${kind}`, call];
      for (const [kind, call] of each((context) => document.changes.unified({ context }), 'undefined', 'number'))
        yield [`context: ${kind}`, call];
    },
  },
];

/** Edits by path, in a document that stays as it is. */
const edits = [
  {
    api: 'prototxt.PrototxtDocument#edit',
    name: 'paths to set that lead nowhere',
    sync: true,
    code: INPUT,
    each: ({ document }) => paths((path) => editing(document, (edit) => edit.set(path, 1))),
  },
  {
    api: 'prototxt.PrototxtDocument#edit',
    name: 'values to set of every wrong kind',
    sync: true,
    code: INPUT,
    each: function* ({ document }) {
      for (const [path, ...allowed] of [
        ['name', 'text', 'empty text'],
        ['force_backward', 'boolean'],
        ['state', 'object without prototype', 'date', 'promise', 'map', 'detached array', 'DataView', 'ArrayBuffer'],
        ['input', 'text', 'empty text', 'empty array'],
        ['layer[0].phase'],
      ])
        for (const [kind, call] of each((value) => editing(document, (edit) => edit.set(path, value)), ...allowed))
          yield [`${path}: ${kind}`, call];
    },
  },
  {
    api: 'prototxt.PrototxtDocument#edit',
    name: 'a message to set in, to remove or to move, of every wrong kind',
    sync: true,
    code: [INPUT, PROTOTXT],
    each: function* ({ document }) {
      yield* each((message) => editing(document, (edit) => edit.set(message, 'name', 'x')));
      for (const [kind, call] of each((what) => editing(document, (edit) => edit.remove(what)))) yield [`removed: ${kind}`, call];
      for (const [kind, call] of each((layer) => editing(document, (edit) => edit.move(layer)))) yield [`moved: ${kind}`, call];
      const other = prototxt.parse(CLASSIFIER).layer('conv');
      yield ['of another document', () => editing(document, (edit) => edit.move(other))];
    },
  },
  {
    api: 'prototxt.PrototxtDocument#edit',
    name: 'layers to insert of every wrong kind',
    sync: true,
    code: [INPUT, PROTOTXT],
    each: function* ({ document }) {
      const empty = ['object without prototype', 'date', 'promise', 'map', 'detached array', 'DataView', 'ArrayBuffer'];
      yield* each((layer) => editing(document, (edit) => edit.insert(layer)), ...empty);
      for (const [kind, call] of each((place) => editing(document, (edit) => edit.insert('layer { }', place)), ...NO_OPTIONS))
        yield [`at ${kind}`, call];
      for (const [kind, call] of each((before) => editing(document, (edit) => edit.insert('layer { }', { before })), 'undefined'))
        yield [`before ${kind}`, call];
    },
  },
  {
    api: 'prototxt.PrototxtDocument#edit',
    name: 'what is removed twice, set in what is removed, or moved to itself',
    sync: true,
    code: 'none',
    each: ({ document }) => [
      [
        'all of it',
        () =>
          editing(document, (edit) => {
            edit.move('relu', { after: 'relu' });
            edit.remove('layer[relu]');
            edit.remove('layer[relu]');
            edit.set('layer[relu].relu_param.negative_slope', 1);
            edit.move('relu', { before: 'conv' });
          }),
      ],
    ],
  },
];

const operations = [
  ...['format', 'rename', 'diff'].flatMap((name) => {
    const use = {
      format: prototxt.format,
      rename: (source) => prototxt.rename(source, { layers: { conv: 'x' } }),
      diff: (source) => prototxt.diff(source, CLASSIFIER),
    };
    return [
      {
        api: `prototxt.${name}`,
        name: 'a source of every wrong kind',
        sync: true,
        code: [INPUT, PROTOTXT],
        each: () => each(use[name], ...(name === 'rename' ? [] : ['empty text'])),
      },
      { api: `prototxt.${name}`, name: 'text that does not parse', sync: true, code: PROTOTXT, run: () => use[name]('layer {') },
    ];
  }),
  {
    api: 'prototxt.diff',
    name: 'another source of every wrong kind',
    sync: true,
    code: [INPUT, PROTOTXT],
    each: () => each((other) => prototxt.diff(CLASSIFIER, other), 'empty text'),
  },
  {
    api: 'prototxt.format',
    name: 'options of every wrong kind',
    sync: true,
    code: INPUT,
    each: function* () {
      yield* each((options) => prototxt.format(CLASSIFIER, options), ...NO_OPTIONS);
      for (const [kind, call] of each((indent) => prototxt.format(CLASSIFIER, { indent }), 'undefined', 'number'))
        yield [`indent: ${kind}`, call];
      for (const [kind, call] of each((width) => prototxt.format(CLASSIFIER, { width }), 'undefined', 'number'))
        yield [`width: ${kind}`, call];
    },
  },
  {
    api: 'prototxt.rename',
    name: 'options of every wrong kind',
    sync: true,
    code: INPUT,
    each: function* () {
      yield* each((options) => prototxt.rename(CLASSIFIER, options), ...NO_OPTIONS);
      for (const option of ['layers', 'blobs', 'names']) {
        for (const [kind, call] of each((names) => prototxt.rename(CLASSIFIER, { [option]: names }), ...EMPTY_OBJECTS))
          yield [`${option}: ${kind}`, call];
        for (const [kind, call] of each((to) => prototxt.rename(CLASSIFIER, { [option]: { conv: to } }), 'text'))
          yield [`${option}.conv: ${kind}`, call];
      }
    },
  },
  {
    api: 'prototxt.PrototxtDocument#edit',
    name: 'a change that throws after others',
    sync: true,
    code: CALLBACK,
    run: ({ document }) => editing(document, (edit) => [edit.set('name', 'x'), thrower()]),
  },
];

const prepare = () => ({ document: prototxt.parse(CLASSIFIER) });

function works({ document }) {
  if (document.toString() !== CLASSIFIER) throw new Error('the document has changed');
  if (document.edit((edit) => edit.set('name', 'new')).get('name') !== 'new') throw new Error('a document can no longer be edited');
}

module.exports = { prepare, works, cases: [...queries, ...edits, ...operations] };
