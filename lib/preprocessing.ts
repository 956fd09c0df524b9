import path from 'node:path';
import type { NativePixelTransform } from './native';
import { RESIZE_MODES, type ResizeMode } from './resize-mode';

/**
 * How an image becomes the input of a network: the one record that training, validation and deployment share. In this order:
 * the file is decoded, turned upright and laid on white, resized to `size`, cropped in the centre, put into `channelOrder`; the
 * mean is subtracted and the rest multiplied by `scale`.
 */
export interface Preprocessing {
  /** [height, width] in pixels, before the crop. */
  size: [number, number];
  resizeMode: ResizeMode;
  /** How pixels are interpolated when resizing, e.g. 'bilinear'. */
  resampler: string;
  /** Side of the centre crop in pixels; 0: none. */
  crop: number;
  /** What is subtracted: the file of a mean image, one value for each channel in `channelOrder` (0 to 255), or nothing. */
  mean: string | number[] | null;
  channelOrder: 'BGR' | 'gray';
  /** Factor after the mean was subtracted; 1 keeps the range of the pixels. */
  scale: number;
  /** What transparent pixels are laid on. */
  alpha: 'white';
  /** Whether the orientation in a photograph's EXIF data is applied. */
  exif: boolean;
}

/** As of datasets. */
const LARGEST_SIDE = 8192;

/** Whether a value from a file is such a record, safe to use: what decides about memory and paths is in its range. */
export function isPreprocessing(value: unknown): value is Preprocessing {
  if (typeof value !== 'object' || value === null) return false;
  const { size, resizeMode, crop, mean, channelOrder, scale } = value as Partial<Record<keyof Preprocessing, unknown>>;
  return (
    Array.isArray(size) &&
    size.length === 2 &&
    size.every((side) => isSide(side, 1)) &&
    isSide(crop, 0) &&
    (crop as number) <= Math.min(...size) &&
    (RESIZE_MODES as readonly unknown[]).includes(resizeMode) &&
    (channelOrder === 'BGR' || channelOrder === 'gray') &&
    Number.isFinite(scale) &&
    isMean(mean)
  );
}

function isSide(value: unknown, least: number): boolean {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= LARGEST_SIDE;
}

/** A mean image lies beside the record. */
function isMean(mean: unknown): boolean {
  if (typeof mean === 'string') return mean === path.basename(mean);
  return mean === null || (Array.isArray(mean) && mean.every(Number.isFinite));
}

/** 3 for colour, 1 for grey. */
export function channelsOf({ channelOrder }: Preprocessing): 1 | 3 {
  return channelOrder === 'gray' ? 1 : 3;
}

/** The [height, width] that reaches the network. */
export function inputSizeOf({ size, crop }: Preprocessing): [number, number] {
  return crop > 0 ? [crop, crop] : [...size];
}

/** The last steps of the record, from crop to scale, as the native code of our Data layer takes them. */
export function pixelTransform(preprocessing: Preprocessing, meanImage: NativePixelTransform['meanImage']): NativePixelTransform {
  const { crop, scale, mean } = preprocessing;
  return { crop, scale, meanValues: Array.isArray(mean) ? mean : [], ...(meanImage && { meanImage }) };
}
