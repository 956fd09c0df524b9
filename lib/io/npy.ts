/** NumPy's .npy files, in which pycaffe's mean images come (ilsvrc_2012_mean.npy). */
import type { Tensor } from '../native';
import { shapeText, sizeOf } from '../tensor';

const MAGIC = '\x93NUMPY';

/** The kinds of numbers that are read, by NumPy's names: little-endian floats and bytes. */
const NUMBERS: Record<string, { bytes: number; read(data: ArrayBuffer): ArrayLike<number> }> = {
  '<f4': { bytes: 4, read: (data) => new Float32Array(data) },
  '<f8': { bytes: 8, read: (data) => new Float64Array(data) },
  '|u1': { bytes: 1, read: (data) => new Uint8Array(data) },
};

/** Whether the bytes are those of a .npy file. */
export function isNpy(bytes: Buffer): boolean {
  return bytes.toString('latin1', 0, MAGIC.length) === MAGIC;
}

/**
 * The array of a .npy file as floats.
 *
 * @throws {Error} for one that is cut short, or of a kind that is not read.
 */
export function parseNpy(bytes: Buffer): Tensor {
  // Magic, version (two bytes), length of the header (two bytes, since version 2 four), header, values.
  const first = bytes.length > MAGIC.length && bytes.readUInt8(MAGIC.length) >= 2 ? 12 : 10;
  if (bytes.length < first) throw new Error('it is cut short');
  const headerLength = first === 12 ? bytes.readUInt32LE(8) : bytes.readUInt16LE(8);
  const header = bytes.toString('latin1', first, first + headerLength);
  const descr = /'descr':\s*'([^']*)'/.exec(header)?.[1] ?? '';
  const numbers = NUMBERS[descr];
  const extents = /'shape':\s*\(([\d,\s]*)\)/.exec(header)?.[1];
  if (!numbers || extents === undefined) throw new Error(`it holds numbers of the kind '${descr}'; float32, float64 and uint8 are read`);
  if (/'fortran_order':\s*True/.test(header)) throw new Error('it is stored column by column; save it with numpy.ascontiguousarray');
  const shape = extents
    .split(',')
    .filter((extent) => extent.trim() !== '')
    .map(Number);
  const size = sizeOf(shape) * numbers.bytes;
  const start = first + headerLength;
  if (bytes.length - start !== size)
    throw new Error(`it has ${bytes.length - start} bytes of values; its shape ${shapeText(shape)} takes ${size}`);
  // A copy, because values of four and eight bytes must lie at multiples of these.
  return { shape, data: Float32Array.from(numbers.read(new Uint8Array(bytes.subarray(start)).buffer)) };
}
