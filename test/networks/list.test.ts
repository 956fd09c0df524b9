import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import * as networks from '../../lib/networks';
import { inspect, parseNet, parseSolver, toDeploy } from '../../lib/prototxt';
import { comparable } from './comparable';

const folder = path.resolve(__dirname, '../../prototxt');
const ALL = networks.list();
const NAMES = ALL.map(({ name }) => name);

/** Heads are named as published; the others are measured with them. */
const HEADS: Readonly<Record<networks.NetworkName, string[]>> = {
  small: ['fc5'],
  lenet: ['ip2'],
  'cifar10-quick': ['ip2'],
  alexnet: ['fc8'],
  caffenet: ['fc8'],
  googlenet: ['loss1/classifier', 'loss2/classifier', 'loss3/classifier'],
  'vgg-16': ['fc8'],
  'resnet-18': ['fc1000'],
  'resnet-50': ['fc1000'],
  squeezenet: ['conv10'],
  mobilenet: ['fc7'],
};

describe('the list', () => {
  test('has all networks, each once, with its paper', () => {
    expect(NAMES).toEqual(Object.keys(HEADS));
    for (const { name, paper, input, smallest } of ALL) {
      expect(name === 'small' || (paper?.authors && paper.title && paper.year > 1990)).toBeTruthy();
      expect(input).toHaveLength(3);
      expect(smallest).toBeLessThanOrEqual(input[1]);
    }
  });

  test('is another one each time: who changes it changes nothing', () => {
    const [first] = networks.list() as { title: string; paper?: { title: string } }[];
    Object.assign(first ?? {}, { title: 'mine' });
    Object.assign(networks.list()[1]?.paper ?? {}, { title: 'mine' });
    expect(networks.list()).toEqual(ALL);
  });
});

describe.each(NAMES)('%s', (name) => {
  const files = networks.get(name);
  const { classes, input, paper, title, smallest } = ALL.find((one) => one.name === name) as networks.NetworkInfo;

  test('is checked in as the builder makes it', () => {
    const text = (file: string) => readFileSync(path.join(folder, name, file), 'utf8');
    expect(text('train_val.prototxt')).toBe(files.trainVal);
    expect(text('deploy.prototxt')).toBe(files.deploy);
    expect(text('solver.prototxt')).toBe(files.solver);
  });

  test('cites its paper, in lines that fit on a screen', () => {
    for (const text of [files.trainVal, files.deploy, files.solver]) {
      const head = text.split('\n\n')[0]?.replaceAll('\n# ', ' ') ?? '';
      expect(head).toContain(`# ${title}, `);
      expect(head).toContain(paper ? `${paper.authors}: ${paper.title}. ${paper.where}.` : 'Of caffe-node itself.');
      expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(125);
      expect(text.endsWith('}\n') || text.endsWith('solver_mode: CPU\n')).toBe(true);
    }
  });

  test('has its heads, its input, and the paths of a dataset folder', () => {
    expect(inspect(files.trainVal)).toMatchObject({
      name: title,
      data: 'data',
      label: 'label',
      heads: HEADS[name].map((head) => ({ name: head, outputs: classes })),
      train: { source: 'train_db' },
      validation: { source: 'val_db' },
    });
    expect(inspect(files.deploy).heads).toEqual([{ name: HEADS[name].at(-1), outputs: classes }]);
    expect(parseNet(files.deploy).layer?.[0]?.input_param?.shape?.[0]?.dim).toEqual([1, ...input]);
    expect(parseSolver(files.solver)).toMatchObject({ net: 'train_val.prototxt', snapshot_prefix: name, solver_mode: 'CPU' });
  });

  test('deploys what toDeploy makes of its file for training', () => {
    const { text } = toDeploy(files.trainVal, { input: { data: [1, ...input] } });
    expect(comparable(text, { trained: false })).toEqual(comparable(files.deploy, { trained: false }));
  });

  test('takes other classes, sizes, channels and batches, in all its files', () => {
    fc.assert(
      fc.property(
        fc.record({
          classes: fc.integer({ min: 1, max: 30 }),
          size: fc.integer({ min: smallest, max: 400 }),
          channels: fc.integer({ min: 1, max: 5 }),
          batchSize: fc.integer({ min: 1, max: 300 }),
        }),
        (choices) => {
          const { trainVal, deploy, solver } = networks.get(name, choices);
          expect(inspect(trainVal).heads.map(({ outputs }) => outputs)).toEqual(HEADS[name].map(() => choices.classes));
          expect(inspect(trainVal).train).toMatchObject({ batchSize: choices.batchSize });
          expect([undefined, choices.size]).toContain(inspect(trainVal).train?.cropSize);
          expect([undefined, 1, choices.channels]).toContain(inspect(trainVal).train?.meanValues?.length);
          expect(inspect(deploy).heads).toEqual([{ name: HEADS[name].at(-1), outputs: choices.classes }]);
          const shape = parseNet(deploy).layer?.[0]?.input_param?.shape?.[0]?.dim;
          expect(shape).toEqual([1, choices.channels, choices.size, choices.size]);
          expect(parseSolver(solver).iter_size ?? 1).toBeGreaterThanOrEqual(1);
        },
      ),
      { numRuns: 10 },
    );
  });

  test('refuses smaller pictures than it can take, and says which those are', () => {
    const error = expect.objectContaining({
      code: 'ERR_CAFFE_INPUT',
      message: expect.stringContaining(smallest === 1 ? '0' : `${smallest}×${smallest}`),
    });
    expect(() => networks.get(name, { size: smallest - 1 })).toThrow(error);
    expect(() => networks.get(name, { size: [smallest + 10, smallest - 1] })).toThrow(error);
    expect(() => networks.get(name, { size: smallest })).not.toThrow();
  });
});

