const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { execFileSync } = require('node:child_process');
const { SetupError, diskFull } = require('./error');
const lock = require('./lock');
const { waitingFor } = require('./report');
const { run } = require('./run');
const { digest, readStamp, writeJson } = require('./stamp');

// Raised when the recipe below changes in a way that its flags do not show.
const RECIPE = 1;
const FLAGS = [
  '-DCMAKE_BUILD_TYPE=Release',
  '-DBUILD_SHARED_LIBS=OFF',
  '-DCPU_ONLY=ON',
  '-DBUILD_python=OFF',
  '-DBUILD_python_layer=OFF',
  '-DBUILD_matlab=OFF',
  '-DBUILD_docs=OFF',
  '-DUSE_OPENCV=OFF',
  '-DUSE_LEVELDB=OFF',
  '-DUSE_LMDB=ON',
  '-DUSE_HDF5=ON',
  '-DBLAS=Open',
  // Nothing of glog is linked; Caffe's own CMake only insists on some library's name.
  '-DGLOG_LIBRARY=gflags',
  // CMake 4 refuses projects as old as Caffe without this.
  '-DCMAKE_POLICY_VERSION_MINIMUM=3.5',
];
// What that gives: see caffe.json in CMakeLists.txt.
const RESULT = {
  flavour: 'cpu',
  glog: 'throwing',
  blas: 'openblas',
  archives: ['lib/libcaffe.a', 'lib/libcaffeproto.a'],
  libraries: ['gflags', 'openblas'],
  includes: ['include'],
  definitions: ['CPU_ONLY', 'USE_LMDB', 'USE_HDF5'],
};
// Source, objects and result together take 130 MB; the compilers' own temporary files come on top.
const SPACE_NEEDED = 400e6;
// One compiler process takes up to 600 MB on Caffe's layers: more jobs than fit into memory would be slower, or be killed.
const MEMORY_PER_JOB = 600e6;

/**
 * With CAFFE_NODE_SANITIZE, Caffe is instrumented as well as the addon: a heap overflow inside one of its layers is seen only then.
 *
 * @returns {{ flags: string[], compiler: string }} further flags for CMake, and for the C++ compiler
 */
function sanitizing(sanitizers = process.env.CAFFE_NODE_SANITIZE) {
  if (!sanitizers) return { flags: [], compiler: '' };
  return {
    flags: ['-DCMAKE_CXX_FLAGS_RELEASE=-O1 -DNDEBUG -g1 -fno-omit-frame-pointer'],
    compiler: ` -fsanitize=${sanitizers} -fno-sanitize-recover=undefined`,
  };
}

function versionOutput(program, args, remedy) {
  try {
    return execFileSync(program, args, { encoding: 'utf8' }).trim();
  } catch (error) {
    throw new SetupError(`${program} does not run: ${error.message.split('\n')[0]}`, { hint: remedy });
  }
}

/** The tools whose versions show in the result: the compiler, and the one that writes the classes of Caffe's messages. */
function tools() {
  return [
    versionOutput(
      process.env.CXX ?? 'c++',
      ['-dumpfullversion', '-dumpmachine'],
      'Install a C++ compiler (Debian: build-essential), or let CXX name it.',
    ),
    versionOutput('protoc', ['--version'], 'Install the protobuf compiler (Debian: protobuf-compiler).'),
  ];
}

/** Our logging header, which is compiled into Caffe, without what makes no difference: formatting it is no reason to build Caffe again. */
function loggingHeader(root) {
  const text = fs.readFileSync(path.join(root, 'binding', 'glog', 'logging.h'), 'utf8');
  return text
    .replace(/\/\/.*$/gm, '')
    .replace(/\\$/gm, '')
    .replace(/\s+/g, '');
}

/** Names a build after everything that went into it, so that equal ones are shared and different ones never mixed up. */
function buildKey(root, sourceKey) {
  const { flags, compiler } = sanitizing();
  return digest()
    .value([RECIPE, [...FLAGS, ...flags], sourceKey, tools(), process.platform, process.arch, loggingHeader(root) + compiler])
    .toString();
}

function jobs() {
  return Math.max(1, Math.min(os.availableParallelism(), Math.floor(os.totalmem() / MEMORY_PER_JOB)));
}

async function checkSpace(folder) {
  const { bavail, bsize } = await fs.promises.statfs(folder);
  if (bavail * bsize < SPACE_NEEDED) {
    throw new SetupError(
      `Building Caffe takes ${SPACE_NEEDED / 1e6} MB of disk space, and ${folder} has ${Math.floor((bavail * bsize) / 1e6)} MB.`,
      {
        hint: diskFull().hint,
      },
    );
  }
}

