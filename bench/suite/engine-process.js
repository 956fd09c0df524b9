const { spawn } = require('node:child_process');
const { readFileSync } = require('node:fs');
const readline = require('node:readline');
const { setTimeout: sleep } = require('node:timers/promises');

/** Threads that wait for work spin for a while before they sleep; the next process must not share the cores with them. */
const SETTLE = 30;
/** The first runs of a process that has slept are slow: so long it runs unmeasured, unless a single run takes longer than ten times this. */
const WARM_UP = 30;
/** What is kept of what a process writes to standard error, for the message when it fails. */
const MOST_TEXT = 4000;

/** An engine that could not do what it was asked for: `message` holds what it said. */
class EngineError extends Error {}

/**
 * One engine in a process of its own, so that its threads and its peak memory are its own. All of them speak the same few lines:
 *
 *     → load                 ← {"ready":true} came before, once everything but the network is loaded
 *                            ← {"loadMs":…,"firstMs":…}     the network loaded; its first run, whose output is written to a file
 *     → 3 40                 ← {"ms":…}                     after 3 runs that are not measured, the time of 40 together
 *
 * Between two requests it waits for its standard input, asleep.
 */
class EngineProcess {
  #child;
  #lines;
  #errors = '';
  #ended;

  /** @param {{ name: string, command: string[], cache?: string }} engine `cache`: the folder where this package keeps what it found out. */
  constructor({ name, command: [file, ...args], cache }) {
    this.name = name;
    this.#child = spawn(file, args, { stdio: 'pipe', env: { ...process.env, ...(cache && { CAFFE_NODE_CACHE: cache }) } });
    this.#lines = readline.createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
    this.#child.stderr.setEncoding('utf8').on('data', (text) => {
      this.#errors = (this.#errors + text).slice(-MOST_TEXT);
    });
    this.#child.stdin.on('error', () => {}); // a process that has died is noticed by the missing answer
    this.#ended = new Promise((resolve) => {
      this.#child.on('error', (error) => resolve(error.message));
      this.#child.on('close', (code, signal) => resolve(`it ended with ${signal ?? `exit code ${code}`}`));
    });
  }

  /** Loads the network and runs it once. @returns `loadMs`, `firstMs`, and in `baseMiB` the memory before that. */
  async load() {
    await this.#answer();
    const baseMiB = this.memory().resident;
    return { ...(await this.#ask('load')), baseMiB };
  }

  /** Milliseconds of one run, as the mean of `count`. */
  async time(count, expected = 0) {
    const warmUps = expected > 10 * WARM_UP ? 0 : Math.ceil(WARM_UP / (expected || WARM_UP));
    return (await this.measure(`${warmUps} ${count}`)).ms / count;
  }

  /** The answer to one measurement. */
  async measure(request = '0 1') {
    await sleep(SETTLE);
    return this.#ask(request);
  }

  /** How many runs last about so many milliseconds, and how long one takes. */
  async calibrate(milliseconds) {
    let expected = await this.time(1);
    // Once more with what the first answer allows: a single short run says little.
    expected = await this.time(Math.max(1, Math.min(20, Math.floor(milliseconds / 4 / expected))), expected);
    return { expected, count: Math.max(1, Math.ceil(milliseconds / expected)) };
  }

  /** Memory of the process in MiB: the most that it has held so far, and what it holds now. */
  memory() {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, 'utf8');
    const of = (field) => Number(new RegExp(`^${field}:\\s*(\\d+) kB$`, 'm').exec(status)?.[1]) / 1024;
    return { peak: of('VmHWM'), resident: of('VmRSS') };
  }

  /** Ends it, and waits until its memory is free. */
  async stop() {
    this.#child.stdin.end();
    await this.#ended;
  }

  async #ask(request) {
    this.#child.stdin.write(`${request}\n`);
    return this.#answer();
  }

  async #answer() {
    const { value, done } = await this.#lines.next();
    if (done) throw await this.#failure();
    try {
      return JSON.parse(value);
    } catch {
      throw new EngineError(`${this.name} answered '${value}', which is no JSON.`);
    }
  }

  async #failure() {
    const reason = await this.#ended;
    return new EngineError(`${this.name} failed: ${reason}.${this.#errors ? `\n${this.#errors.trimEnd()}` : ''}`);
  }
}

module.exports = { EngineError, EngineProcess };
