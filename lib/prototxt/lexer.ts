import type { SourceText, Span } from './source-text';

export type TokenKind = 'name' | 'number' | 'string' | 'symbol' | 'end';

/** One word of the text format. Spaces and comments are not tokens: they are what lies between two of them. */
export interface Token extends Span {
  readonly kind: TokenKind;
  readonly text: string;
}

const SPACE = /[ \t\r\n\v\f]+/y;
const COMMENT = /#[^\n\0]*/y;
const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
const NUMBER = /0[xX][0-9a-fA-F]+|0[0-7]+(?![.\deE])|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[fF]?/y;
const WORD_CHARACTER = /[A-Za-z0-9_.]/;
const LEADING_ZERO = /^0\d/;
const OCTAL = /^0[0-7]+$/;
const SYMBOLS = '{}<>[]:;,-';
/** A line break and NUL, which no string literal goes across. */
const ENDS_STRING = new Set([10, 0]);

/** Cuts protobuf text format into tokens, one at a time. */
export class Lexer {
  private offset: number;

  /** @param comments where to put the comments passed on the way. */
  constructor(
    private readonly source: SourceText,
    private readonly comments?: Span[],
  ) {
    this.offset = source.start;
  }

  /** @throws {CaffeError} ERR_CAFFE_PROTOTXT where the text is not a token. */
  next(): Token {
    this.skipTrivia();
    const start = this.offset;
    const character = this.source.text[start];
    if (character === undefined) return { kind: 'end', text: '', start, end: start };
    if (character === '"' || character === "'") return this.token('string', this.stringEnd(start, character));
    if (this.matches(NAME)) return this.token('name', NAME.lastIndex);
    if (this.matches(NUMBER)) return this.number(NUMBER.lastIndex);
    if (SYMBOLS.includes(character)) return this.token('symbol', start + 1);
    throw this.source.error(
      start,
      `Unexpected character ${JSON.stringify(String.fromCodePoint(this.source.text.codePointAt(start) ?? 0))}.`,
    );
  }

  private skipTrivia(): void {
    while (true) {
      if (this.matches(SPACE)) this.offset = SPACE.lastIndex;
      else if (this.matches(COMMENT)) this.passComment(COMMENT.lastIndex);
      else return;
    }
  }

  private passComment(end: number): void {
    this.comments?.push({ start: this.offset, end });
    this.offset = end;
  }

  private matches(pattern: RegExp): boolean {
    pattern.lastIndex = this.offset;
    return pattern.test(this.source.text);
  }

  private token(kind: TokenKind, end: number): Token {
    const start = this.offset;
    this.offset = end;
    return { kind, text: this.source.text.slice(start, end), start, end };
  }

  private number(end: number): Token {
    const start = this.offset;
    if (WORD_CHARACTER.test(this.source.text[end] ?? '')) {
      throw this.source.error(start, `A number runs into what follows it: '${this.source.text.slice(start, end + 1)}'.`);
    }
    const token = this.token('number', end);
    if (LEADING_ZERO.test(token.text) && !OCTAL.test(token.text)) {
      throw this.source.error(start, `'${token.text}' begins with 0 but is not an octal number.`, { hint: 'Leave out the leading zeros.' });
    }
    return token;
  }

  private stringEnd(start: number, quote: string): number {
    const { text } = this.source;
    for (let at = start + 1; at < text.length && !ENDS_STRING.has(text.charCodeAt(at)); at++) {
      if (text[at] === quote) return at + 1;
      if (text[at] === '\\' && !ENDS_STRING.has(text.charCodeAt(at + 1))) at++;
    }
    throw this.source.error(start, 'This string is not closed on its line.', {
      hint: `Add the missing ${quote}; write a line break as \\n.`,
    });
  }
}
