/** From any image to the pixels that a network is trained with and asked about: the only code that does this, so that both see the same. */
import { availableParallelism } from 'node:os';
import sharp from 'sharp';
import { throwIfAborted } from './abort';
import { CaffeError, messageOf } from './errors';
import { Gate } from './gate';
import { type ImageSource, type OpenedImage, openImage } from './image-source';
import { type Extent, planResize, type ResizeMode } from './resize-mode';

export type { ImageSource, RawFrame } from './image-source';
export { RESIZE_MODES, type ResizeMode } from './resize-mode';

/** 8-bit samples, row by row: R G B R G B … (channels 3), or grey (channels 1). */
export interface Pixels {
  height: number;
  width: number;
  channels: 1 | 3;
  pixels: Uint8Array;
}

export interface PixelOptions extends Extent {
  resizeMode: ResizeMode;
  /** 3: colour; a grey image gets three equal channels. 1: grey, as Caffe's tools and DIGITS compute it: 0.299 R + 0.587 G + 0.114 B. */
  channels: 1 | 3;
  signal?: AbortSignal;
}

/** The part of a preprocessing record (dataset.json, info.json) that this file stands for. */
export const PIXEL_RECORD = { resampler: 'bilinear', alpha: 'white', exif: true } as const;

/** What `fill` and `half_crop` pad with: the middle of the range, which nearly vanishes when the mean is subtracted. DIGITS pads with noise, which cannot be repeated. */
export const PADDING_GREY = 128;

/** Height × width of the largest image that is read; a header that claims more is taken for damaged or malicious. Also the limit of our Data layer. */
const MOST_PIXELS = 2 ** 28;

/**
 * Decoding runs on libuv's threads, of which there are four as a rule: one stays free for files and for the caller. One more than there are
 * processors, so that none of them waits for the main thread to hand it the next image.
 */
const decoding = new Gate(Math.min(3, availableParallelism() + 1));

/**
 * Decodes an image and brings it to the given size: turned upright by its EXIF orientation, transparency laid on white, colours
 * converted to 8-bit sRGB, scaled with a bilinear filter that is widened when the image shrinks, so that it does not alias.
 *
 * @throws {CaffeError} ERR_CAFFE_IMAGE, naming the file, when it is missing, damaged, cut short, or no image of a known format;
 *   ERR_CAFFE_INPUT for something that is no source of an image; ERR_CAFFE_ABORTED.
 */
export async function readPixels(source: ImageSource, { height, width, resizeMode, channels, signal }: PixelOptions): Promise<Pixels> {
  const image = await openImage(source, signal);
  const rgb = await decode(image, signal, async () => {
    const size = { height, width };
    // Squashed, every image has the same plan: its header need not be read beforehand.
    const from = resizeMode === 'squash' ? size : await uprightExtent(image);
    const { scaled, kept, padding } = planResize(from, size, resizeMode);
    const resized = upright(image).resize({ ...scaled, fit: 'fill', kernel: 'linear' });
    // Where nothing is cut or added, these steps would only cost time.
    if (kept.height < scaled.height || kept.width < scaled.width) resized.extract(kept);
    if (kept.height < height || kept.width < width) {
      resized.extend({ ...padding, background: { r: PADDING_GREY, g: PADDING_GREY, b: PADDING_GREY } });
    }
    return resized.raw().toBuffer();
  });
  return { height, width, channels, pixels: channels === 1 ? toGrey(rgb) : rgb };
}

/**
 * Decodes an image in its own size, like {@link readPixels} in everything else.
 *
 * @param options `channels` as for readPixels; default 3.
 * @throws {CaffeError} as readPixels.
 */
export async function readFullPixels(
  source: ImageSource,
  options: Pick<Partial<PixelOptions>, 'channels' | 'signal'> = {},
): Promise<Pixels> {
  const { channels = 3, signal } = options;
  const image = await openImage(source, signal);
  return decode(image, signal, async () => {
    const { data, info } = await upright(image).raw().toBuffer({ resolveWithObject: true });
    return { height: info.height, width: info.width, channels, pixels: channels === 1 ? toGrey(data) : data };
  });
}

/** Waits for a free place among the decoders, and says of every failure which image it was. */
async function decode<Result>(image: OpenedImage, signal: AbortSignal | undefined, work: () => Promise<Result>): Promise<Result> {
  return decoding.run(async () => {
    throwIfAborted(signal);
    try {
      return await work();
    } catch (error) {
      throw unreadable(image, messageOf(error));
    }
  });
}

function open({ bytes, raw }: OpenedImage): sharp.Sharp {
  return sharp(bytes, { failOn: 'error', limitInputPixels: MOST_PIXELS, ...(raw && { raw }) });
}

function upright(image: OpenedImage): sharp.Sharp {
  return open(image).autoOrient().flatten({ background: '#ffffff' }).toColourspace('srgb');
}

async function uprightExtent(image: OpenedImage): Promise<Extent> {
  return (await open(image).metadata()).autoOrient;
}

const HINTS: readonly [RegExp, string][] = [
  [/unsupported image format|empty|zero length/i, 'JPEG, PNG, WebP, GIF, TIFF, AVIF and SVG are known. Convert others (BMP, PPM …) first.'],
  [/premature end|truncat|end of (file|stream)/i, 'The file is cut short: copy or download it again.'],
  [/pixel limit/i, `Images of up to ${MOST_PIXELS} pixels are read: make it smaller.`],
];

function unreadable({ name, file }: OpenedImage, reason: string): CaffeError {
  const [line = ''] = reason.trim().split('\n');
  const hint = HINTS.find(([pattern]) => pattern.test(line))?.[1];
  return new CaffeError('ERR_CAFFE_IMAGE', `${name} cannot be read as an image: ${line}.`, { file, hint });
}

function toGrey(rgb: Uint8Array): Uint8Array {
  const grey = new Uint8Array(rgb.length / 3);
  for (let i = 0, from = 0; i < grey.length; i++, from += 3) {
    grey[i] = Math.round(0.299 * (rgb[from] as number) + 0.587 * (rgb[from + 1] as number) + 0.114 * (rgb[from + 2] as number));
  }
  return grey;
}
