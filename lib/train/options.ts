import type { Dataset } from '../dataset';
import { readOptions } from '../given';
import type { Model } from '../model';
import type { EngineOptions, Precision } from '../net-engine';
import type { PrototxtDocument } from '../prototxt';
import type { LearningRatePolicy } from './policy';

/** Caffe's solvers, by the names of `type` in a solver file. */
export const SOLVER_TYPES = ['SGD', 'Nesterov', 'AdaGrad', 'RMSProp', 'AdaDelta', 'Adam'] as const;
export type SolverType = (typeof SOLVER_TYPES)[number];

/**
 * What is subtracted from the pixels: the dataset's mean image, its mean colour, nothing, or the given values — one for each
 * channel in Caffe's order (blue, green, red), in the range of the pixels, 0 to 255.
 */
export type MeanOption = 'image' | 'pixel' | 'none' | readonly number[];

/**
 * Settings of a training. Every default is DIGITS's unless it says otherwise; where the network file has a say, it comes
 * before the default and after the option.
 */
export interface TrainOptions extends Pick<EngineOptions, 'engine'> {
  /** A dataset, or the folder of one. */
  dataset: Dataset | string;
  /** A document, prototxt text (it contains a brace), the path of a file that exists, or the name of a network that ships with this package; tried in this order. */
  network: PrototxtDocument | string;
  /** Where to start from: a .caffemodel as a path or as bytes, or a trained model (its best snapshot). Without, the network's own fillers decide. */
  weights?: string | Uint8Array | Model;
  /** The model folder to write. Default: `<dataset name>-model` in the working directory. */
  output?: string;
  /** Replaces a model folder that is there already. Default false: a folder with anything in it is refused. */
  overwrite?: boolean;

  /** Passes over the training images; may be fractional. Default 30. */
  epochs?: number;
  /** Images in one training step. Default: the network file's, otherwise 16; never more than there are images. */
  batchSize?: number;
  /** Images in one validation step; it changes the speed and the memory, not the result. Default: the network file's, otherwise 16. */
  validationBatchSize?: number;
  /** Batches whose gradients are added up before each update. Default 1. */
  iterationSize?: number;
  /** Epochs between validations; may be fractional. Every snapshot is validated as well. Default 1. */
  validateEvery?: number;
  /** Epochs between snapshots; may be fractional. There is always one at the end. Default 1. */
  snapshotEvery?: number;
  /** How many snapshots to keep: the best one and the newest. Default: all. The large solver state is kept for the newest one only. */
  keepSnapshots?: number;

  /** Default 'SGD'. */
  solverType?: SolverType;
  /** The rate to begin with. 'auto' finds one by a short range test on a copy of the weights. Default: 'auto' with `weights`, otherwise 0.01. */
  learningRate?: number | 'auto';
  /** Default: { type: 'step', percent: 33, gamma: 0.1 }. */
  learningRatePolicy?: LearningRatePolicy;
  /** Default 0.9; AdaGrad and RMSProp have none. */
  momentum?: number;
  /** RMSProp's decay. Default 0.99. */
  rmsDecay?: number;
  /** Default: a hundredth of the learning rate. */
  weightDecay?: number;

  /** Side of the square cut out of the images: anywhere in training, in the centre afterwards. 0: none. Default: the network file's, otherwise none. */
  cropSize?: number;
  /** Shows half of the training images mirrored. Default: the network file's, otherwise false. */
  mirror?: boolean;
  /** Default: the network file's mean values, otherwise 'image'. */
  mean?: MeanOption;

  /**
   * What the fast engine trains with. 'bf16' is up to half faster again, needs a processor with AVX512-BF16 or AMX, and keeps 8 bits of what
   * lies between layers; parameters, their gradients and the validations stay float32. Default 'f32'.
   */
  precision?: Precision;
  /** Of everything random (fillers, order of the images, crops, dropout), 0 to 2³¹−1. Default: drawn, and told in the plan. */
  seed?: number;
  /** Aborting finishes the iteration, writes a snapshot, and rejects with an AbortError. */
  signal?: AbortSignal;
}

/** All of them: the compiler refuses a list that lacks one. */
const OPTIONS: Record<keyof TrainOptions, true> = {
  dataset: true,
  network: true,
  weights: true,
  output: true,
  overwrite: true,
  epochs: true,
  batchSize: true,
  validationBatchSize: true,
  iterationSize: true,
  validateEvery: true,
  snapshotEvery: true,
  keepSnapshots: true,
  solverType: true,
  learningRate: true,
  learningRatePolicy: true,
  momentum: true,
  rmsDecay: true,
  weightDecay: true,
  cropSize: true,
  mirror: true,
  mean: true,
  engine: true,
  precision: true,
  seed: true,
  signal: true,
};

/** The options, each read once. @throws {CaffeError} ERR_CAFFE_INPUT for options that are no object, or cannot be read. */
export function readTrainOptions(options: TrainOptions): TrainOptions {
  return readOptions(options, Object.keys(OPTIONS) as (keyof TrainOptions)[]);
}
