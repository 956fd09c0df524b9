import fc from 'fast-check';
import { CaffeError } from '../../lib/errors';
import { type PrototxtMessage, parse, parseNet } from '../../lib/prototxt';
import { describeModels, errorOf, model } from './shared';

const NET = `name: "net"
layer { name: "data" type: "Data" top: "data" top: "label" include { phase: TRAIN } data_param { backend: LMDB } }
layer { name: "data" type: "Data" top: "data" include { phase: TEST } }
layer {
  name: "conv1.1"
  type: "Convolution"
  bottom: "data"
  top: "conv1"
  param { lr_mult: 1 }
  param { lr_mult: 2 decay_mult: 0 }
  convolution_param { num_output: 8 kernel_size: [3, 5] bias_term: 1 weight_filler { std: 0.1 variance_norm: 1 } }
}
layer { name: "relu" type: "ReLU" bottom: "conv1" top: "conv1" }
`;

describe('get', () => {
  const document = parse(NET);

  test.each<[string, unknown]>([
    ['name', 'net'],
    ['layer[2].type', 'Convolution'],
    ['layer[-1].type', 'ReLU'],
    ['layer[relu].bottom', ['conv1']],
    ['layer[relu].bottom[0]', 'conv1'],
    ['layer[conv1.1].convolution_param.num_output', 8],
    ['layer["conv1.1"].convolution_param.kernel_size', [3, 5]],
    ["layer['conv1.1'].convolution_param.kernel_size[1]", 5],
    ['layer[2].convolution_param.bias_term', true],
    ['layer[2].convolution_param.weight_filler.std', 0.1],
    ['layer[2].convolution_param.weight_filler.variance_norm', 'FAN_OUT'],
    ['layer[2].param[1].decay_mult', 0],
    ['layer[0].include[0].phase', 'TRAIN'],
    ['layer[0].data_param.backend', 'LMDB'],
    // what the file does not say
    ['force_backward', undefined],
    ['input', []],
    ['layer[9].type', undefined],
    ['layer[2].param[0].decay_mult', undefined],
    ['layer[relu].relu_param.negative_slope', undefined],
    ['layer[relu].param', []],
    ['layer[2].bottom[3]', undefined],
  ])('%s', (path, value) => {
    expect(document.get(path)).toEqual(value);
  });

  test('gives messages, which are read on', () => {
    const param = document.get('layer[2].convolution_param') as PrototxtMessage;
    expect(param).toMatchObject({ path: 'layer[2].convolution_param', type: 'ConvolutionParameter', line: 11 });
    expect(param.fields).toEqual(['num_output', 'kernel_size', 'bias_term', 'weight_filler']);
    expect(param.get('weight_filler.std')).toBe(0.1);
    expect(param.toObject()).toEqual(parseNet(NET).layer?.[2]?.convolution_param);
    expect(String(param.get('weight_filler'))).toBe('{ std: 0.1 variance_norm: 1 }');
    const params = document.layer('conv1.1').get('param');
    expect(params.map(({ path }) => path)).toEqual(['layer[2].param[0]', 'layer[2].param[1]']);
    expect(params.map((one) => one.get('lr_mult'))).toEqual([1, 2]);
  });

  test('is typed by caffe.proto', () => {
    const layer = document.layer('conv1.1');
    const outputs: number | undefined = layer.get('convolution_param.num_output');
    const sizes: number[] = layer.get('convolution_param.kernel_size');
    const rate: number | undefined = layer.get('param[1].lr_mult');
    const phase: 'TRAIN' | 'TEST' | undefined = document.get('layer[0].include[0].phase');
    expect([outputs, sizes, rate, phase]).toEqual([8, [3, 5], 2, 'TRAIN']);
  });

  test('reads solvers', () => {
    const solver = parse('net: "n" base_lr: 1e-3 stepvalue: 10 stepvalue: 20 solver_mode: 0 test_state { stage: "a" }');
    expect(solver.get('base_lr')).toBe(0.001);
    expect(solver.get('stepvalue')).toEqual([10, 20]);
    expect(solver.get('solver_mode')).toBe('CPU');
    expect(solver.get('test_state[0].stage')).toEqual(['a']);
    expect(errorOf(() => solver.get('layer')).message).toBe("SolverParameter has no field 'layer'.");
  });

  test('reads what caffe.proto does not know, as it is written', () => {
    const fork = parse(
      'layer { name: "a" ssd_param { size: 5 kind: CORNER on: true names: "a" names: "b" inner { x: 1 } list: [1, 2] } extra: 1 }',
    );
    expect(fork.get('layer[a].extra')).toBe(1);
    expect(fork.get('layer[a].ssd_param.size')).toBe(5);
    expect(fork.get('layer[a].ssd_param.kind')).toBe('CORNER');
    expect(fork.get('layer[a].ssd_param.on')).toBe(true);
    expect(fork.get('layer[a].ssd_param.names')).toEqual(['a', 'b']);
    expect(fork.get('layer[a].ssd_param.list[1]')).toBe(2);
    expect(fork.get('layer[a].ssd_param.inner.x')).toBe(1);
    expect(fork.get('layer[a].ssd_param.nothing')).toBeUndefined();
    expect(errorOf(() => (fork.get('layer[a].ssd_param') as PrototxtMessage).toObject()).code).toBe('ERR_CAFFE_UNSUPPORTED');
  });

  test.each([
    ['', "A path is made of field names; '' was given."],
    ['layer[', 'A path is made of field names'],
    ['layer[0]x', 'A path is made of field names'],
    ['.name', 'A path is made of field names'],
    ['name.', 'A path is made of field names'],
    ['layer[0]..type', 'A path is made of field names'],
    ['nmae', "NetParameter has no field 'nmae'."],
    ['layer[2].convolution_param.num_outputs', "ConvolutionParameter has no field 'num_outputs'."],
    ['name.x', "'name' holds no fields but a string."],
    ['layer.type', "There are 4 of 'layer'."],
    ['layer[data].type', "There are 2 of 'layer' named 'data'."],
    ['layer[relo].type', "There is no 'layer' named 'relo'."],
  ])('refuses %j', (path, message) => {
    const error = errorOf(() => document.get(path));
    expect(error.code).toBe('ERR_CAFFE_INPUT');
    expect(error.message).toContain(message);
  });

  test('suggests what was meant', () => {
    const hint = (path: string) => errorOf(() => document.get(path)).hint;
    expect(hint('layer[2].convolution_param.num_outputs')).toBe("Did you mean 'num_output'?");
    expect(hint('layer[relo].type')).toBe("Did you mean 'relu'?");
    expect(hint('layer[data].type')).toBe('Say which: layer[0], layer[1].');
    expect(hint('layer.type')).toBe('Say which: layer[0] to layer[3].');
  });

  test('refuses a value of the wrong type, with its place', () => {
    const bad = parse('name: 5\nlayer: 5 layer { name: "a" phase: MAX phase: TEST param: "x" }');
    expect(errorOf(() => bad.get('name'))).toMatchObject({ code: 'ERR_CAFFE_PROTOTXT', line: 1, column: 7 });
    expect(errorOf(() => bad.get('layer[0].name'))).toMatchObject({ code: 'ERR_CAFFE_PROTOTXT', line: 2, column: 8 });
    expect(errorOf(() => bad.get('layer[1].phase')).message).toContain("'phase' is given 2 times");
    expect(errorOf(() => bad.get('layer[1].phase[0]')).message).toContain("'phase' takes one of TRAIN, TEST; found MAX.");
    expect(errorOf(() => bad.get('layer[1].param')).code).toBe('ERR_CAFFE_PROTOTXT');
    expect(bad.get('layer[1].name')).toBe('a');
  });
});

