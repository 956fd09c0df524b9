/** What the files of an architecture have in common, whatever its layers. */
import type { SolverParameter } from '../prototxt';
import type { Draft } from './draft';

/** The networks that ship with the package. */
export type NetworkName =
  | 'small'
  | 'lenet'
  | 'cifar10-quick'
  | 'alexnet'
  | 'caffenet'
  | 'googlenet'
  | 'squeezenet'
  | 'vgg-16'
  | 'resnet-18'
  | 'resnet-50'
  | 'mobilenet';

/** Where an architecture was published. */
export interface Paper {
  readonly authors: string;
  readonly title: string;
  readonly year: number;
  /** Conference or journal, and the number in arXiv where it has one. */
  readonly where: string;
}

/** How pictures are fed in training and validation. */
export interface Feed {
  /** Name of the two data layers. */
  readonly name: string;
  /** Pictures in a training batch. */
  readonly batchSize: number;
  readonly validationBatchSize: number;
  /** Whether a square of the network's input size is cut out of larger pictures, and half of the training ones mirrored. */
  readonly crop: boolean;
  /** What is subtracted: the mean picture of the training set, or values for blue, green and red; nothing where it is left out. */
  readonly mean?: 'picture' | readonly [blue: number, green: number, red: number];
  /** What values are multiplied with after that; 1 where it is left out. */
  readonly scale?: number;
}

export interface Architecture {
  readonly name: NetworkName;
  /** Its name in print, and in its files. */
  readonly title: string;
  /** Undefined for what is ours. */
  readonly paper?: Paper;
  /** What is to be known about its files, for a comment: a line each. */
  readonly notes: readonly string[];
  readonly classes: number;
  readonly channels: number;
  /** Side of the pictures it was published for. */
  readonly size: number;
  /** Side of the smallest pictures that reach its last layer. */
  readonly smallest: number;
  /** Learned values of the deployed network with these classes, channels and size: weights, biases, scales. Not BatchNorm's statistics. */
  readonly parameters: number;
  /** Multiply-adds of its convolutions and inner products for one such picture. */
  readonly multiplyAdds: number;
  readonly feed: Feed;
  /** `net`, `snapshot_prefix` and `solver_mode` are added. */
  readonly solver: SolverParameter;
  /** What the solver's settings rest on, for a comment: a line each. */
  readonly solverNotes: readonly string[];
  /** Writes the layers behind the data, up to loss and accuracy or the probabilities. */
  readonly build: (draft: Draft) => void;
}
