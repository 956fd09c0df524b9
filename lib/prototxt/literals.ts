import type { SourceText } from './source-text';

const SIMPLE_ESCAPES: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
  '\\': 92,
  "'": 39,
  '"': 34,
  '?': 63,
};

const NUMERIC_ESCAPE = /([0-7]{1,3})|[xX]([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})/y;
const PLAIN_CHARACTERS = /[^\\]+/y;
const LAST_CODE_POINT = 0x10ffff;
const CONTROL_CHARACTERS = 0x20;
const MOST_FLOAT_DIGITS = 9;

/**
 * The value of a string literal with its quotes. Escapes are bytes of UTF-8, as protobuf defines them.
 *
 * @param start where the literal stands in `source`, for the error.
 * @throws {CaffeError} ERR_CAFFE_PROTOTXT for an escape that does not exist.
 */
export function decodeString(literal: string, source: SourceText, start: number): string {
  const body = literal.slice(1, -1);
  if (!body.includes('\\')) return body;
  const pieces: Buffer[] = [];
  for (let at = 0; at < body.length; ) {
    PLAIN_CHARACTERS.lastIndex = at;
    const plain = PLAIN_CHARACTERS.exec(body)?.[0];
    const piece = plain === undefined ? decodeEscape(body, at) : { bytes: Buffer.from(plain), length: plain.length };
    if (!piece)
      throw source.error(start + 1 + at, `There is no escape '${body.slice(at, at + 2)}'.`, { hint: 'Write a backslash as \\\\.' });
    pieces.push(piece.bytes);
    at += piece.length;
  }
  return Buffer.concat(pieces).toString('utf8');
}

function decodeEscape(body: string, at: number): { bytes: Buffer; length: number } | undefined {
  const simple = SIMPLE_ESCAPES[body[at + 1] ?? ''];
  if (simple !== undefined) return { bytes: Buffer.of(simple), length: 2 };
  NUMERIC_ESCAPE.lastIndex = at + 1;
  const match = NUMERIC_ESCAPE.exec(body);
  if (!match) return undefined;
  const [whole, octal, hexadecimal, ...unicode] = match;
  const length = 1 + whole.length;
  if (octal !== undefined) return { bytes: Buffer.of(Number.parseInt(octal, 8) & 0xff), length };
  if (hexadecimal !== undefined) return { bytes: Buffer.of(Number.parseInt(hexadecimal, 16)), length };
  const codePoint = Number.parseInt(unicode.join(''), 16);
  return codePoint > LAST_CODE_POINT ? undefined : { bytes: Buffer.from(String.fromCodePoint(codePoint)), length };
}

/** A string literal for `value`, between the given quotes. */
export function encodeString(value: string, quote: '"' | "'" = '"'): string {
  let body = '';
  for (const character of value) {
    if (character === '\\' || character === quote) body += `\\${character}`;
    else if (character === '\n') body += '\\n';
    else if ((character.codePointAt(0) ?? 0) < CONTROL_CHARACTERS) body += `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`;
    else body += character;
  }
  return quote + body + quote;
}

/** The value of a number token: decimal, hexadecimal, octal or floating point with protobuf's optional `f`. */
export function decodeNumber(literal: string): number {
  if (/^0[xX]/.test(literal)) return Number.parseInt(literal, 16);
  if (/^0[0-7]+$/.test(literal)) return Number.parseInt(literal, 8);
  return Number(literal.replace(/[fF]$/, ''));
}

/** The shortest literal that Caffe reads as the same 32-bit float: 0.01, never 0.009999999776482582. */
export function encodeFloat(value: number): string {
  for (let digits = 1; digits <= MOST_FLOAT_DIGITS; digits++) {
    const rounded = Number(value.toPrecision(digits));
    if (Object.is(Math.fround(rounded), Math.fround(value))) return encodeDouble(rounded);
  }
  return encodeDouble(value);
}

/** The shortest literal that is read as the same 64-bit float. */
export function encodeDouble(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  return Object.is(value, -0) ? '-0' : String(value);
}
