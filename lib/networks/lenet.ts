import { layers as L, type Top } from '../prototxt/builder/net-spec';
import type { Architecture } from './architecture';
import type { Draft } from './draft';
import { ending } from './ending';

/** As all of this network's weights and biases begin and learn. */
const LEARNED = { param: [{ lr_mult: 1 }, { lr_mult: 2 }], weight_filler: { type: 'xavier' }, bias_filler: { type: 'constant' } };

/**
 * LeNet: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: Gradient-Based Learning Applied to Document Recognition.
 * Proceedings of the IEEE 86(11), 1998. As Caffe's example has it: two convolutions, two fully connected layers; grey digits of 28×28.
 */
export const lenet: Architecture = {
  name: 'lenet',
  title: 'LeNet',
  paper: {
    authors: 'Y. LeCun, L. Bottou, Y. Bengio, P. Haffner',
    title: 'Gradient-Based Learning Applied to Document Recognition',
    year: 1998,
    where: 'Proceedings of the IEEE 86(11), 1998',
  },
  notes: ["With ReLU for the paper's sigmoids, and layers named as in Caffe's examples/mnist, whose weights load."],
  classes: 10,
  channels: 1,
  size: 28,
  smallest: 13,
  parameters: 431_080,
  multiplyAdds: 2_293_000,
  feed: { name: 'mnist', batchSize: 64, validationBatchSize: 100, crop: false, scale: 1 / 256 },
  solver: {
    base_lr: 0.01,
    lr_policy: 'inv',
    gamma: 0.0001,
    power: 0.75,
    momentum: 0.9,
    weight_decay: 0.0005,
    test_iter: [100],
    test_interval: 500,
    display: 100,
    max_iter: 10_000,
    snapshot: 5000,
  },
  solverNotes: ["That of Caffe's examples/mnist: 10,000 batches of 64, about ten epochs of MNIST."],
  build,
};

function build(draft: Draft): void {
  const { net, choices } = draft;
  draft.section('Convolutions');
  net.conv1 = L.Convolution(draft.data, { num_output: 20, kernel_size: 5, stride: 1, ...LEARNED });
  net.pool1 = halved(net.conv1);
  net.conv2 = L.Convolution(net.pool1, { num_output: 50, kernel_size: 5, stride: 1, ...LEARNED });
  net.pool2 = halved(net.conv2);

  draft.section('Fully connected layers');
  net.ip1 = L.InnerProduct(net.pool2, { num_output: 500, ...LEARNED });
  net.relu1 = L.ReLU(net.ip1, { in_place: true });
  net.ip2 = L.InnerProduct(net.ip1, { num_output: choices.classes, ...LEARNED });
  ending(draft, net.ip2);
}

function halved(bottom: Top): Top {
  return L.Pooling(bottom, { pool: 'MAX', kernel_size: 2, stride: 2 });
}
