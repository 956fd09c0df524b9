// Loads and runs the networks in the file of its first argument, each with every kind of data, and says what became of them, one
// JSON value a line: the name before, so that a crash names its case, and the outcome after.
const { readFileSync, writeSync } = require('node:fs');
const { caffe, Net, registerLayer } = require('../..');

const LINEAR = `layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 } } }
layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc"
  inner_product_param { num_output: 2 weight_filler { type: "constant" value: 1 } bias_filler { type: "constant" value: 0.5 } } }`;
/** Larger nets are loaded, but not run: they would only take time. */
const MOST_VALUES = 1_000_000;
/** What the inputs are filled with, over and over, one list after the other. */
const DATA = [[0], [1, 0, 2], [Number.NaN, 1], [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY], [-1], [1e9, -1e9, 0.5], [3e38, -3e38]];

/** The layer of the types JavaScript and Python: each top is the first bottom. */
registerLayer(
  'Same',
  class {
    reshape([bottom], tops) {
      for (const top of tops) top.reshape(...bottom.shape);
    }
    forward([bottom], tops) {
      for (const top of tops) top.data = bottom.data;
    }
    backward([top], [propagates], [bottom]) {
      if (propagates) bottom.diff = top.diff;
    }
  },
);

const say = (value) => writeSync(1, `${JSON.stringify(value)}\n`);

function failureOf(error) {
  const { code, layer, hint, line } = error;
  if (!/^ERR_CAFFE_/.test(code ?? '')) throw error;
  return { code, layer, hint, line, message: error.message };
}

async function attempt(run) {
  try {
    await run();
  } catch (error) {
    failureOf(error);
  }
}

function fill(net, values) {
  for (const name of net.inputs) {
    const { data } = net.blobs[name];
    for (let i = 0; i < data.length; i++) data[i] = values[i % values.length];
  }
}

/** Forward and backward with all kinds of data, with data that change in between, and with twice the batch. */
async function exercise(net) {
  const size = net.blobNames.reduce((sum, name) => sum + net.blobs[name].count, 0);
  if (size > MOST_VALUES || net.inputs.some((name) => net.blobs[name].count === 0)) return;
  await attempt(() => net.backward());
  for (const [i, values] of DATA.entries()) {
    fill(net, values);
    await attempt(() => net.forward());
    await attempt(() => net.backward());
    fill(net, DATA[(i + 1) % DATA.length]);
    await attempt(() => net.backward());
  }
  for (const factor of [2, 0.5]) {
    const feeds = Object.fromEntries(
      net.inputs.map((name) => {
        const { shape } = net.blobs[name];
        const other = shape.map((extent, axis) => (axis === 0 || factor < 1 ? Math.max(1, Math.round(extent * factor)) : extent));
        return [name, { shape: other, data: new Float32Array(other.reduce((a, b) => a * b, 1)) }];
      }),
    );
    await attempt(() => net.forward(feeds));
    await attempt(() => net.backward());
  }
}

async function outcomeOf(text, phase) {
  let net;
  try {
    net = await Net.from(text, { phase });
  } catch (error) {
    return failureOf(error);
  }
  await exercise(net);
  await net.dispose();
  return 'ran';
}

async function main() {
  caffe.setThreads(1); // these nets are so small that threads would only get in each other's way
  for (const { name, text } of JSON.parse(readFileSync(process.argv[2], 'utf8'))) {
    say({ start: name });
    const outcome = { test: await outcomeOf(text, 'test'), train: await outcomeOf(text, 'train') };
    const linear = await Net.from(LINEAR);
    const { fc } = await linear.forward({ data: [1, 2, 3] });
    await linear.dispose();
    say({ end: name, outcome, afterwards: fc.data[0] });
  }
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
