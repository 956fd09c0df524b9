import sharp from 'sharp';
import { CaffeError } from '../errors';
import { type NativeDatasetItem, native } from '../native';
import { type Pixels, readPixels } from '../pixels';
import type { Encoding, SkippedFile } from './dataset';
import type { DatasetSettings } from './options';
import type { ListedImage } from './split';

/** An image as it goes into a database, but for its key. */
export type StoredImage = Omit<NativeDatasetItem, 'key'>;

/** DIGITS's. */
const JPEG_QUALITY = 90;

/**
 * Decodes, resizes and encodes an image.
 *
 * @returns what was wrong with it when it cannot be read.
 */
export async function storedImage({ file, label }: ListedImage, settings: DatasetSettings): Promise<StoredImage | SkippedFile> {
  const { resizeMode, channels, signal, encoding } = settings;
  const [height, width] = settings.size;
  try {
    return { label, ...(await encoded(await readPixels(file, { height, width, resizeMode, channels, signal }), encoding)) };
  } catch (error) {
    if (error instanceof CaffeError && error.code === 'ERR_CAFFE_IMAGE') return { file, reason: error.message };
    throw error;
  }
}

async function encoded(image: Pixels, encoding: Encoding): Promise<Omit<StoredImage, 'label'>> {
  if (encoding === 'none') return image;
  const { height, width, channels, pixels } = image;
  const picture = sharp(pixels, { raw: { width, height, channels } }).toColourspace(channels === 1 ? 'b-w' : 'srgb');
  if (encoding === 'png') return { ...image, encoded: await picture.png().toBuffer() };
  const jpeg = await picture.jpeg({ quality: JPEG_QUALITY }).toBuffer();
  // The mean is that of the images as training will see them.
  return { ...image, pixels: (await native.decodeImage(jpeg)).pixels, encoded: jpeg };
}
