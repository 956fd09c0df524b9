import { createHash } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { create, list } from 'tar';
import { type Archive, deploy } from '../lib/deploy';
import { type Model, openModel } from '../lib/model';
import { train } from '../lib/train';
import { failureOf } from './support/failure';
import { temporaryFolder } from './support/folders';
import { colourDataset, TINY_NETWORK } from './support/training';

const at = temporaryFolder();
let model: Model;
let archive: Archive;

beforeAll(async () => {
  const dataset = await colourDataset(at('colours'));
  model = await train({ dataset, network: TINY_NETWORK, epochs: 2, seed: 1, output: at('model') });
  archive = await deploy(model, { output: at('model.tar.gz') });
});

async function entriesOf(file: string): Promise<string[]> {
  const entries: string[] = [];
  await list({ file, onReadEntry: (entry) => entries.push(entry.path) });
  return entries;
}

describe('an archive', () => {
  test('is flat and holds the files of a DIGITS archive', async () => {
    const snapshot = `snapshot_iter_${model.best.iteration}.caffemodel`;
    const expected = [
      'deploy.prototxt',
      'info.json',
      'labels.txt',
      'mean.binaryproto',
      'original.prototxt',
      snapshot,
      'solver.prototxt',
      'train_val.prototxt',
    ];
    expect(archive.files).toEqual(expected);
    expect(await entriesOf(archive.path)).toEqual(expected);
  });

  test('has the keys of DIGITS in its info.json, sorted, and the preprocessing', async () => {
    const opened = await openModel(archive.path);
    const text = await readFile(path.join(opened.folder, 'info.json'), 'utf8');
    const info = JSON.parse(text);
    expect(Object.keys(info)).toEqual(Object.keys(info).sort());
    expect(text).toContain('\n    "caffe flavor": "BVLC"');
    expect(info).toMatchObject({
      framework: 'caffe',
      'image dimensions': [16, 16, 3],
      'image resize mode': 'squash',
      'deploy file': 'deploy.prototxt',
      'labels file': 'labels.txt',
      'mean file': 'mean.binaryproto',
      'mean subtraction': 'image',
      'model file': 'original.prototxt',
      'snapshot file': path.basename(model.best.path),
      'solver file': 'solver.prototxt',
      'train_val file': 'train_val.prototxt',
      status: 'Done',
    });
    expect(info.preprocessing).toEqual({
      size: [16, 16],
      resizeMode: 'squash',
      resampler: 'bilinear',
      crop: 0,
      mean: 'mean.binaryproto',
      channelOrder: 'BGR',
      scale: 1,
      alpha: 'white',
      exif: true,
    });
    await opened.dispose();
  });

  test('is the same every time, and its checksum is that of the file', async () => {
    const again = await deploy(model.path, { output: at('again.tar.gz') });
    expect(again.sha256).toBe(archive.sha256);
    expect(
      createHash('sha256')
        .update(await readFile(archive.path))
        .digest('hex'),
    ).toBe(archive.sha256);
  });

  test('can be packed again from an archive', async () => {
    const again = await deploy(archive, { output: at('copy.tar.gz') });
    expect(again.sha256).toBe(archive.sha256);
  });

  test('packs another snapshot when asked', async () => {
    const last = await deploy(model, { output: at('last.tar.gz'), snapshot: 'last' });
    expect(last.files).toContain('snapshot_iter_12.caffemodel');
    const first = await deploy(model, { output: at('first.tar.gz'), snapshot: 6 });
    expect(first.files).toContain('snapshot_iter_6.caffemodel');
    const failure = await failureOf(deploy(model, { output: at('none.tar.gz'), snapshot: 7 }));
    expect(failure).toMatchObject({ code: 'ERR_CAFFE_INPUT', hint: expect.stringContaining('6, 12') });
  });

  test('opens as the model it was', async () => {
    const opened = await openModel(archive.path);
    expect(opened.labels).toEqual(['blue', 'green', 'red']);
    expect(opened.preprocessing).toEqual(model.preprocessing);
    expect(opened.best.iteration).toBe(model.best.iteration);
    await opened.dispose();
    await expect(readdir(opened.folder)).rejects.toThrow('ENOENT');
  });

  test('needs a place to be written to', async () => {
    expect((await failureOf(deploy(model, {} as never))).code).toBe('ERR_CAFFE_INPUT');
    expect((await failureOf(deploy(model, { output: at('model') }))).code).toBe('ERR_CAFFE_FILE');
  });
});

