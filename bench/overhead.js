// What the addon costs over the same Caffe driven from C++: SqueezeNet, a forward pass and a training step, at batch 1 and 16, the same
// number of threads. The outputs are compared first; runs alternate; medians and their ratio are printed.
//   node bench/overhead.js [rounds]
const { execFileSync, spawn } = require('node:child_process');
const { mkdtempSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const readline = require('node:readline');
const { caffe, Net, prototxt, Solver } = require('..');
const { median, models } = require('./common');

const root = path.join(__dirname, '..');
const threads = os.availableParallelism();
const rounds = Number(process.argv[2] ?? 15);

/** The C++ driver, as a process that times what it is asked to. */
function startDriver(mode, file, weights) {
  const child = spawn(path.join(root, 'build/driver'), [mode, file, weights, String(threads)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async time(count) {
      child.stdin.write(`${count}\n`);
      const [milliseconds, checksum] = (await lines.next()).value.split(' ').map(Number);
      return { milliseconds: milliseconds / count, checksum };
    },
    stop: () => child.stdin.end(),
  };
}

async function timeAddon(count, runOnce, checksum) {
  const start = performance.now();
  let outputs;
  for (let index = 0; index < count; index++) outputs = await runOnce();
  return { milliseconds: (performance.now() - start) / count, checksum: checksum(outputs) };
}

const sumOf = (outputs) =>
  Object.values(outputs).reduce((sum, tensor) => sum + tensor.data.reduce((part, value) => part + Math.abs(value), 0), 0);

const waveOf = (count) => Float32Array.from({ length: count }, (_, index) => 100 * Math.sin(0.1 * (index + 1)));

async function compare(title, driver, addonRun, count) {
  const [first, second] = [await driver.time(1), await timeAddon(1, addonRun, sumOf)];
  const difference = Math.abs(first.checksum - second.checksum) / Math.abs(first.checksum);
  if (!(difference < 1e-3)) throw new Error(`${title}: the outputs differ (${first.checksum} and ${second.checksum})`);
  const times = { driver: [], addon: [], ratios: [] };
  for (let round = 0; round < rounds; round++) {
    const native = (await driver.time(count)).milliseconds;
    const addon = (await timeAddon(count, addonRun, sumOf)).milliseconds;
    times.driver.push(native);
    times.addon.push(addon);
    times.ratios.push(addon / native);
  }
  driver.stop();
  const [driverMedian, addonMedian] = [median(times.driver), median(times.addon)];
  console.log(
    `${title.padEnd(24)} C++ ${driverMedian.toFixed(2)} ms   addon ${addonMedian.toFixed(2)} ms   ` +
      `ratio of medians ${(addonMedian / driverMedian).toFixed(3)}   median ratio ${median(times.ratios).toFixed(3)}`,
  );
}

async function main() {
  execFileSync('cmake', ['--build', path.join(root, 'build'), '--target', 'driver'], { stdio: ['ignore', 'ignore', 'inherit'] });
  caffe.setThreads(threads);
  const folder = mkdtempSync(path.join(os.tmpdir(), 'caffe-node-bench-'));
  const { deploy, weights } = models();
  const network = readFileSync(deploy, 'utf8');
  for (const batch of [1, 16]) {
    const shaped = prototxt.toDeploy(network, { input: { data: [batch, 3, 227, 227] } }).text;
    const netFile = path.join(folder, `net${batch}.prototxt`);
    writeFileSync(netFile, shaped);
    const net = await Net.load(netFile, { weights });
    const data = waveOf(batch * 3 * 227 * 227);
    await compare(`forward, batch ${batch}`, startDriver('forward', netFile, weights), () => net.forward({ data }), batch === 1 ? 20 : 2);
    await net.dispose();

    // Without dropout, whose random draws the two sides make differently: the outputs are to be compared.
    const trained = `${shaped.replace(/dropout_ratio: [\d.]+/, 'dropout_ratio: 0')}
layer { name: "label" type: "Input" top: "label" input_param { shape { dim: ${batch} } } }
layer { name: "bench_loss" type: "SoftmaxWithLoss" bottom: "pool_final" bottom: "label" top: "bench_loss" }`;
    const solverFile = path.join(folder, `solver${batch}.prototxt`);
    writeFileSync(
      solverFile,
      `net_param { ${trained} } base_lr: 1e-10 lr_policy: "fixed" momentum: 0.9 max_iter: 1000000 random_seed: 1 solver_mode: CPU\n`,
    );
    const solver = await Solver.load(solverFile, { weights });
    solver.net.blobs.data.set(data);
    const step = async () => (await solver.step(1)).outputs;
    await compare(`training step, batch ${batch}`, startDriver('step', solverFile, weights), step, batch === 1 ? 8 : 1);
    await solver.dispose();
  }
  rmSync(folder, { recursive: true });
}

main().catch((error) => {
  console.error(error);
  process.exit(1); // the driver would keep the process waiting
});
