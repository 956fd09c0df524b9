/** Where an image may come from, and the way from there to bytes that can be decoded. */
import { readFile, stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { abortError, throwIfAborted } from './abort';
import { CaffeError, describe, messageOf } from './errors';

/** Pixels that are decoded already, e.g. a frame of a video: 8 bits for each sample, row by row, the channels of a pixel side by side. */
export interface RawFrame {
  data: Uint8Array | Uint8ClampedArray;
  /** In pixels, from 1. */
  width: number;
  /** In pixels, from 1. */
  height: number;
  /** 1 grey, 2 grey and alpha, 3 colour, 4 colour and alpha. Alpha is not premultiplied. */
  channels: 1 | 2 | 3 | 4;
  /** Order of the three colours. Default 'rgb'; OpenCV's frames are 'bgr'. */
  order?: 'rgb' | 'bgr';
  /** Bytes from the beginning of a row to that of the next. Default: width × channels. */
  stride?: number;
}

/** A path, a file: URL, the bytes of an image file, a stream of them, or pixels. */
export type ImageSource = string | URL | Uint8Array | Readable | RawFrame;

/** An image in memory, not decoded yet. */
export interface OpenedImage {
  /** For messages: 'cat.jpg' in quotes, or what kind of source it was. */
  name: string;
  /** The path, where there is one. */
  file?: string;
  /** An image file, or with `raw` pixels. */
  bytes: Buffer;
  raw?: { width: number; height: number; channels: 1 | 2 | 3 | 4 };
}

/** More than any photograph; a stream that never ends stops here. */
const MOST_BYTES = 2 ** 29;

/**
 * Reads the source into memory.
 *
 * @throws {CaffeError} ERR_CAFFE_IMAGE for a file or stream that cannot be read; ERR_CAFFE_INPUT for something that is no source of an image; ERR_CAFFE_ABORTED.
 */
export async function openImage(source: ImageSource, signal?: AbortSignal): Promise<OpenedImage> {
  throwIfAborted(signal);
  if (typeof source === 'string') return openFile(source);
  if (typeof source !== 'object' || source === null) throw noSource(source);
  if (isUrl(source)) return openFile(pathOf(source));
  if (ArrayBuffer.isView(source)) return { name: 'The image', bytes: asBuffer(source, 'The image') };
  if (isRawFrame(source)) return openFrame(source);
  if (isStream(source)) return { name: 'The image of the stream', bytes: await readStream(source, signal) };
  throw noSource(source);
}

function noSource(value: unknown): CaffeError {
  return new CaffeError('ERR_CAFFE_INPUT', `An image cannot be read from ${describe(value)}.`, {
    hint: 'Give a path, a file: URL, the bytes of an image file (Uint8Array), a readable stream, or { data, width, height, channels }.',
  });
}

async function openFile(file: string): Promise<OpenedImage> {
  if (/^(https?|ftp|data):/.test(file)) throw notLocal(file);
  try {
    // Reading a FIFO or a device could wait for ever.
    if (!(await stat(file)).isFile()) throw new Error('it is not a regular file');
    // By bytes and not by name: the decoder keeps what it has read by name, and gives special meaning to brackets in it.
    return { name: `'${file}'`, file, bytes: await readFile(file) };
  } catch (error) {
    throw cannotOpen(file, error);
  }
}

function cannotOpen(file: string, error: unknown): CaffeError {
  const missing = typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT';
  return new CaffeError('ERR_CAFFE_IMAGE', `The image '${file}' cannot be read: ${missing ? 'there is no such file' : messageOf(error)}.`, {
    file,
    hint: missing ? `Paths are relative to the working directory, '${process.cwd()}'.` : undefined,
    cause: error,
  });
}

function notLocal(address: string): CaffeError {
  return new CaffeError('ERR_CAFFE_INPUT', `'${address.slice(0, 80)}' is not a file of this machine.`, {
    hint: 'Fetch it first and give its bytes: new Uint8Array(await (await fetch(address)).arrayBuffer()).',
  });
}

function isUrl(source: object): source is URL {
  return Object.prototype.toString.call(source) === '[object URL]';
}

function pathOf(url: URL): string {
  if (url.protocol !== 'file:') throw notLocal(url.href);
  return fileURLToPath(url);
}

function asBuffer(view: ArrayBufferView, what: string): Buffer {
  // Not instanceof: a value from another realm (a worker's vm context, Jest) is as good.
  const type = Object.prototype.toString.call(view).slice('[object '.length, -1);
  if (type !== 'Uint8Array' && type !== 'Uint8ClampedArray') {
    throw new CaffeError('ERR_CAFFE_INPUT', `${what} must be given as bytes (Uint8Array); ${type} was given.`);
  }
  return Buffer.from(view.buffer, view.byteOffset, view.byteLength);
}

function isRawFrame(source: object): source is RawFrame {
  return 'data' in source && 'width' in source && 'height' in source;
}

function openFrame(frame: RawFrame): OpenedImage {
  const { width, height, channels, order = 'rgb', stride = width * channels } = frame;
  for (const [name, extent] of Object.entries({ width, height })) {
    if (!Number.isInteger(extent) || extent < 1) throw badFrame(`${name} must be a whole number from 1; ${describe(extent)} was given`);
  }
  if (![1, 2, 3, 4].includes(channels)) throw badFrame(`channels must be 1, 2, 3 or 4; ${describe(channels)} was given`);
  if (order !== 'rgb' && order !== 'bgr') throw badFrame(`order must be 'rgb' or 'bgr'; ${describe(order)} was given`);
  if (!Number.isInteger(stride) || stride < width * channels)
    throw badFrame(`stride must be at least ${width * channels}, the bytes of a row`);
  if (!ArrayBuffer.isView(frame.data)) throw badFrame(`data must be bytes (Uint8Array); ${describe(frame.data)} was given`);

  const data = asBuffer(frame.data, 'The data of the frame');
  const needed = stride * (height - 1) + width * channels;
  if (data.length < needed) {
    throw badFrame(`data has ${data.length} bytes; ${height} rows of ${width} pixels with ${channels} channels take ${needed}`);
  }
  const rows = withoutGaps(data, height, width * channels, stride);
  return { name: 'The frame', bytes: order === 'bgr' ? swapRedAndBlue(rows, channels) : rows, raw: { width, height, channels } };
}

function badFrame(problem: string): CaffeError {
  return new CaffeError('ERR_CAFFE_INPUT', `The frame cannot be used: ${problem}.`);
}

function withoutGaps(data: Buffer, height: number, rowBytes: number, stride: number): Buffer {
  if (stride === rowBytes) return data.subarray(0, height * rowBytes);
  const rows = Buffer.alloc(height * rowBytes);
  for (let row = 0; row < height; row++) data.copy(rows, row * rowBytes, row * stride, row * stride + rowBytes);
  return rows;
}

function swapRedAndBlue(data: Buffer, channels: number): Buffer {
  if (channels < 3) return data;
  const swapped = Buffer.from(data); // a copy: the frame is the caller's
  for (let i = 0; i < data.length; i += channels) {
    swapped[i] = data[i + 2] as number;
    swapped[i + 2] = data[i] as number;
  }
  return swapped;
}

function isStream(source: object): source is Readable {
  return Symbol.asyncIterator in source;
}

async function readStream(stream: Readable, signal: AbortSignal | undefined): Promise<Buffer> {
  const onAbort = () => stream.destroy?.(abortError(signal));
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of stream) {
      if (!ArrayBuffer.isView(chunk)) throw new Error('it does not deliver bytes; do not set an encoding');
      chunks.push(asBuffer(chunk, 'The stream'));
      size += chunk.byteLength;
      if (size > MOST_BYTES) throw new Error(`it does not end within ${MOST_BYTES} bytes`);
    }
    return Buffer.concat(chunks, size);
  } catch (error) {
    throwIfAborted(signal);
    throw new CaffeError('ERR_CAFFE_IMAGE', `The stream of an image cannot be read: ${messageOf(error)}.`, { cause: error });
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}
