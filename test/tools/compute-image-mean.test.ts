import { readFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import sharp from 'sharp';
import { readMeanImage } from '../../lib/mean-image';
import { type NativeRecord, native } from '../../lib/native';
import { computeImageMean } from '../../lib/tools';
import { imageOf, planesOf, writeDatabase } from '../support/databases';
import { failureOf } from '../support/failure';
import { namesIn, temporaryFolder } from '../support/folders';

const at = temporaryFolder();

/** As the tool computes it: sums of floats, divided as floats. */
function meanOf(planes: readonly (readonly number[])[]): number[] {
  return (planes[0] ?? []).map((_, i) => {
    const sum = planes.reduce((total, plane) => Math.fround(total + (plane[i] ?? 0)), 0);
    return Math.fround(sum / planes.length);
  });
}

const channelMean = (values: readonly number[], channel: number, area: number) =>
  values.slice(channel * area, (channel + 1) * area).reduce((sum, value) => sum + value, 0) / area;

async function encoded(record: NativeRecord): Promise<NativeRecord> {
  const { pixels = new Uint8Array(), ...rest } = record;
  const { width, height, channels } = record;
  const picture = sharp(pixels, { raw: { width, height, channels: channels as 1 | 3 } });
  return {
    ...rest,
    encoded: await picture
      .toColourspace(channels === 1 ? 'b-w' : 'srgb')
      .png()
      .toBuffer(),
  };
}

describe('computeImageMean', () => {
  test('of raw images, exactly as the tool computes it', async () => {
    const images = Array.from({ length: 150 }, (_, index) => imageOf(index));
    await writeDatabase(at('raw'), images);
    const progress: { done: number; total: number }[] = [];
    const { mean, channels, count } = await computeImageMean(at('raw'), at('mean.binaryproto'), {
      onProgress: (one) => progress.push(one),
    });
    const expected = meanOf(images.map(planesOf));
    expect(count).toBe(150);
    expect(mean.shape).toEqual([1, 3, 4, 5]);
    expect([...mean.data]).toEqual(expected);
    channels.forEach((value, channel) => {
      expect(value).toBeCloseTo(channelMean(expected, channel, 20), 5);
    });
    expect(progress.map(({ done }) => done)).toEqual([64, 128, 150]);

    const file = native.messages.fromBinary('BlobProto', readFileSync(at('mean.binaryproto')));
    expect(file).toMatchObject({ num: 1, channels: 3, height: 4, width: 5 });
    expect(file).not.toHaveProperty('shape');
    expect((await readMeanImage(at('mean.binaryproto'))).data).toEqual(mean.data);
  });

  test('of encoded images the same, and of grey ones', async () => {
    for (const channels of [1, 3]) {
      const images = Array.from({ length: 7 }, (_, index) => imageOf(index, { channels }));
      await writeDatabase(at(`encoded${channels}`), await Promise.all(images.map(encoded)));
      const { mean } = await computeImageMean(at(`encoded${channels}`));
      expect(mean.shape).toEqual([1, channels, 4, 5]);
      expect([...mean.data]).toEqual(meanOf(images.map(planesOf)));
    }
  });

  test('of floats', async () => {
    const values = [Float32Array.of(0.25, -3), Float32Array.of(1.5, 4)];
    const records = values.map((floats, index) => ({ key: `${index}`, label: 0, channels: 1, height: 1, width: 2, floats }));
    await writeDatabase(at('floats'), records);
    expect(await computeImageMean(at('floats'))).toMatchObject({ channels: [0.6875], count: 2 });
    expect([...(await computeImageMean(at('floats'))).mean.data]).toEqual([0.875, 0.5]);
  });

  test.each<[string, () => Promise<NativeRecord[]>, RegExp]>([
    ['images of two sizes', async () => [imageOf(0), imageOf(1, { height: 5 })], /00000001.*3×5×5.*3×4×5/],
    ['a grey image among colour ones', async () => [imageOf(0), imageOf(1, { channels: 1 })], /00000001/],
    ['an image that is cut short', async () => [imageOf(0), cutShort(await encoded(imageOf(1)))], /00000001/],
    ['no images', async () => [], /empty/],
  ])('refuses a database with %s, and writes nothing', async (title, records, message) => {
    await writeDatabase(at(title), await records());
    await writeFile(at('former.binaryproto'), 'former');
    const failure = await failureOf(computeImageMean(at(title), at('former.binaryproto')));
    expect(failure).toMatchObject({ code: 'ERR_CAFFE_DATASET', file: at(title) });
    expect(failure.message).toMatch(message);
    expect(await readFile(at('former.binaryproto'), 'utf8')).toBe('former');
  });

  test.each([
    ['nothing there', () => computeImageMean(at('nowhere')), 'ERR_CAFFE_DATASET'],
    ['an empty path', () => computeImageMean(''), 'ERR_CAFFE_INPUT'],
    ['no path', () => computeImageMean(7 as unknown as string), 'ERR_CAFFE_INPUT'],
    ['an aborted signal', () => computeImageMean(at('raw'), undefined, { signal: AbortSignal.abort() }), 'ERR_CAFFE_ABORTED'],
    ['an output that is a folder', () => computeImageMean(at('raw'), at('folder')), 'ERR_CAFFE_FILE'],
  ])('refuses %s', async (_, work, code) => {
    await mkdir(at('folder', 'full'), { recursive: true });
    expect(await failureOf(work())).toMatchObject({ code });
    expect((await namesIn(at())).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    expect((await computeImageMean(at('raw'))).count).toBe(150);
  });

  test('aborted in the middle, it writes nothing', async () => {
    const controller = new AbortController();
    const options = { signal: controller.signal, onProgress: () => controller.abort() };
    expect(await failureOf(computeImageMean(at('raw'), at('aborted.binaryproto'), options))).toMatchObject({ code: 'ERR_CAFFE_ABORTED' });
    expect(await namesIn(at())).not.toContain('aborted.binaryproto');
  });
});

function cutShort(record: NativeRecord): NativeRecord {
  return { ...record, encoded: record.encoded?.subarray(0, 60) };
}
