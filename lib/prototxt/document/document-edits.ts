import { CaffeError } from '../../errors';
import { reading, readOptions } from '../../given';
import { inputError } from '../input-error';
import type { LayerParameter } from '../schema/caffe-proto';
import { stringify } from '../schema/stringify';
import { Edits } from '../text/edits';
import { formatLines } from '../text/formatter';
import type { FieldNode, MessageNode } from '../text/nodes';
import { parseTree } from '../text/parser';
import { startWithComments } from '../text/removal';
import { SourceText } from '../text/source-text';
import { LAYER_FIELDS } from './connections';
import { scopeOf } from './field-path';
import { findLayer } from './layer-query';
import { PrototxtMessage } from './message-view';
import { PathEdits, type Target } from './path-edits';
import { planRenaming, type Renamed, type RenameOptions } from './renaming';

/** A layer: by its name, or as found with `document.layer`. */
export type LayerReference = PrototxtMessage | string;

/** Where a layer goes: beside another one, or behind the last where neither is given. */
export interface LayerPlace {
  readonly before?: LayerReference;
  readonly after?: LayerReference;
}

/**
 * The changes of {@link PrototxtDocument.edit}, collected and then made at once. Paths and messages mean the document as it is given; what
 * an earlier call has added counts as well. A field takes its comments with it: those in the lines right above it, and the one behind it.
 */
export class DocumentEdits extends Edits {
  private readonly root: MessageNode;
  private readonly paths: PathEdits;

  constructor(root: MessageNode) {
    super(root);
    this.root = root;
    this.paths = new PathEdits(this);
  }

  /**
   * Sets what stands at a path, from the file or from one of its messages on. Messages on the way are made where they are missing.
   *
   * @param path as for {@link PrototxtMessage.get}. An index that is one beyond the last adds a value.
   * @param value by the type of the field: number, text, boolean, the name of a constant, a plain object for a message; an array sets all
   *   values of a repeated field.
   * @throws {CaffeError} ERR_CAFFE_INPUT for a path that leads nowhere, or a value that is not of the type.
   */
  set(path: string, value: unknown): void;
  set(message: PrototxtMessage, path: string, value: unknown): void;
  set(...given: [path: string, value: unknown] | [message: PrototxtMessage, path: string, value: unknown]): void {
    if (given.length === 2) this.paths.set(this.rootTarget(), ...given);
    else this.paths.set(this.targetOf(given[0]), given[1], given[2]);
  }

  /**
   * Removes what stands at a path, with its comments and the blank lines that would be one too many: one value, or all of a repeated field.
   * What still refers to it shows in `document.dangling` afterwards.
   *
   * @param what a path, or a message.
   * @throws {CaffeError} ERR_CAFFE_INPUT where there is nothing to remove.
   */
  override remove(what: FieldNode | PrototxtMessage | string): void {
    if (typeof what === 'string') this.paths.remove(this.rootTarget(), what);
    else if (isField(what)) super.remove(what);
    else this.paths.remove(this.rootTarget(), this.own(what).path);
  }

  /**
   * Inserts layers, in the manner of the file: its indentation, quotes, and blank lines between layers.
   *
   * @param layer as text (`layer { … }`, one or several, with their comments) or as a plain object.
   * @throws {CaffeError} ERR_CAFFE_PROTOTXT for text that does not parse; ERR_CAFFE_INPUT for one that holds something else than layers,
   *   for a field that does not exist, and for a place that does not.
   */
  insert(layer: string | LayerParameter, place?: LayerPlace): void {
    const text = typeof layer === 'string' ? layer : stringify({ layer: [layer] }, 'net');
    const root = parseTree(new SourceText(text));
    const stranger = root.fields.find(({ name }) => !LAYER_FIELDS.includes(name));
    if (root.fields.length === 0 || stranger) {
      throw new CaffeError(
        'ERR_CAFFE_INPUT',
        `What is inserted must be layers; it has ${stranger ? `a field '${stranger.name}'` : 'none'}.`,
        {
          hint: "Set other fields by path: edits.set('name', 'x').",
        },
      );
    }
    const { quote, colon, unit, newline } = this.layout;
    const anchor = this.anchorOf(place);
    const lines = formatLines(root, { unit, width: 0, quote, colon });
    this.put((anchor && this.source.sameLine(anchor.field.start, anchor.field.end) ? inOneLine(lines) : lines).join(newline), anchor);
  }

