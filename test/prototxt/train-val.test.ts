import { type DataSource, parseNet, toDeploy, toTrainVal } from '../../lib/prototxt';
import { describeModels, errorOf, model } from './shared';

const TRAIN = { source: '/set/train_db' };
const VALIDATION = { source: '/set/val_db' };
const OPTIONS = { train: TRAIN, validation: VALIDATION };
const layersOf = (text: string) => (parseNet(text).layer ?? []).map(({ name, type }) => `${name}: ${type}`);
const dataOf = (text: string) => (parseNet(text).layer ?? []).filter(({ type }) => type === 'Data');

describeModels('toTrainVal on published networks', () => {
  test('BVLC AlexNet reads our databases and keeps its preprocessing', () => {
    const text = model('bvlc_alexnet/train_val');
    const result = toTrainVal(text, OPTIONS);
    expect(result.removed).toEqual([]);
    const expected = text
      .replace('examples/imagenet/ilsvrc12_train_lmdb', '/set/train_db')
      .replace('examples/imagenet/ilsvrc12_val_lmdb', '/set/val_db');
    expect(result.text).toBe(expected);
  });

  test.each(['lenet', 'alexnet', 'googlenet'])('DIGITS %s becomes a file of phases', (name) => {
    const result = toTrainVal(model(`digits/${name}`), OPTIONS);
    expect(result.removed).toEqual(['softmax']);
    expect(result.text).not.toContain('stage');
    expect(parseNet(result.text).layer?.find(({ type }) => type === 'Accuracy')?.include).toEqual([{ phase: 'TEST' }]);
    expect(parseNet(result.text).layer?.findLast(({ type }) => type === 'SoftmaxWithLoss')?.exclude).toBeUndefined();
    expect(result.text).toContain('  include { phase: TRAIN }\n');
  });

  test('options go before what the file says', () => {
    const train = { ...TRAIN, batchSize: 16, mirror: false, cropSize: 200, meanFile: '/set/mean.binaryproto', scale: 0.5, shuffle: true };
    const [first, second] = dataOf(toTrainVal(model('squeezenet/SqueezeNet_trainval'), { train, validation: VALIDATION }).text);
    expect(first).toEqual({
      name: 'data',
      type: 'Data',
      top: ['data', 'label'],
      include: [{ phase: 'TRAIN' }],
      transform_param: { scale: 0.5, mirror: false, crop_size: 200, mean_file: '/set/mean.binaryproto' },
      data_param: { source: '/set/train_db', batch_size: 16, backend: 'LMDB' },
      image_data_param: { shuffle: true },
    });
    expect(second).toMatchObject({ transform_param: { crop_size: 227, mean_value: [104, 117, 123] }, data_param: { batch_size: 50 } });
  });

  test('accuracies over more places than there are classes go', () => {
    const googlenet = toTrainVal(model('bvlc_googlenet/train_val'), { ...OPTIONS, classes: 4 });
    expect(googlenet.removed).toEqual(['loss1/top-5', 'loss2/top-5', 'loss3/top-5']);
    expect(toTrainVal(model('bvlc_googlenet/train_val'), { ...OPTIONS, classes: 5 }).removed).toEqual([]);
  });

  test('a deploy file gets data, loss and accuracy', () => {
    const result = toTrainVal(model('bvlc_alexnet/deploy'), OPTIONS);
    expect(result.removed).toEqual(['prob']);
    expect(layersOf(result.text).slice(0, 2)).toEqual(['data: Data', 'data: Data']);
    expect(layersOf(result.text).slice(-2)).toEqual(['loss: SoftmaxWithLoss', 'accuracy: Accuracy']);
    expect(result.text).toContain('  include {\n    phase: TEST\n  }\n');
  });

  test('one with old input fields and without a Softmax as well', () => {
    const result = toTrainVal(model('squeezenet/SqueezeNet_deploy'), OPTIONS);
    expect(result.text).not.toMatch(/^input/m);
    expect(parseNet(result.text).layer?.findLast(({ type }) => type === 'SoftmaxWithLoss')?.bottom).toEqual(['pool_final', 'label']);
  });

  test('there and back', () => {
    const trained = toTrainVal(model('bvlc_googlenet/deploy'), OPTIONS).text;
    expect(toTrainVal(trained, OPTIONS)).toMatchObject({ text: trained, removed: [], added: [] });
    expect(layersOf(toDeploy(trained, { input: { data: [1, 3, 224, 224] } }).text)).toEqual(layersOf(model('bvlc_googlenet/deploy')));
  });
});

