// Snapshots on a disk that takes the first, of a small solver, and not the next: argv is a folder and the format. Prints what
// became of it.
const { readdirSync } = require('node:fs');
const path = require('node:path');
const { Solver } = require('../..');

const [, , folder, format] = process.argv;

const net = (outputs) => `layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 dim: 100 } } }
  layer { name: "fc" type: "InnerProduct" bottom: "x" top: "fc" inner_product_param { num_output: ${outputs} } }
  layer { name: "loss" type: "Reduction" bottom: "fc" top: "loss" loss_weight: 1 }`;
const open = (outputs, prefix) =>
  Solver.from(`net_param { ${net(outputs)} } base_lr: 1 lr_policy: "fixed" snapshot_format: ${format} snapshot_prefix: "${prefix}"`);

async function main() {
  const small = await open(10, path.join(folder, `small-${format}`));
  await small.step();
  const { state } = await small.snapshot();
  const large = await open(1000, path.join(folder, `large-${format}`));
  await large.step();
  const code = await large.snapshot().then(
    () => 'none',
    (error) => error.code,
  );
  const left = readdirSync(folder).filter((name) => name.includes(`large-${format}`));
  await small.restore(state);
  const restored = small.iteration;
  const next = (await small.step()).iteration;
  process.stdout.write(JSON.stringify({ code, left, restored, next }));
}

main();
