/** The settings of a layer as Caffe reads them: with caffe.proto's defaults where the file says nothing. */
import { defaultOf, fieldOf, type MessageName } from '../schema/messages';
import { readScalar } from '../schema/scalars';
import type { ItemNode, MessageNode } from '../text/nodes';

/** One message of a file that has been checked against the schema, or one that is absent. */
export class Settings {
  /** @param otherwise the offset to blame where the message, or a field of it, is absent. */
  constructor(
    readonly type: MessageName,
    private readonly node: MessageNode | undefined,
    private readonly otherwise: number,
  ) {}

  has(name: string): boolean {
    return this.node?.fields.some((field) => field.name === name) === true;
  }

  /** How often a repeated field is given. */
  count(name: string): number {
    return this.values(name).length;
  }

  number(name: string): number {
    return this.numbers(name)[0] ?? Number(defaultOf(this.type, name) ?? 0);
  }

  numbers(name: string): number[] {
    const type = fieldOf(this.type, name)?.type ?? '';
    return this.values(name).map((value) => Number(readScalar(value, type)));
  }

  flag(name: string): boolean {
    return this.has(name) ? this.node?.boolean(name) === true : defaultOf(this.type, name) === true;
  }

  text(name: string): string {
    return this.node?.string(name) ?? String(defaultOf(this.type, name) ?? '');
  }

  /** The name of an enum's value. */
  choice(name: string): string {
    const [value] = this.values(name);
    return String((value && readScalar(value, fieldOf(this.type, name)?.type ?? '')) ?? defaultOf(this.type, name) ?? '');
  }

  message(name: string): Settings {
    return this.messages(name)[0] ?? new Settings(this.typeOf(name), undefined, this.at());
  }

  messages(name: string): Settings[] {
    const nodes = this.values(name).filter((value) => value.kind === 'message');
    return nodes.map((node) => new Settings(this.typeOf(name), node, node.start));
  }

  /** Where a field stands; the first of several that is there. Without names, where the message does. */
  at(...names: string[]): number {
    for (const name of names) {
      const field = this.node?.fields.find((one) => one.name === name);
      if (field) return field.start;
    }
    return this.otherwise;
  }

  private values(name: string): readonly ItemNode[] {
    return this.node?.values(name) ?? [];
  }

  private typeOf(name: string): MessageName {
    return fieldOf(this.type, name)?.type as MessageName;
  }
}
