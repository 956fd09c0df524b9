// What the engine's settings do to the whole process, by the way named as the first argument. Run by test/caffe.test.ts.
const { readdirSync } = require('node:fs');
const { Worker, isMainThread, parentPort } = require('node:worker_threads');
const { caffe, Net } = require('../..');

/** Large enough for BLAS to share out. */
const LARGE = `
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 256 dim: 512 } } }
layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc"
  inner_product_param { num_output: 512 weight_filler { type: "constant" value: 1 } } }`;
const DROPOUT = `
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 64 } } }
layer { name: "drop" type: "Dropout" bottom: "data" top: "drop" }`;

const threads = () => readdirSync('/proc/self/task').length;

async function runs(text, options) {
  const net = await Net.from(text, options);
  const outputs = await net.forward({ data: new Float32Array(net.blobs.data.count).fill(1) });
  await net.dispose();
  return outputs;
}

const ways = {
  /** One thread more for each that BLAS, OpenMP and oneDNN may use beside the lane itself, with the engine named as the second argument. */
  async 'counts threads'() {
    const counts = [];
    for (const count of [1, 3, 5]) {
      caffe.setThreads(count);
      await runs(LARGE, { engine: process.argv[3] });
      counts.push(threads());
    }
    console.log(counts.map((count) => count - counts[0]).join(' '));
  },
  /** The same on two lanes, which share them: of six, three each. */
  async 'shares threads'() {
    caffe.setLanes(2);
    const nets = [await Net.from(LARGE), await Net.from(LARGE)];
    const counts = [];
    for (const [count, first] of [
      [1, nets[0]],
      [2, nets[1]],
      [6, nets[0]],
      [7, nets[1]],
    ]) {
      caffe.setThreads(count);
      await first.forward({ data: new Float32Array(first.blobs.data.count).fill(1) });
      counts.push(threads());
    }
    console.log(counts.map((count) => count - counts[0]).join(' '));
  },
  /** A worker sets a seed, listens to the log and sets threads: the main thread neither draws nor hears nor computes otherwise. */
  async 'a worker of its own'() {
    const heard = [];
    caffe.on('log', (message) => heard.push(message));
    caffe.setRandomSeed(5);
    const [{ drop: first }, { drop: second }] = [await runs(DROPOUT, { phase: 'train' }), await runs(DROPOUT, { phase: 'train' })];
    const before = heard.length;
    caffe.setRandomSeed(5);
    const worker = new Worker(__filename);
    const inWorker = await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
    if (heard.length !== before) throw new Error('the main thread heard the log of the worker');
    if (inWorker.heard === 0) throw new Error('the worker heard nothing');
    const [{ drop: again }, { drop: then }] = [await runs(DROPOUT, { phase: 'train' }), await runs(DROPOUT, { phase: 'train' })];
    if (String(first.data) !== String(again.data) || String(second.data) !== String(then.data)) {
      throw new Error('the seed of the worker changed the draws of the main thread');
    }
    console.log('apart');
  },
};

async function inWorker() {
  let heard = 0;
  caffe.on('log', () => heard++);
  caffe.setRandomSeed(99);
  caffe.setThreads(1);
  await runs(DROPOUT, { phase: 'train' });
  parentPort.postMessage({ heard });
}

(isMainThread ? ways[process.argv[2]]() : inWorker()).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
