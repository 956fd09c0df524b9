/** `compute_image_mean`: the mean image of a database. */
import { throwIfAborted, withStopFlag } from '../abort';
import { writeFileWhole } from '../files';
import { requirePath } from '../given';
import { meanColour } from '../mean-image';
import { native } from '../native';
import type { Tensor } from '../tensor';
import { optionsFrom, report, type ToolProgress } from './options';

export interface ImageMeanOptions {
  /** Aborts before the next image. */
  signal?: AbortSignal;
  /** Called after every few images, and awaited. */
  onProgress?: (progress: ToolProgress) => unknown;
}

const OPTIONS: Record<keyof ImageMeanOptions, true> = { signal: true, onProgress: true };

export interface ImageMean {
  /** Shape [1, channels, height, width], not rounded; channels as the database has them, encoded images blue, green, red. */
  mean: Tensor;
  /** The mean of each channel. */
  channels: number[];
  /** Images in the database. */
  count: number;
}

/** Images between two looks at the signal and two reports: some tens of milliseconds. */
const IMAGES_AT_A_TIME = 64;

/**
 * Computes the mean image of an LMDB, of raw or encoded images, and of floats. One image is in memory at a time.
 *
 * @param database the folder of the LMDB.
 * @param output   where to write it as Caffe reads it: a BlobProto with the four dimensions of old. Default: nowhere.
 * @throws {CaffeError} ERR_CAFFE_DATASET for a folder that is no LMDB, an empty one, or images that are damaged or differ in size;
 *   ERR_CAFFE_FILE when the output cannot be written; ERR_CAFFE_CALLBACK when `onProgress` throws; ERR_CAFFE_INPUT; ERR_CAFFE_ABORTED.
 */
export async function computeImageMean(database: string, output?: string, options?: ImageMeanOptions): Promise<ImageMean> {
  const { signal, onProgress } = optionsFrom(options, OPTIONS);
  requirePath(database, 'The database');
  if (output !== undefined) requirePath(output, 'The output');
  const images = await native.openImageMean(database);
  try {
    await withStopFlag(signal, async (stop) => {
      for (let done = 0; done < images.count; ) {
        done = await images.add(IMAGES_AT_A_TIME, stop);
        await report(onProgress, { done, total: images.count });
      }
    });
    const mean = await images.mean();
    throwIfAborted(signal);
    if (output !== undefined) await writeFileWhole(output, toLegacyBlob(mean));
    return { mean, channels: meanColour(mean), count: images.count };
  } finally {
    await images.close();
  }
}

function toLegacyBlob({ shape, data }: Tensor): Buffer {
  const [num, channels, height, width] = shape;
  return native.messages.toBinary('BlobProto', { num, channels, height, width, data });
}
