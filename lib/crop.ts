/** Parts of images: copies of rows, nothing is computed. */
import { CaffeError } from './errors';
import type { ImageTensor } from './image';
import { shapeText } from './tensor';

/** A part of an image, in pixels; it lies inside. */
export interface Box {
  top: number;
  left: number;
  height: number;
  width: number;
}

/** A copy of a part of an image. */
export function cutOut({ shape, data }: ImageTensor, { top, left, height, width }: Box): ImageTensor {
  const [, columns = 0, channels = 0] = shape;
  const part = new Float32Array(height * width * channels);
  for (let row = 0; row < height; row++) {
    const first = ((top + row) * columns + left) * channels;
    part.set(data.subarray(first, first + width * channels), row * width * channels);
  }
  return { shape: [height, width, channels], data: part };
}

/** Copies an image into another one of as many channels, where it fits. */
export function paste(image: ImageTensor, into: ImageTensor, { top, left }: Pick<Box, 'top' | 'left'>): void {
  const [height = 0, width = 0, channels = 0] = image.shape;
  const columns = into.shape[1] as number;
  for (let row = 0; row < height; row++) {
    const pixels = image.data.subarray(row * width * channels, (row + 1) * width * channels);
    into.data.set(pixels, ((top + row) * columns + left) * channels);
  }
}

/**
 * The middle of an image, as pycaffe's Classifier takes it.
 *
 * @throws {CaffeError} ERR_CAFFE_SHAPE when the image is smaller.
 */
export function centreCrop(image: ImageTensor, [height, width]: readonly [number, number]): ImageTensor {
  const [rows = 0, columns = 0] = image.shape;
  if (height > rows || width > columns) {
    throw new CaffeError('ERR_CAFFE_SHAPE', `A crop of ${height}×${width} does not fit an image of ${shapeText(image.shape)}.`);
  }
  return cutOut(image, { top: Math.floor((rows - height) / 2), left: Math.floor((columns - width) / 2), height, width });
}
