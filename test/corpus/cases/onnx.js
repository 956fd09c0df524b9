// ONNX export of what is no network, has weights that are none, or goes where it cannot.
const { existsSync, mkdirSync, readdirSync } = require('node:fs');
const path = require('node:path');
const { exportOnnx, io, Net } = require('../../..');
const { EMPTY_OBJECTS, each, thrower } = require('../support/hostile');
const { LINEAR } = require('../support/networks');

const INPUT = 'ERR_CAFFE_INPUT';
const FILE = 'ERR_CAFFE_FILE';
const PROTOTXT = 'ERR_CAFFE_PROTOTXT';
const WEIGHTS = 'ERR_CAFFE_WEIGHTS';
const UNSUPPORTED = 'ERR_CAFFE_UNSUPPORTED';
const SHAPE = 'ERR_CAFFE_SHAPE';

const NET = `name: "net"
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 2 dim: 5 dim: 5 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" convolution_param { num_output: 3 kernel_size: 3 } }
layer { name: "bn" type: "BatchNorm" bottom: "conv" top: "conv" }
layer { name: "pool" type: "Pooling" bottom: "conv" top: "pool" pooling_param { kernel_size: 2 stride: 2 pad: 1 } }
layer { name: "fc" type: "InnerProduct" bottom: "pool" top: "fc" inner_product_param { num_output: 2 } }`;

const withLayer = (layer) => `${NET}\nlayer { name: "more" bottom: "conv" top: "more" ${layer} }`;

/** The weights of NET with one layer changed. */
async function changed(weights, name, change) {
  const message = await io.decodeMessage('NetParameter', weights);
  const layer = message.layer.map((one) => (one.name === name ? { ...one, ...change(one) } : one));
  return io.encodeMessage('NetParameter', { ...message, layer });
}