describe('layer and layers', () => {
  const document = parse(NET);
  const names = (query: Parameters<typeof document.layers>[0]) => document.layers(query).map((layer) => layer.path);

  test('find by name, type, blobs and phase', () => {
    expect(names({})).toEqual(['layer[0]', 'layer[1]', 'layer[2]', 'layer[3]']);
    expect(names(undefined)).toHaveLength(4);
    expect(names({ type: 'Data' })).toEqual(['layer[0]', 'layer[1]']);
    expect(names({ type: 'Data', phase: 'test' })).toEqual(['layer[1]']);
    expect(names({ name: /^(conv|re)/ })).toEqual(['layer[2]', 'layer[3]']);
    expect(names({ name: /a/g })).toEqual(['layer[0]', 'layer[1]']);
    expect(names({ bottom: 'conv1' })).toEqual(['layer[3]']);
    expect(names({ top: 'data', phase: 'train' })).toEqual(['layer[0]']);
    expect(names({ type: 'Pooling' })).toEqual([]);
    expect(document.layer('data', { phase: 'train' }).get('top')).toEqual(['data', 'label']);
  });

  test('follow stages and levels', () => {
    const staged = parse('layer { name: "a" include { stage: "deploy" } } layer { name: "b" exclude { min_level: 2 } }');
    expect(staged.layers({ phase: 'test' }).map((layer) => layer.get('name'))).toEqual(['b']);
    expect(staged.layers({ phase: 'test', stages: ['deploy'], level: 2 }).map((layer) => layer.get('name'))).toEqual(['a']);
  });

  test('read the notation of the first versions', () => {
    const old = parse('layers { name: "a" type: CONVOLUTION convolution_param { num_output: 3 } }');
    expect(old.layer('a').get('convolution_param.num_output')).toBe(3);
    expect(old.layers({ type: 'CONVOLUTION' })[0]?.get('type')).toBe('CONVOLUTION');
  });

  test('refuse what is not there, and what is there twice', () => {
    expect(errorOf(() => document.layer('relo'))).toMatchObject({ code: 'ERR_CAFFE_INPUT', hint: "Did you mean 'relu'?" });
    expect(errorOf(() => document.layer('data')).message).toBe("There are 2 layers 'data': layer[0] (line 2), layer[1] (line 3).");
    expect(errorOf(() => document.layers({ phase: 'TRAIN' as 'train' })).code).toBe('ERR_CAFFE_INPUT');
    expect(errorOf(() => document.layers({ name: 5 as unknown as string })).code).toBe('ERR_CAFFE_INPUT');
    expect(errorOf(() => parse('layer: 5').layers()).code).toBe('ERR_CAFFE_PROTOTXT');
  });
});

