/** Networks for one purpose made of those for another. */
import { type Command, InvalidArgumentError } from 'commander';
import type { DataSource } from '../../prototxt/network/data-settings';
import type { AddedLayer } from '../../prototxt/network/snippets';
import type { DeployOptions } from '../../prototxt/transform/deploy';
import type { SelectOptions } from '../../prototxt/transform/select';
import { addStateOptions, choice, count, fromZero, inputs, integerFrom, list, type StateOptions } from '../options';
import { addOperation, operation } from './operation';

export function addDeploy(prototxt: Command): void {
  addOperation(prototxt, 'deploy', 'make the network for deployment of one for training')
    .option('--input <name=shape>', 'an input: data=1,3,227,227; may be repeated. Without, what the file says', inputs)
    .action(operation(deployText));
}

async function deployText(text: string, options: DeployOptions) {
  const { toDeploy } = await import('../../prototxt/transform/deploy.js');
  const result = toDeploy(text, options);
  const notes = [
    ...result.inputs.map(({ blob, shape, from }) => `input ${blob}: ${shape.join('×')} (${from})`),
    ...result.added.map(addedText),
    ...removedText(result.removed),
    `outputs: ${result.outputs.join(', ')}`,
  ];
  return { result, notes };
}

interface TrainValCommandOptions {
  train: string;
  validation: string;
  batchSize?: number;
  validationBatchSize?: number;
  cropSize?: number;
  scale?: number;
  mirror?: boolean;
  shuffle?: boolean;
  meanFile?: string;
  meanValues?: number[];
  classes?: number;
}

export function addTrainVal(prototxt: Command): void {
  addOperation(prototxt, 'train-val', 'make the network for training on a dataset of one for anything')
    .requiredOption('--train <database>', 'the LMDB to train on')
    .requiredOption('--validation <database>', 'the LMDB to validate on')
    .option('--batch-size <n>', 'pictures in one step of training', count)
    .option('--validation-batch-size <n>', 'pictures in one step of validation', count)
    .option('--crop-size <pixels>', 'side of the square cut out of the pictures; 0: none', integerFrom(0))
    .option('--scale <n>', 'what values are multiplied with', fromZero)
    .option('--mirror', 'show half of the training pictures mirrored')
    .option('--shuffle', 'show them in another order in every epoch')
    .option('--mean-file <file>', 'mean picture to subtract: mean.binaryproto')
    .option('--mean-values <values>', 'what to subtract: 104,117,123 (blue, green, red)', numbers)
    .option('--classes <n>', 'the number of classes: an accuracy over more of them goes', count)
    .action(operation(trainValText));
}

async function trainValText(text: string, options: TrainValCommandOptions) {
  const { toTrainVal } = await import('../../prototxt/transform/train-val.js');
  const { train, validation, batchSize, validationBatchSize, mirror, shuffle, classes, ...both } = options;
  const sets: Record<'train' | 'validation', DataSource> = {
    train: { ...both, source: train, batchSize, mirror, shuffle },
    validation: { ...both, source: validation, batchSize: validationBatchSize },
  };
  const result = toTrainVal(text, { ...sets, classes });
  const former = result.sources.length > 0 ? `, in the place of ${result.sources.join(', ')}` : '';
  const notes = [`data: ${result.data}, labels: ${result.label}${former}`, ...result.added.map(addedText), ...removedText(result.removed)];
  return { result, notes };
}

export function addSelect(prototxt: Command): void {
  const command = addOperation(prototxt, 'select', 'leave the layers that Caffe builds in one state')
    .addOption(choice('--phase <phase>', 'phase of the network', ['train', 'test']).makeOptionMandatory())
    .option('--keep-rules', 'leave the include and exclude rules of the layers that stay');
  addStateOptions(command).action(operation(selectText));
}

async function selectText(text: string, { stage: stages, ...options }: StateOptions & Omit<SelectOptions, 'stages'>) {
  const { select } = await import('../../prototxt/transform/select.js');
  const result = select(text, { ...options, stages });
  return { result, notes: removedText(result.removed) };
}

export function addedText({ layer, type, insteadOf }: AddedLayer): string {
  return `added: ${layer} (${type})${insteadOf === undefined ? '' : `, in the place of ${insteadOf}`}`;
}

export function removedText(names: readonly string[]): string[] {
  return names.length > 0 ? [`removed: ${names.join(', ')}`] : [];
}

function numbers(text: string): number[] {
  const values = list(text).map(Number);
  if (values.every(Number.isFinite)) return values;
  throw new InvalidArgumentError('It must be numbers divided by commas.');
}
