import { CaffeError } from '../../errors';
import type { FieldType } from '../schema/messages';
import type { Edits } from '../text/edits';
import { type FieldNode, type ItemNode, itemsOf, kindError, type MessageNode } from '../text/nodes';
import { type Content, contentsOf, Draft, type DraftField, messageText, snippetOf } from './draft';
import { childPath, declaredField, declaredMessage, parsePath, positionOf, type Scope, type Step, scopeOfField } from './field-path';

/** A message to set fields in: one of the file, with what it gets in addition, or one that is being written. */
export interface Target {
  readonly node: MessageNode | undefined;
  /** What is written: added to the node, or all of the message where there is none. */
  readonly draft: Draft;
  readonly scope: Scope;
  readonly path: string;
}

/**
 * Sets values by path. What is set in a message that the file does not have makes that message; several values set in it are written as
 * one. Nothing is written before {@link flush}.
 */
export class PathEdits {
  private readonly additions = new Map<MessageNode, Draft>();
  private readonly replacements = new Map<ItemNode, Content>();
  private readonly removed = new Set<FieldNode>();
  private readonly owners = new Map<MessageNode, ReadonlyMap<ItemNode, FieldNode>>();

  constructor(private readonly edits: Edits) {}

  target(node: MessageNode, scope: Scope, path: string): Target {
    return { node, draft: this.additionsTo(node), scope, path };
  }

  set(from: Target, path: string, value: unknown): void {
    const steps = parsePath(path);
    let target = from;
    for (const step of steps.slice(0, -1)) target = this.enter(target, step);
    const step = steps.at(-1) as Step;
    const field = declaredField(target.scope, step.name, target.node);
    if (field?.repeated && step.index === undefined) this.setAll(target, step.name, field, value);
    else this.setOne(target, step, field, value);
  }

  /** @throws {CaffeError} ERR_CAFFE_INPUT where the file has nothing at the path. */
  remove(from: Target, path: string): void {
    const steps = parsePath(path);
    let target = from;
    for (const step of steps.slice(0, -1)) target = this.enter(target, step);
    const { name, index } = steps.at(-1) as Step;
    declaredField(target.scope, name, target.node);
    const items = target.node?.values(name) ?? [];
    const position = index === undefined ? 0 : positionOf(target.node, { name, index }, items.length);
    const item = items[position];
    if (!target.node || !item) throw new CaffeError('ERR_CAFFE_INPUT', `There is no '${path}' to remove.`);
    if (index === undefined) for (const field of target.node.fieldsNamed(name)) this.removed.add(field);
    else this.removeItem(this.ownerOf(target.node, item) as FieldNode, item);
  }

  /** The field of a message in which a value stands. */
  ownerOf(node: MessageNode, item: ItemNode): FieldNode | undefined {
    let owners = this.owners.get(node);
    if (!owners) {
      owners = new Map(node.fields.flatMap((field) => itemsOf(field).map((one): [ItemNode, FieldNode] => [one, field])));
      this.owners.set(node, owners);
    }
    return owners.get(item);
  }

  /** Of a list, only the item goes. */
  private removeItem(field: FieldNode, item: ItemNode): void {
    if (field.value.kind !== 'list' || field.value.items.length === 1) {
      this.removed.add(field);
      return;
    }
    const { items } = field.value;
    const at = items.indexOf(item);
    const [before, after] = [items[at - 1], items[at + 1]];
    this.edits.replace(before ? { start: before.end, end: item.end } : { start: item.start, end: after?.start ?? item.end }, '');
  }

  /** Hands what was set to the edits. */
  flush(): void {
    const { edits } = this;
    const { quote, colon } = edits.layout;
    for (const [node, draft] of this.additions) {
      for (const field of draft.fields) addTo(edits, node, field.name, snippetOf(field, { quote, colon }));
    }
    for (const [node, content] of this.replacements) {
      if (typeof content === 'string') edits.replace(node, content);
      else edits.replaceMessage(node, messageText(content, colon));
    }
    for (const field of this.removed) edits.remove(field);
    this.additions.clear();
    this.replacements.clear();
    this.removed.clear();
  }

