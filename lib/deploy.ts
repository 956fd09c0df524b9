/** Deployment: a model packed into one file, as DIGITS exports it. */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { create } from 'tar';
import { CaffeError, describe, messageOf } from './errors';
import { writeWhole } from './files';
import { readOptions, requirePath } from './given';
import { asModel, type Model, type ModelLike, type Snapshot } from './model';
import { exists, MODEL_FILES, snapshotFile } from './model-files';
import { archiveInfo } from './model-info';

/** A packed model. */
export interface Archive {
  /** Absolute path. */
  path: string;
  /** The names of the files in it. */
  files: string[];
  /** Of the archive itself, in hexadecimal; the same model always gives the same one. */
  sha256: string;
}

export interface DeployOptions {
  /** The archive to write, `….tar.gz`; one that is there is replaced. */
  output: string;
  /** Which snapshot to pack: the one that validated best, the newest, or the one of an iteration. Default 'best'. */
  snapshot?: 'best' | 'last' | number;
}

/**
 * Packs a model into a flat tar.gz: networks, solver, labels, mean, one snapshot, and an info.json with DIGITS's keys and the
 * preprocessing record. DIGITS and plain pycaffe scripts can read it; {@link classify} takes it as it is.
 *
 * @throws {CaffeError} ERR_CAFFE_INPUT for a snapshot that does not exist; ERR_CAFFE_FILE when the archive cannot be written; as `openModel`.
 */
export async function deploy(model: ModelLike, options: DeployOptions): Promise<Archive> {
  const read = readOptions(options, ['output', 'snapshot']);
  const output = path.resolve(requirePath(read.output, "'output', the archive to write,"));
  const opened = await asModel(model);
  const snapshot = chooseSnapshot(opened, read.snapshot === undefined ? 'best' : read.snapshot);
  const staging = await mkdtemp(path.join(os.tmpdir(), 'caffe-node-'));
  try {
    const files = await stage(opened, snapshot, staging);
    await writeWhole(output, (temporary) => pack(staging, files, temporary));
    return { path: output, files, sha256: await sha256Of(output) };
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

function chooseSnapshot(model: Model, wanted: NonNullable<DeployOptions['snapshot']>): Snapshot {
  if (wanted === 'best') return model.best;
  const snapshot = wanted === 'last' ? model.snapshots.at(-1) : model.snapshots.find(({ iteration }) => iteration === wanted);
  if (snapshot) return snapshot;
  throw new CaffeError('ERR_CAFFE_INPUT', `The model '${model.path}' has no snapshot ${describe(wanted)}.`, {
    hint: `It has those of iterations ${model.snapshots.map(({ iteration }) => iteration).join(', ')}; or 'best', or 'last'.`,
  });
}

/** Lays the files side by side under the names they have in the archive. */
async function stage(model: Model, snapshot: Snapshot, staging: string): Promise<string[]> {
  const { info, ...copied } = MODEL_FILES;
  const files: string[] = [info];
  await writeFile(path.join(staging, info), archiveInfo(model.info, snapshot.iteration));
  const add = async (source: string, name: string) => {
    try {
      await copyFile(source, path.join(staging, name));
    } catch (error) {
      throw new CaffeError('ERR_CAFFE_MODEL', `The '${name}' of the model '${model.path}' cannot be copied: ${messageOf(error)}.`, {
        file: source,
        hint: 'Is it there still, and is there room for it in the folder for temporary files?',
        cause: error,
      });
    }
    files.push(name);
  };
  for (const name of Object.values(copied)) {
    const source = path.join(model.folder, name);
    if (await exists(source)) await add(source, name);
  }
  await add(snapshot.path, snapshotFile(snapshot.iteration));
  return files.sort();
}

/** Nothing of the machine or the moment goes into the archive, so that the same model gives the same bytes. */
async function pack(folder: string, files: string[], archive: string): Promise<void> {
  const packing = create({ cwd: folder, gzip: true, portable: true, mtime: new Date(0) }, files);
  try {
    await pipeline(packing, createWriteStream(archive));
  } catch (error) {
    // It keeps the files open that it has begun to read: let it come to their end.
    packing.on('error', () => {});
    packing.resume();
    throw error;
  }
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
