import { setImmediate } from 'node:timers/promises';
import { throwIfAborted } from '../../abort';
import { readOptions } from '../../given';
import type { Weights } from '../../net-sources';
import type { PrototxtSource } from '../document/document';
import { readNetwork } from '../network/network';
import { encodeWeightsFile, readWeightsFile } from '../transform/weights-message';
import { isAffine } from './affine';
import { Folding } from './folding';

export interface FoldOptions {
  /** The weights of the network: the path of a .caffemodel (or .caffemodel.h5) file, or its bytes. */
  readonly weights: Weights;
  readonly signal?: AbortSignal;
}

export interface FoldResult {
  readonly text: string;
  /** The bytes of the .caffemodel that belongs to the text. */
  readonly weights: Buffer;
  /** The layers that are gone, each with the layer that does their work now, in file order. */
  readonly folded: { layer: string; type: string; into: string }[];
  /** The layers that could have gone, and why they did not. */
  readonly kept: { layer: string; type: string; reason: string }[];
}

/**
 * Folds BatchNorm, Scale and Bias layers into the Convolution, Deconvolution or InnerProduct in front of them, or, where that is exact,
 * behind them: fewer layers, the same outputs. That holds for the TEST phase, in which a BatchNorm uses the statistics that it has
 * gathered; as float32 they agree to about 1e-6, relative to the largest.
 *
 * A layer that takes over a shift and has no bias gets one. Where the folded layer did not work in place, the layer in front takes over
 * the name of its blob, so that whoever reads that finds it. Everything else stays as it is, byte for byte.
 *
 * @throws {CaffeError} ERR_CAFFE_INPUT for options that are none; ERR_CAFFE_FILE or ERR_CAFFE_WEIGHTS for weights that cannot be read;
 *   ERR_CAFFE_PROTOTXT or ERR_CAFFE_UNSUPPORTED for a text that is no network, or of an old notation; ERR_CAFFE_ABORTED.
 */
export async function foldBatchNorm(source: PrototxtSource, options: FoldOptions): Promise<FoldResult> {
  const { weights, signal } = readOptions(options, ['weights', 'signal']);
  throwIfAborted(signal);
  const network = readNetwork(source);
  const folding = new Folding(network, await readWeightsFile(weights));
  const candidates = network.layers.filter(isAffine);
  // What stands in a row goes one after the other: from the product on.
  const steps = [
    ...candidates.map((layer) => ({ layer, side: 'behind' as const })),
    ...candidates.toReversed().map((layer) => ({ layer, side: 'before' as const })),
  ];
  for (const { layer, side } of steps) {
    throwIfAborted(signal);
    if (!folding.isFolded(layer)) folding.attempt(layer, side);
    await setImmediate(); // millions of products: others have their turn between two layers
  }
  const document = network.document.edit((edits) => folding.edit(edits));
  return { text: document.toString(), weights: await encodeWeightsFile(folding.weights()), ...folding.report() };
}
