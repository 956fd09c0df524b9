// `npm run test:asan`: builds Caffe and the addon with AddressSanitizer and UndefinedBehaviorSanitizer, beside the usual ones, and
// runs the tests that use the addon with them. Arguments go to Jest (names of test files, -t …); any report of a sanitizer is a failure.
// docs/setup.md explains it.
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { SetupError, explain } = require('../setup/error');
const { root } = require('../setup/paths');
const { leaksIn } = require('./leaks');
const { readReports, sanitizedEnvironment } = require('./runtime');

const HOME = path.join(root, 'build', 'asan');
const REPORTS = path.join(HOME, 'reports');
const JEST = path.join(root, 'node_modules', 'jest', 'bin', 'jest.js');
// Everything is several times slower.
const TEST_TIMEOUT_MS = 600_000;
// Tests of what has nothing to do with the addon's memory.
const LEFT_OUT = /\b(setup|docs)\.test\.ts$/;
const LEAK_PROGRAM = path.join(root, 'test', 'children', 'leaks.js');

function build() {
  const env = { ...process.env, CAFFE_NODE_SANITIZE: 'address,undefined', CAFFE_NODE_PREBUILD: HOME };
  const { status } = spawnSync(process.execPath, [path.join(root, 'scripts', 'setup')], { cwd: root, env, stdio: 'inherit' });
  if (status !== 0) throw new SetupError('The addon with sanitizers could not be built; see above.');
}

/** The tests that load the addon themselves, as Jest finds by following imports, and those whose child processes do. */
function nativeTests() {
  const list = (args) => {
    const { stdout } = spawnSync(process.execPath, [JEST, '--listTests', ...args], { cwd: root, encoding: 'utf8' });
    return stdout.split('\n').filter((line) => line.endsWith('.test.ts'));
  };
  const direct = new Set(list(['--findRelatedTests', 'lib/native.ts']));
  const starts = (file) => /children\/|native\.ts/.test(fs.readFileSync(file, 'utf8'));
  return list([]).filter((file) => !LEFT_OUT.test(file) && (direct.has(file) || starts(file)));
}

function runTests(args) {
  const named = args.some((argument) => !argument.startsWith('-'));
  const files = named ? [] : nativeTests();
  const { status } = spawnSync(process.execPath, [JEST, `--testTimeout=${TEST_TIMEOUT_MS}`, '--runTestsByPath', ...files, ...args], {
    cwd: root,
    env: sanitizedEnvironment(HOME, REPORTS),
    stdio: 'inherit',
  });
  return status === 0;
}

/** One program that uses and disposes of everything, and what it has left behind at its end. */
function findLeaks() {
  const { status } = spawnSync(process.execPath, ['--expose-gc', LEAK_PROGRAM], {
    cwd: root,
    env: sanitizedEnvironment(HOME, REPORTS, { leaks: true }),
    stdio: 'inherit',
  });
  return status === 0;
}

function main(args) {
  build();
  fs.rmSync(REPORTS, { recursive: true, force: true });
  fs.mkdirSync(REPORTS, { recursive: true });
  const passed = runTests(args);
  const ended = findLeaks();
  const reports = readReports(REPORTS).flatMap(({ file, text }) => {
    const serious = text.includes('LeakSanitizer') ? leaksIn(text) : text;
    return serious ? [{ file, text: serious }] : [];
  });
  for (const { file, text } of reports) console.error(`\n${file}:\n${text}`);
  if (!ended) console.error(`\n${LEAK_PROGRAM} failed.`);
  console.error(reports.length === 0 ? '\nNo report of the sanitizers.' : `\n${reports.length} reports of the sanitizers.`);
  return passed && ended && reports.length === 0 ? 0 : 1;
}

try {
  process.exitCode = main(process.argv.slice(2));
} catch (error) {
  const explained = explain(error);
  console.error(explained instanceof SetupError ? [explained.message, explained.hint].filter(Boolean).join('\n') : explained);
  process.exitCode = 1;
}
