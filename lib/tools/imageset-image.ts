/** One image on its way into a database: its pixels, or a file that our Data layer and Caffe's decode to the same. */
import path from 'node:path';
import sharp from 'sharp';
import type { SkippedFile } from '../dataset/dataset';
import { CaffeError } from '../errors';
import { openImage } from '../image-source';
import { type NativeRecord, native } from '../native';
import { type Pixels, readFullPixels, readPixels } from '../pixels';

export interface ImagesetSettings {
  /** 3: colour, 1: grey. */
  channels: 1 | 3;
  /** To resize to, in pixels. */
  size?: { height: number; width: number };
  encoded: boolean;
  encodeType?: 'png' | 'jpg';
  signal?: AbortSignal;
}

/** OpenCV's, with which the tool encodes. */
const JPEG_QUALITY = 95;

/** @returns what was wrong with the image when it cannot be read. */
export async function imageRecord(
  file: string,
  entry: { key: string; label: number },
  settings: ImagesetSettings,
): Promise<NativeRecord | SkippedFile> {
  try {
    return { ...entry, ...(await contentOf(file, settings)) };
  } catch (error) {
    if (error instanceof CaffeError && error.code === 'ERR_CAFFE_IMAGE') return { file, reason: error.message };
    throw error;
  }
}

async function contentOf(file: string, settings: ImagesetSettings): Promise<Omit<NativeRecord, 'key' | 'label'>> {
  const type = settings.encodeType ?? typeByName(file);
  const unchanged = settings.encoded && !settings.size ? await fileAsItIs(file, type, settings) : undefined;
  if (unchanged) return unchanged;
  const { channels, size, signal } = settings;
  const image = size
    ? await readPixels(file, { ...size, resizeMode: 'squash', channels, signal })
    : await readFullPixels(file, { channels, signal });
  if (!settings.encoded) return image;
  const { height, width } = image;
  return { height, width, channels, encoded: await encode(image, type) };
}

function typeByName(file: string): 'png' | 'jpg' {
  return /\.jpe?g$/i.test(file) ? 'jpg' : 'png';
}

/** The file's own bytes, where they decode to just what would be stored: of this type, with so many channels, and upright. */
async function fileAsItIs(
  file: string,
  type: 'png' | 'jpg',
  { channels, signal }: ImagesetSettings,
): Promise<Omit<NativeRecord, 'key' | 'label'> | undefined> {
  if (!/\.(jpe?g|png)$/i.test(path.basename(file))) return undefined;
  const { bytes } = await openImage(file, signal);
  const metadata = await sharp(bytes)
    .metadata()
    .catch(() => undefined); // what is no image is reported when its pixels are read
  const format = type === 'jpg' ? 'jpeg' : 'png';
  if (metadata?.format !== format || (metadata.orientation ?? 1) !== 1) return undefined;
  const decoded = await native.decodeImage(bytes).catch(() => undefined);
  if (decoded?.channels !== channels) return undefined;
  return { height: decoded.height, width: decoded.width, channels, encoded: bytes };
}

async function encode({ height, width, channels, pixels }: Pixels, type: 'png' | 'jpg'): Promise<Uint8Array> {
  const picture = sharp(pixels, { raw: { width, height, channels } }).toColourspace(channels === 1 ? 'b-w' : 'srgb');
  return type === 'png' ? picture.png().toBuffer() : picture.jpeg({ quality: JPEG_QUALITY }).toBuffer();
}
