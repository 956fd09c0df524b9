/** LMDB trusts its file: one that is cut short ends the process by SIGBUS. So all of this happens in processes of its own. */
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import path from 'node:path';
import { native } from '../lib/native';
import { temporaryFolder } from './support/folders';

const inFolder = temporaryFolder();
const IMAGES = 150;

async function database(name: string): Promise<string> {
  const writer = await native.createDatabase(inFolder(name));
  const pixels = Uint8Array.from({ length: 60 }, (_, index) => index);
  const image = (index: number) => ({ key: `${index}`.padStart(8, '0'), label: 0, height: 5, width: 4, channels: 3, pixels });
  // One value on pages of its own, behind which the file ends.
  await writer.put([...Array.from({ length: IMAGES - 1 }, (_, index) => image(index)), { ...image(999), encoded: new Uint8Array(9000) }]);
  await writer.close();
  return inFolder(name);
}

function outcomesOf(folder: string, kind: string): Record<string, number | string> {
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [
    path.join(__dirname, 'children/damaged-database.js'),
    folder,
    kind,
  ]);
  expect({ status, signal, stderr: stderr.toString() }).toEqual({ status: 0, signal: null, stderr: '' });
  return JSON.parse(stdout.toString());
}

test('a file cut at any size is refused before it is touched', async () => {
  const folder = await database('truncations');
  const { size } = statSync(path.join(folder, 'data.mdb'));
  const { ERR_CAFFE_DATASET: refused = 0, ...others } = outcomesOf(folder, 'truncations');
  expect(others).toEqual({ afterwards: `read ${IMAGES}`, sum: 6 });
  expect(refused).toBeGreaterThan((3 * size) / 512);
});

test.each(['pages', 'numbers'])('damaged %s are refused or read, not crashed on', async (kind) => {
  const { ERR_CAFFE_DATASET: refused = 0, afterwards, sum, ...others } = outcomesOf(await database(kind), kind);
  expect({ afterwards, sum }).toEqual({ afterwards: `read ${IMAGES}`, sum: 6 });
  expect(refused).toBeGreaterThan(100);
  // Pages that nobody refers to, and fields that nobody looks at.
  for (const outcome of Object.keys(others)) expect(outcome).toMatch(/^read \d+$/);
});