const conv = 'layer { name: "conv" type: "Convolution" bottom: "images" top: "conv" }';
const softmaxLoss = 'layer { name: "l" type: "SoftmaxWithLoss" bottom: "conv" bottom: "target" top: "l" }';

describe('toTrainVal', () => {
  test('uses the blobs of the network', () => {
    const layers = dataOf(toTrainVal(`${conv}\n${softmaxLoss}`, OPTIONS).text);
    expect(layers.map(({ top }) => top)).toEqual([
      ['images', 'target'],
      ['images', 'target'],
    ]);
  });

  test('says what came of data and losses', () => {
    const result = toTrainVal(`input: "images"\ninput_dim: 1\n${conv}`, OPTIONS);
    expect(result).toMatchObject({
      data: 'images',
      label: 'label',
      sources: ['images'],
      removed: [],
      added: [
        { layer: 'loss', type: 'SoftmaxWithLoss' },
        { layer: 'accuracy', type: 'Accuracy' },
      ],
    });
    expect(toTrainVal(result.text, OPTIONS)).toMatchObject({ text: result.text, sources: ['images'], added: [] });
    const softmax = 'layer { name: "prob" type: "Softmax" bottom: "conv" top: "prob" }';
    expect(toTrainVal(`${conv}\n${softmax}`, OPTIONS).added[0]).toEqual({ layer: 'loss', type: 'SoftmaxWithLoss', insteadOf: 'prob' });
  });

  test('measures no accuracy of what only training has', () => {
    const result = toTrainVal(conv.replace(' }', ' include { phase: TRAIN } }'), OPTIONS);
    expect(result.added).toEqual([{ layer: 'loss', type: 'SoftmaxWithLoss' }]);
  });

  test('replaces Input layers for data and labels', () => {
    const inputs = 'layer { name: "x" type: "Input" top: "target" }\nlayer { name: "y" type: "Input" top: "images" }\n';
    const result = toTrainVal(`${inputs}${conv}\n${softmaxLoss}`, OPTIONS);
    expect(layersOf(result.text)).toEqual(['images: Data', 'images: Data', 'conv: Convolution', 'l: SoftmaxWithLoss']);
    expect(result.removed).toEqual(['x', 'y']);
  });

  test('keeps the settings of one data layer for both phases, wherever it has them', () => {
    const old = `layer { name: "d" type: "ImageData" top: "images" top: "target"
      image_data_param { source: "list" batch_size: 7 mirror: true crop_size: 9 scale: 0.5 mean_file: "m" shuffle: true } transform_param { force_color: true } }`;
    const [train, validation] = dataOf(toTrainVal(`${old}\n${conv}\n${softmaxLoss}`, OPTIONS).text);
    expect(train).toEqual({
      ...validation,
      include: [{ phase: 'TRAIN' }],
      data_param: { ...validation?.data_param, source: '/set/train_db' },
    });
    expect(validation).toMatchObject({
      name: 'd',
      transform_param: { scale: 0.5, mirror: true, crop_size: 9, mean_file: 'm', force_color: true },
      data_param: { batch_size: 7 },
      image_data_param: { shuffle: true },
    });
  });

  test('changes data layers that can stay only where it must, and keeps what else they say', () => {
    const old = `layer {
  # for training
  name: "d" type: "Data"
  top: "images"
  top: "target"
  include { phase: TRAIN }
  transform_param {
    # a mean for each channel
    mean_value: 104
    mean_value: 117
    mirror: true # both ways
    crop_size: 9
  }
  data_param {
    source: 'old' # the set
    batch_size: 7
    prefetch: 8
    backend: LEVELDB
  }
}
layer { name: "v" type: "Data" top: "images" top: "target" include { phase: TEST } data_param { source: "old" batch_size: 3 } }
`;
    const rest = `${conv}\n${softmaxLoss}\n`;
    const bare = toTrainVal(old + rest, OPTIONS);
    expect(bare.text).toBe(
      (old + rest)
        .replace("'old'", '"/set/train_db"')
        .replace('"old"', '"/set/val_db"')
        .replace('LEVELDB', 'LMDB')
        .replace('batch_size: 3 }', 'batch_size: 3 backend: LMDB }'),
    );
    expect(toTrainVal(bare.text, OPTIONS).text).toBe(bare.text);

    const train = { ...TRAIN, batchSize: 5, mirror: false, cropSize: 0, meanFile: 'm', scale: 0.5, shuffle: true };
    const validation = { ...VALIDATION, cropSize: 4, meanValues: [1, 2], shuffle: false };
    const [first, second] = dataOf(toTrainVal(old + rest, { train, validation }).text);
    expect(first).toMatchObject({
      name: 'd',
      data_param: { source: '/set/train_db', batch_size: 5, prefetch: 8, backend: 'LMDB' },
      image_data_param: { shuffle: true },
    });
    expect(first?.transform_param).toEqual({ mirror: false, mean_file: 'm', scale: 0.5 });
    expect(second).toMatchObject({
      transform_param: { crop_size: 4, mean_value: [1, 2] },
      data_param: { source: '/set/val_db', batch_size: 3 },
    });
    expect(second).not.toHaveProperty('image_data_param');
    const without = toTrainVal(old + rest, { ...OPTIONS, train: { ...TRAIN, meanValues: [] } });
    expect(without.text).toContain('transform_param {\n    mirror: true # both ways\n    crop_size: 9\n  }');
  });

  test('lets an empty list of mean values take the mean away', () => {
    const old = 'layer { name: "d" type: "Data" top: "images" top: "target" transform_param { mean_value: 5 } }';
    const [train, validation] = dataOf(
      toTrainVal(`${old}\n${conv}\n${softmaxLoss}`, { ...OPTIONS, train: { ...TRAIN, meanValues: [] } }).text,
    );
    expect(train?.transform_param).toBeUndefined();
    expect(validation?.transform_param).toEqual({ mean_value: [5] });
  });

  test('leaves rules on phases alone and translates the others', () => {
    const rules = [
      'include { phase: TRAIN }',
      'include { stage: "train" } include { phase: TEST stage: "val" }',
      'include {\n not_stage: "val" # why\n}',
      'exclude { min_level: 1 }',
    ];
    const layers = rules.map((rule, index) => `layer { name: "r${index}" type: "ReLU" bottom: "conv" top: "r${index}" ${rule} }`);
    const { text } = toTrainVal([conv, softmaxLoss, ...layers].join('\n'), OPTIONS);
    expect(
      parseNet(text)
        .layer?.slice(-4)
        .map(({ include, exclude }) => include ?? exclude),
    ).toEqual([[{ phase: 'TRAIN' }], undefined, [{ phase: 'TRAIN' }], undefined]);
  });

  test('writes paths as they are', () => {
    const source = 'C:\\sets\\"mine"\\ä';
    expect(dataOf(toTrainVal(conv, { ...OPTIONS, train: { source } }).text)[0]?.data_param?.source).toBe(source);
  });

  test.each<[string, Partial<Record<keyof DataSource, unknown>>]>([
    ['source', { source: '' }],
    ['source', { source: 5 }],
    ['batchSize', { batchSize: 0 }],
    ['batchSize', { batchSize: 1.5 }],
    ['backend', { backend: 'LEVELDB' }],
    ['cropSize', { cropSize: -1 }],
    ['scale', { scale: Number.NaN }],
    ['meanValues', { meanValues: ['104'] }],
    ['meanFile', { meanFile: 'm', meanValues: [1] }],
  ])('refuses %s in %j', (name, wrong) => {
    const error = errorOf(() => toTrainVal(conv, { train: { ...TRAIN, ...wrong } as DataSource, validation: VALIDATION }));
    expect(error.code).toBe('ERR_CAFFE_INPUT');
    expect(error.message).toContain(`'train.${name}'`);
  });

  test('refuses classes that are no number of classes', () => {
    expect(errorOf(() => toTrainVal(conv, { ...OPTIONS, classes: 0 })).code).toBe('ERR_CAFFE_INPUT');
  });

  test('refuses networks that a dataset cannot feed', () => {
    expect(errorOf(() => toTrainVal('', OPTIONS)).code).toBe('ERR_CAFFE_UNSUPPORTED');
    const error = errorOf(() => toTrainVal(conv.replace('top', 'bottom: "boxes" top'), OPTIONS));
    expect(error).toMatchObject({ code: 'ERR_CAFFE_UNSUPPORTED' });
    expect(error.message).toContain("'images', 'boxes'");
  });
});
