/** Text files that a caller names. */
import { readFile } from 'node:fs/promises';
import { CaffeError, messageOf } from '../errors';

/** @throws {CaffeError} ERR_CAFFE_FILE when it cannot be read. */
export async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new CaffeError('ERR_CAFFE_FILE', `'${file}' cannot be read: ${messageOf(error)}.`, { file, cause: error });
  }
}
