import { CaffeError } from '../../errors';
import { describeType, type FieldType, fieldOf, isMessageName } from '../schema/messages';
import { readMessage } from '../schema/read-message';
import { readScalar } from '../schema/scalars';
import { type ItemNode, itemsOf } from '../text/nodes';
import { type PrototxtDocument, parse } from './document';
import { parsePath, scopeOf, scopeOfField } from './field-path';

/**
 * The value that a text means for the field at a path, to be set there: as it would stand in a file (`0.1`, `MAX`, `[3, 5]`,
 * `{ type: "xavier" }`), and for a field of text without quotes as well.
 *
 * @throws {CaffeError} ERR_CAFFE_INPUT for a text that means none; ERR_CAFFE_PROTOTXT for a message with a field that does not exist.
 */
export function valueOfText(document: PrototxtDocument, path: string, text: string): unknown {
  const field = fieldAt(document, path);
  if (field?.type === 'string' && !/^\s*["'[]/.test(text)) return text;
  const values = itemsIn(text, path).map((item) => readItem(item, field, path, text));
  return values.length === 1 && !text.trimStart().startsWith('[') ? values[0] : values;
}

/** What caffe.proto says of the field at a path; undefined where it does not know it. */
function fieldAt(document: PrototxtDocument, path: string): FieldType | undefined {
  let scope = scopeOf(document.root);
  let field: FieldType | undefined;
  for (const { name } of parsePath(path)) {
    field = scope.map((message) => fieldOf(message, name)).find((found) => found !== undefined);
    scope = scopeOfField(field);
  }
  return field;
}

function itemsIn(text: string, path: string): readonly ItemNode[] {
  try {
    const [field, ...others] = parse(`value: ${text}`).root.fields;
    if (field && others.length === 0) return itemsOf(field);
  } catch (error) {
    if (!(error instanceof CaffeError)) throw error;
  }
  throw new CaffeError('ERR_CAFFE_INPUT', `'${text}' is no value for '${path}'.`, {
    hint: 'Write it as it would stand in the file: 0.1, MAX, "a text", [3, 5], { type: "xavier" }.',
  });
}

function readItem(item: ItemNode, field: FieldType | undefined, path: string, text: string): unknown {
  if (!field) return item.kind === 'message' ? undefined : item.value;
  if (isMessageName(field.type) && item.kind === 'message') return readMessage(item, field.type);
  const value = isMessageName(field.type) ? undefined : readScalar(item, field.type);
  if (value !== undefined) return value;
  throw new CaffeError('ERR_CAFFE_INPUT', `'${path}' takes ${describeType(field.type)}; '${text}' was given.`);
}
