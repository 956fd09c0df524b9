/** Where an image may come from, and the way from there to bytes that can be decoded, or to the pixels that are there already. */
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { types } from 'node:util';
import { abortable, throwIfAborted } from './abort';
import { CaffeError, describe, messageOf } from './errors';
import { readRegularFile } from './files';
import { checkedFrame, isRawFrame, type RawFrame } from './frame';
import { reading } from './given';
import { type NativeFrame, native } from './native';

export type { RawFrame } from './frame';

/** A path, a file: URL, the bytes of an image file, a stream of them, or pixels. */
export type ImageSource = string | URL | Uint8Array | Readable | RawFrame;

/** An image in memory, not decoded yet. */
export interface OpenedImage {
  /** For messages: 'cat.jpg' in quotes, or what kind of source it was. */
  name: string;
  /** The path, where there is one. */
  file?: string;
  /** An image file, or with `raw` 8-bit pixels, RGB or grey. */
  bytes: Uint8Array;
  raw?: { width: number; height: number; channels: 1 | 3 };
}

/** More than any photograph; a stream that never ends stops here. */
const MOST_BYTES = 2 ** 29;

/**
 * Reads the source into memory. A frame is copied before the call returns.
 *
 * @throws {CaffeError} ERR_CAFFE_IMAGE for a file or stream that cannot be read; ERR_CAFFE_INPUT for something that is no source of an image; ERR_CAFFE_ABORTED.
 */
export async function openImage(source: ImageSource, signal?: AbortSignal): Promise<OpenedImage> {
  throwIfAborted(signal);
  const given = sortSource(source);
  switch (given.kind) {
    case 'file':
      return openFile(given.file);
    case 'bytes':
      return { name: 'The image', bytes: given.bytes };
    case 'frame':
      return openFrame(given.frame);
    case 'stream':
      return { name: 'The image of the stream', bytes: await readStream(given.stream, signal) };
  }
}

/** A source by its kind, looked into once. */
export type SortedSource =
  | { kind: 'file'; file: string }
  | { kind: 'bytes'; bytes: Buffer }
  | { kind: 'frame'; frame: NativeFrame }
  | { kind: 'stream'; stream: Readable };

/** @throws {CaffeError} ERR_CAFFE_INPUT for something that is no source of an image. */
export function sortSource(source: ImageSource): SortedSource {
  return reading('The image', () => sorted(source));
}

function sorted(source: ImageSource): SortedSource {
  if (typeof source === 'string') return { kind: 'file', file: localPath(source) };
  if (typeof source !== 'object' || source === null) throw noSource(source);
  if (isUrl(source)) return { kind: 'file', file: pathOf(source) };
  // A copy: the decoder reads it on another thread, and the caller may transfer or shrink the memory meanwhile.
  if (ArrayBuffer.isView(source)) return { kind: 'bytes', bytes: Buffer.from(asBuffer(source, 'The image')) };
  if (isRawFrame(source)) return { kind: 'frame', frame: checkedFrame(source) };
  if (isStream(source)) return { kind: 'stream', stream: source };
  throw noSource(source);
}

function noSource(value: unknown): CaffeError {
  return new CaffeError('ERR_CAFFE_INPUT', `An image cannot be read from ${describe(value)}.`, {
    hint: 'Give a path, a file: URL, the bytes of an image file (Uint8Array), a readable stream, or { data, width, height, channels }.',
  });
}

async function openFile(file: string): Promise<OpenedImage> {
  try {
    // By bytes and not by name: the decoder keeps what it has read by name, and gives special meaning to brackets in it.
    return { name: `'${file}'`, file, bytes: await readRegularFile(file) };
  } catch (error) {
    throw cannotOpen(file, error);
  }
}

async function openFrame(frame: NativeFrame): Promise<OpenedImage> {
  const { pixels, width, height, channels } = await native.framePixels(frame);
  return { name: 'The frame', bytes: pixels, raw: { width, height, channels: channels as 1 | 3 } };
}

function cannotOpen(file: string, error: unknown): CaffeError {
  const missing = typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT';
  return new CaffeError('ERR_CAFFE_IMAGE', `The image '${file}' cannot be read: ${missing ? 'there is no such file' : messageOf(error)}.`, {
    file,
    hint: missing ? `Paths are relative to the working directory, '${process.cwd()}'.` : undefined,
    cause: error,
  });
}

function localPath(file: string): string {
  if (/^(https?|ftp|data):/.test(file)) throw notLocal(file);
  return file;
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
  if (types.isUint8Array(view) || types.isUint8ClampedArray(view)) return Buffer.from(view.buffer, view.byteOffset, view.byteLength);
  throw new CaffeError('ERR_CAFFE_INPUT', `${what} must be given as bytes (Uint8Array); ${describe(view)} was given.`);
}

function isStream(source: object): source is Readable {
  return Symbol.asyncIterator in source;
}

async function readStream(stream: Readable, signal: AbortSignal | undefined): Promise<Buffer> {
  try {
    const chunks: Buffer[] = [];
    let size = 0;
    const iterator = stream[Symbol.asyncIterator]();
    for (;;) {
      const { value: chunk, done } = await abortable(iterator.next(), signal);
      if (done) return Buffer.concat(chunks, size);
      if (!ArrayBuffer.isView(chunk)) throw new Error('it does not deliver bytes; do not set an encoding');
      // A copy: who delivers a chunk may use its memory again.
      chunks.push(Buffer.from(asBuffer(chunk, 'The stream')));
      size += chunk.byteLength;
      if (size > MOST_BYTES) throw new Error(`it does not end within ${MOST_BYTES} bytes`);
    }
  } catch (error) {
    leave(stream, error);
    throwIfAborted(signal);
    throw new CaffeError('ERR_CAFFE_IMAGE', `The stream of an image cannot be read: ${messageOf(error)}.`, { cause: error });
  }
}

/** Frees what a stream holds; a generator or a stream of the web has no `destroy`, and its end is not waited for. */
function leave(stream: Readable, reason: unknown): void {
  try {
    if (typeof stream.destroy !== 'function') return;
    // Who destroys with an error hears of it as an event, too.
    stream.on?.('error', () => {});
    stream.destroy(reason instanceof Error ? reason : undefined);
  } catch {
    // What went wrong before is what is reported.
  }
}
