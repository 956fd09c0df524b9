/** The tables of a log as parse_log.py writes them. */
import { CaffeError, describe } from '../errors';
import { readArray, reading } from '../given';
import type { LogRow } from './parse-log';

/**
 * Rows as CSV: `NumIters,Seconds,LearningRate` and the outputs of the first row; lines end in CR LF, numbers are written as Python
 * writes them. Empty for no rows.
 *
 * @param delimiter between columns. Default ','.
 * @throws {CaffeError} ERR_CAFFE_INPUT for what are no rows.
 */
export function logCsv(rows: readonly LogRow[], delimiter = ','): string {
  if (typeof delimiter !== 'string')
    throw new CaffeError('ERR_CAFFE_INPUT', `A delimiter must be a text; ${describe(delimiter)} was given.`);
  return reading('The rows', () => csvOf(readArray(rows, 'The rows'), delimiter));
}

function csvOf(rows: readonly LogRow[], delimiter: string): string {
  const [first] = rows;
  if (rows.length === 0) return '';
  if (!first) throw new CaffeError('ERR_CAFFE_INPUT', `The rows must be those of parseLog; the first is ${describe(first)}.`);
  const names = Object.keys(first.outputs);
  const table = rows.map(({ iteration, seconds, learningRate, outputs }) => [
    ...[iteration, seconds, learningRate].map(python),
    ...names.map((name) => (name in outputs ? python(outputs[name] as number) : '')),
  ]);
  const lines = [['NumIters', 'Seconds', 'LearningRate', ...names], ...table];
  return lines.map((cells) => `${cells.map((cell) => quoted(cell, delimiter)).join(delimiter)}\r\n`).join('');
}

/** A float as Python's repr() gives it: always with a point or an exponent. */
function python(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value < 0 ? '-inf' : 'inf';
  const magnitude = Math.abs(value);
  if (magnitude === 0 || (magnitude >= 1e-4 && magnitude < 1e16)) return Number.isInteger(value) ? `${value}.0` : String(value);
  const [digits = '', exponent = '0'] = value.toExponential().split('e');
  const sign = exponent.startsWith('-') ? '-' : '+';
  return `${digits}e${sign}${exponent.slice(1).padStart(2, '0')}`;
}

function quoted(cell: string, delimiter: string): string {
  return cell.includes(delimiter) || /["\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
