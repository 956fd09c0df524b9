// Set-up: everything that `npm run demo`, `npm test` and `npm run build` need, done as far as it is not done yet. It depends on nothing
// but Node, because it is what installs the rest. docs/setup.md explains it; everything it prints goes to standard error.

const { setImmediate: nextTurn } = require('node:timers/promises');
const addon = require('./addon');
const { ensureCaffe, prebuiltAddon } = require('./caffe');
const { SetupError, explain } = require('./error');
const lock = require('./lock');
const { ensureNpm } = require('./npm');
const paths = require('./paths');
const { Report, waitingFor } = require('./report');
const { endAll } = require('./run');
const { ensurePeers, ensureSystem } = require('./system');
const { ensureTypeScript } = require('./typescript');

const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };
const PURPOSES = ['build', 'test', 'demo', 'bench'];

/** `--for demo` leaves out what only developers need; `--for bench` adds what is measured beside us. */
function readPurpose(args) {
  if (args.length === 0) return 'build';
  if (args.length === 2 && args[0] === '--for' && PURPOSES.includes(args[1])) return args[1];
  throw new SetupError(`Unknown arguments: ${args.join(' ')}.`, {
    hint: `Usage: node scripts/setup [--for ${PURPOSES.join('|')}]`,
    exitCode: 2,
  });
}

/** The steps, each of which looks first whether it is needed: with nothing to do all of them together take a fraction of a second. */
async function setUp(report, purpose) {
  const { root } = paths;
  const home = paths.addonHome();
  await ensureNpm(report, root);
  if (!prebuiltAddon(home)) {
    await ensureSystem(report, { development: purpose !== 'demo' });
    const caffe = await ensureCaffe(report, { root, home, cache: paths.cacheDirectory() });
    if (!addon.isCurrent(root, home, caffe)) {
      await ensureSystem(report, { further: caffe.packages?.() });
      await addon.ensureAddon(report, root, home, caffe);
    }
  }
  await ensureTypeScript(report, root);
  if (purpose === 'bench') await ensurePeers(report);
}

/** Ctrl-C and its like: whatever runs is ended, half-done folders are removed by the steps themselves, locks are given back. */
function onSignals(report) {
  let leaving = false;
  for (const [signal, exitCode] of Object.entries(SIGNALS)) {
    process.on(signal, async () => {
      if (leaving) return;
      leaving = true;
      report.say(`interrupted (${signal}), ending what is running`);
      await endAll();
      await nextTurn(); // the steps clean up behind themselves
      lock.releaseAll();
      process.exit(exitCode);
    });
  }
  return () => leaving;
}

async function main() {
  const report = new Report({ logFile: paths.log });
  const isLeaving = onSignals(report);
  try {
    const purpose = readPurpose(process.argv.slice(2));
    const release = await lock.acquire(paths.lock, `setting up ${paths.root}`, (holder) => report.say(waitingFor(holder)));
    await setUp(report, purpose);
    release();
  } catch (error) {
    if (isLeaving()) return;
    lock.releaseAll();
    const explained = explain(error);
    report.failure(explained);
    process.exitCode = explained.exitCode ?? 1;
  }
}

main();