/** Today's protobuf has dropped the second argument: the only edit Caffe needs. */
function patch(source) {
  const file = path.join(source, 'src', 'caffe', 'util', 'io.cpp');
  const text = fs.readFileSync(file, 'utf8');
  fs.writeFileSync(
    file,
    text.replace(/SetTotalBytesLimit\(\s*kProtoReadBytesLimit\s*,\s*\d+\s*\)/g, 'SetTotalBytesLimit(kProtoReadBytesLimit)'),
  );
}

function versionOf(source) {
  const lists = fs.readFileSync(path.join(source, 'CMakeLists.txt'), 'utf8');
  return /set\(CAFFE_TARGET_VERSION\s+"([^"]+)"/.exec(lists)?.[1] ?? 'unknown';
}

async function compile(report, root, source, folder) {
  const build = path.join(folder, 'build');
  const glog = path.join(folder, 'glog');
  // A copy, because the header is part of the key: an edit during the build must not get in.
  fs.cpSync(path.join(root, 'binding', 'glog'), path.join(glog, 'glog'), { recursive: true });
  const common = { cwd: folder, failure: 'Building Caffe failed' };
  const { flags: further, compiler } = sanitizing();
  const flags = [...FLAGS, ...further, `-DGLOG_INCLUDE_DIR=${glog}`, `-DCMAKE_CXX_FLAGS=-ffile-prefix-map=${source}/=${compiler}`];
  await run(report, 'cmake', ['-G', 'Unix Makefiles', '-S', source, '-B', build, ...flags], common);
  await run(report, 'cmake', ['--build', build, '--target', 'caffe', '--parallel', String(jobs())], common);
  return build;
}

/** Gathers what the addon needs of a build into a folder that can be renamed and moved. */
function assemble(source, build, prefix, description) {
  for (const archive of RESULT.archives) {
    fs.mkdirSync(path.dirname(path.join(prefix, archive)), { recursive: true });
    fs.copyFileSync(path.join(build, archive), path.join(prefix, archive));
  }
  fs.cpSync(path.join(source, 'include', 'caffe'), path.join(prefix, 'include', 'caffe'), { recursive: true });
  fs.cpSync(path.join(build, 'include', 'caffe', 'proto'), path.join(prefix, 'include', 'caffe', 'proto'), {
    recursive: true,
    filter: (file) => fs.statSync(file).isDirectory() || file.endsWith('.h'),
  });
  const license = path.join(source, 'LICENSE');
  if (fs.existsSync(license)) fs.copyFileSync(license, path.join(prefix, 'LICENSE'));
  writeJson(path.join(prefix, 'caffe.json'), { version: versionOf(source), source: description, ...RESULT });
}

/**
 * The Caffe for this key, from the cache or built now. Of several set-ups that need the same one, one builds and the others wait.
 *
 * @param {import('./report').Report} report
 * @param {string} root the checkout
 * @param {string} cache
 * @param {{ key: string, description: string, unpack: (folder: string) => Promise<string> }} recipe `unpack` puts the source into a
 *   folder that it may fill as it likes and returns where in it the source tree begins
 * @returns {Promise<{ prefix: string, key: string }>}
 */
async function ensureBuilt(report, root, cache, { key, description, unpack }) {
  const prefix = path.join(cache, 'caffe', key);
  const result = { prefix, key };
  if (isBuilt(prefix)) return result;
  const release = await lock.acquire(path.join(cache, 'caffe', `${key}.lock`), `building Caffe for ${root}`, (holder) =>
    report.say(waitingFor(holder)),
  );
  try {
    if (isBuilt(prefix)) return result;
    fs.rmSync(prefix, { recursive: true, force: true });
    const folder = freshFolder(path.join(cache, 'tmp'), `${key}-`);
    try {
      await checkSpace(cache);
      const source = await unpack(folder);
      patch(source);
      const build = await report.step(`Caffe: building ${description}`, () => compile(report, root, source, folder));
      assemble(source, build, path.join(folder, 'prefix'), description);
      fs.renameSync(path.join(folder, 'prefix'), prefix);
    } finally {
      fs.rmSync(folder, { recursive: true, force: true });
    }
    return result;
  } finally {
    release();
  }
}

/** A new folder to build in. What a set-up that was killed has left under this name goes: the lock is ours, so nobody uses it. */
function freshFolder(parent, name) {
  fs.mkdirSync(parent, { recursive: true });
  for (const old of fs.readdirSync(parent).filter((other) => other.startsWith(name))) {
    // Its compilers may still be writing for a moment.
    fs.rmSync(path.join(parent, old), { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
  return fs.mkdtempSync(path.join(parent, name));
}

function isBuilt(prefix) {
  const manifest = readStamp(path.join(prefix, 'caffe.json'));
  return manifest?.archives.every((archive) => fs.existsSync(path.join(prefix, archive))) ?? false;
}

module.exports = { buildKey, ensureBuilt, isBuilt };
