import { CaffeError } from './errors';
import { readRegularFile } from './files';
import { native, type Tensor } from './native';

/**
 * Reads a mean image as Caffe, DIGITS and createDataset write it.
 *
 * @returns shape [1, channels, height, width], channels in Caffe's order (blue, green, red), values 0 to 255.
 * @throws {CaffeError} ERR_CAFFE_FILE when it cannot be read or is no mean image.
 */
export async function readMeanImage(file: string): Promise<Tensor> {
  try {
    const blob = native.messages.fromBinary('BlobProto', await readRegularFile(file)) as unknown as BlobProto;
    const shape = blob.shape?.dim ?? [blob.num ?? 1, blob.channels ?? 0, blob.height ?? 0, blob.width ?? 0];
    const data = Float32Array.from(blob.data ?? []);
    if (data.length === 0 || data.length !== shape.reduce((size, dim) => size * dim, 1)) throw new Error('It holds no image.');
    return { shape, data };
  } catch (error) {
    throw new CaffeError('ERR_CAFFE_FILE', `The mean image '${file}' cannot be read.`, { file, cause: error });
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

/** caffe.proto's BlobProto, with a shape or, from older versions, with the four dimensions. */
interface BlobProto {
  shape?: { dim?: number[] };
  num?: number;
  channels?: number;
  height?: number;
  width?: number;
  data?: ArrayLike<number>;
}
