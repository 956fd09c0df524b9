/** The data layer of one set, where a file has one that can stay: what is said in it is changed where it must be. */

import type { NetState } from '../document/rules';
import type { DataBlobs } from '../network/data-blobs';
import { type DataSource, readsDataset } from '../network/data-settings';
import { isActive, type Layer } from '../network/network';
import { messageSnippet } from '../network/snippets';
import type { Edits } from '../text/edits';
import { encodeFloat, encodeString } from '../text/literals';
import type { FieldNode } from '../text/nodes';

export type FedBlobs = Pick<DataBlobs, 'sources' | 'label'> & { readonly data: string };

/** What only the transformation may say: beside the source, Caffe ignores it. */
const MISPLACED = ['scale', 'mean_file', 'crop_size', 'mirror'];
const MEANS = ['mean_file', 'mean_value'];

/** The one Data layer that feeds a network in a state and not in the other; undefined where it is done in another way. */
export function ownDataLayer({ sources, data, label }: FedBlobs, own: NetState, other: NetState): Layer | undefined {
  const [layer, second] = sources.filter((source) => readsDataset(source) && isActive(source, own));
  const stays = layer && !second && layer.type === 'Data' && !isActive(layer, other) && layer.tops.join('\n') === `${data}\n${label}`;
  const misplaced = layer?.message.message('data_param')?.fieldsNamed(...MISPLACED) ?? [];
  return stays && misplaced.length === 0 ? layer : undefined;
}

/** Has a Data layer read a database; settings that are undefined stay as they are. */
export function feedDataLayer(edits: Edits, layer: Layer, settings: DataSource): void {
  const { source, batchSize, mirror, cropSize, meanFile, meanValues, scale, shuffle } = settings;
  const one = (name: string, literal: string | undefined): Setting => ({
    names: [name],
    fields: literal === undefined ? undefined : [[name, literal]],
  });
  const none = (name: string): Setting => ({ names: [name], fields: [] });
  setFields(edits, layer, 'transform_param', [
    one('scale', scale === undefined ? undefined : encodeFloat(scale)),
    one('mirror', mirror?.toString()),
    cropSize === 0 ? none('crop_size') : one('crop_size', cropSize?.toString()),
    meanFile === undefined
      ? { names: MEANS, fields: meanValues?.map((value) => ['mean_value', encodeFloat(value)]) }
      : { names: MEANS, fields: [['mean_file', encodeString(meanFile)]] },
  ]);
  setFields(edits, layer, 'data_param', [
    one('source', encodeString(source)),
    one('batch_size', batchSize?.toString()),
    one('backend', 'LMDB'),
  ]);
  setFields(edits, layer, 'image_data_param', [shuffle === false ? none('shuffle') : one('shuffle', shuffle?.toString())]);
}

/** Fields that stand for one thing, and those that are to say it, with their literals; undefined: as they are. */
interface Setting {
  readonly names: readonly string[];
  readonly fields: readonly (readonly [name: string, literal: string])[] | undefined;
}

function setFields(edits: Edits, layer: Layer, param: string, settings: readonly Setting[]): void {
  const [holder] = layer.message.fieldsNamed(param);
  const message = layer.message.message(param);
  const removed: FieldNode[] = [];
  const added: string[] = [];
  for (const { names, fields } of settings) {
    const present = message?.fieldsNamed(...names) ?? [];
    if (!fields || replaceValues(edits, layer, present, fields)) continue;
    removed.push(...present);
    added.push(...fields.map(([name, literal]) => `${name}: ${literal}`));
  }
  const snippet = added.join('\n');
  const [first, ...others] = removed;
  if (!holder || !message) addMessage(edits, layer, messageSnippet(param, added));
  else if (added.length === 0 && removed.length === message.fields.length) edits.remove(holder);
  else if (first && snippet) edits.replaceField(first, snippet);
  else if (first) edits.remove(first);
  else if (snippet) edits.append(message, snippet);
  for (const field of others) edits.remove(field);
}

/** Changes values where they stand, if there are as many, under the same names. */
function replaceValues(edits: Edits, layer: Layer, present: readonly FieldNode[], fields: NonNullable<Setting['fields']>): boolean {
  if (present.length !== fields.length || present.some(({ name, value }, index) => name !== fields[index]?.[0] || value.kind === 'list'))
    return false;
  present.forEach(({ value }, index) => {
    const literal = fields[index]?.[1] ?? '';
    const said = value.kind === 'string' ? encodeString(value.value) : layer.message.source.slice(value);
    if (said !== literal) edits.replace(value, literal);
  });
  return true;
}

/** The transformation stands in front of the source, as in published files. */
function addMessage(edits: Edits, layer: Layer, snippet: string): void {
  const [data] = layer.message.fieldsNamed('data_param');
  if (snippet === '') return;
  if (data && snippet.startsWith('transform_param')) edits.insertBefore(data, snippet);
  else edits.append(layer.message, snippet);
}
