/** What fields hold whose type nobody knows: read and written by the form of the text alone. */
import { readOptions } from '../../given';
import { inputError } from '../input-error';
import { encodeDouble, encodeString, isWellFormed } from '../text/literals';
import { type FieldNode, fieldsByName, type ItemNode, itemsOf, type MessageNode, type NumberNode } from '../text/nodes';
import { DEEPEST_NESTING } from '../text/parser';

/** What to do about fields and values that the linked Caffe does not have. */
export interface UnknownOptions {
  /**
   * `'refuse'`, as Caffe itself does. `'keep'`: what they hold is kept by the form of its text, `{ … }` as an object, what stands there
   * several times as an array, a bare word as an {@link EnumName}, a whole number that no JavaScript number holds as a bigint. Default 'refuse'.
   */
  unknown?: 'refuse' | 'keep';
}

/** A bare word, as in `code_type: CENTER_SIZE`, in a field whose type is unknown: by itself it could as well be a string. */
export interface EnumName {
  $enum: string;
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const INTEGER = /(?<hexadecimal>0[xX][0-9a-fA-F]+)$|(?<octal>0[0-7]+)$|(?<decimal>\d+)$/;
const SPECIAL_WORDS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['true', true],
  ['false', false],
  ['inf', Number.POSITIVE_INFINITY],
  ['nan', Number.NaN],
]);

/** Whether a word can be the name of a field or of an enum's value. */
export function isName(word: string): boolean {
  return NAME.test(word);
}

/** @throws {CaffeError} ERR_CAFFE_INPUT for options that are none, or say something else. */
export function keepsUnknown(options?: UnknownOptions): boolean {
  const { unknown = 'refuse' } = readOptions(options, ['unknown']);
  if (unknown === 'refuse' || unknown === 'keep') return unknown === 'keep';
  throw inputError('unknown', "'refuse' or 'keep'", unknown);
}

/** What an unknown field of a message holds, all that the text says of it: one value as it is, several as an array. */
export function readUnknown(node: MessageNode, given: readonly FieldNode[]): unknown {
  const values = given.flatMap(itemsOf).map((item) => readItem(node, item));
  const isList = given.some(({ value }) => value.kind === 'list');
  return values.length === 1 && !isList ? values[0] : values;
}

function readItem(node: MessageNode, item: ItemNode): unknown {
  switch (item.kind) {
    case 'message':
      return Object.fromEntries([...fieldsByName(item)].map(([name, given]) => [name, readUnknown(item, given)]));
    case 'string':
      return item.value;
    case 'number':
      return item.integer && !Number.isSafeInteger(item.value) ? exactInteger(item, node.source.slice(item)) : item.value;
    case 'name':
      return SPECIAL_WORDS.get(item.value) ?? { $enum: item.value };
  }
}

function exactInteger(item: NumberNode, literal: string): bigint {
  const { hexadecimal, octal, decimal } = INTEGER.exec(literal)?.groups ?? {};
  const magnitude = BigInt(octal === undefined ? (hexadecimal ?? decimal ?? 0) : `0o${octal}`);
  return item.value < 0 ? -magnitude : magnitude;
}

/**
 * The lines that write an unknown field.
 *
 * @throws {CaffeError} ERR_CAFFE_INPUT for what no text can say.
 */
export function unknownLines(name: string, value: unknown, path: string, depth = 0): string[] {
  if (!isName(name)) throw inputError(path, 'a name of letters, digits and _', name);
  if (depth > DEEPEST_NESTING) throw inputError(path, `messages nested up to ${DEEPEST_NESTING} deep`, value);
  if (Array.isArray(value)) return Array.from(value).flatMap((item, index) => unknownLines(name, item, `${path}[${index}]`, depth + 1));
  const scalar = unknownLiteral(value);
  if (scalar !== undefined) return [`${name}: ${scalar}`];
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value))
    throw inputError(path, 'a number, a string, true or false, an object or an array', value);
  const fields = Object.entries(value).filter(([, inner]) => inner !== undefined);
  const lines = fields.flatMap(([field, inner]) => unknownLines(field, inner, `${path}.${field}`, depth + 1));
  return [`${name} {`, ...lines.map((line) => `  ${line}`), '}'];
}

function unknownLiteral(value: unknown): string | undefined {
  if (typeof value === 'string' && isWellFormed(value)) return encodeString(value);
  if (typeof value === 'number') return encodeDouble(value);
  if (typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  return isEnumName(value) ? value.$enum : undefined;
}

function isEnumName(value: unknown): value is EnumName {
  if (typeof value !== 'object' || value === null || !('$enum' in value)) return false;
  if (typeof value.$enum === 'string' && isName(value.$enum)) return true;
  throw inputError('$enum', 'the name of a value, of letters, digits and _', value.$enum);
}
