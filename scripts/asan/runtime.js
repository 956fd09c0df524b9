// How a program runs with the sanitizers' libraries: what is loaded before it, and what they are told.
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { SetupError } = require('../setup/error');

/** Where the compiler keeps one of its libraries. */
function library(name) {
  const found = execFileSync(process.env.CXX ?? 'c++', [`-print-file-name=${name}`], { encoding: 'utf8' }).trim();
  // The compiler repeats the name when it knows no such file.
  if (found !== name) return fs.realpathSync(found);
  throw new SetupError(`The compiler has no ${name}.`, {
    hint: 'It is part of gcc (Debian: libgcc-12-dev, which build-essential brings).',
  });
}

const options = (settings) =>
  Object.entries(settings)
    .map(([name, value]) => `${name}=${value}`)
    .join(':');

/**
 * The environment for a program that loads an instrumented addon.
 *
 * @param {string} home the folder whose build/ holds the addon
 * @param {string} reports the folder that reports are written to: tests look at what their children print, and not all of them show it
 * @param {{ leaks?: boolean }} [wanted] whether memory that is still there at the end is told
 */
function sanitizedEnvironment(home, reports, { leaks = false } = {}) {
  return {
    ...process.env,
    CAFFE_NODE_PREBUILD: home,
    CAFFE_NODE_SANITIZE: 'address,undefined',
    // Node itself is not instrumented, so the library comes before all others; libstdc++ right behind it, or it would not find the
    // function that throws exceptions, and the first one thrown would be taken for a crash.
    LD_PRELOAD: `${library('libasan.so')} ${library('libstdc++.so.6')}`,
    ASAN_OPTIONS: options({
      log_path: path.join(reports, 'address'),
      detect_leaks: leaks ? 1 : 0,
      // A memory that cannot be had is an error that Caffe has to report, and no reason to stop.
      allocator_may_return_null: 1,
      // What was freed is kept back for a while, to see who touches it: with many processes at once 256 MB each are too many.
      quarantine_size_mb: 64,
      strict_string_checks: 1,
    }),
    UBSAN_OPTIONS: options({ log_path: path.join(reports, 'undefined'), print_stacktrace: 1 }),
    LSAN_OPTIONS: options({ report_objects: 0, max_leaks: 0, exitcode: 0 }),
    OMP_WAIT_POLICY: process.env.OMP_WAIT_POLICY ?? 'passive',
  };
}

/** The reports that were written, as text, oldest first. */
function readReports(folder) {
  return fs
    .readdirSync(folder)
    .map((name) => path.join(folder, name))
    .sort((a, b) => fs.statSync(a).mtimeMs - fs.statSync(b).mtimeMs)
    .map((file) => ({ file, text: fs.readFileSync(file, 'utf8') }));
}

module.exports = { sanitizedEnvironment, readReports };
