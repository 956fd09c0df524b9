import { layers as L, type Top } from '../prototxt/builder/net-spec';
import type { Architecture } from './architecture';
import type { Draft } from './draft';
import { ending } from './ending';

/**
 * CIFAR-10 quick: the fast network of A. Krizhevsky's cuda-convnet, for the pictures of A. Krizhevsky: Learning Multiple Layers of
 * Features from Tiny Images. Technical report, University of Toronto, 2009. Three convolutions, two fully connected layers; 32×32.
 */
export const cifar10Quick: Architecture = {
  name: 'cifar10-quick',
  title: 'CIFAR-10 quick',
  paper: {
    authors: 'A. Krizhevsky',
    title: 'Learning Multiple Layers of Features from Tiny Images',
    year: 2009,
    where: 'Technical report, University of Toronto, 2009',
  },
  notes: [
    "The report describes the pictures; the network is cuda-convnet's fast one.",
    "Layers are named as in Caffe's examples/cifar10, whose weights load.",
  ],
  classes: 10,
  channels: 3,
  size: 32,
  smallest: 8,
  parameters: 145_578,
  multiplyAdds: 12_354_176,
  feed: { name: 'cifar', batchSize: 100, validationBatchSize: 100, crop: false, mean: 'picture' },
  solver: {
    base_lr: 0.001,
    lr_policy: 'multistep',
    stepvalue: [4000],
    gamma: 0.1,
    momentum: 0.9,
    weight_decay: 0.004,
    test_iter: [100],
    test_interval: 500,
    display: 100,
    max_iter: 5000,
    snapshot: 1000,
  },
  solverNotes: ["The two solvers of Caffe's examples/cifar10 in one: eight epochs of CIFAR-10, then two at a tenth of the rate."],
  build,
};

function build(draft: Draft): void {
  const { net, choices } = draft;
  draft.section('Convolutions');
  net.conv1 = convolution(draft.data, 32, 0.0001);
  net.pool1 = halved(net.conv1, 'MAX');
  net.relu1 = L.ReLU(net.pool1, { in_place: true });
  net.conv2 = convolution(net.pool1, 32, 0.01);
  net.relu2 = L.ReLU(net.conv2, { in_place: true });
  net.pool2 = halved(net.conv2, 'AVE');
  net.conv3 = convolution(net.pool2, 64, 0.01);
  net.relu3 = L.ReLU(net.conv3, { in_place: true });
  net.pool3 = halved(net.conv3, 'AVE');

  draft.section('Fully connected layers');
  net.ip1 = L.InnerProduct(net.pool3, { num_output: 64, ...learned(0.1) });
  net.ip2 = L.InnerProduct(net.ip1, { num_output: choices.classes, ...learned(0.1) });
  ending(draft, net.ip2);
}

function convolution(bottom: Top, channels: number, std: number): Top {
  return L.Convolution(bottom, { num_output: channels, pad: 2, kernel_size: 5, stride: 1, ...learned(std) });
}

function halved(bottom: Top, pool: 'MAX' | 'AVE'): Top {
  return L.Pooling(bottom, { pool, kernel_size: 3, stride: 2 });
}

function learned(std: number) {
  return { param: [{ lr_mult: 1 }, { lr_mult: 2 }], weight_filler: { type: 'gaussian', std }, bias_filler: { type: 'constant' } };
}
