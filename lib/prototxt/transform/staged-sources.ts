/** The data layers of an all-in-one file: one for each of its two sets, which leave open what they read. */

import { readSettings, readsDataset, settingsSnippets } from '../network/data-settings';
import { isActive, type Layer, type Network } from '../network/network';
import { layerSnippet } from '../network/snippets';
import { replaceSources } from '../network/sources';
import { isInJust, namesStages, setStages, stageRule } from '../network/stages';
import type { Edits } from '../text/edits';
import { type FedBlobs, ownDataLayer } from './data-layer';

/** The fields that DIGITS sets: a file that says them is refused. */
const OPEN_FIELDS = ['source', 'backend'];

/** Puts `train-data` and `val-data` where data came in; a Data layer for one of them only stays, and is changed where it must be. */
export function placeStagedSources(edits: Edits, network: Network, fed: FedBlobs): void {
  const { sources, data, label } = fed;
  const staying = new Set<Layer>();
  const snippets: string[] = [];
  for (const stage of ['train', 'val'] as const) {
    const [own, other] = stage === 'train' ? [network.trainState, network.testState] : [network.testState, network.trainState];
    const name = nameFor(`${stage}-data`, network, sources);
    const layer = ownDataLayer(fed, own, other);
    if (layer) {
      staying.add(layer);
      openSource(edits, layer, name, stage);
    } else {
      const present = sources.find((one) => readsDataset(one) && isActive(one, own));
      const settings = present ? { ...readSettings(present), source: undefined } : {};
      const fields = [...settingsSnippets(settings), stageRule([stage], edits.layout.inlineRules)];
      snippets.push(layerSnippet({ name, type: 'Data', tops: [data, label], fields }));
    }
  }
  const leaving = sources.filter((layer) => !staying.has(layer));
  replaceSources(edits, network, leaving, snippets);
}

function openSource(edits: Edits, layer: Layer, name: string, stage: 'train' | 'val'): void {
  for (const node of layer.message.stringNodes('name')) if (node.value !== name) edits.setString(node, name);
  for (const field of layer.message.message('data_param')?.fieldsNamed(...OPEN_FIELDS) ?? []) edits.remove(field);
  if (!isInJust(layer, [stage]) || !namesStages(layer)) setStages(edits, layer, [stage]);
}

/** The usual name, unless a layer or blob other than a source has it. */
function nameFor(base: string, network: Network, sources: readonly Layer[]): string {
  return sources.some(({ name }) => name === base) ? base : network.freeName(base);
}
