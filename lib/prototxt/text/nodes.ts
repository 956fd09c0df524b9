import type { CaffeError, CaffeErrorDetails } from '../../errors';
import type { SourceText, Span } from './source-text';

export interface StringNode extends Span {
  readonly kind: 'string';
  readonly value: string;
  /** The quotes it is written with; those of the first piece where several stand side by side. */
  readonly quote: '"' | "'";
}

export interface NumberNode extends Span {
  readonly kind: 'number';
  readonly value: number;
  /** Whether it was written without point, exponent or `f`. */
  readonly integer: boolean;
  /** Whether it was written in decimal, which is all that a floating-point field takes. */
  readonly decimal: boolean;
}

/** A bare word: `MAX`, `true`, `inf`. */
export interface NameNode extends Span {
  readonly kind: 'name';
  readonly value: string;
}

export interface ListNode extends Span {
  readonly kind: 'list';
  /** Whether it stands behind a colon; without one, it can only be a list of messages. */
  readonly colon: boolean;
  readonly items: readonly ItemNode[];
}

export type ScalarNode = StringNode | NumberNode | NameNode;
export type ItemNode = ScalarNode | MessageNode;
export type ValueNode = ItemNode | ListNode;

/** `name: value`, `name { … }` or `name: [ … ]`, from its name to its value or the separator behind it. */
export interface FieldNode extends Span {
  readonly name: string;
  readonly value: ValueNode;
}

/** Where the content of a message lies: between its braces, or all of the file. */
export interface MessageSpan extends Span {
  readonly isRoot: boolean;
}

/** Fields up to which a message is searched, and not indexed by name. */
const MOST_TO_SEARCH = 32;

const TRUE = new Set(['true', 'True', 't']);
const FALSE = new Set(['false', 'False', 'f']);
const SPECIAL_NUMBERS: ReadonlyMap<string, number> = new Map([
  ['inf', Number.POSITIVE_INFINITY],
  ['infinity', Number.POSITIVE_INFINITY],
  ['nan', Number.NaN],
]);

/** The fields of a large message by name, found once. */
class FieldIndex {
  private byName: Map<string, FieldNode[]> | undefined;
  private readonly valuesByName = new Map<string, ItemNode[]>();
  private readonly positionsByName = new Map<string, Map<string | undefined, number[]>>();

  constructor(private readonly message: MessageNode) {}

  fields(name: string): readonly FieldNode[] {
    this.byName ??= fieldsByName(this.message);
    return this.byName.get(name) ?? [];
  }

  values(name: string): readonly ItemNode[] {
    const known = this.valuesByName.get(name);
    if (known) return known;
    const values = this.fields(name).flatMap(itemsOf);
    this.valuesByName.set(name, values);
    return values;
  }

  positions(name: string, own: string): readonly number[] {
    const known = this.positionsByName.get(name) ?? this.positionsOfAll(name);
    return known.get(own) ?? [];
  }

  private positionsOfAll(name: string): Map<string | undefined, number[]> {
    const positions = new Map<string | undefined, number[]>();
    this.values(name).forEach((item, position) => {
      const own = ownName(item);
      const others = positions.get(own);
      if (others) others.push(position);
      else positions.set(own, [position]);
    });
    this.positionsByName.set(name, positions);
    return positions;
  }
}

/** The `name` of a message: of a layer, for one. */
export function ownName(item: ItemNode): string | undefined {
  const name = item.kind === 'message' ? item.values('name')[0] : undefined;
  return name?.kind === 'string' ? name.value : undefined;
}

/**
 * A message: the file itself or `{ … }`, with readers for its fields. A reader for one value refuses a field that is given
 * twice, and every reader refuses a value of another kind, both with ERR_CAFFE_PROTOTXT and the place.
 */
export class MessageNode implements MessageSpan {
  readonly kind = 'message';
  readonly start: number;
  readonly end: number;
  readonly isRoot: boolean;
  private readonly index: FieldIndex | undefined;

  constructor(
    readonly source: SourceText,
    span: MessageSpan,
    readonly fields: readonly FieldNode[],
  ) {
    this.start = span.start;
    this.end = span.end;
    this.isRoot = span.isRoot;
    this.index = fields.length > MOST_TO_SEARCH ? new FieldIndex(this) : undefined;
  }

