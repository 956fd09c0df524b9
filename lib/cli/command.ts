/** What all commands have in common. */
import type { Command } from 'commander';
import { endOnSignals, interrupted } from './interruption';
import { createProgress, type Progress } from './progress';
import { write } from './stream';

/** What a command works with. */
export interface Context {
  /** Whether the output is for machines. */
  readonly json: boolean;
  /** Aborted by Ctrl-C, SIGTERM, and a reader that is gone. */
  readonly signal: AbortSignal;
  readonly progress: Progress;
  /** Ends the command with exit code 2: what was typed cannot be meant. */
  refuse(message: string): never;
  /** Writes the result: the value as JSON on one line, or the text. */
  report(value: object, text: string): void;
}

interface ActionOptions {
  /** For a command that takes care of signals by itself. */
  ownSignals?: boolean;
}

/**
 * Wraps the work of a command as an action of commander.
 *
 * @param work is given the context, the arguments and the options.
 */
export function action<Arguments extends unknown[]>(
  work: (context: Context, ...args: Arguments) => Promise<void>,
  { ownSignals = false }: ActionOptions = {},
): (...args: unknown[]) => Promise<void> {
  return async (...args) => {
    const command = args.pop() as Command;
    const json = command.opts().json === true;
    if (!ownSignals) endOnSignals();
    const progress = createProgress(json);
    const report = (value: object, text: string) => {
      progress.stop();
      write(json ? `${toJson(value)}\n` : text.endsWith('\n') || text === '' ? text : `${text}\n`);
    };
    try {
      const refuse = (message: string) => command.error(`error: ${message}`);
      await work({ json, signal: interrupted, progress, refuse, report }, ...(args as Arguments));
    } finally {
      progress.stop();
    }
  };
}

/** On one line; typed arrays as arrays. Numbers that JSON cannot write (NaN) become null. */
export function toJson(value: object): string {
  return JSON.stringify(value, (_, entry) => (ArrayBuffer.isView(entry) && 'length' in entry ? [...(entry as Float32Array)] : entry));
}

/** Three digits that mean something. */
export function decimal(value: number): string {
  return value === 0 || Math.abs(value) >= 1e-3 ? String(Number(value.toPrecision(3))) : value.toExponential(1);
}

/** How long a training waited for its data in all, as the end of a line; nothing where it is not worth a word. */
export function waitingText(seconds: number): string {
  return seconds >= 0.05 ? `, waited ${decimal(seconds)} s for data` : '';
}
