import { parseNet, retarget, toDeploy } from '../../lib/prototxt';
import { builtBy, loadable } from './loadable';
import { describeModels, errorOf, model } from './shared';

const INPUT = { data: [1, 3, 227, 227] };
const layersOf = (text: string) => (parseNet(text).layer ?? []).map(({ name, type }) => `${name}: ${type}`);
const last = (text: string) => parseNet(text).layer?.at(-1);

describeModels('toDeploy on published networks', () => {
  test.each([
    ['bvlc_alexnet', 227],
    ['bvlc_reference_caffenet', 227],
    ['bvlc_googlenet', 224],
  ])('%s says its size itself, and is what Caffe builds of the published file', async (name, size) => {
    const result = toDeploy(model(`${name}/train_val`));
    expect(result.inputs).toMatchObject([{ blob: 'data', shape: [1, 3, size, size] }]);
    // Without what only training knows: learning rates and fillers.
    const withoutTraining = (text: string) =>
      text.replaceAll(/ {2}param \{[^}]*\}\n/g, '').replaceAll(/ {4}(weight|bias)_filler \{[^}]*\}\n/g, '');
    const ours = await builtBy(loadable(result.text), { phase: 'test' });
    const published = await builtBy(loadable(toDeploy(model(`${name}/deploy`), { input: { data: [1, 3, size, size] } }).text), {
      phase: 'test',
    });
    expect(ours).not.toContain('refused');
    expect(withoutTraining(ours)).toBe(withoutTraining(published));
  });

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
    expect(once).toMatchObject({ text, removed: [], added: [] });
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
    expect(deployed(once.text)).toMatchObject({ text: once.text, removed: [], added: [] });
    expect(toDeploy(once.text).text).toBe(once.text);
  });

  test('says what came of inputs and losses', () => {
    const result = deployed(data, conv, loss());
    expect(result).toMatchObject({
      removed: ['d', 'loss'],
      inputs: [{ blob: 'data', shape: [1, 1], from: 'given' }],
      outputs: ['prob'],
      added: [{ layer: 'prob', type: 'Softmax', insteadOf: 'loss' }],
    });
    expect(deployed(conv).added).toEqual([{ layer: 'prob', type: 'Softmax' }]);
  });

  test.each<[string, string, number[], string]>([
    ['an Input layer', 'type: "Input" top: "data" input_param { shape { dim: 4 dim: 5 } }', [4, 5], "Input layer 'd'"],
    [
      'the crop of a data layer',
      'type: "Data" top: "data" top: "label" transform_param { crop_size: 9 }',
      [1, 3, 9, 9],
      '3 channels assumed',
    ],
    ['a crop in the old place', 'type: "Data" top: "data" top: "label" data_param { crop_size: 9 }', [1, 3, 9, 9], '3 channels assumed'],
    [
      'a grey crop',
      'type: "Data" top: "data" transform_param { crop_size: 9 force_gray: true }',
      [1, 1, 9, 9],
      "crop_size of Data layer 'd'",
    ],
    [
      'a mean of three values',
      'type: "Data" top: "data" transform_param { crop_size: 9 mean_value: [1, 2, 3] }',
      [1, 3, 9, 9],
      "layer 'd'",
    ],
    ['the size of images', 'type: "ImageData" top: "data" image_data_param { new_height: 5 new_width: 6 }', [1, 3, 5, 6], 'new_height'],
    [
      'grey images',
      'type: "ImageData" top: "data" image_data_param { new_height: 5 new_width: 6 is_color: false }',
      [1, 1, 5, 6],
      'new_width',
    ],
    [
      'MemoryData',
      'type: "MemoryData" top: "data" memory_data_param { batch_size: 8 channels: 2 height: 3 width: 4 }',
      [1, 2, 3, 4],
      "layer 'd'",
    ],
    [
      'DummyData',
      'type: "DummyData" top: "data" top: "label" dummy_data_param { shape { dim: 2 dim: 7 } shape { dim: 2 } }',
      [2, 7],
      "layer 'd'",
    ],
    [
      'DummyData of old',
      'type: "DummyData" top: "data" dummy_data_param { num: 2 channels: 3 height: 4 width: 5 }',
      [2, 3, 4, 5],
      "layer 'd'",
    ],
  ])('takes the shape from %s', (_, fields, shape, from) => {
    const result = toDeploy(`layer { name: "d" ${fields} }\n${conv}\n${loss()}`);
    expect(result.inputs).toEqual([{ blob: 'data', shape, from: expect.stringContaining(from) }]);
    expect(parseNet(result.text).layer?.[0]).toMatchObject({ type: 'Input', top: ['data'], input_param: { shape: [{ dim: shape }] } });
    expect(toDeploy(result.text).text).toBe(result.text);
  });

  test.each([
    ['input_dim', 'input: "a"\ninput_dim: 1\ninput_dim: 2\ninput_dim: 3\ninput_dim: 4\ninput: "b"\ninput_dim: [5, 6, 7, 8]\n'],
    ['input_shape', 'input: "a"\ninput_shape { dim: 1 dim: 2 dim: 3 dim: 4 }\ninput: "b"\ninput_shape { dim: [5, 6, 7, 8] }\n'],
  ])('takes any number of inputs by %s, and keeps the comments above them', (from, fields) => {
    const mix =
      'layer { name: "mix" type: "Eltwise" bottom: "a" bottom: "b" top: "mix" }\n# the end\nlayer { name: "p" type: "Softmax" bottom: "mix" top: "p" }';
    const result = toDeploy(`name: "two"\n# what comes in\n${fields}${mix}\n`);
    expect(result.inputs).toEqual([
      { blob: 'a', shape: [1, 2, 3, 4], from },
      { blob: 'b', shape: [5, 6, 7, 8], from },
    ]);
    expect(result.text).toMatch(/^name: "two"\n# what comes in\nlayer \{\n {2}name: "a"\n/);
    expect(result.text).toContain(mix);
    expect(result.text).not.toMatch(/^input/m);
    expect(toDeploy(result.text, { input: { b: [9] } }).inputs.map(({ shape }) => shape)).toEqual([[9], [1, 2, 3, 4]]);
  });

  test('keeps an Input layer as it is written, and changes its extents only', () => {
    const input =
      'layer {\n  # mine\n  name: "in" type: "Input" top: "data" # here\n  input_param { shape: { dim: 1 dim: 0x3 } } # there\n}\n';
    const rest = `${conv}\nlayer { name: "p" type: "Softmax" bottom: "conv" top: "p" }\n`;
    expect(toDeploy(input + rest).text).toBe(input + rest);
    expect(toDeploy(input + rest, { input: { data: [2, 3] } }).text).toBe(input.replace('dim: 1', 'dim: 2') + rest);
    expect(toDeploy(input + rest, { input: { data: [2] } }).text).toMatch(/^layer \{\n {2}name: "data"/);
  });

  test('says whose size is missing', () => {
    const error = errorOf(() => toDeploy(`${data}\n${conv}\n${loss()}`));
    expect(error).toMatchObject({ code: 'ERR_CAFFE_INPUT', blob: 'data', layer: 'conv' });
    expect(error.message).toContain("comes from 'd' (Data), which does not say its size");
    expect(errorOf(() => toDeploy(conv)).message).toContain('which no layer produces');
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
