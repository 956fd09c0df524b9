// Listeners of a net's layers, by the way named as the first argument. Run by test/layer-events.test.ts.
const { setTimeout: wait } = require('node:timers/promises');
const { Net } = require('../..');

const LINEAR = `
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 } } }
layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc"
  inner_product_param { num_output: 2 weight_filler { type: "constant" value: 1 } bias_filler { type: "constant" value: 0.5 } } }`;

const ways = {
  async throws() {
    const net = await Net.from(LINEAR);
    let heard = 0;
    process.on('uncaughtException', (error) => console.log(`caught: ${error.message}`));
    let thrown = false;
    net.onForward(() => {
      if (thrown) return;
      thrown = true;
      throw new Error('thrown on purpose');
    });
    net.onForward(() => heard++);
    const { fc } = await net.forward({ data: [1, 2, 3] });
    console.log(`finished: ${fc.data[0]}`);
    console.log(`heard: ${heard}`);
  },
  async 'falls behind'() {
    const net = await Net.from(LINEAR);
    let count = 0;
    let last = '';
    net.onForward(({ name, moment }) => {
      count++;
      last = `${moment} ${name}`;
    });
    // 4 events each; none can be delivered before this thread comes back from its loop.
    const runs = Array.from({ length: 3000 }, () => net.forward());
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1500);
    await Promise.all(runs);
    console.log(JSON.stringify({ all: count <= 12000 && count >= 4096, last }));
  },
  async 'forgets its net'() {
    let collected = false;
    const registry = new FinalizationRegistry(() => {
      collected = true;
    });
    await (async () => {
      const net = await Net.from(LINEAR);
      net.onForward(() => net.name);
      await net.forward();
      registry.register(net, 0);
    })();
    for (let i = 0; i < 50 && !collected; i++) {
      globalThis.gc();
      await wait(10);
    }
    console.log(collected ? 'collected' : 'kept');
  },
};

ways[process.argv[2]]();
