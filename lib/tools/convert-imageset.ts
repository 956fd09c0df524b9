/** `convert_imageset`: listed images, stored in a database. */
import path from 'node:path';
import { throwIfAborted } from '../abort';
import type { SkippedFile } from '../dataset/dataset';
import { mapInOrder } from '../dataset/in-order';
import { randomFrom, shuffled } from '../dataset/random';
import { CaffeError, describe } from '../errors';
import { writeWhole } from '../files';
import { readArray, requirePath } from '../given';
import { type NativeDatabaseWriter, type NativeRecord, native } from '../native';
import { type ImagesetSettings, imageRecord } from './imageset-image';
import { type ListedFile, readImageList } from './imageset-list';
import { checkedCount, optionsFrom, report, type ToolProgress } from './options';
import { requireAbsent, requireLmdb } from './output';

export type { ListedFile } from './imageset-list';

export interface ConvertImagesetOptions {
  /** Folder that the paths of the list are relative to. Default: the working directory. */
  root?: string;
  /** A text file with `path label` on each line, or the same as an array. */
  list: string | readonly ListedFile[];
  /** The LMDB to write; it must not exist. */
  output: string;
  /** Stores grey images. Default false: colour, of grey files as well. */
  grey?: boolean;
  /** Stores the images in random order. Default false. */
  shuffle?: boolean;
  /** Of the random order; the same seed gives the same order. A whole number, 0 to 2³¹ − 1. Default 0. */
  seed?: number;
  /** [height, width] to resize to, whatever the proportions. Default: images keep their sizes. */
  resize?: readonly [number, number];
  /** Refuses images of different sizes. Default false. */
  checkSize?: boolean;
  /** Stores image files in place of pixels. A JPEG or PNG that needs no change is stored as it is. Default: whether `encodeType` is given. */
  encoded?: boolean;
  /** What to encode as. Default: what each file's extension says, PNG where that is neither JPEG nor PNG. */
  encodeType?: 'png' | 'jpg';
  /** Only 'lmdb' (default). */
  backend?: string;
  /** Ends the work with an AbortError; nothing is left behind. */
  signal?: AbortSignal;
  /** Called after each image, and awaited. */
  onProgress?: (progress: ToolProgress & { file: string }) => unknown;
}

const OPTIONS: Record<keyof ConvertImagesetOptions, true> = {
  root: true,
  list: true,
  output: true,
  grey: true,
  shuffle: true,
  seed: true,
  resize: true,
  checkSize: true,
  encoded: true,
  encodeType: true,
  backend: true,
  signal: true,
  onProgress: true,
};

export interface ConvertedImageset {
  /** The database, absolute. */
  path: string;
  /** Images in it. */
  count: number;
  /** Files that could not be read, and why. */
  skipped: SkippedFile[];
}

/** Images decoded at a time. Each takes one of libuv's threads, of which there are four as a rule: one stays free. */
const AT_ONCE = 3;

/** Bytes in one transaction of the database; one image more at most. */
const BATCH_BYTES = 2 ** 24;

/**
 * Makes an LMDB of listed images, with keys of eight digits and the path as the tool gives them. Images are decoded and resized as
 * `createDataset` does it: turned upright, transparency on white. The database appears when it is complete; whatever goes wrong,
 * nothing is left behind.
 *
 * @throws {CaffeError} ERR_CAFFE_FILE for a list that cannot be read, or an output that cannot be written; ERR_CAFFE_DATASET for a
 *   list with a line that is no path with a label, an output that exists, images of different sizes with `checkSize`, or no image
 *   that can be read; ERR_CAFFE_UNSUPPORTED for another backend; ERR_CAFFE_INPUT for an option out of range; ERR_CAFFE_CALLBACK
 *   when `onProgress` throws; ERR_CAFFE_ABORTED.
 */
export async function convertImageset(options: ConvertImagesetOptions): Promise<ConvertedImageset> {
  const given = optionsFrom(options, OPTIONS);
  const settings = settingsFrom(given);
  const output = path.resolve(requirePath(given.output, 'The output'));
  const listed = await readImageList(given.list);
  await requireAbsent(output);
  const images = given.shuffle ? shuffled(listed, randomFrom(given.seed ?? 0)) : listed;
  let written = { count: 0, skipped: [] as SkippedFile[] };
  await writeWhole(output, async (temporary) => {
    written = await store(images, temporary, settings, given);
  });
  return { path: output, ...written };
}

