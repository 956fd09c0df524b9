/** Tensors, and what a caller may give in their place. */
import { types } from 'node:util';
import { CaffeError, describe } from './errors';
import { reading } from './given';
import type { Tensor } from './native';

export type { Tensor, Tensors } from './native';

/** A Tensor, or bare values that take the blob's own shape. */
export type TensorLike = Tensor | Float32Array | readonly number[];

/** Number of values of a shape; 1 for a scalar's empty shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** A shape for messages: '1×3×227×227'. */
export function shapeText(shape: readonly number[]): string {
  return shape.length === 0 ? 'scalar' : shape.join('×');
}

/** Node 20 has no other way to ask. */
function isDetached({ buffer }: ArrayBufferView): boolean {
  try {
    new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
}

function asValues(value: unknown, what: string): Float32Array {
  // Not instanceof: a value from another realm (a worker's vm context, Jest) is as good.
  if (types.isFloat32Array(value)) {
    if (value.length > 0 || !isDetached(value)) return value;
    throw new CaffeError('ERR_CAFFE_INPUT', `${what} is an array whose memory was given away.`, {
      hint: 'It was transferred: give a copy.',
    });
  }
  if (Array.isArray(value)) return Float32Array.from(value, (entry) => asNumber(entry, what));
  throw new CaffeError('ERR_CAFFE_INPUT', `${what} must be a Float32Array or an array of numbers; ${describe(value)} was given.`, {
    hint: ArrayBuffer.isView(value) ? 'Convert it: Float32Array.from(values).' : undefined,
  });
}

function asNumber(value: unknown, what: string): number {
  if (typeof value !== 'number') throw new CaffeError('ERR_CAFFE_INPUT', `${what} must hold numbers; ${describe(value)} is among them.`);
  return value;
}

function checkedShape(shape: unknown, what: string): number[] {
  const read: unknown[] | undefined = Array.isArray(shape) ? Array.from(shape) : undefined;
  if (!read?.every(isExtent))
    throw new CaffeError('ERR_CAFFE_INPUT', `The shape of ${what} must be an array of integers from 0; ${describe(shape)} was given.`);
  return read;
}

function isExtent(extent: unknown): extent is number {
  return typeof extent === 'number' && Number.isInteger(extent) && extent >= 0 && extent < 2 ** 31;
}

function isTensor(value: TensorLike): value is Tensor {
  return typeof value === 'object' && value !== null && 'shape' in value && 'data' in value;
}

/**
 * What a run is fed: a Tensor's shape, or none for bare values, which take the shape that the blob has when the run begins.
 *
 * @throws {CaffeError} ERR_CAFFE_INPUT for a wrong type, or values that do not fill the tensor's shape.
 */
export function feedOf(value: TensorLike, what: string, blob?: string): { shape?: number[]; data: Float32Array } {
  return reading(what, () => {
    if (!isTensor(value)) return { data: asValues(value, what) };
    const shape = checkedShape(value.shape, what);
    const data = asValues(value.data, what);
    requireFilled(data.length, shape, what, blob);
    return { shape, data };
  });
}

/**
 * The values and shape of what a caller gave for a blob of a known shape.
 *
 * @throws {CaffeError} as `feedOf`, and for bare values that do not fill the blob.
 */
export function asTensor(
  value: TensorLike,
  ownShape: readonly number[],
  what: string,
  blob: string,
): { shape: number[]; data: Float32Array } {
  const { shape = [...ownShape], data } = feedOf(value, what, blob);
  requireFilled(data.length, shape, what, blob);
  return { shape, data };
}

function requireFilled(count: number, shape: readonly number[], what: string, blob: string | undefined): void {
  if (count === sizeOf(shape)) return;
  throw new CaffeError('ERR_CAFFE_INPUT', `${what} has ${count} values; its shape ${shapeText(shape)} takes ${sizeOf(shape)}.`, { blob });
}
