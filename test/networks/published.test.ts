/** The networks are those that were published: compared with the files in ../shared, and with what is known of others. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Net } from '../../lib/net';
import * as networks from '../../lib/networks';
import { parseNet, parseSolver } from '../../lib/prototxt';
import { describeShared, relativeError, shared, wave } from '../support/shared';
import { comparable } from './comparable';
import { PUBLISHED_WEIGHTS } from './published-weights';

const read = (name: string, file: string) => readFileSync(path.join(shared, 'models', name, file), 'utf8');

describeShared("BVLC's files", () => {
  test.each([
    ['alexnet', 'bvlc_alexnet'],
    ['caffenet', 'bvlc_reference_caffenet'],
    ['googlenet', 'bvlc_googlenet'],
  ] as const)(
    '%s: train_val and deploy are the same messages, but for names of files and the order of loss and accuracy',
    (name, model) => {
      const { trainVal, deploy } = networks.get(name);
      expect(comparable(trainVal)).toEqual(comparable(read(model, 'train_val.prototxt')));
      // Deployed, ours say nothing about training; theirs are for ten pictures.
      expect(comparable(deploy, { trained: false })).toEqual(comparable(read(model, 'deploy.prototxt'), { trained: false }));
    },
  );

  test.each([
    ['alexnet', 'bvlc_alexnet'],
    ['caffenet', 'bvlc_reference_caffenet'],
    ['googlenet', 'bvlc_googlenet'],
  ] as const)('%s: the solver is the same, but for paths and the GPU', (name, model) => {
    const ours = parseSolver(networks.get(name).solver);
    const theirs = parseSolver(read(model, 'solver.prototxt'));
    expect(ours).toEqual({ ...theirs, net: 'train_val.prototxt', snapshot_prefix: name, solver_mode: 'CPU' });
  });

  test('the weights of one GoogLeNet in the other give the same', async () => {
    const theirs = await Net.from(read('bvlc_googlenet', 'deploy.prototxt'));
    await theirs.blobs.data?.reshape(1, 3, 224, 224);
    const ours = await Net.from(networks.get('googlenet').deploy, { weights: await theirs.toBuffer() });
    const data = { shape: [1, 3, 224, 224], data: wave(3 * 224 * 224, 0.37) };
    const [expected, given] = [await theirs.forward({ data }), await ours.forward({ data })];
    expect(relativeError(given.prob?.data ?? [], expected.prob?.data ?? [])).toBeLessThan(1e-6);
    await Promise.all([theirs.dispose(), ours.dispose()]);
  });
});

describe.each(Object.keys(PUBLISHED_WEIGHTS) as (keyof typeof PUBLISHED_WEIGHTS)[])('%s', (name) => {
  test('has the weights of the published file, by name and shape', async () => {
    const net = await Net.from(networks.get(name).deploy);
    const weighted = net.layers.filter(({ type }) => type === 'Convolution' || type === 'InnerProduct');
    const given = weighted.map((layer) => `${layer.name} ${layer.params.map(({ shape }) => shape.join('x')).join('+')}`);
    const published = PUBLISHED_WEIGHTS[name].trim().split(/,?\s*\n\s*|, /);
    await net.dispose();
    expect(given).toEqual(published);
  });
});

const ONE_TO_TWO = 'param { lr_mult: 1 } param { lr_mult: 2 }';

test("LeNet is that of Caffe's examples/mnist", () => {
  const filled = 'weight_filler { type: "xavier" } bias_filler { type: "constant" }';
  const data = (phase: string, batch: number) =>
    `layer { name: "mnist" type: "Data" top: "data" top: "label" include { phase: ${phase} }
     transform_param { scale: 0.00390625 } data_param { batch_size: ${batch} backend: LMDB } }`;
  const convolution = (name: string, bottom: string, outputs: number) =>
    `layer { name: "${name}" type: "Convolution" bottom: "${bottom}" top: "${name}" ${ONE_TO_TWO}
     convolution_param { num_output: ${outputs} kernel_size: 5 stride: 1 ${filled} } }`;
  const pooling = (name: string, bottom: string) =>
    `layer { name: "${name}" type: "Pooling" bottom: "${bottom}" top: "${name}" pooling_param { pool: MAX kernel_size: 2 stride: 2 } }`;
  const product = (name: string, bottom: string, outputs: number) =>
    `layer { name: "${name}" type: "InnerProduct" bottom: "${bottom}" top: "${name}" ${ONE_TO_TWO}
     inner_product_param { num_output: ${outputs} ${filled} } }`;
  const text = [
    data('TRAIN', 64),
    data('TEST', 100),
    convolution('conv1', 'data', 20),
    pooling('pool1', 'conv1'),
    convolution('conv2', 'pool1', 50),
    pooling('pool2', 'conv2'),
    product('ip1', 'pool2', 500),
    'layer { name: "relu1" type: "ReLU" bottom: "ip1" top: "ip1" }',
    product('ip2', 'ip1', 10),
    'layer { name: "accuracy" type: "Accuracy" bottom: "ip2" bottom: "label" top: "accuracy" include { phase: TEST } }',
    'layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip2" bottom: "label" top: "loss" }',
  ].join('\n');
  expect(comparable(networks.get('lenet').trainVal)).toEqual(comparable(text));
});

test("CIFAR-10 quick is that of Caffe's examples/cifar10", () => {
  const filled = (std: number) => `weight_filler { type: "gaussian" std: ${std} } bias_filler { type: "constant" }`;
  const data = (phase: string) =>
    `layer { name: "cifar" type: "Data" top: "data" top: "label" include { phase: ${phase} }
     transform_param { mean_file: "mean" } data_param { batch_size: 100 backend: LMDB } }`;
  const convolution = (name: string, bottom: string, outputs: number, std: number) =>
    `layer { name: "${name}" type: "Convolution" bottom: "${bottom}" top: "${name}" ${ONE_TO_TWO}
     convolution_param { num_output: ${outputs} pad: 2 kernel_size: 5 stride: 1 ${filled(std)} } }`;
  const pooling = (name: string, bottom: string, pool: string) =>
    `layer { name: "${name}" type: "Pooling" bottom: "${bottom}" top: "${name}" pooling_param { pool: ${pool} kernel_size: 3 stride: 2 } }`;
  const relu = (name: string, blob: string) => `layer { name: "${name}" type: "ReLU" bottom: "${blob}" top: "${blob}" }`;
  const product = (name: string, bottom: string, outputs: number) =>
    `layer { name: "${name}" type: "InnerProduct" bottom: "${bottom}" top: "${name}" ${ONE_TO_TWO}
     inner_product_param { num_output: ${outputs} ${filled(0.1)} } }`;
  const text = [
    data('TRAIN'),
    data('TEST'),
    convolution('conv1', 'data', 32, 0.0001),
    pooling('pool1', 'conv1', 'MAX'),
    relu('relu1', 'pool1'),
    convolution('conv2', 'pool1', 32, 0.01),
    relu('relu2', 'conv2'),
    pooling('pool2', 'conv2', 'AVE'),
    convolution('conv3', 'pool2', 64, 0.01),
    relu('relu3', 'conv3'),
    pooling('pool3', 'conv3', 'AVE'),
    product('ip1', 'pool3', 64),
    product('ip2', 'ip1', 10),
    'layer { name: "accuracy" type: "Accuracy" bottom: "ip2" bottom: "label" top: "accuracy" include { phase: TEST } }',
    'layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip2" bottom: "label" top: "loss" }',
  ].join('\n');
  expect(comparable(networks.get('cifar10-quick').trainVal)).toEqual(comparable(text));
});

test('a residual block is wired as in the authors’ ResNet-50', () => {
  const block = (parseNet(networks.get('resnet-50').deploy).layer ?? []).filter(({ name = '' }) => /[^0-9]3a/.test(name));
  expect(block.map(({ name, type, bottom = [], top }) => `${name} ${type}: ${bottom.join(' ')} -> ${top}`)).toEqual([
    'res3a_branch1 Convolution: res2c -> res3a_branch1',
    'bn3a_branch1 BatchNorm: res3a_branch1 -> res3a_branch1',
    'scale3a_branch1 Scale: res3a_branch1 -> res3a_branch1',
    'res3a_branch2a Convolution: res2c -> res3a_branch2a',
    'bn3a_branch2a BatchNorm: res3a_branch2a -> res3a_branch2a',
    'scale3a_branch2a Scale: res3a_branch2a -> res3a_branch2a',
    'res3a_branch2a_relu ReLU: res3a_branch2a -> res3a_branch2a',
    'res3a_branch2b Convolution: res3a_branch2a -> res3a_branch2b',
    'bn3a_branch2b BatchNorm: res3a_branch2b -> res3a_branch2b',
    'scale3a_branch2b Scale: res3a_branch2b -> res3a_branch2b',
    'res3a_branch2b_relu ReLU: res3a_branch2b -> res3a_branch2b',
    'res3a_branch2c Convolution: res3a_branch2b -> res3a_branch2c',
    'bn3a_branch2c BatchNorm: res3a_branch2c -> res3a_branch2c',
    'scale3a_branch2c Scale: res3a_branch2c -> res3a_branch2c',
    'res3a Eltwise: res3a_branch1 res3a_branch2c -> res3a',
    'res3a_relu ReLU: res3a -> res3a',
  ]);
  expect(block.filter(({ convolution_param }) => convolution_param?.stride?.[0] === 2).map(({ name }) => name)).toEqual([
    'res3a_branch1',
    'res3a_branch2a',
  ]);
});

test('a separable convolution is wired as in MobileNet-Caffe, its filters a group for each channel', () => {
  const layers = (parseNet(networks.get('mobilenet').deploy).layer ?? []).filter(({ name = '' }) => name.includes('3_2'));
  expect(layers.map(({ name, type, bottom = [], top }) => `${name} ${type}: ${bottom.join(' ')} -> ${top}`)).toEqual([
    'conv3_2/dw Convolution: conv3_1/sep -> conv3_2/dw',
    'conv3_2/dw/bn BatchNorm: conv3_2/dw -> conv3_2/dw',
    'conv3_2/dw/scale Scale: conv3_2/dw -> conv3_2/dw',
    'relu3_2/dw ReLU: conv3_2/dw -> conv3_2/dw',
    'conv3_2/sep Convolution: conv3_2/dw -> conv3_2/sep',
    'conv3_2/sep/bn BatchNorm: conv3_2/sep -> conv3_2/sep',
    'conv3_2/sep/scale Scale: conv3_2/sep -> conv3_2/sep',
    'relu3_2/sep ReLU: conv3_2/sep -> conv3_2/sep',
  ]);
  expect(layers[0]?.convolution_param).toMatchObject({ num_output: 128, group: 128, stride: [2], pad: [1], kernel_size: [3] });
});

test('a fire module is wired as in SqueezeNet 1.1, and pools stand behind the first, third and fifth', () => {
  const layers = parseNet(networks.get('squeezenet').deploy).layer ?? [];
  const fire = layers.filter(({ name = '', type }) => name.startsWith('fire3/') && type !== 'ReLU');
  expect(fire.map(({ name, bottom = [] }) => `${name}: ${bottom.join(' ')}`)).toEqual([
    'fire3/squeeze1x1: fire2/concat',
    'fire3/expand1x1: fire3/squeeze1x1',
    'fire3/expand3x3: fire3/squeeze1x1',
    'fire3/concat: fire3/expand1x1 fire3/expand3x3',
  ]);
  const pools = layers.filter(({ type }) => type === 'Pooling');
  expect(pools.map(({ bottom, top }) => `${bottom} -> ${top}`)).toEqual([
    'conv1 -> pool1',
    'fire3/concat -> pool3',
    'fire5/concat -> pool5',
    'conv10 -> pool10',
  ]);
});
