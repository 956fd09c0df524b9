import { CaffeError } from '../../errors';
import { inputError } from '../input-error';
import { suggestion } from '../suggest';
import type { Edits } from '../text/edits';
import { encodeFloat } from '../text/literals';
import { parameterCount } from './layer-types';
import type { Layer, Network } from './network';

/** How fast one parameter blob learns and decays: the fields of Caffe's ParamSpec. */
export interface Multipliers {
  readonly learning: number;
  readonly decay: number;
}

/** What Caffe assumes where the file says nothing. */
export const UNSAID: Multipliers = { learning: 1, decay: 1 };

/** What published nets give weights, and a bias, which comes second: twice the rate of the weights, and no decay. */
export const USUAL: readonly [weights: Multipliers, bias: Multipliers] = [
  { learning: 1, decay: 1 },
  { learning: 2, decay: 0 },
];

/**
 * How many parameter blobs of a layer there are to set: what its type learns, or the `param` blocks it has where the type
 * is not known.
 */
export function settableParameters(layer: Layer): number {
  const known = parameterCount(layer);
  return known === 0 ? 0 : Math.max(known ?? 0, layer.message.messages('param').length);
}

/** The multipliers the file gives to the first parameter blobs of a layer: one entry for each `param` block. */
export function multipliersOf(layer: Layer): Multipliers[] {
  return layer.message.messages('param').map((param) => ({
    learning: param.number('lr_mult') ?? UNSAID.learning,
    decay: param.number('decay_mult') ?? UNSAID.decay,
  }));
}

/** Writes multipliers into the `param` blocks of a layer; blocks that are absent are added behind its connections. */
export function setMultipliers(edits: Edits, layer: Layer, multipliers: readonly Multipliers[]): void {
  const blocks = layer.message.messages('param');
  const before = multipliersOf(layer);
  multipliers.forEach(({ learning, decay }, index) => {
    const block = blocks[index];
    if (!block) return;
    if (decay !== before[index]?.decay) edits.setScalar(block, 'decay_mult', encodeFloat(decay));
    if (learning !== before[index]?.learning) edits.setScalar(block, 'lr_mult', encodeFloat(learning));
  });
  const added = multipliers.slice(blocks.length);
  const snippet = added
    .map(({ learning, decay }) => `param {\n  lr_mult: ${encodeFloat(learning)}\n  decay_mult: ${encodeFloat(decay)}\n}`)
    .join('\n');
  const anchor = layer.message.fieldsNamed('name', 'type', 'bottom', 'top', 'param').at(-1);
  if (added.length > 0 && anchor) edits.insertAfter(anchor, snippet);
}

/**
 * The multipliers of a layer with its learning rates multiplied. Parameters for which it has no `param` block get what published nets
 * give: weights 1 × factor, bias 2 × factor and no decay.
 *
 * @throws {CaffeError} ERR_CAFFE_INPUT for a layer that learns nothing.
 */
export function multiplied(layer: Layer, factor: number): Multipliers[] {
  const count = settableParameters(layer);
  if (count === 0) throw noParametersError(layer);
  const present = multipliersOf(layer).map(({ learning, decay }) => ({ learning: learning * factor, decay }));
  const [usual, usualBias] = USUAL;
  const weights = present[0] ?? { ...usual, learning: factor };
  const bias = { ...usualBias, learning: usualBias.learning * weights.learning };
  const defaults = Array.from({ length: count }, (_, index) => (index === 1 ? bias : weights));
  return [...present, ...defaults.slice(present.length)];
}

/**
 * Multipliers for some layers, and for those that share a parameter with one of them (`param { name: "w" }`), since Caffe refuses different
 * multipliers for one parameter. The first of the layers that gives it a rate decides.
 */
export function withSharers(network: Network, given: ReadonlyMap<Layer, readonly Multipliers[]>): Map<Layer, readonly Multipliers[]> {
  const blocks = network.layers.flatMap((layer) =>
    layer.message.messages('param').map((param, index) => ({
      name: param.string('name') ?? '',
      saysRate: param.fieldsNamed('lr_mult').length > 0,
      multipliers: given.get(layer)?.[index],
    })),
  );
  const shared = new Map<string, Multipliers>();
  for (const { name, multipliers } of [...blocks.filter(({ saysRate }) => saysRate), ...blocks]) {
    if (name && multipliers && !shared.has(name)) shared.set(name, multipliers);
  }
  const all = new Map<Layer, readonly Multipliers[]>();
  for (const layer of network.layers) {
    const names = parameterNames(layer);
    const own = given.get(layer) ?? (names.some((name) => shared.has(name)) ? multipliersOf(layer) : undefined);
    if (own)
      all.set(
        layer,
        own.map((multipliers, index) => shared.get(names[index] ?? '') ?? multipliers),
      );
  }
  return all;
}

/** The names under which a layer shares its first parameters; empty where it does not. */
export function parameterNames(layer: Layer): string[] {
  return layer.message.messages('param').map((param) => param.string('name') ?? '');
}

/** @throws {CaffeError} ERR_CAFFE_INPUT unless `factor` can multiply learning rates. */
export function checkFactor(factor: number, name: string): void {
  if (!Number.isFinite(factor) || factor < 0) throw inputError(name, 'a finite number from 0', factor);
}

export function noParametersError(layer: Layer, hint?: string): CaffeError {
  return new CaffeError('ERR_CAFFE_INPUT', `Layer '${layer.name}' (${layer.type}) has no parameters to learn.`, {
    layer: layer.name,
    hint,
  });
}

/** @throws {CaffeError} ERR_CAFFE_INPUT when the network has no layer of this name. */
export function layersNamed(network: Network, name: string): Layer[] {
  if (typeof name !== 'string') throw inputError('the name of a layer', 'a text', name);
  const layers = network.layers.filter((layer) => layer.name === name);
  if (layers.length > 0) return layers;
  const names = network.layers.map((layer) => layer.name);
  throw new CaffeError('ERR_CAFFE_INPUT', `Network '${network.name}' has no layer '${name}'.`, { hint: suggestion(name, names) });
}
