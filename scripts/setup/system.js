const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const { SetupError } = require('./error');
const { run } = require('./run');

// What compiling Caffe and the addon takes, by its name in Debian and Ubuntu.
const REQUIRED = [
  'build-essential',
  'cmake',
  'libboost-system-dev',
  'libboost-thread-dev',
  'libboost-filesystem-dev',
  'libgflags-dev',
  'libprotobuf-dev',
  'protobuf-compiler',
  'libhdf5-dev',
  'liblmdb-dev',
  // Not the pthread build: its fork handler freezes Node's main thread when a process is spawned during a GEMM.
  'libopenblas-openmp-dev',
  'libdnnl-dev',
  'libjpeg-dev',
  'libpng-dev',
  'dpkg-dev',
];
// Wanted for `npm run lint`; nothing that is built needs it.
const OPTIONAL = ['clang-format'];
// Measured beside us by `npm run bench`, which skips what is not there.
const PEERS = ['python3-opencv'];
// Looked for on systems whose package names we do not know.
const TOOLS = ['c++', 'make', 'cmake', 'protoc'];

function readRelease() {
  try {
    return fs.readFileSync('/etc/os-release', 'utf8');
  } catch {
    return '';
  }
}

/** `debian`, `ubuntu`, another system of their family, or undefined. */
function debianFamily(release = readRelease()) {
  const fields = Object.fromEntries([...release.matchAll(/^(\w+)="?(.*?)"?$/gm)].map(([, name, value]) => [name, value]));
  const names = [fields.ID, ...(fields.ID_LIKE ?? '').split(' ')];
  return names.find((name) => name === 'debian' || name === 'ubuntu');
}

/** Debian keeps libjpeg's development files under a name of their own; `libjpeg-dev` is an empty package that asks for them. */
function packageNames(family) {
  return REQUIRED.map((name) => (name === 'libjpeg-dev' && family === 'debian' ? 'libjpeg62-turbo-dev' : name));
}

/** Those of the packages that are not installed: one question to dpkg, about 20 ms. */
function missing(packages) {
  let output = '';
  try {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: these are dpkg's placeholders
    output = execFileSync('dpkg-query', ['-W', '-f', '${Package} ${db:Status-Status}\n', ...packages], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch (error) {
    if (error.code === 'ENOENT') throw new SetupError('dpkg-query is missing, although this system says it belongs to the Debian family.');
    output = error.stdout ?? ''; // it fails when one of them is unknown, and still lists the others
  }
  const installed = new Set([...output.matchAll(/^(\S+) installed$/gm)].map((match) => match[1]));
  return packages.filter((name) => !installed.has(name));
}

function aptCommand(packages) {
  return ['apt-get', 'install', '--yes', '--no-install-recommends', ...packages];
}

async function install(report, packages) {
  const apt = (args) =>
    run(report, 'apt-get', ['-o', 'DPkg::Lock::Timeout=300', ...args], {
      env: { DEBIAN_FRONTEND: 'noninteractive' },
      failure: 'Installing system packages failed',
      hint: `The command was: apt-get ${args.join(' ')}`,
      disk: '/',
    });
  const [, ...args] = aptCommand(packages);
  try {
    await apt(args);
  } catch (error) {
    // Package lists that are missing (a fresh container) or too old are the usual reason.
    report.write(`\n${error.message}\nOnce more with fresh package lists.\n`);
    await apt(['update']);
    await apt(args);
  }
}

/**
 * Sees to it that the system packages are there.
 *
 * @param {import('./report').Report} report
 * @param {{ further?: string[], development?: boolean }} [options] packages beyond the usual ones; whether lint's tools are wanted too
 */
async function ensureSystem(report, { further = [], development = false } = {}) {
  const family = debianFamily();
  if (!family) return checkTools();
  const required = missing([...packageNames(family), ...further]);
  const isRoot = process.getuid?.() === 0;
  // For a tool that only lint needs nobody is stopped.
  const optional = isRoot && development ? missing(OPTIONAL) : [];
  if (required.length === 0 && optional.length === 0) return;
  if (!isRoot) {
    throw new SetupError(`System packages are missing: ${required.join(', ')}.`, {
      hint: `Install them, then run the same command again:\n\n    sudo apt-get update && sudo ${aptCommand(required).join(' ')}\n`,
    });
  }
  const packages = [...required, ...optional];
  await report.step(`system packages: ${packages.join(' ')}`, () => install(report, packages));
}

/** Installs what the benchmark compares with, where that can be done unasked: as root, on a Debian. Nobody is stopped otherwise. */
async function ensurePeers(report) {
  if (!debianFamily() || process.getuid?.() !== 0) return;
  const packages = missing(PEERS);
  if (packages.length > 0) await report.step(`system packages: ${packages.join(' ')}`, () => install(report, packages));
}

function checkTools() {
  const folders = (process.env.PATH ?? '').split(':').filter(Boolean);
  const absent = TOOLS.filter((tool) => !folders.some((folder) => fs.existsSync(`${folder}/${tool}`)));
  if (absent.length === 0) return;
  throw new SetupError(`Tools are missing: ${absent.join(', ')}.`, {
    hint:
      'Set-up installs packages on Debian and Ubuntu only. Install a C++17 compiler, make, CMake 3.19, and the development files of\n' +
      'boost (system, thread, filesystem), gflags, protobuf (with protoc), HDF5, LMDB, OpenBLAS (its OpenMP build), libjpeg-turbo and libpng;\n' +
      'then run the same command again. docs/setup.md has the details.',
  });
}

module.exports = { ensurePeers, ensureSystem, debianFamily, missing };
