/** What a net needs of memory. */
import type { Graph, Version } from '../network/graph';
import type { Layer } from '../network/network';
import { countOf } from '../shapes/shape';
import { worksInPlace } from '../shapes/table';
import type { CheckedNet } from './net-check';

/** In bytes, for float32. Buffers that layers keep to themselves are not in it. */
export interface Memory {
  /** The values of all blobs; those that share their memory (in place, Reshape, Flatten, Split) count once. */
  readonly activations: number;
  /** The gradients of the blobs that training needs; 0 for a net that does not train. */
  readonly gradients: number;
  /** The values of all parameters, and in training their gradients. */
  readonly parameters: number;
  /** All of it. A solver keeps one to two times the parameters beside it. */
  readonly total: number;
}

const BYTES = 4;
/** Types whose tops lie in the memory of their bottom. */
export const SHARES_MEMORY = new Set(['Flatten', 'Reshape', 'Split']);

/** @param parameters values of parameters, and how many of them are statistics, which have no gradients. */
export function memoryOf(net: CheckedNet, { parameters, statistics }: { parameters: number; statistics: number }): Memory {
  const learns = net.trains ? gradientsNeeded(net.graph, net) : new Set();
  let [activations, gradients] = [0, 0];
  const count = (version: Version) => {
    const { shape } = net.of(version);
    return shape ? countOf(shape) * BYTES : 0;
  };
  for (const version of net.graph.inputs) activations += count(version);
  for (const layer of net.graph.layers) {
    net.graph.tops(layer).forEach((version, index) => {
      if (!sharesMemory(layer, index)) activations += count(version);
      if (!learns.has(version)) return;
      const copies = version.readers.length > 1 ? version.readers.length : 0;
      const own = layer.bottoms[index] === version.blob || layer.type === 'Reshape' || layer.type === 'Flatten' ? 0 : 1;
      gradients += (own + copies) * count(version);
    });
  }
  const ofParameters = (parameters + (net.trains ? parameters - statistics : 0)) * BYTES;
  return { activations, gradients, parameters: ofParameters, total: activations + gradients + ofParameters };
}

function sharesMemory(layer: Layer, top: number): boolean {
  if (layer.bottoms[top] === layer.tops[top]) return worksInPlace(layer);
  const single = (layer.type === 'Concat' && layer.bottoms.length === 1) || (layer.type === 'Slice' && layer.tops.length === 1);
  return SHARES_MEMORY.has(layer.type) || single || layer.type === 'Parameter';
}

/** The blobs through which a gradient comes to a parameter that learns. */
function gradientsNeeded(graph: Graph, net: CheckedNet): Set<Version> {
  const needed = new Set<Version>();
  for (const layer of graph.layers) {
    const rates = layer.message.messages('param').map((param) => param.number('lr_mult') ?? 1);
    const learns = layer.type !== 'BatchNorm' && (net.facts.get(layer)?.params ?? []).some((_, index) => (rates[index] ?? 1) !== 0);
    const passes = graph.bottoms(layer).some((version) => version && needed.has(version));
    if (learns || passes) for (const version of graph.tops(layer)) needed.add(version);
  }
  return needed;
}
