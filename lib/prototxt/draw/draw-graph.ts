/** A network as the graph that pycaffe draws: layers and blobs are nodes, and layers that work in place stand beside their blob. */

import type { Layer } from '../network/network';
import { BLOB_COLOUR, colourOf, edgeLabelOf, labelOf, NEURON_COLOUR } from './draw-labels';
import type { Sizes } from './draw-sizes';

export interface DrawnNode {
  /** Unlike all others. */
  readonly id: string;
  readonly kind: 'layer' | 'neuron' | 'blob';
  /** Lines. */
  readonly label: readonly string[];
  readonly colour: string;
}

export interface DrawnEdge {
  readonly from: DrawnNode;
  readonly to: DrawnNode;
  /** May be empty. */
  readonly label: string;
}

/** Nodes and edges in file order. */
export interface Drawing {
  readonly nodes: readonly DrawnNode[];
  readonly edges: readonly DrawnEdge[];
  /** A line above all. */
  readonly caption?: string;
}

/**
 * @param learningRates whether labels name the multipliers of learning rates.
 * @param sizes what labels tell of shapes and parameters; numbers of outputs on edges would say it again.
 */
export function drawingOf(layers: readonly Layer[], learningRates: boolean, sizes?: Sizes): Drawing {
  const nodes: DrawnNode[] = [];
  const edges: DrawnEdge[] = [];
  const blobs = new Map<string, DrawnNode>();
  const blobNamed = (name: string): DrawnNode => {
    const known = blobs.get(name);
    if (known) return known;
    const blob: DrawnNode = { id: `${name}_blob`, kind: 'blob', label: [name, ...(sizes?.ofBlob(name) ?? [])], colour: BLOB_COLOUR };
    blobs.set(name, blob);
    nodes.push(blob);
    return blob;
  };

  const ids = new Set<string>();
  for (const layer of layers) {
    const neuron = isNeuron(layer);
    const id = freeId(`${layer.name}_${layer.type}`, ids);
    const node: DrawnNode = {
      id,
      kind: neuron ? 'neuron' : 'layer',
      label: labelOf(layer, { learningRates, sizes: sizes?.ofLayer(layer) }),
      colour: neuron ? NEURON_COLOUR : colourOf(layer),
    };
    for (const bottom of layer.bottoms) edges.push({ from: blobNamed(bottom), to: node, label: '' });
    nodes.push(node);
    for (const top of layer.tops)
      edges.push({ from: node, to: blobNamed(top), label: sizes?.ofBlob(top).length ? '' : edgeLabelOf(layer) });
  }
  return { nodes, edges, caption: sizes?.caption };
}

/** An all-in-one file may give one name to the layers of several phases. */
function freeId(wanted: string, ids: Set<string>): string {
  let id = wanted;
  for (let number = 2; ids.has(id); number++) id = `${wanted}_${number}`;
  ids.add(id);
  return id;
}

function isNeuron({ bottoms, tops }: Layer): boolean {
  return bottoms.length === 1 && tops.length === 1 && bottoms[0] === tops[0];
}
