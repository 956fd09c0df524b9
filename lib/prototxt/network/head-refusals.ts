import { CaffeError } from '../../errors';
import { Graph } from './graph';
import { isClassifier, isClasswise } from './layer-types';
import type { Layer, Network } from './network';

/** As many as an error can name and be read. */
const MOST_NAMED = 8;

/** The error for a network in which no classifier was found: which layers might have been one, and why each is none. */
export function noHeadError(network: Network): CaffeError {
  const message = `Found no classifier in network '${network.name}': no InnerProduct or Convolution layer whose output reaches a Softmax, a classification loss or an Accuracy.`;
  return new CaffeError('ERR_CAFFE_UNSUPPORTED', message, { hint: refusals(network) });
}

function refusals(network: Network): string {
  const candidates = network.layers.filter(isClassifier).reverse();
  if (candidates.length === 0)
    return network.layers.length === 0 ? 'It has no layers.' : 'It has no InnerProduct and no Convolution layer.';
  const graphs = network.states.map((state) => new Graph(network.layersIn(state)));
  const lines = candidates.slice(0, MOST_NAMED).map((layer) => `'${layer.name}' (${layer.type}): ${refusal(layer, graphs)}`);
  const others = candidates.length - lines.length;
  const rest = others > 0 ? [`and ${others} more before ${others === 1 ? 'it' : 'them'}`] : [];
  return `${[...lines, ...rest].join('; ')}. If one of them is the classifier, name it in 'heads'.`;
}

function refusal(layer: Layer, graphs: readonly Graph[]): string {
  const within = graphs.filter((graph) => graph.layers.includes(layer));
  if (within.length === 0) return 'its rules keep it out of every network';
  const readers = new Set(within.flatMap((graph) => endsOf(layer, graph)));
  if (readers.size === 0) return 'nothing reads its output, and it is not part of the network for deployment';
  return `its output goes to ${[...readers].map(({ name, type }) => `'${name}' (${type})`).join(', ')}`;
}

/** The first layers that read what a layer gives and do more with it than classwise layers do. */
function endsOf(layer: Layer, graph: Graph): Layer[] {
  return graph.readers(layer).flatMap((reader) => (isClasswise(reader.layer) ? endsOf(reader.layer, graph) : [reader.layer]));
}
