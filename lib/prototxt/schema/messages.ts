import { inputError } from '../input-error';
import { DEFAULTS, ENUMS, MESSAGES, REQUIRED } from './schema';

/** The name of a message of caffe.proto that a net or a solver may hold. */
export type MessageName = keyof typeof MESSAGES;

const KINDS = { net: 'NetParameter', solver: 'SolverParameter' } as const;

/** The message that a text of a kind is. @throws {CaffeError} ERR_CAFFE_INPUT for another kind. */
export function messageOf(kind: 'net' | 'solver'): (typeof KINDS)[keyof typeof KINDS] {
  if (kind === 'net' || kind === 'solver') return KINDS[kind];
  throw inputError('kind', "'net' or 'solver'", kind);
}

/** What a field holds. */
export interface FieldType {
  /** A scalar type of protobuf, or the name of a message or enum. */
  readonly type: string;
  readonly repeated: boolean;
}

/** Least and greatest value of the integer types; 64-bit ones as far as a JavaScript number is exact. */
const INTEGERS: ReadonlyMap<string, readonly [number, number]> = new Map([
  ['int32', [-(2 ** 31), 2 ** 31 - 1]],
  ['uint32', [0, 2 ** 32 - 1]],
  ['int64', [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER]],
  ['uint64', [0, Number.MAX_SAFE_INTEGER]],
]);

/** The fields that were asked for: files ask for the same ones thousands of times. */
const FIELDS = new Map<MessageName, Map<string, FieldType>>();

/** The field of a message; undefined when the message has none of this name. */
export function fieldOf(message: MessageName, name: string): FieldType | undefined {
  return FIELDS.get(message)?.get(name) ?? lookUp(message, name);
}

function lookUp(message: MessageName, name: string): FieldType | undefined {
  const fields: Readonly<Record<string, string>> = MESSAGES[message];
  if (!Object.hasOwn(fields, name)) return undefined;
  const found = typeOf(fields[name] ?? '');
  const known = FIELDS.get(message) ?? new Map<string, FieldType>();
  FIELDS.set(message, known.set(name, found));
  return found;
}

function typeOf(type: string): FieldType {
  return type.endsWith('[]') ? { type: type.slice(0, -2), repeated: true } : { type, repeated: false };
}

/**
 * What Caffe takes a field to be when the text does not mention it: what caffe.proto declares, or else 0, false, '' or the first name of
 * an enum. Undefined for a field that is repeated, or a message, or none.
 */
export function defaultOf(message: MessageName, name: string): number | boolean | string | undefined {
  const field = fieldOf(message, name);
  if (!field || field.repeated || isMessageName(field.type)) return undefined;
  const declared: Readonly<Record<string, Readonly<Record<string, number | boolean | string>>>> = DEFAULTS;
  const given = declared[message];
  return given && Object.hasOwn(given, name) ? given[name] : emptyValue(field.type);
}

function emptyValue(type: string): number | boolean | string {
  if (type === 'bool') return false;
  if (type === 'string' || type === 'bytes') return '';
  return Object.keys(enumOf(type) ?? {})[0] ?? 0;
}

/** The fields that a message must have: Caffe refuses one that lacks them. */
export function requiredFields(message: MessageName): readonly string[] {
  const required: Readonly<Record<string, readonly string[]>> = REQUIRED;
  return required[message] ?? [];
}

/** The names of the fields of a message, in the order of caffe.proto. */
export function fieldNames(message: MessageName): string[] {
  return Object.keys(MESSAGES[message]);
}

export function isMessageName(type: string): type is MessageName {
  return Object.hasOwn(MESSAGES, type);
}

/** The numbers of an enum's names; undefined for a type that is no enum. */
export function enumOf(type: string): Readonly<Record<string, number>> | undefined {
  return Object.hasOwn(ENUMS, type) ? ENUMS[type as keyof typeof ENUMS] : undefined;
}

export function isIntegerType(type: string): boolean {
  return INTEGERS.has(type);
}

/** Whether an integer type holds a value. */
export function fitsInteger(type: string, value: number): boolean {
  const [least, greatest] = INTEGERS.get(type) ?? [0, 0];
  return Number.isInteger(value) && value >= least && value <= greatest;
}

/** Whether a number is still a number as a 32-bit float, which is what Caffe reads it into. */
export function fitsFloat(value: number): boolean {
  return !Number.isFinite(value) || Number.isFinite(Math.fround(value));
}

/** What a field of this type takes, for a message to people. */
export function describeType(type: string): string {
  const range = INTEGERS.get(type);
  const names = enumOf(type);
  if (range) return `a whole number from ${range[0]} to ${range[1]}`;
  if (names) return `one of ${Object.keys(names).join(', ')}`;
  if (type === 'bool') return 'true or false';
  if (type === 'string' || type === 'bytes') return 'a string';
  if (isMessageName(type)) return 'a message { … }';
  return type === 'float' ? 'a number within ±3.4e38' : 'a number';
}
