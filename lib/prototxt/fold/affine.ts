/** Layers that do the same to every value of a channel, y = factor · x + shift, and how they follow each other. */
import { CaffeError, messageOf } from '../../errors';
import { type BlobProto, tensorOf } from '../../io/blobproto';
import type { Tensor } from '../../native';
import type { Layer } from '../network/network';

/** One entry per channel. */
export interface Affine {
  readonly factor: Float64Array;
  readonly shift: Float64Array;
}

/** Why something cannot be folded. */
export class Unfit extends Error {}

const CHANNELS = 1;

/** Whether a layer is a candidate: a BatchNorm, or a Scale or Bias with parameters of its own. */
export function isAffine({ type, bottoms }: Layer): boolean {
  return type === 'BatchNorm' || ((type === 'Scale' || type === 'Bias') && bottoms.length === 1);
}

/**
 * What a candidate does in a net of the TEST phase, where a BatchNorm uses the statistics that it has gathered.
 *
 * @throws {Unfit} when it does not do the same to every value of a channel, or its parameters are not what they must be.
 */
export function affineOf(layer: Layer, blobs: readonly BlobProto[]): Affine {
  const values = blobs.map((_, index) => parameterOf(layer, blobs, index).data);
  const affine =
    layer.type === 'BatchNorm' ? batchNorm(layer, values) : layer.type === 'Scale' ? scale(layer, values) : bias(layer, values);
  if ([...affine.factor, ...affine.shift].every(Number.isFinite)) return affine;
  throw new Unfit('its parameters are not finite');
}

/** @throws {CaffeError} ERR_CAFFE_WEIGHTS for a parameter that holds more or fewer values than its shape says. */
export function parameterOf({ name }: Layer, blobs: readonly BlobProto[], index: number): Tensor {
  try {
    return tensorOf(blobs[index] ?? {}, `Parameter ${index} of layer '${name}'`, 'data');
  } catch (error) {
    throw new CaffeError('ERR_CAFFE_WEIGHTS', messageOf(error), { layer: name, hint: 'The weights are damaged: fetch them again.' });
  }
}

/** Checks what needs no weights. @throws {Unfit} */
export function requireFoldable(layer: Layer): void {
  if (layer.type === 'BatchNorm') {
    const useGlobal = layer.message.message('batch_norm_param')?.boolean('use_global_stats');
    if (useGlobal === false) throw new Unfit('it normalises by the statistics of each batch (use_global_stats: false)');
    return;
  }
  const param = layer.message.message(layer.type === 'Scale' ? 'scale_param' : 'bias_param');
  if ((param?.number('axis') ?? CHANNELS) !== CHANNELS || (param?.number('num_axes') ?? 1) !== 1) {
    throw new Unfit('it does not work on channels (axis, num_axes)');
  }
}

/** (x - mean) / sqrt(variance + eps); both are stored as sums, weighted by the third parameter: batch_norm_layer.cpp. */
function batchNorm(layer: Layer, [sums, squares, weight]: readonly Float32Array[]): Affine {
  if (!sums || !squares || weight?.length !== 1 || sums.length !== squares.length) throw new Unfit('the weights hold no statistics for it');
  const eps = Math.fround(layer.message.message('batch_norm_param')?.number('eps') ?? 1e-5);
  const share = weight[0] ? 1 / weight[0] : 0;
  const factor = Float64Array.from(squares, (square) => 1 / Math.sqrt(square * share + eps));
  return { factor, shift: factor.map((value, channel) => -(sums[channel] ?? 0) * share * value) };
}

function scale(layer: Layer, [factors, shifts]: readonly Float32Array[]): Affine {
  const hasBias = layer.message.message('scale_param')?.boolean('bias_term') ?? false;
  if (!factors || hasBias !== (shifts !== undefined) || (shifts ?? factors).length !== factors.length) {
    throw new Unfit('the weights do not hold its parameters');
  }
  return { factor: Float64Array.from(factors), shift: Float64Array.from(shifts ?? new Float64Array(factors.length)) };
}

function bias(_: Layer, [shifts]: readonly Float32Array[]): Affine {
  if (!shifts) throw new Unfit('the weights do not hold its parameters');
  return { factor: new Float64Array(shifts.length).fill(1), shift: Float64Array.from(shifts) };
}
