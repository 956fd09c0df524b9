import { mkdir, readFile, writeFile } from 'node:fs/promises';
import sharp from 'sharp';
import { native } from '../../lib/native';
import { Net } from '../../lib/net';
import { readPixels } from '../../lib/pixels';
import { convertImageset } from '../../lib/tools';
import { planesOf, readDatabase } from '../support/databases';
import { failureOf } from '../support/failure';
import { namesIn, temporaryFolder } from '../support/folders';

const at = temporaryFolder();
const PICTURES = ['a.png 3', 'b c.jpg 0', 'deep/d.webp 1'];

/** A picture of 6×4 with grain. */
function picture(number: number, { channels = 3, width = 6, height = 4 }: { channels?: 1 | 3; width?: number; height?: number } = {}) {
  const pixels = Uint8Array.from({ length: width * height * channels }, (_, i) => (i * 37 + number * 101) % 256);
  return sharp(pixels, { raw: { width, height, channels } }).toColourspace(channels === 1 ? 'b-w' : 'srgb');
}

beforeAll(async () => {
  await mkdir(at('root', 'deep'), { recursive: true });
  await picture(1).png().toFile(at('root', 'a.png'));
  await picture(2).jpeg().toFile(at('root', 'b c.jpg'));
  await picture(3)
    .webp({ lossless: true })
    .toFile(at('root', 'deep', 'd.webp'));
  await picture(4, { channels: 1 }).png().toFile(at('root', 'grey.png'));
  await picture(5).jpeg().withMetadata({ orientation: 6 }).toFile(at('root', 'turned.jpg'));
  await picture(6, { width: 3 }).png().toFile(at('root', 'narrow.png'));
  await writeFile(at('root', 'broken.png'), (await readFile(at('root', 'a.png'))).subarray(0, 70));
  await writeFile(at('list.txt'), `${PICTURES.join('\n')}\n`);
});

let number = 0;
const options = (overrides: object = {}) => ({ root: at('root'), list: at('list.txt'), output: at(`db${number++}`), ...overrides });

/** What a file decodes to, as B, G, R planes. */
async function planes(name: string): Promise<number[]> {
  const { data, info } = await sharp(at('root', name)).autoOrient().raw().toBuffer({ resolveWithObject: true });
  return planesOf({ pixels: data, channels: info.channels });
}

