/** Pixels that a caller has in memory already: the frames of a camera or a video. */
import { types } from 'node:util';
import { CaffeError, describe } from './errors';
import type { NativeFrame } from './native';

/**
 * An image that needs no decoding, e.g. a frame of a video: row by row, the samples of a pixel side by side. Samples of 8 bits, or floats
 * of which 0 is black and 1 is white, as pycaffe's images have them.
 */
export interface RawFrame {
  data: Uint8Array | Uint8ClampedArray | Float32Array;
  /** In pixels, from 1. */
  width: number;
  /** In pixels, from 1. */
  height: number;
  /** 1 grey, 2 grey and alpha, 3 colour, 4 colour and alpha. Alpha is not premultiplied. */
  channels: 1 | 2 | 3 | 4;
  /** Order of the three colours. Default 'rgb'; OpenCV's frames are 'bgr'. Alpha, where there is any, comes last. */
  order?: 'rgb' | 'bgr';
  /** Elements of `data` from the beginning of a row to that of the next: bytes of 8-bit samples. Default: width × channels. */
  stride?: number;
}

/** As of the decoders. */
const MOST_PIXELS = 2 ** 28;

/** Whether something is meant as a frame; whether it is a good one, {@link checkedFrame} says. */
export function isRawFrame(source: object): source is RawFrame {
  return 'data' in source && 'width' in source && 'height' in source;
}

/**
 * The frame as plain data. Its samples are still the caller's.
 *
 * @throws {CaffeError} ERR_CAFFE_INPUT for a size, a stride or data that do not fit together.
 */
export function checkedFrame(frame: RawFrame): NativeFrame {
  const { data, width, height, channels, order = 'rgb', stride = width * channels } = frame;
  for (const [name, extent] of Object.entries({ width, height })) {
    if (!Number.isInteger(extent) || extent < 1) throw bad(`${name} must be a whole number from 1; ${describe(extent)} was given`);
  }
  if (width > MOST_PIXELS / height) throw bad(`${width}×${height} pixels are more than 2^28`);
  if (![1, 2, 3, 4].includes(channels)) throw bad(`channels must be 1, 2, 3 or 4; ${describe(channels)} was given`);
  if (order !== 'rgb' && order !== 'bgr') throw bad(`order must be 'rgb' or 'bgr'; ${describe(order)} was given`);
  if (!Number.isInteger(stride) || stride < width * channels || stride >= 2 ** 31)
    throw bad(`stride must be a whole number from ${width * channels}, the samples of a row; ${describe(stride)} was given`);
  if (!isSamples(data)) {
    throw bad(`data must be bytes (Uint8Array) or floats (Float32Array); ${describe(data)} was given`);
  }
  const needed = stride * (height - 1) + width * channels;
  if (data.length < needed) {
    const unit = types.isFloat32Array(data) ? 'floats' : 'bytes';
    throw bad(`data has ${data.length} ${unit}; ${height} rows of ${width} pixels with ${channels} channels take ${needed}`);
  }
  return { data, width, height, channels, bgr: order === 'bgr', stride };
}

function isSamples(data: unknown): boolean {
  return types.isUint8Array(data) || types.isUint8ClampedArray(data) || types.isFloat32Array(data);
}

function bad(problem: string): CaffeError {
  return new CaffeError('ERR_CAFFE_INPUT', `The frame cannot be used: ${problem}.`);
}
