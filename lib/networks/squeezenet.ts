import type { LayerSettings } from '../prototxt/builder/layer-settings';
import { layers as L, type Top } from '../prototxt/builder/net-spec';
import type { Architecture } from './architecture';
import type { Draft } from './draft';
import { ending } from './ending';

/**
 * SqueezeNet 1.1: F. N. Iandola, S. Han, M. W. Moskewicz, K. Ashraf, W. J. Dally, K. Keutzer: SqueezeNet: AlexNet-level accuracy with
 * 50x fewer parameters and <0.5MB model size. arXiv:1602.07360, 2016. Eight fire modules; 227×227. Version 1.1 is the authors' own:
 * as accurate as the paper's, with less than half of the multiply-adds.
 */
export const squeezenet: Architecture = {
  name: 'squeezenet',
  title: 'SqueezeNet 1.1',
  paper: {
    authors: 'F. N. Iandola, S. Han, M. W. Moskewicz, K. Ashraf, W. J. Dally, K. Keutzer',
    title: 'SqueezeNet: AlexNet-level accuracy with 50x fewer parameters and <0.5MB model size',
    year: 2016,
    where: 'arXiv:1602.07360, 2016',
  },
  notes: [
    "Version 1.1 of the authors: a smaller first convolution, and pooling two modules earlier than in the paper's.",
    'Layers are named as in their SqueezeNet_v1.1, whose weights load.',
  ],
  classes: 1000,
  channels: 3,
  size: 227,
  smallest: 17,
  parameters: 1_235_496,
  multiplyAdds: 387_747_520,
  feed: { name: 'data', batchSize: 32, validationBatchSize: 25, crop: true, mean: [104, 117, 123] },
  solver: {
    base_lr: 0.04,
    lr_policy: 'poly',
    power: 1,
    momentum: 0.9,
    weight_decay: 0.0002,
    iter_size: 16,
    test_iter: [2000],
    test_interval: 1000,
    test_initialization: false,
    display: 40,
    average_loss: 40,
    max_iter: 170_000,
    snapshot: 1000,
  },
  solverNotes: ["The authors': the rate falls evenly to nothing over 170,000 batches of 512 (16 times 32), 68 epochs of ImageNet."],
  build,
};

/** Channels of the fire modules, and the modules behind which maps are halved. */
const FIRES = [
  { module: 2, squeeze: 16, expand: 64 },
  { module: 3, squeeze: 16, expand: 64, halved: true },
  { module: 4, squeeze: 32, expand: 128 },
  { module: 5, squeeze: 32, expand: 128, halved: true },
  { module: 6, squeeze: 48, expand: 192 },
  { module: 7, squeeze: 48, expand: 192 },
  { module: 8, squeeze: 64, expand: 256 },
  { module: 9, squeeze: 64, expand: 256 },
];

const HALF = { pool: 'MAX', kernel_size: 3, stride: 2 } as const;
const XAVIER = { weight_filler: { type: 'xavier' } };

function build(draft: Draft): void {
  const { net, choices } = draft;
  draft.section('Stem');
  net.conv1 = L.Convolution(draft.data, { num_output: 64, kernel_size: 3, stride: 2, ...XAVIER });
  net.relu_conv1 = L.ReLU(net.conv1, { in_place: true });
  net.pool1 = L.Pooling(net.conv1, HALF);

  let maps = net.pool1;
  for (const { module, squeeze, expand, halved } of FIRES) {
    draft.section(`Fire ${module}`);
    maps = fire(draft, `fire${module}`, maps, squeeze, expand);
    if (halved) maps = net[`pool${module}`] = L.Pooling(maps, HALF);
  }

  draft.section('Classifier');
  net.drop9 = L.Dropout(maps, { in_place: true, dropout_ratio: 0.5 });
  const weights = { weight_filler: { type: 'gaussian', mean: 0, std: 0.01 } };
  net.conv10 = L.Convolution(maps, { num_output: choices.classes, kernel_size: 1, ...weights });
  net.relu_conv10 = L.ReLU(net.conv10, { in_place: true });
  net.pool10 = L.Pooling(net.conv10, { pool: 'AVE', global_pooling: true });
  ending(draft, net.pool10, { accuracies: { accuracy: 1, accuracy_top5: 5 } });
}

/** Few channels in the middle (squeezed), many behind them (expanded), half of these by the cheaper 1×1. */
function fire(draft: Draft, name: string, maps: Top, squeeze: number, expand: number): Top {
  const squeezed = convolution(draft, name, 'squeeze1x1', maps, { num_output: squeeze, kernel_size: 1 });
  const expand1 = convolution(draft, name, 'expand1x1', squeezed, { num_output: expand, kernel_size: 1 });
  const expand3 = convolution(draft, name, 'expand3x3', squeezed, { num_output: expand, pad: 1, kernel_size: 3 });
  const output = L.Concat(expand1, expand3);
  draft.net[`${name}/concat`] = output;
  return output;
}

function convolution({ net }: Draft, module: string, part: string, bottom: Top, settings: LayerSettings<'Convolution'>): Top {
  const top = L.Convolution(bottom, { ...settings, ...XAVIER });
  net[`${module}/${part}`] = top;
  net[`${module}/relu_${part}`] = L.ReLU(top, { in_place: true });
  return top;
}
