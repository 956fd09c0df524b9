/** pycaffe's examples and tests of net_spec, line by line: they give the messages that pycaffe gives. */
import { native } from '../../lib/native';
import {
  layers as L,
  type NetParameter,
  type NetSpec,
  netSpec,
  params as P,
  type ParamSpec,
  parseNet,
  stringify,
  type Top,
  toNetParameter,
} from '../../lib/prototxt';
import { PYCAFFE } from '../support/net-spec-pycaffe';
import { describeModels, model } from './shared';

const messageOf = (text: string) => native.messages.fromText('NetParameter', text);
const same = (net: NetParameter, name: keyof typeof PYCAFFE) => expect(messageOf(stringify(net, 'net'))).toEqual(messageOf(PYCAFFE[name]));

type Layers2 = [layer: Top, activation: Top];

describe('python/caffe/test/test_net_spec.py', () => {
  const data = (batchSize: number) =>
    L.DummyData({
      shape: [{ dim: [batchSize, 1, 28, 28] }, { dim: [batchSize, 1, 1, 1] }],
      transform_param: { scale: 1 / 255 },
      ntop: 2,
    });

  test('lenet', () => {
    const n = netSpec();
    [n.data, n.label] = data(50);
    n.conv1 = L.Convolution(n.data, { kernel_size: 5, num_output: 20, weight_filler: { type: 'xavier' } });
    n.pool1 = L.Pooling(n.conv1, { kernel_size: 2, stride: 2, pool: P.Pooling.MAX });
    n.conv2 = L.Convolution(n.pool1, { kernel_size: 5, num_output: 50, weight_filler: { type: 'xavier' } });
    n.pool2 = L.Pooling(n.conv2, { kernel_size: 2, stride: 2, pool: P.Pooling.MAX });
    n.ip1 = L.InnerProduct(n.pool2, { num_output: 500, weight_filler: { type: 'xavier' } });
    n.relu1 = L.ReLU(n.ip1, { in_place: true });
    n.ip2 = L.InnerProduct(n.relu1, { num_output: 10, weight_filler: { type: 'xavier' } });
    n.loss = L.SoftmaxWithLoss(n.ip2, n.label);
    same(n.toNetParameter(), 'lenet');
  });

  test('anon_lenet', () => {
    const [input, label] = data(50);
    const conv1 = L.Convolution(input, { kernel_size: 5, num_output: 20, weight_filler: { type: 'xavier' } });
    const pool1 = L.Pooling(conv1, { kernel_size: 2, stride: 2, pool: P.Pooling.MAX });
    const conv2 = L.Convolution(pool1, { kernel_size: 5, num_output: 50, weight_filler: { type: 'xavier' } });
    const pool2 = L.Pooling(conv2, { kernel_size: 2, stride: 2, pool: P.Pooling.MAX });
    const ip1 = L.InnerProduct(pool2, { num_output: 500, weight_filler: { type: 'xavier' } });
    const relu1 = L.ReLU(ip1, { in_place: true });
    const ip2 = L.InnerProduct(relu1, { num_output: 10, weight_filler: { type: 'xavier' } });
    const loss = L.SoftmaxWithLoss(ip2, label);
    same(loss.toNetParameter(), 'anonymousLenet');
  });

  test('silent_net', () => {
    const n = netSpec();
    [n.data, n.data2] = L.DummyData({ shape: { dim: 3 }, ntop: 2 });
    n.silence_data = L.Silence(n.data, { ntop: 0 });
    n.silence_data2 = L.Silence(n.data2, { ntop: 0 });
    same(n.toNetParameter(), 'silentNet');
  });

  test('test_type_error', () => {
    const both = L.DummyData({ ntop: 2 }); // the first of two tops: all of them are what it iterates over
    expect(() => L.Silence([...both] as never, { ntop: 0 })).toThrow(expect.objectContaining({ code: 'ERR_CAFFE_INPUT' }));
    expect(
      L.Silence(...both, { ntop: 0 })
        .toNetParameter()
        .layer?.at(-1)?.bottom,
    ).toEqual(['DummyData1', 'DummyData2']);
  });
});

