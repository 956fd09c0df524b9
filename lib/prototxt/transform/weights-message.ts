/** Weights files as messages: what operations that change weights read and write. */
import { isDeepStrictEqual } from 'node:util';
import { CaffeError } from '../../errors';
import type { BlobProto } from '../../io/blobproto';
import { native } from '../../native';
import { checkedWeights, type Weights } from '../../net-sources';
import type { Layer, Network } from '../network/network';
import { parameterNames } from '../network/params';

/** One layer of a weights file; files of HDF5 have names and blobs only. */
export interface WeightsLayer {
  readonly name: string;
  readonly blobs?: readonly BlobProto[];
  readonly [field: string]: unknown;
}

/** A caffemodel, decoded. */
export interface WeightsFile {
  readonly layer: readonly WeightsLayer[];
  readonly [field: string]: unknown;
}

/**
 * Reads weights of any format and version that nets take.
 *
 * @throws {CaffeError} ERR_CAFFE_INPUT for what is neither path nor bytes; ERR_CAFFE_FILE; ERR_CAFFE_WEIGHTS for what holds no weights.
 */
export async function readWeightsFile(weights: Weights): Promise<WeightsFile> {
  return (await native.readWeights(checkedWeights(weights))) as unknown as WeightsFile;
}

/** The bytes of a .caffemodel. */
export async function encodeWeightsFile(file: WeightsFile): Promise<Buffer> {
  return native.messages.encode('NetParameter', file);
}

/** @throws {CaffeError} ERR_CAFFE_WEIGHTS for the weights of another network. */
export function requireOwnWeights({ name: network, layers }: Network, { layer }: WeightsFile): void {
  const names = new Set(layers.map(({ name }) => name));
  if (layer.some(({ name, blobs = [] }) => blobs.length > 0 && names.has(name))) return;
  throw new CaffeError('ERR_CAFFE_WEIGHTS', `The weights have no layer in common with the network '${network}'.`, {
    hint: 'Are these the weights of another network?',
  });
}

/**
 * What a file holds of the parameters of a layer; undefined when nothing. Files of HDF5 hold parameters that layers share only at the first
 * of these.
 */
export function storedLayer(network: Network, file: WeightsFile, layer: Layer): WeightsLayer | undefined {
  const own = storedUnder(file, layer.name);
  if (own) return own;
  const names = parameterNames(layer);
  const areShared = names.length > 0 && names.every((name) => name !== '');
  const owner = areShared ? network.layers.find((other) => isDeepStrictEqual(parameterNames(other), names)) : undefined;
  const shared = owner && storedUnder(file, owner.name);
  return shared && { name: layer.name, blobs: shared.blobs };
}

function storedUnder({ layer }: WeightsFile, wanted: string): WeightsLayer | undefined {
  return layer.findLast(({ name, blobs = [] }) => name === wanted && blobs.length > 0);
}
