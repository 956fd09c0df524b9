import { CaffeError } from '../../errors';
import { readOptions } from '../../given';
import type { PrototxtSource } from '../document/document';
import { readFlag } from '../input-error';
import {
  isNamedIn,
  type LayerSelection,
  matchedBy,
  type ReadSelection,
  readSelection,
  SELECTION_OPTIONS,
  selectLayers,
  selectsAll,
} from '../network/layer-selection';
import { type Layer, type Network, namesOf, readNetwork } from '../network/network';
import { noParametersError, settableParameters } from '../network/params';
import { isBatchNorm, keepStatistics, keepsStatistics } from './batch-norm-statistics';
import { applyRateChanges, effectiveMultipliers, type RateChange, rateChanges } from './rate-changes';

/** The layers to freeze; at least one of the selecting options. */
export interface FreezeOptions extends LayerSelection {
  /** Also has the BatchNorm layers among them keep their statistics in training: `use_global_stats: true`. Default false. */
  readonly batchNormStatistics?: boolean;
}

export interface FreezeResult {
  readonly text: string;
  /** The layers whose parameters no longer change, in file order. */
  readonly frozen: string[];
  /** What was changed for that, layer by layer; what was frozen before is not among it. */
  readonly changed: RateChange[];
  /** The BatchNorm layers that keep their statistics from now on. */
  readonly statistics: string[];
}

const FROZEN = { learning: 0, decay: 0 };

/**
 * Keeps layers from learning: `lr_mult: 0` and `decay_mult: 0` for all their parameters, in `param` blocks that are added
 * where there are none. Frozen are all layers with parameters that the options select, and those that share a parameter with them.
 *
 * @throws {CaffeError} ERR_CAFFE_INPUT when nothing is selected, a name, pattern or type fits no layer, or a layer that is left out shares a
 *                      parameter with a frozen one; ERR_CAFFE_PROTOTXT or ERR_CAFFE_UNSUPPORTED as {@link readNetwork}.
 */
export function freeze(source: PrototxtSource, given: FreezeOptions = {}): FreezeResult {
  const options = readOptions(given, [...SELECTION_OPTIONS, 'batchNormStatistics']);
  const statistics = readFlag(options.batchNormStatistics, 'batchNormStatistics');
  const selection = readSelection(options);
  const network = readNetwork(source);
  const layers = layersToFreeze(network, selection, statistics);
  const learning = layers.filter((layer) => settableParameters(layer) > 0);
  const changes = rateChanges(network, new Map(learning.map((layer) => [layer, effectiveMultipliers(layer).map(() => FROZEN)])));
  refuseSharing(network, selection, changes);
  const following = statistics ? layers.filter((layer) => isBatchNorm(layer) && !keepsStatistics(layer)) : [];
  const document = network.document.edit((edits) => {
    applyRateChanges(edits, changes);
    for (const layer of following) keepStatistics(edits, layer);
  });
  return {
    text: document.toString(),
    frozen: namesOf(network, new Set([...learning, ...changes.keys()])),
    changed: [...changes.values()],
    statistics: namesOf(network, new Set(following)),
  };
}

function layersToFreeze(network: Network, selection: ReadSelection, statistics: boolean): Layer[] {
  if (selectsAll(selection)) {
    throw new CaffeError('ERR_CAFFE_INPUT', "freeze needs 'through', 'layers', 'types' or 'except'.", {
      hint: "Name the last layer to freeze in 'through', the layers in 'layers', or those that go on learning in 'except'.",
    });
  }
  const layers = selectLayers(network, selection);
  for (const layer of layers) {
    if (!isNamedIn(layer, selection) || settableParameters(layer) > 0) continue;
    if (!isBatchNorm(layer)) throw noParametersError(layer);
    if (!statistics) throw noParametersError(layer, 'To have it keep its statistics, give batchNormStatistics: true.');
  }
  return layers;
}

/** A parameter that two layers share cannot be frozen for one of them only. */
function refuseSharing(network: Network, { except = [] }: ReadSelection, changes: ReadonlyMap<Layer, RateChange>): void {
  const spared = matchedBy(network, except);
  const shared = [...changes.keys()].find((layer) => spared.has(layer));
  if (!shared) return;
  const message = `Layer '${shared.name}' is to go on learning, but shares a parameter with a layer that is to be frozen.`;
  throw new CaffeError('ERR_CAFFE_INPUT', message, { layer: shared.name });
}
