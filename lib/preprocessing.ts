import type { NativePixelTransform } from './native';
import type { ResizeMode } from './pixels';

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
