// npm run bench: this package beside stock Caffe, OpenCV's DNN module and onnxruntime. docs/performance.md says what is measured and how.
const { mkdtempSync, rmSync, writeFileSync } = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { parseArguments, USAGE, UsageError } = require('./suite/arguments');

const EXIT = { done: 0, failed: 1, usage: 2 };

async function main() {
  const options = parseArguments(process.argv.slice(2));
  if (options.help) {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  // Loaded late: a usage error needs no addon.
  const { runSuite } = require('./suite/run');
  const folder = mkdtempSync(path.join(os.tmpdir(), 'caffe-node-bench-'));
  try {
    const report = await runSuite({ ...options, folder }, (line) => process.stdout.write(`${line}\n`));
    if (options.json) writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
    if (report.refused.length > 0) process.exitCode = EXIT.failed;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function fail(error) {
  if (error instanceof UsageError) {
    process.stderr.write(`${error.message}\n\n${USAGE}\n`);
    process.exitCode = EXIT.usage;
  } else {
    process.stderr.write(`${error.stack}\n`);
    process.exitCode = EXIT.failed;
  }
}

main().catch(fail);
