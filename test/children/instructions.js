// A net with all kinds of layouts, run and trained by the plan and by Caffe, with the instructions that ONEDNN_MAX_CPU_ISA lets oneDNN
// use. Prints, by precision, how far the plan is off, and the primitives of its convolutions. Run by test/onednn/instructions.test.ts.
const { caffe, Net, Solver } = require('../..');

const filler = 'weight_filler { type: "xavier" } bias_filler { type: "uniform" max: 0.1 }';
const LAYERS = `
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1" convolution_param { num_output: 32 kernel_size: 7 stride: 2 ${filler} } }
layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }
layer { name: "norm" type: "LRN" bottom: "conv1" top: "norm" }
layer { name: "pool" type: "Pooling" bottom: "norm" top: "pool" pooling_param { kernel_size: 3 stride: 2 } }
layer { name: "groups" type: "Convolution" bottom: "pool" top: "groups" convolution_param { num_output: 32 group: 2 kernel_size: 5 pad: 2 ${filler} } }
layer { name: "left" type: "Convolution" bottom: "groups" top: "left" convolution_param { num_output: 20 kernel_size: 3 pad: 1 ${filler} } }
layer { name: "right" type: "Convolution" bottom: "groups" top: "right" convolution_param { num_output: 16 kernel_size: 1 ${filler} } }
layer { name: "both" type: "Concat" bottom: "left" bottom: "right" top: "both" }
layer { name: "score" type: "InnerProduct" bottom: "both" top: "score" inner_product_param { num_output: 5 ${filler} } }`;
const SHAPE = 'dim: 2 dim: 3 dim: 45 dim: 45';
const DEPLOYED = `layer { name: "data" type: "Input" top: "data" input_param { shape { ${SHAPE} } } } ${LAYERS}
layer { name: "prob" type: "Softmax" bottom: "score" top: "prob" }`;
const TRAINED = `net_param {
layer { name: "data" type: "DummyData" top: "data" top: "label" dummy_data_param {
  shape { ${SHAPE} } shape { dim: 2 } data_filler { type: "gaussian" std: 1 } data_filler { type: "constant" value: 1 } } } ${LAYERS}
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "score" bottom: "label" top: "loss" } }
base_lr: 1 lr_policy: "fixed" random_seed: 7`;

/** Relative to the length of what is right. */
function distance(found, expected) {
  return Math.hypot(...expected.map((value, index) => value - found[index])) / Math.hypot(...expected);
}

/** The probabilities, and the primitives of the convolutions. */
async function run(weights, engine, precision) {
  const net = await Net.from(DEPLOYED, { engine, precision, weights });
  const data = Float32Array.from({ length: net.blobs.data.count }, (_, index) => Math.sin(index));
  const { prob } = await net.forward({ data });
  const steps = net.plan?.steps.filter(({ types }) => types.includes('Convolution')) ?? [];
  await net.dispose();
  return { values: prob.data, primitives: steps.map(({ primitive, format }) => `${primitive} ${format}`) };
}

/** The gradient of the first layer's weights: what all others hand down is in it. */
async function train(engine, precision) {
  const solver = await Solver.from(TRAINED, { engine, precision });
  await solver.step(1);
  const gradient = solver.net.params.conv1[0].diff.slice();
  await solver.dispose();
  return gradient;
}

async function main() {
  const net = await Net.from(DEPLOYED, { engine: 'caffe' });
  const weights = await net.toBuffer();
  const right = await run(weights, 'caffe', 'f32');
  const learned = await train('caffe', 'f32');
  const found = {};
  for (const precision of caffe.features.bf16 ? ['f32', 'bf16'] : ['f32']) {
    const { values, primitives } = await run(weights, 'onednn', precision);
    found[precision] = { run: distance(values, right.values), training: distance(await train('onednn', precision), learned), primitives };
  }
  console.log(JSON.stringify(found));
}

main();
