/** DIGITS's networks, as they come: retargeted, split, trained on pictures, deployed with what was learned. */
import path from 'node:path';
import { createDataset, type Dataset } from '../../lib/dataset';
import { Net } from '../../lib/net';
import { check, retarget, toDeploy, toTrainVal } from '../../lib/prototxt';
import { Solver } from '../../lib/solver';
import type { Tensors } from '../../lib/tensor';
import { model } from '../prototxt/shared';
import { temporaryFolder } from '../support/folders';
import { describeShared, relativeError } from '../support/shared';
import { picture } from '../support/training';

const at = temporaryFolder();
const COLOURS = ['blue', 'green', 'red'];

interface Settings {
  /** Side of the pictures. */
  size: number;
  channels: 1 | 3;
  batch: number;
  iterations: number;
  rate: number;
  /** Shape of the deployed network's input. */
  input: number[];
}

/** Fewer outputs of layers that do not tell the classes: these pictures are learned as well, and in seconds. */
const NARROWED: Record<string, (text: string) => string> = {
  lenet: (text) => text,
  alexnet: (text) => text.replaceAll('num_output: 4096', 'num_output: 1024'),
  googlenet: (text) => text.replaceAll(/num_output: (\d+)/g, (_, outputs) => `num_output: ${Number(outputs) / 4}`),
};

async function coloured(name: string, size: number, channels: 1 | 3): Promise<Dataset> {
  const folder = at(name);
  for (const colour of COLOURS) {
    for (let number = 0; number < 8; number++) await picture(path.join(folder, colour, `${number}.png`), colour, number);
  }
  return createDataset(folder, { output: at(`${name}-dataset`), size, channels, seed: 1 });
}

/** The network for training that the transformations make of a file for these pictures. */
async function trainable(name: string, text: string, { size, channels, batch }: Settings): Promise<string> {
  const dataset = await coloured(name, size, channels);
  const source = (set: string) => ({ source: path.join(dataset.path, set), batchSize: batch, meanValues: Array(channels).fill(110) });
  const train = { ...source('train_db'), shuffle: true };
  const made = toTrainVal(text, { train, validation: source('val_db'), classes: COLOURS.length });
  const { findings } = check(made.text, { inputs: { data: [batch, channels, size, size] } });
  expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
  return made.text;
}

/** Those of GoogLeNet's auxiliary classifiers included. */
function lossOf(outputs: Tensors): number {
  const losses = Object.entries(outputs).filter(([name]) => name.endsWith('loss'));
  return losses.reduce((sum, [, { data }]) => sum + (data[0] ?? Number.NaN), 0);
}

function softmaxOf(scores: ArrayLike<number>): number[] {
  const exponentials = Array.from(scores, Math.exp);
  const classes = COLOURS.length;
  const sum = (item: number) => exponentials.slice(item * classes, (item + 1) * classes).reduce((total, value) => total + value, 0);
  return exponentials.map((value, index) => value / sum(Math.floor(index / classes)));
}

describeShared('a network of DIGITS', () => {
  test.each<[string, Settings]>([
    ['lenet', { size: 28, channels: 1, batch: 9, iterations: 12, rate: 0.01, input: [1, 1, 28, 28] }],
    ['alexnet', { size: 232, channels: 3, batch: 3, iterations: 12, rate: 0.02, input: [1, 3, 227, 227] }],
    ['googlenet', { size: 232, channels: 3, batch: 3, iterations: 16, rate: 0.002, input: [1, 3, 224, 224] }],
  ])(
    '%s',
    async (name, settings) => {
      const original = NARROWED[name]?.(model(`digits/${name}`)) ?? '';
      const { text, heads } = retarget(original, { classes: COLOURS.length });
      for (const { outputs } of heads) expect(outputs).toEqual([undefined, COLOURS.length]);
      const solver = await Solver.from(
        `net_param { ${await trainable(name, text, settings)} } test_iter: 2 test_interval: 1000000 test_initialization: false
       base_lr: ${settings.rate} lr_policy: "fixed" momentum: 0.9 random_seed: 3`,
      );
      const before = lossOf(await solver.test());
      await solver.step(settings.iterations);
      expect(lossOf(await solver.test())).toBeLessThan(0.75 * before);

      const deployed = toDeploy(text, { input: { data: settings.input } });
      expect(deployed.outputs).toEqual(['softmax']);
      const net = await Net.from(deployed.text);
      expect(await net.copyFrom(await solver.net.toBuffer())).toMatchObject({ missing: [], mismatched: [] });
      // What it says of the last pictures of the validation is what the network for training says.
      const tested = solver.testNets[0];
      const scores = deployed.text.match(/bottom: "(.*)"\s+top: "softmax"/)?.[1] ?? '';
      const pictures = await tested?.blobs.data?.read();
      const { softmax } = await net.forward({ data: pictures ?? [] });
      expect(softmax?.shape).toEqual([settings.batch, COLOURS.length]);
      expect(relativeError(softmax?.data ?? [], softmaxOf((await tested?.blobs[scores]?.read())?.data ?? []))).toBeLessThan(1e-5);
      await Promise.all([net.dispose(), solver.dispose()]);
    },
    240_000,
  );
});