  /** The fields of this name, in file order. */
  fieldsNamed(...names: string[]): readonly FieldNode[] {
    const [name = ''] = names;
    if (this.index && names.length === 1) return this.index.fields(name);
    return this.fields.filter((field) => (names.length === 1 ? field.name === name : names.includes(field.name)));
  }

  /** All values of this name, those in lists included. */
  values(name: string): readonly ItemNode[] {
    if (this.index) return this.index.values(name);
    const values: ItemNode[] = [];
    for (const field of this.fields) {
      if (field.name !== name) continue;
      if (field.value.kind === 'list') values.push(...field.value.items);
      else values.push(field.value);
    }
    return values;
  }

  /** Where among the values of this name the messages stand whose own `name` is the given one. */
  positions(name: string, own: string): readonly number[] {
    if (this.index) return this.index.positions(name, own);
    return this.values(name).flatMap((item, position) => (ownName(item) === own ? [position] : []));
  }

  messages(name: string): MessageNode[] {
    return this.values(name).map((value) => (value.kind === 'message' ? value : refuse(this.source, name, value, 'a message { … }')));
  }

  message(name: string): MessageNode | undefined {
    return this.only(name, this.messages(name));
  }

  stringNodes(name: string): StringNode[] {
    return this.values(name).map((value) => (value.kind === 'string' ? value : refuse(this.source, name, value, 'a string in quotes')));
  }

  strings(name: string): string[] {
    return this.stringNodes(name).map(({ value }) => value);
  }

  string(name: string): string | undefined {
    return this.only(name, this.strings(name));
  }

  numbers(name: string): number[] {
    return this.values(name).map((value) => asNumber(value) ?? refuse(this.source, name, value, 'a number'));
  }

  number(name: string): number | undefined {
    return this.only(name, this.numbers(name));
  }

  boolean(name: string): boolean | undefined {
    const values = this.values(name).map((value) => asBoolean(value) ?? refuse(this.source, name, value, 'true or false'));
    return this.only(name, values);
  }

  /** The error for a field that is given more than once. */
  repetition(name: string): CaffeError {
    const second = this.fieldsNamed(name)[1] ?? this;
    return this.source.error(second.start, `'${name}' is given ${this.values(name).length} times; it can be given once.`);
  }

  private only<T>(name: string, values: readonly T[]): T | undefined {
    if (values.length < 2) return values[0];
    throw this.repetition(name);
  }
}

/** What a boolean field reads: `true`, `True`, `t`, 1 and their opposites; undefined for anything else. */
export function asBoolean(value: ItemNode): boolean | undefined {
  if (value.kind === 'name' && TRUE.has(value.value)) return true;
  if (value.kind === 'name' && FALSE.has(value.value)) return false;
  if (value.kind === 'number' && value.integer && (Object.is(value.value, 0) || value.value === 1)) return value.value === 1;
  return undefined;
}

/** What a number field reads: a number, or the words for what no digits can write; undefined for anything else. */
export function asNumber(value: ItemNode): number | undefined {
  if (value.kind === 'name') return SPECIAL_NUMBERS.get(value.value.toLowerCase());
  return value.kind === 'number' ? value.value : undefined;
}

function refuse(source: SourceText, name: string, value: ItemNode, expected: string): never {
  throw kindError(source, name, value, expected);
}

/** The error for a value of the wrong kind. */
export function kindError(
  source: SourceText,
  name: string,
  value: ItemNode,
  expected: string,
  details: CaffeErrorDetails = {},
): CaffeError {
  const found = value.kind === 'message' ? 'a message' : source.slice(value);
  return source.error(value.start, `'${name}' takes ${expected}; found ${found}.`, details);
}

/** What a field holds: its value, or those of its list. */
export function itemsOf({ value }: FieldNode): readonly ItemNode[] {
  return value.kind === 'list' ? value.items : [value];
}

/** The fields of a message by their names, both in file order. */
export function fieldsByName(node: MessageNode): Map<string, FieldNode[]> {
  const fields = new Map<string, FieldNode[]>();
  for (const field of node.fields) {
    const known = fields.get(field.name);
    if (known) known.push(field);
    else fields.set(field.name, [field]);
  }
  return fields;
}
