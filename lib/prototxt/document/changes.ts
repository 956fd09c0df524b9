import { readOptions } from '../../given';
import { guardReceivers } from '../../receiver';
import { inputError } from '../input-error';
import type { MessageNode } from '../text/nodes';
import { unifiedDiff } from '../text/unified-diff';
import { type Change, fieldChanges } from './field-changes';

export interface UnifiedOptions {
  /** Name of the file, in the header of the diff. Default `net.prototxt`. */
  readonly name?: string;
  /** Unchanged lines to show around each change. Default 3. */
  readonly context?: number;
}

const DEFAULT_NAME = 'net.prototxt';
const DEFAULT_CONTEXT = 3;

/** What two documents differ in: as data, by iterating it, and as a unified diff. */
export class Changes implements Iterable<Change> {
  readonly #before: MessageNode;
  readonly #after: MessageNode;
  #list: readonly Change[] | undefined;

  static {
    guardReceivers(Changes, (value) => #before in value);
  }

  /** @internal */
  constructor(before: MessageNode, after: MessageNode) {
    this.#before = before;
    this.#after = after;
  }

  /**
   * The fields that were added, removed, changed or moved, in the order of the document after the changes, removed ones first. Where only
   * layout or comments differ there is nothing; the unified diff has those as well.
   */
  get list(): readonly Change[] {
    this.#list ??= fieldChanges(this.#before, this.#after);
    return this.#list;
  }

  [Symbol.iterator](): Iterator<Change> {
    return this.list[Symbol.iterator]();
  }

  /**
   * The difference between the texts, for people and for `patch -p1` or `git apply`; empty when there is none.
   *
   * @throws {CaffeError} ERR_CAFFE_INPUT for options that are none.
   */
  unified(options?: UnifiedOptions): string {
    const { name = DEFAULT_NAME, context = DEFAULT_CONTEXT } = readOptions(options, ['name', 'context']);
    if (typeof name !== 'string' || name === '') throw inputError('name', 'the name of a file', name);
    if (!Number.isInteger(context) || context < 0) throw inputError('context', 'a whole number from 0', context);
    return unifiedDiff(this.#before.source.text, this.#after.source.text, name.replace(/^(\.?\/)+/, ''), context);
  }

  /** {@link unified}, with its defaults. */
  toString(): string {
    return this.unified();
  }
}
