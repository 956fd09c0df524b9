import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { debianMirrors, parseDeb822, parseOneLine } from '../scripts/setup/apt-sources.js';
import { sourceLine, verify } from '../scripts/setup/caffe-download.js';
import { fromCaffeRoot } from '../scripts/setup/caffe-root.js';
import { explain } from '../scripts/setup/error.js';
import { acquire } from '../scripts/setup/lock.js';
import { cacheDirectory } from '../scripts/setup/paths.js';
import { Report } from '../scripts/setup/report.js';
import { run } from '../scripts/setup/run.js';

const root = resolve(__dirname, '..');
const setup = join(root, 'scripts', 'setup');
const DEBIAN_TARBALL = 'caffe_1.0.0+git20180821.99bd997.orig.tar.gz';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'caffe-node-setup-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Writes a file below the test's folder, with the folders above it. */
function write(name: string, text: string): string {
  const file = join(folder, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

interface Finished {
  code: number | null;
  output: string;
  seconds: number;
}

function start(args: string[], env: Record<string, string> = {}): { child: ChildProcess; finished: Promise<Finished> } {
  const started = Date.now();
  const child = spawn(process.execPath, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text) => (output += text));
  const finished = once(child, 'close').then(([code]) => ({ code, output, seconds: (Date.now() - started) / 1000 }));
  return { child, finished };
}

const runSetup = (env: Record<string, string> = {}, ...args: string[]) => start([setup, ...args], env).finished;
/** Without the Caffe of its own that the environment of the tests may name. */
const FROM_SOURCE = { CAFFE_ROOT: '', CAFFE_SOURCE: '' };

/** Waits until something is true, e.g. about a file that another process is to write. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(20);
}

/** What the log of a report would hold goes nowhere, what it would print comes back. */
function quietReport(logFile = join(folder, 'setup.log')) {
  const printed: string[] = [];
  const stream = { isTTY: false, write: (text: string) => printed.push(text) } as unknown as NodeJS.WritableStream;
  return { report: new Report({ stream, logFile }), printed };
}

describe('the sources of apt', () => {
  test('in the one-line format', () => {
    const sources = parseOneLine(`
# deb http://commented.example/debian bookworm main
deb [arch=amd64 signed-by=/keys/debian.gpg] http://mirror.example/debian bookworm main contrib # a comment
deb-src http://mirror.example/debian bookworm main
deb [trusted=yes] file:/srv/mirror/debian/ stable main
`);
    expect(sources).toEqual([
      {
        uri: 'http://mirror.example/debian',
        suites: ['bookworm'],
        components: ['main', 'contrib'],
        signedBy: '/keys/debian.gpg',
        trusted: false,
      },
      { uri: 'file:/srv/mirror/debian/', suites: ['stable'], components: ['main'], signedBy: undefined, trusted: true },
    ]);
  });

  test('in the deb822 format', () => {
    const sources = parseDeb822(`
Types: deb deb-src
# http://snapshot.example/
URIs: http://one.example/debian
 http://two.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /keys/debian.gpg

Types: deb
URIs: http://off.example/debian
Suites: bookworm
Components: main
Enabled: no

Types: deb
URIs: http://inline.example/debian
Suites: trixie
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc
`);
    const shared = { suites: ['bookworm', 'bookworm-updates'], components: ['main'], signedBy: '/keys/debian.gpg', trusted: false };
    expect(sources).toEqual([
      { uri: 'http://one.example/debian', ...shared },
      { uri: 'http://two.example/debian', ...shared },
      { uri: 'http://inline.example/debian', suites: ['trixie'], components: ['main'], signedBy: undefined, trusted: false },
    ]);
  });

  test('lead to the mirrors of Debian itself, the likeliest first', () => {
    const sources = parseOneLine(`
deb http://apt.example/repository bookworm main
deb http://apt.example/docker/debian bookworm stable
deb http://mirror.example/debian-security bookworm-security main
deb http://cloud.example/apt tool-bookworm main
deb http://mirror.example/debian bookworm main
deb http://mirror.example/debian bookworm contrib main
`);
    expect(debianMirrors(sources).map(({ uri }) => uri)).toEqual(['http://mirror.example/debian', 'http://apt.example/repository']);
  });

  test('keep the trust that the machine gives its mirror', () => {
    const [mirror] = parseOneLine('deb [trusted=yes] http://mirror.example/debian bookworm main');
    expect(mirror && sourceLine(mirror)).toMatch(/^deb-src \[.*trusted=yes\] http:\/\/mirror\.example\/debian bullseye main\n$/);
  });
});

test('the cache: CAFFE_NODE_CACHE, then XDG_CACHE_HOME, then the home folder', () => {
  expect(cacheDirectory({ CAFFE_NODE_CACHE: '/a', XDG_CACHE_HOME: '/b' })).toBe('/a');
  expect(cacheDirectory({ XDG_CACHE_HOME: '/b' })).toBe('/b/caffe-node');
  expect(cacheDirectory({ XDG_CACHE_HOME: 'relative' })).toMatch(/\/\.cache\/caffe-node$/);
});

describe('a lock', () => {
  const HOLD = `
    const { acquire } = require(process.argv[1] + '/lock.js');
    const [lockFile, journal, milliseconds] = process.argv.slice(2);
    const note = (word) => require('node:fs').appendFileSync(journal, word + ' ' + process.pid + '\\n');
    acquire(lockFile, 'testing').then((release) => { note('in'); setTimeout(() => { note('out'); release(); }, Number(milliseconds)); });`;
  const hold = (lockFile: string, journal: string, milliseconds: number) =>
    start(['-e', HOLD, setup, lockFile, journal, String(milliseconds)]);
  const holder = (changes: object) => JSON.stringify({ token: 'old', pid: process.pid, host: hostname(), since: 0, ...changes });

  test('is held by one of many at a time, even when all find it left behind by a dead process', async () => {
    const lockFile = write('lock', holder({ pid: 2 ** 22 + 1 }));
    const journal = join(folder, 'journal');
    const results = await Promise.all(Array.from({ length: 6 }, () => hold(lockFile, journal, 30).finished));
    expect(results.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0, 0]);
    const lines = readFileSync(journal, 'utf8').trim().split('\n');
    expect(lines).toHaveLength(12);
    for (let i = 0; i < lines.length; i += 2) expect(lines[i + 1]).toBe(lines[i]?.replace('in', 'out'));
    expect(readdirSync(folder)).toEqual(['journal']);
  });

  test('of a process that was killed is taken over', async () => {
    const lockFile = join(folder, 'lock');
    const journal = join(folder, 'journal');
    const first = hold(lockFile, journal, 60_000);
    await until(() => existsSync(journal));
    first.child.kill('SIGKILL');
    const second = await hold(lockFile, journal, 0).finished;
    expect(second.code).toBe(0);
    expect(second.seconds).toBeLessThan(3);
  });

  test.each([
    ['from before a reboot', { boot: 'another boot' }],
    ['of an earlier process with the same number', { start: '1' }],
  ])('%s is taken over', async (_what, changes) => {
    const lockFile = write('lock', holder({ boot: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(), ...changes }));
    const release = await acquire(lockFile, 'testing');
    release();
    expect(existsSync(lockFile)).toBe(false);
  });

  test('tells who is waited for', async () => {
    const lockFile = join(folder, 'lock');
    const release = await acquire(lockFile, 'building something');
    const waitedFor: object[] = [];
    const releaseSecond = await acquire(lockFile, 'waiting', (other) => {
      waitedFor.push(other);
      release();
    });
    releaseSecond();
    expect(waitedFor).toMatchObject([{ pid: process.pid, what: 'building something' }]);
  });
});

