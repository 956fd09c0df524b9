/** Shipped networks by name, in a training and in a dataset folder. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Dataset } from '../../lib/dataset';
import * as networks from '../../lib/networks';
import { inspect } from '../../lib/prototxt';
import { Solver } from '../../lib/solver';
import { type TrainingEvent, type TrainOptions, train } from '../../lib/train';
import { failureOf } from '../support/failure';
import { temporaryFolder } from '../support/folders';
import { colourDataset } from '../support/training';

const at = temporaryFolder();
/** Three classes of 16×16. */
let dataset: Dataset;

beforeAll(async () => {
  dataset = await colourDataset(at('three'));
});

async function trained(name: string, options: Partial<TrainOptions>) {
  const run = train({ dataset, network: name, epochs: 1, seed: 1, ...options });
  const events: TrainingEvent[] = [];
  for await (const event of run) events.push(event);
  const model = await run;
  const start = events.find((event) => event.type === 'start');
  const text = await readFile(path.join(model.path, 'train_val.prototxt'), 'utf8');
  return { model, start, events, summary: inspect(text) };
}

test('a fresh network learns the classes of a dataset, on pictures smaller than those it was published for', async () => {
  const output = at('resnet');
  const { model, start, summary, events } = await trained('resnet-18', { output, batchSize: 8, epochs: 2 });
  expect(start).toMatchObject({ heads: [{ from: 'fc1000', to: 'fc1000', outputs: [1000, 3] }] });
  expect(summary).toMatchObject({ heads: [{ name: 'fc1000', outputs: 3 }], train: { cropSize: 16, mirror: true } });
  const losses = events.flatMap((event) => (event.type === 'iteration' ? [event.loss] : []));
  expect(Math.min(...losses)).toBeLessThan(0.75 * (losses[0] ?? 0));

  const tuned = await trained('resnet-18', { output: at('tuned'), weights: model, batchSize: 8, learningRate: 0.001 });
  expect(tuned.start).toMatchObject({ heads: [{ from: 'fc1000', to: 'fc1001', outputs: [1000, 3] }] });
}, 120_000);

test.each([
  ['lenet', 'ip2'],
  ['cifar10-quick', 'ip2'],
  ['small', 'fc5'],
  ['mobilenet', 'fc7'],
] as const)('%s by name', async (name, head) => {
  const { start, summary } = await trained(name, { output: at(name), batchSize: 8 });
  expect(start).toMatchObject({ heads: [{ from: head, to: head, outputs: [expect.any(Number), 3] }] });
  expect(summary.heads).toEqual([{ name: head, outputs: 3 }]);
});

test('a crop that was asked for is what the network is written for', async () => {
  const { summary } = await trained('small', { output: at('cropped'), cropSize: 12, batchSize: 8 });
  expect(summary.train?.cropSize).toBe(12);
});

test('a network for larger pictures says which it takes', async () => {
  const failure = await failureOf(train({ dataset, network: 'googlenet', output: at('googlenet') }));
  expect(failure).toMatchObject({ code: 'ERR_CAFFE_INPUT', message: 'GoogLeNet takes pictures of at least 47×47, not of 16×16.' });
});

test('a folder of the name of a network does not hide it, a file does', async () => {
  await mkdir(at('elsewhere/small'), { recursive: true });
  const before = process.cwd();
  process.chdir(at('elsewhere'));
  try {
    await trained('small', { output: at('beside'), batchSize: 8 });
    await writeFile('lenet', 'layer {');
    expect(await failureOf(train({ dataset, network: 'lenet', output: at('hidden') }))).toMatchObject({ code: 'ERR_CAFFE_PROTOTXT' });
  } finally {
    process.chdir(before);
  }
});

test('a name nearly right: the hint has the right one', async () => {
  const failure = await failureOf(train({ dataset, network: 'resnet18', output: at('none') }));
  expect(failure).toMatchObject({ code: 'ERR_CAFFE_FILE', hint: expect.stringContaining("Did you mean 'resnet-18'?") });
});

test('the files of a network in a dataset folder train as they are', async () => {
  const { trainVal, solver: text } = networks.get('small', { classes: 3, size: 12, batchSize: 8 });
  await writeFile(path.join(dataset.path, 'train_val.prototxt'), trainVal);
  await writeFile(path.join(dataset.path, 'solver.prototxt'), text);
  const solver = await Solver.load('solver.prototxt', { basePath: dataset.path });
  const first = await solver.step();
  expect((await solver.step(10)).loss).toBeLessThan(first.loss);
  expect((await solver.test()).accuracy?.data[0]).toBeGreaterThan(0);
  expect((await solver.snapshot()).model).toBe(path.join(dataset.path, 'small_iter_11.caffemodel'));
  await solver.dispose();
});
