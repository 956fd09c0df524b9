/** The networks that ship with the package. All of it is text that is made on the spot: no file is read. */
import { CaffeError, describe } from '../errors';
import type { NetworkName, Paper } from './architecture';
import { ARCHITECTURES, architectureNamed, namesHint } from './catalogue';
import { decide, type NetworkChoices } from './choices';
import { networkText, solverText } from './text';

export type { NetworkChoices, NetworkName, Paper };

/** What there is to know of a network before it is written. */
export interface NetworkInfo {
  readonly name: NetworkName;
  /** Its name in print: 'SqueezeNet 1.1'. */
  readonly title: string;
  /** Undefined for `small`, which is ours. */
  readonly paper: Paper | undefined;
  /** The number of classes it was published for. */
  readonly classes: number;
  /** Channels, height and width of the pictures it was published for. */
  readonly input: readonly [channels: number, height: number, width: number];
  /** Height and width that pictures must have at least. */
  readonly smallest: number;
  /** Learned values when deployed as published: weights, biases, scales and shifts. BatchNorm's statistics are not counted. */
  readonly parameters: number;
  /** Multiply-adds of convolutions and inner products for one picture, as published. */
  readonly multiplyAdds: number;
}

/** The files of a network, as text. */
export interface NetworkFiles {
  readonly name: NetworkName;
  /** `train_val.prototxt`: for training and validation, on the databases of a dataset folder. */
  readonly trainVal: string;
  /** `deploy.prototxt`: takes `data`, one picture; gives `prob`. */
  readonly deploy: string;
  /** `solver.prototxt`: trains `train_val.prototxt` in the same folder, as its authors did. */
  readonly solver: string;
}

/** The networks there are: ours first, then by year. */
export function list(): NetworkInfo[] {
  return ARCHITECTURES.map(({ name, title, paper, classes, channels, size, smallest, parameters, multiplyAdds }) => ({
    name,
    title,
    paper: paper && { ...paper },
    classes,
    input: [channels, size, size],
    smallest,
    parameters,
    multiplyAdds,
  }));
}

/**
 * Writes a network: `networks.get('googlenet', { classes: 2 })`. Layers and blobs have the names of the published files, so that
 * published weights load. A head keeps its name whatever the number of classes: to fine-tune published weights, give
 * `train` the name and the weights, or `prototxt.retarget` the text.
 *
 * Data is looked for as `createDataset` lays it out (`train_db`, `val_db`, `mean.binaryproto`), relative to the working directory
 * or `basePath`.
 *
 * @throws {CaffeError} ERR_CAFFE_INPUT for a name that there is not, pictures smaller than the network takes, or a choice that is
 *   no whole number from 1.
 */
export function get(name: NetworkName, choices: NetworkChoices = {}): NetworkFiles {
  const architecture = architectureNamed(name);
  if (!architecture) throw new CaffeError('ERR_CAFFE_INPUT', `There is no network ${describe(name)}.`, { hint: namesHint(name) });
  const decided = decide(architecture, choices);
  return {
    name,
    trainVal: networkText(architecture, 'training', decided),
    deploy: networkText(architecture, 'deployment', decided),
    solver: solverText(architecture, decided),
  };
}
