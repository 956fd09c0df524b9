// Views of Caffe's memory, by the way named as the first argument. Run by test/blob.test.ts with --expose-gc.
const { once } = require('node:events');
const { setTimeout: wait } = require('node:timers/promises');
const { Worker, isMainThread, parentPort } = require('node:worker_threads');
const { Net } = require('../..');

const COUNT = 1_000_000;
const WIDE = `
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: ${COUNT} } } }
layer { name: "relu" type: "ReLU" bottom: "data" top: "relu" }`;

function expect(actual, expected) {
  if (actual !== expected) throw new Error(`${expected} expected, ${actual} found`);
}

/** Frees what can be freed, and writes over what was. */
async function collect() {
  for (let i = 0; i < 5; i++) {
    globalThis.gc();
    await wait(10);
  }
  const others = await Promise.all(Array.from({ length: 4 }, () => Net.from(WIDE)));
  for (const other of others) await other.forward({ data: new Float32Array(COUNT).fill(-1) });
  for (const other of others) await other.dispose();
}

async function filled() {
  const net = await Net.from(WIDE);
  await net.forward({ data: new Float32Array(COUNT).fill(7) });
  return net;
}

const ways = {
  async 'outlives reshape and dispose'() {
    const net = await filled();
    const views = [net.blobs.data.data, net.blobs.relu.data, net.blobs.relu.diff];
    net.blobs.data.reshape(3, COUNT);
    await net.reshape();
    await net.forward({ data: { shape: [3, COUNT], data: new Float32Array(3 * COUNT).fill(2) } });
    await collect();
    expect(views[0][COUNT - 1], 7);
    expect(views[1][COUNT - 1], 7);
    expect(views[2][0], 0);
    const late = net.blobs.relu.data;
    await net.dispose();
    await collect();
    expect(late[3 * COUNT - 1], 2);
    views[0].fill(1);
    late.fill(1);
  },
  async 'outlives its blob and its net'() {
    let net = await filled();
    const view = net.blobs.relu.data;
    net = undefined;
    await collect();
    expect(view[COUNT - 1], 7);
    view.fill(3);
    expect(view[0], 3);
  },
  async 'is transferred away'() {
    const net = await filled();
    const view = net.blobs.data.data;
    // Where the runtime refuses to transfer external memory, nothing has happened.
    try {
      structuredClone(view, { transfer: [view.buffer] });
    } catch {}
    await collect();
    expect(net.blobs.data.data[COUNT - 1], 7);
    expect((await net.forward()).relu.data[0], 7);
  },
  async 'goes with its worker'() {
    for (let i = 0; i < 3; i++) {
      const worker = new Worker(__filename);
      await once(worker, 'message');
      await worker.terminate();
    }
    await collect();
  },
  async 'of memory that a data layer lends is a copy'() {
    const net = await Net.from(
      `
layer { name: "data" type: "MemoryData" top: "data" top: "label" memory_data_param { batch_size: 1 channels: 1 height: 1 width: 4 } }
layer { name: "one" type: "ReLU" bottom: "data" top: "one" }
layer { name: "two" type: "Sigmoid" bottom: "data" top: "two" }
layer { name: "flat" type: "Flatten" bottom: "data" top: "flat" }`,
      { engine: 'caffe' },
    );
    const items = (value) => ({ shape: [2, 1, 1, 4], data: new Float32Array(8).fill(value) });
    await net.setInputArrays(items(5), [0, 1]);
    await net.forward();
    const views = net.layers.flatMap(({ tops }) => tops).map((name) => net.blobs[name].data);
    const before = views.map((view) => view[0]);
    await net.setInputArrays(items(6), [0, 1]);
    await collect();
    await net.forward();
    views.forEach((view, index) => {
      if (net.blobNames[index] === 'one' || net.blobNames[index] === 'two') return;
      expect(view[0], before[index]);
    });
    expect(net.blobs.flat.data[0], 6);
    await net.dispose();
  },
};

if (isMainThread) ways[process.argv[2]]().then(() => console.log('good'));
else {
  filled().then((net) => {
    globalThis.kept = [net.blobs.data.data, net.blobs.relu.diff, net];
    parentPort.postMessage('ready');
  });
}
