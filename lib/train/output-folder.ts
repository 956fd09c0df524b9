/** Where a model may be written. */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { CaffeError, messageOf } from '../errors';
import { MODEL_FILES } from '../model-files';

/** What every model folder has, and hardly anything else: nothing else is ever removed. */
const MARKS = [MODEL_FILES.info, MODEL_FILES.trainVal, MODEL_FILES.deploy];

/**
 * Makes the folder of a model, in the place of a former model if `overwrite` says so.
 *
 * @throws {CaffeError} ERR_CAFFE_FILE when something else is there, or a model and `overwrite` is false, or it cannot be made.
 */
export async function makeModelFolder(folder: string, overwrite: boolean): Promise<void> {
  const files = await filesIn(folder);
  if (files.length > 0) requireReplaceable(folder, files, overwrite);
  try {
    if (files.length > 0) await rm(folder, { recursive: true });
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw unusable(
      `The model folder '${folder}' cannot be made: ${messageOf(error)}`,
      folder,
      'Choose an `output` that you may write to.',
      error,
    );
  }
}

function requireReplaceable(folder: string, files: readonly string[], overwrite: boolean): void {
  if (!MARKS.every((mark) => files.includes(mark))) {
    throw unusable(
      `The folder '${folder}' is in use, and not by a model.`,
      folder,
      'Choose another `output`: only models are ever replaced.',
    );
  }
  if (!overwrite) {
    throw unusable(`There is a model in '${folder}' already.`, folder, 'Choose another `output`, or set `overwrite: true` to replace it.');
  }
}

async function filesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT') return [];
    throw unusable(`'${folder}' cannot be used as a model folder: ${messageOf(error)}`, folder, 'Choose another `output`.', error);
  }
}

function unusable(message: string, file: string, hint: string, cause?: unknown): CaffeError {
  return new CaffeError('ERR_CAFFE_FILE', message, { file, hint, cause });
}
