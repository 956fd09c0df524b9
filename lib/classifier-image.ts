/** Images as a classifier or a detector is given them. */
import { CaffeError } from './errors';
import { reading } from './given';
import { type ImageTensor, loadImage, requireImage } from './image';
import type { ImageSource } from './image-source';

/** An image of any source, or one that was loaded. */
export type ClassifierImage = ImageSource | ImageTensor;

/** Not decided by what is in it: `requireImage` says whether it is a good one. */
export function isImageTensor(image: ClassifierImage): image is ImageTensor {
  return reading('The image', () => typeof image === 'object' && image !== null && 'shape' in image && 'data' in image);
}

/**
 * The image in memory, with as many channels as the network takes.
 *
 * @throws {CaffeError} ERR_CAFFE_SHAPE for one that was loaded with others; as `loadImage`.
 */
export async function loadedImage(image: ClassifierImage, channels: number, signal: AbortSignal | undefined): Promise<ImageTensor> {
  if (!isImageTensor(image)) return loadImage(image, { color: channels !== 1, signal });
  return withChannels(requireImage(image, 'The image'), channels);
}

/** @throws {CaffeError} ERR_CAFFE_SHAPE unless the image has this number of channels. */
export function withChannels(image: ImageTensor, channels: number): ImageTensor {
  if (image.shape[2] === channels) return image;
  throw new CaffeError('ERR_CAFFE_SHAPE', `The image has ${image.shape[2]} channels; the network takes ${channels}.`, {
    hint: channels === 1 ? 'Load it with loadImage(source, { color: false }).' : undefined,
  });
}
