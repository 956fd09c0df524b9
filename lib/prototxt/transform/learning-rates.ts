import { readOptions, readTexts } from '../../given';
import type { PrototxtSource } from '../document/document';
import { readNetwork } from '../network/network';
import { checkFactor, layersNamed, multiplied, setMultipliers, withSharers } from '../network/params';

export interface LearningRateOptions {
  /** Names of layers. */
  readonly layers: readonly string[];
  /** What their learning rates are multiplied with; 0 stops them. */
  readonly factor: number;
}

/**
 * Multiplies the learning rates of layers. Where a layer has `param` blocks, their `lr_mult` is multiplied. Where it has none,
 * they are written as published nets write them: weights 1 × factor, bias 2 × factor and no decay. Layers that share a parameter
 * with them get its multipliers as well.
 *
 * @returns the text; its other bytes are unchanged.
 * @throws {CaffeError} ERR_CAFFE_INPUT for a layer that does not exist or has no parameters, and for a factor that is not a
 *                      finite number from 0; ERR_CAFFE_PROTOTXT or ERR_CAFFE_UNSUPPORTED as {@link readNetwork}.
 */
export function setLearningRates(source: PrototxtSource, options: LearningRateOptions): string {
  const { layers, factor } = readOptions(options, ['layers', 'factor']);
  checkFactor(factor, 'factor');
  const network = readNetwork(source);
  const named = [...new Set(readTexts(layers, "'layers'"))].flatMap((name) => layersNamed(network, name));
  const rates = withSharers(network, new Map(named.map((layer) => [layer, multiplied(layer, factor)])));
  return network.document
    .edit((edits) => {
      for (const [layer, multipliers] of rates) setMultipliers(edits, layer, multipliers);
    })
    .toString();
}
