import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { throwIfAborted } from '../abort';
import { CaffeError } from '../errors';
import { callingBack } from '../given';
import { type NativeDatabaseWriter, type NativeDatasetItem, native, type Tensor } from '../native';
import { keyOf, SET_FILES, type SetName, type SkippedFile } from './dataset';
import { mapInOrder } from './in-order';
import type { DatasetSettings } from './options';
import type { ListedImage } from './split';
import { type StoredImage, storedImage } from './stored-image';

export interface WrittenSet {
  /** Images by label. */
  counts: number[];
  skipped: SkippedFile[];
  /** Of all images; shape [1, channels, height, width], in Caffe's channel order, 0 to 255. */
  mean: Tensor;
}

/** Images decoded and encoded at a time. Each takes one of libuv's threads, of which there are four as a rule: one stays free. */
const AT_ONCE = 3;

/** Images in one transaction of the database. */
const BATCH_SIZE = 16;

/**
 * Writes the database and the list of one set into `folder`, in the order of `images`; those that cannot be read are left out.
 *
 * @param labels names of the classes, for messages.
 * @throws {CaffeError} ERR_CAFFE_DATASET when a class has no readable image in this set; ERR_CAFFE_ABORTED.
 */
export async function writeSet(
  folder: string,
  name: SetName,
  images: readonly ListedImage[],
  labels: readonly string[],
  settings: DatasetSettings,
): Promise<WrittenSet> {
  const { database, list } = SET_FILES[name];
  const writer = new SetWriter(await native.createDatabase(path.join(folder, database)));
  const skipped: SkippedFile[] = [];
  try {
    let done = 0;
    const work = async (image: ListedImage) => ({ image, stored: await storedImage(image, settings) });
    for await (const { image, stored } of mapInOrder(images, AT_ONCE, work)) {
      if ('reason' in stored) skipped.push(stored);
      else await writer.add(image, stored);
      throwIfAborted(settings.signal);
      const progress = { stage: name, done: ++done, total: images.length, file: image.file };
      await callingBack("'onProgress'", () => settings.onProgress(progress));
    }
    await writer.flush();
    const counts = countByLabel(writer.written, labels.length);
    requireEveryClass(name, counts, labels, images, skipped);
    await writeFile(path.join(folder, list), listText(writer.written));
    return { counts, skipped, mean: await writer.mean() };
  } finally {
    await writer.close();
  }
}

/** Numbers the images and hands them to the database in batches. */
class SetWriter {
  readonly written: ListedImage[] = [];
  private batch: NativeDatasetItem[] = [];

  constructor(private readonly database: NativeDatabaseWriter) {}

  async add(image: ListedImage, stored: StoredImage): Promise<void> {
    this.batch.push({ key: keyOf(this.written.length, image.label), ...stored });
    this.written.push(image);
    if (this.batch.length === BATCH_SIZE) await this.flush();
  }

  async flush(): Promise<void> {
    const items = this.batch;
    this.batch = [];
    if (items.length > 0) await this.database.put(items);
  }

  mean(): Promise<Tensor> {
    return this.database.mean();
  }

  close(): Promise<void> {
    return this.database.close();
  }
}

function countByLabel(images: readonly ListedImage[], labels: number): number[] {
  const counts = new Array<number>(labels).fill(0);
  for (const { label } of images) counts[label] = (counts[label] ?? 0) + 1;
  return counts;
}

function requireEveryClass(
  name: SetName,
  counts: readonly number[],
  labels: readonly string[],
  images: readonly ListedImage[],
  skipped: readonly SkippedFile[],
): void {
  const empty = counts.indexOf(0);
  if (empty === -1) return;
  const own = new Set(images.filter(({ label }) => label === empty).map(({ file }) => file));
  const { file, reason } = skipped.find((image) => own.has(image.file)) ?? {};
  throw new CaffeError('ERR_CAFFE_DATASET', `No ${name} image of class '${labels[empty]}' can be read. ${reason ?? ''}`.trim(), {
    file,
    hint: 'Replace the unreadable files, or add images to this class.',
  });
}

/** `path label` per line, as DIGITS and Caffe's ImageData layer write and read it; a line break in a path becomes `\n`. */
function listText(images: readonly ListedImage[]): string {
  return images.map(({ file, label }) => `${file.replace(/\r/g, '\\r').replace(/\n/g, '\\n')} ${label}\n`).join('');
}
