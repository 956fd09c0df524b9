import { execFileSync } from 'node:child_process';
import { cp, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import { createDataset, openDataset } from '../lib/dataset';
import type { DatasetOptions, DatasetProgress } from '../lib/dataset/options';
import { readMeanImage } from '../lib/mean-image';
import { type NativeDatum, native } from '../lib/native';
import { readPixels } from '../lib/pixels';
import { failureOf } from './support/failure';
import { namesIn, temporaryFolder } from './support/folders';
import { describeShared, shared } from './support/shared';

const at = temporaryFolder();

/** A small image whose colour is all its own. */
function picture(red: number, green: number): Promise<Buffer> {
  return sharp({ create: { width: 12, height: 10, channels: 3, background: { r: red, g: green, b: 33 } } })
    .png()
    .toBuffer();
}

/** A source with the given number of images in each folder: `{ cat: 4 }`. */
async function photographs(name: string, folders: Record<string, number>): Promise<string> {
  for (const [index, [folder, count]] of Object.entries(folders).entries()) {
    await mkdir(at(name, folder), { recursive: true });
    for (let i = 0; i < count; i++) await writeFile(at(name, folder, `${i}.png`), await picture(i * 10, index * 50));
  }
  return at(name);
}

let made = 0;
/** A dataset of 8×8 pixels in a folder of its own. */
function make(source: string, options: DatasetOptions = {}) {
  return createDataset(source, { output: at('out', `${++made}`), size: 8, ...options });
}

async function readAll(database: string): Promise<NativeDatum[]> {
  const reader = await native.openDatabase(database);
  try {
    return await reader.read(0, reader.count);
  } finally {
    await reader.close();
  }
}

const linesOf = async (file: string) => (await readFile(file, 'utf8')).split('\n').slice(0, -1);

/** Nothing unfinished may lie beside the outputs. */
async function expectNoLeftovers(folder = at('out')) {
  expect((await namesIn(folder)).filter((name) => name.startsWith('.'))).toEqual([]);
}

let source: string;
beforeAll(async () => {
  source = await photographs('animals', { sea_horse: 8, dolphin: 12 });
});

describe('createDataset', () => {
  test('writes the files of a dataset, and says what is in it', async () => {
    const dataset = await make(source);
    expect(dataset).toMatchObject({
      source,
      labels: ['dolphin', 'sea horse'],
      counts: { train: 15, validation: 5, test: 0 },
      perClass: [
        { label: 'dolphin', train: 9, validation: 3, test: 0 },
        { label: 'sea horse', train: 6, validation: 2, test: 0 },
      ],
      size: [8, 8],
      channels: 3,
      resizeMode: 'squash',
      resampler: 'bilinear',
      alpha: 'white',
      exif: true,
      encoding: 'png',
      seed: 0,
      skipped: [],
      dropped: [],
    });
    const files = ['dataset.json', 'labels.txt', 'mean.binaryproto', 'mean.jpg', 'train.txt', 'train_db', 'val.txt', 'val_db'];
    expect(await namesIn(dataset.path)).toEqual(files);
    expect(await linesOf(path.join(dataset.path, 'labels.txt'))).toEqual(['dolphin', 'sea horse']);
    expect(await openDataset(dataset.path)).toEqual(dataset);
    await expectNoLeftovers();
  });

  test('each image is in one set, the lists have the order of the databases, and the pixels are those of readPixels', async () => {
    const dataset = await make(source);
    const seen = new Set<string>();
    for (const [list, database] of [
      ['train.txt', 'train_db'],
      ['val.txt', 'val_db'],
    ] as const) {
      const lines = await linesOf(path.join(dataset.path, list));
      const items = await readAll(path.join(dataset.path, database));
      expect(items.map(({ key }) => key)).toEqual(lines.map((line, i) => `${String(i).padStart(8, '0')}_${line.at(-1)}`));
      for (const [i, item] of items.entries()) {
        const file = (lines[i] as string).slice(0, -2);
        seen.add(file);
        expect(path.isAbsolute(file)).toBe(true);
        expect(item).toMatchObject({ height: 8, width: 8, channels: 3, encoded: true, label: file.includes('dolphin') ? 0 : 1 });
        const { pixels } = await readPixels(file, { height: 8, width: 8, resizeMode: 'squash', channels: 3 });
        expect([...(await native.decodeImage(item.data)).pixels]).toEqual([...pixels]);
      }
    }
    expect(seen.size).toBe(20);
  });

  test('the mean is that of the training images, in BGR, not rounded', async () => {
    const dataset = await make(source, { size: [4, 6] });
    const items = await readAll(path.join(dataset.path, 'train_db'));
    const images = await Promise.all(items.map(({ data }) => native.decodeImage(data)));
    const mean = (channel: number) => images.reduce((sum, { pixels }) => sum + (pixels[channel] as number), 0) / images.length;
    const image = await readMeanImage(path.join(dataset.path, 'mean.binaryproto'));
    expect(image.shape).toEqual([1, 3, 4, 6]);
    expect([image.data[0], image.data[24], image.data[48]]).toEqual([mean(2), mean(1), mean(0)].map(Math.fround));
    expect(dataset.mean[2]).toBeCloseTo(mean(0), 4);
    const { data, info } = await sharp(path.join(dataset.path, 'mean.jpg')).raw().toBuffer({ resolveWithObject: true });
    expect([info.width, info.height]).toEqual([6, 4]);
    expect(Math.abs((data[0] as number) - mean(0))).toBeLessThan(6);
  });

  test('raw images are stored as planes, blue first', async () => {
    const dataset = await make(source, { encoding: 'none' });
    const [first] = await readAll(path.join(dataset.path, 'train_db'));
    expect(first).toMatchObject({ encoded: false, channels: 3 });
    expect(first?.data).toHaveLength(8 * 8 * 3);
    expect([...new Set(first?.data.subarray(0, 64))]).toEqual([33]);
  });

  test('JPEG: the mean is that of the pixels as they are read back', async () => {
    const dataset = await make(source, { encoding: 'jpeg' });
    const items = await readAll(path.join(dataset.path, 'train_db'));
    const images = await Promise.all(items.map(({ data }) => native.decodeImage(data)));
    const blue = images.reduce((sum, { pixels }) => sum + (pixels[2] as number), 0) / images.length;
    expect((await readMeanImage(path.join(dataset.path, 'mean.binaryproto'))).data[0]).toBeCloseTo(blue, 4);
  });

  test('grey images have one channel', async () => {
    for (const encoding of ['png', 'jpeg', 'none'] as const) {
      const dataset = await make(source, { channels: 1, encoding });
      expect(dataset).toMatchObject({ channels: 1, mean: [expect.any(Number)] });
      const [first] = await readAll(path.join(dataset.path, 'train_db'));
      expect(first?.channels).toBe(1);
      if (first?.encoded) expect((await native.decodeImage(first.data)).channels).toBe(1);
    }
  });

  test('a test set of its own; a share of 0 makes no set', async () => {
    const dataset = await make(source, { validation: 20, test: 10 });
    expect(dataset.counts).toEqual({ train: 14, validation: 4, test: 2 });
    expect((await namesIn(dataset.path)).filter((name) => name.startsWith('test'))).toEqual(['test.txt', 'test_db']);
    const whole = await make(source, { validation: 0 });
    expect(whole.counts).toEqual({ train: 20, validation: 0, test: 0 });
    expect(await namesIn(whole.path)).not.toContain('val_db');
    expect(await openDataset(whole.path)).toEqual(whole);
  });

  test('few images: at least one in every set', async () => {
    const few = await photographs('few', { a: 2, b: 3 });
    expect((await make(few)).perClass).toMatchObject([
      { train: 1, validation: 1 },
      { train: 2, validation: 1 },
    ]);
    expect((await make(few, { validation: 99 })).perClass).toMatchObject([
      { train: 1, validation: 1 },
      { train: 1, validation: 2 },
    ]);
    const failure = await failureOf(make(few, { test: 10 }));
    expect(failure).toMatchObject({ code: 'ERR_CAFFE_DATASET', message: expect.stringContaining("'a' (2)") });
  });

  test('the seed decides', async () => {
    const list = async (seed?: number) => readFile(path.join((await make(source, { seed })).path, 'train.txt'), 'utf8');
    const first = await list();
    expect(await list(0)).toBe(first);
    expect(await list(1)).not.toBe(first);
  });

  test('the default output is named after the source, in the working directory', async () => {
    const here = process.cwd();
    await mkdir(at('here'));
    process.chdir(at('here'));
    try {
      expect((await createDataset(source, { size: 4 })).path).toBe(path.join(process.cwd(), 'animals-dataset'));
    } finally {
      process.chdir(here);
    }
  });

  test('progress', async () => {
    const events: DatasetProgress[] = [];
    await make(source, { onProgress: (event) => events.push(event) });
    expect(events).toHaveLength(20);
    expect(events[0]).toEqual({ stage: 'train', done: 1, total: 15, file: expect.stringContaining('.png') });
    expect(events.at(-1)).toMatchObject({ stage: 'validation', done: 5, total: 5 });
  });
});

describe('what is in the folder', () => {
  test('subfolders, links (also in circles), hidden files, other files, strange names', async () => {
    const root = await photographs('wild', { 'it\'s "two"': 3, キツネ_狐: 2, 'line\nbreak': 2 });
    await mkdir(at('wild', '.hidden'));
    await mkdir(at('wild', 'キツネ_狐', 'deep', 'deeper'), { recursive: true });
    await writeFile(
      at('wild', 'キツネ_狐', 'deep', 'deeper', 'é.JPEG'),
      await sharp(await picture(1, 1))
        .jpeg()
        .toBuffer(),
    );
    await writeFile(at('wild', 'キツネ_狐', '.hidden.png'), 'no image');
    await writeFile(at('wild', 'キツネ_狐', 'notes.txt'), 'no image');
    await symlink(at('wild', 'キツネ_狐'), at('wild', 'キツネ_狐', 'deep', 'circle'));
    await symlink(at('animals', 'dolphin', '3.png'), at('wild', 'キツネ_狐', 'linked.png'));
    await symlink(at('nowhere'), at('wild', 'キツネ_狐', 'dangling.png'));
    execFileSync('mkfifo', [at('wild', 'キツネ_狐', 'fifo.png')]);

    const dataset = await make(root);
    expect(dataset.labels).toEqual(['it\'s "two"', 'line break', 'キツネ 狐']);
    expect(dataset.perClass.map(({ train, validation }) => train + validation)).toEqual([3, 2, 4]);
    expect(dataset.skipped.map(({ file }) => path.basename(file)).sort()).toEqual(['dangling.png', 'fifo.png']);
    expect(await linesOf(path.join(dataset.path, 'train.txt'))).toHaveLength(dataset.counts.train);
  });

  test('a class that is a link', async () => {
    await photographs('links', { a: 2 });
    await symlink(at('animals', 'dolphin'), at('links', 'b'));
    expect((await make(at('links'))).labels).toEqual(['a', 'b']);
  });

  test('files that cannot be read are skipped and listed', async () => {
    const root = await photographs('damaged', { a: 8, b: 8 });
    await writeFile(at('damaged', 'a', 'text.jpg'), 'hello');
    await writeFile(at('damaged', 'b', 'cut.png'), (await picture(1, 1)).subarray(0, 60));
    await writeFile(at('damaged', 'b', 'old.bmp'), 'BM');
    const dataset = await make(root);
    expect(dataset.skipped.map(({ file }) => path.basename(file)).sort()).toEqual(['cut.png', 'old.bmp', 'text.jpg']);
    for (const { reason } of dataset.skipped) expect(reason).toContain('cannot be read as an image');
    expect(dataset.counts.train + dataset.counts.validation).toBe(16);
    expect((await openDataset(dataset.path)).skipped).toEqual(dataset.skipped);
  });

  test('a class that has only unreadable images', async () => {
    const root = await photographs('unreadable', { a: 4, b: 0 });
    for (const name of ['1.jpg', '2.jpg', '3.jpg']) await writeFile(at('unreadable', 'b', name), 'hello');
    const failure = await failureOf(make(root));
    expect(failure).toMatchObject({ code: 'ERR_CAFFE_DATASET', file: expect.stringContaining('/b/'), hint: expect.anything() });
    expect(failure.message).toContain("'b'");
    await expectNoLeftovers();
  });

  test('classes with too few images are dropped, and reported', async () => {
    const root = await photographs('small', { a: 4, b: 1, c: 4 });
    const dataset = await make(root);
    expect(dataset).toMatchObject({ labels: ['a', 'c'], dropped: [{ label: 'b', images: 1 }] });
    expect((await failureOf(make(root, { minimum: 5 }))).code).toBe('ERR_CAFFE_DATASET');
  });
});

describe('bad sources', () => {
  beforeAll(async () => {
    await writeFile(at('file.png'), 'x');
    await mkdir(at('flat'));
    await photographs('single', { alone: 3 });
    await photographs('gap', { full: 3, empty: 0 });
    await photographs('none', { a: 0, b: 0 });
    await photographs('twice', { big_cat: 2, 'big cat': 2 });
  });

  test.each([
    ['missing', 'cannot be read'],
    ['file.png', 'is a file'],
    ['flat', 'no subfolders'],
    ['single', "only one subfolder, 'alone'"],
    ['gap', "/gap/empty' holds no images"],
    ['none', 'There are no images'],
    ['twice', "the same label, 'big cat'"],
  ])('%s: %s', async (name, mentioned) => {
    const failure = await failureOf(make(at(name)));
    expect(failure).toMatchObject({ code: 'ERR_CAFFE_DATASET', hint: expect.any(String) });
    expect(failure.message).toContain(mentioned);
  });

  test.each<[string, DatasetOptions]>([
    ['size', { size: 0 }],
    ['size', { size: [8] as never }],
    ['size', { size: 1e9 }],
    ['validation', { validation: 100 }],
    ['validation', { validation: -1 }],
    ['validation', { validation: 60, test: 40 }],
    ['test', { test: Number.NaN }],
    ['seed', { seed: 0.5 }],
    ['minimum', { minimum: 0 }],
    ['channels', { channels: 4 as never }],
    ['resizeMode', { resizeMode: 'stretch' as never }],
    ['encoding', { encoding: 'gif' as never }],
  ])('refuses %s: %j', async (name, options) => {
    const failure = await failureOf(make(source, options));
    expect(failure.code).toBe('ERR_CAFFE_INPUT');
    expect(failure.message).toContain(`'${name}'`);
  });

  test('refuses a source that is no path', async () => {
    expect((await failureOf(make(undefined as never))).code).toBe('ERR_CAFFE_INPUT');
  });
});

describe('the output', () => {
  test('a dataset is replaced only when asked to, and anything else never', async () => {
    const output = at('out', 'replaced');
    await make(source, { output });
    const failure = await failureOf(make(source, { output, size: 16 }));
    expect(failure).toMatchObject({ code: 'ERR_CAFFE_DATASET', hint: expect.stringContaining('overwrite') });
    expect((await openDataset(output)).size).toEqual([8, 8]);
    await make(source, { output, size: 16, overwrite: true });
    expect((await openDataset(output)).size).toEqual([16, 16]);

    await mkdir(at('out', 'precious'));
    await writeFile(at('out', 'precious', 'thesis.txt'), 'text');
    for (const place of [at('out', 'precious'), at('out', 'precious', 'thesis.txt'), at('out', 'precious', 'thesis.txt', 'below')]) {
      const refused = await failureOf(make(source, { output: place, overwrite: true }));
      expect(refused.code).toBe('ERR_CAFFE_DATASET');
    }
    expect(await readFile(at('out', 'precious', 'thesis.txt'), 'utf8')).toBe('text');
    await expectNoLeftovers();
  });

  test('an empty folder is filled, a missing parent is made', async () => {
    await mkdir(at('out', 'empty'));
    expect((await make(source, { output: at('out', 'empty') })).counts.train).toBe(15);
    expect((await make(source, { output: at('out', 'new', 'deep') })).counts.train).toBe(15);
    await expectNoLeftovers();
  });

  test('it may not overlap with the source, also by a link', async () => {
    await symlink(source, at('alias'));
    for (const output of [source, path.join(source, 'out'), at('alias', 'out'), path.dirname(source)]) {
      expect((await failureOf(make(source, { output, overwrite: true }))).message).toMatch(/inside the source|contains the source/);
    }
    expect(await namesIn(source)).toEqual(['dolphin', 'sea_horse']);
  });

  test('a place that cannot be written', async () => {
    const output = '/sys/caffe-node-dataset'; // not even root may make files there
    expect(await failureOf(make(source, { output }))).toMatchObject({ code: 'ERR_CAFFE_FILE', file: output });
  });

  test('aborted: nothing is left behind, a former dataset stays, and the next attempt works', async () => {
    const output = at('out', 'aborted');
    for (const stage of ['train', 'validation'] as const) {
      const controller = new AbortController();
      const onProgress = (event: DatasetProgress) => event.stage === stage && event.done === 2 && controller.abort('enough');
      const failure = await failureOf(make(source, { output, signal: controller.signal, onProgress }));
      expect(failure).toMatchObject({ code: 'ERR_CAFFE_ABORTED', name: 'AbortError', cause: 'enough' });
      await expectNoLeftovers();
      expect(await namesIn(at('out'))).not.toContain('aborted');
    }
    expect((await failureOf(make(source, { output, signal: AbortSignal.abort() }))).code).toBe('ERR_CAFFE_ABORTED');
    const dataset = await make(source, { output });
    const controller = new AbortController();
    const again = make(source, { output, overwrite: true, signal: controller.signal, onProgress: () => controller.abort() });
    expect((await failureOf(again)).code).toBe('ERR_CAFFE_ABORTED');
    expect(await openDataset(output)).toEqual(dataset);
  });

  test('an error of the caller’s own passes through, and leaves nothing', async () => {
    const failing = make(source, {
      onProgress: () => {
        throw new RangeError('mine');
      },
    });
    await expect(failing).rejects.toThrow('mine');
    await expectNoLeftovers();
  });

  test('several at once', async () => {
    const datasets = await Promise.all([make(source), make(source), make(source, { size: 5 })]);
    for (const dataset of datasets) expect(await openDataset(dataset.path)).toEqual(dataset);
  });
});

describe('openDataset', () => {
  let copy: string;
  beforeEach(async () => {
    const { path: made } = await make(source);
    copy = `${made}-moved`;
    await rename(made, copy);
  });

  test('a dataset may be moved, and opened twice', async () => {
    const [first, second] = await Promise.all([openDataset(copy), openDataset(copy)]);
    expect(first.path).toBe(copy);
    expect(second).toEqual(first);
  });

  test.each([
    ['a folder of photographs', async () => source, /not a dataset/],
    ['nothing', async () => at('nothing'), /not a dataset/],
    ['a missing database', async () => rm(path.join(copy, 'val_db'), { recursive: true }), /'val_db' is missing/],
    ['a missing mean', async () => rm(path.join(copy, 'mean.binaryproto')), /'mean.binaryproto' is missing/],
    ['a record that is no JSON', async () => writeFile(path.join(copy, 'dataset.json'), '{'), /not JSON/],
    ['a record of something else', async () => writeFile(path.join(copy, 'dataset.json'), '{"name":"x"}'), /not the record/],
    ['a newer version', async () => change('version', 99), /version 99/],
    ['a record without labels', async () => change('labels', null), /incomplete/],
    ['another number of images', async () => change('counts', { train: 3, validation: 5, test: 0 }), /'train_db' holds 15/],
  ])('refuses %s', async (_, damage, message) => {
    const folder = (await damage()) ?? copy;
    const failure = await failureOf(openDataset(folder));
    expect(failure).toMatchObject({ code: 'ERR_CAFFE_DATASET', hint: expect.any(String) });
    expect(failure.message).toMatch(message);
  });

  test('refuses the databases of another dataset, and of no dataset', async () => {
    const other = await make(source, { seed: 5 });
    await rm(path.join(copy, 'train_db'), { recursive: true });
    await cp(path.join(other.path, 'train_db'), path.join(copy, 'train_db'), { recursive: true });
    expect((await failureOf(openDataset(copy))).message).toContain('another dataset');
    await writeFile(path.join(copy, 'train_db', 'data.mdb'), 'no database');
    expect((await failureOf(openDataset(copy))).code).toBe('ERR_CAFFE_DATASET');
  });

  async function change(key: string, value: unknown): Promise<void> {
    const file = path.join(copy, 'dataset.json');
    await writeFile(file, JSON.stringify({ ...JSON.parse(await readFile(file, 'utf8')), [key]: value }));
  }
});

describeShared('dolphins and seahorses', () => {
  test('are divided as DIGITS divides them', async () => {
    const dataset = await make(path.join(shared, 'datasets/dolphins-and-seahorses'), { size: 256 });
    expect(dataset.perClass).toEqual([
      { label: 'dolphin', train: 49, validation: 16, test: 0 },
      { label: 'seahorse', train: 43, validation: 14, test: 0 },
    ]);
    expect(dataset.counts).toEqual({ train: 92, validation: 30, test: 0 });
    expect(dataset.skipped).toEqual([]);
  });
});
