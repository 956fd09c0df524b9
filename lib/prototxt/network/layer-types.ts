import { inputError } from '../input-error';
import type { Graph } from './graph';
import type { Layer } from './network';

/** The layers whose number of outputs is a field, with the message that their `num_output` is in. */
const OUTPUT_PARAMS: ReadonlyMap<string, string> = new Map([
  ['InnerProduct', 'inner_product_param'],
  ['Convolution', 'convolution_param'],
  ['Deconvolution', 'convolution_param'],
]);

/** Those of them that give scores of classes; a Deconvolution enlarges what another layer gives. */
const CLASSIFIERS = new Set(['InnerProduct', 'Convolution']);

/** Layers without weights whose outputs stand for the same classes as their inputs. */
const CLASSWISE = new Set([
  'AbsVal',
  'BNLL',
  'Clip',
  'Dropout',
  'ELU',
  'Flatten',
  'Pooling',
  'Power',
  'PReLU',
  'ReLU',
  'Reshape',
  'Sigmoid',
  'Split',
  'Swish',
  'TanH',
]);

/** Activations that cut scores off at or near zero. */
const RECTIFIERS = new Set(['ReLU', 'PReLU', 'ELU']);

/** Losses over scores per class, with the layer that turns those scores into probabilities; `undefined` where they are already. */
const CLASS_LOSSES: ReadonlyMap<string, 'Softmax' | 'Sigmoid' | undefined> = new Map([
  ['SoftmaxWithLoss', 'Softmax'],
  ['InfogainLoss', 'Softmax'],
  ['HingeLoss', 'Softmax'],
  ['SigmoidCrossEntropyLoss', 'Sigmoid'],
  ['MultinomialLogisticLoss', undefined],
]);

const SCORE_READERS = new Set(['Accuracy', 'ArgMax', 'Silence']);

/** The name of the message that a layer's `num_output` is in; undefined for a layer without this field. */
export function outputParam(layer: Layer): string | undefined {
  return OUTPUT_PARAMS.get(layer.type);
}

/** Whether the outputs of a layer can be the scores of classes. */
export function isClassifier(layer: Layer): boolean {
  return CLASSIFIERS.has(layer.type);
}

export function isClasswise(layer: Layer): boolean {
  return CLASSWISE.has(layer.type);
}

export function isRectifier(layer: Layer): boolean {
  return RECTIFIERS.has(layer.type);
}

/** Whether a layer computes a loss: by its type, or because its output is weighted into the objective. */
export function isLoss(layer: Layer): boolean {
  return layer.type.endsWith('Loss') || layer.lossWeights.some((weight) => weight !== 0);
}

/** Whether a layer measures a result instead of contributing to it. */
export function isMeasure(layer: Layer): boolean {
  return isLoss(layer) || layer.type === 'Accuracy' || layer.type === 'Silence';
}

export function isClassLoss(layer: Layer): boolean {
  return CLASS_LOSSES.has(layer.type);
}

/** The type of the layer that gives, in deployment, what a loss compares with the labels. */
export function probabilityTypeFor(loss: Layer): 'Softmax' | 'Sigmoid' | undefined {
  return CLASS_LOSSES.get(loss.type);
}

/** Whether a layer brings data in: it reads no blob. Parameter layers hold weights, not data. */
export function isSource(layer: Layer): boolean {
  return layer.bottoms.length === 0 && layer.type !== 'Parameter';
}

/** Whether what a layer gives is a result of the net, and not a step on the way (as a Softmax in an attention is). */
export function isResult(layer: Layer, graph: Graph): boolean {
  return graph.readers(layer).every((reader) => SCORE_READERS.has(reader.layer.type) || isLoss(reader.layer));
}

/** Whether a layer is a Softmax that gives the result of the net. */
export function isFinalSoftmax(layer: Layer, graph: Graph): boolean {
  return layer.type === 'Softmax' && isResult(layer, graph);
}

/**
 * How many parameter blobs a layer learns. A BatchNorm has none: what it keeps are statistics, not trained by the solver.
 *
 * @returns undefined for any other type: it has none, or only its author knows.
 */
export function parameterCount(layer: Layer): number | undefined {
  const withBias = (param: string, fallback: boolean) => 1 + Number(layer.message.message(param)?.boolean('bias_term') ?? fallback);
  switch (layer.type) {
    case 'Convolution':
    case 'Deconvolution':
      return withBias('convolution_param', true);
    case 'InnerProduct':
      return withBias('inner_product_param', true);
    case 'Embed':
      return withBias('embed_param', true);
    case 'Scale':
      return withBias('scale_param', false) - Number(layer.bottoms.length > 1);
    case 'Bias':
      return layer.bottoms.length > 1 ? 0 : 1;
    case 'PReLU':
    case 'Parameter':
      return 1;
    case 'LSTM':
      return layer.bottoms.length > 2 ? 4 : 3;
    case 'RNN':
      return layer.bottoms.length > 2 ? 6 : 5;
    case 'BatchNorm':
      return 0;
    default:
      return undefined;
  }
}

/** @throws {CaffeError} ERR_CAFFE_INPUT unless `classes` is a whole number from 1 that Caffe can count to. */
export function checkClasses(classes: number, name = 'classes'): void {
  if (Number.isInteger(classes) && classes >= 1 && classes < 2 ** 31) return;
  throw inputError(name, 'a whole number from 1 to 2^31 - 1', classes);
}
