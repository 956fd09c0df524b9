import { access, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { caffe } from '../lib/caffe';
import type { Dataset } from '../lib/dataset';
import { type Model, openModel } from '../lib/model';
import { type TrainingEvent, type TrainOptions, train } from '../lib/train';
import { failureOf } from './support/failure';
import { temporaryFolder } from './support/folders';
import { colourDataset, TINY_NETWORK } from './support/training';

type EventOf<Type> = Extract<TrainingEvent, { type: Type }>;

const at = temporaryFolder();
let dataset: Dataset;
let model: Model;
let events: TrainingEvent[];

beforeAll(async () => {
  dataset = await colourDataset(at('three'));
  ({ model, events } = await trained({ output: at('model') }));
});

const settings = (options: Partial<TrainOptions>): TrainOptions => ({ dataset, network: TINY_NETWORK, epochs: 4, seed: 1, ...options });

async function trained(options: Partial<TrainOptions>): Promise<{ model: Model; events: TrainingEvent[] }> {
  const run = train(settings(options));
  const seen: TrainingEvent[] = [];
  for await (const event of run) seen.push(event);
  return { model: await run, events: seen };
}

function of<Type extends TrainingEvent['type']>(all: TrainingEvent[], type: Type): EventOf<Type>[] {
  return all.filter((event): event is EventOf<Type> => event.type === type);
}

const exists = (file: string) =>
  access(file).then(
    () => true,
    () => false,
  );

describe('a training', () => {
  test('learns, and says how it goes', () => {
    const iterations = of(events, 'iteration');
    expect(iterations).toHaveLength(24); // 45 images in batches of 8: 6 iterations in each of 4 epochs
    expect(iterations.at(-1)).toMatchObject({ iteration: 24, epoch: 4, eta: 0 });
    expect(iterations.at(-1)?.loss).toBeLessThan(iterations[0]?.loss ?? 0);
    expect(of(events, 'validation').map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4]);
    expect(of(events, 'validation').at(-1)?.accuracy).toBe(1);
    expect(events.at(-1)).toMatchObject({ type: 'end', reason: 'finished' });
  });

  test('begins with its plan: DIGITS defaults, the batch of the file', () => {
    const [start] = of(events, 'start');
    expect(start).toMatchObject({
      learningRate: { value: 0.01 },
      weights: undefined,
      heads: [{ from: 'fc2', to: 'fc2', outputs: [undefined, 3] }],
    });
    expect(start?.plan).toMatchObject({
      images: { train: 45, validation: 15 },
      batchSize: 8,
      validationBatchSize: 4,
      momentum: 0.9,
      mean: 'image',
      cropSize: 0,
      mirror: false,
      policy: { type: 'step', percent: 33, gamma: 0.1 },
    });
  });

  test('validates exactly the validation set, though its batch does not divide it', () => {
    for (const { confusion, perClass, accuracy } of of(events, 'validation')) {
      expect(confusion.flat().reduce((sum, count) => sum + count, 0)).toBe(15);
      expect(perClass.map(({ label, images }) => [label, images])).toEqual([
        ['blue', 5],
        ['green', 5],
        ['red', 5],
      ]);
      expect(accuracy).toBe(confusion.reduce((sum, row, index) => sum + (row[index] ?? 0), 0) / 15);
    }
  });

  test('gives the same result with another validation batch', async () => {
    const other = await trained({ output: at('batch'), validationBatchSize: 15 });
    const [once, again] = [of(events, 'validation'), of(other.events, 'validation')];
    expect(again.map(({ confusion }) => confusion)).toEqual(once.map(({ confusion }) => confusion));
    again.forEach(({ loss }, index) => {
      expect(loss).toBeCloseTo(once[index]?.loss ?? 0, 5);
    });
  });

  test('is repeated by its seed', async () => {
    const again = await trained({ output: at('again') });
    expect(of(again.events, 'iteration').map(({ loss }) => loss)).toEqual(of(events, 'iteration').map(({ loss }) => loss));
  });

  test('writes a model folder that caffe itself can train in', async () => {
    const files = await readdir(model.path);
    for (const file of [
      'original.prototxt',
      'train_val.prototxt',
      'deploy.prototxt',
      'solver.prototxt',
      'labels.txt',
      'mean.binaryproto',
    ]) {
      expect(files).toContain(file);
    }
    expect(await readFile(path.join(model.path, 'original.prototxt'), 'utf8')).toBe(TINY_NETWORK);
    expect(await readFile(path.join(model.path, 'train_val.prototxt'), 'utf8')).toContain('source: "../three/dataset/train_db"');
    const solver = await readFile(path.join(model.path, 'solver.prototxt'), 'utf8');
    for (const line of [
      'net: "train_val.prototxt"',
      'test_iter: 4',
      'test_interval: 6',
      'max_iter: 24',
      'stepsize: 8',
      'snapshot_prefix: "snapshot"',
    ]) {
      expect(solver).toContain(line);
    }
  });

  test('keeps a history, and every snapshot but only the newest state', async () => {
    const history = (await readFile(path.join(model.path, 'history.jsonl'), 'utf8')).trim().split('\n');
    expect(history.map((line) => JSON.parse(line).type)).toEqual(events.map(({ type }) => type));
    const files = await readdir(model.path);
    expect(files.filter((file) => file.endsWith('.caffemodel'))).toHaveLength(4);
    expect(files.filter((file) => file.endsWith('.solverstate'))).toEqual(['snapshot_iter_24.solverstate']);
  });

  test('keeps the best snapshot and the newest when told to', async () => {
    const few = await trained({ output: at('few'), keepSnapshots: 1 });
    const files = (await readdir(few.model.path)).filter((file) => file.endsWith('.caffemodel'));
    expect(few.model.snapshots.map((snapshot) => path.basename(snapshot.path)).sort()).toEqual(files.sort());
    expect(few.model.snapshots.length).toBeLessThanOrEqual(2);
    expect(few.model.snapshots.map(({ iteration }) => iteration)).toContain(few.model.best.iteration);
  });

  test('options come before the network file, and the file before defaults', async () => {
    const file = TINY_NETWORK.replace(
      'data_param { batch_size: 8 }',
      'transform_param { mean_value: 100 mirror: true crop_size: 12 } data_param { batch_size: 8 }',
    );
    const { events: seen, model: other } = await trained({ network: file, output: at('options'), batchSize: 5, cropSize: 14, epochs: 1 });
    expect(of(seen, 'start')[0]?.plan).toMatchObject({ batchSize: 5, cropSize: 14, mirror: true, mean: [100] });
    expect(other.preprocessing).toMatchObject({ size: [16, 16], crop: 14, mean: [100], channelOrder: 'BGR', scale: 1 });
  });

  test('reduces a batch and a crop of the file that the dataset cannot give, and says so', async () => {
    const file = TINY_NETWORK.replace('data_param { batch_size: 8 }', 'transform_param { crop_size: 227 } data_param { batch_size: 128 }');
    const { events: seen } = await trained({ network: file, output: at('reduced'), epochs: 1 });
    expect(of(seen, 'warning').map(({ code }) => code)).toEqual(['batch-reduced', 'crop-reduced']);
    expect(of(seen, 'start')[0]?.plan).toMatchObject({ batchSize: 45, cropSize: 16 });
  });

  test('trains with every solver and policy', async () => {
    const solvers = ['Nesterov', 'AdaGrad', 'RMSProp', 'AdaDelta', 'Adam'] as const;
    for (const solverType of solvers) await trained({ solverType, output: at('solver'), overwrite: true, epochs: 1 });
    const policies = ['fixed', 'multistep', 'exp', 'inv', 'poly'] as const;
    for (const type of policies) await trained({ learningRatePolicy: { type }, output: at('solver'), overwrite: true, epochs: 1 });
  });
});