describe('one clear message', () => {
  test('for a download whose checksum is off', async () => {
    const file = write('caffe.tar.gz', 'cut short');
    await expect(verify(file)).rejects.toThrow(
      /caffe\.tar\.gz is not the file it should be: its SHA-256 is\s+[0-9a-f]{64}, expected was\s+e0eb3f06/,
    );
  });

  test('for the Debian tarball brought along as CAFFE_SOURCE, cut short', async () => {
    const file = write(DEBIAN_TARBALL, 'cut short');
    const { code, output } = await runSetup({ ...FROM_SOURCE, CAFFE_SOURCE: file, CAFFE_NODE_CACHE: join(folder, 'cache') });
    expect(output).toMatch(/^set-up: ✗ .*orig\.tar\.gz is not the file it should be[\s\S]*Remove it and run the same command again\.\n$/);
    expect(code).toBe(1);
  });

  test('for a CAFFE_SOURCE that is no archive', async () => {
    const file = write('caffe.tar.gz', 'no archive');
    const { code, output } = await runSetup({ ...FROM_SOURCE, CAFFE_SOURCE: file, CAFFE_NODE_CACHE: join(folder, 'cache') });
    expect(output).toMatch(/✗ .*caffe\.tar\.gz could not be unpacked/);
    expect(code).toBe(1);
  });

  test('for a CAFFE_ROOT that does not exist, or holds no Caffe; set-up without it is undisturbed', async () => {
    expect((await runSetup()).code).toBe(0);
    const absent = await runSetup({ CAFFE_ROOT: '/nonexistent' });
    expect(absent.output).toMatch(/^set-up: ✗ CAFFE_ROOT is '\/nonexistent', which does not exist\.\nLet it name a build tree/);
    expect(absent.code).toBe(1);
    const empty = await runSetup({ CAFFE_ROOT: folder });
    expect(empty.output).toContain(
      'where lib/libcaffe.so or lib/libcaffe.a and include/caffe/caffe.hpp and caffe/proto/caffe.pb.h cannot be found',
    );
    expect(empty.code).toBe(1);
    const again = await runSetup();
    expect(again).toMatchObject({ code: 0, output: '' });
    expect(again.seconds).toBeLessThan(2);
  });

  test('for a cache that cannot be used', async () => {
    const { code, output } = await runSetup({ ...FROM_SOURCE, CAFFE_NODE_CACHE: write('file', '') });
    expect(output).toMatch(/^set-up: ✗ .*\/file\S* is in the way: a folder was expected there[\s\S]*CAFFE_NODE_CACHE/);
    expect(code).toBe(1);
  });

  test('for a full disk: of a tool, and of our own log', async () => {
    const { report } = quietReport();
    await expect(run(report, 'sh', ['-c', 'cat /proc/version > /dev/full'], { disk: '/the/disk' })).rejects.toThrow(
      'The disk is full (while writing to /the/disk).',
    );
    const error = await quietReport('/dev/full')
      .report.step('anything', async () => {})
      .catch(explain);
    expect(error).toMatchObject({
      message: expect.stringMatching(/^The disk is full/),
      hint: expect.stringContaining('run the same command again'),
    });
  });

  test('for unknown arguments', async () => {
    const { code, output } = await runSetup({}, '--for', 'fun');
    expect(output).toBe('set-up: ✗ Unknown arguments: --for fun.\nUsage: node scripts/setup [--for build|test|demo|bench]\n');
    expect(code).toBe(2);
  });
});

