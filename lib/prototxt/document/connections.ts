import type { MessageNode, StringNode } from '../text/nodes';
import { isActive, type NetStateRule, readRule, statesOf } from './rules';

/** How a layer is wired, as nodes of the text; in every notation of Caffe. */
export interface Connection {
  readonly names: readonly StringNode[];
  readonly bottoms: readonly StringNode[];
  readonly tops: readonly StringNode[];
  readonly include: readonly NetStateRule[];
  readonly exclude: readonly NetStateRule[];
}

/** A blob that a layer reads although none before it writes it. */
export interface DanglingReference {
  /** The layer that reads it. */
  readonly layer: string;
  readonly blob: string;
  /** Where the layer names it, both from 1. */
  readonly line: number;
  readonly column: number;
}

/** The fields with layers, in the notation of today and that of Caffe's first versions. */
export const LAYER_FIELDS = ['layer', 'layers'];

/** The layers of a file, in file order. */
export function connectionsOf(root: MessageNode): Connection[] {
  return LAYER_FIELDS.flatMap((field) => root.messages(field).map(connectionOf));
}

function connectionOf(layer: MessageNode): Connection {
  // In the oldest notation the name stands in a layer within the layers.
  const names = [layer, ...layer.messages('layer')].flatMap((node) => node.stringNodes('name'));
  return {
    names,
    bottoms: layer.stringNodes('bottom'),
    tops: layer.stringNodes('top'),
    include: layer.messages('include').map(readRule),
    exclude: layer.messages('exclude').map(readRule),
  };
}

/** What each state of a net has: the layers that Caffe builds in it. */
export function connectionsByState(connections: readonly Connection[]): Connection[][] {
  const rules = connections.flatMap(({ include, exclude }) => [...include, ...exclude]);
  return statesOf(rules).map((state) => connections.filter((connection) => isActive(connection, state)));
}

/** The references to blobs that do not exist, in the order of the file, whatever the phase. */
export function danglingReferences(root: MessageNode): DanglingReference[] {
  const inputs = root.strings('input');
  const connections = connectionsOf(root);
  const dangling = new Map<StringNode, Connection>();
  for (const active of connectionsByState(connections)) {
    const written = new Set(inputs);
    for (const connection of active) {
      for (const bottom of connection.bottoms) if (!written.has(bottom.value)) dangling.set(bottom, connection);
      for (const top of connection.tops) written.add(top.value);
    }
  }
  return [...dangling]
    .sort(([a], [b]) => a.start - b.start)
    .map(([bottom, { names }]) => ({ layer: names[0]?.value ?? '', blob: bottom.value, ...root.source.locate(bottom.start) }));
}
