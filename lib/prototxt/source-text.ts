import { CaffeError, type CaffeErrorDetails } from '../errors';

/** A stretch of the text, from `start` (included) to `end` (excluded), in UTF-16 code units. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

const BYTE_ORDER_MARK = '\uFEFF';

/** The text of a prototxt file, which knows its lines: where an offset is, and how to say so in an error. */
export class SourceText {
  constructor(readonly text: string) {}

  /** Where the content begins: behind the byte order mark, if there is one. */
  get start(): number {
    return this.text.startsWith(BYTE_ORDER_MARK) ? 1 : 0;
  }

  slice(span: Span): string {
    return this.text.slice(span.start, span.end);
  }

  /** The offset at which the line of `offset` begins. */
  lineStart(offset: number): number {
    return offset === 0 ? this.start : Math.max(this.start, this.text.lastIndexOf('\n', offset - 1) + 1);
  }

  /** The offset at which the line of `offset` ends, its line break not included. */
  lineEnd(offset: number): number {
    const newline = this.text.indexOf('\n', offset);
    if (newline === -1) return this.text.length;
    return newline > offset && this.text[newline - 1] === '\r' ? newline - 1 : newline;
  }

  /** The offset at which the next line begins; the end of the text in the last line. */
  nextLine(offset: number): number {
    const newline = this.text.indexOf('\n', offset);
    return newline === -1 ? this.text.length : newline + 1;
  }

  /** Whether both offsets are in the same line. */
  sameLine(first: number, second: number): boolean {
    return !this.text.slice(first, second).includes('\n');
  }

  /** Line and column of an offset, both from 1. */
  locate(offset: number): { line: number; column: number } {
    let line = 1;
    for (let at = this.text.indexOf('\n'); at !== -1 && at < offset; at = this.text.indexOf('\n', at + 1)) line++;
    return { line, column: offset - this.lineStart(offset) + 1 };
  }

  /** The error to throw for what stands at `offset`. */
  error(offset: number, message: string, details: CaffeErrorDetails = {}): CaffeError {
    const { line, column } = this.locate(offset);
    return new CaffeError('ERR_CAFFE_PROTOTXT', `Line ${line}, column ${column}: ${message}`, { line, column, ...details });
  }
}
