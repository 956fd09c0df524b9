import type { NetParameter, SolverParameter } from './caffe-proto';
import { documentOf, type PrototxtSource } from './document';
import { describeType, enumOf, fieldNames, fieldOf, fitsInteger, isIntegerType, isMessageName, type MessageName } from './messages';
import { asBoolean, type FieldNode, type ItemNode, kindError, type MessageNode } from './nodes';
import { suggestion } from './suggest';

type PlainObject = Record<string, unknown>;

const SPECIAL_NUMBERS: ReadonlyMap<string, number> = new Map([
  ['inf', Number.POSITIVE_INFINITY],
  ['infinity', Number.POSITIVE_INFINITY],
  ['nan', Number.NaN],
]);

/**
 * A network definition as a plain object, checked against caffe.proto. Fields that the text does not mention are absent.
 *
 * @throws {CaffeError} ERR_CAFFE_PROTOTXT with line and column for a syntax error, an unknown field (with the one that was
 *                      probably meant as a hint), a value of the wrong type, or a second value where there is only one.
 */
export function parseNet(source: PrototxtSource): NetParameter {
  return readMessage(documentOf(source).root, 'NetParameter');
}

/**
 * A solver definition as a plain object; see {@link parseNet}.
 *
 * @throws {CaffeError} ERR_CAFFE_PROTOTXT as {@link parseNet}.
 */
export function parseSolver(source: PrototxtSource): SolverParameter {
  return readMessage(documentOf(source).root, 'SolverParameter');
}

function readMessage(node: MessageNode, message: MessageName): PlainObject {
  const result: PlainObject = {};
  for (const field of node.fields) readField(result, node, field, message);
  return result;
}

function readField(result: PlainObject, node: MessageNode, field: FieldNode, message: MessageName): void {
  const { name, value } = field;
  const declared = fieldOf(message, name);
  if (!declared)
    throw node.source.error(field.start, `${message} has no field '${name}'.`, { hint: suggestion(name, fieldNames(message)) });
  if (declared.repeated) {
    const items = value.kind === 'list' ? value.items : [value];
    const before = (result[name] ?? []) as unknown[];
    result[name] = [...before, ...items.map((item) => readItem(node, name, item, declared.type))];
    return;
  }
  if (value.kind === 'list') throw node.source.error(value.start, `'${name}' takes one value, not a list.`);
  if (name in result) throw node.source.error(field.start, `'${name}' is given more than once; it can be given once.`);
  result[name] = readItem(node, name, value, declared.type);
}

function readItem(node: MessageNode, name: string, item: ItemNode, type: string): unknown {
  const value = isMessageName(type) ? (item.kind === 'message' ? readMessage(item, type) : undefined) : readScalar(item, type);
  if (value === undefined) throw kindError(node.source, name, item, describeType(type));
  return value;
}

/** The value of a scalar; undefined when it is not of the type. */
function readScalar(item: ItemNode, type: string): unknown {
  if (type === 'bool') return asBoolean(item);
  if (type === 'string' || type === 'bytes') return item.kind === 'string' ? item.value : undefined;
  const names = enumOf(type);
  if (names) return readEnum(item, names);
  if (isIntegerType(type)) return item.kind === 'number' && item.integer && fitsInteger(type, item.value) ? item.value : undefined;
  if (item.kind === 'name') return SPECIAL_NUMBERS.get(item.value.toLowerCase());
  return item.kind === 'number' ? item.value : undefined;
}

function readEnum(item: ItemNode, names: Readonly<Record<string, number>>): string | undefined {
  if (item.kind === 'name') return Object.hasOwn(names, item.value) ? item.value : undefined;
  return item.kind === 'number' ? Object.keys(names).find((name) => names[name] === item.value) : undefined;
}
