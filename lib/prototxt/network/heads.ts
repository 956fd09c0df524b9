import { Graph } from './graph';
import { isClassifier, isClassLoss, isClasswise, isFinalSoftmax, isRectifier, outputParam } from './layer-types';
import type { Layer, Network } from './network';

/** A classifier: the layer whose outputs are the scores of the classes. */
export interface Head {
  readonly name: string;
  /** `num_output`; undefined where the file leaves it open. */
  readonly outputs: number | undefined;
  /** The layers of this name: one, unless the file defines the head once for each phase. */
  readonly layers: readonly Layer[];
  /** Activations directly on its scores, which would cut them off. */
  readonly rectifiers: readonly Layer[];
}

/** Whether what is looked for holds for the output of a layer. */
type Goal = (layer: Layer, graph: Graph) => boolean;

/**
 * The classifiers of a network, in file order: every InnerProduct or Convolution whose output reaches, through activations and
 * pooling only, a final Softmax, a classification loss or an Accuracy; without any of these, the net's output in deployment.
 */
export function findHeads(network: Network): Head[] {
  const graphs = network.states.map((state) => new Graph(network.layersIn(state)));
  const scored = classifiersReaching(isScored, graphs);
  if (scored.size > 0) return groupByName(network, scored, graphs);
  const deployed = new Graph(network.layersIn(network.deployState));
  return groupByName(network, classifiersReaching(isOutput, [deployed]), graphs);
}

function classifiersReaching(goal: Goal, graphs: readonly Graph[]): Set<Layer> {
  const found = graphs.flatMap((graph) => graph.layers.filter((layer) => isClassifier(layer) && reaches(layer, graph, goal)));
  return new Set(found);
}

function reaches(layer: Layer, graph: Graph, goal: Goal): boolean {
  return goal(layer, graph) || graph.readers(layer).some((reader) => isClasswise(reader.layer) && reaches(reader.layer, graph, goal));
}

function isScored(scores: Layer, graph: Graph): boolean {
  return graph
    .readers(scores)
    .some(({ layer, bottom }) => bottom === 0 && (isFinalSoftmax(layer, graph) || isClassLoss(layer) || layer.type === 'Accuracy'));
}

function isOutput(layer: Layer, graph: Graph): boolean {
  return graph.readers(layer).length === 0;
}

function groupByName(network: Network, classifiers: ReadonlySet<Layer>, graphs: readonly Graph[]): Head[] {
  const groups = new Map<string, Layer[]>();
  for (const layer of network.layers) {
    if (classifiers.has(layer)) groups.set(layer.name, [...(groups.get(layer.name) ?? []), layer]);
  }
  return [...groups].map(([name, layers]) => {
    const [outputs] = layers.map(outputsOf);
    return { name, layers, outputs, rectifiers: rectifiersOn(layers, graphs) };
  });
}

/** `num_output` of a layer; undefined where the file leaves it open. */
export function outputsOf(layer: Layer): number | undefined {
  return layer.message.message(outputParam(layer) ?? '')?.number('num_output');
}

function rectifiersOn(heads: readonly Layer[], graphs: readonly Graph[]): Layer[] {
  const readers = graphs.flatMap((graph) => heads.flatMap((head) => graph.readers(head)));
  return [...new Set(readers.map(({ layer }) => layer))].filter(isRectifier);
}
