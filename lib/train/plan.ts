/** Everything that is decided before training begins, but the learning rate. */
import { randomInt } from 'node:crypto';
import type { Dataset } from '../dataset';
import { CaffeError } from '../errors';
import type { Engine, Precision } from '../net-engine';
import { type DataSettings, inspect } from '../prototxt';
import type { TrainingEvent } from './events';
import type { MeanOption, SolverType, TrainOptions } from './options';
import { DEFAULT_POLICY, type LearningRatePolicy } from './policy';

export interface TrainingPlan {
  /** The names of the classes, by index. */
  labels: string[];
  images: { train: number; validation: number };
  epochs: number;
  batchSize: number;
  validationBatchSize: number;
  iterationSize: number;
  /** ⌈training images / (batchSize · iterationSize)⌉ */
  iterationsPerEpoch: number;
  /** All iterations of the training. */
  iterations: number;
  /** Iterations between validations. */
  validateEvery: number;
  /** Iterations between snapshots. */
  snapshotEvery: number;
  keepSnapshots: number | undefined;
  solverType: SolverType;
  policy: LearningRatePolicy;
  momentum: number;
  rmsDecay: number;
  /** Undefined: a hundredth of the learning rate. */
  weightDecay: number | undefined;
  cropSize: number;
  mirror: boolean;
  mean: MeanOption;
  /** Factor on the pixels after the mean was subtracted, from the network file; 1 where it says nothing. */
  scale: number;
  seed: number;
  /** Undefined: as a solver chooses by itself. */
  engine: Engine | undefined;
  precision: Precision;
}

type Warning = Extract<TrainingEvent, { type: 'warning' }>;

/** What the network file says about its data. */
type FileSettings = Partial<DataSettings>;

const DEFAULT_EPOCHS = 30;
const DEFAULT_BATCH_SIZE = 16;
const DEFAULT_MOMENTUM = 0.9;
const DEFAULT_RMS_DECAY = 0.99;
/** Caffe refuses a momentum for these. */
const WITHOUT_MOMENTUM: readonly SolverType[] = ['AdaGrad', 'RMSProp'];

/**
 * Decides every setting: the caller's option, otherwise what the network file says, otherwise the default.
 *
 * @param network the text of the network file, as given.
 * @returns the plan, and warnings about what the file asks for and the dataset cannot give.
 * @throws {CaffeError} ERR_CAFFE_INPUT for an option that does not fit the dataset; ERR_CAFFE_DATASET when there is nothing to train with.
 */
export function planTraining(options: TrainOptions, dataset: Dataset, network: string): { plan: TrainingPlan; warnings: Warning[] } {
  const { train = 0, validation = 0 } = dataset.counts;
  if (train === 0) throw new CaffeError('ERR_CAFFE_DATASET', `The dataset '${dataset.path}' has no training images.`);
  const { train: trainFile = {}, validation: validationFile = {} } = inspect(network);
  const warnings: Warning[] = [];
  const solverType = options.solverType ?? 'SGD';
  const plan = {
    labels: [...dataset.labels],
    images: { train, validation },
    ...batches(options, trainFile, validationFile, { train, validation }, warnings),
    ...pixels(options, trainFile, dataset, warnings),
    keepSnapshots: options.keepSnapshots,
    solverType,
    policy: options.learningRatePolicy ?? DEFAULT_POLICY,
    momentum: options.momentum ?? (WITHOUT_MOMENTUM.includes(solverType) ? 0 : DEFAULT_MOMENTUM),
    rmsDecay: options.rmsDecay ?? DEFAULT_RMS_DECAY,
    weightDecay: options.weightDecay,
    seed: options.seed ?? randomInt(2 ** 31 - 1),
    engine: options.engine,
    precision: options.precision ?? 'f32',
  };
  return { plan, warnings };
}

function batches(
  options: TrainOptions,
  trainFile: FileSettings,
  validationFile: FileSettings,
  images: TrainingPlan['images'],
  warnings: Warning[],
) {
  const wanted = options.batchSize ?? trainFile.batchSize ?? DEFAULT_BATCH_SIZE;
  const batchSize = Math.min(wanted, images.train);
  if (batchSize < wanted) {
    warnings.push(warning('batch-reduced', `There are ${images.train} training images; the batch of ${wanted} is reduced to them.`));
  }
  const validationBatchSize = options.validationBatchSize ?? validationFile.batchSize ?? DEFAULT_BATCH_SIZE;
  const iterationSize = options.iterationSize ?? 1;
  const epochs = options.epochs ?? DEFAULT_EPOCHS;
  const iterationsPerEpoch = Math.ceil(images.train / (batchSize * iterationSize));
  const inIterations = (epochCount: number) => {
    const iterations = Math.max(1, Math.round(epochCount * iterationsPerEpoch));
    if (iterations < 2 ** 31) return iterations;
    throw new CaffeError('ERR_CAFFE_INPUT', `${epochCount} epochs take ${iterations} iterations; Caffe counts them to 2147483647.`);
  };
  return {
    epochs,
    batchSize,
    validationBatchSize: Math.min(validationBatchSize, Math.max(1, images.validation)),
    iterationSize,
    iterationsPerEpoch,
    iterations: inIterations(epochs),
    validateEvery: inIterations(options.validateEvery ?? 1),
    snapshotEvery: inIterations(options.snapshotEvery ?? 1),
  };
}

function pixels(options: TrainOptions, file: FileSettings, dataset: Dataset, warnings: Warning[]) {
  return {
    cropSize: cropSize(options, file, dataset, warnings),
    mirror: options.mirror ?? file.mirror ?? false,
    mean: options.mean ?? (file.meanValues?.length ? file.meanValues : 'image'),
    scale: file.scale ?? 1,
  };
}

/** A crop that the caller asks for must fit; one of the file is reduced to the images, as DIGITS does. */
function cropSize(options: TrainOptions, file: FileSettings, dataset: Dataset, warnings: Warning[]): number {
  const side = Math.min(...dataset.size);
  const wanted = options.cropSize ?? file.cropSize ?? 0;
  if (wanted <= side) return wanted;
  if (options.cropSize !== undefined) {
    throw new CaffeError('ERR_CAFFE_INPUT', `'cropSize' is ${wanted}; the images of the dataset are ${dataset.size.join('×')}.`, {
      hint: `Choose at most ${side}, or create the dataset with larger images.`,
    });
  }
  warnings.push(warning('crop-reduced', `The network crops ${wanted}×${wanted}; the images of the dataset allow ${side}×${side}.`));
  return side;
}

function warning(code: Warning['code'], message: string): Warning {
  return { type: 'warning', code, message };
}
