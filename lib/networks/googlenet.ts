import type { LayerSettings } from '../prototxt/builder/layer-settings';
import { layers as L, type Top } from '../prototxt/builder/net-spec';
import type { Architecture } from './architecture';
import type { Draft } from './draft';
import { ending, measure } from './ending';
import { averaged } from './pooling';
import { RESPONSE_NORMALISATION, WEIGHTS_AND_BIAS, xavier } from './settings';

/**
 * GoogLeNet: C. Szegedy, W. Liu, Y. Jia, P. Sermanet, S. Reed, D. Anguelov, D. Erhan, V. Vanhoucke, A. Rabinovich:
 * Going Deeper with Convolutions. CVPR 2015, arXiv:1409.4842. Nine inception modules; two further classifiers feed gradients to the
 * layers in the middle, in training only; 224×224.
 */
export const googlenet: Architecture = {
  name: 'googlenet',
  title: 'GoogLeNet',
  paper: {
    authors: 'C. Szegedy, W. Liu, Y. Jia, P. Sermanet, S. Reed, D. Anguelov, D. Erhan, V. Vanhoucke, A. Rabinovich',
    title: 'Going Deeper with Convolutions',
    year: 2014,
    where: 'CVPR 2015, arXiv:1409.4842',
  },
  notes: ["Layers are named as in BVLC's bvlc_googlenet, whose weights load."],
  classes: 1000,
  channels: 3,
  size: 224,
  smallest: 47,
  parameters: 6_998_552,
  multiplyAdds: 1_582_671_872,
  feed: { name: 'data', batchSize: 32, validationBatchSize: 50, crop: true, mean: [104, 117, 123] },
  solver: {
    base_lr: 0.01,
    lr_policy: 'step',
    gamma: 0.96,
    stepsize: 320_000,
    momentum: 0.9,
    weight_decay: 0.0002,
    test_iter: [1000],
    test_interval: 4000,
    test_initialization: false,
    display: 40,
    average_loss: 40,
    max_iter: 10_000_000,
    snapshot: 40_000,
  },
  solverNotes: [
    "The paper's schedule: the rate falls by 4 % every 8 epochs of ImageNet (320,000 batches of 32).",
    'BVLC reached nearly the same in a quarter of the time with lr_policy: "poly", power: 0.5, max_iter: 2400000.',
  ],
  build,
};

/** Channels of the branches of an inception module: the convolution of a branch, behind a reduction of the channels. */
interface Branches {
  readonly one: number;
  readonly three: readonly [reduced: number, channels: number];
  readonly five: readonly [reduced: number, channels: number];
  readonly pooled: number;
}

/** Table 1 of the paper. */
const MODULES: Readonly<Record<string, Branches>> = {
  '3a': { one: 64, three: [96, 128], five: [16, 32], pooled: 32 },
  '3b': { one: 128, three: [128, 192], five: [32, 96], pooled: 64 },
  '4a': { one: 192, three: [96, 208], five: [16, 48], pooled: 64 },
  '4b': { one: 160, three: [112, 224], five: [24, 64], pooled: 64 },
  '4c': { one: 128, three: [128, 256], five: [24, 64], pooled: 64 },
  '4d': { one: 112, three: [144, 288], five: [32, 64], pooled: 64 },
  '4e': { one: 256, three: [160, 320], five: [32, 128], pooled: 128 },
  '5a': { one: 256, three: [160, 320], five: [32, 128], pooled: 128 },
  '5b': { one: 384, three: [192, 384], five: [48, 128], pooled: 128 },
};

/** The modules with a classifier of their own in training. */
const AUXILIARY: ReadonlyMap<string, number> = new Map([
  ['4a', 1],
  ['4d', 2],
]);

/** The modules in front of which maps are halved. */
const HALVED: ReadonlyMap<string, string> = new Map([
  ['4a', 'pool3/3x3_s2'],
  ['5a', 'pool4/3x3_s2'],
]);

const HALF = { pool: 'MAX', kernel_size: 3, stride: 2 } as const;

function build(draft: Draft): void {
  let maps = stem(draft);
  for (const [module, branches] of Object.entries(MODULES)) {
    const pool = HALVED.get(module);
    if (pool !== undefined) maps = draft.net[pool] = L.Pooling(maps, HALF);
    draft.section(`Inception ${module}`);
    maps = inception(draft, `inception_${module}`, maps, branches);
    const number = AUXILIARY.get(module);
    if (number !== undefined && draft.form === 'training') auxiliary(draft, number, maps);
  }
  classifier(draft, maps);
}

