/** Where a dataset may be written, and how it takes the place of a former one. */
import { readdir, realpath, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { CaffeError, messageOf } from '../errors';
import { temporaryName, writeWhole } from '../files';
import { DATASET_FILES } from './dataset';

/**
 * @param source absolute, all symbolic links resolved.
 * @throws {CaffeError} ERR_CAFFE_DATASET when the output overlaps with the source, or something is there that may not be replaced.
 */
export async function requireFreeOutput(output: string, source: string, overwrite: boolean): Promise<void> {
  const place = await resolved(output);
  if (contains(source, place)) throw wrong(output, `lies inside the source, '${source}'`, 'Choose an output outside of it.');
  if (contains(place, source)) throw wrong(output, 'contains the source, which would be replaced', 'Choose another output.');
  const entries = await entriesOf(output);
  if (entries.length === 0) return;
  if (!entries.includes(DATASET_FILES.record)) throw wrong(output, 'exists and is not a dataset', 'Choose another output, or remove it.');
  if (!overwrite) throw wrong(output, 'exists already', 'Choose another output, or set overwrite: true.');
}

/**
 * Lets `write` fill a temporary folder, then puts it in the place of `output`. When anything fails, what was there is there again.
 *
 * @returns what `write` returned.
 * @throws {CaffeError} ERR_CAFFE_FILE when the place cannot be written; whatever `write` throws.
 */
export async function replaceFolder<Result>(output: string, write: (folder: string) => Promise<Result>): Promise<Result> {
  const former = temporaryName(output);
  let moved = false;
  let result: Result | undefined;
  try {
    await writeWhole(output, async (folder) => {
      result = await write(folder);
      moved = await moveAway(output, former);
    });
  } catch (error) {
    if (moved) await rename(former, output);
    throw error;
  }
  if (moved) await rm(former, { recursive: true, force: true });
  return result as Result;
}

async function moveAway(folder: string, to: string): Promise<boolean> {
  return rename(folder, to).then(
    () => true,
    (error) => {
      if (error.code === 'ENOENT') return false;
      throw error;
    },
  );
}

async function entriesOf(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    if (code === 'ENOTDIR') throw wrong(folder, 'is a file, or lies below one', 'Choose another output.');
    throw wrong(folder, `cannot be read: ${messageOf(error)}`, 'Choose another output.');
  }
}

/** The path with the links of its existing part resolved. */
async function resolved(place: string): Promise<string> {
  try {
    return await realpath(place);
  } catch {
    const parent = path.dirname(place);
    return parent === place ? place : path.join(await resolved(parent), path.basename(place));
  }
}

function contains(folder: string, place: string): boolean {
  const relative = path.relative(folder, place);
  return relative === '' || !(relative === '..' || relative.startsWith(`..${path.sep}`) || path.isAbsolute(relative));
}

function wrong(output: string, problem: string, hint: string): CaffeError {
  return new CaffeError('ERR_CAFFE_DATASET', `The output '${output}' ${problem}.`, { file: output, hint });
}
