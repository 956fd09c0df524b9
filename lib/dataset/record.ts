/** dataset.json: what a dataset says of itself, and by what it recognises its databases. */
import { createHash } from 'node:crypto';
import path from 'node:path';
import { CaffeError, messageOf } from '../errors';
import { readRegularFile } from '../files';
import type { NativeDatabaseReader } from '../native';
import { RESIZE_MODES } from '../resize-mode';
import { DATASET_FILES, type Dataset, SET_NAMES, type SetName } from './dataset';

/** Raised when an older version of this package could not read what a newer one wrote. */
const VERSION = 1;
const FORMAT = 'caffe-node dataset';

export interface DatasetRecord extends Omit<Dataset, 'path'> {
  /** For each database, what {@link sealOf} gives. */
  readonly seals: Partial<Record<SetName, string>>;
}

export function recordText(record: DatasetRecord): string {
  return `${JSON.stringify({ format: FORMAT, version: VERSION, ...record }, null, 2)}\n`;
}

/** @throws {CaffeError} ERR_CAFFE_DATASET when there is no dataset.json, or none that this version reads. */
export async function readRecord(folder: string): Promise<DatasetRecord> {
  const file = path.join(folder, DATASET_FILES.record);
  const content = parse(file, await readText(folder, file));
  if (content.format !== FORMAT) throw unusable(file, 'is not the record of a dataset', 'Make the dataset again with createDataset.');
  if (content.version !== VERSION) {
    const problem = `has version ${JSON.stringify(content.version)}; this caffe-node reads version ${VERSION}`;
    throw unusable(file, problem, 'Update caffe-node, or make the dataset again with createDataset.');
  }
  if (!isComplete(content)) throw unusable(file, 'is incomplete or was changed', 'Make the dataset again with createDataset.');
  const { format, version, ...record } = content;
  return record;
}

/** A fingerprint of a database: its number of images, and the first and the last of them. */
export async function sealOf(database: NativeDatabaseReader): Promise<string> {
  const hash = createHash('sha256').update(`${database.count}`);
  for (const index of new Set([0, database.count - 1])) {
    for (const { key, data } of await database.read(index, 1)) hash.update(key).update(data);
  }
  return hash.digest('hex');
}

async function readText(folder: string, file: string): Promise<string> {
  try {
    return (await readRegularFile(file)).toString('utf8');
  } catch (error) {
    const hint = 'Give the folder that createDataset wrote; a folder of photographs becomes a dataset by createDataset(folder).';
    throw new CaffeError(
      'ERR_CAFFE_DATASET',
      `'${folder}' is not a dataset: its ${DATASET_FILES.record} cannot be read (${messageOf(error)}).`,
      {
        file,
        hint,
        cause: error,
      },
    );
  }
}

function parse(file: string, text: string): Record<string, unknown> {
  try {
    const content: unknown = JSON.parse(text);
    if (typeof content === 'object' && content !== null) return content as Record<string, unknown>;
  } catch {
    // The message of JSON.parse would add nothing that helps.
  }
  throw unusable(file, 'is not JSON', 'Make the dataset again with createDataset.');
}

function isComplete(content: object): content is DatasetRecord & { format: string; version: number } {
  const record = content as Partial<DatasetRecord>;
  const { labels, perClass, size, mean, channels } = record;
  return (
    isArrayOf(labels, isText) &&
    isArrayOf(perClass, (entry) => isText(entry?.label) && hasCounts(entry)) &&
    perClass.length === labels.length &&
    isArrayOf(size, (side) => Number.isInteger(side) && side >= 1) &&
    size.length === 2 &&
    (channels === 1 || channels === 3) &&
    isArrayOf(mean, Number.isFinite) &&
    mean.length === channels &&
    isArrayOf(record.skipped, (entry) => isText(entry?.file)) &&
    isArrayOf(record.dropped, (entry) => isText(entry?.label)) &&
    hasCounts(record.counts) &&
    typeof record.seals === 'object' &&
    record.seals !== null &&
    RESIZE_MODES.some((mode) => mode === record.resizeMode)
  );
}

function isArrayOf<Item>(value: readonly Item[] | undefined, holds: (item: Item) => boolean): value is readonly Item[] {
  return Array.isArray(value) && value.every(holds);
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

function hasCounts(counts: Partial<Record<SetName, number>> | undefined): boolean {
  return SET_NAMES.every((name) => Number.isInteger(counts?.[name]) && Number(counts?.[name]) >= 0);
}

function unusable(file: string, problem: string, hint: string): CaffeError {
  return new CaffeError('ERR_CAFFE_DATASET', `'${file}' ${problem}.`, { file, hint });
}
