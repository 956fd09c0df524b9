// Operations on networks with their weights: weights that are none, are damaged, or are another network's.
const { mkdirSync, writeFileSync } = require('node:fs');
const path = require('node:path');
const { io, Net, prototxt } = require('../../..');
const { EMPTY_OBJECTS, NO_OPTIONS, each, thrower } = require('../support/hostile');
const { LINEAR } = require('../support/networks');

const INPUT = 'ERR_CAFFE_INPUT';
const PROTOTXT = 'ERR_CAFFE_PROTOTXT';
const WEIGHTS = 'ERR_CAFFE_WEIGHTS';
const UNSUPPORTED = 'ERR_CAFFE_UNSUPPORTED';
const FILE = 'ERR_CAFFE_FILE';

/** A convolution with its BatchNorm and Scale, and a second one. */
const NORMALIZED = `name: "normalized"
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 2 dim: 5 dim: 5 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" convolution_param { num_output: 3 kernel_size: 3 } }
layer { name: "bn" type: "BatchNorm" bottom: "conv" top: "conv" }
layer { name: "scale" type: "Scale" bottom: "conv" top: "conv" scale_param { bias_term: true } }
layer { name: "fc" type: "InnerProduct" bottom: "conv" top: "fc" inner_product_param { num_output: 2 } }`;

/** Each operation, with whatever it needs beside source and weights. */
const OPERATIONS = {
  foldBatchNorm: (source, options) => prototxt.foldBatchNorm(source, options),
  extract: (source, options) => prototxt.extract(source, options),
};

/** A caffemodel of NORMALIZED of which one layer is changed. */
async function changed(weights, name, change) {
  const message = await io.decodeMessage('NetParameter', weights);
  const layer = message.layer.map((one) => (one.name === name ? { ...one, ...change(one) } : one));
  return io.encodeMessage('NetParameter', { ...message, layer });
}

const cases = Object.entries(OPERATIONS).flatMap(([name, operate]) => [
  {
    api: `prototxt.${name}`,
    name: 'a source of every wrong kind',
    code: [INPUT, PROTOTXT, UNSUPPORTED, WEIGHTS],
    each: ({ weights }) => each((source) => operate(source, { weights })),
  },
  {
    api: `prototxt.${name}`,
    name: 'options of every wrong kind',
    code: INPUT,
    each: () => each((options) => operate(NORMALIZED, options), ...(name === 'extract' ? NO_OPTIONS : [])),
  },
  {
    api: `prototxt.${name}`,
    name: 'weights of every wrong kind',
    code: [INPUT, FILE],
    each: () => each((weights) => operate(NORMALIZED, { weights }), ...(name === 'extract' ? ['undefined'] : [])),
  },
  {
    api: `prototxt.${name}`,
    name: 'weights that cannot be read',
    code: INPUT,
    run: () =>
      operate(NORMALIZED, {
        get weights() {
          return thrower();
        },
      }),
  },
  {
    api: `prototxt.${name}`,
    name: 'weights cut off anywhere',
    code: [WEIGHTS, 'none'],
    each: ({ weights }) =>
      Array.from({ length: 40 }, (_, i) => [
        `after ${i}/40`,
        () => operate(NORMALIZED, { weights: weights.subarray(0, Math.floor((i * weights.length) / 40)) }),
      ]),
  },
  {
    api: `prototxt.${name}`,
    name: 'a file of weights that is none',
    code: [WEIGHTS, FILE],
    each: ({ folder }) =>
      ['text', 'empty', 'nowhere', '.'].map((file) => [file, () => operate(NORMALIZED, { weights: path.join(folder, 'files', file) })]),
  },
  {
    api: `prototxt.${name}`,
    name: "another network's weights",
    code: WEIGHTS,
    run: ({ others }) => operate(NORMALIZED, { weights: others }),
  },
  {
    api: `prototxt.${name}`,
    name: 'a network cut at every place',
    code: [PROTOTXT, INPUT, UNSUPPORTED, WEIGHTS, 'none'],
    each: ({ weights }) =>
      Array.from({ length: NORMALIZED.length }, (_, length) => [
        `after ${length} characters`,
        () => operate(NORMALIZED.slice(0, length), { weights }),
      ]),
  },
]);

