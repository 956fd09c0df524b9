import fc from 'fast-check';
import { parse, type RetargetOptions, retarget, setLearningRates } from '../../lib/prototxt';
import { successorOf } from '../../lib/prototxt/network/names';
import { changedLines, describeModels, errorOf, model } from './shared';

describeModels('retarget on published networks', () => {
  test('changes AlexNet exactly as it is done by hand', () => {
    const result = retarget(model('seed/alexnet-original'), { classes: 2 });
    expect(result.heads).toEqual([{ from: 'fc8', to: 'fc9', outputs: [1000, 2] }]);
    expect(result.removed).toEqual([]);
    expect(result.text === model('seed/alexnet-customized')).toBe(true);
  });

  test('changes the three classifiers of GoogLeNet exactly as it is done by hand', () => {
    const result = retarget(parse(model('seed/googlenet-original')), { classes: 2 });
    expect(result.heads.map(({ from, to }) => `${from} ${to}`)).toEqual([
      'loss1/classifier loss1a/classifier',
      'loss2/classifier loss2a/classifier',
      'loss3/classifier loss3a/classifier',
    ]);
    expect(result.text === model('seed/googlenet-customized')).toBe(true);
  });

  test('sets num_output where DIGITS leaves it open, above the comments', () => {
    const before = model('digits/lenet');
    const result = retarget(before, { classes: 3 });
    expect(result.heads).toEqual([{ from: 'ip2', to: 'ip3', outputs: [undefined, 3] }]);
    expect(result.text).toContain('  inner_product_param {\n    num_output: 3\n    # Since num_output is unset');
    expect(changedLines(before, result.text)).toEqual([
      '-name: "ip2"',
      '-top: "ip2"',
      '-bottom: "ip2"',
      '+name: "ip3"',
      '+top: "ip3"',
      '+num_output: 3',
      '+bottom: "ip3"',
    ]);
  });

  test('takes the ReLU off the scores of SqueezeNet', () => {
    const result = retarget(model('squeezenet/SqueezeNet_trainval'), { classes: 2 });
    expect(result.heads).toEqual([{ from: 'conv_final', to: 'conv_final_retrain', outputs: [1000, 2] }]);
    expect(result.removed).toEqual(['relu_conv_final']);
    expect(result.text).not.toMatch(/"(relu_)?conv_final"/);
    expect(result.text).toContain('name: "pool_final"\n  type: "Pooling"\n  bottom: "conv_final_retrain"');
  });

  test('finds the head of a deploy file without a Softmax', () => {
    expect(retarget(model('squeezenet/SqueezeNet_deploy'), { classes: 2 }).heads[0]?.from).toBe('conv_final');
  });

  test('goes on from its own result', () => {
    const once = retarget(model('seed/googlenet-original'), { classes: 2 });
    const twice = retarget(once.text, { classes: 5 });
    expect(twice.heads.map(({ to }) => to)).toEqual(['loss1b/classifier', 'loss2b/classifier', 'loss3b/classifier']);
    expect(retarget(twice.text, { classes: 5 })).toEqual({ text: twice.text, heads: [], removed: [] });
  });
});

describe('new names', () => {
  test.each([
    ['fc8', 'fc9'],
    ['ip09', 'ip10'],
    ['conv10', 'conv11'],
    ['fc99999999999999999999', 'fc100000000000000000000'],
    ['loss1/classifier', 'loss1a/classifier'],
    ['loss1a/classifier', 'loss1b/classifier'],
    ['loss1z/classifier', 'loss1z/classifier_retrain'],
    ['main/classifier', 'main/classifier_retrain'],
    ['conv_final', 'conv_final_retrain'],
    ['conv_final_retrain', 'conv_final_retrain2'],
    ['conv_final_retrain2', 'conv_final_retrain3'],
    ['', '_retrain'],
  ])('%s becomes %s', (name, successor) => {
    expect(successorOf(name, new Set())).toBe(successor);
  });

  test('are never in use already', () => {
    expect(successorOf('fc8', new Set(['fc9', 'fc10']))).toBe('fc11');
    expect(successorOf('loss1/c', new Set(['loss1a/c']))).toBe('loss1b/c');
    expect(successorOf('x', new Set(['x_retrain']))).toBe('x_retrain2');
  });
});

const head = (name: string, rest = '') =>
  `layer { name: "${name}" type: "InnerProduct" bottom: "data" top: "${name}" inner_product_param { num_output: 10 } ${rest}}`;
