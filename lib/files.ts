/** Files are written under a temporary name and renamed when complete: whoever is interrupted leaves the former file, never half of one. */
import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { mkdir, open, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { CaffeError, messageOf } from './errors';

/** A name beside `target` on the same file system, hidden, and never used twice. */
export function temporaryName(target: string): string {
  return path.join(path.dirname(target), `.${path.basename(target)}.${randomUUID()}.tmp`);
}

/**
 * Lets `write` make a file or a folder under a temporary name, then renames it to `target`. On any error the temporary one is removed.
 *
 * @throws {CaffeError} ERR_CAFFE_FILE when the place cannot be written.
 */
export async function writeWhole(target: string, write: (temporary: string) => Promise<void>): Promise<void> {
  const temporary = temporaryName(target);
  await requireReplaceable(target);
  await writing(target, async () => {
    try {
      await makeFolder(path.dirname(target));
      await write(temporary);
      await rename(temporary, target);
    } catch (error) {
      // What went wrong matters, not whether its remains could be removed.
      await rm(temporary, { recursive: true, force: true }).catch(() => {});
      throw error;
    }
  });
}

/**
 * Makes a folder and those above it. Not by mkdir's `recursive`, which never returns where nothing can be made, as below /proc.
 *
 * @throws what the system says.
 */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const parent = path.dirname(folder);
    if (code === 'ENOENT' && parent !== folder && !(await isFolder(parent))) {
      await makeFolder(parent);
      await mkdir(folder).catch((late) => requireFolder(folder, late)); // another process may have been faster
    } else {
      await requireFolder(folder, error);
    }
  }
}

async function isFolder(folder: string): Promise<boolean> {
  return stat(folder).then(
    (there) => there.isDirectory(),
    () => false,
  );
}

async function requireFolder(folder: string, failure: unknown): Promise<void> {
  if (!(await isFolder(folder))) throw failure;
}

/**
 * Runs a step of writing `target`.
 *
 * @throws {CaffeError} ERR_CAFFE_FILE for what the system refuses; anything else as it is.
 */
export async function writing<Result>(target: string, write: () => Promise<Result>): Promise<Result> {
  try {
    return await write();
  } catch (error) {
    throw isSystemError(error) ? cannotWrite(target, error) : error;
  }
}

/** Renaming would put a file in the place of a device: of /dev/null itself, for whoever may write there. */
export async function requireReplaceable(target: string): Promise<void> {
  const there = await stat(target).catch(() => undefined);
  if (!there || there.isFile() || there.isDirectory()) return;
  throw new CaffeError('ERR_CAFFE_FILE', `'${target}' cannot be written: it is a device, a FIFO or a socket.`, {
    file: target,
    hint: 'Give the path of a file; it is written under a temporary name beside it, then renamed.',
  });
}

/**
 * Reads a file whole. A FIFO or a device, which could keep us waiting for ever, is refused as a folder is.
 *
 * @throws what the system says; the caller knows what the file was to be.
 */
export async function readRegularFile(file: string): Promise<Buffer> {
  // Without O_NONBLOCK, opening a FIFO waits for who writes to it. Windows has neither.
  const handle = await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    if (!(await handle.stat()).isFile()) throw new Error('it is not a regular file');
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

/** Writes a small file whole. */
export function writeFileWhole(target: string, contents: string | Uint8Array): Promise<void> {
  return writeWhole(target, (temporary) => writeFile(temporary, contents));
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return typeof error === 'object' && error !== null && 'syscall' in error && 'code' in error;
}

const HINTS: Record<string, string> = {
  EACCES: 'Choose a folder that you may write to.',
  EPERM: 'Choose a folder that you may write to.',
  EROFS: 'The file system is read-only: choose another folder.',
  ENOSPC: 'The disk is full: free some space or choose another disk.',
  EDQUOT: 'Your share of the disk is full: free some space or choose another disk.',
  EFBIG: 'Files may not grow that large here: raise the limit (ulimit -f) or choose another disk.',
  ENOTDIR: 'A part of the path is a file: choose another path.',
  EEXIST: 'It exists already: choose another path, or remove it.',
  ENOTEMPTY: 'It exists already: choose another path, or remove it.',
};

function cannotWrite(target: string, error: NodeJS.ErrnoException): CaffeError {
  return new CaffeError('ERR_CAFFE_FILE', `'${target}' cannot be written: ${messageOf(error)}`, {
    file: target,
    hint: HINTS[error.code ?? ''],
    cause: error,
  });
}