test('a smaller batch is made up for by the solver, so that a step sees as many pictures', () => {
  const iterSize = (name: networks.NetworkName, batchSize?: number) => parseSolver(networks.get(name, { batchSize }).solver).iter_size ?? 1;
  expect(iterSize('alexnet')).toBe(1);
  expect(iterSize('alexnet', 32)).toBe(8);
  expect(iterSize('squeezenet')).toBe(16);
  expect(iterSize('squeezenet', 8)).toBe(64);
  expect(iterSize('squeezenet', 1000)).toBe(1);
});

test('the five best of fewer than five classes are not asked for', () => {
  const accuracies = (classes: number) =>
    parseNet(networks.get('googlenet', { classes }).trainVal)
      .layer?.filter(({ type }) => type === 'Accuracy')
      .map(({ name }) => name);
  expect(accuracies(4)).toEqual(['loss1/top-1', 'loss2/top-1', 'loss3/top-1']);
  expect(accuracies(5)).toHaveLength(6);
});

test('pictures that are no squares are taken whole', () => {
  const { trainVal, deploy } = networks.get('resnet-18', { size: [96, 128] });
  expect(inspect(trainVal).train?.cropSize).toBeUndefined();
  expect(parseNet(deploy).layer?.[0]?.input_param?.shape?.[0]?.dim).toEqual([1, 3, 96, 128]);
});

test('nothing else is checked in', async () => {
  expect((await readdir(folder)).sort()).toEqual([...NAMES].sort());
  for (const name of NAMES) {
    expect((await readdir(path.join(folder, name))).sort()).toEqual(['deploy.prototxt', 'solver.prototxt', 'train_val.prototxt']);
  }
});

test('a name that there is not: the hint has the one that was meant, and all', () => {
  expect(() => networks.get('vgg16' as networks.NetworkName)).toThrow(
    expect.objectContaining({
      code: 'ERR_CAFFE_INPUT',
      message: "There is no network 'vgg16'.",
      hint: expect.stringMatching(/'vgg-16'.*mobilenet/),
    }),
  );
});

test('docs/networks.md says of each what the list does', () => {
  const rows = readFileSync(path.resolve(__dirname, '../../docs/networks.md'), 'utf8').split('\n');
  for (const { name, paper, parameters, input, smallest, classes } of ALL) {
    const cells = rows
      .find((row) => row.startsWith(`| \`${name}\` `) && row.includes('×'))
      ?.split('|')
      .map((cell) => cell.trim());
    const [, , , year, count, , pictures, least, outputs] = cells ?? [];
    expect([name, year, count, pictures, least, outputs]).toEqual([
      name,
      String(paper?.year ?? ''),
      parameters.toLocaleString('en'),
      input.join('×'),
      String(smallest),
      String(classes),
    ]);
  }
});
