import { ENUMS, MESSAGES } from './schema';

type Messages = typeof MESSAGES;
type Enums = typeof ENUMS;

export type MessageName = keyof Messages;

/** The JavaScript value of a field, by its type in the schema. */
type Value<Type> = Type extends `${infer Item}[]`
  ? Value<Item>[]
  : Type extends MessageName
    ? Message<Type>
    : Type extends keyof Enums
      ? keyof Enums[Type]
      : Type extends 'string' | 'bytes'
        ? string
        : Type extends 'bool'
          ? boolean
          : number;

/** A protobuf message as a plain object: fields named as in caffe.proto, repeated ones as arrays, enums by their names. */
export type Message<Name extends MessageName> = { -readonly [Field in keyof Messages[Name]]?: Value<Messages[Name][Field]> };

/** A network definition (`train_val.prototxt`, `deploy.prototxt`) as a plain object. */
export interface NetParameter extends Message<'NetParameter'> {}

/** One layer of a {@link NetParameter}. */
export interface LayerParameter extends Message<'LayerParameter'> {}

/** A solver definition (`solver.prototxt`) as a plain object. */
export interface SolverParameter extends Message<'SolverParameter'> {}

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

/** The field of a message; undefined when the message has none of this name. */
export function fieldOf(message: MessageName, name: string): FieldType | undefined {
  const fields: Readonly<Record<string, string>> = MESSAGES[message];
  if (!Object.hasOwn(fields, name)) return undefined;
  const type = fields[name] ?? '';
  return type.endsWith('[]') ? { type: type.slice(0, -2), repeated: true } : { type, repeated: false };
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
  return Object.hasOwn(ENUMS, type) ? ENUMS[type as keyof Enums] : undefined;
}

export function isIntegerType(type: string): boolean {
  return INTEGERS.has(type);
}

/** Whether an integer type holds a value. */
export function fitsInteger(type: string, value: number): boolean {
  const [least, greatest] = INTEGERS.get(type) ?? [0, 0];
  return Number.isInteger(value) && value >= least && value <= greatest;
}

/** What a field of this type takes, for a message to people. */
export function describeType(type: string): string {
  const range = INTEGERS.get(type);
  const names = enumOf(type);
  if (range) return `a whole number from ${range[0]} to ${range[1]}`;
  if (names) return `one of ${Object.keys(names).join(', ')}`;
  if (type === 'bool') return 'true or false';
  if (type === 'string' || type === 'bytes') return 'a string';
  return isMessageName(type) ? 'a message { … }' : 'a number';
}
