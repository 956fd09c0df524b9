import fc from 'fast-check';
import { Net } from '../../lib/net';
import { type AllInOneSource, parse, parseNet, toAllInOne, toDeploy, toTrainVal } from '../../lib/prototxt';
import { builtBy, loadable } from './loadable';
import { describeModels, errorOf, model, weightsOf } from './shared';

const SETS = { train: { source: 'train_db', batchSize: 2 }, validation: { source: 'val_db', batchSize: 2 } };
const layersOf = (text: string) => parseNet(text).layer ?? [];
const find = (text: string, name: string) => layersOf(text).find((layer) => layer.name === name);
/** What Caffe builds, whatever its data layer is called. */
const built = async (...args: Parameters<typeof builtBy>) => (await builtBy(...args)).replaceAll(/(train|val)-data/g, 'data');

describeModels('toAllInOne on published networks', () => {
  const FILES = [
    'bvlc_alexnet/train_val',
    'bvlc_reference_caffenet/train_val',
    'bvlc_googlenet/train_val',
    'squeezenet/SqueezeNet_trainval',
  ];

  test.each(FILES)('%s becomes one file with the same networks', async (name) => {
    const text = model(name);
    const { text: whole, added } = toAllInOne(text);
    expect(added).toEqual([{ layer: 'prob', type: 'Softmax' }]);
    const [train, validation] = layersOf(whole);
    expect(train).toMatchObject({ name: 'train-data', include: [{ stage: ['train'] }], data_param: { batch_size: expect.anything() } });
    expect(validation).toMatchObject({ name: 'val-data', include: [{ stage: ['val'] }] });
    for (const layer of [train, validation]) for (const field of ['source', 'backend']) expect(layer?.data_param).not.toHaveProperty(field);

    expect(await built(loadable(whole), { phase: 'train', stages: ['train'] })).toBe(await built(loadable(text), { phase: 'train' }));
    expect(await built(loadable(whole), { phase: 'test', stages: ['val'] })).toBe(await built(loadable(text), { phase: 'test' }));
    const deployed = await built(loadable(toDeploy(whole).text), { phase: 'test' });
    expect(deployed).toBe(await built(loadable(toDeploy(text).text), { phase: 'test' }));
    expect(deployed).not.toContain('refused');
  });

  test.each(FILES)('%s can be taken apart again', async (name) => {
    const before = toTrainVal(model(name), SETS).text;
    const after = toTrainVal(toAllInOne(model(name)).text, SETS).text;
    expect(after).not.toContain('stage');
    for (const phase of ['train', 'test'] as const) {
      const net = await built(loadable(after), { phase });
      expect(net).toBe(await built(loadable(before), { phase }));
      expect(net).not.toContain('refused');
    }
  });

  test('SqueezeNet gives the same outputs for the same weights', async () => {
    const text = model('squeezenet/SqueezeNet_trainval');
    const run = async (deploy: string) => {
      const net = await Net.from(deploy, { weights: weightsOf('squeezenet/squeezenet') });
      const data = Float32Array.from({ length: 3 * 227 * 227 }, (_, index) => 100 * Math.sin(index));
      const { prob } = await net.forward({ data });
      await net.dispose();
      return Array.from(prob?.data ?? []);
    };
    const outputs = await run(toDeploy(toAllInOne(text).text).text);
    expect(outputs).toHaveLength(1000);
    expect(outputs).toEqual(await run(toDeploy(text).text));
  });

  test.each(['digits/lenet', 'digits/alexnet', 'digits/googlenet'])('%s is in this form already', (name) => {
    const text = model(name);
    expect(toAllInOne(text, { openOutputs: true })).toMatchObject({ text, removed: [], added: [], rules: [], opened: [] });
  });

  test.each(FILES)('%s: a second time changes nothing', (name) => {
    const once = toAllInOne(model(name), { openOutputs: true }).text;
    expect(toAllInOne(once, { openOutputs: true })).toMatchObject({ text: once, removed: [], added: [], rules: [], opened: [] });
  });

  test('AlexNet changes in few lines, as DIGITS has it', () => {
    const text = model('bvlc_alexnet/train_val');
    const result = toAllInOne(text, { openOutputs: true });
    expect(result).toMatchObject({
      sources: ['data'],
      removed: [],
      rules: [
        { layer: 'accuracy', rule: 'include { stage: "val" }' },
        { layer: 'loss', rule: 'exclude { stage: "deploy" }' },
      ],
      opened: ['fc8'],
    });
    const between = (whole: string) => whole.slice(whole.indexOf('  name: "conv1"'), whole.indexOf('  name: "fc8"'));
    expect(between(result.text)).toBe(between(text));
    expect(result.text.split('\n')).toHaveLength(text.split('\n').length - 5 + 12);
  });

  test.each(['bvlc_alexnet', 'bvlc_googlenet'])('%s takes what the published file deploys', async (name) => {
    const { text, added } = toAllInOne({ trainVal: model(`${name}/train_val`), deploy: parse(model(`${name}/deploy`)) });
    expect(added).toEqual([{ layer: 'prob', type: 'Softmax' }]);
    expect(text).toBe(toAllInOne(model(`${name}/train_val`)).text);
  });
});

