/** The files of a model folder and of an archive (DESIGN, section 4), by the names DIGITS gives them. */
import { access } from 'node:fs/promises';
import path from 'node:path';
import { CaffeError, messageOf } from './errors';
import { readRegularFile } from './files';

export const MODEL_FILES = {
  original: 'original.prototxt',
  trainVal: 'train_val.prototxt',
  deploy: 'deploy.prototxt',
  solver: 'solver.prototxt',
  labels: 'labels.txt',
  mean: 'mean.binaryproto',
  info: 'info.json',
} as const;

/** One event of the training per line; in model folders only. */
export const HISTORY_FILE = 'history.jsonl';

/** Caffe adds `_iter_N` and the extensions. */
export const SNAPSHOT_PREFIX = 'snapshot';

export function snapshotFile(iteration: number): string {
  return `${SNAPSHOT_PREFIX}_iter_${iteration}.caffemodel`;
}

/** The iteration in the name of a snapshot; undefined where the name holds none. */
export function iterationOf(file: string): number | undefined {
  const match = /_iter_(\d+)\.caffemodel(\.h5)?$/.exec(file);
  return match ? Number(match[1]) : undefined;
}

/**
 * The text of a model's file.
 *
 * @param source what to call the model in errors.
 * @throws {CaffeError} ERR_CAFFE_MODEL when it cannot be read.
 */
export async function readPart(source: string, folder: string, file: string): Promise<string> {
  try {
    return (await readRegularFile(path.join(folder, file))).toString('utf8');
  } catch (error) {
    throw new CaffeError('ERR_CAFFE_MODEL', `The '${file}' of the model '${source}' cannot be read: ${messageOf(error)}.`, {
      file: source,
      hint: 'A model is the folder that train wrote, or an archive of deploy or DIGITS, whole.',
      cause: error,
    });
  }
}

/** Whether there is a file or a folder of this name. */
export async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
