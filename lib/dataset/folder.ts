/** The folder of photographs: one subfolder for each class, by DIGITS's rules. */
import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { throwIfAborted } from '../abort';
import { CaffeError, messageOf } from '../errors';
import type { SkippedFile } from './dataset';

export interface ClassFolder {
  /** The subfolder's name with blanks in place of underscores. */
  label: string;
  folder: string;
  /** Sorted, absolute. */
  files: string[];
}

export interface SourceFolder {
  /** Absolute, all symbolic links resolved. */
  path: string;
  /** Sorted by the names of the subfolders. */
  classes: ClassFolder[];
  /** Entries with an image's name that are no files. */
  skipped: SkippedFile[];
}

/** DIGITS's, and what else can be decoded. */
const IMAGE_FILE = /\.(png|jpe?g|bmp|ppm|pgm|webp|gif|tiff?|avif)$/i;

const LAYOUT_HINT = 'A dataset is made from a folder with one subfolder of images for each class, e.g. photos/cat and photos/dog.';

/**
 * Lists the images of all classes: recursively, following symbolic links, without hidden files.
 *
 * @throws {CaffeError} ERR_CAFFE_DATASET when there is no such folder, it has fewer than two subfolders, one of them holds no
 *   images, or two give the same label.
 */
export async function readSourceFolder(source: string, signal?: AbortSignal): Promise<SourceFolder> {
  const root = await requireFolder(source);
  const names = await subfolders(root);
  if (names.length < 2) throw tooFewClasses(root, names);

  const skipped: SkippedFile[] = [];
  const classes: ClassFolder[] = [];
  for (const name of names) {
    const folder = path.join(root, name);
    const listing: Listing = { files: [], skipped, seen: new Set(), signal };
    await listImages(folder, listing);
    classes.push({ label: labelOf(name), folder, files: listing.files.sort() });
  }
  if (classes.every(({ files }) => files.length === 0)) {
    throw wrong(root, `There are no images in the subfolders of '${root}'.`, 'Files are taken for images by their extension: .jpg, .png …');
  }
  for (const { folder, files } of classes) {
    if (files.length === 0)
      throw wrong(folder, `The class folder '${folder}' holds no images.`, 'Remove the folder, or put images into it.');
  }
  requireDistinctLabels(root, classes);
  return { path: root, classes, skipped };
}

async function requireFolder(source: string): Promise<string> {
  try {
    const root = await realpath(source);
    if ((await stat(root)).isDirectory()) return root;
  } catch (error) {
    throw wrong(source, `The folder '${source}' cannot be read: ${messageOf(error)}.`, LAYOUT_HINT, error);
  }
  throw wrong(source, `'${source}' is a file.`, LAYOUT_HINT);
}

async function subfolders(root: string): Promise<string[]> {
  const names: string[] = [];
  for (const entry of await entriesOf(root)) {
    if ((await kindOf(entry, path.join(root, entry.name))) === 'folder') names.push(entry.name);
  }
  return names.sort();
}

/** What has been found so far below a class's folder. */
interface Listing {
  files: string[];
  skipped: SkippedFile[];
  /** Folders that were listed, links resolved: symbolic links may lead in circles. */
  seen: Set<string>;
  signal?: AbortSignal;
}

async function listImages(folder: string, listing: Listing): Promise<void> {
  const real = await realpath(folder);
  if (listing.seen.has(real)) return;
  listing.seen.add(real);
  for (const entry of await entriesOf(folder)) {
    throwIfAborted(listing.signal);
    const place = path.join(folder, entry.name);
    const kind = await kindOf(entry, place);
    if (kind === 'folder') await listImages(place, listing);
    else if (IMAGE_FILE.test(entry.name)) {
      if (kind === 'file') listing.files.push(place);
      else
        listing.skipped.push({
          file: place,
          reason: kind === 'nothing' ? 'The symbolic link leads nowhere.' : 'It is not a regular file.',
        });
    }
  }
}

async function entriesOf(folder: string): Promise<Dirent[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.filter(({ name }) => !name.startsWith('.'));
  } catch (error) {
    throw wrong(
      folder,
      `The folder '${folder}' cannot be read: ${messageOf(error)}.`,
      'Make it readable, or move it out of the source.',
      error,
    );
  }
}

async function kindOf(entry: Dirent, place: string): Promise<'file' | 'folder' | 'other' | 'nothing'> {
  // Some file systems do not tell the type of an entry; then, as for a link, the place itself is asked.
  const known = entry.isFile() || entry.isDirectory() ? entry : await stat(place).catch(() => undefined);
  if (!known) return 'nothing';
  if (known.isDirectory()) return 'folder';
  return known.isFile() ? 'file' : 'other';
}

/** labels.txt has one line for each: line breaks become blanks as well. */
function labelOf(folderName: string): string {
  return folderName.replace(/[_\r\n]/g, ' ');
}

function requireDistinctLabels(root: string, classes: readonly ClassFolder[]): void {
  const folders = new Map<string, string>();
  for (const { label, folder } of classes) {
    const other = folders.get(label);
    if (other) {
      const both = `'${path.basename(other)}' and '${path.basename(folder)}'`;
      throw wrong(root, `The folders ${both} give the same label, '${label}'.`, 'Rename one of them; an underscore counts as a blank.');
    }
    folders.set(label, folder);
  }
}

function tooFewClasses(root: string, names: string[]): CaffeError {
  const found = names.length === 0 ? 'no subfolders' : `only one subfolder, '${names[0]}'`;
  return wrong(root, `'${root}' has ${found}; at least two classes are needed.`, LAYOUT_HINT);
}

function wrong(file: string, message: string, hint: string, cause?: unknown): CaffeError {
  return new CaffeError('ERR_CAFFE_DATASET', message, { file, hint, cause });
}