const describeEngine = caffe.features.onednn ? describe : describe.skip;

describeEngine('the engine of a training', () => {
  const losses = (all: TrainingEvent[]) => of(all, 'iteration').map(({ loss }) => loss);
  const engines = (all: TrainingEvent[]) => [...new Set(of(all, 'iteration').map(({ engine }) => engine))];

  test('is the one that was asked for; both learn the same', async () => {
    const fast = await trained({ output: at('fast'), engine: 'onednn' });
    const plain = await trained({ output: at('plain'), engine: 'caffe' });
    expect(engines(fast.events)).toEqual(['onednn']);
    expect(engines(plain.events)).toEqual(['caffe']);
    expect(of(fast.events, 'start')[0]?.plan).toMatchObject({ engine: 'onednn', precision: 'f32' });
    for (const [index, loss] of losses(plain.events).entries()) expect(losses(fast.events)[index]).toBeCloseTo(loss, 3);
    expect(fast.model.metrics?.accuracy).toBe(1);
  });

  const BF16 = caffe.features.bf16 ? test : test.skip;
  BF16('computes with bf16 where that was asked for', async () => {
    const half = await trained({ output: at('half'), precision: 'bf16' });
    expect(engines(half.events)).toEqual(['onednn']);
    expect(of(half.events, 'start')[0]?.plan.precision).toBe('bf16');
    const found = losses(half.events);
    const whole = losses(events);
    expect(found).not.toEqual(whole);
    expect(Math.max(...found.map((loss, index) => Math.abs(loss - (whole[index] ?? Number.NaN))))).toBeLessThan(0.1);
    expect(half.model.metrics?.accuracy).toBe(1);
  });

  test('that is none, or does not go with the precision, is refused before anything is written', async () => {
    const nothing = { engine: 'opencv' as 'caffe', output: at('refused') };
    expect(await failureOf(train(settings(nothing)))).toMatchObject({
      code: 'ERR_CAFFE_INPUT',
      message: expect.stringContaining('onednn'),
    });
    const half = { engine: 'caffe', precision: 'bf16', output: at('refused') } as const;
    expect(await failureOf(train(settings(half)))).toMatchObject({ code: 'ERR_CAFFE_INPUT' });
    expect(await exists(at('refused'))).toBe(false);
  });
});

