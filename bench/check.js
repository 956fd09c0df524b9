// What a look at a network costs: prototxt.check of ResNet-50, and of nets of one to eight times a thousand layers, to see that the time
// grows with their number and no faster. Medians in milliseconds, after warm-up.
//   node bench/check.js [rounds]
const { networks, prototxt } = require('..');
const { median } = require('./common');

const rounds = Number(process.argv[2] ?? 50);

function time(text, count = rounds) {
  const times = Array.from({ length: 2 * count }, () => {
    const start = performance.now();
    prototxt.check(text);
    return performance.now() - start;
  });
  return median(times.slice(count)); // the first half warms up
}

/** Convolutions one on top of the other. */
function chain(layers) {
  const input = 'layer { name: "data" type: "Input" top: "b0" input_param { shape { dim: 1 dim: 4 dim: 8 dim: 8 } } }';
  const convolution = (_, index) => `layer {
  name: "conv${index}"
  type: "Convolution"
  bottom: "b${index}"
  top: "b${index + 1}"
  convolution_param {
    num_output: 4
    kernel_size: 3
    pad: 1
    weight_filler { type: "xavier" }
  }
}`;
  return [input, ...Array.from({ length: layers }, convolution)].join('\n');
}

const { trainVal, deploy } = networks.get('resnet-50');
for (const [name, text] of Object.entries({ 'ResNet-50, train_val': trainVal, 'ResNet-50, deploy': deploy })) {
  console.log(`${name.padEnd(22)} ${(text.length / 1000).toFixed(0).padStart(5)} kB  ${time(text).toFixed(1).padStart(7)} ms`);
}
for (const layers of [1000, 2000, 4000, 8000]) {
  const milliseconds = time(chain(layers), Math.max(3, Math.round(rounds / 10)));
  console.log(`${`${layers} layers`.padEnd(22)} ${((1000 * milliseconds) / layers).toFixed(1).padStart(16)} µs per layer`);
}
