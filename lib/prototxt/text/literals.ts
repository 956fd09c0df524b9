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

/** Octal and hexadecimal bytes; code points, where two halves of a surrogate pair count as one. */
const NUMERIC_ESCAPE =
  /([0-7]{1,3})|x([0-9a-fA-F]{1,2})|u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U(00[01][0-9a-fA-F]{5})/y;
const PLAIN_CHARACTERS = /[^\\]+/y;
const LAST_CODE_POINT = 0x10ffff;
const CONTROL_CHARACTERS = 0x20;
const MOST_FLOAT_DIGITS = 9;
/** Every number of so many digits is another 32-bit float. */
const SAFE_FLOAT_DIGITS = 6;
const SMALLEST_NORMAL_FLOAT = 2 ** -126;
const LARGEST_FLOAT = 2 ** 128 - 2 ** 104;
/** Half way from the largest float to what would be the next: protobuf rounds it down. */
const LAST_TO_ROUND_DOWN = 2 ** 128 - 2 ** 103;

/** A string literal in the text, quotes included. */
interface Literal {
  readonly text: string;
  readonly start: number;
}

/**
 * The value of string literals that stand side by side, which are one, as in C. Escapes are bytes of UTF-8, as protobuf defines
 * them: a character may be put together from several, even across literals.
 *
 * @throws {CaffeError} ERR_CAFFE_PROTOTXT for an escape that does not exist.
 */
export function decodeStrings(literals: readonly Literal[], source: SourceText): string {
  const plain = literals.every(({ text }) => !text.includes('\\'));
  if (plain) return literals.map(({ text }) => text.slice(1, -1)).join('');
  return Buffer.concat(literals.flatMap((literal) => decodeBytes(literal, source))).toString('utf8');
}

function decodeBytes({ text, start }: Literal, source: SourceText): Buffer[] {
  const body = text.slice(1, -1);
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
  return pieces;
}

function decodeEscape(body: string, at: number): { bytes: Buffer; length: number } | undefined {
  const simple = SIMPLE_ESCAPES[body[at + 1] ?? ''];
  if (simple !== undefined) return { bytes: Buffer.of(simple), length: 2 };
  NUMERIC_ESCAPE.lastIndex = at + 1;
  const match = NUMERIC_ESCAPE.exec(body);
  if (!match) return undefined;
  const [whole, octal, hexadecimal, high, low, short, long = ''] = match;
  const length = 1 + whole.length;
  if (octal !== undefined) return { bytes: Buffer.of(Number.parseInt(octal, 8) & 0xff), length };
  if (hexadecimal !== undefined) return { bytes: Buffer.of(Number.parseInt(hexadecimal, 16)), length };
  if (high !== undefined && low !== undefined) {
    return { bytes: Buffer.from(String.fromCharCode(Number.parseInt(high, 16), Number.parseInt(low, 16))), length };
  }
  return { bytes: codePointBytes(Number.parseInt(short ?? long, 16)), length };
}

/** A code point in UTF-8, as protobuf encodes it: half a surrogate pair as if it were a character, one beyond the last as its escape. */
function codePointBytes(codePoint: number): Buffer {
  if (codePoint > LAST_CODE_POINT) return Buffer.from(`\\U${codePoint.toString(16).padStart(8, '0')}`);
  if (codePoint < 0xd800 || codePoint > 0xdfff) return Buffer.from(String.fromCodePoint(codePoint));
  return Buffer.of(0xe0 | (codePoint >> 12), 0x80 | ((codePoint >> 6) & 0x3f), 0x80 | (codePoint & 0x3f));
}

const HALF_CHARACTER = /\p{Surrogate}/u;

/** Whether UTF-8 can say a text: it holds no half of a surrogate pair. */
export function isWellFormed(text: string): boolean {
  return !HALF_CHARACTER.test(text);
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

/** The number that a field of 32 bits holds, as people write it: 0.1, and not 0.10000000149011612. */
export function shortestFloat(value: number): number {
  const float = Math.abs(value) === LAST_TO_ROUND_DOWN ? Math.sign(value) * LARGEST_FLOAT : Math.fround(value);
  if (Number.isSafeInteger(float) || !Number.isFinite(float)) return float;
  if (Math.abs(float) >= SMALLEST_NORMAL_FLOAT && Number(value.toPrecision(SAFE_FLOAT_DIGITS)) === value) return value;
  for (let digits = 1; digits < MOST_FLOAT_DIGITS; digits++) {
    const rounded = Number(float.toPrecision(digits));
    if (Math.fround(rounded) === float) return rounded;
  }
  return Number(float.toPrecision(MOST_FLOAT_DIGITS));
}

/** The shortest literal that is read as the same 64-bit float. */
export function encodeDouble(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  return Object.is(value, -0) ? '-0' : String(value);
}