describe('convertImageset', () => {
  test('stores raw pixels under the keys of the tool, in the order of the list', async () => {
    const progress: unknown[] = [];
    const settings = options({ onProgress: (one: unknown) => progress.push(one) });
    expect(await convertImageset(settings)).toEqual({ path: settings.output, count: 3, skipped: [] });
    const datums = await readDatabase(settings.output);
    expect(datums.map(({ key, label }) => [key, label])).toEqual([
      ['00000000_a.png', 3],
      ['00000001_b c.jpg', 0],
      ['00000002_deep/d.webp', 1],
    ]);
    for (const [index, name] of ['a.png', 'b c.jpg', 'deep/d.webp'].entries()) {
      expect(datums[index]).toMatchObject({ channels: 3, height: 4, width: 6, encoded: false });
      expect([...(datums[index]?.data ?? [])]).toEqual(await planes(name));
    }
    expect(progress).toEqual(['a.png', 'b c.jpg', 'deep/d.webp'].map((file, index) => ({ done: index + 1, total: 3, file })));
  });

  test('resizes to height and width as createDataset does, and makes grey', async () => {
    const settings = options({ resize: [3, 2], grey: true });
    await convertImageset(settings);
    const [first] = await readDatabase(settings.output);
    expect(first).toMatchObject({ channels: 1, height: 3, width: 2 });
    const expected = await readPixels(at('root', 'a.png'), { height: 3, width: 2, resizeMode: 'squash', channels: 1 });
    expect([...(first?.data ?? [])]).toEqual([...expected.pixels]);
  });

  test('stores a JPEG or PNG as it is, and what is neither as PNG', async () => {
    const settings = options({ encoded: true });
    await convertImageset(settings);
    const [png, jpeg, webp] = await readDatabase(settings.output);
    expect(Buffer.compare(png?.data as Buffer, await readFile(at('root', 'a.png')))).toBe(0);
    expect(Buffer.compare(jpeg?.data as Buffer, await readFile(at('root', 'b c.jpg')))).toBe(0);
    expect(webp).toMatchObject({ encoded: true, channels: 3, height: 4, width: 6 });
    const decoded = await native.decodeImage(webp?.data as Uint8Array);
    expect(planesOf(decoded)).toEqual(await planes('deep/d.webp'));
  });

  test('encodes anew what has to change: another type, an orientation, other channels, another size', async () => {
    const list = ['b c.jpg', 'turned.jpg', 'grey.png', 'a.png'].map((file) => ({ file, label: 0 }));
    const settings = options({ list, encodeType: 'png' });
    await convertImageset(settings);
    const [jpeg, turned, grey, png] = await readDatabase(settings.output);
    const formats = await Promise.all([jpeg, turned, grey, png].map(async (one) => (await sharp(one?.data).metadata()).format));
    expect(formats).toEqual(['png', 'png', 'png', 'png']);
    expect(turned).toMatchObject({ height: 6, width: 4 });
    expect(planesOf(await native.decodeImage(turned?.data as Uint8Array))).toEqual(await planes('turned.jpg'));
    expect((await native.decodeImage(grey?.data as Uint8Array)).channels).toBe(3);

    const small = options({ list, encoded: true, grey: true, resize: [2, 2] });
    await convertImageset(small);
    for (const { data } of await readDatabase(small.output)) {
      expect(await native.decodeImage(data)).toMatchObject({ channels: 1, height: 2, width: 2 });
    }
  });

  test('shuffles as the seed says', async () => {
    const list = Array.from({ length: 20 }, (_, label) => ({ file: 'a.png', label }));
    const order = async (seed: number) => {
      const settings = options({ list, shuffle: true, seed });
      await convertImageset(settings);
      return (await readDatabase(settings.output)).map(({ label }) => label);
    };
    const first = await order(1);
    expect(await order(1)).toEqual(first);
    expect(await order(2)).not.toEqual(first);
    expect([...first].sort((a, b) => a - b)).toEqual(list.map(({ label }) => label));
  });

  test('reports images that cannot be read, keeps their numbers free, and stores the others', async () => {
    const list = ['broken.png', 'a.png', 'missing.png'].map((file, label) => ({ file, label }));
    for (const encoded of [false, true]) {
      const settings = options({ list, encoded });
      const { count, skipped } = await convertImageset(settings);
      expect(count).toBe(1);
      expect(skipped.map(({ file }) => file)).toEqual([at('root', 'broken.png'), at('root', 'missing.png')]);
      expect(skipped.map(({ reason }) => reason).join()).toContain('there is no such file');
      expect((await readDatabase(settings.output)).map(({ key }) => key)).toEqual(['00000001_a.png']);
    }
  });

  test('a Data layer trains on what it wrote', async () => {
    const settings = options({ encoded: true });
    await convertImageset(settings);
    const net = await Net.from(
      `layer { name: "data" type: "Data" top: "data" top: "label" data_param { source: "${settings.output}" backend: LMDB batch_size: 3 } }`,
    );
    const { data, label } = await net.forward();
    expect(data?.shape).toEqual([3, 3, 4, 6]);
    expect([...(label?.data ?? [])]).toEqual([3, 0, 1]);
    expect([...(data?.data.subarray(0, 72) ?? [])]).toEqual(await planes('a.png'));
    await net.dispose();
  });

  test('sizes may differ, unless checkSize says otherwise', async () => {
    const list = [
      { file: 'a.png', label: 0 },
      { file: 'narrow.png', label: -1 },
    ];
    const settings = options({ list });
    expect((await convertImageset(settings)).count).toBe(2);
    expect((await readDatabase(settings.output)).map(({ width, label }) => [width, label])).toEqual([
      [6, 0],
      [3, -1],
    ]);
    expect(await failureOf(convertImageset(options({ list, checkSize: true })))).toMatchObject({
      code: 'ERR_CAFFE_DATASET',
      file: 'narrow.png',
      message: expect.stringMatching(/3×4.*6×4/),
    });
  });

  test.each([
    ['a list that is not there', { list: '/nonexistent/list.txt' }, 'ERR_CAFFE_FILE'],
    ['no list', { list: undefined }, 'ERR_CAFFE_INPUT'],
    ['an empty list', { list: [] }, 'ERR_CAFFE_DATASET'],
    ['a list with other things', { list: [null] }, 'ERR_CAFFE_INPUT'],
    ['a label that is no whole number', { list: [{ file: 'a.png', label: 0.5 }] }, 'ERR_CAFFE_DATASET'],
    ['a root where nothing is', { root: '/nonexistent' }, 'ERR_CAFFE_DATASET'],
    ['a path that is too long for a key', { list: [{ file: `${'../root/'.repeat(80)}a.png`, label: 0 }] }, 'ERR_CAFFE_INPUT'],
    ['LevelDB', { backend: 'leveldb' }, 'ERR_CAFFE_UNSUPPORTED'],
    ['a size of one number', { resize: [3] }, 'ERR_CAFFE_INPUT'],
    ['a size of 0', { resize: [0, 3] }, 'ERR_CAFFE_INPUT'],
    ['a type that Caffe does not decode', { encodeType: 'bmp' }, 'ERR_CAFFE_INPUT'],
    ['a seed that is no number', { seed: Number.NaN }, 'ERR_CAFFE_INPUT'],
    ['no output', { output: undefined }, 'ERR_CAFFE_INPUT'],
    ['an aborted signal', { signal: AbortSignal.abort() }, 'ERR_CAFFE_ABORTED'],
  ])('refuses %s, and leaves nothing behind', async (_, overrides, code) => {
    const before = await namesIn(at());
    expect(await failureOf(convertImageset(options(overrides) as Parameters<typeof convertImageset>[0]))).toMatchObject({ code });
    expect(await namesIn(at())).toEqual(before);
  });

  test('names the line of a list that is wrong', async () => {
    await writeFile(at('wrong.txt'), 'a.png 0\n\nb.png one\n');
    expect(await failureOf(convertImageset(options({ list: at('wrong.txt') })))).toMatchObject({
      code: 'ERR_CAFFE_DATASET',
      file: at('wrong.txt'),
      line: 3,
    });
  });

  test('refuses an output that exists; aborted in the middle, it leaves nothing behind', async () => {
    const settings = options();
    await convertImageset(settings);
    expect(await failureOf(convertImageset(settings))).toMatchObject({ code: 'ERR_CAFFE_DATASET', file: settings.output });
    expect(await readDatabase(settings.output)).toHaveLength(3);

    const before = await namesIn(at());
    const controller = new AbortController();
    const work = convertImageset(options({ signal: controller.signal, onProgress: () => controller.abort() }));
    expect(await failureOf(work)).toMatchObject({ code: 'ERR_CAFFE_ABORTED' });
    expect(await namesIn(at())).toEqual(before);
  });
});
