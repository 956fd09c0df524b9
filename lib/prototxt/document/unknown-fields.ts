import { enumOf, fieldOf, isMessageName, type MessageName, messageOf } from '../schema/messages';
import { type UnknownName, unknownField, unknownValue } from '../schema/unknown-names';
import { type ItemNode, itemsOf, type MessageNode } from '../text/nodes';
import { documentOf, type PrototxtSource } from './document';

/** A field of a text, or its value, that the linked Caffe does not have: another Caffe's, or misspelt. */
export interface UnknownField extends UnknownName {
  /** Where it is: `layer[2].convolution_param.num_outputs`. */
  path: string;
  /** The message that has no such field, or the enum that has no such value. */
  type: string;
  /** The value, where the field is known but its value is not: `MKLDNN`. */
  value?: string;
  /** Line and column in the text, from 1. */
  line: number;
  column: number;
}

/**
 * What a text holds that the linked Caffe does not have, in the order of the text. {@link parseNet} refuses the first of them, or keeps all.
 *
 * @param kind what the text is. Default 'net'.
 * @throws {CaffeError} ERR_CAFFE_PROTOTXT for a syntax error; ERR_CAFFE_INPUT for what is no source, or another kind.
 */
export function unknownFields(source: PrototxtSource, kind: 'net' | 'solver' = 'net'): UnknownField[] {
  const message = messageOf(kind);
  return unknownIn(documentOf(source).root, message, '');
}

function unknownIn(node: MessageNode, message: MessageName, path: string): UnknownField[] {
  const counts = new Map<string, number>();
  return node.fields.flatMap((field) => {
    const declared = fieldOf(message, field.name);
    const place = path + field.name;
    if (!declared) return [{ path: place, type: message, ...node.source.locate(field.start), ...unknownField(message, field.name) }];
    return itemsOf(field).flatMap((item) => {
      const index = counts.get(field.name) ?? 0;
      counts.set(field.name, index + 1);
      return unknownInItem(node, item, declared.type, declared.repeated ? `${place}[${index}]` : place);
    });
  });
}

function unknownInItem(node: MessageNode, item: ItemNode, type: string, path: string): UnknownField[] {
  if (item.kind === 'message') return isMessageName(type) ? unknownIn(item, type, `${path}.`) : [];
  const names = enumOf(type);
  if (!names || item.kind !== 'name' || Object.hasOwn(names, item.value)) return [];
  return [{ path, type, value: item.value, ...node.source.locate(item.start), ...unknownValue(type, item.value) }];
}