describe('fine-tuning', () => {
  test('replaces the head, finds a learning rate, and starts from the weights', async () => {
    const two = await colourDataset(at('two'), ['blue', 'red']);
    const { model: tuned, events: seen } = await trained({ dataset: two, weights: model, output: at('tuned') });
    const [start] = of(seen, 'start');
    expect(start?.heads).toEqual([{ from: 'fc2', to: 'fc3', outputs: [undefined, 2] }]);
    expect(start?.weights).toMatchObject({ copied: ['conv1'], missing: ['fc3'], unused: ['fc2'] });
    expect(start?.learningRate.value).toBeGreaterThan(1e-7);
    expect(start?.learningRate.curve).toHaveLength(of(seen, 'search').length);
    expect(await readFile(path.join(tuned.path, 'train_val.prototxt'), 'utf8')).toMatch(/name: "fc3"[\s\S]*lr_mult: 10/);
    expect(tuned.metrics?.accuracy).toBe(1);
  });

  test('goes on with the same head when the classes are as many', async () => {
    const { events: seen } = await trained({
      weights: model.best.path,
      learningRate: 0.001,
      output: at('same'),
      epochs: 1,
      network: await sized(3),
    });
    expect(of(seen, 'start')[0]).toMatchObject({ heads: [], weights: { copied: ['conv1', 'fc2'], missing: [] } });
    expect(of(seen, 'validation')[0]?.accuracy).toBe(1);
  });

  test('takes weights as bytes', async () => {
    const bytes = new Uint8Array(await readFile(model.best.path));
    const { events: seen } = await trained({ weights: bytes, learningRate: 0.001, output: at('bytes'), epochs: 1 });
    expect(of(seen, 'start')[0]?.weights?.copied).toEqual(['conv1']);
  });

  /** The network with its number of outputs said. */
  async function sized(outputs: number): Promise<string> {
    return TINY_NETWORK.replace('inner_product_param {', `inner_product_param { num_output: ${outputs} `);
  }
});