test('examples/01-learning-lenet.ipynb', () => {
  function lenet(lmdb: string, batchSize: number): NetParameter {
    const n = netSpec();
    [n.data, n.label] = L.Data({
      batch_size: batchSize,
      backend: P.Data.LMDB,
      source: lmdb,
      transform_param: { scale: 1 / 255 },
      ntop: 2,
    });
    n.conv1 = L.Convolution(n.data, { kernel_size: 5, num_output: 20, weight_filler: { type: 'xavier' } });
    n.pool1 = L.Pooling(n.conv1, { kernel_size: 2, stride: 2, pool: P.Pooling.MAX });
    n.conv2 = L.Convolution(n.pool1, { kernel_size: 5, num_output: 50, weight_filler: { type: 'xavier' } });
    n.pool2 = L.Pooling(n.conv2, { kernel_size: 2, stride: 2, pool: P.Pooling.MAX });
    n.fc1 = L.InnerProduct(n.pool2, { num_output: 500, weight_filler: { type: 'xavier' } });
    n.relu1 = L.ReLU(n.fc1, { in_place: true });
    n.score = L.InnerProduct(n.relu1, { num_output: 10, weight_filler: { type: 'xavier' } });
    n.loss = L.SoftmaxWithLoss(n.score, n.label);
    return n.toNetParameter();
  }
  same(lenet('mnist/mnist_train_lmdb', 64), 'learningLenet');
});

/** The helpers of examples/pycaffe/caffenet.py and pascal-multilabel-with-datalayer.ipynb. */
function convRelu(bottom: Top | undefined, ks: number, nout: number, { stride = 1, pad = 0, group = 1 } = {}): Layers2 {
  const conv = L.Convolution(bottom, { kernel_size: ks, stride, num_output: nout, pad, group });
  return [conv, L.ReLU(conv, { in_place: true })];
}

function fcRelu(bottom: Top | undefined, nout: number): Layers2 {
  const fc = L.InnerProduct(bottom, { num_output: nout });
  return [fc, L.ReLU(fc, { in_place: true })];
}

const maxPool = (bottom: Top | undefined, ks: number, { stride = 1 } = {}) =>
  L.Pooling(bottom, { pool: P.Pooling.MAX, kernel_size: ks, stride });

test('examples/pycaffe/caffenet.py', () => {
  function caffenet(lmdb: string, batchSize = 256, includeAccuracy = false): NetParameter {
    const [data, label] = L.Data({
      source: lmdb,
      backend: P.Data.LMDB,
      batch_size: batchSize,
      ntop: 2,
      transform_param: { crop_size: 227, mean_value: [104, 117, 123], mirror: true },
    });
    const [, relu1] = convRelu(data, 11, 96, { stride: 4 });
    const pool1 = maxPool(relu1, 3, { stride: 2 });
    const norm1 = L.LRN(pool1, { local_size: 5, alpha: 1e-4, beta: 0.75 });
    const [, relu2] = convRelu(norm1, 5, 256, { pad: 2, group: 2 });
    const pool2 = maxPool(relu2, 3, { stride: 2 });
    const norm2 = L.LRN(pool2, { local_size: 5, alpha: 1e-4, beta: 0.75 });
    const [, relu3] = convRelu(norm2, 3, 384, { pad: 1 });
    const [, relu4] = convRelu(relu3, 3, 384, { pad: 1, group: 2 });
    const [, relu5] = convRelu(relu4, 3, 256, { pad: 1, group: 2 });
    const pool5 = maxPool(relu5, 3, { stride: 2 });
    const [, relu6] = fcRelu(pool5, 4096);
    const drop6 = L.Dropout(relu6, { in_place: true });
    const [, relu7] = fcRelu(drop6, 4096);
    const drop7 = L.Dropout(relu7, { in_place: true });
    const fc8 = L.InnerProduct(drop7, { num_output: 1000 });
    const loss = L.SoftmaxWithLoss(fc8, label);
    return includeAccuracy ? toNetParameter(loss, L.Accuracy(fc8, label)) : toNetParameter(loss);
  }
  same(caffenet('/path/to/caffe-val-lmdb', 50, true), 'caffenet');
  expect(caffenet('x').layer?.length).toBe(24);
});