function stem(draft: Draft): Top {
  const { net } = draft;
  draft.section('Stem');
  const conv1 = convolution(draft, 'conv1', '7x7_s2', draft.data, { num_output: 64, pad: 3, kernel_size: 7, stride: 2 }, '7x7');
  net['pool1/3x3_s2'] = L.Pooling(conv1, HALF);
  net['pool1/norm1'] = L.LRN(net['pool1/3x3_s2'], RESPONSE_NORMALISATION);
  const reduced = convolution(draft, 'conv2', '3x3_reduce', draft.top('pool1/norm1'), { num_output: 64, kernel_size: 1 });
  const conv2 = convolution(draft, 'conv2', '3x3', reduced, { num_output: 192, pad: 1, kernel_size: 3 });
  net['conv2/norm2'] = L.LRN(conv2, RESPONSE_NORMALISATION);
  net['pool2/3x3_s2'] = L.Pooling(net['conv2/norm2'], HALF);
  return draft.top('pool2/3x3_s2');
}

/** Four views of the same maps, side by side. */
function inception(draft: Draft, name: string, maps: Top, { one, three, five, pooled }: Branches): Top {
  const { net } = draft;
  const branch1 = convolution(draft, name, '1x1', maps, { num_output: one, kernel_size: 1 });
  const reduced3 = convolution(draft, name, '3x3_reduce', maps, { num_output: three[0], kernel_size: 1 });
  const branch3 = convolution(draft, name, '3x3', reduced3, { num_output: three[1], pad: 1, kernel_size: 3 });
  const reduced5 = convolution(draft, name, '5x5_reduce', maps, { num_output: five[0], kernel_size: 1 });
  const branch5 = convolution(draft, name, '5x5', reduced5, { num_output: five[1], pad: 2, kernel_size: 5 });
  const pool = L.Pooling(maps, { pool: 'MAX', kernel_size: 3, stride: 1, pad: 1 });
  net[`${name}/pool`] = pool;
  const branchPool = convolution(draft, name, 'pool_proj', pool, { num_output: pooled, kernel_size: 1 });
  const output = L.Concat(branch1, branch3, branch5, branchPool);
  net[`${name}/output`] = output;
  return output;
}

/** `module/part` and its ReLU, `module/relu_part`. */
function convolution({ net }: Draft, module: string, part: string, bottom: Top, settings: LayerSettings<'Convolution'>, relu = part): Top {
  const top = L.Convolution(bottom, { param: WEIGHTS_AND_BIAS, ...settings, ...xavier(0.2) });
  net[`${module}/${part}`] = top;
  net[`${module}/relu_${relu}`] = L.ReLU(top, { in_place: true });
  return top;
}

/** A small classifier on maps in the middle. Its loss counts less. */
function auxiliary(draft: Draft, number: number, maps: Top): void {
  const { net } = draft;
  const name = `loss${number}`;
  draft.section(`Auxiliary classifier ${number}`);
  net[`${name}/ave_pool`] = L.Pooling(maps, { pool: 'AVE', kernel_size: 5, stride: 3 });
  const conv = convolution(draft, name, 'conv', draft.top(`${name}/ave_pool`), { num_output: 128, kernel_size: 1 });
  net[`${name}/fc`] = L.InnerProduct(conv, { param: WEIGHTS_AND_BIAS, num_output: 1024, ...xavier(0.2) });
  net[`${name}/relu_fc`] = L.ReLU(net[`${name}/fc`], { in_place: true });
  net[`${name}/drop_fc`] = L.Dropout(net[`${name}/fc`], { in_place: true, dropout_ratio: 0.7 });
  const scores = scored(draft, `${name}/classifier`, draft.top(`${name}/fc`));
  measure(draft, scores, { ...measures(number), lossLayer: `${name}/loss`, weight: 0.3 });
}

function classifier(draft: Draft, maps: Top): void {
  const { net } = draft;
  draft.section('Classifier');
  net['pool5/7x7_s1'] = averaged(draft, maps, 7);
  net['pool5/drop_7x7_s1'] = L.Dropout(net['pool5/7x7_s1'], { in_place: true, dropout_ratio: 0.4 });
  const scores = scored(draft, 'loss3/classifier', draft.top('pool5/7x7_s1'));
  ending(draft, scores, { ...measures(3), weight: 1 });
}

function scored({ net, choices }: Draft, name: string, bottom: Top): Top {
  const scores = L.InnerProduct(bottom, { param: WEIGHTS_AND_BIAS, num_output: choices.classes, ...xavier(0) });
  net[name] = scores;
  return scores;
}

function measures(number: number) {
  const name = `loss${number}`;
  return { loss: `${name}/${name}`, accuracies: { [`${name}/top-1`]: 1, [`${name}/top-5`]: 5 } };
}