describe('building from CAFFE_SOURCE', () => {
  const BUILD = `
    const [setup, root, cache, source] = process.argv.slice(1);
    const { Report } = require(setup + '/report.js');
    const report = new Report({ logFile: cache + '-' + process.pid + '.log' });
    require(setup + '/caffe-source.js').fromCaffeSource(report, root, cache, source).then(
      (caffe) => console.log('prefix ' + caffe.prefix),
      (error) => { report.failure(error); process.exitCode = 1; });`;
  const build = (source: string) => start(['-e', BUILD, setup, root, join(folder, 'cache'), source]);

  /** A Caffe in three files: it has all that set-up asks of one, and builds in a second. */
  function fakeSource({ code = 'int caffe_answer() { return 42; }\n', cmake = '' } = {}): string {
    write(
      'fake/CMakeLists.txt',
      `cmake_minimum_required(VERSION 3.5)
project(Caffe CXX)
set(CAFFE_TARGET_VERSION "9.9.9")
${cmake}
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY "\${CMAKE_BINARY_DIR}/lib")
file(WRITE "\${CMAKE_BINARY_DIR}/include/caffe/proto/caffe.pb.h" "")
add_library(caffeproto STATIC src/caffe/util/io.cpp)
add_library(caffe STATIC src/caffe/util/io.cpp)
add_dependencies(caffe caffeproto)
`,
    );
    write('fake/include/caffe/caffe.hpp', '');
    write('fake/src/caffe/proto/caffe.proto', '');
    write('fake/src/caffe/util/io.cpp', code);
    return join(folder, 'fake');
  }

  const left = () => readdirSync(join(folder, 'cache', 'tmp'));

  test('two at once build it once, and both get it', async () => {
    const source = fakeSource();
    const results = await Promise.all([build(source).finished, build(source).finished]);
    expect(results.map(({ code }) => code)).toEqual([0, 0]);
    expect(results.filter(({ output }) => output.includes('Caffe: building'))).toHaveLength(1);
    const prefix = /prefix (.*)/.exec(results[0].output)?.[1] ?? '';
    expect(JSON.parse(readFileSync(join(prefix, 'caffe.json'), 'utf8'))).toMatchObject({
      version: '9.9.9',
      source: 'CAFFE_SOURCE fake',
      glog: 'throwing',
    });
    expect(left()).toEqual([]);
  });

  test('killed half-way, it is built by the next', async () => {
    const source = fakeSource({
      cmake: `if(NOT EXISTS "${folder}/started")\nfile(WRITE "${folder}/started" "")\nexecute_process(COMMAND sleep 20)\nendif()`,
    });
    const first = build(source);
    await until(() => existsSync(join(folder, 'started')));
    first.child.kill('SIGKILL');
    expect(left()).toHaveLength(1);
    const second = await build(source).finished;
    expect(second.code).toBe(0);
    expect(left()).toEqual([]);
  });

  test('a compiler error is shown, and the log has everything', async () => {
    const { code, output } = await build(fakeSource({ code: 'int broken = nonsense;\n' })).finished;
    expect(code).toBe(1);
    expect(output).toMatch(
      /✗ Building Caffe failed \(exit code \d+\)\.[\s\S]*error: .*nonsense.*[\s\S]*Everything that was printed is in .*\.log\.\n$/,
    );
    expect(left()).toEqual([]);
  });

  test('Ctrl-C ends what runs below it, cleans up and gives the locks back', async () => {
    const source = fakeSource({ cmake: `file(WRITE "${folder}/started" "")\nexecute_process(COMMAND sleep 61.5)` });
    const first = start([setup], { ...FROM_SOURCE, CAFFE_SOURCE: source, CAFFE_NODE_CACHE: join(folder, 'cache') });
    await until(() => existsSync(join(folder, 'started')));
    first.child.kill('SIGINT');
    const { code, output } = await first.finished;
    expect(code).toBe(130);
    expect(output).toContain('interrupted (SIGINT)');
    expect(output).not.toContain('✗');
    expect(left()).toEqual([]);
    expect(readdirSync(join(folder, 'cache', 'caffe'))).toEqual([]);
    expect(existsSync(join(root, 'build', 'setup.lock'))).toBe(false);
    expect(execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })).not.toMatch(/^sleep 61\.5/m);
  });
});