describe('examples/02-fine-tuning.ipynb', () => {
  type Param = ParamSpec[];
  const learnedParam = [
    { lr_mult: 1, decay_mult: 1 },
    { lr_mult: 2, decay_mult: 0 },
  ];
  const frozenParam = [{ lr_mult: 0 }, { lr_mult: 0 }];

  function conv(bottom: Top | undefined, ks: number, nout: number, param: Param, { stride = 1, pad = 0, group = 1 } = {}): Layers2 {
    const top = L.Convolution(bottom, {
      ...{ kernel_size: ks, stride, num_output: nout, pad, group, param },
      weight_filler: { type: 'gaussian', std: 0.01 },
      bias_filler: { type: 'constant', value: 0.1 },
    });
    return [top, L.ReLU(top, { in_place: true })];
  }

  function fc(bottom: Top | undefined, nout: number, param: Param): Layers2 {
    const filler = { weight_filler: { type: 'gaussian', std: 0.005 }, bias_filler: { type: 'constant', value: 0.1 } };
    const top = L.InnerProduct(bottom, { num_output: nout, param, ...filler });
    return [top, L.ReLU(top, { in_place: true })];
  }

  function caffenet({ data, label, train = true, classes = 1000, classifier = 'fc8', learnAll = false }: CaffenetOptions): NetSpec {
    const n = netSpec();
    n.data = data;
    const param = learnAll ? learnedParam : frozenParam;
    [n.conv1, n.relu1] = conv(n.data, 11, 96, param, { stride: 4 });
    n.pool1 = maxPool(n.relu1, 3, { stride: 2 });
    n.norm1 = L.LRN(n.pool1, { local_size: 5, alpha: 1e-4, beta: 0.75 });
    [n.conv2, n.relu2] = conv(n.norm1, 5, 256, param, { pad: 2, group: 2 });
    n.pool2 = maxPool(n.relu2, 3, { stride: 2 });
    n.norm2 = L.LRN(n.pool2, { local_size: 5, alpha: 1e-4, beta: 0.75 });
    [n.conv3, n.relu3] = conv(n.norm2, 3, 384, param, { pad: 1 });
    [n.conv4, n.relu4] = conv(n.relu3, 3, 384, param, { pad: 1, group: 2 });
    [n.conv5, n.relu5] = conv(n.relu4, 3, 256, param, { pad: 1, group: 2 });
    n.pool5 = maxPool(n.relu5, 3, { stride: 2 });
    [n.fc6, n.relu6] = fc(n.pool5, 4096, param);
    if (train) n.drop6 = L.Dropout(n.relu6, { in_place: true });
    [n.fc7, n.relu7] = fc(n.drop6 ?? n.relu6, 4096, param);
    if (train) n.drop7 = L.Dropout(n.relu7, { in_place: true });
    const fc8 = L.InnerProduct(n.drop7 ?? n.relu7, { num_output: classes, param: learnedParam });
    n[classifier] = fc8;
    if (!train) n.probs = L.Softmax(fc8);
    if (label) {
      n.label = label;
      n.loss = L.SoftmaxWithLoss(fc8, n.label);
      n.acc = L.Accuracy(fc8, n.label);
    }
    return n;
  }

  interface CaffenetOptions {
    data: Top | undefined;
    label?: Top | undefined;
    train?: boolean;
    classes?: number;
    classifier?: string;
    learnAll?: boolean;
  }

  test('for deployment', () => {
    const data = L.DummyData({ shape: { dim: [1, 3, 227, 227] } });
    same(caffenet({ data, train: false }).toNetParameter(), 'imagenetNet');
  });

  test('style_net', () => {
    const [data, label] = L.ImageData({
      transform_param: { mirror: true, crop_size: 227, mean_file: '../data/ilsvrc12/imagenet_mean.binaryproto' },
      source: '../data/flickr_style/train.txt',
      ...{ batch_size: 50, new_height: 256, new_width: 256, ntop: 2 },
    });
    same(caffenet({ data, label, classes: 5, classifier: 'fc8_flickr' }).toNetParameter(), 'styleNet');
  });
});

