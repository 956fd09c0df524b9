import { mkdtempSync, rmSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A folder of the test file's own, gone when its tests are done; the function gives paths in it. */
export function temporaryFolder(): (...names: string[]) => string {
  const root = mkdtempSync(path.join(tmpdir(), 'caffe-node-'));
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  return (...names) => path.join(root, ...names);
}

/** The names in a folder, hidden ones included, sorted. */
export async function namesIn(folder: string): Promise<string[]> {
  return (await readdir(folder)).sort();
}
