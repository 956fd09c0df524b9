import type { LayerSettings } from '../prototxt/builder/layer-settings';
import { layers as L, type Top } from '../prototxt/builder/net-spec';
import type { Architecture } from './architecture';
import type { Draft } from './draft';
import { ending } from './ending';
import { gaussian, RESPONSE_NORMALISATION, WEIGHTS_AND_BIAS } from './settings';

const COMMON: Omit<Architecture, 'name' | 'title' | 'notes' | 'build'> = {
  paper: {
    authors: 'A. Krizhevsky, I. Sutskever, G. E. Hinton',
    title: 'ImageNet Classification with Deep Convolutional Neural Networks',
    year: 2012,
    where: 'NIPS 2012',
  },
  classes: 1000,
  channels: 3,
  size: 227,
  smallest: 39,
  parameters: 60_965_224,
  multiplyAdds: 724_406_816,
  feed: { name: 'data', batchSize: 256, validationBatchSize: 50, crop: true, mean: 'picture' },
  solver: {
    base_lr: 0.01,
    lr_policy: 'step',
    gamma: 0.1,
    stepsize: 100_000,
    momentum: 0.9,
    weight_decay: 0.0005,
    test_iter: [1000],
    test_interval: 1000,
    display: 20,
    max_iter: 450_000,
    snapshot: 10_000,
  },
  solverNotes: ['The rate falls to a tenth every 100,000 batches of 256: 20 epochs of ImageNet, 90 in all.'],
};

/**
 * AlexNet: A. Krizhevsky, I. Sutskever, G. E. Hinton: ImageNet Classification with Deep Convolutional Neural Networks. NIPS 2012.
 * Five convolutions, three fully connected layers; 227×227. As BVLC trained it, without the paper's shift of the colours.
 */
export const alexnet: Architecture = {
  ...COMMON,
  name: 'alexnet',
  title: 'AlexNet',
  notes: ["Layers are named as in BVLC's bvlc_alexnet, whose weights load."],
  build: (draft) => build(draft, { bias: 0.1, reduce: normalisedThenPooled }),
};

/**
 * CaffeNet: AlexNet as J. Donahue trained it for BVLC, pooled before it is normalised, with biases that begin at 1.
 * A. Krizhevsky, I. Sutskever, G. E. Hinton: ImageNet Classification with Deep Convolutional Neural Networks. NIPS 2012.
 */
export const caffenet: Architecture = {
  ...COMMON,
  name: 'caffenet',
  title: 'CaffeNet',
  notes: [
    'AlexNet with pooling before normalisation, and biases that begin at 1.',
    "Layers are named as in BVLC's bvlc_reference_caffenet, whose weights load.",
  ],
  build: (draft) => build(draft, { bias: 1, reduce: pooledThenNormalised }),
};

/** In what the two differ. */
interface Variant {
  /** Where the biases begin that are not at 0: ReLUs see positive values from the first step. */
  readonly bias: number;
  /** Makes a map smaller and normalises it; `number` is that of the convolution. */
  readonly reduce: (draft: Draft, number: number) => Top;
}

function build(draft: Draft, { bias, reduce }: Variant): void {
  const { net } = draft;
  draft.section('Convolutions');
  convolution(draft, 1, draft.data, { num_output: 96, kernel_size: 11, stride: 4, ...gaussian(0.01, 0) });
  convolution(draft, 2, reduce(draft, 1), { num_output: 256, pad: 2, kernel_size: 5, group: 2, ...gaussian(0.01, bias) });
  convolution(draft, 3, reduce(draft, 2), { num_output: 384, pad: 1, kernel_size: 3, ...gaussian(0.01, 0) });
  convolution(draft, 4, draft.top('conv3'), { num_output: 384, pad: 1, kernel_size: 3, group: 2, ...gaussian(0.01, bias) });
  convolution(draft, 5, draft.top('conv4'), { num_output: 256, pad: 1, kernel_size: 3, group: 2, ...gaussian(0.01, bias) });
  net.pool5 = L.Pooling(net.conv5, MAXIMUM);

  draft.section('Fully connected layers');
  connected(draft, 6, net.pool5, bias);
  connected(draft, 7, draft.top('fc6'), bias);
  net.fc8 = L.InnerProduct(net.fc7, { param: WEIGHTS_AND_BIAS, num_output: draft.choices.classes, ...gaussian(0.01, 0) });
  ending(draft, net.fc8);
}

const MAXIMUM = { pool: 'MAX', kernel_size: 3, stride: 2 } as const;

function convolution({ net }: Draft, number: number, bottom: Top, settings: LayerSettings<'Convolution'>): void {
  net[`conv${number}`] = L.Convolution(bottom, { param: WEIGHTS_AND_BIAS, ...settings });
  net[`relu${number}`] = L.ReLU(net[`conv${number}`], { in_place: true });
}

function connected({ net }: Draft, number: number, bottom: Top, bias: number): void {
  const name = `fc${number}`;
  net[name] = L.InnerProduct(bottom, { param: WEIGHTS_AND_BIAS, num_output: 4096, ...gaussian(0.005, bias) });
  net[`relu${number}`] = L.ReLU(net[name], { in_place: true });
  net[`drop${number}`] = L.Dropout(net[name], { in_place: true, dropout_ratio: 0.5 });
}

function normalisedThenPooled(draft: Draft, number: number): Top {
  draft.net[`norm${number}`] = L.LRN(draft.top(`conv${number}`), RESPONSE_NORMALISATION);
  draft.net[`pool${number}`] = L.Pooling(draft.top(`norm${number}`), MAXIMUM);
  return draft.top(`pool${number}`);
}

function pooledThenNormalised(draft: Draft, number: number): Top {
  draft.net[`pool${number}`] = L.Pooling(draft.top(`conv${number}`), MAXIMUM);
  draft.net[`norm${number}`] = L.LRN(draft.top(`pool${number}`), RESPONSE_NORMALISATION);
  return draft.top(`norm${number}`);
}
