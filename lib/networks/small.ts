import type { LayerSettings } from '../prototxt/builder/layer-settings';
import { layers as L, type Top } from '../prototxt/builder/net-spec';
import type { Architecture } from './architecture';
import type { Draft } from './draft';
import { ending } from './ending';
import { normalised } from './normalised';
import { WEIGHTS_AND_BIAS } from './settings';

/** Ours: a small network for small pictures (64×64 and the like), trained from nothing in well under a minute on two cores. */
export const small: Architecture = {
  name: 'small',
  title: 'Small',
  notes: ['For small pictures (64 x 64 and the like): trained from nothing in well under a minute on two cores.'],
  classes: 10,
  channels: 3,
  size: 56,
  smallest: 1,
  parameters: 51_170,
  multiplyAdds: 10_895_104,
  feed: { name: 'data', batchSize: 32, validationBatchSize: 32, crop: true, mean: 'picture' },
  solver: {
    base_lr: 0.02,
    lr_policy: 'multistep',
    stepvalue: [600, 850],
    gamma: 0.3,
    momentum: 0.9,
    weight_decay: 0.0002,
    test_iter: [10],
    test_interval: 100,
    test_initialization: false,
    display: 20,
    max_iter: 1000,
    snapshot: 500,
  },
  solverNotes: ['Enough for a few thousand pictures.'],
  build,
};

function build(draft: Draft): void {
  const { net, choices } = draft;
  draft.section('Pixels of 0 to 255, less the mean, become values of about -1.5 to 1.5');
  const scaled = L.Power(draft.data, { name: 'scale', scale: 0.0125 });
  net.scaled = scaled;

  draft.section('Convolutions');
  const conv1 = convolution(draft, 1, scaled, { num_output: 24, kernel_size: 5, stride: 2, pad: 2 });
  const conv2 = convolution(draft, 2, conv1, { num_output: 32, kernel_size: 3, pad: 1 });
  net.pool2 = L.Pooling(conv2, HALF);
  const conv3 = convolution(draft, 3, net.pool2, { num_output: 48, kernel_size: 3, pad: 1 });
  net.pool3 = L.Pooling(conv3, HALF);
  const conv4 = convolution(draft, 4, net.pool3, { num_output: 64, kernel_size: 3, pad: 1 });

  draft.section('Classifier: whatever was seen counts, wherever it was seen, and pictures may have any size');
  net.pool4 = L.Pooling(conv4, { pool: 'MAX', global_pooling: true });
  net.fc5 = L.InnerProduct(net.pool4, { param: WEIGHTS_AND_BIAS, num_output: choices.classes, weight_filler: { type: 'xavier' } });
  ending(draft, net.fc5);
}

const HALF = { pool: 'MAX', kernel_size: 2, stride: 2 } as const;

function convolution(draft: Draft, number: number, bottom: Top, settings: LayerSettings<'Convolution'>): Top {
  const names = { convolution: `conv${number}`, norm: `norm${number}`, scale: `scale${number}`, relu: `relu${number}` };
  return normalised(draft, names, bottom, settings);
}
