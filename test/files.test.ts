/** Writing whole files: what must not be replaced by one. */
import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { makeFolder, writeFileWhole } from '../lib/files';
import { Net } from '../lib/net';
import { failureOf } from './support/failure';
import { namesIn, temporaryFolder } from './support/folders';
import { LINEAR } from './support/networks';

const folder = temporaryFolder();

test('a FIFO (or a device) is not replaced, neither by a text nor by weights', async () => {
  mkdirSync(folder('special'));
  const fifo = folder('special', 'fifo');
  execFileSync('mkfifo', [fifo]);
  const net = await Net.from(LINEAR);
  for (const written of [writeFileWhole(fifo, 'x'), net.save(fifo), net.save(fifo, { format: 'hdf5' })]) {
    expect(await failureOf(written)).toMatchObject({ code: 'ERR_CAFFE_FILE', file: fifo, hint: expect.any(String) });
  }
  expect(lstatSync(fifo).isFIFO()).toBe(true);
  expect(await namesIn(folder('special'))).toEqual(['fifo']);

  const file = folder('special', 'linear.caffemodel');
  await net.save(file);
  expect(existsSync(file)).toBe(true);
  await net.dispose();
});

test('a file is replaced as a whole, and a folder on the way is made', async () => {
  const file = folder('new', 'deep', 'text');
  await writeFileWhole(file, 'first');
  await writeFileWhole(file, 'second');
  expect(readFileSync(file, 'utf8')).toBe('second');
  expect(await namesIn(folder('new', 'deep'))).toEqual(['text']);
});

test('a folder in the place of the file is left as it is', async () => {
  mkdirSync(folder('taken'));
  writeFileSync(folder('taken', 'inside'), 'x');
  expect(await failureOf(writeFileWhole(folder('taken'), 'x'))).toMatchObject({ code: 'ERR_CAFFE_FILE' });
  expect(await namesIn(folder('taken'))).toEqual(['inside']);
});

test('folders are made by several at once, and refused where there can be none', async () => {
  await Promise.all([1, 2, 3].map(() => makeFolder(folder('many', 'deep', 'folders'))));
  expect(await namesIn(folder('many', 'deep'))).toEqual(['folders']);
  await expect(makeFolder('/proc/caffe-node/deep')).rejects.toMatchObject({ code: 'ENOENT' });
  await expect(makeFolder(folder('new', 'deep', 'text', 'below'))).rejects.toMatchObject({ code: 'ENOTDIR' });
  expect(await failureOf(writeFileWhole('/proc/caffe-node/deep/x', 'x'))).toMatchObject({ code: 'ERR_CAFFE_FILE' });
});
