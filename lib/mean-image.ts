import { CaffeError, messageOf } from './errors';
import { readRegularFile } from './files';
import { tensorOf } from './io/blobproto';
import { decodeMessage } from './io/message';
import { isNpy, parseNpy } from './io/npy';
import type { Tensor } from './native';

/**
 * Reads a mean image as Caffe, DIGITS and createDataset write it.
 *
 * @returns shape [1, channels, height, width], channels in Caffe's order (blue, green, red), values 0 to 255.
 * @throws {CaffeError} ERR_CAFFE_FILE when it cannot be read or is no mean image.
 */
export async function readMeanImage(file: string): Promise<Tensor> {
  try {
    const bytes = await readRegularFile(file);
    const mean = isNpy(bytes) ? parseNpy(bytes) : tensorOf(await decodeMessage('BlobProto', bytes), 'It', 'data');
    if (mean.data.length === 0) throw new Error('it holds no image');
    return mean;
  } catch (error) {
    throw new CaffeError('ERR_CAFFE_FILE', `The mean image '${file}' cannot be read: ${messageOf(error)}`, { file, cause: error });
  }
}

/** The mean colour of a mean image: one value for each channel. */
export function meanColour({ shape, data }: Tensor): number[] {
  const channels = shape.at(-3) ?? 1;
  const pixels = data.length / channels;
  return Array.from({ length: channels }, (_, channel) => {
    const plane = data.subarray(channel * pixels, (channel + 1) * pixels);
    return plane.reduce((sum, value) => sum + value, 0) / pixels;
  });
}
