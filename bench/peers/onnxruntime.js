// onnxruntime-node, as a process of the benchmark.
//   node bench/peers/onnxruntime.js '{"net":FILE.onnx,"input":FILE,"output":FILE,"shape":[1,3,227,227],"threads":2}'
const { InferenceSession, Tensor } = require('onnxruntime-node');
const { readFloats, writeFloats } = require('../suite/floats');
const { serve } = require('./serve');

const { net, input, output, shape, threads } = JSON.parse(process.argv[2]);

let session;
let feeds;
serve({
  load: async () => {
    session = await InferenceSession.create(net, {
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
    });
  },
  first: async () => {
    feeds = { [session.inputNames[0]]: new Tensor('float32', readFloats(input), shape) };
    const outputs = await session.run(feeds);
    writeFloats(output, outputs[session.outputNames[0]].data);
  },
  run: () => session.run(feeds),
});