function settingsFrom(options: ConvertImagesetOptions): ImagesetSettings {
  const { root = '', resize, encodeType, grey = false, encoded = false, seed = 0, backend = 'lmdb', signal } = options;
  if (root !== '') requirePath(root, "'root'");
  requireLmdb(backend);
  checkedCount(seed, 'The seed', 0);
  if (encodeType !== undefined && encodeType !== 'png' && encodeType !== 'jpg') {
    throw new CaffeError('ERR_CAFFE_INPUT', `encodeType must be 'png' or 'jpg'; ${describe(encodeType)} was given.`, {
      hint: 'Caffe decodes these two.',
    });
  }
  return { channels: grey ? 1 : 3, size: sizeFrom(resize), encoded: encoded || encodeType !== undefined, encodeType, signal };
}

function sizeFrom(resize: readonly [number, number] | undefined): ImagesetSettings['size'] {
  if (resize === undefined) return undefined;
  const [height = 0, width = 0, ...others] = readArray<number>(resize, "'resize'");
  if (others.length > 0) throw new CaffeError('ERR_CAFFE_INPUT', "'resize' must be [height, width].");
  return { height: checkedCount(height, 'The height to resize to'), width: checkedCount(width, 'The width to resize to') };
}

async function store(
  images: readonly ListedFile[],
  database: string,
  settings: ImagesetSettings,
  { root = '', checkSize = false, signal, onProgress }: ConvertImagesetOptions,
): Promise<{ count: number; skipped: SkippedFile[] }> {
  const writer = new RecordWriter(await native.createDatabase(database));
  const skipped: SkippedFile[] = [];
  const requireSameSize = checkSize ? sizeCheck() : () => {};
  const work = async ({ file, label }: ListedFile, index: number) => {
    const key = `${String(index).padStart(8, '0')}_${file}`;
    return { file, made: await imageRecord(path.join(root, file), { key, label }, settings) };
  };
  try {
    let done = 0;
    for await (const { file, made } of mapInOrder(images.entries(), AT_ONCE, ([index, image]) => work(image, index))) {
      if ('reason' in made) skipped.push(made);
      else {
        requireSameSize(made, file);
        await writer.add(made);
      }
      throwIfAborted(signal);
      await report(onProgress, { done: ++done, total: images.length, file });
    }
    if (skipped.length === images.length) throw nothingReadable(skipped);
    await writer.flush();
  } finally {
    await writer.close();
  }
  return { count: images.length - skipped.length, skipped };
}

/** Hands records to the database in batches of bounded size. */
class RecordWriter {
  private batch: NativeRecord[] = [];
  private bytes = 0;

  constructor(private readonly database: NativeDatabaseWriter) {}

  async add(record: NativeRecord): Promise<void> {
    this.batch.push(record);
    this.bytes += (record.encoded ?? record.pixels)?.length ?? 0;
    if (this.bytes >= BATCH_BYTES) await this.flush();
  }

  async flush(): Promise<void> {
    const records = this.batch;
    this.batch = [];
    this.bytes = 0;
    if (records.length > 0) await this.database.putRecords(records);
  }

  close(): Promise<void> {
    return this.database.close();
  }
}

function sizeCheck(): (image: NativeRecord, file: string) => void {
  let first: (NativeRecord & { file: string }) | undefined;
  const text = ({ width, height }: NativeRecord) => `${width}×${height}`;
  return (image, file) => {
    first ??= { ...image, file };
    if (image.height === first.height && image.width === first.width) return;
    throw new CaffeError('ERR_CAFFE_DATASET', `'${file}' is ${text(image)} pixels; '${first.file}' is ${text(first)}.`, {
      file,
      hint: "Set 'resize', or leave 'checkSize' out.",
    });
  };
}

function nothingReadable(skipped: readonly SkippedFile[]): CaffeError {
  const [first] = skipped;
  if (!first) return new CaffeError('ERR_CAFFE_DATASET', 'The list names no images.');
  return new CaffeError('ERR_CAFFE_DATASET', `None of the ${skipped.length} listed images can be read. ${first.reason}`, {
    file: first.file,
    hint: "Paths of the list are relative to 'root'.",
  });
}
