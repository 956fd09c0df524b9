import { layers as L } from '../prototxt/builder/net-spec';
import type { Architecture } from './architecture';
import type { Draft } from './draft';
import { ending } from './ending';
import { WEIGHTS_AND_BIAS, xavier } from './settings';

/**
 * VGG-16: K. Simonyan, A. Zisserman: Very Deep Convolutional Networks for Large-Scale Image Recognition. ICLR 2015, arXiv:1409.1556.
 * Configuration D: thirteen 3×3 convolutions, three fully connected layers; 224×224.
 */
export const vgg16: Architecture = {
  name: 'vgg-16',
  title: 'VGG-16',
  paper: {
    authors: 'K. Simonyan, A. Zisserman',
    title: 'Very Deep Convolutional Networks for Large-Scale Image Recognition',
    year: 2014,
    where: 'ICLR 2015, arXiv:1409.1556',
  },
  notes: [
    "Configuration D. Layers are named as in the authors' VGG_ILSVRC_16_layers, whose weights load.",
    'Weights begin by the rule of Glorot and Bengio, which the paper found to do as well as those of a shallower network.',
  ],
  classes: 1000,
  channels: 3,
  size: 224,
  smallest: 1,
  parameters: 138_357_544,
  multiplyAdds: 15_470_264_320,
  feed: { name: 'data', batchSize: 64, validationBatchSize: 10, crop: true, mean: [103.939, 116.779, 123.68] },
  solver: {
    base_lr: 0.01,
    lr_policy: 'step',
    gamma: 0.1,
    stepsize: 100_000,
    momentum: 0.9,
    weight_decay: 0.0005,
    iter_size: 4,
    test_iter: [5000],
    test_interval: 5000,
    display: 20,
    max_iter: 370_000,
    snapshot: 10_000,
  },
  solverNotes: [
    'The paper trained for 370,000 batches of 256 (here 4 times 64), 74 epochs of ImageNet.',
    'It divided the rate by 10 whenever validation no longer improved, three times: here at fixed places.',
  ],
  build,
};

/** The blocks of convolutions between the poolings. */
const BLOCKS = [
  { convolutions: 2, channels: 64 },
  { convolutions: 2, channels: 128 },
  { convolutions: 3, channels: 256 },
  { convolutions: 3, channels: 512 },
  { convolutions: 3, channels: 512 },
];

function build(draft: Draft): void {
  const { net, choices } = draft;
  let maps = draft.data;
  for (const [index, { convolutions, channels }] of BLOCKS.entries()) {
    draft.section(`Block ${index + 1}`);
    for (let number = 1; number <= convolutions; number++) {
      const place = `${index + 1}_${number}`;
      maps = net[`conv${place}`] = L.Convolution(maps, {
        param: WEIGHTS_AND_BIAS,
        num_output: channels,
        pad: 1,
        kernel_size: 3,
        ...xavier(0),
      });
      net[`relu${place}`] = L.ReLU(maps, { in_place: true });
    }
    maps = net[`pool${index + 1}`] = L.Pooling(maps, { pool: 'MAX', kernel_size: 2, stride: 2 });
  }

  draft.section('Fully connected layers');
  for (const number of [6, 7]) {
    const name = `fc${number}`;
    maps = net[name] = L.InnerProduct(maps, { param: WEIGHTS_AND_BIAS, num_output: 4096, ...xavier(0) });
    net[`relu${number}`] = L.ReLU(maps, { in_place: true });
    net[`drop${number}`] = L.Dropout(maps, { in_place: true, dropout_ratio: 0.5 });
  }
  net.fc8 = L.InnerProduct(maps, { param: WEIGHTS_AND_BIAS, num_output: choices.classes, ...xavier(0) });
  ending(draft, net.fc8, { accuracies: { accuracy: 1, accuracy_top5: 5 } });
}
