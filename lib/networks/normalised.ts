import type { LayerSettings } from '../prototxt/builder/layer-settings';
import { layers as L, type Top } from '../prototxt/builder/net-spec';
import type { Draft } from './draft';
import { WEIGHTS } from './settings';

/** The names of the layers of one normalised convolution. */
export interface NormalisedNames {
  readonly convolution: string;
  readonly norm: string;
  readonly scale: string;
  /** Left out where a sum follows. */
  readonly relu?: string;
}

/** Statistics of the last twenty batches or so. Caffe's default, a thousand, is more than a small training has. */
const MOVING_AVERAGE = { moving_average_fraction: 0.95 };

/** Scale and shift do not decay: that would pull them to nothing, too. */
const WITHOUT_DECAY = [
  { lr_mult: 1, decay_mult: 0 },
  { lr_mult: 1, decay_mult: 0 },
];

/**
 * A convolution, BatchNorm, and the learned scale and shift that Caffe has in a layer of its own; then ReLU. All in place of the
 * convolution's blob. It has no bias unless the settings say so: BatchNorm would subtract it.
 */
export function normalised(
  draft: Draft,
  names: NormalisedNames,
  bottom: Top,
  settings: LayerSettings<'Convolution'>,
  norm: LayerSettings<'BatchNorm'> = {},
): Top {
  const { net } = draft;
  const top = L.Convolution(bottom, { param: WEIGHTS, bias_term: false, ...settings, weight_filler: { type: 'msra' } });
  net[names.convolution] = top;
  net[names.norm] = L.BatchNorm(top, { in_place: true, ...MOVING_AVERAGE, ...norm });
  net[names.scale] = L.Scale(top, { in_place: true, param: WITHOUT_DECAY, bias_term: true });
  if (names.relu !== undefined) net[names.relu] = L.ReLU(top, { in_place: true });
  return top;
}