describeModels('bvlc_reference_caffenet/train_val.prototxt, as published', () => {
  const param = [
    { lr_mult: 1, decay_mult: 1 },
    { lr_mult: 2, decay_mult: 0 },
  ];
  const fillers = (std: number, bias: number) => ({
    weight_filler: { type: 'gaussian', std },
    bias_filler: { type: 'constant', value: bias },
  });
  const inPlace = { in_place: true };

  function caffenet(phase: 'TRAIN' | 'TEST'): NetSpec {
    const n = netSpec('CaffeNet');
    const lrn = { local_size: 5, alpha: 0.0001, beta: 0.75 };
    [n.data, n.label] = L.Data({
      ...{ ntop: 2, include: { phase }, backend: P.Data.LMDB, batch_size: phase === 'TRAIN' ? 256 : 50 },
      source: `examples/imagenet/ilsvrc12_${phase === 'TRAIN' ? 'train' : 'val'}_lmdb`,
      transform_param: { mirror: phase === 'TRAIN', crop_size: 227, mean_file: 'data/ilsvrc12/imagenet_mean.binaryproto' },
    });
    n.conv1 = L.Convolution(n.data, { param, num_output: 96, kernel_size: 11, stride: 4, ...fillers(0.01, 0) });
    n.relu1 = L.ReLU(n.conv1, inPlace);
    n.pool1 = maxPool(n.relu1, 3, { stride: 2 });
    n.norm1 = L.LRN(n.pool1, lrn);
    n.conv2 = L.Convolution(n.norm1, { param, num_output: 256, pad: 2, kernel_size: 5, group: 2, ...fillers(0.01, 1) });
    n.relu2 = L.ReLU(n.conv2, inPlace);
    n.pool2 = maxPool(n.relu2, 3, { stride: 2 });
    n.norm2 = L.LRN(n.pool2, lrn);
    n.conv3 = L.Convolution(n.norm2, { param, num_output: 384, pad: 1, kernel_size: 3, ...fillers(0.01, 0) });
    n.relu3 = L.ReLU(n.conv3, inPlace);
    n.conv4 = L.Convolution(n.relu3, { param, num_output: 384, pad: 1, kernel_size: 3, group: 2, ...fillers(0.01, 1) });
    n.relu4 = L.ReLU(n.conv4, inPlace);
    n.conv5 = L.Convolution(n.relu4, { param, num_output: 256, pad: 1, kernel_size: 3, group: 2, ...fillers(0.01, 1) });
    n.relu5 = L.ReLU(n.conv5, inPlace);
    n.pool5 = maxPool(n.relu5, 3, { stride: 2 });
    n.fc6 = L.InnerProduct(n.pool5, { param, num_output: 4096, ...fillers(0.005, 1) });
    n.relu6 = L.ReLU(n.fc6, inPlace);
    n.drop6 = L.Dropout(n.relu6, { ...inPlace, dropout_ratio: 0.5 });
    n.fc7 = L.InnerProduct(n.drop6, { param, num_output: 4096, ...fillers(0.005, 1) });
    n.relu7 = L.ReLU(n.fc7, inPlace);
    n.drop7 = L.Dropout(n.relu7, { ...inPlace, dropout_ratio: 0.5 });
    n.fc8 = L.InnerProduct(n.drop7, { param, num_output: 1000, ...fillers(0.01, 0) });
    if (phase === 'TEST') n.accuracy = L.Accuracy(n.fc8, n.label, { include: { phase } });
    n.loss = L.SoftmaxWithLoss(n.fc8, n.label);
    return n;
  }

  test.each(['TRAIN', 'TEST'] as const)('%s', (phase) => {
    const published = parseNet(model('bvlc_reference_caffenet/train_val'));
    const layers = published.layer?.filter(({ include }) => !include || include.some((rule) => rule.phase === phase));
    const net = messageOf(stringify({ ...published, layer: layers ?? [] }, 'net'));
    expect(messageOf(caffenet(phase).toPrototxt())).toEqual(net);
  });
});

test('examples/brewing-logreg.ipynb', () => {
  const n = netSpec();
  [n.data, n.label] = L.HDF5Data({ batch_size: 10, source: 'examples/hdf5_classification/data/train.txt', ntop: 2 });
  n.ip1 = L.InnerProduct(n.data, { num_output: 40, weight_filler: { type: 'xavier' } });
  n.relu1 = L.ReLU(n.ip1, { in_place: true });
  n.ip2 = L.InnerProduct(n.ip1, { num_output: 2, weight_filler: { type: 'xavier' } });
  n.accuracy = L.Accuracy(n.ip2, n.label);
  n.loss = L.SoftmaxWithLoss(n.ip2, n.label);
  same(n.toNetParameter(), 'nonlinearNet');
});

test('examples/pascal-multilabel-with-datalayer.ipynb', () => {
  const n = netSpec();
  [n.data, n.label] = L.Python({
    module: 'pascal_multilabel_datalayers',
    layer: 'PascalMultilabelDataLayerSync',
    ntop: 2,
    param_str: '{}',
  });
  [n.conv1, n.relu1] = convRelu(n.data, 11, 96, { stride: 4 });
  n.pool1 = maxPool(n.relu1, 3, { stride: 2 });
  n.norm1 = L.LRN(n.pool1, { local_size: 5, alpha: 1e-4, beta: 0.75 });
  [n.conv2, n.relu2] = convRelu(n.norm1, 5, 256, { pad: 2, group: 2 });
  n.pool2 = maxPool(n.relu2, 3, { stride: 2 });
  n.norm2 = L.LRN(n.pool2, { local_size: 5, alpha: 1e-4, beta: 0.75 });
  [n.conv3, n.relu3] = convRelu(n.norm2, 3, 384, { pad: 1 });
  [n.conv4, n.relu4] = convRelu(n.relu3, 3, 384, { pad: 1, group: 2 });
  [n.conv5, n.relu5] = convRelu(n.relu4, 3, 256, { pad: 1, group: 2 });
  n.pool5 = maxPool(n.relu5, 3, { stride: 2 });
  [n.fc6, n.relu6] = fcRelu(n.pool5, 4096);
  n.drop6 = L.Dropout(n.relu6, { in_place: true });
  [n.fc7, n.relu7] = fcRelu(n.drop6, 4096);
  n.drop7 = L.Dropout(n.relu7, { in_place: true });
  n.score = L.InnerProduct(n.drop7, { num_output: 20 });
  n.loss = L.SigmoidCrossEntropyLoss(n.score, n.label);
  same(n.toNetParameter(), 'multilabelNet');
});
