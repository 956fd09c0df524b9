/** Text files that a caller names. */
import { CaffeError, messageOf } from '../errors';
import { readRegularFile } from '../files';

/** @throws {CaffeError} ERR_CAFFE_FILE when it cannot be read. */
export async function readText(file: string): Promise<string> {
  try {
    return (await readRegularFile(file)).toString('utf8');
  } catch (error) {
    throw new CaffeError('ERR_CAFFE_FILE', `'${file}' cannot be read: ${messageOf(error)}.`, { file, cause: error });
  }
}

/** Says of an error in a text which file the text is from. */
export async function inFile<Result>(file: string, work: Result | Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof CaffeError)) throw error;
    const { code, message, line, column, layer, blob, hint } = error;
    throw new CaffeError(code, `'${file}': ${message}`, { file, line, column, layer, blob, hint, cause: error });
  }
}
