// Whether the resident set stays flat: 10,000 forward calls of one small net, 1,000 load/run/dispose cycles of SqueezeNet,
// and 1,000 constructions that fail.
//   node --expose-gc bench/memory.js
const { Net } = require('..');
const { models } = require('./common');

const SMALL = `
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 dim: 64 dim: 64 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
  convolution_param { num_output: 16 kernel_size: 3 weight_filler { type: "xavier" } } }`;

function residentMegabytes() {
  globalThis.gc?.();
  return process.memoryUsage().rss / 2 ** 20;
}

async function forwards() {
  const net = await Net.from(SMALL);
  const data = new Float32Array(3 * 64 * 64).fill(1);
  const marks = [];
  for (let index = 0; index <= 10_000; index++) {
    await net.forward({ data });
    if (index % 2000 === 0) marks.push(residentMegabytes().toFixed(0));
  }
  await net.dispose();
  console.log(`resident MB at each 2,000 of 10,000 forwards:     ${marks.join(' ')}`);
}

async function cycles() {
  const { deploy, weights } = models();
  const marks = [];
  for (let index = 0; index <= 1000; index++) {
    const net = await Net.load(deploy, { weights });
    await net.forward();
    await net.dispose();
    if (index % 100 === 0) marks.push(residentMegabytes().toFixed(0));
  }
  console.log(`resident MB at each 100 of 1,000 load/dispose cycles: ${marks.join(' ')}`);
}

async function failures() {
  const marks = [];
  for (let index = 0; index <= 1000; index++) {
    await Net.from(`${SMALL} layer { name: "bad" type: "ReLU" bottom: "nowhere" top: "x" }`).catch(() => {});
    if (index % 200 === 0) marks.push(residentMegabytes().toFixed(0));
  }
  console.log(`resident MB at each 200 of 1,000 failed loads:     ${marks.join(' ')}`);
}

forwards().then(cycles).then(failures);
