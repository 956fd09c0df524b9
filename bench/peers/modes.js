// This package with several nets at once, each on a lane of its own, as a process of the benchmark.
//   node bench/peers/modes.js '{"net":FILE,"weights":FILE,"input":FILE,"output":FILE,"lanes":2,"threads":1,"engine":…,"precision":…}'
// The threads are those of each net. A measurement answers {"ms":…}: how long a run takes while all nets run.
const { caffe, Net } = require('../..');
const { readFloats, writeFloats } = require('../suite/floats');
const { serve } = require('./serve');

const { net: file, weights, input, output, lanes, threads, engine, precision } = JSON.parse(process.argv[2]);
caffe.setThreads(lanes * threads); // they share them
caffe.setLanes(lanes);

let nets;
let inputs;

serve({
  load: async () => {
    nets = await Promise.all(Array.from({ length: lanes }, () => Net.load(file, { weights, engine, precision })));
  },
  first: async () => {
    const [name] = nets[0].inputs;
    inputs = { [name]: readFloats(input) };
    const outputs = await Promise.all(nets.map((net) => net.forward(inputs)));
    writeFloats(output, outputs[0][nets[0].outputs[0]].data);
  },
  measure: async (count) => {
    const start = performance.now();
    await Promise.all(
      nets.map(async (net) => {
        for (let index = 0; index < count; index++) await net.forward(inputs);
      }),
    );
    return { ms: (performance.now() - start) / count };
  },
});
