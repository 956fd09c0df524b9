import { parseNet, retarget, toDeploy } from '../../lib/prototxt';
import { describeModels, errorOf, model } from './shared';

const INPUT = { data: [1, 3, 227, 227] };
const layersOf = (text: string) => (parseNet(text).layer ?? []).map(({ name, type }) => `${name}: ${type}`);
const last = (text: string) => parseNet(text).layer?.at(-1);

describeModels('toDeploy on published networks', () => {
  test.each([
    ['bvlc_alexnet/train_val', 'bvlc_alexnet/deploy'],
    ['bvlc_reference_caffenet/train_val', 'bvlc_reference_caffenet/deploy'],
    ['bvlc_googlenet/train_val', 'bvlc_googlenet/deploy'],
  ])('%s has the layers of %s', (train, deploy) => {
    expect(layersOf(toDeploy(model(train), { input: INPUT }).text)).toEqual(layersOf(model(deploy)));
  });

  test('AlexNet loses its data, loss and accuracy and nothing else', () => {
    const text = model('bvlc_alexnet/train_val');
    const result = toDeploy(text, { input: INPUT });
    expect(result.removed).toEqual(['accuracy', 'loss']);
    expect(
      result.text.startsWith(`name: "AlexNet"
layer {
  name: "data"
  type: "Input"
  top: "data"
  input_param { shape: { dim: 1 dim: 3 dim: 227 dim: 227 } }
}
layer {
  name: "conv1"`),
    ).toBe(true);
    expect(result.text.endsWith('layer {\n  name: "prob"\n  type: "Softmax"\n  bottom: "fc8"\n  top: "prob"\n}\n')).toBe(true);
    const between = (whole: string) => whole.slice(whole.indexOf('  name: "conv1"'), whole.indexOf('  bottom: "fc7"'));
    expect(between(result.text)).toBe(between(text));
  });

  test('SqueezeNet loses the comment on its loss, too', () => {
    const result = toDeploy(model('squeezenet/SqueezeNet_trainval'), { input: INPUT });
    expect(result.removed).toEqual(['loss', 'accuracy_top1', 'accuracy_top5']);
    expect(result.text).not.toContain('# loss');
    expect(last(result.text)).toEqual({ name: 'prob', type: 'Softmax', bottom: ['pool_final'], top: ['prob'] });
  });

  test.each(['digits/lenet', 'digits/alexnet', 'digits/googlenet'])('%s deploys what its stage says, with its own Softmax', (name) => {
    const { text } = toDeploy(model(name), { input: INPUT });
    expect(text).not.toMatch(/stage|Data|Accuracy|Loss|loss1|label/);
    expect(last(text)).toMatchObject({ name: 'softmax', type: 'Softmax', top: ['softmax'] });
    expect(text.split('\n')[0]).toBe(model(name).split('\n')[0]);
  });

  test('the auxiliary classifiers of GoogLeNet go with all that feeds only them', () => {
    const { removed } = toDeploy(model('bvlc_googlenet/train_val'), { input: INPUT });
    expect(removed).toHaveLength(23);
    expect(removed).toEqual(expect.arrayContaining(['loss1/ave_pool', 'loss2/drop_fc', 'loss3/top-5']));
    expect(removed).not.toContain('loss3/classifier');
  });

  test('a deploy file gets another shape, and stays as it is otherwise', () => {
    const text = model('bvlc_alexnet/deploy');
    const once = toDeploy(text, { input: { data: [10, 3, 227, 227] } });
    expect(once).toEqual({ text, removed: [] });
    expect(toDeploy(text, { input: INPUT }).text).toBe(text.replace('dim: 10', 'dim: 1'));
  });

  test('one without a Softmax gets it, and its old input fields go', () => {
    const { text } = toDeploy(model('squeezenet/SqueezeNet_deploy'), { input: INPUT });
    expect(text).not.toMatch(/^input/m);
    expect(last(text)).toEqual({ name: 'prob', type: 'Softmax', bottom: ['pool_final'], top: ['prob'] });
  });

  test('works on what retarget gives', () => {
    const { text } = toDeploy(retarget(model('seed/googlenet-original'), { classes: 2 }).text, { input: INPUT });
    expect(last(text)?.bottom).toEqual(['loss3a/classifier']);
    expect(text).not.toContain('loss1a');
  });
});

const conv = 'layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" }';
const loss = (rest = '', name = 'loss') =>
  `layer { name: "${name}" type: "SoftmaxWithLoss" bottom: "conv" bottom: "label" top: "${name}" ${rest}}`;
