import { access } from 'node:fs/promises';
import path from 'node:path';
import { CaffeError } from '../errors';
import { requirePath } from '../given';
import { type NativeDatabaseReader, native } from '../native';
import { DATASET_FILES, type Dataset, SET_FILES, SET_NAMES, type SetName } from './dataset';
import { type DatasetRecord, readRecord, sealOf } from './record';

/**
 * Opens a dataset that createDataset wrote. It may have been moved; the photographs are not needed.
 *
 * @throws {CaffeError} ERR_CAFFE_DATASET when the folder is not a dataset, one of its files is missing or damaged, or a database is
 *   another dataset's.
 */
export async function openDataset(folder: string): Promise<Dataset> {
  const root = path.resolve(requirePath(folder, 'A dataset'));
  const record = await readRecord(root);
  await requireFile(root, DATASET_FILES.mean);
  await requireFile(root, DATASET_FILES.labels);
  for (const name of SET_NAMES) {
    if (record.counts[name] > 0) await checkDatabase(root, name, record);
  }
  const { seals, ...dataset } = record;
  return { path: root, ...dataset };
}

async function requireFile(root: string, name: string): Promise<void> {
  try {
    await access(path.join(root, name));
  } catch (error) {
    throw broken(root, `'${name}' is missing`, error);
  }
}

async function checkDatabase(root: string, name: SetName, record: DatasetRecord): Promise<void> {
  const file = SET_FILES[name].database;
  await requireFile(root, file);
  const database = await native.openDatabase(path.join(root, file));
  try {
    await requireOwn(root, name, database, record);
  } finally {
    await database.close();
  }
}

async function requireOwn(root: string, name: SetName, database: NativeDatabaseReader, { counts, seals }: DatasetRecord): Promise<void> {
  const file = SET_FILES[name].database;
  if (database.count !== counts[name]) {
    throw broken(root, `${DATASET_FILES.record} counts ${counts[name]} ${name} images, and '${file}' holds ${database.count}`);
  }
  if ((await sealOf(database)) !== seals[name]) throw broken(root, `the images in '${file}' are those of another dataset`);
}

function broken(root: string, problem: string, cause?: unknown): CaffeError {
  return new CaffeError('ERR_CAFFE_DATASET', `The dataset '${root}' cannot be used: ${problem}.`, {
    file: root,
    hint: 'Copy the whole folder again, or make the dataset again with createDataset.',
    cause,
  });
}
