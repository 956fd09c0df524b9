import { CaffeError, describe } from '../../errors';
import { calling, reading } from '../../given';
import { guardReceivers } from '../../receiver';
import type { LayerParameter, NetParameter, SolverParameter } from '../schema/caffe-proto';
import type { MessageNode } from '../text/nodes';
import { parseTree } from '../text/parser';
import { SourceText } from '../text/source-text';
import { Changes } from './changes';
import { type DanglingReference, danglingReferences } from './connections';
import { DocumentEdits } from './document-edits';
import { scopeOf } from './field-path';
import { findLayer, findLayers, type LayerQuery } from './layer-query';
import { PrototxtMessage } from './message-view';
import type { ValueAt } from './path-types';

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
  /** The file as it was parsed, before the first edit. */
  #original: MessageNode;

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
    this.#original = this.root;
  }

  /**
   * What the file says at a path: `document.get('base_lr')`, `document.get('layer[fc8].inner_product_param.num_output')`.
   *
   * @throws {CaffeError} as {@link PrototxtMessage.get}.
   */
  get<Path extends string>(path: Path): ValueAt<NetParameter & SolverParameter, Path> {
    return new PrototxtMessage<NetParameter & SolverParameter>(this.root, scopeOf(this.root), '').get(path);
  }

  /**
   * The layer of a name: `document.layer('fc8').get('inner_product_param.num_output')`.
   *
   * @param query what else must hold for it: the phase, where the file has one layer of this name for each.
   * @throws {CaffeError} ERR_CAFFE_INPUT when there is none, with the one that was probably meant, or several.
   */
  layer(name: string, query?: Omit<LayerQuery, 'name'>): PrototxtMessage<LayerParameter> {
    return findLayer(this.root, name, query);
  }

  /**
   * The layers for which everything holds that is asked for, in file order: `document.layers({ type: 'Convolution', phase: 'train' })`.
   *
   * @throws {CaffeError} ERR_CAFFE_INPUT for a query that is none; ERR_CAFFE_PROTOTXT for a rule that does not parse.
   */
  layers(query?: LayerQuery): PrototxtMessage<LayerParameter>[] {
    return findLayers(this.root, query);
  }

  /**
   * The bottoms that name a blob which no layer before them writes, in any phase: what an edit has left behind, or a mistake.
   *
   * @throws {CaffeError} ERR_CAFFE_PROTOTXT for a layer whose names or rules are none.
   */
  get dangling(): DanglingReference[] {
    return danglingReferences(this.root);
  }

  /**
   * Applies local changes; every byte they do not touch stays as it is.
   *
   * @param change collects the changes. Its nodes are those of this document.
   * @returns the changed document, parsed anew.
   */
  edit(change: (edits: DocumentEdits) => void): PrototxtDocument {
    const edits = new DocumentEdits(this.root);
    const text = calling('The change', () => {
      change(edits);
      return edits.apply();
    });
    const edited = new PrototxtDocument(text);
    edited.#original = this.#original;
    return edited;
  }

  /**
   * What was edited since the text was parsed, over all edits: each change as data, by iterating; as a unified diff by
   * `changes.unified({ name })` or `String(changes)`.
   */
  get changes(): Changes {
    return new Changes(this.#original, this.root);
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
