import type { LayerSettings } from '../prototxt/builder/layer-settings';
import { layers as L, type Top } from '../prototxt/builder/net-spec';
import type { Architecture } from './architecture';
import type { Draft } from './draft';
import { ending } from './ending';
import { normalised } from './normalised';
import { WEIGHTS_AND_BIAS } from './settings';

/**
 * MobileNet v1: A. G. Howard, M. Zhu, B. Chen, D. Kalenichenko, W. Wang, T. Weyand, M. Andreetto, H. Adam: MobileNets: Efficient
 * Convolutional Neural Networks for Mobile Vision Applications. arXiv:1704.04861, 2017. Thirteen depthwise separable convolutions;
 * 224×224.
 */
export const mobilenet: Architecture = {
  name: 'mobilenet',
  title: 'MobileNet v1',
  paper: {
    authors: 'A. G. Howard, M. Zhu, B. Chen, D. Kalenichenko, W. Wang, T. Weyand, M. Andreetto, H. Adam',
    title: 'MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications',
    year: 2017,
    where: 'arXiv:1704.04861, 2017',
  },
  notes: ["Layers are named as in shicai's MobileNet-Caffe, whose weights load."],
  classes: 1000,
  channels: 3,
  size: 224,
  smallest: 1,
  parameters: 4_231_976,
  multiplyAdds: 568_740_352,
  feed: { name: 'data', batchSize: 32, validationBatchSize: 25, crop: true, mean: [103.94, 116.78, 123.68], scale: 0.017 },
  solver: {
    type: 'RMSProp',
    base_lr: 0.045,
    lr_policy: 'step',
    gamma: 0.94,
    stepsize: 80_000,
    rms_decay: 0.9,
    delta: 1,
    weight_decay: 0.00004,
    test_iter: [2000],
    test_interval: 5000,
    test_initialization: false,
    display: 40,
    average_loss: 40,
    max_iter: 4_000_000,
    snapshot: 40_000,
  },
  solverNotes: [
    'The paper trained with RMSProp, as Inception v3 was (arXiv:1512.00567) for 100 epochs of ImageNet.',
    'The rate falls by 6 % every two of them (80,000 batches of 32). Depthwise filters do not decay.',
  ],
  build,
};

/** Channels behind each separable convolution; those marked take steps of 2. */
const SEPARABLE = [
  { place: '2_1', channels: 64 },
  { place: '2_2', channels: 128, stride: 2 },
  { place: '3_1', channels: 128 },
  { place: '3_2', channels: 256, stride: 2 },
  { place: '4_1', channels: 256 },
  { place: '4_2', channels: 512, stride: 2 },
  { place: '5_1', channels: 512 },
  { place: '5_2', channels: 512 },
  { place: '5_3', channels: 512 },
  { place: '5_4', channels: 512 },
  { place: '5_5', channels: 512 },
  { place: '5_6', channels: 1024, stride: 2 },
  { place: '6', channels: 1024 },
];

const STEM_CHANNELS = 32;

/** As the published weights were trained. */
const NORM = { eps: 1e-5 };

function build(draft: Draft): void {
  const { net, choices } = draft;
  draft.section('Stem');
  let maps = convolution(draft, 'conv1', 'relu1', draft.data, { num_output: STEM_CHANNELS, pad: 1, kernel_size: 3, stride: 2 });
  let from = STEM_CHANNELS;
  for (const { place, channels, stride = 1 } of SEPARABLE) {
    draft.section(`Separable convolution ${place}`);
    maps = separable(draft, place, maps, { from, to: channels, stride });
    from = channels;
  }

  draft.section('Classifier');
  net.pool6 = L.Pooling(maps, { pool: 'AVE', global_pooling: true });
  const weights = { weight_filler: { type: 'msra' }, bias_filler: { type: 'constant', value: 0 } };
  net.fc7 = L.Convolution(net.pool6, { param: WEIGHTS_AND_BIAS, num_output: choices.classes, kernel_size: 1, ...weights });
  ending(draft, net.fc7, { accuracies: { accuracy: 1, accuracy_top5: 5 } });
}

/** Each channel by itself (depthwise: a group for each), then all of them at each place (1×1). */
function separable(draft: Draft, place: string, maps: Top, { from, to, stride }: { from: number; to: number; stride: number }): Top {
  const depthwise = { num_output: from, pad: 1, kernel_size: 3, stride, group: from, param: [{ lr_mult: 1, decay_mult: 0 }] };
  const filtered = convolution(draft, `conv${place}/dw`, `relu${place}/dw`, maps, depthwise);
  return convolution(draft, `conv${place}/sep`, `relu${place}/sep`, filtered, { num_output: to, kernel_size: 1 });
}

function convolution(draft: Draft, name: string, relu: string, bottom: Top, settings: LayerSettings<'Convolution'>): Top {
  return normalised(draft, { convolution: name, norm: `${name}/bn`, scale: `${name}/scale`, relu }, bottom, settings, NORM);
}