describe('archives that are refused', () => {
  const openArchive = (file: string) => failureOf(openModel(file));

  test.each([0.2, 0.5, 0.9, 0.999])('truncated to %d of its length', async (part) => {
    const bytes = await readFile(archive.path);
    await writeFile(at('short.tar.gz'), bytes.subarray(0, Math.floor(bytes.length * part)));
    expect((await openArchive(at('short.tar.gz'))).code).toBe('ERR_CAFFE_ARCHIVE');
  });

  test('no archive at all, or an empty file', async () => {
    await writeFile(at('text.tar.gz'), 'This is no archive. '.repeat(100));
    expect((await openArchive(at('text.tar.gz'))).code).toBe('ERR_CAFFE_ARCHIVE');
    await writeFile(at('empty.tar.gz'), '');
    expect((await openArchive(at('empty.tar.gz'))).code).toBe('ERR_CAFFE_ARCHIVE');
  });

  test('with a path out of itself', async () => {
    await mkdir(at('inner'), { recursive: true });
    await writeFile(at('evil.txt'), 'evil');
    await create({ file: at('evil.tar.gz'), cwd: at('inner'), gzip: true, preservePaths: true }, ['../evil.txt']);
    expect(await entriesOf(at('evil.tar.gz'))).toEqual(['../evil.txt']);
    const failure = await openArchive(at('evil.tar.gz'));
    expect(failure.code).toBe('ERR_CAFFE_ARCHIVE');
    expect(failure.message).toContain('../evil.txt');
  });

  test('with an absolute path', async () => {
    await create({ file: at('absolute.tar.gz'), gzip: true, preservePaths: true }, [at('evil.txt')]);
    expect((await openArchive(at('absolute.tar.gz'))).code).toBe('ERR_CAFFE_ARCHIVE');
  });

  test('with a link', async () => {
    await symlink('/etc/passwd', at('inner', 'labels.txt'));
    await create({ file: at('link.tar.gz'), cwd: at('inner'), gzip: true }, ['labels.txt']);
    const failure = await openArchive(at('link.tar.gz'));
    expect(failure.code).toBe('ERR_CAFFE_ARCHIVE');
    expect(failure.message).toContain('SymbolicLink');
  });

  test.each(['info.json', 'deploy.prototxt', 'labels.txt', 'mean.binaryproto'])('without its %s', async (missing) => {
    const folder = await unpackedCopy('parts');
    await rm(path.join(folder, missing));
    await pack(folder, at('parts.tar.gz'));
    const failure = await openArchive(at('parts.tar.gz'));
    expect(failure.code).toBe('ERR_CAFFE_MODEL');
    expect(failure.message).toContain(missing);
  });

  test.each([
    ['a mean image elsewhere', { mean: '../../mean.binaryproto' }],
    ['images of no size', { size: [0, 16] }],
    ['images of any size', { size: [1e9, 1e9] }],
    ['a crop larger than the image', { crop: 17 }],
  ])('whose preprocessing asks for %s', async (_, change) => {
    const folder = await unpackedCopy('odd');
    const info = JSON.parse(await readFile(path.join(folder, 'info.json'), 'utf8'));
    await writeFile(path.join(folder, 'info.json'), JSON.stringify({ ...info, preprocessing: { ...info.preprocessing, ...change } }));
    expect((await openArchive(folder)).code).toBe('ERR_CAFFE_MODEL');
  });

  test('that are missing', async () => {
    expect((await openArchive(at('nothing.tar.gz'))).code).toBe('ERR_CAFFE_FILE');
  });

  test('and the good one still opens', async () => {
    await (await openModel(archive.path)).dispose();
  });
});

describe('an archive of DIGITS', () => {
  test('gets its preprocessing from what DIGITS says and does', async () => {
    const folder = await unpackedCopy('digits');
    await digitsInfo(folder, (info) => ({ ...info, 'image dimensions': [24, 24, 3] }));
    await pack(folder, at('digits.tar.gz'));
    const opened = await openModel(at('digits.tar.gz'));
    expect(opened.preprocessing).toMatchObject({ size: [24, 24], crop: 16, mean: 'mean.binaryproto', channelOrder: 'BGR', scale: 1 });
    await opened.dispose();
  });

  test('may subtract the mean colour, or nothing', async () => {
    const folder = await unpackedCopy('digits61');
    await digitsInfo(folder, (info) => ({ ...info, 'mean subtraction': 'pixel' }));
    const { mean } = (await openModel(folder)).preprocessing;
    expect(mean).toHaveLength(3);
    await digitsInfo(folder, (info) => ({ ...info, 'mean subtraction': 'none' }));
    expect((await openModel(folder)).preprocessing.mean).toBeNull();
  });

  /** Takes out what only we write. */
  async function digitsInfo(folder: string, change: (info: Record<string, unknown>) => Record<string, unknown>): Promise<void> {
    const { preprocessing, 'mean subtraction': mean, ...info } = JSON.parse(await readFile(path.join(folder, 'info.json'), 'utf8'));
    await writeFile(path.join(folder, 'info.json'), JSON.stringify(change(info)));
  }
});

async function unpackedCopy(name: string): Promise<string> {
  const opened = await openModel(archive.path);
  await rm(at(name), { recursive: true, force: true });
  await mkdir(at(name));
  for (const file of archive.files) await copyFile(path.join(opened.folder, file), at(name, file));
  await opened.dispose();
  return at(name);
}

async function pack(folder: string, file: string): Promise<void> {
  await create({ file, cwd: folder, gzip: true }, await readdir(folder));
}