test('dangling lists what is read and not written, in any phase', () => {
  expect(parse(NET).dangling).toEqual([]);
  expect(parse(NET.replace('phase: TEST', 'stage: "val"')).dangling).toEqual([{ layer: 'conv1.1', blob: 'data', line: 7, column: 11 }]);
  expect(parse('input: "data" layer { name: "a" bottom: "data" bottom: "label" top: "label" }').dangling).toEqual([
    { layer: 'a', blob: 'label', line: 1, column: 56 },
  ]);
});

test('a large message is searched as a small one is', () => {
  const text = Array.from({ length: 100 }, (_, index) => `layer { name: "l${index}" bottom: "b${index}" } `).join('');
  const document = parse(text);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 99 }), (index) => {
      expect(document.get(`layer[${index}].bottom[0]`)).toBe(`b${index}`);
      expect(document.layer(`l${index}`).path).toBe(`layer[${index}]`);
      expect(document.get(`layer[l${index}].bottom`)).toEqual([`b${index}`]);
    }),
  );
  expect(() => document.get('layer[l100].bottom')).toThrow(CaffeError);
});

describeModels('published files answer', () => {
  test('AlexNet', () => {
    const document = parse(model('bvlc_alexnet/train_val'));
    expect(document.layer('fc8').get('inner_product_param.num_output')).toBe(1000);
    expect(document.layers({ type: 'Convolution' }).map((layer) => layer.get('convolution_param.num_output'))).toEqual([
      96, 256, 384, 384, 256,
    ]);
    expect(parse(model('bvlc_alexnet/solver')).get('base_lr')).toBe(0.01);
  });
});
