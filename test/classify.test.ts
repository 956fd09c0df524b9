import { readFile, rm, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { classify } from '../lib/classify';
import type { Dataset } from '../lib/dataset';
import { type Archive, deploy } from '../lib/deploy';
import { type Model, openModel } from '../lib/model';
import { train } from '../lib/train';
import { failureOf } from './support/failure';
import { temporaryFolder } from './support/folders';
import { colourDataset, picture, TINY_NETWORK } from './support/training';

const at = temporaryFolder();
let dataset: Dataset;
let model: Model;
let archive: Archive;
let red: string;
let blue: string;

beforeAll(async () => {
  dataset = await colourDataset(at('colours'));
  model = await train({ dataset, network: TINY_NETWORK, epochs: 4, seed: 1, output: at('model') });
  archive = await deploy(model, { output: at('model.tar.gz') });
  red = await picture(at('red1.png'), 'red', 1001);
  blue = await picture(at('blue1.png'), 'blue', 1002);
});

/** The validation images, with the index of their class. */
async function validationImages(): Promise<{ file: string; label: number }[]> {
  const lines = (await readFile(path.join(dataset.path, 'val.txt'), 'utf8')).trim().split('\n');
  return lines.map((line) => {
    const end = line.lastIndexOf(' ');
    return { file: path.resolve(dataset.source, line.slice(0, end)), label: Number(line.slice(end + 1)) };
  });
}

describe('one image', () => {
  test('gives classes, the most probable first', async () => {
    const predictions = await classify(model, red);
    expect(predictions.map(({ label }) => label)[0]).toBe('red');
    expect(predictions).toHaveLength(3);
    expect(predictions[0]?.index).toBe(2);
    const probabilities = predictions.map(({ probability }) => probability);
    expect(probabilities).toEqual([...probabilities].sort((a, b) => b - a));
    expect(probabilities.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5);
  });

  test('may come from a path, a URL, or bytes; the model from a folder, an archive, or either opened', async () => {
    const expected = await classify(model, red);
    const bytes = await readFile(red);
    for (const source of [red, pathToFileURL(red), bytes, new Uint8Array(bytes)]) expect(await classify(model, source)).toEqual(expected);
    const opened = await openModel(archive.path);
    for (const same of [model.path, archive, archive.path, opened]) expect(await classify(same, red)).toEqual(expected);
    await opened.dispose();
  });

  test('may be classified by either engine', async () => {
    const expected = await classify(model, red, { engine: 'caffe' });
    for (const options of [{ engine: 'auto' }, {}, { engine: 'caffe' }] as const) {
      const found = await classify(model, red, options);
      expect(found.map(({ label }) => label)).toEqual(expected.map(({ label }) => label));
      for (const [place, { probability }] of expected.entries()) expect(found[place]?.probability).toBeCloseTo(probability, 4);
    }
    expect(await failureOf(classify(model, red, { precision: 'f8' as never }))).toMatchObject({ code: 'ERR_CAFFE_INPUT' });
  });

  test('gives as many classes as asked for', async () => {
    expect(await classify(model, red, { top: 1 })).toHaveLength(1);
    expect(await classify(model, red, { top: 100 })).toHaveLength(3);
    for (const top of [0, 1.5, Number.NaN]) expect((await failureOf(classify(model, red, { top }))).code).toBe('ERR_CAFFE_INPUT');
  });
});

describe('many images', () => {
  test('keep their order, in whatever batches they run', async () => {
    const images = Array.from({ length: 19 }, (_, i) => (i % 3 === 0 ? blue : red));
    const predictions = await classify(archive, images, { top: 1 });
    expect(predictions.map(([best]) => best?.label)).toEqual(images.map((image) => (image === blue ? 'blue' : 'red')));
    const [alone] = await classify(archive, red);
    expect(predictions[1]?.[0]?.probability).toBeCloseTo(alone?.probability ?? 0, 5);
  });

  test('may be none', async () => {
    expect(await classify(model, [])).toEqual([]);
  });

  test('several calls at once', async () => {
    const results = await Promise.all([classify(archive, red), classify(archive, blue), classify(model, [blue, red])]);
    expect([results[0][0]?.label, results[1][0]?.label]).toEqual(['red', 'blue']);
    expect(results[2].map(([best]) => best?.label)).toEqual(['blue', 'red']);
  });
});

test.each([
  ['the whole image', {}],
  ['a crop and a mean colour', { cropSize: 12, mean: 'pixel' as const }],
])('sees what validation saw: %s', async (name, settings) => {
  const trained = await train({ dataset, network: TINY_NETWORK, epochs: 1, seed: 1, output: at(name), ...settings });
  const images = await validationImages();
  const predictions = await classify(
    trained,
    images.map(({ file }) => file),
  );
  const losses = predictions.map((list, i) => -Math.log(list.find(({ index }) => index === images[i]?.label)?.probability ?? 0));
  expect(losses.reduce((sum, loss) => sum + loss, 0) / losses.length).toBeCloseTo(trained.metrics?.loss ?? Number.NaN, 4);
});

test('a model that is trained anew at the same path is noticed', async () => {
  const output = at('changing');
  const options = { dataset, network: TINY_NETWORK, seed: 1, output, overwrite: true };
  await train({ ...options, epochs: 1 });
  const before = await classify(output, red);
  await train({ ...options, epochs: 3 });
  await utimes(path.join(output, 'info.json'), new Date(), new Date(Date.now() + 5000));
  expect(await classify(output, red)).not.toEqual(before);
});

describe('what cannot be classified', () => {
  test('a missing image: the error names it, and the model goes on', async () => {
    const failure = await failureOf(classify(archive, [red, at('nothing.jpg')]));
    expect(failure.code).toBe('ERR_CAFFE_IMAGE');
    expect(failure.message).toContain('nothing.jpg');
    expect((await classify(archive, red))[0]?.label).toBe('red');
  });

  test('something that is no image', async () => {
    expect((await failureOf(classify(model, Buffer.from('no image')))).code).toBe('ERR_CAFFE_IMAGE');
    expect((await failureOf(classify(model, 7 as never))).code).toBe('ERR_CAFFE_INPUT');
  });

  test('without a model, or with one that is damaged; once repaired it works', async () => {
    expect((await failureOf(classify(at('nowhere'), red))).code).toBe('ERR_CAFFE_FILE');
    expect((await failureOf(classify(undefined as never, red))).code).toBe('ERR_CAFFE_INPUT');
    const trained = await train({ dataset, network: TINY_NETWORK, epochs: 1, seed: 1, output: at('damaged') });
    const labels = path.join(trained.path, 'labels.txt');
    const bytes = await readFile(labels);
    await rm(labels);
    expect((await failureOf(classify(trained.path, red))).message).toContain('labels.txt');
    await writeFile(labels, bytes);
    expect((await classify(trained.path, red)).length).toBe(3);
  });
});
