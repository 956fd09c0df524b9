import { readOptions } from '../../given';
import { inputError } from '../input-error';
import { formatLines } from '../text/formatter';
import { findNewline } from '../text/layout';
import { documentOf, type PrototxtSource } from './document';

export interface FormatOptions {
  /** A step of indentation: so many blanks, from 1 to 8, or a tab. Default 2. */
  readonly indent?: number | 'tab';
  /** Columns up to which a message that is written in one line stays there, from 0. Default 100; with 0 each field gets a line. */
  readonly width?: number;
}

const DEFAULT_INDENT = 2;
const WIDEST_INDENT = 8;
const DEFAULT_WIDTH = 100;

/**
 * Lays a file out anew: a field a line as `name: value`, braces as `name { … }`, no separators, at most one blank line at a time. Every
 * field, value and comment stays, in its order; formatting twice is formatting once. A byte order mark, which stock Caffe refuses, goes.
 *
 * @returns the text, with the line breaks of the file.
 * @throws {CaffeError} ERR_CAFFE_PROTOTXT for text that does not parse; ERR_CAFFE_INPUT for options that are none.
 */
export function format(source: PrototxtSource, options?: FormatOptions): string {
  const { indent = DEFAULT_INDENT, width = DEFAULT_WIDTH } = readOptions(options, ['indent', 'width']);
  if (indent !== 'tab' && !(Number.isInteger(indent) && indent >= 1 && indent <= WIDEST_INDENT)) {
    throw inputError('indent', `a whole number from 1 to ${WIDEST_INDENT}, or 'tab'`, indent);
  }
  if (!Number.isInteger(width) || width < 0) throw inputError('width', 'a whole number from 0', width);
  const { root } = documentOf(source);
  const newline = findNewline(root.source);
  const lines = formatLines(root, { unit: indent === 'tab' ? '\t' : ' '.repeat(indent), width, colon: false });
  return lines.map((line) => line + newline).join('');
}