const cases = [
  { name: 'a model of every wrong kind', code: [INPUT, FILE], each: ({ output }) => each((model) => exportOnnx(model, { output })) },
  {
    name: 'options of every wrong kind',
    code: INPUT,
    each: ({ weights }) => each((options) => exportOnnx({ network: NET, weights }, options)),
  },
  {
    name: 'a network of every wrong kind',
    code: [INPUT, FILE, PROTOTXT, UNSUPPORTED],
    each: ({ output, weights }) => each((network) => exportOnnx({ network, weights }, { output })),
  },
  {
    name: 'weights of every wrong kind',
    code: [INPUT, FILE, WEIGHTS],
    each: ({ output }) => each((weights) => exportOnnx({ network: NET, weights }, { output })),
  },
  {
    name: 'a network that cannot be read',
    code: INPUT,
    run: ({ output, weights }) =>
      exportOnnx(
        {
          get network() {
            return thrower();
          },
          weights,
        },
        { output },
      ),
  },
  ...[
    ['output', ['text']],
    ['batch', ['undefined', 'number']],
    ['input', EMPTY_OBJECTS],
    ['signal', ['undefined']],
  ].map(([option, allowed]) => ({
    name: `${option} of every wrong kind`,
    code: INPUT,
    each: ({ output, weights }) => each((value) => exportOnnx({ network: NET, weights }, { output, [option]: value }), ...allowed),
  })),
  {
    name: 'the shape of an input of every wrong kind',
    code: INPUT,
    each: ({ output, weights }) => each((data) => exportOnnx({ network: NET, weights }, { output, input: { data } }), 'array'),
  },
  {
    name: 'a shape for what is no input',
    code: INPUT,
    run: ({ output, weights }) => exportOnnx({ network: NET, weights }, { output, input: { conv: [1, 2, 5, 5] } }),
  },
  {
    name: 'a shape that a layer refuses',
    code: SHAPE,
    run: ({ output, weights }) => exportOnnx({ network: NET, weights }, { output, input: { data: [1, 2, 2, 2] } }),
  },
  {
    name: 'shapes that need other weights',
    code: WEIGHTS,
    each: ({ output, weights }) =>
      [
        [1, 2, 9, 9],
        [1, 3, 5, 5],
      ].map((data) => [data.join('×'), () => exportOnnx({ network: NET, weights }, { output, input: { data } })]),
  },
  {
    name: 'an input whose shape nothing tells',
    code: INPUT,
    run: ({ output, weights }) =>
      exportOnnx({ network: NET.replace('input_param { shape { dim: 1 dim: 2 dim: 5 dim: 5 } }', ''), weights }, { output }),
  },
  {
    name: 'layers that ONNX has nothing for',
    code: UNSUPPORTED,
    each: ({ output, weights }) =>
      [
        'type: "Pooling" pooling_param { pool: STOCHASTIC kernel_size: 2 }',
        'type: "SPP" spp_param { pyramid_height: 2 }',
        'type: "Im2col" convolution_param { kernel_size: 2 }',
        'type: "Python" python_param { module: "a" layer: "b" }',
        'type: "Pooling" top: "mask" pooling_param { kernel_size: 2 }',
      ].map((layer) => [layer, () => exportOnnx({ network: withLayer(layer), weights }, { output })]),
  },
  {
    name: 'layers that Caffe refuses',
    code: [PROTOTXT, SHAPE, UNSUPPORTED],
    each: ({ output, weights }) =>
      ['type: "NoSuchLayer"', 'type: "Convolution"', 'type: "Softmax" softmax_param { axis: 7 }', 'type: "Concat" bottom: "data"'].map(
        (layer) => [layer, () => exportOnnx({ network: withLayer(layer), weights }, { output })],
      ),
  },
  {
    name: 'a layer without weights',
    code: WEIGHTS,
    each: ({ output, weights }) =>
      ['type: "InnerProduct" inner_product_param { num_output: 2 }', 'type: "BatchNorm"', 'type: "Scale"'].map((layer) => [
        layer,
        () => exportOnnx({ network: withLayer(layer), weights }, { output }),
      ]),
  },
  {
    name: "another network's weights",
    code: WEIGHTS,
    run: ({ output, others }) => exportOnnx({ network: NET, weights: others }, { output }),
  },
  {
    name: 'weights cut off anywhere',
    code: [WEIGHTS, 'none'],
    each: ({ output, weights }) =>
      Array.from({ length: 40 }, (_, i) => [
        `after ${i}/40`,
        () => exportOnnx({ network: NET, weights: weights.subarray(0, Math.floor((i * weights.length) / 40)) }, { output }),
      ]),
  },
  ...[
    [
      'more values than their shape takes',
      ({ blobs: [first, ...more] }) => ({ blobs: [{ ...first, data: new Float32Array(999) }, ...more] }),
    ],
    ['a shape that is none', ({ blobs: [first, ...more] }) => ({ blobs: [{ ...first, shape: { dim: [-3, 2 ** 40] } }, ...more] })],
    ['another shape', ({ blobs: [, ...more] }) => ({ blobs: [{ shape: { dim: [1] }, data: [1] }, ...more] })],
    ['too few blobs', ({ blobs }) => ({ blobs: blobs.slice(0, -1) })],
  ].map(([what, change]) => ({
    name: `parameters with ${what}`,
    code: WEIGHTS,
    each: ({ output, weights }) =>
      ['conv', 'bn', 'fc'].map((layer) => [
        layer,
        async () => exportOnnx({ network: NET, weights: await changed(weights, layer, change) }, { output }),
      ]),
  })),
  {
    name: 'a network cut at every place',
    code: [PROTOTXT, INPUT, UNSUPPORTED, WEIGHTS, FILE, SHAPE, 'none'],
    each: ({ output, weights }) =>
      Array.from({ length: NET.length }, (_, length) => [
        `after ${length} characters`,
        () => exportOnnx({ network: NET.slice(0, length), weights }, { output }),
      ]),
  },
  { name: 'onto a folder', code: FILE, run: ({ weights, folder }) => exportOnnx({ network: NET, weights }, { output: folder }) },
  { name: 'into /proc', code: FILE, run: ({ weights }) => exportOnnx({ network: NET, weights }, { output: '/proc/x.onnx' }) },
  { name: 'onto a device', code: FILE, run: ({ weights }) => exportOnnx({ network: NET, weights }, { output: '/dev/null' }) },
  {
    name: 'a batch that Caffe cannot count',
    code: [INPUT, SHAPE],
    run: ({ output, weights }) => exportOnnx({ network: NET, weights }, { output, batch: 2 ** 30 }),
  },
].map((one) => ({ api: 'exportOnnx', ...one }));

async function prepare(folder) {
  const [net, other] = await Promise.all([Net.from(NET), Net.from(LINEAR.replaceAll('"fc"', '"other"'))]);
  const fixture = { folder, weights: await net.toBuffer(), others: await other.toBuffer() };
  await Promise.all([net.dispose(), other.dispose()]);
  mkdirSync(path.join(folder, 'onnx'));
  return { ...fixture, output: path.join(folder, 'onnx', 'net.onnx') };
}

/** It can be exported afterwards as before, and nothing else is left. */
async function works({ output, weights }) {
  await exportOnnx({ network: NET, weights }, { output });
  if (!existsSync(output)) throw new Error('nothing was written');
  const left = readdirSync(path.dirname(output));
  if (left.length !== 1) throw new Error(`${left} were left`);
}

module.exports = { prepare, works, cases };
