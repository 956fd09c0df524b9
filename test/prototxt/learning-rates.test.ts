import { freeze, parseNet, setLearningRates } from '../../lib/prototxt';
import { describeModels, errorOf, model } from './shared';

const layer = (type: string, rest = '') => `layer {\n  name: "a"\n  type: "${type}"\n  bottom: "x"\n  top: "a"\n${rest}}\n`;
const paramsOf = (text: string, name = 'a') => parseNet(text).layer?.find((one) => one.name === name)?.param;
const TENFOLD = { layers: ['a'], factor: 10 };

describe('setLearningRates', () => {
  test('multiplies what is there and touches nothing else', () => {
    const text = layer(
      'Convolution',
      '  param { lr_mult: 1 decay_mult: 1 } # weights\n  param {\n    lr_mult: 2\n    decay_mult: 0\n  }\n',
    );
    expect(setLearningRates(text, TENFOLD)).toBe(text.replace('lr_mult: 1', 'lr_mult: 10').replace('lr_mult: 2', 'lr_mult: 20'));
  });

  test('writes what published nets have where there is nothing', () => {
    const text = layer('InnerProduct', '  inner_product_param { num_output: 2 }\n');
    expect(setLearningRates(text, TENFOLD)).toBe(
      layer(
        'InnerProduct',
        '  param {\n    lr_mult: 10\n    decay_mult: 1\n  }\n  param {\n    lr_mult: 20\n    decay_mult: 0\n  }\n  inner_product_param { num_output: 2 }\n',
      ),
    );
  });

  test('adds what is missing only', () => {
    expect(paramsOf(setLearningRates(layer('Convolution', '  param { decay_mult: 3 }\n'), TENFOLD))).toEqual([
      { lr_mult: 10, decay_mult: 3 },
      { lr_mult: 20, decay_mult: 0 },
    ]);
  });

  test('writes as many blocks as the layer has parameters', () => {
    expect(paramsOf(setLearningRates(layer('Convolution', '  convolution_param { bias_term: false }\n'), TENFOLD))).toHaveLength(1);
    expect(paramsOf(setLearningRates(layer('Scale'), TENFOLD))).toHaveLength(1);
    expect(paramsOf(setLearningRates(layer('Scale', '  scale_param { bias_term: true }\n'), TENFOLD))).toHaveLength(2);
    expect(paramsOf(setLearningRates(layer('PReLU'), TENFOLD))).toHaveLength(1);
  });

  test('prints what 32-bit floats hold', () => {
    expect(setLearningRates(layer('PReLU', '  param { lr_mult: 0.1 }\n'), { layers: ['a'], factor: 3 })).toContain('lr_mult: 0.3 ');
  });

  test('can stop a layer and be applied again', () => {
    const stopped = setLearningRates(layer('PReLU'), { layers: ['a', 'a'], factor: 0 });
    expect(paramsOf(stopped)).toEqual([{ lr_mult: 0, decay_mult: 1 }]);
    expect(setLearningRates(stopped, TENFOLD)).toBe(stopped);
  });

  test('refuses layers that are unknown or learn nothing, and factors that are none', () => {
    const text = layer('Convolution');
    expect(errorOf(() => setLearningRates(text, { layers: ['b'], factor: 1 }))).toMatchObject({
      code: 'ERR_CAFFE_INPUT',
      hint: "Did you mean 'a'?",
    });
    expect(errorOf(() => setLearningRates(layer('ReLU'), TENFOLD))).toMatchObject({ code: 'ERR_CAFFE_INPUT', layer: 'a' });
    for (const factor of [-1, Number.NaN, Number.POSITIVE_INFINITY, '2' as unknown as number]) {
      expect(errorOf(() => setLearningRates(text, { layers: ['a'], factor })).code).toBe('ERR_CAFFE_INPUT');
    }
  });
});

describe('freeze', () => {
  const text = ['Convolution', 'ReLU', 'BatchNorm', 'InnerProduct', 'Python']
    .map((type, index) => layer(type).replace('"a"', `"l${index}"`))
    .join('')
    .concat('layer { name: "l5" type: "Python" param { } }\n');

  test('stops all layers with parameters up to one', () => {
    const result = freeze(text, { through: 'l2' });
    expect(result.frozen).toEqual(['l0']);
    expect(paramsOf(result.text, 'l0')).toEqual([
      { lr_mult: 0, decay_mult: 0 },
      { lr_mult: 0, decay_mult: 0 },
    ]);
    expect(paramsOf(result.text, 'l3')).toBeUndefined();
  });

  test('stops all but some, and takes the params of layers it does not know as they are', () => {
    const result = freeze(text, { except: ['l3'] });
    expect(result.frozen).toEqual(['l0', 'l5']);
    expect(paramsOf(result.text, 'l5')).toEqual([{ lr_mult: 0, decay_mult: 0 }]);
  });

  test('combines both, and can be repeated', () => {
    const once = freeze(text, { through: 'l3', except: ['l0'] });
    expect(once.frozen).toEqual(['l3']);
    expect(freeze(once.text, { through: 'l3', except: ['l0'] })).toEqual(once);
  });

  test('refuses to guess', () => {
    expect(errorOf(() => freeze(text, {})).code).toBe('ERR_CAFFE_INPUT');
    expect(errorOf(() => freeze(text)).code).toBe('ERR_CAFFE_INPUT');
    expect(errorOf(() => freeze(text, { through: 'l9' })).code).toBe('ERR_CAFFE_INPUT');
    expect(errorOf(() => freeze(text, { except: ['none'] })).hint).toContain('l0, l1');
  });
});

describeModels('on published networks', () => {
  test('freeze stops AlexNet up to its last convolution', () => {
    const before = model('bvlc_alexnet/train_val');
    const result = freeze(before, { through: 'pool5' });
    expect(result.frozen).toEqual(['conv1', 'conv2', 'conv3', 'conv4', 'conv5']);
    expect(result.text.split('\n')).toHaveLength(before.split('\n').length);
  });

  test('the head of SqueezeNet, which says nothing of rates, learns tenfold', () => {
    const text = setLearningRates(model('squeezenet/SqueezeNet_trainval'), { layers: ['conv_final'], factor: 10 });
    expect(paramsOf(text, 'conv_final')).toEqual([
      { lr_mult: 10, decay_mult: 1 },
      { lr_mult: 20, decay_mult: 0 },
    ]);
  });
});
