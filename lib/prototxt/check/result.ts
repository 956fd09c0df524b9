/** What a check tells of the nets in a file. */
import type { Version } from '../network/graph';
import { isSource } from '../network/layer-types';
import type { Layer } from '../network/network';
import type { ReceptiveField } from '../shapes/receptive-field';
import { countOf, type Shape } from '../shapes/shape';
import { type Memory, memoryOf } from './memory';
import type { CheckedNet } from './net-check';

/** One layer of a net, with what it costs. */
export interface CheckedLayer {
  readonly name: string;
  readonly type: string;
  readonly bottoms: readonly string[];
  readonly tops: readonly string[];
  /** The shape of each top; undefined where it cannot be known. */
  readonly shapes: readonly (Shape | undefined)[];
  /** The shapes of its parameters, as Caffe orders them: [weights, bias, …]; undefined where they cannot be known. */
  readonly params: readonly Shape[] | undefined;
  /** How many values its parameters have; those of a BatchNorm are statistics. */
  readonly parameters: number;
  /**
   * Multiplications with an addition each, for one batch forward, in matrix products (convolutions, fully connected and recurrent
   * layers), as papers count them.
   */
  readonly multiplyAdds: number;
  /** The line it begins in, from 1. */
  readonly line: number;
}

/** One blob of a net. */
export interface CheckedBlob {
  readonly name: string;
  /** Undefined where it cannot be known. */
  readonly shape: Shape | undefined;
  /** Undefined where positions of the input have no meaning: labels, losses. */
  readonly receptiveField: ReceptiveField | undefined;
}

export interface Totals {
  readonly layers: number;
  /** Values of all parameters, shared ones once. */
  readonly parameters: number;
  /** Those among them that are not learned: the means and variances of BatchNorm layers. */
  readonly statistics: number;
  /** For one batch forward. */
  readonly multiplyAdds: number;
  /** Items of a batch; undefined where nothing says it. */
  readonly batch: number | undefined;
  readonly memory: Memory;
  /** Whether all shapes are known, so that the totals are. */
  readonly complete: boolean;
}

/** One net that a file makes. */
export interface CheckedState {
  /** 'train', 'test, stage val': the state in which Caffe builds it. */
  readonly name: string;
  readonly phase: 'train' | 'test';
  readonly level: number;
  readonly stages: readonly string[];
  /** In the order of the run. */
  readonly layers: readonly CheckedLayer[];
  /** Bottom to top; one for each name. */
  readonly blobs: readonly CheckedBlob[];
  readonly totals: Totals;
}

export function resultOf(net: CheckedNet): CheckedState {
  const { name, state } = net.checked;
  const layers = net.graph.layers.map((layer) => layerResult(net, layer));
  const parameters = net.graph.layers.reduce((sum, layer) => sum + ownParameters(net, layer), 0) - sharedParameters(net);
  const statistics = layers.reduce((sum, { type, parameters: own }) => sum + (type === 'BatchNorm' ? own : 0), 0);
  return {
    name,
    phase: state.phase === 'TRAIN' ? 'train' : 'test',
    level: state.level,
    stages: state.stages,
    layers,
    blobs: blobsOf(net),
    totals: {
      layers: layers.length,
      parameters,
      statistics,
      multiplyAdds: layers.reduce((sum, { multiplyAdds }) => sum + multiplyAdds, 0),
      batch: batchOf(net),
      memory: memoryOf(net, { parameters, statistics }),
      complete: layers.every(({ shapes, params }) => params !== undefined && shapes.every((shape) => shape !== undefined)),
    },
  };
}

function layerResult(net: CheckedNet, layer: Layer): CheckedLayer {
  const facts = net.facts.get(layer);
  return {
    name: layer.name,
    type: layer.type,
    bottoms: layer.bottoms,
    tops: layer.tops,
    shapes: facts?.tops.map(({ shape }) => shape) ?? [],
    params: facts?.params,
    parameters: ownParameters(net, layer),
    multiplyAdds: facts?.multiplyAdds ?? 0,
    line: layer.message.source.locate(layer.field.start).line,
  };
}

function ownParameters(net: CheckedNet, layer: Layer): number {
  return (net.facts.get(layer)?.params ?? []).reduce((sum, shape) => sum + countOf(shape), 0);
}

/** Values of parameters that layers have of others, by name. */
function sharedParameters(net: CheckedNet): number {
  const seen = new Set<string>();
  let shared = 0;
  for (const layer of net.graph.layers) {
    layer.message.messages('param').forEach((block, index) => {
      const name = block.string('name');
      const shape = net.facts.get(layer)?.params?.[index];
      if (!name || !shape) return;
      if (seen.has(name)) shared += countOf(shape);
      seen.add(name);
    });
  }
  return shared;
}

/** Each name once, as it is at the end of the run. */
function blobsOf(net: CheckedNet): CheckedBlob[] {
  const last = new Map<string, Version>();
  for (const version of net.graph.inputs) if (version.readers.length > 0) last.set(version.blob, version);
  for (const layer of net.graph.layers) for (const version of net.graph.tops(layer)) last.set(version.blob, version);
  return [...last.values()].map((version) => {
    const { shape, field } = net.of(version);
    return { name: version.blob, shape, receptiveField: field };
  });
}

/** The first extent of the first input. */
function batchOf(net: CheckedNet): number | undefined {
  const sources = net.graph.layers.filter(isSource).flatMap((layer) => net.graph.tops(layer));
  const shapes = [...net.graph.inputs, ...sources].map((version) => net.of(version).shape);
  return shapes.find((shape) => shape && shape.length > 0)?.[0];
}
