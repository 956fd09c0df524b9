import { CaffeError } from '../../errors';
import { readArray, readOptions } from '../../given';
import type { PrototxtSource } from '../document/document';
import { readFlag } from '../input-error';
import { type LayerSelection, readSelection, SELECTION_OPTIONS, selectLayers } from '../network/layer-selection';
import { type Layer, namesOf, readNetwork } from '../network/network';
import { checkFactor, type Multipliers, USUAL } from '../network/params';
import { followStatistics, isBatchNorm, keepsStatistics } from './batch-norm-statistics';
import { applyRateChanges, effectiveMultipliers, type RateChange, rateChanges } from './rate-changes';

/** The layers to unfreeze; without a selecting option all that are frozen. */
export interface UnfreezeOptions extends LayerSelection {
  /**
   * What the parameters of a layer get: an entry for each, the last one for all further ones. Default: weights 1 and decay 1, bias 2 and
   * no decay, as in published nets.
   */
  readonly multipliers?: readonly Multipliers[];
  /** Also has the BatchNorm layers among them follow the statistics of the batches in training: `use_global_stats: true` goes. Default false. */
  readonly batchNormStatistics?: boolean;
}

export interface UnfreezeResult {
  readonly text: string;
  /** The layers that learn again, in file order. */
  readonly unfrozen: string[];
  /** Their multipliers before and after. */
  readonly changed: RateChange[];
  /** The BatchNorm layers that follow the batches again. */
  readonly statistics: string[];
}

/**
 * Has frozen layers learn again: parameters with `lr_mult: 0` get other multipliers; those that learn keep theirs.
 *
 * @throws {CaffeError} ERR_CAFFE_INPUT for a name, pattern or type that fits no layer, and for multipliers that are none;
 *                      ERR_CAFFE_PROTOTXT or ERR_CAFFE_UNSUPPORTED as {@link readNetwork}.
 */
export function unfreeze(source: PrototxtSource, given: UnfreezeOptions = {}): UnfreezeResult {
  const options = readOptions(given, [...SELECTION_OPTIONS, 'multipliers', 'batchNormStatistics']);
  const statistics = readFlag(options.batchNormStatistics, 'batchNormStatistics');
  const multipliers = options.multipliers === undefined ? undefined : readMultipliers(options.multipliers);
  const selection = readSelection(options);
  const network = readNetwork(source);
  const layers = selectLayers(network, selection);
  const changes = rateChanges(network, new Map(layers.map((layer) => [layer, thawed(layer, multipliers)])));
  const keeping = statistics ? layers.filter((layer) => isBatchNorm(layer) && keepsStatistics(layer)) : [];
  const document = network.document.edit((edits) => {
    applyRateChanges(edits, changes);
    for (const layer of keeping) followStatistics(edits, layer);
  });
  return {
    text: document.toString(),
    unfrozen: namesOf(network, new Set(changes.keys())),
    changed: [...changes.values()],
    statistics: namesOf(network, new Set(keeping)),
  };
}

function thawed(layer: Layer, given: readonly Multipliers[] | undefined): Multipliers[] {
  const [weights, bias] = USUAL;
  const usual = (index: number) => (index === 1 ? bias : weights);
  const wanted = (index: number) => (given ? given[Math.min(index, given.length - 1)] : undefined) ?? usual(index);
  return effectiveMultipliers(layer).map((present, index) => (present.learning === 0 ? wanted(index) : present));
}

function readMultipliers(given: readonly Multipliers[]): Multipliers[] {
  const read = readArray(given, "'multipliers'").map((one, index) => {
    const name = `multipliers[${index}]`;
    const { learning, decay } = readOptions(one, ['learning', 'decay'], `'${name}'`);
    checkFactor(learning, `${name}.learning`);
    checkFactor(decay, `${name}.decay`);
    return { learning, decay };
  });
  if (read.length > 0) return read;
  throw new CaffeError('ERR_CAFFE_INPUT', "'multipliers' is empty; it takes one entry for the weights, and one for the bias.");
}
