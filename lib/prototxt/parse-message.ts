import type { NetParameter, SolverParameter } from './caffe-proto';
import { documentOf, type PrototxtSource } from './document';
import { describeType, fieldNames, fieldOf, isMessageName, type MessageName, requiredFields } from './messages';
import { type FieldNode, type ItemNode, kindError, type MessageNode } from './nodes';
import { readScalar } from './scalars';
import { suggestion } from './suggest';

type PlainObject = Record<string, unknown>;

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
  const missing = requiredFields(message).filter((name) => !(name in result));
  if (missing.length > 0)
    throw node.source.error(node.start, `A ${message} must have ${missing.map((name) => `'${name}'`).join(' and ')}.`);
  return result;
}

function readField(result: PlainObject, node: MessageNode, field: FieldNode, message: MessageName): void {
  const { name, value } = field;
  const declared = fieldOf(message, name);
  if (!declared)
    throw node.source.error(field.start, `${message} has no field '${name}'.`, { hint: suggestion(name, fieldNames(message)) });
  if (declared.repeated) {
    if (value.kind === 'list' && !value.colon && !isMessageName(declared.type))
      throw node.source.error(value.start, `A list of values takes a colon: ${name}: […].`);
    const items = value.kind === 'list' ? value.items : [value];
    if (items.length === 0) return;
    result[name] ??= [];
    for (const item of items) (result[name] as unknown[]).push(readItem(node, name, item, declared.type));
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
