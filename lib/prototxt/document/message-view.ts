import { CaffeError } from '../../errors';
import { guardReceivers } from '../../receiver';
import { describeType, type FieldType, isMessageName } from '../schema/messages';
import { readMessage } from '../schema/read-message';
import { readScalar } from '../schema/scalars';
import type { UnknownOptions } from '../schema/unknown-values';
import { asBoolean, type ItemNode, kindError, type MessageNode, type ScalarNode } from '../text/nodes';
import { childPath, declaredField, declaredMessage, parsePath, positionOf, type Scope, type Step, scopeOfField } from './field-path';
import type { FieldValue, ValueAt } from './path-types';

/** A message in a document, to be read by path. It shows the document as it was parsed. */
export class PrototxtMessage<Fields extends object = object> {
  /** Where it stands in the file: `layer[3].inner_product_param`; empty for the file itself. */
  readonly path: string;
  readonly #node: MessageNode;
  readonly #scope: Scope;

  static {
    guardReceivers(PrototxtMessage, (value) => #node in value);
  }

  /** @internal */
  constructor(node: MessageNode, scope: Scope, path: string) {
    this.#node = node;
    this.#scope = scope;
    this.path = path;
  }

  /** What a message shows, for edits; undefined for what is none. @internal */
  static partsOf(message: unknown): { node: MessageNode; scope: Scope } | undefined {
    if (typeof message !== 'object' || message === null || !(#node in message)) return undefined;
    return { node: message.#node, scope: message.#scope };
  }

  /** Its type in caffe.proto; undefined where that does not know it, as with messages of other branches of Caffe. */
  get type(): string | undefined {
    return this.#scope.length === 1 ? this.#scope[0] : undefined;
  }

  /** The line in which it begins, from 1. */
  get line(): number {
    return this.#node.source.locate(this.#node.start).line;
  }

  /** The names of the fields it has, each once, in the order of the file. */
  get fields(): string[] {
    return [...new Set(this.#node.fields.map(({ name }) => name))];
  }

  /**
   * What the file says at a path.
   *
   * @param path names of fields, divided by points; of a repeated field one value by its index from 0 (`param[1].lr_mult`; -1 is the
   *   last), or by its name (`layer[fc8]`).
   * @returns number, text, boolean, the name of a constant, a message, or for a repeated field an array of them. Undefined where the file
   *   says nothing: defaults are not filled in.
   * @throws {CaffeError} ERR_CAFFE_INPUT for a path that leads nowhere: a field that caffe.proto does not have, one of several messages
   *   without saying which; ERR_CAFFE_PROTOTXT where the file has a value of the wrong type.
   */
  get<Path extends string>(path: Path): ValueAt<Fields, Path> {
    const steps = parsePath(path);
    let found: Place = { node: this.#node, scope: this.#scope, path: this.path };
    for (const step of steps.slice(0, -1)) found = enter(found, step);
    return readAt(found, steps.at(-1) as Step) as ValueAt<Fields, Path>;
  }

  /**
   * It as a plain object, every field checked.
   *
   * @throws {CaffeError} ERR_CAFFE_PROTOTXT as parseNet; ERR_CAFFE_UNSUPPORTED for a message that caffe.proto does not know.
   */
  toObject(options?: UnknownOptions): Fields {
    const [type, ...others] = this.#scope;
    if (type && others.length === 0) return readMessage(this.#node, type, options) as Fields;
    throw new CaffeError('ERR_CAFFE_UNSUPPORTED', `caffe.proto does not say what '${this.path}' is.`, {
      hint: 'Read its fields with get.',
    });
  }

  /** Its text as it stands in the file. */
  toString(): string {
    return this.#node.source.slice(this.#node);
  }
}

/** A message on the way of a path; its node is undefined where the file does not have it. */
interface Place {
  readonly node: MessageNode | undefined;
  readonly scope: Scope;
  readonly path: string;
}

function enter({ node, scope, path }: Place, step: Step): Place {
  const { name } = step;
  const field = declaredMessage(scope, name, node);
  const items = node?.values(name) ?? [];
  const position = positionOf(node, step, items.length);
  const item = items[position];
  if (node && item && item.kind !== 'message') throw kindError(node.source, name, item, describeType(field?.type ?? ''));
  return {
    node: item as MessageNode | undefined,
    scope: scopeOfField(field),
    path: childPath(path, name, field?.repeated ? position : undefined),
  };
}

function readAt({ node, scope, path }: Place, step: Step): FieldValue | undefined {
  const { name, index } = step;
  const field = declaredField(scope, name, node);
  const items = node?.values(name) ?? [];
  const repeated = field ? field.repeated : items.length > 1;
  const read = (item: ItemNode, position: number) =>
    shownValue(node as MessageNode, name, item, field, childPath(path, name, repeated ? position : undefined));
  if (index === undefined && repeated) return items.map(read);
  if (index === undefined && items.length > 1) throw (node as MessageNode).repetition(name);
  const position = positionOf(node, step, items.length);
  const item = items[position];
  return item && read(item, position);
}

function shownValue(node: MessageNode, name: string, item: ItemNode, field: FieldType | undefined, path: string): FieldValue {
  if (item.kind === 'message' && (!field || isMessageName(field.type))) return new PrototxtMessage(item, scopeOfField(field), path);
  const value = item.kind === 'message' ? undefined : field ? readScalar(item, field.type) : guessed(item);
  if (value === undefined) throw kindError(node.source, name, item, describeType(field?.type ?? ''));
  return value;
}

/** A value of which caffe.proto does not know the type. */
function guessed(item: ScalarNode): string | number | boolean {
  return item.kind === 'name' ? (asBoolean(item) ?? item.value) : item.value;
}
