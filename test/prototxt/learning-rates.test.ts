import { parseNet, setLearningRates } from '../../lib/prototxt';
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

  test('takes the second parameter only for a bias', () => {
    expect(paramsOf(setLearningRates(layer('LSTM'), TENFOLD))?.map(({ lr_mult }) => lr_mult)).toEqual([10, 20, 10]);
  });

  test('gives a shared parameter one rate, wherever it is', () => {
    const shared = (name: string, rest: string) =>
      layer(
        'InnerProduct',
        `  param { name: "w" ${rest}}
`,
      ).replace('"a"', `"${name}"`);
    const text = shared('a', 'lr_mult: 3 ') + shared('b', '') + shared('c', 'lr_mult: 3 ');
    const result = setLearningRates(text, { layers: ['c', 'b'], factor: 10 });
    expect(['a', 'b', 'c'].map((name) => paramsOf(result, name)?.[0]?.lr_mult)).toEqual([30, 30, 30]);
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

describeModels('on published networks', () => {
  test('the head of SqueezeNet, which says nothing of rates, learns tenfold', () => {
    const text = setLearningRates(model('squeezenet/SqueezeNet_trainval'), { layers: ['conv_final'], factor: 10 });
    expect(paramsOf(text, 'conv_final')).toEqual([
      { lr_mult: 10, decay_mult: 1 },
      { lr_mult: 20, decay_mult: 0 },
    ]);
  });
});
