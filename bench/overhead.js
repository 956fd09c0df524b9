// What the addon costs over the same Caffe driven from C++: SqueezeNet, a forward pass and a training step, at batch 1 and 16. A part of
// the suite that `npm run bench` runs: the outputs are compared first, runs alternate.
//   node bench/overhead.js [rounds]
const { mkdtempSync, rmSync } = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { parseArguments } = require('./suite/arguments');
const { runSuite } = require('./suite/run');

const SUITE = [
  '--nets',
  'squeezenet',
  '--engines',
  'caffe,stock-caffe',
  '--batches',
  '1,16',
  '--threads',
  String(os.availableParallelism()),
];

async function main() {
  const options = parseArguments([...SUITE, '--tasks', 'forward,train', '--rounds', process.argv[2] ?? '15']);
  const folder = mkdtempSync(path.join(os.tmpdir(), 'caffe-node-bench-'));
  try {
    const { results, refused } = await runSuite({ ...options, folder }, console.log);
    console.log('');
    for (const { task, batch, ratios } of results.filter(({ engine }) => engine === 'caffe')) {
      console.log(`${task}, batch ${batch}: the addon takes ${(100 / ratios['stock-caffe'] - 100).toFixed(1)} % longer`);
    }
    if (refused.length > 0) process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

main();
