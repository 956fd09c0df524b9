import { readFileSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { CLASSES, drawDataset, drawSamples } from '../scripts/demo/drawings';
import { namesIn, temporaryFolder } from './support/folders';

const at = temporaryFolder();
const contents = (files: string[]) => files.map((file) => readFileSync(file, 'base64'));

async function meanColour(file: string): Promise<number[]> {
  return (await sharp(file).stats()).channels.map(({ mean }) => mean);
}

test('the files are where they are said to be, PNGs of the size asked for', async () => {
  const files = await drawDataset(at('set'), { classes: ['circle', 'star'], perClass: 3, size: 48 });
  expect(files).toHaveLength(6);
  expect(await namesIn(at('set'))).toEqual(['circle', 'star']);
  expect(await namesIn(at('set', 'star'))).toEqual(['star_0001.png', 'star_0002.png', 'star_0003.png']);
  expect(await sharp(files[0]).metadata()).toMatchObject({ format: 'png', width: 48, height: 48, channels: 3 });

  const samples = await drawSamples(at('samples'), { classes: ['heart', 'arrow'] });
  expect(samples.map((file) => path.basename(file))).toEqual([
    'heart1.png',
    'heart2.png',
    'heart3.png',
    'arrow1.png',
    'arrow2.png',
    'arrow3.png',
  ]);
});

test('the seed decides, and every image is another one', async () => {
  const options = { classes: ['circle', 'arrow'], perClass: 5, seed: 7 };
  const first = contents(await drawDataset(at('first'), options));
  expect(contents(await drawDataset(at('second'), options))).toEqual(first);
  const others = [
    ...contents(await drawDataset(at('third'), { ...options, seed: 8 })),
    ...contents(await drawSamples(at('fourth'), { ...options, perClass: 5 })),
  ];
  expect(new Set([...first, ...others]).size).toBe(30);
});

test('all shapes can be drawn, and no others', async () => {
  expect(await drawSamples(at('all'), { classes: [...CLASSES], perClass: 1, size: 32 })).toHaveLength(CLASSES.length);
  await expect(drawSamples(at('none'), { classes: ['pentagram'] })).rejects.toThrow('circle, square');
});

test.each([
  ['the first set', ['circle', 'square', 'triangle', 'star', 'cross']],
  ['the second set', ['circle', 'arrow']],
])('the mean colour does not tell the classes of %s apart', async (title, classes) => {
  const perClass = 40;
  const files = await drawDataset(at(title), { classes, perClass, size: 32 });
  const colours = await Promise.all(files.map(meanColour));
  const labelled = colours.map((colour, index) => ({ colour, label: Math.floor(index / perClass), known: index % 2 === 0 }));

  const centres = classes.map((_, label) => {
    const own = labelled.filter((one) => one.known && one.label === label);
    return [0, 1, 2].map((channel) => own.reduce((sum, { colour }) => sum + (colour[channel] ?? 0), 0) / own.length);
  });
  const distance = (a: number[], b: number[]) => Math.hypot(...a.map((value, i) => value - (b[i] ?? 0)));
  const asked = labelled.filter(({ known }) => !known);
  const right = asked.filter(({ colour, label }) => {
    const distances = centres.map((centre) => distance(colour, centre));
    return distances.indexOf(Math.min(...distances)) === label;
  });
  expect(right.length / asked.length).toBeLessThan(1 / classes.length + 0.15);
});