const options = [
  {
    api: 'prototxt.foldBatchNorm',
    name: 'a signal of every wrong kind',
    code: INPUT,
    each: ({ weights }) => each((signal) => prototxt.foldBatchNorm(NORMALIZED, { weights, signal }), 'undefined'),
  },
  ...['from', 'to'].map((option) => ({
    api: 'prototxt.extract',
    name: `${option} of every wrong kind`,
    code: INPUT,
    each: () => each((blobs) => prototxt.extract(NORMALIZED, { [option]: blobs }), 'undefined'),
  })),
  {
    api: 'prototxt.extract',
    name: 'a source of every wrong kind, without weights',
    code: [INPUT, PROTOTXT, UNSUPPORTED],
    each: () => each((source) => prototxt.extract(source)),
  },
  {
    api: 'prototxt.extract',
    name: 'names that are none among the blobs',
    code: INPUT,
    each: () => each((blob) => prototxt.extract(NORMALIZED, { from: ['conv', blob], to: 'fc' })),
  },
  {
    api: 'prototxt.extract',
    name: 'input of every wrong kind',
    code: INPUT,
    each: () => each((input) => prototxt.extract(NORMALIZED, { from: 'conv', input }), ...EMPTY_OBJECTS),
  },
  {
    api: 'prototxt.extract',
    name: 'a shape of every wrong kind',
    code: INPUT,
    each: () => each((conv) => prototxt.extract(NORMALIZED, { from: 'conv', input: { conv } }), 'array'),
  },
];

const damaged = [
  [
    'more values than their shape takes',
    ({ blobs: [first, ...more] }) => ({ blobs: [{ ...first, data: new Float32Array(1000) }, ...more] }),
  ],
  ['a shape that is none', ({ blobs: [first, ...more] }) => ({ blobs: [{ ...first, shape: { dim: [-3, 2 ** 40] } }, ...more] })],
].map(([what, change]) => ({
  api: 'prototxt.foldBatchNorm',
  name: `parameters with ${what}`,
  code: WEIGHTS,
  each: ({ weights }) =>
    ['conv', 'bn', 'scale'].map((layer) => [
      layer,
      async () => prototxt.foldBatchNorm(NORMALIZED, { weights: await changed(weights, layer, change) }),
    ]),
}));

/** They are kept, each with its reason. */
const unfit = {
  api: 'prototxt.foldBatchNorm',
  name: 'parameters that do not fit',
  code: 'none',
  each: ({ weights }) =>
    ['conv', 'bn', 'scale'].flatMap((layer) =>
      [[], [{ shape: { dim: [1] }, data: [1] }], [{ shape: { dim: [0] } }]].map((blobs, index) => [
        `${layer}, ${index}`,
        async () => {
          const { folded } = await prototxt.foldBatchNorm(NORMALIZED, { weights: await changed(weights, layer, () => ({ blobs })) });
          if (folded.some((one) => one.layer === layer)) throw new Error(`${layer} was folded`);
        },
      ]),
    ),
};

async function prepare(folder) {
  const [net, other] = await Promise.all([Net.from(NORMALIZED), Net.from(LINEAR.replaceAll('"fc"', '"other"'))]);
  const fixture = { weights: await net.toBuffer(), others: await other.toBuffer() };
  await Promise.all([net.dispose(), other.dispose()]);
  mkdirSync(path.join(folder, 'files'));
  writeFileSync(path.join(folder, 'files', 'text'), NORMALIZED);
  writeFileSync(path.join(folder, 'files', 'empty'), '');
  return fixture;
}

async function works({ weights }) {
  const { folded } = await prototxt.foldBatchNorm(NORMALIZED, { weights });
  if (folded.length !== 2) throw new Error(`${folded.length} layers are folded`);
  const { kept } = await prototxt.extract(NORMALIZED, { from: 'conv', weights });
  if (kept.join() !== 'fc') throw new Error(`${kept} are extracted`);
}

module.exports = { prepare, works, cases: [...cases, ...options, ...damaged, unfit] };
