import { type Command, InvalidArgumentError } from 'commander';
import type { MeanOption, SolverType, TrainOptions } from '../train';
import { action, type Context, toJson } from './command';
import { choice, count, engine, fromZero, integerFrom, json, positive, precision } from './options';
import { write } from './stream';
import { TrainingReport } from './training-report';

type TrainCommandOptions = Omit<TrainOptions, 'dataset' | 'output' | 'signal'>;

const SOLVERS: readonly SolverType[] = ['SGD', 'Nesterov', 'AdaGrad', 'RMSProp', 'AdaDelta', 'Adam'];

export function addTrain(program: Command): void {
  program
    .command('train')
    .argument('<dataset>', 'dataset folder')
    .argument('<output>', 'the model folder to write')
    .description('train or fine-tune a network on a dataset')
    .requiredOption('--network <network>', 'prototxt file, or the name of a shipped network')
    .option('--weights <file>', 'trained parameters to start from: .caffemodel')
    .option('--epochs <n>', 'passes over the training images (30)', positive)
    .option('--batch-size <n>', 'images in one step', count)
    .option('--iteration-size <n>', 'batches whose gradients are added up before each update', count)
    .option('--validate-every <epochs>', 'epochs between validations', positive)
    .option('--snapshot-every <epochs>', 'epochs between snapshots', positive)
    .option('--keep-snapshots <n>', 'how many snapshots to keep', count)
    .addOption(choice('--solver-type <type>', 'kind of solver', SOLVERS))
    .option('--learning-rate <rate>', "the rate to begin with, or 'auto'", rate)
    .option('--momentum <n>', 'momentum', fromZero)
    .option('--weight-decay <n>', 'weight decay', fromZero)
    .option('--crop-size <pixels>', 'side of the square cut out of the images; 0: none', integerFrom(0))
    .option('--mirror', 'show half of the training images mirrored')
    .option('--mean <kind>', 'what is subtracted: image, pixel, none, or values: 104,117,123 (blue, green, red)', mean)
    .addOption(engine())
    .addOption(precision())
    .option('--seed <n>', 'of everything random', integerFrom(0))
    .option('--overwrite', 'replace a model that is there already')
    .addOption(json())
    .action(action(trainModel));
}

async function trainModel({ signal, progress, json, report }: Context, dataset: string, output: string, options: TrainCommandOptions) {
  const { train } = await import('../train/index.js');
  const run = train({ ...options, dataset, output, signal });
  const lines = new TrainingReport(progress);
  for await (const event of run) {
    if (json) write(`${toJson(event)}\n`);
    else lines.event(event);
  }
  const model = await run;
  const { path, labels, best, metrics } = model;
  report({ type: 'model', path, labels, best, metrics }, `The model is in ${path}; best snapshot: iteration ${best.iteration}`);
}

function rate(text: string): number | 'auto' {
  return text === 'auto' ? text : positive(text);
}

function mean(text: string): MeanOption {
  if (text === 'image' || text === 'pixel' || text === 'none') return text;
  const values = text.split(',').map(Number);
  if (values.every((value) => Number.isFinite(value))) return values;
  throw new InvalidArgumentError('It must be image, pixel, none, or numbers divided by commas.');
}
