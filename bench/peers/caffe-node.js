// This package, as a process of the benchmark.
//   node bench/peers/caffe-node.js '{"task":"forward"|"train","net":FILE,"weights":FILE,"input":FILE,"output":FILE,"threads":2,"engine":…,"precision":…}'
// `net` is a deploy file, or the solver for `train`. For input and output see bench/driver.cc.
const { caffe, Net, Solver } = require('../..');
const { readFloats, writeFloats } = require('../suite/floats');
const { serve } = require('./serve');

const { task, net: file, weights, input, output, threads, engine, precision } = JSON.parse(process.argv[2]);
caffe.setThreads(threads);
const options = { weights, engine, precision };
// What a deployed network holds: the plan's own copies of the weights suffice.
const deployed = { ...options, ...(engine === 'onednn' && task === 'forward' && { releaseOriginals: true }) };

/** The inputs by name, cut out of the file. */
function readInputs(net) {
  if (input === '-') return {};
  const values = readFloats(input);
  let from = 0;
  return Object.fromEntries(
    net.inputs.map((name) => {
      const { count } = net.blobs[name];
      from += count;
      return [name, values.subarray(from - count, from)];
    }),
  );
}

function forward() {
  let net;
  let inputs;
  return {
    load: async () => {
      net = await Net.load(file, deployed);
    },
    first: async () => {
      inputs = readInputs(net);
      const outputs = await net.forward(inputs);
      requireEngine(net);
      writeFloats(
        output,
        net.outputs.flatMap((name) => [...outputs[name].data]),
      );
    },
    run: () => net.forward(inputs),
  };
}

/** Only what the engine itself computes counts as its own. */
function requireEngine(net) {
  if (net.engine.name !== engine) throw new Error(`Caffe computed it: ${net.engine.reason}`);
}

const lengthOf = (values) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));

function train() {
  let solver;
  const parameters = () => solver.net.layers.flatMap(({ params }) => params);
  return {
    load: async () => {
      solver = await Solver.load(file, options);
    },
    first: async () => {
      for (const [name, values] of Object.entries(readInputs(solver.net))) solver.net.blobs[name].set(values);
      const values = [];
      for (let step = 0; step < 2; step++) {
        const { loss } = await solver.step();
        values.push(loss, ...parameters().map(({ diff }) => lengthOf(diff)));
      }
      requireEngine(solver.net);
      writeFloats(output, values);
    },
    run: () => solver.step(),
  };
}

serve(task === 'train' ? train() : forward());
