import type { Edits } from '../text/edits';
import type { FieldNode } from '../text/nodes';
import { isSource } from './layer-types';
import type { Layer, Network } from './network';

/** The top-level fields of old files that declare inputs without a layer. */
export const INPUT_FIELDS = ['input', 'input_shape', 'input_dim'];

/**
 * The layers that bring in blobs which are to come from elsewhere. DummyData also makes constants (the first state of an LSTM),
 * which stay.
 */
export function sourcesOf(network: Network, blobs: ReadonlySet<string>): Layer[] {
  return network.layers.filter((layer) => isSource(layer) && (layer.type !== 'DummyData' || layer.tops.some((top) => blobs.has(top))));
}

/** Puts new source layers (snippets, or none) where the old ones stood, whatever their notation, or else in front of all layers. */
export function replaceSources(edits: Edits, network: Network, sources: readonly Layer[], snippets: readonly string[]): void {
  const { root } = network.document;
  const fields = root.fieldsNamed(...INPUT_FIELDS);
  const old = [...fields, ...sources.map((layer) => layer.field)].sort((a, b) => a.start - b.start);
  const [first, ...others] = old;
  const snippet = edits.layout.joinLayers(snippets);
  if (snippets.length === 0 && first) edits.remove(first);
  else if (first && fields.includes(first))
    edits.replace(first, edits.layout.lines(snippet, '')); // what is above it speaks of the input
  else if (first) edits.replaceField(first, snippet);
  else if (snippets.length > 0) insertInFront(edits, root.fieldsNamed('layer'), snippet);
  for (const field of others) edits.remove(field);
}

function insertInFront(edits: Edits, layers: readonly FieldNode[], snippet: string): void {
  const [first] = layers;
  if (first) edits.insertBefore(first, edits.layout.spacedLayers ? `${snippet}\n` : snippet);
}

/** The layers of a network that another one does not have, by name. */
export function removedNames(before: Network, after: Network): string[] {
  const left = new Set(after.layers.map((layer) => layer.name));
  return [...new Set(before.layers.map((layer) => layer.name))].filter((name) => !left.has(name));
}
