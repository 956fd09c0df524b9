/** pycaffe's conversions between arrays and BlobProtos, the form in which Caffe stores weights and mean images. */
import { types } from 'node:util';
import { CaffeError, describe } from '../errors';
import { reading, readOptions } from '../given';
import type { Tensor } from '../native';
import { feedOf, shapeText, sizeOf, type TensorLike } from '../tensor';
import { asMessage, encodeMessage } from './message';

/** caffe.proto's BlobProto. Its size is `shape`, or in older files the four numbers, which count where both are given. */
export interface BlobProto {
  shape?: { dim?: ArrayLike<number> };
  num?: number;
  channels?: number;
  height?: number;
  width?: number;
  data?: ArrayLike<number>;
  diff?: ArrayLike<number>;
  /** What nets of doubles store. */
  double_data?: ArrayLike<number>;
  double_diff?: ArrayLike<number>;
}

/** caffe.proto's BlobProtoVector. */
export interface BlobProtoVector {
  blobs?: readonly BlobProto[];
}

/**
 * An array of any shape as the bytes of a BlobProto.
 *
 * @param array bare numbers have one axis.
 * @param diff  of as many values as the array.
 * @throws {CaffeError} ERR_CAFFE_INPUT for something that is no array of numbers, or a diff of another size.
 */
export async function arrayToBlobproto(array: TensorLike, diff?: TensorLike): Promise<Buffer> {
  return encodeMessage('BlobProto', blobOf(array, 'The array', diff));
}

/**
 * The array of a BlobProto.
 *
 * @param blob    its bytes, or its fields as an object.
 * @param options `diff`: the gradient instead of the data. Default false.
 * @throws {CaffeError} ERR_CAFFE_INPUT for bytes that are no BlobProto, one without such values, or of another number of them than its shape says.
 */
export async function blobprotoToArray(blob: Uint8Array | BlobProto, options?: { diff?: boolean }): Promise<Tensor> {
  const { diff = false } = readOptions(options, ['diff']);
  const message = await asMessage<BlobProto>('BlobProto', blob);
  return tensorOf(message, 'The BlobProto', diff ? 'diff' : 'data');
}

/**
 * Arrays as the bytes of a BlobProtoVector.
 *
 * @throws {CaffeError} as {@link arrayToBlobproto}, naming the array by its index.
 */
export async function arraylistToBlobprotovector(arrays: readonly TensorLike[]): Promise<Buffer> {
  const blobs = reading('The arrays', () => {
    if (!Array.isArray(arrays))
      throw new CaffeError('ERR_CAFFE_INPUT', `The arrays must be an array of them; ${describe(arrays)} was given.`);
    return arrays.map((array, index) => blobOf(array, `Array ${index}`));
  });
  return encodeMessage('BlobProtoVector', { blobs });
}

/**
 * The arrays of a BlobProtoVector.
 *
 * @throws {CaffeError} as {@link blobprotoToArray}, naming the blob by its index.
 */
export async function blobprotovectorToArraylist(vector: Uint8Array | BlobProtoVector): Promise<Tensor[]> {
  const message = await asMessage<BlobProtoVector>('BlobProtoVector', vector);
  const blobs = reading('The BlobProtoVector', () => Array.from(message.blobs ?? []));
  return blobs.map((blob, index) => tensorOf(blob, `Blob ${index}`, 'data'));
}

function blobOf(array: TensorLike, what: string, diff?: TensorLike): BlobProto {
  return reading(what, () => {
    const { data, shape = [data.length] } = feedOf(array, what);
    if (diff === undefined) return { shape: { dim: shape }, data };
    const gradient = feedOf(diff, 'The diff').data;
    if (gradient.length === data.length) return { shape: { dim: shape }, data, diff: gradient };
    throw new CaffeError('ERR_CAFFE_INPUT', `The diff has ${gradient.length} values; the array has ${data.length}.`);
  });
}

/**
 * The values of a BlobProto, as a copy.
 *
 * @throws {CaffeError} ERR_CAFFE_INPUT when they are absent, or not as many as the shape says.
 */
export function tensorOf(blob: BlobProto, what: string, part: 'data' | 'diff'): Tensor {
  const { shape, data } = viewOf(blob, what, part);
  return { shape, data: new Float32Array(data) };
}

/** The same without a copy, where they are float32 already: for who only reads the weights of a whole network. */
export function viewOf(blob: BlobProto, what: string, part: 'data' | 'diff'): Tensor {
  return reading(what, () => {
    const { shape: dims, num, channels, height, width } = blob;
    const isLegacy = [num, channels, height, width].some((extent) => extent !== undefined);
    const shape = isLegacy ? [num ?? 1, channels ?? 1, height ?? 1, width ?? 1] : Array.from(dims?.dim ?? []);
    const data = floatsOf((part === 'data' ? [blob.data, blob.double_data] : [blob.diff, blob.double_diff]).find(hasValues));
    const isShape = shape.every((extent) => Number.isInteger(extent) && extent >= 0 && extent < 2 ** 31);
    if (isShape && data.length === sizeOf(shape)) return { shape, data };
    if (data.length === 0) throw new CaffeError('ERR_CAFFE_INPUT', `${what} holds no ${part}.`);
    const expected = isShape ? `its shape ${shapeText(shape)} takes ${sizeOf(shape)}` : `its shape ${shapeText(shape)} is none`;
    throw new CaffeError('ERR_CAFFE_INPUT', `${what} holds ${data.length} values; ${expected}.`);
  });
}

function hasValues(values: ArrayLike<number> | undefined): boolean {
  return values !== undefined && values !== null && values.length > 0;
}

function floatsOf(values: ArrayLike<number> = []): Float32Array {
  if (!Array.isArray(values) && !ArrayBuffer.isView(values)) {
    throw new CaffeError('ERR_CAFFE_INPUT', `The values of a blob must be an array of numbers; ${describe(values)} was given.`);
  }
  return types.isFloat32Array(values) ? values : new Float32Array(values);
}
