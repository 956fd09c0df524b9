import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { throwIfAborted } from '../abort';
import { CaffeError } from '../errors';
import { meanColour } from '../mean-image';
import { native } from '../native';
import { PIXEL_RECORD } from '../pixels';
import { DATASET_FILES, type Dataset, SET_FILES, SET_NAMES, type SetName } from './dataset';
import { type ClassFolder, readSourceFolder, type SourceFolder } from './folder';
import { writeMean } from './mean-files';
import { type DatasetOptions, type DatasetSettings, settingsFrom } from './options';
import { replaceFolder, requireFreeOutput } from './output';
import { type DatasetRecord, recordText, sealOf } from './record';
import { split } from './split';
import { type WrittenSet, writeSet } from './write-set';

/** The sets that were written; an unwanted one is absent. */
type WrittenSets = Partial<Record<SetName, WrittenSet>> & { train: WrittenSet };

/**
 * Makes a dataset from a folder of photographs with one subfolder for each class: all images resized, divided at random into images
 * to train and to validate with, and stored with their mean image where Caffe (and DIGITS) can read them.
 *
 * Subfolders are searched recursively and through symbolic links; hidden files are ignored. Labels are the names of the subfolders,
 * sorted, with blanks in place of underscores. Files that cannot be read are left out and listed in `skipped`. The output appears
 * when it is complete; whatever goes wrong, nothing is left behind.
 *
 * @param source the folder of photographs; it is only read.
 * @returns the dataset, as `openDataset` gives it.
 * @throws {CaffeError} ERR_CAFFE_DATASET when the folder is missing or a file, has fewer than two classes with enough images, or a
 *   class without images that can be read; when the output exists, or lies inside the source. ERR_CAFFE_INPUT for an option out of
 *   range; ERR_CAFFE_FILE when the output cannot be written; ERR_CAFFE_CALLBACK when `onProgress` throws; ERR_CAFFE_ABORTED.
 */
export async function createDataset(source: string, options: DatasetOptions = {}): Promise<Dataset> {
  const settings = settingsFrom(source, options);
  throwIfAborted(settings.signal);
  const folder = await readSourceFolder(source, settings.signal);
  await requireFreeOutput(settings.output, folder.path, settings.overwrite);
  const { kept, dropped } = enoughImages(folder, settings);

  const { seals, ...dataset } = await replaceFolder(settings.output, async (temporary) => {
    await mkdir(temporary);
    const sets = await writeSets(temporary, kept, settings);
    const record = { ...recordOf(folder, kept, sets, settings), dropped, seals: await sealsOf(temporary, sets) };
    await writeFile(path.join(temporary, DATASET_FILES.labels), record.labels.map((label) => `${label}\n`).join(''));
    await writeFile(path.join(temporary, DATASET_FILES.record), recordText(record));
    throwIfAborted(settings.signal);
    return record;
  });
  return { path: settings.output, ...dataset };
}

/** Leaves classes with too few images out, as DIGITS does. */
function enoughImages({ path: root, classes }: SourceFolder, { minimum }: DatasetSettings) {
  const kept = classes.filter(({ files }) => files.length >= minimum);
  const dropped = classes.filter(({ files }) => files.length < minimum).map(({ label, files }) => ({ label, images: files.length }));
  if (kept.length < 2) {
    const found = dropped.map(({ label, images }) => `'${label}' (${images})`).join(', ');
    throw new CaffeError(
      'ERR_CAFFE_DATASET',
      `'${root}' has ${kept.length} classes with at least ${minimum} images; two are needed. Too few: ${found}.`,
      {
        file: root,
        hint: 'Add images to these classes.',
      },
    );
  }
  return { kept, dropped };
}

async function writeSets(folder: string, classes: readonly ClassFolder[], settings: DatasetSettings): Promise<WrittenSets> {
  const labels = classes.map(({ label }) => label);
  const images = split(
    classes.map(({ files }) => files),
    settings.shares,
    settings.seed,
  );
  const train = await writeSet(folder, 'train', images.train, labels, settings);
  await writeMean(folder, train.mean);
  const sets: WrittenSets = { train };
  for (const name of ['validation', 'test'] as const) {
    if (images[name].length > 0) sets[name] = await writeSet(folder, name, images[name], labels, settings);
  }
  return sets;
}

function recordOf(folder: SourceFolder, classes: readonly ClassFolder[], sets: WrittenSets, settings: DatasetSettings) {
  const { size, channels, resizeMode, encoding, seed } = settings;
  const labels = classes.map(({ label }) => label);
  const count = (set: WrittenSet | undefined, label: number) => set?.counts[label] ?? 0;
  const perClass = labels.map((label, index) => ({
    label,
    train: count(sets.train, index),
    validation: count(sets.validation, index),
    test: count(sets.test, index),
  }));
  const total = (name: SetName) => perClass.reduce((sum, counts) => sum + counts[name], 0);
  return {
    source: folder.path,
    labels,
    counts: { train: total('train'), validation: total('validation'), test: total('test') },
    perClass,
    size,
    channels,
    resizeMode,
    ...PIXEL_RECORD,
    encoding,
    mean: meanColour(sets.train.mean),
    seed,
    skipped: [...folder.skipped, ...SET_NAMES.flatMap((name) => sets[name]?.skipped ?? [])],
  };
}

async function sealsOf(folder: string, sets: WrittenSets): Promise<DatasetRecord['seals']> {
  const seals: DatasetRecord['seals'] = {};
  for (const name of SET_NAMES.filter((name) => sets[name])) {
    const database = await native.openDatabase(path.join(folder, SET_FILES[name].database));
    try {
      seals[name] = await sealOf(database);
    } finally {
      await database.close();
    }
  }
  return seals;
}
