/** Texts in and out: files, or the standard streams where a command is given `-` or no output. */
import { text } from 'node:stream/consumers';
import { writeFileWhole } from '../files';
import { readText } from '../tools/text-file';

/** @throws {CaffeError} ERR_CAFFE_FILE for a file that cannot be read. */
export async function readInput(file: string): Promise<string> {
  return file === '-' ? text(process.stdin) : readText(file);
}

/**
 * @returns whether there is a file to write, and it was written; otherwise the text is for standard output.
 * @throws {CaffeError} ERR_CAFFE_FILE for a file that cannot be written.
 */
export async function writeOutput(file: string | undefined, contents: string): Promise<boolean> {
  if (file === undefined || file === '-') return false;
  await writeFileWhole(file, contents);
  return true;
}
