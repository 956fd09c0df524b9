const fs = require('node:fs');
const path = require('node:path');
const { SetupError } = require('./error');
const { root } = require('./paths');

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const PREFIX = 'set-up:';
// Without a terminal: how long a step may be silent before it says that it is still there, and how long a line lasts.
const QUIET_MS = 30_000;
const LINE_MS = 5_000;

function clock(milliseconds) {
  const seconds = Math.floor(milliseconds / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

/** A path as a user in the checkout would type it. */
function short(file) {
  const relative = path.relative(process.cwd(), file);
  return relative.startsWith('..') ? file : relative;
}

/**
 * Says for whom a set-up is waiting.
 * @param {{ pid: number, what: string, since: number }} holder of the lock
 */
function waitingFor(holder) {
  return `waiting for process ${holder.pid}, which has been ${holder.what} for ${clock(Date.now() - holder.since)}`;
}

/** What the user sees (standard error) and the log that keeps everything. Silent until the first step: nothing to do prints nothing. */
class Report {
  /** @param {{ stream?: NodeJS.WritableStream & { isTTY?: boolean, columns?: number }, logFile: string }} options */
  constructor({ stream = process.stderr, logFile }) {
    this.stream = stream;
    this.interactive = Boolean(stream.isTTY) && !process.env.CI;
    this.logFile = logFile;
    this.log = undefined; // a file descriptor, from openLog on
    this.current = undefined;
  }

  /** Starts the log anew, with the first thing that is really done. Only who holds the checkout's lock may come here. */
  openLog() {
    if (this.log !== undefined) return;
    fs.mkdirSync(path.dirname(this.logFile), { recursive: true });
    this.log = fs.openSync(this.logFile, 'w');
    this.write(`${new Date().toISOString()}  node ${process.version}  ${process.platform}-${process.arch}  ${root}\n`);
  }

  /** To the log alone. */
  write(text) {
    if (this.log !== undefined) fs.writeSync(this.log, text);
  }

  /** One line that stays on the screen. */
  say(text) {
    this.clearLine();
    this.stream.write(`${PREFIX} ${text}\n`);
    this.write(`\n== ${text}\n`);
  }

  /**
   * Runs one step under its name, with elapsed time, and says how long it took.
   * @template T
   * @param {string} name
   * @param {() => Promise<T>} work
   * @returns {Promise<T>}
   */
  async step(name, work) {
    this.begin(name);
    try {
      const result = await work();
      this.end(`✓ ${name} (${clock(Date.now() - this.current.started)})`);
      return result;
    } catch (error) {
      this.end();
      throw error;
    }
  }

  begin(name) {
    this.openLog();
    const now = Date.now();
    this.current = { name, started: now, printed: now, decile: 0, percent: undefined, detail: '' };
    this.write(`\n== ${name}\n`);
    if (this.interactive) this.current.timer = setInterval(() => this.draw(), 100);
    else this.stream.write(`${PREFIX} ${name} … (log: ${short(this.logFile)})\n`);
    this.current.timer ??= setInterval(() => this.heartbeat(), 1000);
    this.current.timer.unref();
  }

  end(line) {
    clearInterval(this.current?.timer);
    this.clearLine();
    if (line) this.stream.write(`${PREFIX} ${line}\n`);
  }

  /** @param {number} percent as the build tool counts it */
  progress(percent) {
    const step = this.current;
    if (!step) return;
    step.percent = percent;
    const decile = Math.floor(percent / 10);
    if (this.interactive || decile <= step.decile || Date.now() - step.printed < LINE_MS) return;
    step.decile = decile;
    this.plainLine();
  }

  heartbeat() {
    if (Date.now() - this.current.printed >= QUIET_MS) this.plainLine();
  }

  plainLine() {
    const { name, started, percent } = this.current;
    this.current.printed = Date.now();
    const share = percent === undefined ? '' : ` ${percent} %,`;
    this.stream.write(`${PREFIX} ${name}:${share} ${clock(Date.now() - started)}\n`);
  }

  draw() {
    const { name, started, percent } = this.current;
    const elapsed = Date.now() - started;
    const share = percent === undefined ? '' : ` ${String(percent).padStart(3)} %`;
    const line = `${FRAMES[Math.floor(elapsed / 100) % FRAMES.length]} ${name}${share}  ${clock(elapsed)}  (log: ${short(this.logFile)})`;
    this.stream.write(`\r${line.slice(0, (this.stream.columns ?? 80) - 1)}\x1b[K`);
  }

  clearLine() {
    if (this.interactive) this.stream.write('\r\x1b[K');
  }

  /** Prints the one message a failure ends in. */
  failure(error) {
    this.clearLine();
    // Whatever is no SetupError is a mistake of ours: its stack tells where.
    const lines = [
      `✗ ${error instanceof SetupError ? error.message : (error.stack ?? error)}`,
      ...(error.details ?? []).map((line) => `    ${line}`),
    ];
    if (error.hint) lines.push(error.hint);
    if (this.log !== undefined) lines.push(`Everything that was printed is in ${short(this.logFile)}.`);
    this.stream.write(`${PREFIX} ${lines.join('\n')}\n`);
    try {
      this.write(`\n${error.stack ?? error}\n`);
    } catch {
      // A log on a full disk must not hide the message above.
    }
  }
}

module.exports = { Report, waitingFor };
