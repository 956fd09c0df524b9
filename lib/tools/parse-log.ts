/** `parse_log.py`: the training log of Caffe as tables. */
import { stat } from 'node:fs/promises';
import { CaffeError, describe } from '../errors';
import { readOptions } from '../given';
import { LogClock } from './log-clock';
import { readText } from './text-file';

/** One display or one test of a training. */
export interface LogRow {
  iteration: number;
  /** Since the line that says "Solving"; without one, since the first line with a time. */
  seconds: number;
  /** The last one that the log names; NaN where it names none. */
  learningRate: number;
  /** By name, in the order of the log. */
  outputs: Record<string, number>;
}

export interface ParsedLog {
  train: LogRow[];
  test: LogRow[];
}

const ITERATION = /Iteration (\d+)/;
const NUMBER = String.raw`(-?nan|-?inf|[.\deE+-]+)`;
const TRAIN_OUTPUT = new RegExp(String.raw`Train net output #(\d+): (\S+) = ${NUMBER}`);
const TEST_OUTPUT = new RegExp(String.raw`Test net output #(\d+): (\S+) = ${NUMBER}`);
const LEARNING_RATE = /lr = ([-+]?[0-9]*\.?[0-9]+(?:[eE]?[-+]?[0-9]+)?)/;

/**
 * Reads a log of the caffe tool, or of `caffe-node solve --log caffe`. The rows are those of parse_log.py; in contrast to it, a log
 * with a single row gives this row, each of several test nets has its row from the first test on, and outputs that are not numbers any
 * more (nan, inf) are kept.
 *
 * @param source the path of a log, or its text (it contains a line break).
 * @param options `year` is when a log without years in its times begins. Default: when the file was last changed, or now.
 * @throws {CaffeError} ERR_CAFFE_FILE for a file that cannot be read; ERR_CAFFE_INPUT for a text without a line of Caffe's log.
 */
export async function parseLog(source: string, options?: { year?: number }): Promise<ParsedLog> {
  const given = readOptions(options, ['year']);
  if (typeof source !== 'string' || source === '') throw notALog(describe(source));
  const isText = source.includes('\n');
  const { text, year } = isText ? { text: source, year: new Date().getFullYear() } : await readLog(source);
  const clock = new LogClock(given.year === undefined ? year : checkedYear(given.year));
  const train = new Table(TRAIN_OUTPUT);
  const test = new Table(TEST_OUTPUT);
  let iteration: number | undefined;
  let learningRate = Number.NaN;
  for (const line of linesOfTraining(text)) {
    const seconds = clock.secondsAt(line);
    const known = ITERATION.exec(line)?.[1];
    if (known !== undefined) iteration = Number(known);
    if (iteration === undefined || seconds === undefined) continue;
    learningRate = Number(LEARNING_RATE.exec(line)?.[1] ?? learningRate);
    for (const table of [train, test]) table.read(line, { iteration, seconds, learningRate });
  }
  if (!clock.started) throw notALog(isText ? 'This text' : `'${source}'`);
  return { train: train.finish(), test: test.finish() };
}

function checkedYear(year: number): number {
  if (Number.isInteger(year) && year >= 1970 && year <= 9999) return year;
  throw new CaffeError('ERR_CAFFE_INPUT', `'year' must be a whole number from 1970 to 9999; ${describe(year)} was given.`);
}

/** All from the line that says "Solving" on, or all lines. */
function linesOfTraining(text: string): string[] {
  const lines = text.split(/\r?\n/);
  const start = lines.findIndex((line) => line.includes('Solving'));
  return lines.slice(Math.max(0, start));
}

async function readLog(file: string): Promise<{ text: string; year: number }> {
  const text = await readText(file);
  return { text, year: (await stat(file)).mtime.getFullYear() };
}

function notALog(what: string): CaffeError {
  return new CaffeError('ERR_CAFFE_INPUT', `${what} is not a log of Caffe: no line begins with a time.`, {
    hint: 'Give what the caffe tool writes to standard error or to its .INFO file: I0210 13:39:22.381027 25210 solver.cpp:204] …',
  });
}

/** Rows of one kind, put together from the lines of their outputs. */
class Table {
  private readonly rows: LogRow[] = [];
  private row: LogRow | undefined;

  constructor(private readonly output: RegExp) {}

  read(line: string, at: Omit<LogRow, 'outputs'>): void {
    const [, number, name, value] = this.output.exec(line) ?? [];
    if (name === undefined || value === undefined) return;
    if (this.row?.iteration !== at.iteration || number === '0') this.push();
    this.row ??= { ...at, outputs: Object.create(null) };
    this.row.outputs[name] = numberOf(value);
    // A row with the columns of the first is full.
    const [first] = this.rows;
    if (first && Object.keys(first.outputs).length === Object.keys(this.row.outputs).length) this.push();
  }

  finish(): LogRow[] {
    if (this.rows.length === 0) this.push(); // an incomplete last row is left out
    const [first, second] = this.rows;
    // The first rows are written before the first rate.
    if (first && second) first.learningRate = second.learningRate;
    return this.rows;
  }

  private push(): void {
    if (this.row) this.rows.push(this.row);
    this.row = undefined;
  }
}

function numberOf(text: string): number {
  if (text.endsWith('nan')) return Number.NaN;
  if (text.endsWith('inf')) return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return Number(text);
}
