import { Graph } from '../network/graph';
import { isActive, type Layer, type Network } from '../network/network';
import { parameterNames } from '../network/params';
import { Unfit } from './affine';

/** Who feeds whom, in every state that the rules of a file make. */
export class Connections {
  private readonly graphs: readonly Graph[];
  private readonly shared: ReadonlySet<string>;

  constructor(private readonly network: Network) {
    this.graphs = network.states.map((state) => new Graph(network.layersIn(state)));
    const names = network.layers.flatMap((layer) => [...new Set(parameterNames(layer))]);
    this.shared = new Set(names.filter((name, index) => name !== '' && names.indexOf(name) !== index));
  }

  /** The layer whose output another one reads as its first bottom, the same in every state. @throws {Unfit} */
  producer(layer: Layer): Layer {
    const producers = new Set(this.graphsOf(layer).map((graph) => graph.producer(layer, 0)));
    const [producer] = producers;
    if (producers.size === 1 && producer) return producer;
    throw new Unfit(producers.size > 1 ? 'another layer feeds it in another phase' : 'no layer is in front of it');
  }

  /** @throws {Unfit} unless `from` feeds `to` and nobody else, and both are always there together. */
  requireOnlyReader(from: Layer, to: Layer): void {
    for (const graph of this.graphsOf(from)) {
      const others = graph.readers(from).filter(({ layer }) => layer !== to);
      if (others[0]) throw new Unfit(`'${others[0].layer.name}' reads what '${from.name}' gives as well`);
    }
    const together = this.network.states.every((state) => isActive(from, state) === isActive(to, state));
    if (!together) throw new Unfit(`'${from.name}' and '${to.name}' are not in the same phases or stages; select one first`);
  }

  /** The only layer that reads what a layer gives. @throws {Unfit} */
  onlyReader(layer: Layer): Layer {
    const [reader] = this.graphsOf(layer).flatMap((graph) => graph.readers(layer));
    if (reader?.bottom !== 0) throw new Unfit('no layer with weights is behind it');
    this.requireOnlyReader(layer, reader.layer);
    return reader.layer;
  }

  /** @throws {Unfit} for a layer whose parameters or name are another's as well, or whose output counts as a loss. */
  requireAlone(layer: Layer): void {
    if (parameterNames(layer).some((name) => this.shared.has(name)))
      throw new Unfit(`'${layer.name}' shares its parameters with another layer`);
    if (this.network.layers.some((other) => other !== layer && other.name === layer.name)) {
      throw new Unfit(`there are several layers '${layer.name}'; select one phase first`);
    }
    if (layer.message.fieldsNamed('blobs').length > 0) throw new Unfit(`the text holds weights of '${layer.name}'`);
    if (layer.lossWeights.some((weight) => weight !== 0)) throw new Unfit(`the output of '${layer.name}' is a loss`);
  }

  private graphsOf(layer: Layer): Graph[] {
    return this.graphs.filter((graph) => graph.layers.includes(layer));
  }
}
