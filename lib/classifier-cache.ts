/** Opened classifiers, so that classifying one image after the other does not unpack and load the model each time. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { Classifier } from './classifier';
import { isModel, type Model, type ModelLike, openModel, pathOfModel } from './model';
import { MODEL_FILES } from './model-files';

/** What classifying takes of a model. */
export interface OpenedClassifier {
  classifier: Classifier;
  labels: readonly string[];
}

/** Models that are given by path and stay open. A network that falls out is freed once nothing uses it any more. */
const MOST_PATHS = 4;

const byModel = new WeakMap<Model, Promise<OpenedClassifier>>();
/** Least recently used first. */
const byFile = new Map<string, Promise<OpenedClassifier>>();

/** The classifier of a model, opened at most once: for an open model as long as it is used, for a path until the file changes. */
export async function classifierOf(model: ModelLike): Promise<OpenedClassifier> {
  if (isModel(model)) return remembered(byModel, model, () => openClassifier(model));
  const file = pathOfModel(model);
  const key = await identityOf(file);
  const opened = remembered(byFile, key, () => openFile(file));
  touch(key, opened);
  return opened;
}

/** Path, time and size: another file under the same name is another model. A missing file is left to openModel to report. */
async function identityOf(file: string): Promise<string> {
  for (const candidate of [path.join(file, MODEL_FILES.info), file]) {
    const stats = await stat(candidate).catch(() => undefined);
    if (stats) return `${candidate}:${stats.mtimeMs}:${stats.size}`;
  }
  return file;
}

/** What fails to open is not remembered. */
function remembered<Key extends object | string>(
  cache: {
    get(key: Key): Promise<OpenedClassifier> | undefined;
    set(key: Key, value: Promise<OpenedClassifier>): unknown;
    delete(key: Key): boolean;
  },
  key: Key,
  open: () => Promise<OpenedClassifier>,
): Promise<OpenedClassifier> {
  const known = cache.get(key);
  if (known) return known;
  const opened = open();
  cache.set(key, opened);
  opened.catch(() => cache.delete(key));
  return opened;
}

function touch(key: string, opened: Promise<OpenedClassifier>): void {
  byFile.delete(key);
  byFile.set(key, opened);
  for (const oldest of byFile.keys()) {
    if (byFile.size <= MOST_PATHS) return;
    byFile.delete(oldest);
  }
}

async function openClassifier(model: Model): Promise<OpenedClassifier> {
  return { classifier: await Classifier.open(model), labels: model.labels };
}

/** Once the network is in memory, what was unpacked for it can go. */
async function openFile(file: string): Promise<OpenedClassifier> {
  const model = await openModel(file);
  try {
    return await openClassifier(model);
  } finally {
    await model.dispose();
  }
}