describe('a built Caffe given as CAFFE_ROOT', () => {
  const GLOG = 'namespace google { struct LogMessageFatal { ~LogMessageFatal(); }; }\nvoid fatal() { google::LogMessageFatal message; }\n';
  const OURS = 'namespace google { struct FatalError { virtual ~FatalError(); }; FatalError::~FatalError() {} }\n';
  const LMDB = 'namespace caffe { namespace db { struct LMDB { void Open(); }; void LMDB::Open() {} } }\n';
  const CUDA = 'extern "C" int cudaGetDevice(int*); int device() { int d; return cudaGetDevice(&d); }\n';

  async function describeCaffe(code: string, library: 'libcaffe.so' | 'libcaffe.a') {
    const source = write('caffe.cc', code);
    for (const header of ['caffe/caffe.hpp', 'caffe/proto/caffe.pb.h']) write(`distribute/include/${header}`, '');
    mkdirSync(join(folder, 'distribute', 'lib'));
    const output = join(folder, 'distribute', 'lib', library);
    if (library.endsWith('.so')) execFileSync('c++', ['-shared', '-fPIC', source, '-o', output]);
    else {
      execFileSync('c++', ['-c', source, '-o', join(folder, 'caffe.o')]);
      execFileSync('ar', ['rcs', output, join(folder, 'caffe.o')]);
    }
    const { prefix } = await fromCaffeRoot(folder, join(folder, 'distribute'));
    return JSON.parse(readFileSync(join(prefix, 'caffe.json'), 'utf8'));
  }

  test('shared, for the CPU, with the real glog', async () => {
    const caffe = await describeCaffe(GLOG + LMDB, 'libcaffe.so');
    expect(caffe).toMatchObject({ flavour: 'cpu', glog: 'real', archives: [], definitions: ['USE_LMDB', 'CPU_ONLY'] });
    expect(caffe.libraries).toEqual([join(folder, 'distribute', 'lib', 'libcaffe.so'), 'gflags', 'glog', 'openblas']);
    expect(caffe.includes).toEqual([join(folder, 'distribute', 'include')]);
  });

  test('static, for CUDA, with our logging', async () => {
    const caffe = await describeCaffe(OURS + CUDA, 'libcaffe.a');
    expect(caffe).toMatchObject({ flavour: 'cuda', glog: 'throwing', definitions: [] });
    expect(caffe.archives).toEqual([join(folder, 'distribute', 'lib', 'libcaffe.a')]);
    expect(caffe.libraries).toEqual(['gflags', 'cudart', 'cublas', 'curand', 'openblas']);
  });
});
