// One way to leave the process while the addon is at work, named by the first argument. Run by test/lifetimes.test.ts, which looks
// at the exit code, the signal and stderr.
const { Worker, isMainThread, parentPort, workerData } = require('node:worker_threads');
const { Net, Solver } = require('../..');

const LAYERS = Array.from({ length: 12 }, (_, index) => {
  const bottom = index === 0 ? 'data' : `conv${index - 1}`;
  return `layer { name: "conv${index}" type: "Convolution" bottom: "${bottom}" top: "conv${index}"
    convolution_param { num_output: 64 kernel_size: 3 pad: 1 weight_filler { type: "xavier" } } }`;
}).join('\n');
/** Takes about a second, in a dozen steps. */
const SLOW = `layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 4 dim: 64 dim: 96 dim: 96 } } }\n${LAYERS}`;
const LINEAR = `layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 } } }
layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc" inner_product_param { num_output: 2 weight_filler { type: "constant" value: 1 } } }`;

async function linearWorks() {
  const net = await Net.from(LINEAR);
  const { fc } = await net.forward({ data: [1, 2, 3] });
  if (fc.data[0] !== 6) throw new Error(`6 expected, ${fc.data[0]} computed`);
  return net;
}

const soon = () => new Promise((resolve) => setTimeout(resolve, 150));

const ways = {
  async 'returns without disposing anything'() {
    await linearWorks();
  },
  async 'returns while a view of a disposed net is kept'() {
    const net = await linearWorks();
    globalThis.kept = net.params.fc[0].data;
    await net.dispose();
  },
  async 'calls process.exit in the middle of a run'() {
    const net = await Net.from(SLOW);
    net.forward().catch(() => {});
    await soon();
    process.exit(7);
  },
  async 'throws in the middle of a run'() {
    const net = await Net.from(SLOW);
    net.forward().catch(() => {});
    await soon();
    setImmediate(() => {
      throw new Error('thrown on purpose');
    });
  },
  async 'aborts a run'() {
    const net = await Net.from(SLOW);
    const controller = new AbortController();
    const started = Date.now();
    const run = net.forward({}, { signal: controller.signal }).then(
      () => 'finished',
      (error) => error.code,
    );
    await soon();
    controller.abort();
    console.log(await run, Date.now() - started);
    await linearWorks();
  },
  async 'terminates a worker in the middle of a run'() {
    for (let round = 0; round < 5; round++) {
      const worker = new Worker(__filename, { argv: process.argv.slice(2), workerData: 'slow' });
      await new Promise((resolve) => worker.once('message', resolve));
      await worker.terminate();
    }
    await linearWorks();
  },
  async 'runs in workers that end by themselves'() {
    await linearWorks();
    const workers = Array.from({ length: 4 }, () => new Worker(__filename, { argv: process.argv.slice(2), workerData: 'linear' }));
    const codes = await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once('exit', resolve))));
    if (codes.some((code) => code !== 0)) throw new Error(`workers exited with ${codes}`);
    await linearWorks();
  },
  async 'leaves a training diverging'() {
    const solver = await Solver.from(`net_param { ${LINEAR.replace('dim: 1 dim: 3', 'dim: 4 dim: 3')}
      layer { name: "label" type: "Input" top: "label" input_param { shape { dim: 4 } } }
      layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" top: "loss" } } base_lr: 3e38 momentum: 0.9 lr_policy: "fixed"`);
    solver.net.blobs.data.set([1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3]);
    solver.net.blobs.label.set([0, 1, 0, 1]);
    const code = await solver.step(50).then(
      () => 'finished',
      (error) => error.code,
    );
    console.log(code);
    await linearWorks();
  },
  async 'spawns processes during runs'() {
    const net = await Net.from(SLOW);
    const runs = [net.forward(), net.forward()];
    const { execFile } = require('node:child_process');
    for (let count = 0; count < 10; count++) {
      await new Promise((resolve, reject) => execFile(process.execPath, ['-e', '0'], (error) => (error ? reject(error) : resolve())));
    }
    await Promise.all(runs);
  },
};

async function main() {
  if (isMainThread) return ways[process.argv[2]]();
  if (workerData === 'linear') return linearWorks();
  const net = await Net.from(SLOW);
  const run = net.forward();
  parentPort.postMessage('running');
  await run;
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
