/** pycaffe's conversions between arrays and Datums, the form in which databases store images. */
import { types } from 'node:util';
import { CaffeError, describe } from '../errors';
import { reading } from '../given';
import { native } from '../native';
import { shapeText, sizeOf } from '../tensor';
import { asMessage, encodeMessage } from './message';

/** caffe.proto's Datum. */
export interface Datum {
  channels?: number;
  height?: number;
  width?: number;
  /** 8-bit samples plane by plane, or with `encoded` the bytes of an image file. */
  data?: Uint8Array;
  label?: number;
  /** What is stored where there is no `data`. */
  float_data?: ArrayLike<number>;
  encoded?: boolean;
}

/** Shape [channels, height, width]; colour planes in Caffe's order: blue, green, red. */
export interface DatumArray {
  readonly shape: readonly number[];
  /** 8-bit samples, or floats. */
  readonly data: Uint8Array | Float32Array;
}

const MOST = 2 ** 31;

/**
 * An array as the bytes of a Datum: 8-bit samples go into `data`, floats into `float_data`.
 *
 * @param array shape [channels, height, width].
 * @param label whole number; left out when absent.
 * @throws {CaffeError} ERR_CAFFE_INPUT for an array that has not three axes, all filled, or a label that is no 32-bit integer.
 */
export async function arrayToDatum(array: DatumArray, label?: number): Promise<Buffer> {
  return encodeMessage(
    'Datum',
    reading('The array', () => datumOf(array, label)),
  );
}

/**
 * The array of a Datum, and its label. An encoded one, which pycaffe gives as it is, is decoded (JPEG and PNG).
 *
 * @param datum its bytes, e.g. a value of a database, or its fields as an object.
 * @returns shape [channels, height, width]; 0 where there is no label, as Caffe has it.
 * @throws {CaffeError} ERR_CAFFE_INPUT for bytes that are no Datum, one without samples, or of another number of them than its size says;
 *   ERR_CAFFE_IMAGE for an encoded one that cannot be decoded.
 */
export async function datumToArray(datum: Uint8Array | Datum): Promise<DatumArray & { label: number }> {
  const message = await asMessage<Datum>('Datum', datum);
  const { channels = 0, height = 0, width = 0, label = 0, data, encoded, float_data: floats } = message;
  if (encoded) return { ...(await decoded(data)), label };
  return { ...reading('The Datum', () => samplesOf([channels, height, width], data, floats)), label };
}

function datumOf(array: DatumArray, label: number | undefined): Datum {
  const { shape, data } = array ?? {};
  const [channels = 0, height = 0, width = 0] = checkedShape(shape);
  const isBytes = types.isUint8Array(data) || types.isUint8ClampedArray(data);
  if (!isBytes && !types.isFloat32Array(data)) {
    throw new CaffeError('ERR_CAFFE_INPUT', `The data of a datum must be a Uint8Array or a Float32Array; ${describe(data)} was given.`);
  }
  requireFilled(data.length, [channels, height, width]);
  if (label !== undefined && (!Number.isInteger(label) || label < -MOST || label >= MOST)) {
    throw new CaffeError('ERR_CAFFE_INPUT', `A label must be a whole number of 32 bits; ${describe(label)} was given.`);
  }
  const size = { channels, height, width, ...(label !== undefined && { label }) };
  return isBytes ? { ...size, data: new Uint8Array(data) } : { ...size, float_data: data };
}

function checkedShape(shape: unknown): number[] {
  const extents: unknown[] = Array.isArray(shape) ? [...shape] : [];
  if (extents.length === 3 && extents.every((extent) => Number.isInteger(extent) && (extent as number) >= 1 && (extent as number) < MOST)) {
    return extents as number[];
  }
  const given = Array.isArray(shape) ? shapeText(extents as number[]) : describe(shape);
  throw new CaffeError('ERR_CAFFE_INPUT', `A datum has the shape [channels, height, width]; ${given} was given.`);
}

function requireFilled(count: number, shape: readonly number[]): void {
  if (count === sizeOf(shape)) return;
  throw new CaffeError('ERR_CAFFE_INPUT', `A datum of ${shapeText(shape)} takes ${sizeOf(shape)} samples; there are ${count}.`);
}

function samplesOf(shape: number[], data: Uint8Array | undefined, floats: ArrayLike<number> | undefined): DatumArray {
  const checked = checkedShape(shape);
  const samples = data !== undefined && data.length > 0 ? bytesOf(data) : new Float32Array(floats ?? []);
  requireFilled(samples.length, checked);
  return { shape: checked, data: samples };
}

function bytesOf(data: unknown): Uint8Array {
  if (types.isUint8Array(data)) return new Uint8Array(data);
  throw new CaffeError('ERR_CAFFE_INPUT', `The data of a datum must be a Uint8Array; ${describe(data)} was given.`);
}

async function decoded(file: Uint8Array | undefined): Promise<DatumArray> {
  const bytes = reading('The Datum', () => bytesOf(file));
  const { channels, height, width, pixels } = await native.decodePlanes(bytes);
  return { shape: [channels, height, width], data: pixels };
}
