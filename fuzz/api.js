// The mutation fuzzer: files and texts that were altered go through the public API in a process of their own, which must live, must
// refuse with a CaffeError or accept, and must compute correctly afterwards. fast-check draws the alterations and shrinks what fails.
const { fork } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const fc = require('fast-check');
const { applied, editsOf } = require('./mutations');

const CHILD = path.join(__dirname, 'api-child.js');
// Longer than any input takes on a busy machine: what is not done by then never will be.
const HANG_MS = 120_000;
// Of memory that is really used: an allocation beyond it fails, and has to be reported like any other error.
const MEMORY_KB = 3_000_000;
const TEXTS = new Set(['network', 'solver']);
// Networks are where most can go wrong.
const WEIGHTS = { network: 6, solver: 2 };

/** The process that tries inputs; one that died is replaced by a new one. */
class Subject {
  constructor(folder) {
    this.folder = folder;
    this.child = undefined;
  }

  async start() {
    // `ulimit` is the shell's, and the program it becomes inherits the limit.
    const child = fork(CHILD, [this.folder], {
      execPath: '/bin/sh',
      execArgv: ['-c', `ulimit -d ${MEMORY_KB}; exec "$0" "$@"`, process.execPath],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: { ...process.env, OMP_WAIT_POLICY: 'passive', OMP_NUM_THREADS: '1' },
    });
    this.child = child;
    this.errors = '';
    child.stderr.on('data', (data) => {
      this.errors = (this.errors + data).slice(-4000);
    });
    await this.answer();
  }

  /** The next message of the child, or how it ended. */
  answer() {
    const { child } = this;
    return new Promise((resolve) => {
      const timer = setTimeout(() => end({ wrong: `no answer within ${HANG_MS / 1000} seconds` }), HANG_MS);
      const onMessage = (message) => end(message);
      const onClose = (code, signal) => end({ wrong: `the process ended (${signal ?? `exit code ${code}`})\n${this.errors}` });
      function end(result) {
        clearTimeout(timer);
        child.off('message', onMessage);
        child.off('close', onClose);
        resolve(result);
      }
      child.on('message', onMessage);
      child.on('close', onClose);
    });
  }

  /** @returns {Promise<{ outcome: string } | { wrong: string }>} */
  async try(kind, bytes) {
    if (!this.child) await this.start();
    const answer = this.answer();
    this.child.send({ kind, bytes });
    const result = await answer;
    if (result.wrong !== undefined) await this.stop();
    return result;
  }

  async stop() {
    const { child } = this;
    this.child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }
}

/** @returns what to draw: a seed file, and alterations of it */
function inputs(seeds) {
  return fc.oneof(
    ...Object.entries(seeds).map(([kind, files]) => ({
      weight: WEIGHTS[kind] ?? 1,
      arbitrary: fc.record({ kind: fc.constant(kind), name: fc.constantFrom(...Object.keys(files)), edits: editsOf(TEXTS.has(kind)) }),
    })),
  );
}

/**
 * @param {{ seeds: Record<string, Record<string, Buffer>>, seconds: number, seed: number, folder: string, findings: string }} options
 * @returns {Promise<{ executions: number, outcomes: Record<string, number>, finding?: { file: string, text: string } }>}
 */
async function fuzzApi({ seeds, seconds, seed, folder, findings }) {
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(folder, 'good.mdb'), seeds.lmdb.small);
  const subject = new Subject(folder);
  const kinds = ['network', 'solver', 'weights', 'state', 'image', 'lmdb', 'mean', 'message'];
  const bytesOf = ({ kind, name, edits }) => applied(seeds[kind][name], edits, TEXTS.has(kind));
  const result = { executions: 0, outcomes: {} };
  let over = false; // fast-check stops in the middle of an input, which then says nothing
  let failure; // the last that failed is the smallest: from the first on fast-check tries nothing but smaller ones
  const property = fc.asyncProperty(inputs(Object.fromEntries(kinds.map((kind) => [kind, seeds[kind]]))), async (input) => {
    const { outcome, wrong } = await subject.try(input.kind, bytesOf(input));
    if (over) return;
    result.executions += 1;
    result.outcomes[outcome ?? 'wrong'] = (result.outcomes[outcome ?? 'wrong'] ?? 0) + 1;
    if (wrong === undefined) return;
    failure = { input, wrong };
    throw new Error(wrong);
  });
  await fc.check(property, { seed, numRuns: 2 ** 31 - 1, interruptAfterTimeLimit: 1000 * seconds, markInterruptAsFailure: false });
  over = true;
  await subject.stop();
  fs.rmSync(folder, { recursive: true, force: true });
  if (failure) result.finding = save(findings, failure, bytesOf(failure.input), seed);
  return result;
}

/** Keeps the smallest input that fails, and how it came about. */
function save(findings, { input, wrong }, bytes, seed) {
  fs.mkdirSync(findings, { recursive: true });
  const file = path.join(findings, `${input.kind}-${input.name}-${seed}`);
  fs.writeFileSync(file, bytes);
  const text = `${input.kind} '${input.name}' after ${JSON.stringify(input.edits)}\n${wrong}`;
  fs.writeFileSync(`${file}.txt`, `${text}\n`);
  return { file, text };
}

module.exports = { fuzzApi };
