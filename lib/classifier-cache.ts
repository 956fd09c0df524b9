/** Opened classifiers, so that classifying one image after the other does not unpack and load the model each time. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { Classifier } from './classifier';
import { isModel, type Model, type ModelLike, pathOfModel } from './model';
import { MODEL_FILES } from './model-files';
import { type EngineOptions, engineRequest } from './net-engine';

/** Models that are given by path and stay open. A network that falls out is freed once nothing uses it any more. */
const MOST_PATHS = 4;

/** By the engine that each runs in. */
const byModel = new WeakMap<Model, Map<string, Promise<Classifier>>>();
/** Least recently used first. */
const byFile = new Map<string, Promise<Classifier>>();

/** The classifier of a model, opened at most once: for an open model as long as it is used, for a path until the file changes. */
export async function classifierOf(model: ModelLike, options: EngineOptions): Promise<Classifier> {
  const engine = JSON.stringify(engineRequest(options));
  if (isModel(model)) {
    const opened = byModel.get(model) ?? new Map<string, Promise<Classifier>>();
    byModel.set(model, opened);
    return remembered(opened, engine, () => Classifier.open(model, options));
  }
  const file = pathOfModel(model);
  const key = `${await identityOf(file)} ${engine}`;
  const opened = remembered(byFile, key, () => Classifier.open(file, options));
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
function remembered(cache: Map<string, Promise<Classifier>>, key: string, open: () => Promise<Classifier>): Promise<Classifier> {
  const known = cache.get(key);
  if (known) return known;
  const opened = open();
  cache.set(key, opened);
  opened.catch(() => cache.delete(key));
  return opened;
}

function touch(key: string, opened: Promise<Classifier>): void {
  byFile.delete(key);
  byFile.set(key, opened);
  for (const oldest of byFile.keys()) {
    if (byFile.size <= MOST_PATHS) return;
    byFile.delete(oldest);
  }
}
