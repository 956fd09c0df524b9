/** Opening a classifier: the network, how images become its input, and what its output means. */
import path from 'node:path';
import { CaffeError } from './errors';
import { reading, readTexts } from './given';
import { requireSize } from './image';
import { type ImagePreparation, RecordPreparation, TransformerPreparation } from './image-preparation';
import { isModel, isNetwork, type Model, type ModelLike, openModel, pathOfModel } from './model';
import { readPart } from './model-files';
import { type EngineOptions, Net } from './net';
import { type NetworkWithSettings, onlyInputOf, openNetworkInput } from './network-input';

/** The arguments of pycaffe's Classifier, and the names of the classes. */
export interface ClassifierNetwork extends NetworkWithSettings {
  /** [height, width] to which images are resized before they are cropped to the network's input. Default: the input's own size. */
  imageSize?: readonly [number, number];
  /** Of the classes, by index. Default: the index itself. */
  labels?: readonly string[];
}

export interface ClassifierParts {
  net: Net;
  /** Name of the network's input. */
  input: string;
  preparation: ImagePreparation;
  labels: readonly string[];
  /** Name of the output that holds one value for each class. */
  output: string;
  /** Their number. */
  classes: number;
  /** False where the network ends before its softmax, as the published SqueezeNet does. */
  givesProbabilities: boolean;
}

/** @throws {CaffeError} as `Classifier.open`. */
export async function openParts(source: ModelLike | ClassifierNetwork, engine: EngineOptions): Promise<ClassifierParts> {
  if (isNetwork(source)) return partsOfNetwork(source, engine);
  if (isModel(source)) return partsOfModel(source, engine);
  const model = await openModel(pathOfModel(source));
  try {
    return await partsOfModel(model, engine);
  } finally {
    // Once the network is in memory, what was unpacked for it can go.
    await model.dispose();
  }
}

async function partsOfModel(model: Model, engine: EngineOptions): Promise<ClassifierParts> {
  const preparation = await RecordPreparation.of(model);
  const net = await Net.from(await readPart(model.path, path.dirname(model.network), path.basename(model.network)), {
    weights: model.best.path,
    ...engine,
  });
  return disposedOnFailure(net, () => {
    const input = onlyInputOf(net);
    const classes = model.labels.length;
    const output = net.outputs.findLast((name) => classesOf(net, input, name) === classes);
    if (output === undefined) {
      throw new CaffeError('ERR_CAFFE_MODEL', `No output of the network has ${classes} values for an image, one for each label.`, {
        hint: 'labels.txt and the network are not of the same training.',
      });
    }
    return { net, input, preparation, labels: model.labels, output, classes, givesProbabilities: endsInProbabilities(net, output) };
  });
}

async function partsOfNetwork(given: ClassifierNetwork, engine: EngineOptions): Promise<ClassifierParts> {
  const { imageSize, labels = [], ...network } = reading('The network', () => ({ ...given }));
  const names = readTexts(labels, 'The labels');
  const size = imageSize && requireSize(imageSize);
  const input = await openNetworkInput(network, engine);
  const { net } = input;
  return disposedOnFailure(net, () => {
    const [height, width] = size ?? input.size;
    if (height < input.size[0] || width < input.size[1]) {
      throw new CaffeError(
        'ERR_CAFFE_INPUT',
        `An imageSize of ${height}×${width} is smaller than the network's input, ${input.size.join('×')}.`,
      );
    }
    const [output = ''] = net.outputs;
    const classes = classesOf(net, input.name, output);
    if (names.length > 0 && names.length !== classes) {
      throw new CaffeError('ERR_CAFFE_INPUT', `There are ${names.length} labels; the network has ${classes} classes.`);
    }
    const preparation = new TransformerPreparation(input, [height, width]);
    return { net, input: input.name, preparation, labels: names, output, classes, givesProbabilities: endsInProbabilities(net, output) };
  });
}

async function disposedOnFailure<Result>(net: Net, work: () => Result): Promise<Result> {
  try {
    return work();
  } catch (error) {
    await net.dispose();
    throw error;
  }
}

/** Values of an output for each item of the input. */
function classesOf(net: Net, input: string, output: string): number {
  return (net.blobs[output]?.count ?? 0) / (net.blobs[input]?.shape[0] ?? 1);
}

const PROBABILITIES: readonly string[] = ['Softmax', 'Sigmoid'];
/** Layers that give the values of their bottom in another shape. */
const SAME_VALUES: readonly string[] = ['Flatten', 'Reshape', 'Dropout', 'Split'];

function endsInProbabilities(net: Net, output: string): boolean {
  const layer = net.layers.findLast(({ tops }) => tops.includes(output));
  if (layer === undefined) return false;
  const [bottom] = layer.bottoms;
  // In place, a layer's bottom is its top: what is below it cannot be found by name.
  if (SAME_VALUES.includes(layer.type) && bottom !== undefined && bottom !== output) return endsInProbabilities(net, bottom);
  return PROBABILITIES.includes(layer.type);
}
