/** Which layers of two networks are the same layer. */
import { CaffeError } from '../../errors';
import type { ItemNode, MessageNode } from '../text/nodes';
import { isActive, type Layer, type Network } from './network';
import { settableParameters } from './params';

/** What a layer for training may say otherwise than the same one for deployment. */
const OF_TRAINING = new Set([
  'include',
  'exclude',
  'phase',
  'param',
  'loss_weight',
  'propagate_down',
  'weight_filler',
  'bias_filler',
  'filler',
]);
const CONNECTIONS = new Set(['bottom', 'top']);

/**
 * For layers of one network the layers of another that are the same: in name, type, connections and all settings but those that only
 * training knows. Of several, those for testing go first.
 *
 * @throws {CaffeError} ERR_CAFFE_INPUT for a layer whose parameters would not fit those of its namesake.
 */
export function matchLayers(some: readonly Layer[], network: Network): Map<Layer, Layer> {
  const isForTesting = (layer: Layer) => isActive(layer, network.testState);
  const candidates = [...network.layers.filter(isForTesting), ...network.layers.filter((layer) => !isForTesting(layer))];
  const matches = new Map<Layer, Layer>();
  const taken = new Set<Layer>();
  for (const layer of some) {
    const namesakes = candidates.filter(({ name, type }) => name === layer.name && type === layer.type);
    const match = namesakes.find((one) => !taken.has(one) && settingsOf(one) === settingsOf(layer) && connects(one, layer));
    if (match) {
      matches.set(layer, match);
      taken.add(match);
    } else if (settableParameters(layer) > 0) {
      refuseOtherParameters(layer, namesakes);
    }
  }
  return matches;
}

function refuseOtherParameters(layer: Layer, namesakes: readonly Layer[]): void {
  const [namesake] = namesakes;
  if (!namesake || namesakes.some((one) => settingsOf(one) === settingsOf(layer))) return;
  const message = `Layer '${layer.name}' has other settings for deployment than for training, so that its weights would not fit.`;
  throw new CaffeError('ERR_CAFFE_INPUT', message, {
    layer: layer.name,
    hint: `They are ${settingsOf(layer)} and ${settingsOf(namesake)}.`,
  });
}

function connects(one: Layer, other: Layer): boolean {
  return JSON.stringify([one.bottoms, one.tops]) === JSON.stringify([other.bottoms, other.tops]);
}

function settingsOf({ message }: Layer): string {
  return printed(message, new Set([...OF_TRAINING, ...CONNECTIONS]));
}

/** The fields of a message in the order of their names, whatever way they are written; without those of certain names. */
function printed(message: MessageNode, without: ReadonlySet<string>): string {
  const names = [...new Set(message.fields.map(({ name }) => name))].filter((name) => !without.has(name)).sort();
  const fields = names.flatMap((name) => message.values(name).map((value) => `${name}: ${printedValue(value, without)}`));
  return `{ ${fields.join(' ')} }`;
}

function printedValue(value: ItemNode, without: ReadonlySet<string>): string {
  return value.kind === 'message' ? printed(value, without) : JSON.stringify(value.value);
}
