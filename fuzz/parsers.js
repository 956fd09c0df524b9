// The fuzz targets in C++, built with clang's libFuzzer and run one after the other.
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { SetupError } = require('../scripts/setup/error');
const { ensureSystem, debianFamily } = require('../scripts/setup/system');

const PARSERS = ['lmdb', 'hdf5', 'image', 'datum', 'mean', 'prototxt', 'message', 'weights'];
// Larger inputs show nothing new, and are slower.
const LARGEST = { lmdb: 1 << 17, hdf5: 1 << 15, prototxt: 1 << 13 };

/** Whether clang is there and links what libFuzzer takes. */
function hasLibFuzzer() {
  const program = 'extern "C" int LLVMFuzzerTestOneInput(const unsigned char*, unsigned long) { return 0; }';
  const { status } = spawnSync('clang++', ['-x', 'c++', '-fsanitize=fuzzer,address', '-', '-o', os.devNull], { input: program });
  return status === 0;
}

/** Installs clang as root on Debian and Ubuntu, or says what to install. */
async function ensureClang(report) {
  if (hasLibFuzzer()) return;
  if (debianFamily()) {
    await ensureSystem(report, { further: ['clang'] });
    const { stdout } = spawnSync('clang++', ['-dumpversion'], { encoding: 'utf8' });
    const version = /^\d+/.exec(stdout ?? '')?.[0];
    if (version && !hasLibFuzzer()) await ensureSystem(report, { further: [`libclang-rt-${version}-dev`] });
  }
  if (!hasLibFuzzer()) throw new SetupError('clang++ with libFuzzer is not installed.', { hint: 'Install clang and its compiler-rt.' });
}

function run(command, args, failure) {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1e9 });
  if (status !== 0) throw new SetupError(failure, { details: `${stdout}\n${stderr}`.trim().split('\n').slice(-25) });
}

/** @param {string} prefix the Caffe that the addon was built against */
function buildParsers(folder, prefix, targets) {
  const flags = [`-DCAFFE_NODE_PREFIX=${prefix}`, '-DCMAKE_C_COMPILER=clang', '-DCMAKE_CXX_COMPILER=clang++'];
  run('cmake', ['-S', __dirname, '-B', folder, ...flags], 'Configuring the fuzz targets failed.');
  run(
    'cmake',
    ['--build', folder, '--parallel', `${os.availableParallelism()}`, '--target', ...targets],
    'Building the fuzz targets failed.',
  );
}

function writeCorpus(folder, files) {
  fs.mkdirSync(folder, { recursive: true });
  for (const [name, bytes] of Object.entries(files)) fs.writeFileSync(path.join(folder, `seed-${name}`), bytes);
}

/**
 * @param {{ target: string, build: string, corpus: string, findings: string, dictionary?: string, files: Record<string, Buffer>,
 *   seconds: number, seed: number }} options `corpus` is kept: what was found to reach new code is where the next run goes on
 * @returns {{ executions: number, finding?: { file: string, text: string } }}
 */
function fuzzParser({ target, build, corpus, findings, dictionary, files, seconds, seed }) {
  writeCorpus(corpus, files);
  fs.mkdirSync(findings, { recursive: true });
  const prefix = path.join(findings, `${target}-`);
  const args = [
    `-max_total_time=${seconds}`,
    `-seed=${Math.max(1, seed)}`,
    `-max_len=${LARGEST[target] ?? 1 << 12}`,
    '-timeout=60',
    // An image of 2^28 pixels is allowed to be one.
    '-rss_limit_mb=5000',
    '-malloc_limit_mb=2000',
    '-print_final_stats=1',
    '-verbosity=0',
    `-artifact_prefix=${prefix}`,
    ...(dictionary ? [`-dict=${dictionary}`] : []),
    corpus,
  ];
  const { status, stderr } = spawnSync(path.join(build, target), args, { encoding: 'utf8', maxBuffer: 1e9 });
  const executions = Number(/stat::number_of_executed_units:\s+(\d+)/.exec(stderr)?.[1] ?? 0);
  if (status === 0) return { executions };
  const file = /Test unit written to (.*)/.exec(stderr)?.[1] ?? prefix;
  return { executions, finding: { file, text: stderr.trim().split('\n').slice(-60).join('\n') } };
}

module.exports = { PARSERS, ensureClang, hasLibFuzzer, buildParsers, fuzzParser };
