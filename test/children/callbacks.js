// One way to end while a lane waits for JavaScript, named by the first argument. Run by test/callbacks.test.ts.
const { Worker, isMainThread, parentPort, workerData } = require('node:worker_threads');
const { Net, registerLayer } = require('../..');

const NET = `layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 } } }
layer { name: "x" type: "JavaScript" bottom: "data" top: "out" python_param { layer: "Layer" } }`;

let callback = () => {};
registerLayer(
  'Layer',
  class {
    setup() {
      if (callback === 'setup') throw new Error('on purpose');
    }
    reshape(bottoms, tops) {
      tops[0].reshape(...bottoms[0].shape);
    }
    forward(bottoms, tops) {
      tops[0].data.set(bottoms[0].data);
      return callback(bottoms, tops);
    }
  },
);

/** A net whose run waits for ever; resolves when it does. */
async function waiting(work = () => new Promise(() => {})) {
  callback = () => {};
  const net = await Net.from(NET);
  let run;
  await new Promise((reached) => {
    callback = () => {
      reached();
      return work();
    };
    run = net.forward();
    run.catch(() => {});
  });
  return { net, run };
}

async function works() {
  callback = () => {};
  const net = await Net.from(NET);
  const { out } = await net.forward({ data: [1, 2, 3] });
  await net.dispose();
  if (out.data[2] !== 3) throw new Error(`3 expected, ${out.data[2]} computed`);
  console.log('fine');
}

/** A worker that does `task`, once it says that it is there. */
async function worker(task) {
  const started = new Worker(__filename, { workerData: task });
  const exit = new Promise((resolve) => started.once('exit', resolve));
  await new Promise((resolve, reject) => {
    started.once('message', resolve);
    started.once('error', reject);
  });
  return { exit, terminate: () => started.terminate() };
}

const soon = () => new Promise((resolve) => setTimeout(resolve, 20));

const ways = {
  async 'returns while a callback never settles'() {
    await works();
    await waiting();
  },
  async 'terminates workers that wait for a callback'() {
    for (let round = 0; round < 5; round++) await (await worker('wait')).terminate();
    await works();
  },
  async 'terminates workers that are stuck in a callback'() {
    for (let round = 0; round < 3; round++) {
      const stuck = await worker('stick');
      await soon();
      await stuck.terminate();
    }
    await works();
  },
  async 'lets a worker end by itself while a callback never settles'() {
    const code = await (await worker('wait')).exit;
    if (code !== 0) throw new Error(`the worker exited with ${code}`);
    await works();
  },
  async 'lets a worker exit inside a callback'() {
    const code = await (await worker('exit')).exit;
    if (code !== 5) throw new Error(`the worker exited with ${code}`);
    await works();
  },
  async 'calls process.exit inside a callback'() {
    await waiting(() => process.exit(7));
  },
  async 'calls process.exit while a callback is awaited'() {
    await waiting();
    process.exit(7);
  },
  async 'aborts a callback that nothing else keeps alive'() {
    const net = await Net.from(NET);
    const controller = new AbortController();
    callback = () => new Promise(() => {});
    setTimeout(() => controller.abort(), 30);
    const code = await net.forward({}, { signal: controller.signal }).catch((error) => error.code);
    if (code !== 'ERR_CAFFE_ABORTED') throw new Error(code);
    await works();
  },
  async 'fails to make nets and leaves runs a thousand times'() {
    const round = async () => {
      callback = 'setup';
      await Net.from(NET).then(
        () => Promise.reject(new Error('a net was made')),
        () => {},
      );
      const { net, run } = await waiting();
      await net.dispose();
      await run.catch(() => {});
    };
    const settle = async () => {
      for (let turn = 0; turn < 5; turn++) {
        globalThis.gc();
        await soon();
      }
      return process.memoryUsage();
    };
    // Until the allocators have what they keep, some 40 MB: the resident set stands still from then on.
    for (let count = 0; count < 3000; count++) await round();
    const before = await settle();
    for (let count = 0; count < 1000; count++) await round();
    const after = await settle();
    const grown = { heap: after.heapUsed - before.heapUsed, rss: after.rss - before.rss };
    const keptBack = process.env.CAFFE_NODE_SANITIZE ? 64e6 : 0; // what AddressSanitizer holds of freed memory
    if (grown.heap > 2e6 || grown.rss > 10e6 + keptBack) throw new Error(`grown by ${JSON.stringify(grown)}`);
    await works();
  },
};

const tasks = {
  wait: async () => {
    await waiting();
    parentPort.postMessage('there');
  },
  stick: async () => {
    await waiting(() => {
      parentPort.postMessage('there');
      for (;;);
    });
  },
  exit: async () => {
    await waiting(() => {
      parentPort.postMessage('there');
      process.exit(5);
    });
  },
};

(isMainThread ? ways[process.argv[2]]() : tasks[workerData]()).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
