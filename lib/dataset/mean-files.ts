import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import { native, type Tensor } from '../native';
import { DATASET_FILES } from './dataset';

/**
 * Writes the mean image of the training set as Caffe reads it, not rounded (DIGITS rounds to whole numbers), and as a picture to look at.
 *
 * @param mean shape [1, channels, height, width], in Caffe's channel order, 0 to 255.
 */
export async function writeMean(folder: string, { shape, data }: Tensor): Promise<void> {
  const [num, channels, height, width] = shape as [number, 1 | 3, number, number];
  const proto = native.messages.toBinary('BlobProto', { num, channels, height, width, data });
  await writeFile(path.join(folder, DATASET_FILES.mean), proto);
  const picture = sharp(interleaved(data, channels), { raw: { width, height, channels } });
  await picture.jpeg({ quality: 90 }).toFile(path.join(folder, DATASET_FILES.meanPicture));
}

/** Planes B, G, R (or one of grey) as pixels R G B R G B …, rounded. */
function interleaved(planes: Float32Array, channels: number): Uint8Array {
  const area = planes.length / channels;
  return Uint8Array.from(planes, (_, i) => {
    const channel = channels - 1 - (i % channels);
    return Math.round(planes[channel * area + Math.floor(i / channels)] as number);
  });
}
