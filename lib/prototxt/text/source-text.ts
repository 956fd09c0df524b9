import { CaffeError, type CaffeErrorDetails } from '../../errors';
import { excerpt } from './excerpt';

/** A stretch of the text, from `start` (included) to `end` (excluded), in UTF-16 code units. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

const BYTE_ORDER_MARK = '\uFEFF';
const BLANKS_BEFORE_BREAK = new Set([' ', '\t', '\r', '\v', '\f']);

/** The text of a prototxt file, which knows its lines: where an offset is, and how to say so in an error. */
export class SourceText {
  /** Where the content begins: behind the byte order mark, if there is one. */
  readonly start: number;
  private starts: number[] | undefined;

  constructor(readonly text: string) {
    this.start = text.startsWith(BYTE_ORDER_MARK) ? 1 : 0;
  }

  slice(span: Span): string {
    return this.text.slice(span.start, span.end);
  }

  /** The offset at which the line of `offset` begins. */
  lineStart(offset: number): number {
    return this.lineStarts[this.lineIndex(offset)] ?? this.start;
  }

  /** The offset at which the line of `offset` ends, its line break not included. */
  lineEnd(offset: number): number {
    const next = this.nextLine(offset);
    const end = this.text[next - 1] === '\n' && next > offset ? next - 1 : next;
    return end > offset && end < this.text.length && this.text[end - 1] === '\r' ? end - 1 : end;
  }

  /** The offset at which the next line begins; the end of the text in the last line. */
  nextLine(offset: number): number {
    return this.lineStarts[this.lineIndex(offset) + 1] ?? this.text.length;
  }

  /** Whether both offsets are in the same line. */
  sameLine(first: number, second: number): boolean {
    return this.lineIndex(first) === this.lineIndex(second);
  }

  /** Where the blanks before `offset` begin: in its line, or behind its last character that is none. */
  blanksBefore(offset: number): number {
    let start = offset;
    while (start > this.start && BLANKS_BEFORE_BREAK.has(this.text[start - 1] ?? '')) start--;
    return start;
  }

  /** Whether nothing but blanks stands before `offset` in its line. */
  beginsLine(offset: number): boolean {
    const start = this.blanksBefore(offset);
    return start === this.start || this.text[start - 1] === '\n';
  }

  /** Whether nothing but blanks, or a comment, stands between `offset` and the end of its line. */
  endsLine(offset: number): boolean {
    let end = offset;
    while (BLANKS_BEFORE_BREAK.has(this.text[end] ?? '')) end++;
    return end === this.text.length || this.text[end] === '\n' || this.text[end] === '#';
  }

  /** Line and column of an offset, both from 1. */
  locate(offset: number): { line: number; column: number } {
    return { line: this.lineIndex(offset) + 1, column: offset - this.lineStart(offset) + 1 };
  }

  /** The error to throw for what stands at `offset`: what is wrong, then the line with a caret under the place. */
  error(offset: number, message: string, details: CaffeErrorDetails = {}): CaffeError {
    const { line, column } = this.locate(offset);
    const text = this.text.slice(this.lineStart(offset), this.lineEnd(offset));
    const shown = `Line ${line}, column ${column}: ${message}\n${excerpt(text, line, column)}`;
    return new CaffeError('ERR_CAFFE_PROTOTXT', shown, { line, column, ...details });
  }

  private get lineStarts(): readonly number[] {
    if (!this.starts) {
      this.starts = [this.start];
      for (let at = this.text.indexOf('\n'); at !== -1; at = this.text.indexOf('\n', at + 1)) this.starts.push(at + 1);
    }
    return this.starts;
  }

  /** From 0: the last line that begins at or before `offset`. */
  private lineIndex(offset: number): number {
    const { lineStarts } = this;
    let first = 0;
    let last = lineStarts.length - 1;
    while (first < last) {
      const middle = (first + last + 1) >> 1;
      if ((lineStarts[middle] ?? 0) <= offset) first = middle;
      else last = middle - 1;
    }
    return first;
  }
}
