import { CaffeError } from '../errors';
import { readOptions, readTexts } from '../given';
import type { PrototxtSource } from './document';
import { inputError } from './input-error';
import { type Layer, readNetwork } from './network';
import { layersNamed, type Multipliers, multipliersOf, setMultipliers, settableParameters } from './params';

export interface LearningRateOptions {
  /** Names of layers. */
  readonly layers: readonly string[];
  /** What their learning rates are multiplied with; 0 stops them. */
  readonly factor: number;
}

/** What published nets give a bias: twice the rate of the weights, and no decay. */
const BIAS_RATE = 2;
const BIAS_DECAY = 0;

/**
 * Multiplies the learning rates of layers. Where a layer has `param` blocks, their `lr_mult` is multiplied. Where it has none,
 * they are written as published nets write them: weights 1 × factor, bias 2 × factor and no decay.
 *
 * @returns the text; its other bytes are unchanged.
 * @throws {CaffeError} ERR_CAFFE_INPUT for a layer that does not exist or has no parameters, and for a factor that is not a
 *                      finite number from 0; ERR_CAFFE_PROTOTXT or ERR_CAFFE_UNSUPPORTED as {@link readNetwork}.
 */
export function setLearningRates(source: PrototxtSource, options: LearningRateOptions): string {
  const { layers, factor } = readOptions(options, ['layers', 'factor']);
  if (!Number.isFinite(factor) || factor < 0) {
    throw inputError('factor', 'a finite number from 0', factor);
  }
  const network = readNetwork(source);
  const named = [...new Set(readTexts(layers, "'layers'"))].flatMap((name) => layersNamed(network, name));
  return network.document
    .edit((edits) => {
      for (const layer of named) setMultipliers(edits, layer, multiplied(layer, factor));
    })
    .toString();
}

function multiplied(layer: Layer, factor: number): Multipliers[] {
  const count = settableParameters(layer);
  if (count === 0)
    throw new CaffeError('ERR_CAFFE_INPUT', `Layer '${layer.name}' (${layer.type}) has no parameters to learn.`, { layer: layer.name });
  const present = multipliersOf(layer).map(({ learning, decay }) => ({ learning: learning * factor, decay }));
  const weights = present[0] ?? { learning: factor, decay: 1 };
  const bias = { learning: BIAS_RATE * weights.learning, decay: BIAS_DECAY };
  const defaults = Array.from({ length: count }, (_, index) => (index === 0 ? weights : bias));
  return [...present, ...defaults.slice(present.length)];
}