const data = 'layer { name: "d" type: "Data" top: "data" top: "label" }';
const deployed = (...lines: string[]) => toDeploy(lines.join('\n'), { input: { data: [1, 1] } });

describe('toDeploy', () => {
  test('finds the loss wherever it is active', () => {
    expect(layersOf(deployed(data, conv, loss('include { phase: TRAIN } ')).text)).toEqual([
      'data: Input',
      'conv: Convolution',
      'prob: Softmax',
    ]);
  });

  test('takes the heaviest loss, and of equal ones the last', () => {
    const other = 'layer { name: "aux" type: "Convolution" bottom: "data" top: "aux" }';
    const second = (rest = '') => loss(rest, 'second').replace('"conv"', '"aux"');
    expect(last(deployed(conv, other, loss(), second('loss_weight: 0.5 ')).text)?.bottom).toEqual(['conv']);
    expect(last(deployed(conv, other, loss(), second()).text)?.bottom).toEqual(['aux']);
  });

  test('keeps a Softmax that is there beside the loss', () => {
    const own = 'layer { name: "out" type: "Softmax" bottom: "conv" top: "out" include { phase: TEST } }';
    const result = deployed(data, conv, loss(), own);
    expect(layersOf(result.text)).toEqual(['data: Input', 'conv: Convolution', 'out: Softmax']);
    expect(result.text).not.toContain('include');
  });

  test('keeps the axis of the loss, and drops what only labels feed', () => {
    const slice = 'layer { name: "slice" type: "Slice" bottom: "label" top: "l1" }';
    const result = deployed(data, slice, conv, loss('softmax_param { axis: 2 } ').replace('"label"', '"l1"'));
    expect(last(result.text)?.softmax_param).toEqual({ axis: 2 });
    expect(result.removed).toEqual(['d', 'slice', 'loss']);
  });

  test('ends other losses with what they compare', () => {
    const of = (type: string) => layersOf(deployed(data, conv, loss().replace('SoftmaxWithLoss', type)).text).at(-1);
    expect(of('SigmoidCrossEntropyLoss')).toBe('prob: Sigmoid');
    expect(of('HingeLoss')).toBe('prob: Softmax');
    expect(of('EuclideanLoss')).toBe('conv: Convolution');
  });

  test('names its Softmax otherwise where prob is taken', () => {
    expect(layersOf(deployed(data, conv.replaceAll('"conv"', '"prob"'), loss().replace('"conv"', '"prob"')).text).at(-1)).toBe(
      'prob2: Softmax',
    );
  });

  test('takes Dropout, unnamed rules and several inputs as they come', () => {
    const text = `${conv}\nlayer { name: "mix" type: "Eltwise" bottom: "conv" bottom: "extra" top: "mix" exclude { stage: "x" } }`;
    const result = toDeploy(text, { input: { data: [1, 2], extra: [3] } });
    expect(layersOf(result.text)).toEqual(['data: Input', 'extra: Input', 'conv: Convolution', 'mix: Eltwise', 'prob: Softmax']);
    expect(result.text).not.toContain('exclude');
  });

  test('is stable', () => {
    const once = deployed(data, conv, loss());
    expect(deployed(once.text)).toEqual({ text: once.text, removed: [] });
  });

  test.each([[[]], [[0, 3]], [[1.5]], ['227'], [undefined]])('refuses the shape %p', (shape) => {
    const error = errorOf(() => toDeploy(conv, { input: { data: shape as number[] } }));
    expect(error).toMatchObject({ code: 'ERR_CAFFE_INPUT', blob: 'data' });
  });

  test('refuses inputs that do not fit the network', () => {
    expect(errorOf(() => toDeploy(conv, { input: {} }))).toMatchObject({ code: 'ERR_CAFFE_INPUT', blob: 'data', layer: 'conv' });
    expect(errorOf(() => toDeploy(conv, { input: { data: [1], more: [1] } })).hint).toBe('Its inputs are: data.');
  });

  test('refuses what has nothing to deploy', () => {
    expect(errorOf(() => toDeploy('', { input: {} })).code).toBe('ERR_CAFFE_UNSUPPORTED');
    expect(errorOf(() => toDeploy(`${data}\n${loss()}`, { input: {} }))).toMatchObject({ code: 'ERR_CAFFE_UNSUPPORTED', layer: 'loss' });
    expect(errorOf(() => toDeploy('layers {}', { input: {} })).code).toBe('ERR_CAFFE_UNSUPPORTED');
  });
});
