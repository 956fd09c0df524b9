import { inspect } from '../../lib/prototxt';
import { describeModels, errorOf, model } from './shared';

describeModels('inspect on published networks', () => {
  test('tells the heads and losses of GoogLeNet', () => {
    const { heads, losses, mainLoss, data, label } = inspect(model('digits/googlenet'));
    expect(heads).toEqual([
      { name: 'loss1/classifier', outputs: undefined },
      { name: 'loss2/classifier', outputs: undefined },
      { name: 'loss3/classifier', outputs: undefined },
    ]);
    expect(losses.map(({ weight }) => weight)).toEqual([0.3, 0.3, 1]);
    expect(mainLoss).toEqual({ layer: 'loss3/loss', type: 'SoftmaxWithLoss', weight: 1, scores: 'loss3/classifier', label: 'label' });
    expect([data, label]).toEqual(['data', 'label']);
  });

  test('tells the preprocessing of both phases', () => {
    const { train, validation } = inspect(model('squeezenet/SqueezeNet_trainval'));
    expect(train).toEqual({
      source: '/ssd/dataset/ilsvrc12_train_lmdb/',
      batchSize: 32,
      mirror: true,
      cropSize: 227,
      meanValues: [104, 117, 123],
    });
    expect(validation).toMatchObject({ batchSize: 50, mirror: false });
    expect(inspect(model('bvlc_alexnet/train_val')).train?.meanFile).toBe('data/ilsvrc12/imagenet_mean.binaryproto');
  });

  test('tells what a deploy file does not have', () => {
    expect(inspect(model('squeezenet/SqueezeNet_deploy'))).toEqual({
      name: 'FireNet',
      data: 'data',
      label: 'label',
      heads: [{ name: 'conv_final', outputs: 1000 }],
      losses: [],
      mainLoss: undefined,
      train: undefined,
      validation: undefined,
    });
  });
});

describe('inspect', () => {
  test('of nothing finds nothing', () => {
    expect(inspect('')).toMatchObject({ name: '', data: undefined, heads: [], losses: [] });
  });

  test('tells data and labels apart by the loss', () => {
    const text = `layer { name: "a" type: "DummyData" top: "y" }
      layer { name: "b" type: "HDF5Data" top: "x" }
      layer { name: "c" type: "InnerProduct" bottom: "x" top: "c" }
      layer { name: "l" type: "HingeLoss" bottom: "c" bottom: "y" top: "l" loss_weight: 2 }`;
    expect(inspect(text)).toMatchObject({ data: 'x', label: 'y', mainLoss: { weight: 2 } });
  });

  test('refuses values of the wrong kind', () => {
    const text = 'layer { type: "Data" top: "data"\n data_param { batch_size: "many" } }';
    expect(errorOf(() => inspect(text))).toMatchObject({ code: 'ERR_CAFFE_PROTOTXT', line: 2, column: 27 });
  });
});
