import { CaffeError } from '../errors';
import type { Edits } from './edits';
import { inputError } from './input-error';
import { parameterCount } from './layer-types';
import { encodeFloat } from './literals';
import type { Layer, Network } from './network';
import { suggestion } from './suggest';

/** How fast one parameter blob learns and decays: the fields of Caffe's ParamSpec. */
export interface Multipliers {
  readonly learning: number;
  readonly decay: number;
}

/** What Caffe assumes where the file says nothing. */
const DEFAULT: Multipliers = { learning: 1, decay: 1 };

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
    learning: param.number('lr_mult') ?? DEFAULT.learning,
    decay: param.number('decay_mult') ?? DEFAULT.decay,
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

/** @throws {CaffeError} ERR_CAFFE_INPUT when the network has no layer of this name. */
export function layersNamed(network: Network, name: string): Layer[] {
  if (typeof name !== 'string') throw inputError('the name of a layer', 'a text', name);
  const layers = network.layers.filter((layer) => layer.name === name);
  if (layers.length > 0) return layers;
  const names = network.layers.map((layer) => layer.name);
  throw new CaffeError('ERR_CAFFE_INPUT', `Network '${network.name}' has no layer '${name}'.`, { hint: suggestion(name, names) });
}
