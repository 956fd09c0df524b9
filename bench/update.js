// The update of AlexNet's parameters, ours against Caffe's own: first both apply the same gradients and their parameters are compared,
// then they alternate. Medians and the median of the ratios are printed, for each type of solver.
//   node bench/update.js [rounds] [threads]
const path = require('node:path');
const { caffe } = require('..');
const { native } = require('../dist/native');
const { median } = require('./common');

const rounds = Number(process.argv[2] ?? 9);
if (process.argv[3]) caffe.setThreads(Number(process.argv[3]));
const NET = path.join(__dirname, '../prototxt/alexnet/deploy.prototxt');
const MOMENTUM = { AdaGrad: 0, RMSProp: 0 };

function load(type) {
  const text = `net: "${NET}" type: "${type}" base_lr: 0.001 lr_policy: "fixed" momentum: ${MOMENTUM[type] ?? 0.9} weight_decay: 0.0005
    ${type === 'RMSProp' ? 'rms_decay: 0.9' : ''} random_seed: 1`;
  return native.loadSolver({ solver: { text }, basePath: '', weights: [] });
}

const paramsOf = ({ net }) => net.facts.layers.flatMap(({ params }, layer) => params.map((_, index) => net.param(layer, index)));

function giveGradients(solver) {
  for (const param of paramsOf(solver)) {
    const diff = param.view('diff');
    for (let index = 0; index < diff.length; index++) diff[index] = 1e-3 * Math.sin(0.37 * index);
  }
}

function largestDifference(solvers) {
  const [ours, caffes] = solvers.map(paramsOf);
  let largest = 0;
  ours.forEach((param, index) => {
    const expected = caffes[index].view('data');
    param.view('data').forEach((value, i) => {
      largest = Math.max(largest, Math.abs(value - expected[i]));
    });
  });
  return largest;
}

async function time(body) {
  const start = performance.now();
  await body();
  return performance.now() - start;
}

async function main() {
  for (const type of ['SGD', 'Nesterov', 'AdaGrad', 'RMSProp', 'AdaDelta', 'Adam']) {
    const solvers = [await load(type), await load(type)];
    const [ours, caffes] = solvers;
    for (const solver of solvers) giveGradients(solver);
    await Promise.all([ours.applyUpdate(), caffes.applyCaffesUpdate()]);
    const difference = largestDifference(solvers);
    if (!(difference < 1e-6)) throw new Error(`${type}: the parameters differ by ${difference}`);
    const times = { ours: [], caffes: [], ratios: [] };
    for (let round = 0; round < rounds; round++) {
      const one = await time(() => ours.applyUpdate());
      const other = await time(() => caffes.applyCaffesUpdate());
      times.ours.push(one);
      times.caffes.push(other);
      times.ratios.push(other / one);
    }
    const [a, b, ratio] = [times.ours, times.caffes, times.ratios].map(median);
    console.log(`${type.padEnd(8)}  ours ${a.toFixed(1)} ms   Caffe's ${b.toFixed(1)} ms   median ratio ${ratio.toFixed(2)}`);
    await Promise.all(solvers.map((solver) => solver.dispose()));
  }
}

main();
