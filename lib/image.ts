/** Images as pycaffe's caffe.io has them: floats from 0 to 1, shape [height, width, channels]. */
import { CaffeError, describe } from './errors';
import { readArray, readOptions } from './given';
import { native, type Tensor } from './native';
import { type ImageSource, readFullPixels } from './pixels';
import { feedOf, shapeText, sizeOf } from './tensor';

export type { ImageSource, RawFrame } from './image-source';

/** Shape [height, width, channels]; channels are R, G, B, or one of grey. Values of 0 to 1 where the image was loaded by {@link loadImage}. */
export type ImageTensor = Tensor;

/** What the eye makes of the three colours, in the weights that pycaffe's load_image takes (scikit-image's rgb2gray). */
const LUMINANCE = [0.2125, 0.7154, 0.0721] as const;

/**
 * Loads an image: turned upright by its EXIF orientation, transparency laid on white.
 *
 * @param options `color`: default true, three channels, also for grey images; false gives one channel of grey.
 * @returns shape [height, width, 3 or 1], RGB, 0 to 1.
 * @throws {CaffeError} ERR_CAFFE_IMAGE, naming the file, when it cannot be read as an image; ERR_CAFFE_INPUT for something that is no source of one.
 */
export async function loadImage(source: ImageSource, options: { color?: boolean } = {}): Promise<ImageTensor> {
  const { color = true } = readOptions(options, ['color']);
  if (typeof color !== 'boolean') throw new CaffeError('ERR_CAFFE_INPUT', `'color' must be true or false; ${describe(color)} was given.`);
  const { height, width, pixels } = await readFullPixels(source);
  return color ? { shape: [height, width, 3], data: toUnit(pixels) } : { shape: [height, width, 1], data: toLuminance(pixels) };
}

function toUnit(pixels: Uint8Array): Float32Array {
  const values = new Float32Array(pixels.length);
  for (let i = 0; i < values.length; i++) values[i] = (pixels[i] as number) / 255;
  return values;
}

function toLuminance(rgb: Uint8Array): Float32Array {
  const [red, green, blue] = LUMINANCE;
  const values = new Float32Array(rgb.length / 3);
  for (let i = 0, from = 0; i < values.length; i++, from += 3) {
    values[i] = (red * (rgb[from] as number) + green * (rgb[from + 1] as number) + blue * (rgb[from + 2] as number)) / 255;
  }
  return values;
}

/**
 * Resizes an image to the very values of pycaffe's `io.resize_image`: bilinear, without smoothing when it shrinks.
 *
 * @param size [height, width] in pixels.
 * @throws {CaffeError} ERR_CAFFE_INPUT for an image that has not three axes, or a size that is not two whole numbers from 1.
 */
export async function resizeImage(image: ImageTensor, size: readonly [number, number]): Promise<ImageTensor> {
  return native.resize(requireImage(image, 'The image'), requireSize(size), 1);
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
  const list = readArray(images, 'The images');
  if (list.length === 0) throw new CaffeError('ERR_CAFFE_INPUT', 'oversample takes at least one image; none was given.');
  const checked = list.map((image, index) => requireImage(image, `Image ${index}`));
  const { shape, data } = await native.oversample(checked, requireSize(size));
  const [count = 0, ...own] = shape;
  const length = sizeOf(own);
  return Array.from({ length: count }, (_, index) => ({ shape: own, data: data.slice(index * length, (index + 1) * length) }));
}

/**
 * @returns the image, read once.
 * @throws {CaffeError} ERR_CAFFE_INPUT unless it is a Tensor of three axes, all filled.
 */
export function requireImage(image: ImageTensor, what: string): ImageTensor {
  const { shape, data } = feedOf(image, what);
  if (shape?.length === 3 && shape.every((extent) => extent >= 1)) return { shape, data };
  const given = shape ? `its shape is ${shapeText(shape)}` : 'it has no shape and data';
  throw new CaffeError('ERR_CAFFE_INPUT', `${what} must have the shape [height, width, channels]; ${given}.`, {
    hint: 'loadImage(source) gives such images.',
  });
}

function requireSize(size: readonly [number, number]): [number, number] {
  const [height, width, ...further] = readArray<unknown>(size, 'A size');
  if (isExtent(height) && isExtent(width) && further.length === 0) return [height, width];
  throw new CaffeError('ERR_CAFFE_INPUT', `A size is [height, width], two whole numbers from 1; ${describe(size)} was given.`);
}

function isExtent(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value < 2 ** 31;
}
