// What nets hold, and what they are refused, by the way named as the first argument. Run by test/net-memory.test.ts.
const { readFileSync } = require('node:fs');
const { setTimeout: wait } = require('node:timers/promises');
const { caffe, Net } = require('../..');
const { native } = require('../../dist/native');

const megabytes = () => native.externalMemory() / 1e6;
const residentMegabytes = () => process.memoryUsage().rss / 1e6;

/** 40 MB of parameters, 4 MB of blobs. */
const HEAVY = `
force_backward: true
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 1000 } } }
layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc" inner_product_param { num_output: 10000 } }
layer { name: "tile" type: "Tile" bottom: "fc" top: "tile" tile_param { tiles: 100 } }
layer { name: "silence" type: "Silence" bottom: "tile" }`;
const conv = (side) => `
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 1 dim: ${side} dim: ${side} } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
  convolution_param { num_output: 4 kernel_size: 3 weight_filler { type: "constant" value: 1 } } }`;

const status = (field) => Number(new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 1024;

const ways = {
  async 'loads from a file'(weights) {
    const before = status('VmRSS');
    const net = await Net.from(HEAVY, { weights, engine: 'caffe' });
    console.log(JSON.stringify({ most: status('VmHWM') - before, held: status('VmRSS') - before, last: net.params.fc[1].data.at(-1) }));
  },
  async 'reports to the garbage collector'() {
    const settled = async () => {
      globalThis.gc();
      await wait(10);
      globalThis.gc();
      return megabytes();
    };
    const start = await settled();
    const since = async () => (await settled()) - start;
    const net = await Net.from(HEAVY, { engine: 'caffe' });
    const loaded = await since();
    await net.forward();
    const run = await since();
    await net.backward();
    const backward = await since();
    await net.forward({ data: { shape: [4, 1000], data: new Float32Array(4000) } });
    const grown = await since();
    const other = await Net.from(HEAVY);
    const both = await since();
    other.shareWith(net);
    await other.reshape();
    const saved = both - (await since());
    await other.dispose();
    await net.dispose();
    const disposed = await since();
    const fed = await Net.from(`
      layer { name: "data" type: "MemoryData" top: "data" top: "label" memory_data_param { batch_size: 1 channels: 1 height: 10 width: 10 } }
      layer { name: "silence" type: "Silence" bottom: "data" bottom: "label" }`);
    await fed.setInputArrays({ shape: [50_000, 1, 10, 10], data: new Float32Array(5_000_000) }, new Float32Array(50_000));
    const items = await since();
    await fed.dispose();
    const left = await since();
    console.log(JSON.stringify({ loaded, run, backward, grown, disposed, saved, items, left }));
  },
  async 'drops nets without a word'() {
    caffe.setThreads(1);
    const resident = residentMegabytes();
    let most = 0;
    for (let i = 0; i < 60; i++) {
      const net = await Net.from(HEAVY, { engine: 'caffe' });
      await net.forward();
      most = Math.max(most, residentMegabytes() - resident);
    }
    console.log(JSON.stringify({ most, together: 60 * 44 }));
  },
  async 'has little'() {
    caffe.setThreads(1);
    const told = (promise) =>
      promise.then(
        () => 'nothing was refused',
        ({ code, layer = 'nothing', message }) => `${code} at ${layer}: ${message.slice(-'of memory are available.'.length, -1)}`,
      );
    const resident = residentMegabytes();
    // 4 GB of parameters.
    const parameters = await told(Net.from(HEAVY.replace('num_output: 10000', 'num_output: 1000000')));
    const net = await Net.from(conv(8));
    await net.forward();
    // 0.4 GB and a column buffer of 3.6 GB.
    const reshape = await (async () => {
      net.blobs.data.reshape(1, 1, 10000, 10000);
      return told(net.reshape());
    })();
    net.blobs.data.reshape(1, 1, 10000, 10000);
    const forward = await told(net.forward());
    const blob = await told((async () => net.blobs.data.reshape(1, 1, 20000, 20000))());
    const shapes = [net.blobs.data.shape, net.blobs.conv.shape];
    const { conv: afterwards } = await net.forward({ data: new Float32Array(64).fill(1) });
    console.log(
      JSON.stringify({
        parameters,
        reshape,
        forward,
        blob,
        shapes,
        afterwards: afterwards.data[0],
        resident: residentMegabytes() - resident < 200,
      }),
    );
  },
};

ways[process.argv[2]](...process.argv.slice(3));