  /** The message of a step, made where there is none. */
  private enter(target: Target, step: Step): Target {
    const { name } = step;
    const field = declaredMessage(target.scope, name, target.node);
    const { item, drafted, position } = this.find(target, step, field);
    const path = childPath(target.path, name, field?.repeated ? position : undefined);
    const scope = scopeOfField(field);
    if (!item) return { node: undefined, draft: this.draftIn(target, name, drafted), scope, path };
    const replacement = this.replacements.get(item);
    if (replacement instanceof Draft) return { node: undefined, draft: replacement, scope, path };
    if (item.kind === 'message') return { node: item, draft: this.additionsTo(item), scope, path };
    throw kindError((target.node as MessageNode).source, name, item, 'a message { … }');
  }

  private draftIn(target: Target, name: string, drafted: DraftField | undefined): Draft {
    if (drafted?.content instanceof Draft) return drafted.content;
    const draft = new Draft();
    target.draft.add(name, draft);
    return draft;
  }

  private setOne(target: Target, step: Step, field: FieldType | undefined, value: unknown): void {
    const { name } = step;
    const { item, drafted, position } = this.find(target, step, field);
    const path = childPath(target.path, name, field?.repeated ? position : undefined);
    const single = field && { ...field, repeated: false };
    const [content = ''] = contentsOf(value, single, path, this.manner(item));
    if (item) this.replacements.set(item, content);
    else if (drafted) drafted.content = content;
    else target.draft.add(name, content);
  }

  /** Sets all values of a repeated field: those that are there one by one, in their places; the others behind them. */
  private setAll(target: Target, name: string, field: FieldType, value: unknown): void {
    const { node } = target;
    const fields = node?.fieldsNamed(name) ?? [];
    const contents = contentsOf(value, field, childPath(target.path, name, undefined), this.manner(fields.flatMap(itemsOf)[0]));
    target.draft.removeAll(name);
    const [first] = fields;
    if (first && fields.some((one) => one.value.kind === 'list')) {
      this.setList(fields, contents);
      return;
    }
    fields.forEach((one, index) => {
      const content = contents[index];
      if (content === undefined) this.removed.add(one);
      else this.replacements.set(one.value as ItemNode, content);
    });
    for (const content of contents.slice(fields.length)) target.draft.add(name, content);
  }

  /** Where the file writes a list, it is one afterwards. */
  private setList([first, ...others]: readonly FieldNode[], contents: readonly Content[]): void {
    const { layout } = this.edits;
    const items = contents.map((content) => (typeof content === 'string' ? content : layout.inline(messageText(content, layout.colon))));
    if (first) this.edits.replace(first.value, `[${items.join(', ')}]`);
    for (const other of others) this.removed.add(other);
  }

  /** What a step leads to: a value of the file, or one that is being written, or neither where it is the next one to be. */
  private find({ node, draft, path }: Target, step: Step, field: FieldType | undefined) {
    const { name } = step;
    const items = node?.values(name) ?? [];
    const drafts = draft.named(name);
    const count = items.length + drafts.length;
    const position = positionOf(node, step, count);
    if (position > (field?.repeated ? count : Math.max(count - 1, 0)) || position < 0) {
      throw new CaffeError('ERR_CAFFE_INPUT', `'${childPath(path, name, position)}' cannot be set: there are ${count} of '${name}'.`, {
        hint: field?.repeated ? `The next one would be ${name}[${count}].` : 'It can be given once.',
      });
    }
    return { item: items[position], drafted: drafts[position - items.length], position };
  }

  private additionsTo(node: MessageNode): Draft {
    const known = this.additions.get(node);
    if (known) return known;
    const draft = new Draft();
    this.additions.set(node, draft);
    return draft;
  }

  /** A string keeps its own quotes. */
  private manner(former: ItemNode | undefined) {
    const { quote, colon } = this.edits.layout;
    return { quote: former?.kind === 'string' ? former.quote : quote, colon };
  }
}

/** Adds a field to a message: behind those of its name, or at the bottom. */
function addTo(edits: Edits, node: MessageNode, name: string, snippet: string): void {
  const last = node.fieldsNamed(name).at(-1);
  if (last) edits.insertAfter(last, snippet);
  else edits.append(node, snippet);
}
