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

const startWorker = (task) => new Worker(__filename, { argv: process.argv.slice(2), workerData: task });

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
      const worker = startWorker('slow');
      await new Promise((resolve) => worker.once('message', resolve));
      await worker.terminate();
    }
    await linearWorks();
  },
  async 'terminates workers that train, beside runs of its own'() {
    const net = await Net.from(SLOW);
    const runs = [net.forward(), net.forward()];
    for (let round = 0; round < 3; round++) {
      const worker = startWorker('training');
      await new Promise((resolve) => worker.once('message', resolve));
      await worker.terminate();
    }
    await Promise.all(runs);
    await linearWorks();
  },
  async 'runs a worker that calls process.exit in the middle of a run'() {
    const worker = startWorker('leaves');
    const code = await new Promise((resolve) => worker.once('exit', resolve));
    if (code !== 3) throw new Error(`the worker exited with ${code}`);
    await linearWorks();
  },
  async 'runs a worker that throws in the middle of a run'() {
    const worker = startWorker('throws');
    const error = await new Promise((resolve) => worker.once('error', resolve));
    if (error.message !== 'thrown on purpose') throw error;
    await linearWorks();
  },
  async 'hands tensors to a worker and back'() {
    const net = await linearWorks();
    const { fc } = await net.forward({ data: [4, 5, 6] });
    const worker = startWorker('echo');
    await new Promise((resolve) => worker.once('online', resolve));
    const answered = new Promise((resolve) => worker.once('message', resolve));
    worker.postMessage(fc);
    const back = await answered;
    const clone = structuredClone(fc);
    for (const tensor of [back, clone]) {
      if (String(tensor.shape) !== '1,2' || String(tensor.data) !== '15,15') throw new Error(`arrived as ${JSON.stringify(tensor)}`);
    }
    const view = net.blobs.fc.data;
    if (String(structuredClone(view)) !== '15,15') throw new Error('the clone of a live view has other values');
    await worker.terminate();
    net.blobs.data.set([1, 2, 3]);
    if (String((await net.forward()).fc.data) !== '6,6') throw new Error('the net no longer works');
  },
  async 'kills itself by a signal in the middle of a run'() {
    const net = await Net.from(SLOW);
    net.forward().catch(() => {});
    await soon();
    process.kill(process.pid, 'SIGTERM');
  },
  async 'leaves a rejection unhandled in the middle of a run'() {
    const net = await Net.from(SLOW);
    net.forward();
    await soon();
    Net.from('layer { name: "x" type: "Nonsense" top: "x" }');
  },
  async 'runs in workers that end by themselves'() {
    await linearWorks();
    const workers = Array.from({ length: 4 }, () => startWorker('linear'));
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

/** What a worker does, by its workerData. */
const tasks = {
  linear: linearWorks,
  async slow() {
    const net = await Net.from(SLOW);
    const run = net.forward();
    parentPort.postMessage('running');
    await run;
  },
  async training() {
    const solver = await Solver.from(`net_param { ${SLOW.replace('name: "data"', 'name: "input"')}
      layer { name: "loss" type: "Reduction" bottom: "conv11" top: "loss" loss_weight: 1 } } base_lr: 1e-9 lr_policy: "fixed"`);
    const steps = solver.step(100);
    parentPort.postMessage('running');
    await steps;
  },
  async leaves() {
    const net = await Net.from(SLOW);
    net.forward().catch(() => {});
    await soon();
    process.exit(3);
  },
  async throws() {
    const net = await Net.from(SLOW);
    net.forward().catch(() => {});
    await soon();
    setImmediate(() => {
      throw new Error('thrown on purpose');
    });
  },
  echo: () => parentPort.on('message', (message) => parentPort.postMessage(message)),
};

async function main() {
  return isMainThread ? ways[process.argv[2]]() : tasks[workerData]();
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
