/** The list of images that convert_imageset and Caffe's ImageData layer read: `path label` on each line. */
import { CaffeError } from '../errors';
import { readArray, readOptions, requirePath } from '../given';
import { readText } from './text-file';

/** An image and its class. */
export interface ListedFile {
  file: string;
  label: number;
}

/**
 * Reads a list, or checks one that is given as an array. The label is what follows the last blank; empty lines do not count.
 *
 * @throws {CaffeError} ERR_CAFFE_FILE for a file that cannot be read; ERR_CAFFE_DATASET for a line that is no path with a label, by
 *   its number; ERR_CAFFE_INPUT for something that is no list.
 */
export async function readImageList(list: string | readonly ListedFile[]): Promise<ListedFile[]> {
  if (typeof list === 'object' && list !== null) return readArray(list, "'list'").map(readEntry);
  const lines = (await readText(requirePath(list, "'list'"))).split(/\r?\n/);
  return lines.flatMap((line, index) => {
    if (line.trim() === '') return [];
    const blank = line.trimEnd().lastIndexOf(' ');
    const entry = { file: line.slice(0, Math.max(0, blank)), label: Number(line.slice(blank + 1)) };
    return [checkedEntry(entry, `'${list}', line ${index + 1}: '${line.slice(0, 80)}'`, { file: list, line: index + 1 })];
  });
}

function readEntry(entry: ListedFile, index: number): ListedFile {
  const what = `Entry ${index} of the list`;
  return checkedEntry(readOptions(entry, ['file', 'label'], what), what);
}

function checkedEntry(entry: ListedFile, what: string, place: { file?: string; line?: number } = {}): ListedFile {
  const { file, label } = entry;
  const isLabel = Number.isInteger(label) && Math.abs(label) < 2 ** 31;
  if (typeof file === 'string' && file !== '' && isLabel) return { file, label };
  throw new CaffeError('ERR_CAFFE_DATASET', `${what} is not a path and a label.`, {
    ...place,
    hint: 'Write the path, a blank, and the number of the class: cat/1.jpg 0',
  });
}
