import { type FieldNode, fieldsByName, type ItemNode, itemsOf, kindError, type MessageNode } from '../text/nodes';
import { describeType, enumOf, type FieldType, fieldOf, isMessageName, type MessageName, requiredFields } from './messages';
import { readScalar } from './scalars';
import { unknownField, unknownValue } from './unknown-names';
import { keepsUnknown, readUnknown, type UnknownOptions } from './unknown-values';

/** A message of a file as a plain object; `parseNet` says what is refused. */
export function readMessage(node: MessageNode, message: MessageName, options?: UnknownOptions): object {
  return new Reader(keepsUnknown(options)).message(node, message);
}

/** Reads by caffe.proto; what that does not have is kept, or refused. */
class Reader {
  constructor(private readonly keepsUnknown: boolean) {}

  message(node: MessageNode, message: MessageName): Record<string, unknown> {
    const fields = fieldsByName(node);
    const entries: [string, unknown][] = [];
    for (const [name, given] of fields) {
      const value = this.field(node, given, message, name);
      if (value !== undefined) entries.push([name, value]);
    }
    const missing = requiredFields(message).filter((name) => !fields.has(name));
    if (missing.length > 0)
      throw node.source.error(node.start, `A ${message} must have ${missing.map((name) => `'${name}'`).join(' and ')}.`);
    return Object.fromEntries(entries);
  }

  /** What a field holds; undefined where that is an empty list. */
  private field(node: MessageNode, given: readonly FieldNode[], message: MessageName, name: string): unknown {
    const declared = fieldOf(message, name);
    if (declared?.repeated) return this.items(node, given, declared);
    if (declared) return this.item(node, name, onlyItem(node, given), declared);
    if (this.keepsUnknown) return readUnknown(node, given);
    const { hint } = unknownField(message, name);
    throw node.source.error(given[0]?.start ?? node.start, `${message} has no field '${name}'.`, { hint });
  }

  private items(node: MessageNode, given: readonly FieldNode[], declared: FieldType): unknown[] | undefined {
    const values: unknown[] = [];
    for (const field of given) {
      const { name, value } = field;
      if (value.kind === 'list' && !value.colon && !isMessageName(declared.type))
        throw node.source.error(value.start, `A list of values takes a colon: ${name}: […].`);
      for (const item of itemsOf(field)) values.push(this.item(node, name, item, declared));
    }
    return values.length > 0 ? values : undefined;
  }

  private item(node: MessageNode, name: string, item: ItemNode, { type }: FieldType): unknown {
    const value = isMessageName(type) ? this.inner(item, type) : (readScalar(item, type) ?? this.otherName(item, type));
    if (value !== undefined) return value;
    const isOtherName = item.kind === 'name' && enumOf(type) !== undefined;
    throw kindError(node.source, name, item, describeType(type), isOtherName ? { hint: unknownValue(type, item.value).hint } : {});
  }

  private inner(item: ItemNode, message: MessageName): unknown {
    return item.kind === 'message' ? this.message(item, message) : undefined;
  }

  /** The name of a value that only another Caffe's enum has. */
  private otherName(item: ItemNode, type: string): string | undefined {
    return this.keepsUnknown && enumOf(type) && item.kind === 'name' ? item.value : undefined;
  }
}

function onlyItem(node: MessageNode, [first, second]: readonly FieldNode[]): ItemNode {
  if (second) throw node.source.error(second.start, `'${second.name}' is given more than once; it can be given once.`);
  const value = first?.value ?? node;
  if (value.kind === 'list') throw node.source.error(value.start, `'${first?.name}' takes one value, not a list.`);
  return value;
}
