/** The files of a model folder and of an archive (DESIGN, section 4), by the names DIGITS gives them. */
import { access } from 'node:fs/promises';

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

/** Whether there is a file or a folder of this name. */
export async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