  /**
   * Moves a layer, its text and comments as they are.
   *
   * @throws {CaffeError} ERR_CAFFE_INPUT for a layer or a place that does not exist.
   */
  move(layer: LayerReference, place?: LayerPlace): void {
    const { source } = this;
    const field = this.layerField(layer);
    const anchor = this.anchorOf(place, field);
    if (anchor?.field === field || !anchor) return;
    const alone = this.standsAlone(field);
    super.remove(field);
    this.put(
      source.text.slice(alone ? startWithComments(source, field) : field.start, alone ? source.lineEnd(field.end) : field.end),
      anchor,
    );
  }

  /**
   * Renames layers and blobs with every reference to them; see {@link rename}.
   *
   * @throws {CaffeError} ERR_CAFFE_INPUT as {@link rename}.
   */
  rename(options: RenameOptions): readonly Renamed[] {
    const { strings, renamed } = planRenaming(this.root, options);
    for (const [node, to] of strings) this.setString(node, to);
    return renamed;
  }

  override apply(): string {
    this.paths.flush();
    return super.apply();
  }

  /** Puts the lines of layers beside another one, with the blank line between them that the file has. */
  private put(lines: string, anchor: { field: FieldNode; side: 'before' | 'after' } | undefined): void {
    const { newline, spacedLayers } = this.layout;
    const gap = spacedLayers ? newline : '';
    if (!anchor) this.insertLinesAtEnd(this.root.fields.length > 0 ? gap + lines : lines);
    else if (!this.standsAlone(anchor.field)) this.insertInlineBeside(anchor, lines);
    else if (anchor.side === 'before') this.insertLinesBefore(anchor.field, lines + gap);
    else this.insertLinesAfter(anchor.field.end, gap + lines, anchor.field);
  }

  private insertInlineBeside({ field, side }: { field: FieldNode; side: 'before' | 'after' }, lines: string): void {
    if (/#/.test(lines)) throw new CaffeError('ERR_CAFFE_UNSUPPORTED', 'A layer with comments cannot stand in one line with others.');
    if (side === 'before') this.insertBefore(field, lines);
    else this.insertAfter(field, lines);
  }

  /** The layer beside which something goes; undefined where there is none. */
  private anchorOf(place: LayerPlace | undefined, moved?: FieldNode): { field: FieldNode; side: 'before' | 'after' } | undefined {
    const { before, after } = readOptions(place, ['before', 'after'], 'The place');
    if (before !== undefined && after !== undefined) {
      throw new CaffeError('ERR_CAFFE_INPUT', "A layer goes 'before' another one or 'after' it, not both.");
    }
    if (before !== undefined) return { field: this.layerField(before), side: 'before' };
    if (after !== undefined) return { field: this.layerField(after), side: 'after' };
    const last = this.root
      .fieldsNamed(...LAYER_FIELDS)
      .filter((field) => field !== moved)
      .at(-1);
    return last && { field: last, side: 'after' };
  }

  private layerField(reference: LayerReference): FieldNode {
    const message = typeof reference === 'string' ? findLayer(this.root, reference, undefined) : this.own(reference);
    const { node } = PrototxtMessage.partsOf(message) ?? {};
    const field = node && this.paths.ownerOf(this.root, node);
    if (field && LAYER_FIELDS.includes(field.name)) return field;
    throw new CaffeError('ERR_CAFFE_INPUT', `'${message.path}' is no layer.`);
  }

  private rootTarget(): Target {
    return this.paths.target(this.root, scopeOf(this.root), '');
  }

  private targetOf(message: PrototxtMessage): Target {
    const { path } = this.own(message);
    const { node, scope } = PrototxtMessage.partsOf(message) as { node: MessageNode; scope: Target['scope'] };
    return this.paths.target(node, scope, path);
  }

  /** @throws {CaffeError} ERR_CAFFE_INPUT for what is no message of this document. */
  private own(message: PrototxtMessage): PrototxtMessage {
    const parts = PrototxtMessage.partsOf(message);
    if (!parts) throw inputError('the message', 'a message of the document, as document.layer gives it', message);
    if (parts.node.source === this.source) return message;
    throw new CaffeError('ERR_CAFFE_INPUT', `'${message.path}' is a message of another document, or of this one before an edit.`, {
      hint: 'Look it up in the document that is edited.',
    });
  }
}

function isField(what: FieldNode | PrototxtMessage): what is FieldNode {
  return typeof what === 'object' && what !== null && !PrototxtMessage.partsOf(what) && reading('What to remove', () => 'value' in what);
}

/** Layers of a line each, as their neighbour is; comments would swallow what follows them. */
function inOneLine(lines: readonly string[]): readonly string[] {
  const text = lines.join('\n');
  return text.includes('#') ? lines : text.replace(/\n(?:\s+|(?=\}))/g, ' ').split('\n');
}
