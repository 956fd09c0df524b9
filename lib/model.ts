/** Trained models: a folder that `train` wrote, or an archive of `deploy` or DIGITS. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { discard, unpack } from './archive';
import type { Archive } from './deploy';
import { CaffeError, describe } from './errors';
import { reading, requirePath } from './given';
import { exists, MODEL_FILES, readPart, snapshotFile } from './model-files';
import type { Metrics, ModelInfo } from './model-info';
import { readModelInfo } from './model-reader';
import type { Preprocessing } from './preprocessing';
import { guardReceivers } from './receiver';

export interface Snapshot {
  /** Iterations of the training so far. */
  iteration: number;
  epoch: number;
  /** The .caffemodel file. */
  path: string;
  /** Of the validation at this point; undefined where there was none. */
  accuracy?: number;
  loss?: number;
}

/** What takes a model takes any of these. */
export type ModelLike = Model | Archive | string;

/** A trained model, opened: what it is and where its files lie. Nothing of it is in memory yet. */
export class Model {
  /** What was opened: the folder or the archive. */
  readonly path: string;
  /** Where the files lie: the folder itself, or a temporary one for an archive. */
  readonly folder: string;
  /** The names of the classes, by index. */
  readonly labels: readonly string[];
  /** The path of deploy.prototxt. */
  readonly network: string;
  /** Oldest first. */
  readonly snapshots: readonly Snapshot[];
  /** The snapshot with the highest validation accuracy, then the lowest loss. An archive has only this one. */
  readonly best: Snapshot;
  /** The validation of the best snapshot; undefined where there was none, and in archives. */
  readonly metrics: Metrics | undefined;
  readonly preprocessing: Preprocessing;
  /** @internal What info.json says. */
  readonly info: ModelInfo;

  readonly #isTemporary: boolean;

  static {
    guardReceivers(Model, (value) => #isTemporary in value);
  }

  /** Use `openModel` or `train`. */
  constructor(source: string, folder: string, info: ModelInfo, labels: readonly string[], best: Snapshot) {
    this.#isTemporary = folder !== source;
    this.path = source;
    this.folder = folder;
    this.labels = labels;
    this.network = path.join(folder, MODEL_FILES.deploy);
    this.snapshots = info.snapshots.map((snapshot) => snapshotIn(folder, snapshot.iteration, snapshot));
    this.best = best;
    this.metrics = info.metrics;
    this.preprocessing = info.preprocessing;
    this.info = info;
  }

  /** Removes what was unpacked of an archive; without effect on a model folder. It happens by itself when the process ends. */
  async dispose(): Promise<void> {
    if (this.#isTemporary) await discard(this.folder);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}

/**
 * Opens a model folder or an archive. Archives that DIGITS exported are read as well; what their info.json leaves out (crop, mean,
 * channel order) is taken from the network and from what DIGITS does.
 *
 * @throws {CaffeError} ERR_CAFFE_MODEL when a part is missing or damaged; ERR_CAFFE_ARCHIVE for an archive that is truncated or
 *   refused; ERR_CAFFE_FILE when there is nothing at this path.
 */
export async function openModel(source: string): Promise<Model> {
  const absolute = pathOfModel(source);
  if (await isFolder(absolute)) return openFolder(absolute, absolute);
  const folder = await unpack(absolute);
  try {
    return await openFolder(absolute, folder);
  } catch (error) {
    await discard(folder);
    throw error;
  }
}

/** The model that a caller means; one that is open already stays as it is. */
export async function asModel(model: ModelLike): Promise<Model> {
  return isModel(model) ? model : openModel(pathOfModel(model));
}

/**
 * Where a model lies, absolute.
 *
 * @throws {CaffeError} ERR_CAFFE_INPUT for something that is no model.
 */
export function pathOfModel(model: ModelLike): string {
  const source = typeof model === 'string' ? model : reading('The model', () => model?.path);
  if (typeof source === 'string') return path.resolve(requirePath(source, 'A model'));
  throw new CaffeError('ERR_CAFFE_INPUT', `A model was expected; ${describe(model)} was given.`, {
    hint: 'A model is the path of its folder or archive, or what train, deploy or openModel gave.',
  });
}

/** Not by instanceof: two copies of this package may meet in one process. */
export function isModel(model: ModelLike): model is Model {
  return typeof model === 'object' && model !== null && reading('The model', () => 'preprocessing' in model);
}

/** Whether a caller names a network, which comes with its weights; a model has a network, too, and beside it what goes with it. */
export function isNetwork<Network extends { network: unknown }>(source: ModelLike | Network): source is Network {
  return reading('The model', () => typeof source === 'object' && source !== null && 'network' in source && !('preprocessing' in source));
}

async function openFolder(source: string, folder: string): Promise<Model> {
  const { labels } = MODEL_FILES;
  for (const file of [MODEL_FILES.info, MODEL_FILES.deploy, labels]) await requirePart(source, folder, file);
  const { info, snapshot } = await readModelInfo(source, folder);
  await requirePart(source, folder, snapshot.file);
  if (typeof info.preprocessing.mean === 'string') await requirePart(source, folder, info.preprocessing.mean);
  const names = (await readPart(source, folder, labels)).split(/\r?\n/);
  if (names.at(-1) === '') names.pop();
  const scores = info.snapshots.find(({ iteration }) => iteration === snapshot.iteration);
  const best = { ...snapshotIn(folder, snapshot.iteration, scores), path: path.join(folder, snapshot.file) };
  return new Model(source, folder, info, names, best);
}

function snapshotIn(folder: string, iteration: number, known: Partial<Snapshot> = {}): Snapshot {
  return { epoch: 0, ...known, iteration, path: path.join(folder, snapshotFile(iteration)) };
}

async function requirePart(source: string, folder: string, file: string): Promise<void> {
  if (await exists(path.join(folder, file))) return;
  throw new CaffeError('ERR_CAFFE_MODEL', `The model '${source}' lacks its '${file}'.`, {
    file: source,
    hint: 'A model is the folder that train wrote, or an archive of deploy or DIGITS, whole.',
  });
}

async function isFolder(file: string): Promise<boolean> {
  try {
    return (await stat(file)).isDirectory();
  } catch (error) {
    throw new CaffeError('ERR_CAFFE_FILE', `There is no model at '${file}'.`, {
      file,
      hint: 'Give the model folder that train wrote, or an archive of deploy or DIGITS.',
      cause: error,
    });
  }
}
