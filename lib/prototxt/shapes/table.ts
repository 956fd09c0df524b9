/** Every layer type of Caffe: how many blobs it takes and gives, and the rule for their shapes. */
import type { Layer } from '../network/network';
import { AXES } from './axes';
import { CONVOLUTIONS } from './convolution';
import { DATA } from './data';
import { ELEMENTWISE } from './elementwise';
import { JOINS } from './joins';
import { LOSSES } from './losses';
import { POOLINGS } from './pooling';
import { PRODUCTS } from './products';
import type { Rule } from './rule';
import { Settings } from './settings';

/** Least and greatest number of blobs. */
export type Arity = readonly [least: number, most: number];

const ANY = Number.POSITIVE_INFINITY;
const NONE: Arity = [0, 0];
const ONE: Arity = [1, 1];
const FROM_ONE: Arity = [1, ANY];

const RULES: ReadonlyMap<string, Rule> = new Map(
  [CONVOLUTIONS, POOLINGS, ELEMENTWISE, PRODUCTS, AXES, JOINS, LOSSES, DATA].flatMap((family) => Object.entries(family)),
);

/** Those with other numbers than one bottom and one top. */
const ARITIES: Readonly<Record<string, readonly [bottoms: Arity, tops: Arity]>> = {
  Accuracy: [
    [2, 2],
    [1, 2],
  ],
  BatchReindex: [[2, 2], ONE],
  Bias: [[1, 2], ONE],
  Concat: [FROM_ONE, ONE],
  ContrastiveLoss: [[3, 3], ONE],
  Convolution: [FROM_ONE, FROM_ONE],
  Crop: [[2, 2], ONE],
  Data: [NONE, [1, 2]],
  Deconvolution: [FROM_ONE, FROM_ONE],
  DummyData: [NONE, FROM_ONE],
  Eltwise: [[2, ANY], ONE],
  EuclideanLoss: [[2, 2], ONE],
  Filter: [[2, ANY], FROM_ONE],
  HDF5Data: [NONE, FROM_ONE],
  HDF5Output: [[2, 2], NONE],
  HingeLoss: [[2, 2], ONE],
  ImageData: [NONE, [2, 2]],
  InfogainLoss: [
    [2, 3],
    [1, 2],
  ],
  Input: [NONE, FROM_ONE],
  JavaScript: [
    [0, ANY],
    [0, ANY],
  ],
  LSTMUnit: [
    [3, 3],
    [2, 2],
  ],
  MemoryData: [NONE, [2, 2]],
  MultinomialLogisticLoss: [[2, 2], ONE],
  Parameter: [NONE, ONE],
  Python: [
    [0, ANY],
    [0, ANY],
  ],
  Scale: [[1, 2], ONE],
  SigmoidCrossEntropyLoss: [[2, 2], ONE],
  Silence: [FROM_ONE, NONE],
  Slice: [ONE, FROM_ONE],
  SoftmaxWithLoss: [
    [2, 2],
    [1, 2],
  ],
  Split: [ONE, FROM_ONE],
  WindowData: [NONE, [2, 2]],
};

/** Layers of BVLC's Caffe that need OpenCV, which the Caffe of this package does without. */
const NEED_OPENCV = new Set(['ImageData', 'WindowData']);

/** Losses for which Caffe makes the top where the file names none. */
const WITH_AUTOMATIC_TOP = new Set(Object.keys(LOSSES).filter((type) => type !== 'Accuracy'));

/** Types that may work in place. Caffe lets others, too, and then they write beyond their memory. */
const KEEPS_SHAPE = new Set(
  'BNLL BatchNorm Bias Clip Dropout ELU Eltwise Exp LRN Log MVN PReLU Power ReLU Scale Sigmoid Softmax Swish TanH Threshold'.split(' '),
);

export function ruleOf(type: string): Rule | undefined {
  return RULES.get(type);
}

/** The names of all types that have a rule. */
export function knownTypes(): string[] {
  return [...RULES.keys()];
}

export function needsOpenCv(type: string): boolean {
  return NEED_OPENCV.has(type);
}

/** Where each type says which of several implementations it wants. */
const ENGINES: Readonly<Record<string, string>> = {
  Convolution: 'convolution_param',
  Deconvolution: 'convolution_param',
  InfogainLoss: 'softmax_param',
  LRN: 'lrn_param',
  Pooling: 'pooling_param',
  ReLU: 'relu_param',
  Sigmoid: 'sigmoid_param',
  Softmax: 'softmax_param',
  SoftmaxWithLoss: 'softmax_param',
  TanH: 'tanh_param',
};

/** Whether a layer wants to run on CUDA's own library. */
export function asksForCuda({ type, message }: Layer): boolean {
  const [engine] = message.message(ENGINES[type] ?? '')?.values('engine') ?? [];
  return engine?.kind === 'name' ? engine.value === 'CUDNN' : engine?.kind === 'number' && engine.value === 2;
}

/** How many bottoms and tops a layer must have. */
export function aritiesOf({ type, message, field }: Layer): readonly [bottoms: Arity, tops: Arity] {
  const setting = (name: string, kind: 'PoolingParameter' | 'RecurrentParameter') => new Settings(kind, message.message(name), field.start);
  if (type === 'Pooling') return [ONE, [1, setting('pooling_param', 'PoolingParameter').choice('pool') === 'MAX' ? 2 : 1]];
  if (type === 'LSTM' || type === 'RNN') {
    const exposed = setting('recurrent_param', 'RecurrentParameter').flag('expose_hidden') ? (type === 'LSTM' ? 2 : 1) : 0;
    return [
      [2 + exposed, 3 + exposed],
      [1 + exposed, 1 + exposed],
    ];
  }
  return ARITIES[type] ?? [ONE, ONE];
}

/** The number of tops with the one that Caffe adds to a loss which names none. */
export function topCountOf({ type, tops }: Layer): number {
  return tops.length === 0 && WITH_AUTOMATIC_TOP.has(type) ? 1 : tops.length;
}

/** Whether a layer may name its bottom as its top. */
export function worksInPlace({ type, message, field }: Layer): boolean {
  if (!KEEPS_SHAPE.has(type)) return false;
  // These overwrite their bottom before they have read all of it.
  if (type === 'Eltwise')
    return new Settings('EltwiseParameter', message.message('eltwise_param'), field.start).choice('operation') === 'PROD';
  if (type === 'LRN')
    return new Settings('LRNParameter', message.message('lrn_param'), field.start).choice('norm_region') === 'WITHIN_CHANNEL';
  return true;
}
