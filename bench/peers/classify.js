// This package classifying photographs, as a process of the benchmark: what decoding alone takes, what the network alone, and both together.
//   node bench/peers/classify.js '{"net":FOLDER,"photographs":[FILE,…],"output":FILE,"batch":10,"size":[256,256],"threads":2,"engine":…,"precision":…}'
// `net` is a model folder. Each measurement answers {"ms":…,"decodeMs":…,"forwardMs":…}, for all photographs.
const path = require('node:path');
const sharp = require('sharp');
const { caffe, Classifier, Net } = require('../..');
const { writeFloats } = require('../suite/floats');
const { serve } = require('./serve');

const { net: folder, photographs, output, batch, size, threads, engine, precision } = JSON.parse(process.argv[2]);
caffe.setThreads(threads);

let classifier;
let net;
let input;

/** Decoded and resized as they are for the network, by sharp alone. */
function decodeAll() {
  const [height, width] = size;
  return Promise.all(photographs.map((file) => sharp(file).resize({ height, width, fit: 'fill', kernel: 'linear' }).raw().toBuffer()));
}

/** As many runs of the network as the photographs take. */
async function forwardAll() {
  for (let first = 0; first < photographs.length; first += batch) await net.forward(input);
}

async function millisecondsOf(work) {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

serve({
  load: async () => {
    classifier = await Classifier.open(folder, { batch, engine, precision });
    net = await Net.load(path.join(folder, 'deploy.prototxt'), {
      weights: path.join(folder, 'snapshot_iter_1.caffemodel'),
      engine,
      precision,
    });
    const [name] = net.inputs;
    const shape = [Math.min(batch, photographs.length), ...net.blobs[name].shape.slice(1)];
    const data = new Float32Array(shape.reduce((count, extent) => count * extent, 1)).fill(50);
    input = { [name]: { shape, data } };
    await net.forward(input);
  },
  first: async () => {
    const classes = classifier.labels.length;
    const probabilities = new Float32Array(photographs.length * classes);
    for (const [index, predictions] of (await classifier.classify(photographs, { top: classes })).entries()) {
      for (const { label, probability } of predictions) probabilities[index * classes + Number(label)] = probability;
    }
    writeFloats(output, probabilities);
  },
  measure: async () => ({
    decodeMs: await millisecondsOf(decodeAll),
    forwardMs: await millisecondsOf(forwardAll),
    ms: await millisecondsOf(() => classifier.classify(photographs)),
  }),
});
