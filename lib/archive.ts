/** Archives: flat tar.gz files as DIGITS exports them. What they hold is written by others and trusted with nothing. */
import { rmSync } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { extract, list, type ReadEntry } from 'tar';
import { CaffeError, messageOf } from './errors';

/** A model is about ten files. */
const MOST_ENTRIES = 1000;
/** VGG's weights, the largest that were published for Caffe, are half a gigabyte. */
const MOST_BYTES = 8 * 2 ** 30;
const FILE_TYPES: readonly string[] = ['File', 'OldFile', 'ContiguousFile'];

/**
 * Unpacks an archive into a private temporary folder, which goes with {@link discard} or when the process ends.
 *
 * @returns the folder. Nothing is written of an archive that is refused.
 * @throws {CaffeError} ERR_CAFFE_ARCHIVE for one that is truncated or damaged, or that holds paths out of itself, links, devices,
 *   or more than any model.
 */
export async function unpack(archive: string): Promise<string> {
  await inspectEntries(archive);
  const folder = await mkdtemp(path.join(os.tmpdir(), 'caffe-node-'));
  removeAtExit(folder);
  try {
    await extract({ file: archive, cwd: folder, strict: true, noMtime: true, filter: (entry) => isFlat(entry) });
    return folder;
  } catch (error) {
    await discard(folder);
    throw damaged(archive, error);
  }
}

/** Removes a folder that {@link unpack} made. */
export async function discard(folder: string): Promise<void> {
  temporaryFolders.delete(folder);
  await rm(folder, { recursive: true, force: true });
}

/** Reads the whole archive once, so that a refused or truncated one leaves nothing behind. */
async function inspectEntries(archive: string): Promise<void> {
  let refusal: string | undefined;
  let entries = 0;
  let bytes = 0;
  const inspect = (entry: ReadEntry) => {
    entries += 1;
    bytes += entry.size;
    refusal ??= refusalOf(entry);
    if (entries > MOST_ENTRIES) refusal ??= `it has more than ${MOST_ENTRIES} entries`;
    if (bytes > MOST_BYTES) refusal ??= `it holds more than ${MOST_BYTES / 2 ** 30} GiB`;
  };
  try {
    // A FIFO or a device could keep us waiting for ever.
    if (!(await stat(archive)).isFile()) throw new Error('It is not a regular file.');
    await list({ file: archive, strict: true, onReadEntry: inspect });
  } catch (error) {
    throw damaged(archive, error);
  }
  if (refusal === undefined) return;
  throw new CaffeError('ERR_CAFFE_ARCHIVE', `The archive '${archive}' is refused: ${refusal}.`, {
    file: archive,
    hint: 'Models are archived by deploy, or by DIGITS; do not use this file.',
  });
}

function refusalOf(entry: ReadEntry): string | undefined {
  const parts = entry.path.split(/[/\\]/);
  if (parts.includes('..') || path.posix.isAbsolute(entry.path) || path.win32.isAbsolute(entry.path)) {
    return `its entry '${entry.path}' leads out of the archive`;
  }
  if (entry.type !== 'Directory' && !FILE_TYPES.includes(entry.type)) return `its entry '${entry.path}' is no file but a ${entry.type}`;
  return undefined;
}

/** The files of a model lie at the top. */
function isFlat(entry: string): boolean {
  return !path.posix.normalize(entry).includes('/');
}

function damaged(archive: string, error: unknown): CaffeError {
  return new CaffeError('ERR_CAFFE_ARCHIVE', `The archive '${archive}' cannot be read: ${messageOf(error)}`, {
    file: archive,
    hint: 'It is truncated, damaged, or no tar.gz at all: copy or create it anew.',
    cause: error,
  });
}

const temporaryFolders = new Set<string>();

let isRegistered = false;

function removeAtExit(folder: string): void {
  if (!isRegistered) process.once('exit', removeTemporaryFolders);
  isRegistered = true;
  temporaryFolders.add(folder);
}

function removeTemporaryFolders(): void {
  for (const folder of temporaryFolders) rmSync(folder, { recursive: true, force: true });
}