const DATA = `layer {
  name: "d" # ours
  type: "Data"
  top: "data"
  top: "label"
  include { phase: TRAIN }
  data_param { source: "x" batch_size: 3 backend: LMDB }
}
layer { name: "d" type: "Data" top: "data" top: "label" include { phase: TEST } data_param { source: "y" batch_size: 4 } }
`;
const FC = 'layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc" inner_product_param { num_output: 3 } }\n';
const LOSS = 'layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" top: "loss" }\n';

describe('toAllInOne', () => {
  test('keeps a data layer with all that is said in it, but for what DIGITS sets', () => {
    const { text } = toAllInOne(DATA + FC + LOSS);
    expect(text).toContain('  name: "train-data" # ours\n  type: "Data"\n');
    expect(text).toContain('  include { stage: "train" }\n  data_param { batch_size: 3 }\n}\n');
    expect(text).toContain('name: "val-data" type: "Data" top: "data" top: "label" include { stage: "val" } data_param { batch_size: 4 }');
  });

  test.each([
    [
      'one data layer for both sets',
      'layer { name: "d" type: "Data" top: "data" top: "label" data_param { source: "x" batch_size: 3 } transform_param { crop_size: 5 } }\n',
    ],
    [
      'ImageData',
      'layer { name: "d" type: "ImageData" top: "data" top: "label" image_data_param { source: "x" batch_size: 3 crop_size: 5 } }\n',
    ],
  ])('makes two of %s', (_, source) => {
    const { text, sources } = toAllInOne(source + FC + LOSS);
    expect(sources).toEqual(['d']);
    const [train, validation, ...others] = layersOf(text);
    const layer = { type: 'Data', top: ['data', 'label'], transform_param: { crop_size: 5 }, data_param: { batch_size: 3 } };
    expect(train).toEqual({ ...layer, name: 'train-data', include: [{ stage: ['train'] }] });
    expect(validation).toEqual({ ...layer, name: 'val-data', include: [{ stage: ['val'] }] });
    expect(others.map(({ name }) => name)).toEqual(['fc', 'loss', 'prob']);
  });

  test.each([
    ['Input layers', 'layer { name: "data" type: "Input" top: "data" }\nlayer { name: "label" type: "Input" top: "label" }\n'],
    ['input fields', 'input: "data"\ninput: "label"\ninput_shape { dim: 1 }\ninput_shape { dim: 1 }\n'],
    ['nothing', ''],
  ])('puts data layers in the place of %s', (_, source) => {
    const { text } = toAllInOne(source + FC + LOSS);
    expect(layersOf(text).map(({ name }) => name)).toEqual(['train-data', 'val-data', 'fc', 'loss', 'prob']);
    expect(text).not.toMatch(/^input/m);
  });

  test('passes over names in use', () => {
    const { text } = toAllInOne(DATA + FC.replaceAll('"fc"', '"val-data"') + LOSS.replace('"fc"', '"val-data"'));
    expect(layersOf(text).map(({ name }) => name)).toEqual(['train-data', 'val-data2', 'val-data', 'loss', 'prob']);
  });

  test('translates rules only where they would decide otherwise', () => {
    const relu = (name: string, rule: string) => `layer { name: "${name}" type: "ReLU" bottom: "fc" top: "fc" ${rule} }\n`;
    const layers = relu('a', 'include { phase: TRAIN }') + relu('b', 'include { phase: TEST }') + relu('c', 'include { stage: "never" }');
    const result = toAllInOne(DATA + FC + layers + LOSS);
    expect(find(result.text, 'a')?.include).toEqual([{ phase: 'TRAIN' }]);
    expect(find(result.text, 'b')?.include).toEqual([{ phase: 'TEST' }]);
    expect(result.removed).toEqual(['c']);
    expect(result.rules).toEqual([{ layer: 'loss', rule: 'exclude { stage: "deploy" }' }]);
  });

  test('takes from a file for deployment what is otherwise there', async () => {
    const norm = (rest: string) => `layer { name: "norm" type: "BatchNorm" bottom: "fc" top: "fc" ${rest}}\n`;
    const trainVal = DATA + FC + norm('') + LOSS;
    const deploy = `input: "data"\ninput_shape { dim: 1 dim: 4 }
${FC}layer {
    name: "norm"
    type: "BatchNorm"
    bottom: "fc"
    top: "fc"
    # kept
    batch_norm_param {
        use_global_stats: true
    }
}
layer { name: "scores" type: "Softmax" bottom: "fc" top: "scores" }
layer { name: "best" type: "ArgMax" bottom: "scores" top: "best" }\n`;
    const { text, added, rules } = toAllInOne({ trainVal, deploy });
    expect(added.map(({ layer }) => layer)).toEqual(['norm', 'scores', 'best']);
    expect(rules).toEqual([
      { layer: 'norm', rule: 'exclude { stage: "deploy" }' },
      { layer: 'loss', rule: 'exclude { stage: "deploy" }' },
    ]);
    expect(text).toContain('\n  # kept\n  batch_norm_param {\n    use_global_stats: true\n  }\n  include { stage: "deploy" }\n}\n');
    expect(await builtBy(toDeploy(text, { input: { data: [1, 4] } }).text, { phase: 'test' })).toBe(
      await builtBy(toDeploy(deploy).text, { phase: 'test' }),
    );
    expect(toAllInOne(text).text).toBe(text);
  });

  test('leaves the outputs of InnerProduct classifiers open where asked to', () => {
    expect(toAllInOne(DATA + FC + LOSS, { openOutputs: true })).toMatchObject({
      opened: ['fc'],
      text: expect.stringContaining('inner_product_param { }'),
    });
    const conv = FC.replace('InnerProduct', 'Convolution').replace('inner_product', 'convolution');
    expect(toAllInOne(DATA + conv + LOSS, { openOutputs: true }).opened).toEqual([]);
  });

  test('refuses other parameters for deployment, and says which', () => {
    const error = errorOf(() => toAllInOne({ trainVal: DATA + FC + LOSS, deploy: FC.replace('3', '4') }));
    expect(error).toMatchObject({ code: 'ERR_CAFFE_INPUT', layer: 'fc' });
    expect(error.hint).toContain('num_output: 4');
  });

  test.each<[string, unknown, string]>([
    ['a network without a loss', FC, 'ERR_CAFFE_UNSUPPORTED'],
    ['one that reads more than data', `${FC.replace('"data"', '"data" bottom: "boxes"')}${LOSS}`, 'ERR_CAFFE_UNSUPPORTED'],
    ['an empty file', '', 'ERR_CAFFE_UNSUPPORTED'],
    ['old layers', 'layers { }', 'ERR_CAFFE_UNSUPPORTED'],
    ['a solver', 'base_lr: 1', 'ERR_CAFFE_PROTOTXT'],
    ['a record without a network', {}, 'ERR_CAFFE_INPUT'],
    ['a solver for deployment', { trainVal: DATA + FC + LOSS, deploy: 'base_lr: 1' }, 'ERR_CAFFE_PROTOTXT'],
    ['an empty file for deployment', { trainVal: DATA + FC + LOSS, deploy: '' }, 'ERR_CAFFE_UNSUPPORTED'],
    ['a number', 5, 'ERR_CAFFE_INPUT'],
  ])('refuses %s', (_, source, code) => {
    expect(errorOf(() => toAllInOne(source as string | AllInOneSource)).code).toBe(code);
  });

  test('what is between data and losses stays byte for byte, whatever it is', () => {
    const layer = fc.constantFrom('ReLU', 'Dropout', 'LRN', 'Convolution');
    const gap = fc.constantFrom('\n', '\n\n', ' # note\n', '\r\n');
    fc.assert(
      fc.property(fc.array(fc.tuple(layer, gap), { maxLength: 5 }), (middle) => {
        const layers = middle
          .map(([type, space], index) => `layer { name: "m${index}" type: "${type}" bottom: "fc" top: "fc" }${space}`)
          .join('');
        const { text } = toAllInOne(DATA + FC + layers + LOSS);
        expect(text).toContain(FC + layers + LOSS.slice(0, 20));
        expect(toAllInOne(text).text).toBe(text);
      }),
    );
  });
});
