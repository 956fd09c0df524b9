// Copies HDF5 weights into a net, and restores HDF5 states, after each of many alterations: the two files are the first arguments, the
// kind of alterations the third. Prints what came of them, and the number of each. Run by test/hdf5.test.ts.
const fs = require('node:fs');
const { Net, Solver } = require('../..');

const [weightsFile, stateFile, kind, model] = process.argv.slice(2);

function* truncations(whole, step) {
  for (let size = 0; size < whole.length; size += step) yield whole.subarray(0, size);
}

/** One to three bytes set at random, for the most part where there is something to damage. */
function* damages(whole) {
  let state = 7;
  const random = (below) => {
    state = (state * 48271) % 2147483647;
    return state % below;
  };
  for (let round = 0; round < 4000; round++) {
    const damaged = Buffer.from(whole);
    for (let count = random(3); count >= 0; count--) {
      let at = random(whole.length);
      while (whole[at] === 0 && random(4) > 0) at = random(whole.length);
      damaged[at] = [random(256), 0xff, 0, damaged[at] ^ (1 << random(8))][random(4)];
    }
    yield damaged;
  }
}

async function tally(outcomes, run) {
  const outcome = await run().then(
    () => 'accepted',
    (error) => error.code ?? String(error),
  );
  outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
}

async function main() {
  const alter = { truncations, damages }[kind];
  const net = await Net.from(model);
  const solver = await Solver.from(`net_param { ${model} } base_lr: 0.1 lr_policy: "fixed" momentum: 0.9 random_seed: 1`);
  const result = { weights: {}, states: {} };
  for (const bytes of alter(fs.readFileSync(weightsFile), 1)) await tally(result.weights, () => net.copyFrom(bytes));
  const file = `${stateFile}.altered.h5`;
  // Each is a file to write and a solver to look at: not quite all sizes.
  for (const bytes of alter(fs.readFileSync(stateFile), 7)) {
    fs.writeFileSync(file, bytes);
    await tally(result.states, () => solver.restore(file));
  }
  await net.copyFrom(fs.readFileSync(weightsFile));
  await solver.restore(stateFile);
  result.afterwards = { iteration: solver.iteration, weights: [...solver.net.params.fc[0].data], same: [...net.params.fc[0].data] };
  console.log(JSON.stringify(result));
}

main();
