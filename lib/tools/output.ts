/** Where the tools may write a database. */
import { lstat } from 'node:fs/promises';
import { CaffeError, describe } from '../errors';

/** @throws {CaffeError} ERR_CAFFE_DATASET when something is there. */
export async function requireAbsent(target: string): Promise<void> {
  const there = await lstat(target).then(
    () => true,
    () => false, // whatever else is wrong with the path shows when it is written
  );
  if (!there) return;
  throw new CaffeError('ERR_CAFFE_DATASET', `The output '${target}' exists already.`, {
    file: target,
    hint: 'Choose another output, or remove it.',
  });
}

/** @throws {CaffeError} ERR_CAFFE_UNSUPPORTED for another backend than LMDB. */
export function requireLmdb(backend: string): void {
  if (backend === 'lmdb') return;
  throw new CaffeError('ERR_CAFFE_UNSUPPORTED', `Databases of the backend ${describe(backend)} cannot be written.`, {
    hint: "The only backend is 'lmdb'; set backend: LMDB in the data_param of the network as well.",
  });
}
