/** Images as pycaffe's caffe.io has them: floats from 0 to 1, shape [height, width, channels]. */
import { throwIfAborted } from './abort';
import { CaffeError, describe } from './errors';
import { readArray, reading, readOptions } from './given';
import { type ImageSource, sortSource } from './image-source';
import { native, type Tensor } from './native';
import { readFullPixels } from './pixels';
import { feedOf, shapeText, sizeOf } from './tensor';

export type { ImageSource, RawFrame } from './image-source';

/** Shape [height, width, channels]; channels are R, G, B, or one of grey. Values of 0 to 1 where the image was loaded by {@link loadImage}. */
export type ImageTensor = Tensor;

export interface LoadImageOptions {
  /** True, the default: three channels, also for grey images. False: one channel of grey. */
  color?: boolean;
  /** Ends a stream, and what waits for its turn to be decoded. */
  signal?: AbortSignal;
}

/**
 * Loads an image: turned upright by its EXIF orientation, transparency laid on white, 16 bits reduced to 8.
 *
 * A {@link RawFrame} needs no decoding: it is copied before the call returns, and floats keep their precision.
 *
 * @returns shape [height, width, 3 or 1], RGB, 0 to 1. Grey is 0.2125 R + 0.7154 G + 0.0721 B, as in pycaffe.
 * @throws {CaffeError} ERR_CAFFE_IMAGE, naming the file, when it cannot be read as an image; ERR_CAFFE_INPUT for something that is no
 *   source of one; ERR_CAFFE_ABORTED.
 */
export async function loadImage(source: ImageSource, options?: LoadImageOptions): Promise<ImageTensor> {
  const { color = true, signal } = readOptions(options, ['color', 'signal']);
  if (typeof color !== 'boolean') throw new CaffeError('ERR_CAFFE_INPUT', `'color' must be true or false; ${describe(color)} was given.`);
  return load(source, color, undefined, signal);
}

/** For lib/ itself: `resizeImage` of what `loadImage` gives, without the whole image as floats on the way through JavaScript. */
export async function loadResized(
  source: ImageSource,
  size: readonly [number, number],
  color: boolean,
  signal?: AbortSignal,
): Promise<ImageTensor> {
  return load(source, color, [size[0], size[1]], signal);
}

async function load(
  source: ImageSource,
  color: boolean,
  size: [number, number] | undefined,
  signal: AbortSignal | undefined,
): Promise<ImageTensor> {
  throwIfAborted(signal);
  const given = sortSource(source);
  if (given.kind === 'frame') return native.frameImage(given.frame, color, size);
  const { pixels, height, width, channels } = await readFullPixels(source, { signal });
  return native.frameImage({ data: pixels, height, width, channels, bgr: false, stride: width * channels }, color, size);
}

/**
 * Resizes an image to the very values of pycaffe's `io.resize_image`, without smoothing when it shrinks.
 *
 * @param size    [height, width] in pixels.
 * @param options `order`: 1, the default, is bilinear; 0 takes the nearest pixel.
 * @throws {CaffeError} ERR_CAFFE_INPUT for an image that has not three axes, a size that is not two whole numbers from 1, or another order.
 */
export async function resizeImage(image: ImageTensor, size: readonly [number, number], options?: { order?: 0 | 1 }): Promise<ImageTensor> {
  const { order = 1 } = readOptions(options, ['order']);
  if (order !== 0 && order !== 1) throw new CaffeError('ERR_CAFFE_INPUT', `'order' must be 0 or 1; ${describe(order)} was given.`);
  return native.resize(requireImage(image, 'The image'), requireSize(size), order);
}

/**
 * Ten crops of each image, as pycaffe's `io.oversample`: the four corners and the centre, then the same mirrored.
 *
 * @param images all of one shape.
 * @param size   [height, width] of a crop in pixels, no larger than the images.
 * @returns ten images for each one, in their order.
 * @throws {CaffeError} ERR_CAFFE_INPUT for no images, images that have not three axes, or a size that is not two whole numbers from 1;
 *   ERR_CAFFE_SHAPE for images of different shapes, or smaller than the crop.
 */
export async function oversample(images: readonly ImageTensor[], size: readonly [number, number]): Promise<ImageTensor[]> {
  const checked = requireImages(images, 'oversample');
  const { shape, data } = await native.oversample(checked, requireSize(size));
  const [count = 0, ...own] = shape;
  const length = sizeOf(own);
  return Array.from({ length: count }, (_, index) => ({ shape: own, data: data.slice(index * length, (index + 1) * length) }));
}

/**
 * @returns the images as plain data, looked into once.
 * @throws {CaffeError} ERR_CAFFE_INPUT for no images, or one that {@link requireImage} refuses.
 */
export function requireImages(images: readonly ImageTensor[], what: string): ImageTensor[] {
  const list = readArray(images, 'The images');
  if (list.length === 0) throw new CaffeError('ERR_CAFFE_INPUT', `${what} takes at least one image; none was given.`);
  return list.map((image, index) => requireImage(image, `Image ${index}`));
}

/**
 * @returns the image as plain data, looked into once.
 * @throws {CaffeError} ERR_CAFFE_INPUT unless it is a Tensor of three axes, all filled.
 */
export function requireImage(image: ImageTensor, what: string): ImageTensor {
  const { shape, data } = reading(what, () => feedOf(image, what));
  if (shape?.length === 3 && shape.every((extent) => extent >= 1)) return { shape, data };
  const given = shape ? `its shape is ${shapeText(shape)}` : 'it has no shape and data';
  throw new CaffeError('ERR_CAFFE_INPUT', `${what} must have the shape [height, width, channels]; ${given}.`, {
    hint: 'loadImage(source) gives such images.',
  });
}

/**
 * @returns [height, width], looked into once.
 * @throws {CaffeError} ERR_CAFFE_INPUT unless it is two whole numbers from 1.
 */
export function requireSize(size: readonly [number, number]): [number, number] {
  const [height, width, ...further] = readArray<unknown>(size, 'A size');
  if (isExtent(height) && isExtent(width) && further.length === 0) return [height, width];
  throw new CaffeError('ERR_CAFFE_INPUT', `A size is [height, width], two whole numbers from 1; ${describe(size)} was given.`);
}

function isExtent(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value < 2 ** 31;
}
