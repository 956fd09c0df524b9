import { isLoss } from './layer-types';
import { isActive, type Layer, type Network } from './network';

/** A loss layer and how much it counts. */
export interface Loss {
  readonly layer: Layer;
  /** `loss_weight` of its first top; 1 where the file says nothing. */
  readonly weight: number;
}

/** The losses of training and validation, in file order. */
export function lossesOf(network: Network): Loss[] {
  return network.layers
    .filter((layer) => isLoss(layer) && (isActive(layer, network.trainState) || isActive(layer, network.testState)))
    .map((layer) => ({ layer, weight: layer.lossWeights[0] ?? 1 }));
}

/** The loss that counts most; of several, the last: auxiliary classifiers come first and weigh less. */
export function mainLossOf(network: Network): Loss | undefined {
  const losses = lossesOf(network);
  const heaviest = Math.max(...losses.map(({ weight }) => weight));
  return losses.findLast(({ weight }) => weight === heaviest);
}
