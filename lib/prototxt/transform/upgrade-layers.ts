/** Layers in the notation of Caffe's first versions, `layers { type: CONVOLUTION blobs_lr: 1 }`, in today's. */

import { messageSnippet } from '../network/snippets';
import { enumOf } from '../schema/messages';
import { suggestion } from '../suggest';
import type { Edits } from '../text/edits';
import { encodeString } from '../text/literals';
import { commentsOf, type FieldComments, replaceFields, takeFields, withComments, withoutComments } from '../text/moved-fields';
import type { FieldNode, ItemNode, MessageNode } from '../text/nodes';
import { kindError } from '../text/nodes';
import type { SourceText } from '../text/source-text';

/** Types whose names today are not those of old in other letters: `INNER_PRODUCT`, `InnerProduct`. */
const TYPES: ReadonlyMap<string, string> = new Map([
  ['NONE', ''],
  ['ABSVAL', 'AbsVal'],
  ['ARGMAX', 'ArgMax'],
  ['BNLL', 'BNLL'],
  ['HDF5_DATA', 'HDF5Data'],
  ['HDF5_OUTPUT', 'HDF5Output'],
  ['LRN', 'LRN'],
  ['MVN', 'MVN'],
  ['RELU', 'ReLU'],
  ['SOFTMAX_LOSS', 'SoftmaxWithLoss'],
  ['TANH', 'TanH'],
]);

/** What belongs to one parameter blob, in lists of its own, and its field in a `param` block. In the order of those fields. */
const PARAM_FIELDS: ReadonlyMap<string, string> = new Map([
  ['param', 'name'],
  ['blob_share_mode', 'share_mode'],
  ['blobs_lr', 'lr_mult'],
  ['weight_decay', 'decay_mult'],
]);

/** The message in which a type of data layer used to say how pictures are transformed. */
const DATA_PARAMS: ReadonlyMap<string, string> = new Map([
  ['Data', 'data_param'],
  ['ImageData', 'image_data_param'],
  ['WindowData', 'window_data_param'],
]);

const TRANSFORMATIONS = ['scale', 'mean_file', 'crop_size', 'mirror'];

/** Rewrites one of the `layers` of a file. @returns the names of its old fields. */
export function upgradeLayer(edits: Edits, field: FieldNode): string[] {
  const layer = field.value;
  if (layer.kind !== 'message') return [];
  edits.replace({ start: field.start, end: field.start + field.name.length }, 'layer');
  const type = upgradeType(edits, layer);
  const params = upgradeParams(edits, layer);
  const transformations = moveTransformations(edits, layer, DATA_PARAMS.get(type) ?? '');
  return ['layers', ...(layer.fieldsNamed('type').length > 0 ? ['type'] : []), ...params, ...transformations];
}

/** @returns the type by its name today. */
function upgradeType(edits: Edits, layer: MessageNode): string {
  const [value, ...others] = layer.values('type');
  if (!value) return '';
  const [second] = others;
  if (second) throw layer.source.error(second.start, "'type' is given twice; it can be given once.");
  const type = typeNamed(layer.source, value);
  edits.replace(value, encodeString(type));
  return type;
}

/** @throws {CaffeError} ERR_CAFFE_PROTOTXT for what is none of the old types. */
function typeNamed(source: SourceText, value: ItemNode): string {
  const numbers = enumOf('V1LayerParameter.LayerType') ?? {};
  const isMeant = (name: string) =>
    (value.kind === 'name' && value.value === name) || (value.kind === 'number' && value.value === numbers[name]);
  const name = Object.keys(numbers).find(isMeant);
  if (name !== undefined) return TYPES.get(name) ?? inWords(name);
  const hint = value.kind === 'name' ? suggestion(value.value, Object.keys(numbers)) : 'Types of old are bare words: CONVOLUTION.';
  throw kindError(source, 'type', value, 'the type of a layer of old', { hint });
}

/** `INNER_PRODUCT` as `InnerProduct`. */
function inWords(name: string): string {
  return name
    .split('_')
    .map((word) => word.charAt(0) + word.slice(1).toLowerCase())
    .join('');
}

/** One value of an old list, and what is said of it. */
interface Entry {
  readonly name: string;
  readonly literal: string;
  readonly comments: FieldComments;
}

function upgradeParams(edits: Edits, layer: MessageNode): string[] {
  const { source } = layer;
  const old = layer.fieldsNamed(...PARAM_FIELDS.keys());
  const [first] = old;
  const blocks: Entry[][] = [];
  for (const [name, to] of PARAM_FIELDS) {
    entriesOf(layer, name, to, first).forEach((entry, index) => {
      for (let length = blocks.length; length <= index; length++) blocks.push([]);
      blocks[index]?.push(entry);
    });
  }
  replaceFields(edits, source, old, (inLines) => blocks.map((entries) => paramSnippet(entries, inLines)).join('\n'));
  return [...PARAM_FIELDS.keys()].filter((name) => old.some((field) => field.name === name));
}

function entriesOf(layer: MessageNode, name: string, to: string, first: FieldNode | undefined): Entry[] {
  const { source } = layer;
  return layer.fieldsNamed(name).flatMap((field) => {
    const { above, behind } = commentsOf(source, field);
    const values = field.value.kind === 'list' ? field.value.items : [field.value];
    return values.map((value, index): Entry => {
      if (value.kind === 'message') throw kindError(source, name, value, 'one value');
      const comments = { above: index === 0 && field !== first ? above : [], behind: index === values.length - 1 ? behind : '' };
      return { name: to, literal: literalOf(source, value), comments };
    });
  });
}

/** As it is written; a string of several pieces as one. */
function literalOf(source: SourceText, value: ItemNode): string {
  const literal = source.slice(value);
  return value.kind === 'string' && literal.includes('\n') ? encodeString(value.value) : literal;
}

function paramSnippet(entries: readonly Entry[], inLines: boolean): string {
  const lines = entries.flatMap(({ name, literal, comments }) => withComments(`${name}: ${literal}`, inLines ? comments : NO_COMMENTS));
  return messageSnippet('param', lines) || 'param { }';
}

const NO_COMMENTS: FieldComments = { above: [], behind: '' };

/** The transformation of pictures goes from beside their source to a message of its own. @returns the names of its fields. */
function moveTransformations(edits: Edits, layer: MessageNode, dataParam: string): string[] {
  const { source } = layer;
  const [holder] = layer.fieldsNamed(dataParam);
  const data = layer.message(dataParam);
  const moved = data?.fieldsNamed(...TRANSFORMATIONS) ?? [];
  if (!holder || moved.length === 0) return [];
  takeFields(edits, source, moved);
  const transform = layer.message('transform_param');
  const added: string[] = [];
  for (const field of moved) {
    const present = transform?.values(field.name).at(-1);
    const literal = source.slice(field.value);
    // Caffe lets the old place decide.
    if (present) edits.replace(present, literal);
    else added.push(...withComments(`${field.name}: ${literal}`, commentsOf(source, field)));
  }
  if (!transform) edits.insertBefore(holder, transformSnippet(added, source.beginsLine(holder.start)));
  else if (added.length > 0) edits.append(transform, linesFor(added, !source.sameLine(transform.start, transform.end)).join('\n'));
  return moved.map(({ name }) => name);
}

function transformSnippet(lines: readonly string[], inLines: boolean): string {
  return messageSnippet('transform_param', linesFor(lines, inLines));
}

function linesFor(lines: readonly string[], inLines: boolean): readonly string[] {
  return inLines ? lines : withoutComments(lines);
}