describe('ending early', () => {
  test('stop() validates, takes a snapshot, and resolves with the model', async () => {
    const run = train(settings({ output: at('stopped'), epochs: 1000 }));
    const seen: TrainingEvent[] = [];
    for await (const event of run) {
      seen.push(event);
      if (event.type === 'iteration' && event.iteration === 3) run.stop();
    }
    const stopped = await run;
    expect(seen.at(-1)).toMatchObject({ type: 'end', reason: 'stopped' });
    expect(stopped.metrics?.confusion.flat().reduce((sum, count) => sum + count, 0)).toBe(15);
    expect(stopped.best.iteration).toBeLessThan(20);
  });

  test('aborting writes a snapshot that can be used, and rejects', async () => {
    const controller = new AbortController();
    const run = train(settings({ output: at('aborted'), epochs: 1000, signal: controller.signal }));
    const listening = async () => {
      for await (const event of run) if (event.type === 'iteration' && event.iteration === 9) controller.abort();
    };
    expect((await failureOf(listening())).name).toBe('AbortError');
    const left = await openModel(at('aborted'));
    expect(left.snapshots.length).toBeGreaterThanOrEqual(2);
    expect(await exists(left.best.path)).toBe(true);
    expect(JSON.parse(await readFile(at('aborted', 'info.json'), 'utf8')).status).toBe('Aborted');
  });

  test('while the learning rate is searched: stop() gives the model it started from, aborting leaves nothing', async () => {
    const stopping = train(settings({ weights: model, output: at('early') }));
    for await (const event of stopping) if (event.type === 'search') stopping.stop();
    expect((await stopping).best.iteration).toBe(0);

    const controller = new AbortController();
    const aborting = train(settings({ weights: model, output: at('earlier'), signal: controller.signal }));
    const listening = async () => {
      for await (const event of aborting) if (event.type === 'search') controller.abort();
    };
    expect((await failureOf(listening())).name).toBe('AbortError');
    expect(await exists(at('earlier'))).toBe(false);
  });

  test('aborting before the first iteration leaves nothing', async () => {
    const failure = await failureOf(train(settings({ output: at('never'), signal: AbortSignal.abort() })));
    expect(failure.name).toBe('AbortError');
    expect(await exists(at('never'))).toBe(false);
  });
});

describe('divergence', () => {
  const wild = { learningRate: 1e12, epochs: 20 };

  test('is an error, never a success, and leaves no folder when there was no snapshot', async () => {
    const failure = await failureOf(train(settings({ output: at('diverged'), ...wild })));
    expect(failure.code).toBe('ERR_CAFFE_DIVERGED');
    expect(failure.hint).toContain('smaller learning rate');
    expect(await exists(at('diverged'))).toBe(false);
  });

  test('names the last good snapshot', async () => {
    const late = { type: 'exp', gamma: 1.4 } as const; // a rate that rises, and explodes after some epochs
    const failure = await failureOf(train(settings({ output: at('late'), epochs: 40, learningRatePolicy: late })));
    expect(failure.code).toBe('ERR_CAFFE_DIVERGED');
    expect(await exists(failure.file ?? '')).toBe(true);
    expect(JSON.parse(await readFile(at('late', 'info.json'), 'utf8')).status).toBe('Error');
  });
});

describe('divergence with a rate that was found', () => {
  test('starts again once, from the weights, with a third of it', async () => {
    const rising = { type: 'exp', gamma: 1.5 } as const;
    const run = train(settings({ weights: model, output: at('twice'), epochs: 40, learningRatePolicy: rising }));
    const seen: TrainingEvent[] = [];
    const listening = async () => {
      for await (const event of run) seen.push(event);
    };
    expect((await failureOf(listening())).code).toBe('ERR_CAFFE_DIVERGED');
    expect(of(seen, 'warning').map(({ code }) => code)).toEqual(['diverged']);
    const [first, second] = of(seen, 'start').map(({ learningRate }) => learningRate.value);
    expect(second).toBeCloseTo((first ?? 0) / 3, 12);
  });
});

