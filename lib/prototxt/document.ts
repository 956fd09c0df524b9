import { CaffeError, describe } from '../errors';
import { calling, reading } from '../given';
import { guardReceivers } from '../receiver';
import { Edits } from './edits';
import type { MessageNode } from './nodes';
import { parseTree } from './parser';
import { SourceText } from './source-text';

/** What the operations on prototxt take: the text, or a document parsed from it. */
export type PrototxtSource = string | PrototxtDocument;

/**
 * A prototxt file, losslessly: the tree of its fields over the text they stand in, comments and spacing included. It never
 * changes; {@link edit} makes another one.
 */
export class PrototxtDocument {
  /** The file as a message: its fields are the top-level ones. */
  readonly root: MessageNode;
  readonly #source: SourceText;

  static {
    guardReceivers(PrototxtDocument, (value) => #source in value);
  }

  /** @throws {CaffeError} ERR_CAFFE_PROTOTXT for a syntax error; ERR_CAFFE_INPUT when it is not given a string. */
  constructor(text: string) {
    if (typeof text !== 'string') {
      throw new CaffeError('ERR_CAFFE_INPUT', `A prototxt source is text or a PrototxtDocument; found ${describe(text)}.`, {
        hint: 'Read the file as text: await readFile(path, "utf8").',
      });
    }
    this.#source = new SourceText(text);
    this.root = parseTree(this.#source);
  }

  /**
   * Applies local changes; every byte they do not touch stays as it is.
   *
   * @param change collects the changes. Its nodes are those of this document.
   * @returns the changed document, parsed anew.
   */
  edit(change: (edits: Edits) => void): PrototxtDocument {
    const edits = new Edits(this.root);
    const text = calling('The change', () => {
      change(edits);
      return edits.apply();
    });
    return new PrototxtDocument(text);
  }

  /** The text, byte for byte. */
  toString(): string {
    return this.#source.text;
  }
}

/**
 * Parses protobuf text format as Caffe writes it; `parse(text).toString() === text`.
 *
 * @throws {CaffeError} ERR_CAFFE_PROTOTXT with `line` and `column` (from 1), what was found and what was expected.
 */
export function parse(text: string): PrototxtDocument {
  return new PrototxtDocument(text);
}

/** The text of a source. @throws {CaffeError} ERR_CAFFE_INPUT for what is none. */
export function textOf(source: PrototxtSource): string {
  return typeof source === 'string' ? source : documentOf(source).toString();
}

/** The document of a source, parsed if it is text. */
export function documentOf(source: PrototxtSource): PrototxtDocument {
  return reading('The source', () => source instanceof PrototxtDocument) ? (source as PrototxtDocument) : parse(source as string);
}
