const fs = require('node:fs/promises');
const path = require('node:path');
const { parseArguments, USAGE, UsageError } = require('./arguments');
const { createDisplay } = require('./display');

// Read when the addon loads. OpenMP's threads otherwise wait by spinning: a little faster alone, many times slower beside anything else.
process.env.OMP_WAIT_POLICY ??= 'passive';

const EXIT = { done: 0, failed: 1, usage: 2, interrupted: 130 };

async function main() {
  const options = parseArguments(process.argv.slice(2));
  if (options.help) {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  // Loaded late: a usage error needs no addon.
  const { runDrawnDemo, runPhotographDemo } = require('./demos');
  const display = createDisplay();
  const demo = options.photographs ? runPhotographDemo : runDrawnDemo;
  const report = await demo(display, { ...options, output: path.resolve(options.output), signal: interruptSignal(display) });
  if (options.json) {
    await fs.writeFile(options.json, `${JSON.stringify(report, null, 2)}\n`);
    display.line(`\nThe results are in ${options.json}.`);
  }
  display.line(
    `\nEverything that was written is in ${path.relative('', path.resolve(options.output))}/. (${report.seconds.total.toFixed(0)} s)`,
  );
}

/** Aborts at the first Ctrl-C, so that a snapshot is written; the second one ends at once. */
function interruptSignal(display) {
  const controller = new AbortController();
  process.once('SIGINT', () => {
    display.line('\nInterrupted: finishing the iteration and writing a snapshot. Press Ctrl-C again to quit at once.');
    controller.abort();
    process.once('SIGINT', () => process.exit(EXIT.interrupted));
  });
  return controller.signal;
}

/** Says what went wrong, and what to do about it where that is known. */
function fail(error) {
  if (error instanceof UsageError) {
    process.stderr.write(`${error.message}\n\n${USAGE}\n`);
    process.exitCode = EXIT.usage;
  } else if (error.name === 'AbortError') {
    process.exitCode = EXIT.interrupted;
  } else {
    process.stderr.write(`\n${error.code?.startsWith('ERR_CAFFE') ? error.message : error.stack}\n${error.hint ? `${error.hint}\n` : ''}`);
    process.exitCode = EXIT.failed;
  }
}

main().catch(fail);
