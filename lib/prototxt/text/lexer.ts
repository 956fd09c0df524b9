import type { SourceText, Span } from './source-text';

export type TokenKind = 'name' | 'number' | 'string' | 'symbol' | 'end';

/** One word of the text format. Spaces and comments are not tokens: they are what lies between two of them. */
export interface Token extends Span {
  readonly kind: TokenKind;
  readonly text: string;
}

const COMMENT = /#[^\n\0]*/y;
const NUMBER = /0[xX][0-9a-fA-F]+|0[0-7]+(?![.\deE])|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[fF]?/y;
const LEADING_ZERO = /^0\d/;
const OCTAL = /^0[0-7]+$/;
const SYMBOLS = '{}<>[]:;,-';

/** The codes of the characters that decide what a token is; a text of megabytes is read one by one. */
const [TAB, NEWLINE, RETURN, SPACE, HASH, BACKSLASH] = [9, 10, 13, 32, 35, 92];
const QUOTES = new Map([
  [34, '"'],
  [39, "'"],
]);

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
    const { text } = this.source;
    const code = text.charCodeAt(start);
    if (start === text.length) return { kind: 'end', text: '', start, end: start };
    if (isLetter(code)) return this.token('name', this.nameEnd(start));
    if (QUOTES.has(code)) return this.token('string', this.stringEnd(start, code));
    if (SYMBOLS.includes(text.charAt(start))) return this.token('symbol', start + 1);
    NUMBER.lastIndex = start;
    if (NUMBER.test(text)) return this.number(NUMBER.lastIndex);
    throw this.source.error(start, `Unexpected character ${JSON.stringify(String.fromCodePoint(text.codePointAt(start) ?? 0))}.`);
  }

  private skipTrivia(): void {
    const { text } = this.source;
    for (let code = text.charCodeAt(this.offset); isSpace(code) || code === HASH; code = text.charCodeAt(this.offset)) {
      if (code === HASH) this.passComment();
      else this.offset++;
    }
  }

  private passComment(): void {
    COMMENT.lastIndex = this.offset;
    COMMENT.test(this.source.text);
    this.comments?.push({ start: this.offset, end: COMMENT.lastIndex });
    this.offset = COMMENT.lastIndex;
  }

  private token(kind: TokenKind, end: number): Token {
    const start = this.offset;
    this.offset = end;
    return { kind, text: this.source.text.slice(start, end), start, end };
  }

  private nameEnd(start: number): number {
    const { text } = this.source;
    let end = start + 1;
    for (let code = text.charCodeAt(end); isLetter(code) || isDigit(code); code = text.charCodeAt(end)) end++;
    return end;
  }

  private number(end: number): Token {
    const start = this.offset;
    if (/[A-Za-z0-9_.]/.test(this.source.text.charAt(end))) {
      throw this.source.error(start, `A number runs into what follows it: '${this.source.text.slice(start, end + 1)}'.`);
    }
    const token = this.token('number', end);
    if (LEADING_ZERO.test(token.text) && !OCTAL.test(token.text)) {
      throw this.source.error(start, `'${token.text}' begins with 0 but is not an octal number.`, { hint: 'Leave out the leading zeros.' });
    }
    return token;
  }

  /** Neither a line break nor NUL stands in a string. */
  private stringEnd(start: number, quote: number): number {
    const { text } = this.source;
    for (let at = start + 1; at < text.length; at++) {
      let code = text.charCodeAt(at);
      if (code === quote) return at + 1;
      if (code === BACKSLASH) code = text.charCodeAt(++at);
      if (code === NEWLINE || code === 0) break;
    }
    throw this.source.error(start, 'This string is not closed on its line.', {
      hint: `Add the missing ${QUOTES.get(quote)}; write a line break as \\n.`,
    });
  }
}

function isSpace(code: number): boolean {
  return code === SPACE || (code >= TAB && code <= RETURN);
}

function isLetter(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}
