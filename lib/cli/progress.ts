/** How far a command is: a bar on a terminal, a line now and then in a log, nothing for machines. All of it goes to standard error. */
import readline from 'node:readline';
import type { SingleBar } from 'cli-progress';
import { write } from './stream';

export interface Progress {
  /** As often as there is news. A total that is not known is left out. */
  update(done: number, total?: number, text?: string): void;
  /** A line that stays, on standard output. */
  note(text: string): void;
  /** At the end, also after a failure. */
  stop(): void;
}

/** Seconds between two plain lines about the same job. */
const LINE_EVERY = 5;

export function createProgress(json: boolean): Progress {
  if (json) return { update() {}, note() {}, stop() {} };
  return process.stderr.isTTY ? new TerminalProgress() : new PlainProgress();
}

class TerminalProgress implements Progress {
  private bar: SingleBar | undefined;

  update(done: number, total = done, text = ''): void {
    this.bar ??= startBar(total);
    this.bar.setTotal(total);
    this.bar.update(done, { text });
  }

  note(text: string): void {
    if (this.bar) {
      // The bar draws itself again below at its next update.
      readline.clearLine(process.stderr, 0);
      readline.cursorTo(process.stderr, 0);
    }
    write(`${text}\n`);
  }

  stop(): void {
    this.bar?.stop();
    this.bar = undefined;
  }
}

function startBar(total: number): SingleBar {
  const { SingleBar } = require('cli-progress') as typeof import('cli-progress');
  const bar = new SingleBar({
    stream: process.stderr,
    format: '  {bar} {value}/{total}  {text}',
    barsize: 30,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    hideCursor: true,
    clearOnComplete: true,
    stopOnComplete: false,
    gracefulExit: false,
  });
  bar.start(total, 0, { text: '' });
  return bar;
}

class PlainProgress implements Progress {
  private last = performance.now();

  update(done: number, total?: number, text = ''): void {
    const now = performance.now();
    if (now - this.last < LINE_EVERY * 1000) return;
    this.last = now;
    process.stderr.write(`  ${done}${total === undefined ? '' : `/${total}`}  ${text}\n`);
  }

  note(text: string): void {
    write(`${text}\n`);
  }

  stop(): void {}
}
