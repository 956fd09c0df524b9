// A plan of the fast engine, as a process of the benchmark: each of its steps, and what a run costs seen from JavaScript.
//   node bench/peers/plan.js '{"net":FILE,"weights":FILE,"input":FILE,"output":FILE,"threads":2,"precision":"f32"}'
// A measurement answers {"ms":…,"planMs":…,"steps":[…]}: medians of a run, of all steps together, and of each.
const { caffe, Net } = require('../..');
const { readFloats, writeFloats } = require('../suite/floats');
const { median } = require('../suite/statistics');
const { serve } = require('./serve');

const { net: file, weights, input, output, threads, precision } = JSON.parse(process.argv[2]);
caffe.setThreads(threads);

let net;
let inputs;

async function timedRun() {
  const start = performance.now();
  await net.forward(inputs, { timed: true });
  const ms = performance.now() - start;
  if (!net.plan) throw new Error(`Caffe ran the network: ${net.engine.reason}`);
  const { steps } = net.plan;
  return { ms, planMs: steps.reduce((sum, { milliseconds }) => sum + milliseconds, 0), steps };
}

serve({
  load: async () => {
    net = await Net.load(file, { weights, engine: 'onednn', precision });
  },
  first: async () => {
    const [name] = net.inputs;
    inputs = { [name]: readFloats(input) };
    const outputs = await net.forward(inputs);
    writeFloats(output, outputs[net.outputs[0]].data);
  },
  measure: async (count) => {
    const runs = [];
    for (let index = 0; index < count; index++) runs.push(await timedRun());
    const [{ steps }] = runs;
    return {
      ms: median(runs.map(({ ms }) => ms)),
      planMs: median(runs.map(({ planMs }) => planMs)),
      steps: steps.map(({ layers, primitive, format, engine }, index) => ({
        layers,
        engine,
        primitive,
        format,
        ms: median(runs.map((run) => run.steps[index].milliseconds)),
      })),
    };
  },
});
