// Parameters shared between threads, by the way named as the first argument. Run by test/share.test.ts.
const { once } = require('node:events');
const { readFileSync } = require('node:fs');
const { Worker, isMainThread, parentPort, workerData } = require('node:worker_threads');
const { caffe, Net } = require('../..');

const LINEAR = `
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 } } }
layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc"
  inner_product_param { num_output: 2 weight_filler { type: "constant" value: 1 } } }`;
/** 256 MB of parameters. */
const GREAT = `
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 8192 } } }
layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc"
  inner_product_param { num_output: 8192 bias_term: false weight_filler { type: "constant" value: 1 } } }`;
/** Takes seconds, in a dozen layers. */
const SLOW = `
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 8 dim: 64 dim: 96 dim: 96 } } }
${Array.from({ length: 24 }, (_, index) => {
  const bottom = index === 0 ? 'data' : `conv${index - 1}`;
  return `layer { name: "conv${index}" type: "Convolution" bottom: "${bottom}" top: "conv${index}"
    convolution_param { num_output: 64 kernel_size: 3 pad: 1 weight_filler { type: "xavier" } } }`;
}).join('\n')}`;

function start(task, data) {
  const worker = new Worker(__filename, { workerData: { task, data } });
  worker.on('error', (error) => {
    console.error(error);
    process.exitCode = 1;
  });
  return worker;
}
const answerOf = async (worker) => (await once(worker, 'message'))[0];

const residentMegabytes = () => {
  const status = readFileSync('/proc/self/status', 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)[1]) / 1024;
};

const tasks = {
  async compute(handle) {
    const net = await Net.attach(handle);
    const { fc } = await net.forward({ data: [4, 8, 10] });
    parentPort.postMessage(Array.from(fc.data));
    net.params.fc[1].data[0] = 100;
    await net.dispose();
  },
  async share() {
    const net = await Net.from(LINEAR);
    parentPort.postMessage(net.share());
    await once(parentPort, 'message');
    process.exit();
  },
  async runForLong(handle) {
    const net = await Net.attach(handle);
    net.onForward(({ index, moment }) => {
      if (index === 2 && moment === 'before') parentPort.postMessage('runs');
    });
    for (;;) await net.forward();
  },
  async attachAndWait(handle) {
    const net = await Net.attach(handle);
    const { fc } = await net.forward({ data: new Float32Array(8192).fill(1) });
    parentPort.postMessage(fc.data[0]);
    await once(parentPort, 'message');
    process.exit();
  },
};

const ways = {
  async 'computes in workers'() {
    const net = await Net.from(LINEAR);
    net.params.fc[1].set([0, 10]);
    const worker = start('compute', net.share());
    console.log((await answerOf(worker)).join(' '));
    await once(worker, 'exit');
    console.log(net.params.fc[1].data[0]);
  },
  async 'outlives its thread'() {
    const worker = start('share');
    const handle = await answerOf(worker);
    const net = await Net.attach(handle);
    worker.postMessage('end');
    await once(worker, 'exit');
    const { fc } = await net.forward({ data: [1, 2, 3] });
    await net.dispose();
    const late = await Net.attach(handle).catch((error) => error.code);
    console.log(fc.data[0], late);
  },
  async 'is terminated in the middle of a run'() {
    const net = await Net.from(SLOW);
    const worker = start('runForLong', net.share());
    await answerOf(worker);
    const waiting = net.forward();
    await worker.terminate();
    await waiting;
    console.log('went on');
  },
  async 'aborts a run that waits'() {
    const net = await Net.from(SLOW);
    const worker = start('runForLong', net.share());
    await answerOf(worker);
    const controller = new AbortController();
    const waiting = net.forward({}, { signal: controller.signal }).catch((error) => error.code);
    controller.abort();
    console.log(await waiting);
    await worker.terminate();
  },
  async 'measures memory'() {
    caffe.setThreads(1);
    const net = await Net.from(GREAT);
    await net.forward();
    const handle = net.share();
    const before = residentMegabytes();
    const workers = Array.from({ length: 4 }, () => start('attachAndWait', handle));
    const answers = await Promise.all(workers.map(answerOf));
    if (answers.some((answer) => answer !== 8192)) throw new Error(`8192 expected, ${answers} computed`);
    const grown = residentMegabytes() - before;
    for (const worker of workers) worker.postMessage('end');
    console.log(JSON.stringify({ parameters: 256, grown }));
  },
};

if (isMainThread) ways[process.argv[2]]();
else tasks[workerData.task](workerData.data);