describe('what cannot be trained', () => {
  const failing = (options: Partial<TrainOptions>) => failureOf(train(settings({ output: at('bad'), ...options })));

  test.each([
    [{ epochs: 0 }, "'epochs'"],
    [{ batchSize: 1.5 }, "'batchSize'"],
    [{ learningRate: -1 }, "'learningRate'"],
    [{ learningRate: Number.NaN }, "'learningRate'"],
    [{ learningRate: 'auto' as const }, "'auto' needs 'weights'"],
    [{ momentum: 1 }, "'momentum'"],
    [{ mean: [1, 2] }, "'mean'"],
    [{ seed: -1 }, "'seed'"],
    [{ cropSize: 17 }, "'cropSize' is 17"],
    [{ solverType: 'sgd' as never }, "'solverType'"],
    [{ learningRatePolicy: { type: 'never' } as never }, "'learningRatePolicy'"],
    [{ learningRatePolicy: { type: 'step' as const, gamma: -1 } }, "'learningRatePolicy'"],
    [{ network: undefined as never }, "'network' is missing"],
    [{ dataset: undefined as never }, "'dataset' is missing"],
  ])('%j: ERR_CAFFE_INPUT', async (options, message) => {
    const failure = await failing(options);
    expect(failure.code).toBe('ERR_CAFFE_INPUT');
    expect(failure.message).toContain(message);
  });

  test('no options at all', async () => {
    expect((await failureOf(train(undefined as never))).code).toBe('ERR_CAFFE_INPUT');
  });

  test('an unknown network: the hint names those that ship', async () => {
    const failure = await failing({ network: 'resnet' });
    expect(failure).toMatchObject({ code: 'ERR_CAFFE_FILE', hint: expect.stringContaining('small') });
  });

  test('a network with a syntax error', async () => {
    expect(await failing({ network: 'layer {' })).toMatchObject({ code: 'ERR_CAFFE_PROTOTXT', line: 1 });
  });

  test('weights that do not exist, are damaged, or of another network', async () => {
    expect((await failing({ weights: at('nothing.caffemodel') })).code).toBe('ERR_CAFFE_FILE');
    const bytes = await readFile(model.best.path);
    expect((await failing({ weights: bytes.subarray(0, bytes.length / 2) })).code).toBe('ERR_CAFFE_WEIGHTS');
    const renamed = TINY_NETWORK.replaceAll('"conv1"', '"first"').replaceAll('"fc2"', '"last"');
    expect((await failing({ network: renamed, weights: model })).code).toBe('ERR_CAFFE_WEIGHTS');
  });

  test('weights whose shapes differ: the error names the layer', async () => {
    const wider = TINY_NETWORK.replace('num_output: 6', 'num_output: 7');
    expect(await failing({ network: wider, weights: model })).toMatchObject({ code: 'ERR_CAFFE_WEIGHTS', layer: 'conv1' });
  });

  test('a dataset that is none', async () => {
    expect((await failing({ dataset: at('three', 'pictures') })).code).toBe('ERR_CAFFE_DATASET');
  });

  test('an output that is in use, by a model or by something else', async () => {
    expect(await failing({ output: model.path })).toMatchObject({ code: 'ERR_CAFFE_FILE', hint: expect.stringContaining('overwrite') });
    await writeFile(at('three', 'letter.txt'), 'dear');
    expect(await failing({ output: at('three'), overwrite: true })).toMatchObject({ code: 'ERR_CAFFE_FILE' });
    expect(await exists(at('three', 'letter.txt'))).toBe(true);
  });

  test('weights in the folder to overwrite', async () => {
    expect((await failing({ output: model.path, overwrite: true, weights: model })).code).toBe('ERR_CAFFE_INPUT');
    expect(await exists(model.best.path)).toBe(true);
  });

  test('leaves no folder, and the next training goes well', async () => {
    expect(await exists(at('bad'))).toBe(false);
    expect((await trained({ output: at('bad'), epochs: 1 })).model.snapshots).toHaveLength(1);
  });
});