const softmax = (bottom: string) => `layer { name: "prob" type: "Softmax" bottom: "${bottom}" top: "prob" }`;
const run = (text: string, options: Partial<RetargetOptions> = {}) => retarget(text, { classes: 2, ...options });

describe('retarget', () => {
  test('avoids names of layers and blobs', () => {
    const text = `${head('fc8')}\nlayer { name: "fc9" type: "ReLU" bottom: "fc8" top: "fc10" }\n${softmax('fc8')}`;
    expect(run(text).heads[0]?.to).toBe('fc11');
  });

  test('takes names from a record or a function', () => {
    const text = `${head('fc8')}\n${softmax('fc8')}`;
    expect(run(text, { rename: { fc8: 'mine' } }).text).toBe(text.replaceAll('fc8', 'mine').replace('10', '2'));
    expect(run(text, { rename: (name) => `my_${name}` }).heads[0]?.to).toBe('my_fc8');
    expect(run(text, { rename: () => undefined }).heads[0]?.to).toBe('fc9');
    expect(run(text, { rename: { fc8: 'fc8' } }).heads).toEqual([{ from: 'fc8', to: 'fc8', outputs: [10, 2] }]);
  });

  test('leaves a head that fits alone, unless it is to be renamed', () => {
    const text = `${head('fc8')}\n${softmax('fc8')}`;
    expect(run(text, { classes: 10 })).toEqual({ text, heads: [], removed: [] });
    expect(run(text, { classes: 10, rename: { fc8: 'mine' } }).heads).toEqual([{ from: 'fc8', to: 'mine', outputs: [10, 10] }]);
  });

  test('keeps quotes, spacing and comments', () => {
    const text = `layer{name:'fc8' type:"InnerProduct"\tbottom:'x' top:'fc8'#!\n inner_product_param:<num_output:0x10>}\r\n${softmax('fc8')}`;
    expect(run(text).text).toBe(text.replaceAll(`'fc8'`, `'fc9'`).replace('"fc8"', '"fc9"').replace('0x10', '2'));
  });

  test('creates the parameters of a head that has none', () => {
    const text = `layer {\n    name: "fc"\n    type: "InnerProduct"\n    bottom: "x"\n    top: "fc"\n}\n${softmax('fc')}`;
    expect(run(text).text).toContain('    top: "fc_retrain"\n    inner_product_param {\n        num_output: 2\n    }\n}');
  });

  test('rewires what reads an activation that is not in place', () => {
    const text = `${head('fc8')}
layer { name: "relu" type: "ReLU" bottom: "fc8" top: "act" }
layer { name: "drop" type: "Dropout" bottom: "act" top: "act" }
${softmax('act')}`;
    const result = run(text);
    expect(result.removed).toEqual(['relu']);
    expect(result.text.split('\n').slice(1)).toEqual([
      'layer { name: "drop" type: "Dropout" bottom: "fc9" top: "fc9" }',
      'layer { name: "prob" type: "Softmax" bottom: "fc9" top: "prob" }',
    ]);
  });

  test('leaves a blob with a name of its own alone', () => {
    const text = `${head('fc8').replace('top: "fc8"', 'top: "scores"')}\n${softmax('scores')}`;
    expect(run(text).text).toBe(text.replace('"fc8"', '"fc9"').replace('10', '2'));
  });

  test('treats a head that is defined once for each phase as one', () => {
    const text = `${head('fc8', 'include { phase: TRAIN } ')}\n${head('fc8', 'include { phase: TEST } ')}\n${softmax('fc8')}`;
    const result = run(text);
    expect(result.heads).toHaveLength(1);
    expect(result.text).not.toContain('fc8');
    expect(result.text.match(/num_output: 2 /g)).toHaveLength(2);
  });

  test('passes over classifiers in the middle, and a Softmax that is a step on the way', () => {
    const text = `${head('fc6')}
layer { name: "attention" type: "Softmax" bottom: "fc6" top: "attention" }
layer { name: "mix" type: "Eltwise" bottom: "attention" bottom: "fc6" top: "mix" }
layer { name: "fc7" type: "InnerProduct" bottom: "mix" top: "fc7" inner_product_param { num_output: 10 } }
${softmax('fc7')}`;
    expect(run(text).heads.map(({ from }) => from)).toEqual(['fc7']);
  });

  test('takes another number of classes for each head', () => {
    const text = `${head('aux/fc1')}\n${softmax('aux/fc1')}\n${head('fc8')}\n${softmax('fc8').replaceAll('prob', 'prob2')}\n${head('fc9')}`;
    const result = run(text, { classes: { fc8: 3, 'aux/fc1': 5 } });
    expect(result.heads).toEqual([
      { from: 'aux/fc1', to: 'aux/fc2', outputs: [10, 5] },
      { from: 'fc8', to: 'fc10', outputs: [10, 3] },
    ]);
    expect(run(text, { classes: { fc8: 10, 'aux/fc1': 5 } }).heads).toHaveLength(1);
    expect(run(text, { classes: { fc8: 3 }, heads: ['fc8'] }).heads).toEqual([{ from: 'fc8', to: 'fc10', outputs: [10, 3] }]);
  });

  test('changes the heads that are named, also one that it would not find', () => {
    const text = `${head('fc1')}\nlayer { name: "relu" type: "ReLU" bottom: "fc1" top: "fc1" }
${head('fc2').replace('"data"', '"fc1"')}\n${softmax('fc2')}`;
    expect(run(text, { heads: ['fc2'] }).text).toBe(run(text).text);
    const inner = run(text, { heads: ['fc1'] });
    expect(inner.heads).toEqual([{ from: 'fc1', to: 'fc3', outputs: [10, 2] }]);
    expect(inner.removed).toEqual([]);
    expect(inner.text).toBe(text.replaceAll('"fc1"', '"fc3"').replace('10', '2'));
    const up = 'layer { name: "up" type: "Deconvolution" bottom: "fc2" top: "up" convolution_param { num_output: 10 } }';
    expect(run(`${text}\n${up}`, { heads: ['up', 'fc2'] }).heads.map(({ to }) => to)).toEqual(['fc3', 'up_retrain']);
  });

  test('keeps names where weights fit already, of all heads or of some', () => {
    const text = `${head('a')}\n${softmax('a')}\n${head('b')}\n${softmax('b').replaceAll('prob', 'p2')}`;
    expect(run(text, { keepNames: true }).text).toBe(text.replaceAll('10', '2'));
    expect(run(text, { keepNames: ['b'] }).heads.map(({ to }) => to)).toEqual(['a_retrain', 'b']);
    expect(run(text, { keepNames: ['b'], rename: { a: 'c' } }).heads.map(({ to }) => to)).toEqual(['c', 'b']);
    expect(run(text, { keepNames: true, rename: { a: 'a' } }).heads.map(({ to }) => to)).toEqual(['a', 'b']);
    expect(errorOf(() => run(text, { keepNames: true, rename: { a: 'c' } }))).toMatchObject({ code: 'ERR_CAFFE_INPUT', layer: 'a' });
    expect(errorOf(() => run(text, { keepNames: ['c'] })).hint).toBe('Its heads are: a, b.');
  });

  test('has the new heads learn faster, in the same form as setLearningRates', () => {
    const text = `${head('fc8')}\n${softmax('fc8')}`;
    const slow = run(text).text;
    expect(run(text, { learningRateFactor: 10 }).text).toBe(setLearningRates(slow, { layers: ['fc9'], factor: 10 }));
    expect(run(text, { learningRateFactor: 1 }).text).toBe(slow);
    expect(run(text, { classes: 10, learningRateFactor: 10 }).text).toBe(text);
    expect(errorOf(() => run(text, { learningRateFactor: -1 })).code).toBe('ERR_CAFFE_INPUT');
  });

  test('says of each candidate why it is no classifier', () => {
    const text = `layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1" }
layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }
layer { name: "norm" type: "LRN" bottom: "conv1" top: "norm" }
layer { name: "fc2" type: "InnerProduct" bottom: "norm" top: "fc2" }
layer { name: "never" type: "InnerProduct" bottom: "norm" top: "never" include { stage: "a" not_stage: "a" } }
layer { name: "aside" type: "InnerProduct" bottom: "norm" top: "aside" include { phase: TRAIN } }
layer { name: "loss" type: "EuclideanLoss" bottom: "fc2" bottom: "y" top: "loss" }`;
    const error = errorOf(() => run(text));
    expect(error.code).toBe('ERR_CAFFE_UNSUPPORTED');
    expect(error.hint?.split('; ')).toEqual([
      "'aside' (InnerProduct): nothing reads its output, and it is not part of the network for deployment",
      "'never' (InnerProduct): its rules keep it out of every network",
      "'fc2' (InnerProduct): its output goes to 'loss' (EuclideanLoss)",
      "'conv1' (Convolution): its output goes to 'norm' (LRN). If one of them is the classifier, name it in 'heads'.",
    ]);
    expect(run(text, { heads: ['fc2'] }).heads).toEqual([{ from: 'fc2', to: 'fc3', outputs: [undefined, 2] }]);
    expect(errorOf(() => run('name: "x"')).hint).toBe('It has no layers.');
    expect(errorOf(() => run('layer { type: "ReLU" bottom: "a" top: "b" }')).hint).toContain('no InnerProduct');
    const many = Array.from({ length: 10 }, (_, index) => `layer { name: "n${index}" type: "LRN" bottom: "c${index}" top: "n${index}" }`);
    const convs = many.map((line, index) => `${head(`c${index}`)}\n${line}`).join('\n');
    expect(errorOf(() => run(convs)).hint).toContain('and 2 more before them');
  });

  test.each<[string, Partial<RetargetOptions>, string]>([
    ['a head that does not exist', { heads: ['fc7'] }, "no layer 'fc7'"],
    ['a head without outputs to set', { heads: ['prob'] }, "'prob' (Softmax)"],
    ['no heads', { heads: [] }, "'heads'"],
    ['numbers for other heads', { classes: { fc7: 2 } }, "no layer 'fc7'"],
    ['a head without a number', { heads: ['fc8', 'fc9'], classes: { fc8: 2 } }, "'fc9'"],
    ['a number without a head', { heads: ['fc8'], classes: { fc8: 2, fc9: 2 } }, "'fc9'"],
    ['a number that is none', { classes: { fc8: 0 } }, "'classes.fc8'"],
    ['no numbers', { classes: {} }, "'classes'"],
  ])('refuses %s', (_, options, message) => {
    const error = errorOf(() => run(`${head('fc8')}\n${softmax('fc8')}`, options));
    expect(error.code).toBe('ERR_CAFFE_INPUT');
    expect(error.message).toContain(message);
  });

  test('suggests the head that was meant', () => {
    const text = `${head('fc8')}\n${softmax('fc8')}`;
    expect(errorOf(() => run(text, { heads: ['fc9'] })).hint).toBe("Did you mean 'fc8'?");
    expect(errorOf(() => run(text, { heads: ['prob'] })).hint).toContain('There is: fc8.');
  });

  test('is done once: a second time changes nothing, and what is not a head stays byte for byte', () => {
    const filler = fc.constantFrom('', ' # note\n', '\n\n', '\r\n', '\t');
    const middle = fc
      .constantFrom('ReLU', 'LRN', 'Dropout', 'Convolution')
      .map((type) => `layer { name: "m" type: "${type}" bottom: "data" top: "m" }`);
    fc.assert(
      fc.property(fc.array(fc.tuple(middle, filler)), filler, fc.integer({ min: 1, max: 2000 }), (layers, gap, classes) => {
        const before = layers.flat().join('');
        const once = run(`${before}${head('fc8')}${gap}${softmax('fc8')}`, { classes });
        const now = head('fc9').replace('10', String(classes));
        expect(once.text).toBe(`${before}${classes === 10 ? head('fc8') : now}${gap}${softmax(classes === 10 ? 'fc8' : 'fc9')}`);
        expect(run(once.text, { classes })).toEqual({ text: once.text, heads: [], removed: [] });
      }),
    );
  });

  test.each([0, -1, 1.5, Number.NaN, '2' as unknown as number])('refuses %p classes', (classes) => {
    expect(errorOf(() => run(head('fc8'), { classes })).code).toBe('ERR_CAFFE_INPUT');
  });

  test('refuses names that are taken, empty, or of no head', () => {
    const text = `${head('fc8')}\n${softmax('fc8')}`;
    expect(errorOf(() => run(text, { rename: { fc8: 'prob' } }))).toMatchObject({ code: 'ERR_CAFFE_INPUT', layer: 'fc8' });
    expect(errorOf(() => run(text, { rename: { fc8: '' } })).code).toBe('ERR_CAFFE_INPUT');
    expect(errorOf(() => run(text, { rename: { fc7: 'x' } })).hint).toBe('Its heads are: fc8.');
  });

  test('refuses two heads of the same new name', () => {
    const text = `${head('a')}\n${softmax('a')}\n${head('b')}\nlayer { name: "p2" type: "Softmax" bottom: "b" top: "p2" }`;
    expect(errorOf(() => run(text, { rename: () => 'same' })).code).toBe('ERR_CAFFE_INPUT');
  });

  test('refuses a network without a classifier, and an old notation', () => {
    expect(errorOf(() => run('')).code).toBe('ERR_CAFFE_UNSUPPORTED');
    expect(errorOf(() => run('layers { }')).hint).toContain('upgrade');
    expect(errorOf(() => run('layer {')).code).toBe('ERR_CAFFE_PROTOTXT');
  });
});
