/** Mean images: what is subtracted from the images of a network. */
import { CaffeError } from '../errors';
import { writeFileWhole } from '../files';
import { reading } from '../given';
import { meanColour, readMeanImage } from '../mean-image';
import type { Tensor } from '../native';
import { feedOf, shapeText } from '../tensor';
import { encodeMessage } from './message';

/**
 * Reads a mean image: a `.binaryproto` file, as compute_image_mean, DIGITS and createDataset write it, or NumPy's `.npy`, as pycaffe brings it.
 *
 * @returns shape [channels, height, width], as `Transformer.setMean` takes it; channels in Caffe's order (blue, green, red), values 0 to 255.
 * @throws {CaffeError} ERR_CAFFE_FILE when it cannot be read or is no mean image.
 */
export async function loadMean(file: string): Promise<Tensor> {
  const { shape, data } = await readMeanImage(checkedPath(file));
  const extra = shape.slice(0, -3);
  if (shape.length >= 3 && extra.every((extent) => extent === 1)) return { shape: shape.slice(-3), data };
  throw new CaffeError(
    'ERR_CAFFE_FILE',
    `'${file}' holds an array of ${shapeText(shape)}; a mean image has the shape [channels, height, width].`,
    {
      file,
    },
  );
}

/**
 * Writes a mean image as Caffe reads it (`mean_file`), whole or not at all.
 *
 * @param mean shape [channels, height, width], or that with a leading 1.
 * @throws {CaffeError} ERR_CAFFE_INPUT for another shape; ERR_CAFFE_FILE when the place cannot be written.
 */
export async function saveMean(file: string, mean: Tensor): Promise<void> {
  const { shape, data } = imageOf(mean);
  const [channels, height, width] = shape;
  // The four numbers of old, which every Caffe reads.
  await writeFileWhole(checkedPath(file), await encodeMessage('BlobProto', { num: 1, channels, height, width, data }));
}

/**
 * The mean pixel of a mean image.
 *
 * @param mean as {@link loadMean} gives it.
 * @returns the mean of each channel, in the image's order, as `Transformer.setMean` takes it.
 * @throws {CaffeError} ERR_CAFFE_INPUT for something that is no image.
 */
export async function meanPixel(mean: Tensor): Promise<number[]> {
  return meanColour(imageOf(mean));
}

function imageOf(mean: Tensor): Tensor {
  return reading('The mean', () => {
    const { shape = [], data } = feedOf(mean, 'The mean');
    const image = shape.length === 4 && shape[0] === 1 ? shape.slice(1) : shape;
    if (image.length === 3 && data.length > 0) return { shape: image, data };
    throw new CaffeError('ERR_CAFFE_INPUT', `A mean image has the shape [channels, height, width]; ${shapeText(shape)} was given.`);
  });
}

function checkedPath(file: string): string {
  if (typeof file === 'string' && file !== '') return file;
  throw new CaffeError('ERR_CAFFE_INPUT', 'The path of the mean image is missing.');
}
