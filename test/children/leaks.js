// Uses and disposes of everything native, good and bad, several times over. What it leaves behind at its end is a leak: run with
// LeakSanitizer by scripts/asan.
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { Net, Solver } = require('../..');
const { native } = require('../../dist/native');

const NET = `layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 } } }
layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc" inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }
layer { name: "loss" type: "EuclideanLoss" bottom: "fc" bottom: "fc" top: "loss" }`;

const refused = (promise) =>
  promise.then(
    () => {
      throw new Error('a bad input was accepted');
    },
    () => undefined,
  );

async function nets(folder) {
  const net = await Net.from(NET, { phase: 'train' });
  await net.forward({ data: [1, 2, 3, 4, 5, 6] });
  await net.backward();
  for (const format of ['binaryproto', 'hdf5']) {
    const file = path.join(folder, `weights.${format}`);
    await net.save(file, { format });
    await net.copyFrom(file);
    await refused(net.copyFrom(fs.readFileSync(file).subarray(0, 90)));
  }
  await refused(net.forward({ data: [1] }));
  await refused(Net.from(`${NET} layer { name: "x" type: "NoSuchLayer" bottom: "fc" top: "x" }`));
  await refused(Net.from(`${NET} layer { name: "x" type: "Concat" bottom: "nowhere" top: "x" }`));
  await net.dispose();
}

async function solvers(folder) {
  for (const type of ['SGD', 'Adam']) {
    const solver = await Solver.from(
      `net_param { ${NET} } type: "${type}" base_lr: 0.01 lr_policy: "fixed" snapshot_prefix: "${folder}/s"`,
    );
    await solver.step(2);
    const { state } = await solver.snapshot();
    await solver.restore(state);
    await refused(solver.restore(__filename));
    await solver.dispose();
  }
}

async function databases(folder, round) {
  const target = path.join(folder, `db${round}`);
  const writer = await native.createDatabase(target);
  await writer.put([{ key: 'a', label: 0, height: 2, width: 2, channels: 3, pixels: new Uint8Array(12) }]);
  await writer.close();
  const net = await Net.from(`layer { name: "d" type: "Data" top: "d" data_param { source: "${target}" backend: LMDB batch_size: 2 } }`);
  await net.forward();
  await net.dispose();
  await refused(native.decodeImage(Buffer.from('\x89PNG\r\n\x1a\nIHDR', 'latin1')));
  fs.truncateSync(path.join(target, 'data.mdb'), 5000);
  await refused(native.openDatabase(target));
}

async function main() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'caffe-node-leaks-'));
  try {
    for (let round = 0; round < 5; round++) {
      await nets(folder);
      await solvers(folder);
      await databases(folder, round);
    }
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
  for (let turn = 0; turn < 5; turn++) {
    global.gc?.();
    await new Promise(setImmediate);
  }
}

main();
