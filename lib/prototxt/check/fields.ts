/** The fields of a file against caffe.proto: what protobuf would refuse, all of it, and what is left when that is taken out. */
import { forkWithValue } from '../schema/forks';
import { describeType, enumOf, fieldOf, isMessageName, type MessageName, requiredFields } from '../schema/messages';
import { readScalar } from '../schema/scalars';
import { unknownField } from '../schema/unknown-names';
import { MOST } from '../shapes/shape';
import { suggestion } from '../suggest';
import { type FieldNode, type ItemNode, MessageNode, type ValueNode } from '../text/nodes';
import type { Findings } from './finding';

/** A message as its readers can rely on it. */
export interface SoundMessage {
  readonly root: MessageNode;
  /** The messages of it that lack fields which the file has. */
  readonly damaged: ReadonlySet<MessageNode>;
}

/** Reports the fields that protobuf would not read. */
export function checkFields(root: MessageNode, message: MessageName, findings: Findings): SoundMessage {
  const damaged = new Set<MessageNode>();
  return { root: new FieldCheck(findings, damaged).message(root, message), damaged };
}

class FieldCheck {
  constructor(
    private readonly findings: Findings,
    private readonly damaged: Set<MessageNode>,
  ) {}

  /** The message without what is wrong in it; itself where nothing is. */
  message(node: MessageNode, message: MessageName): MessageNode {
    const seen = new Set<string>();
    const sound: FieldNode[] = [];
    let changed = false;
    for (const field of node.fields) {
      const kept = this.field(node, field, message, seen);
      if (kept) sound.push(kept);
      changed ||= kept !== field;
    }
    for (const name of requiredFields(message)) {
      if (seen.has(name)) continue;
      this.report('missing-field', node.start, `A ${message} must have '${name}'.`, `Set ${name}.`);
      changed = true;
    }
    if (!changed) return node;
    const cleaned = new MessageNode(node.source, node, sound);
    this.damaged.add(cleaned);
    return cleaned;
  }

  private field(node: MessageNode, field: FieldNode, message: MessageName, seen: Set<string>): FieldNode | undefined {
    const { name, start } = field;
    const declared = fieldOf(message, name);
    if (!declared) {
      return this.report('unknown-field', start, `${message} has no field '${name}'.`, fixForUnknown(message, name));
    }
    if (!declared.repeated && seen.has(name)) {
      return this.report('given-twice', start, `'${name}' is given more than once; it can be given once.`, 'Keep one of them.');
    }
    seen.add(name);
    if (field.value.kind === 'list' && !field.value.colon && !isMessageName(declared.type)) {
      return this.report('wrong-type', field.value.start, `A list of values takes a colon: ${name}: […].`, 'Write the colon.');
    }
    const value =
      declared.repeated && field.value.kind === 'list'
        ? this.list(node, field, declared.type)
        : this.item(node, name, field.value, declared.type);
    return value && value !== field.value ? { ...field, value } : value && field;
  }

  private list(node: MessageNode, { name, value }: FieldNode, type: string): ValueNode | undefined {
    if (value.kind !== 'list') return undefined;
    const items = value.items.map((item) => this.item(node, name, item, type) as ItemNode | undefined);
    if (items.every((item, index) => item === value.items[index])) return value;
    return { ...value, items: items.filter((item) => item !== undefined) };
  }

  private item(node: MessageNode, name: string, value: ValueNode, type: string): ValueNode | undefined {
    if (isMessageName(type) && value.kind === 'message') return this.message(value, type);
    if (!isMessageName(type) && value.kind !== 'message' && value.kind !== 'list') {
      const read = readScalar(value, type);
      if (type === 'uint32' && Number(read) > MOST) {
        return this.report('too-large', value.start, `'${name}' is ${read}; Caffe counts to ${MOST}.`, 'Use a smaller number.');
      }
      if (read !== undefined) return value;
    }
    const found = value.kind === 'message' ? 'a message' : value.kind === 'list' ? 'a list' : node.source.slice(value);
    return this.report('wrong-type', value.start, `'${name}' takes ${describeType(type)}; found ${found}.`, fixFor(name, value, type));
  }

  private report(
    code: 'too-large' | 'unknown-field' | 'missing-field' | 'given-twice' | 'wrong-type',
    at: number,
    message: string,
    fix: string,
  ): undefined {
    this.findings.add({ severity: 'error', code, at, message, fix });
  }
}

function fixForUnknown(message: MessageName, name: string): string {
  const { fork, place, suggestion, hint } = unknownField(message, name);
  if (fork !== undefined) return `It belongs to ${fork}: remove it, or use that Caffe.`;
  return place === undefined && suggestion === undefined ? 'Remove it: Caffe reads no file with it.' : hint;
}

function fixFor(name: string, value: ValueNode, type: string): string {
  const names = enumOf(type);
  const written = value.kind === 'string' || value.kind === 'name' ? value.value : undefined;
  if (names && written !== undefined) {
    if (Object.hasOwn(names, written)) return `Write it without quotes: ${name}: ${written}.`;
    const fork = forkWithValue(written);
    if (fork !== undefined) return `It belongs to ${fork}: write one of ${Object.keys(names).join(', ')}, or use that Caffe.`;
    return suggestion(written, Object.keys(names)) ?? `Write one of ${Object.keys(names).join(', ')}.`;
  }
  if (type === 'string' && written !== undefined) return `Write it in quotes: ${name}: "${written}".`;
  if (value.kind === 'string' && !isMessageName(type)) return 'Write it without quotes.';
  return `Write ${describeType(type)}.`;
}
