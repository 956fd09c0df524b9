/** What a check finds, where, and what it says to do; the comparison with the linked Caffe is in check-caffe.test.ts. */
import { type CheckOptions, check, type Finding, parse } from '../../lib/prototxt';
import { errorOf } from './shared';

const IMAGE = 'layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 dim: 8 dim: 8 } } }\n';
const LABELS = 'layer { name: "label" type: "Input" top: "label" input_param { shape { dim: 2 } } }\n';
const FEW = 'layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 } } }\n';

/** The findings of a text, those for information only where they are asked for. */
function found(text: string, options?: CheckOptions, info = false): Finding[] {
  return check(text, options).findings.filter(({ severity }) => info || severity !== 'info');
}

function only(text: string, options?: CheckOptions): Finding {
  const findings = found(text, options);
  expect(findings).toHaveLength(1);
  return findings[0] as Finding;
}

describe('text', () => {
  test.each([
    ['an open brace', 'layer {', 'syntax'],
    ['an unknown field', `${IMAGE}naem: "x"`, 'unknown-field'],
    ['a field given twice', `${IMAGE}name: "x" name: "y"`, 'given-twice'],
    ['a name without quotes', `${IMAGE}name: net`, 'wrong-type'],
    ['nothing', '', 'no-layers'],
    ['spaces', ' \n\n', 'no-layers'],
    ['a list of values without a colon', `${IMAGE}input []`, 'wrong-type'],
    [
      'a message without what it must have',
      `${IMAGE}layer { name: "c" type: "Clip" bottom: "data" top: "c" clip_param { min: 0 } }`,
      'missing-field',
    ],
  ])('%s', (_, text, code) => {
    const finding = only(text);
    expect(finding).toMatchObject({ severity: 'error', code });
    expect(finding.fix).not.toBe('');
    expect(check(text).ok).toBe(false);
  });

  test('a finding says where, what and how to mend it', () => {
    const text = `${IMAGE}layer {\n  name: "conv" type: "Convolution" bottom: "data" top: "conv"\n  convolution_param { num_outputs: 4 kernel_size: 3 }\n}`;
    expect(only(text)).toEqual({
      severity: 'error',
      code: 'unknown-field',
      message: "ConvolutionParameter has no field 'num_outputs'.",
      line: 4,
      column: 23,
      fix: "Did you mean 'num_output'?",
    });
  });

  test.each([
    ['bias_term: maybe', "'bias_term' takes true or false; found maybe.", 'Write true or false.'],
    ['num_output: "4"', '\'num_output\' takes a whole number from 0 to 4294967295; found "4".', 'Write it without quotes.'],
    ['engine: "CAFFE"', `'engine' takes one of DEFAULT, CAFFE, CUDNN; found "CAFFE".`, 'Write it without quotes: engine: CAFFE.'],
    ['engine: CAFE', "'engine' takes one of DEFAULT, CAFFE, CUDNN; found CAFE.", "Did you mean 'CAFFE'?"],
    ['weight_filler: "xavier"', `'weight_filler' takes a message { … }; found "xavier".`, 'Write a message { … }.'],
    ['weight_filler { type: xavier }', "'type' takes a string; found xavier.", 'Write it in quotes: type: "xavier".'],
    ['group: 4294967295', "'group' is 4294967295; Caffe counts to 2147483647.", 'Use a smaller number.'],
  ])('%s', (field, message, fix) => {
    const text = `${IMAGE}layer { name: "c" type: "Convolution" bottom: "data" top: "c" convolution_param { ${field} } }`;
    expect(only(text)).toMatchObject({ message, fix });
  });

  test('a setting that stands in the layer instead of its parameters', () => {
    expect(only(`${IMAGE}layer { name: "p" type: "Pooling" bottom: "data" top: "p" global_pooling: true }`).fix).toContain('pooling_param');
  });

  test('all mistakes are found, in file order, and none for what is faulty anyway', () => {
    const text = `${IMAGE}layer { name: "a" type: "Convolution" bottom: "dat" top: "a" convolution_param { num_output: 0 } }
layer { name: "b" type: "Poolng" bottom: "a" top: "b" poolin_param { } }
layer { name: "c" type: "InnerProduct" bottom: "b" top: "c" inner_product_param { num_output: "x" } }
layer { name: "d" type: "ReLU" bottom: "c" top: "d" }`;
    expect(found(text).map(({ code, line }) => [code, line])).toEqual([
      ['unknown-bottom', 2],
      ['setting', 2],
      ['unknown-type', 3],
      ['unknown-field', 3],
      ['wrong-type', 4],
    ]);
  });

  test('a document is as good as its text, and CRLF counts as one line break', () => {
    const text = `${IMAGE}layer { name: "b" type: "ReLU" bottom: "typo" top: "b" }\n`.replaceAll('\n', '\r\n');
    expect(check(parse(text))).toEqual(check(text));
    expect(only(text)).toMatchObject({ line: 2, column: 40 });
  });

  test('layers in a list are layers', () => {
    const text = `layer: [{ name: "a" type: "Input" top: "a" input_param { shape { dim: 1 dim: 2 } } }, { name: "b" type: "ReLU" bottom: "x" top: "b" }]`;
    expect(only(text)).toMatchObject({ code: 'unknown-bottom', layer: 'b' });
  });
});

describe('connections', () => {
  const relu = (bottom: string, top: string, name = top) => `layer { name: "${name}" type: "ReLU" bottom: "${bottom}" top: "${top}" }\n`;

  test.each([
    ['a blob that nobody writes', IMAGE + relu('dta', 'x'), 'unknown-bottom', "Did you mean 'data'?"],
    ['a blob that is written later', IMAGE + relu('y', 'x') + relu('data', 'y'), 'unknown-bottom', "Move layer 'y' in front of it."],
    [
      'a blob of another phase',
      `${IMAGE}${relu('data', 'y').replace('}', 'include { phase: TRAIN } }')}${relu('y', 'x')}`,
      'unknown-bottom',
      'Let the rules of both layers agree.',
    ],
    ['a blob written twice', IMAGE + relu('data', 'x') + relu('data', 'x', 'z'), 'duplicate-top', 'Give one of the two another name.'],
    ['a type that does not exist', IMAGE.replace('Input', 'Inputs'), 'unknown-type', "Did you mean 'Input'?"],
    [
      'too many bottoms',
      `${IMAGE}layer { name: "x" type: "ReLU" bottom: "data" bottom: "data" top: "x" }`,
      'bottom-count',
      'Give it 1 bottom.',
    ],
    ['too few tops', `${IMAGE}layer { name: "x" type: "ReLU" bottom: "data" }`, 'top-count', 'Give it 1 top.'],
    [
      'unlike numbers of both',
      `${IMAGE}layer { name: "x" type: "Convolution" bottom: "data" top: "x" top: "y" convolution_param { num_output: 1 kernel_size: 1 } }`,
      'top-count',
      'Give it 1 top.',
    ],
    ['two names alike', IMAGE + relu('data', 'x', 'r') + relu('x', 'y', 'r'), 'duplicate-name', 'Give one of them another name.'],
    [
      'include and exclude',
      `${IMAGE}${relu('data', 'x').replace('}', 'include { phase: TRAIN } exclude { phase: TEST } }')}`,
      'include-and-exclude',
      'Keep one kind of rules.',
    ],
    ['no data', relu('data', 'x'), 'no-data', 'Add data layers'],
  ])('%s', (_, text, code, fix) => {
    const findings = found(text, code === 'unknown-bottom' && text.includes('include') ? { phase: 'test' } : undefined);
    expect(findings.find((finding) => finding.code === code)?.fix).toContain(fix);
  });

  test('an in-place layer on what another layer reads', () => {
    const text = IMAGE + relu('data', 'a') + relu('a', 'b') + relu('a', 'a', 'c');
    expect(only(text)).toMatchObject({ code: 'in-place', layer: 'c', blob: 'a', severity: 'error' });
    expect(only(text).message).toContain("layer 'b' reads too");
    expect(found(IMAGE + relu('data', 'a') + relu('a', 'a', 'c') + relu('a', 'b'))).toEqual([]);
  });

  test('a chain of thousands of layers that share their memory', () => {
    const splits = Array.from(
      { length: 20_000 },
      (_, i) => `layer { name: "s${i}" type: "Split" bottom: "${i ? `b${i}` : 'data'}" top: "b${i + 1}" }\n`,
    );
    const findings = found(`${IMAGE}${splits.join('')}${relu('b20000', 'b20000', 'r')}${relu('b20000', 'end')}${relu('b3', 'x')}`);
    expect(findings.map(({ code, layer }) => [code, layer])).toEqual([['in-place-shared', 'r']]);
  });

  test('a training net without a loss, and one whose results lead nowhere', () => {
    const data =
      'layer { name: "data" type: "Data" top: "data" top: "label" transform_param { crop_size: 8 mean_value: 1 mean_value: 2 mean_value: 3 } data_param { source: "db" backend: LMDB batch_size: 2 } }\n';
    expect(only(data + relu('data', 'x'), { phase: 'train' })).toMatchObject({ code: 'no-loss', severity: 'warning' });
    const loss =
      'layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 2 } } layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }';
    expect(found(data + relu('data', 'x') + loss, {}, true)).toMatchObject([{ code: 'unused-top', blob: 'x', severity: 'info' }]);
  });

  test('what holds in one of several nets says in which', () => {
    const text = `${IMAGE}${LABELS}
layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 3 } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
layer { name: "top5" type: "Accuracy" bottom: "ip" bottom: "label" top: "top5" accuracy_param { top_k: 5 } include { phase: TEST } }`;
    expect(only(text)).toMatchObject({ code: 'shape', layer: 'top5', states: ['test'] });
    expect(found(text, { phase: 'train' })).toEqual([]);
    expect(check(text).states.map(({ name }) => name)).toEqual(['train', 'test']);
  });

  test('a layer that is in no net', () => {
    const text = IMAGE + relu('data', 'x').replace('}', 'include { phase: TEST min_level: 7 } }');
    expect(found(text, {}, true)).toMatchObject([{ code: 'never-built', layer: 'x' }]);
    expect(check(text, { phase: 'test', level: 7 }).layers.map(({ name }) => name)).toEqual(['data', 'x']);
  });

  test('parameters shared by name', () => {
    const product = (name: string, outputs: number, param: string) =>
      `layer { name: "${name}" type: "InnerProduct" bottom: "data" top: "${name}" param { name: "w" ${param} } inner_product_param { num_output: ${outputs} bias_term: false } }\n`;
    expect(only(FEW + product('a', 2, '') + product('b', 4, ''))).toMatchObject({ code: 'shared-param', layer: 'b' });
    expect(only(FEW + product('a', 2, 'lr_mult: 1') + product('b', 2, 'lr_mult: 2')).message).toContain('lr_mult is 2 here and 1 there');
    const shared = check(FEW + product('a', 2, '') + product('b', 2, ''));
    expect(shared).toMatchObject({ ok: true, totals: { parameters: 6 } });
  });

  test('blocks for more parameters than there are', () => {
    const text = `${IMAGE}layer { name: "r" type: "ReLU" bottom: "data" top: "r" param { lr_mult: 1 } }`;
    expect(only(text)).toMatchObject({ code: 'param-blocks', fix: 'Remove 1 of them.' });
  });
});

describe('shapes', () => {
  const conv = (settings: string) =>
    `${IMAGE}layer {\n  name: "c" type: "Convolution" bottom: "data" top: "c"\n  convolution_param { ${settings} }\n}`;

  test.each([
    ['num_output: 0 kernel_size: 3', "Layer 'c' has num_output: 0.", 23],
    ['kernel_size: 3', "Layer 'c' has no num_output.", 3],
    ['num_output: 4', "Layer 'c' has no kernel_size.", 3],
    ['num_output: 4 kernel_size: 3 group: 2', "Layer 'c' cuts 3 channels into 2 groups, which does not come out even.", 52],
    ['num_output: 4 kernel_size: 9', "Layer 'c' has a window of 9; its bottom, padded, is 8 there.", 37],
    ['num_output: 4 kernel_size: 3 stride: 0', "Layer 'c' has stride: 0; at least 1 is needed.", 52],
    ['num_output: 4 kernel_size: 3 axis: 4', "Layer 'c' works on axis 4, which 'data' of shape 2×3×8×8 does not have.", 52],
    [
      'num_output: 4 kernel_size: 3 weight_filler { type: "xaver" }',
      "Layer 'c' has a filler of type 'xaver', which Caffe does not have.",
      68,
    ],
  ])('%s', (settings, message, column) => {
    expect(only(conv(settings))).toMatchObject({
      severity: 'error',
      message,
      line: settings.includes('0') && column === 3 ? 4 : 4,
      column,
      layer: 'c',
    });
  });

  test('shapes, parameters, costs and receptive fields of a small net', () => {
    const text = `${conv('num_output: 4 kernel_size: 3 pad: 1 stride: 2')}
layer { name: "r" type: "ReLU" bottom: "c" top: "c" }
layer { name: "ip" type: "InnerProduct" bottom: "c" top: "ip" inner_product_param { num_output: 5 } }`;
    const { ok, layers, blobs, totals } = check(text);
    expect(ok).toBe(true);
    expect(
      layers.map(({ name, shapes, params, parameters, multiplyAdds, line }) => ({ name, shapes, params, parameters, multiplyAdds, line })),
    ).toEqual([
      { name: 'data', shapes: [[2, 3, 8, 8]], params: [], parameters: 0, multiplyAdds: 0, line: 1 },
      { name: 'c', shapes: [[2, 4, 4, 4]], params: [[4, 3, 3, 3], [4]], parameters: 112, multiplyAdds: 2 * 4 * 16 * 27, line: 2 },
      { name: 'r', shapes: [[2, 4, 4, 4]], params: [], parameters: 0, multiplyAdds: 0, line: 6 },
      { name: 'ip', shapes: [[2, 5]], params: [[5, 64], [5]], parameters: 325, multiplyAdds: 2 * 320, line: 7 },
    ]);
    expect(blobs).toEqual([
      { name: 'data', shape: [2, 3, 8, 8], receptiveField: { size: [1, 1], stride: [1, 1], offset: [0, 0] } },
      { name: 'c', shape: [2, 4, 4, 4], receptiveField: { size: [3, 3], stride: [2, 2], offset: [-1, -1] } },
      { name: 'ip', shape: [2, 5], receptiveField: { size: [9, 9], stride: [2, 2], offset: [-1, -1] } },
    ]);
    const activations = 4 * (2 * 3 * 64 + 2 * 4 * 16 + 2 * 5);
    expect(totals).toEqual({
      layers: 4,
      parameters: 437,
      statistics: 0,
      multiplyAdds: 2 * 4 * 16 * 27 + 2 * 320,
      batch: 2,
      memory: { activations, gradients: 0, parameters: 437 * 4, total: activations + 437 * 4 },
      complete: true,
    });
  });

  test('another batch, and shapes that the file does not tell', () => {
    const text =
      'layer { name: "d" type: "Data" top: "data" top: "label" data_param { source: "db" backend: LMDB batch_size: 64 } }\nlayer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 5 } }';
    const unknown = check(text);
    expect(unknown).toMatchObject({ ok: true, totals: { complete: false, parameters: 0 } });
    expect(unknown.findings).toMatchObject([{ code: 'unknown-shape', severity: 'info', blob: 'data' }]);
    expect(unknown.layers[1]).toMatchObject({ shapes: [undefined], params: undefined });
    const given = check(text, { inputs: { data: [10, 1, 28, 28] } });
    expect(given.layers[1]).toMatchObject({ shapes: [[10, 5]], parameters: 784 * 5 + 5 });
    expect(check(conv('num_output: 1 kernel_size: 1'), { batch: 7 }).layers[1]?.shapes).toEqual([[7, 1, 8, 8]]);
  });

  test('a template whose input is left open', () => {
    const text = 'layer { name: "r" type: "ReLU" bottom: "data" top: "r" }';
    expect(check(text, { inputs: { data: [1, 2] } })).toMatchObject({
      ok: true,
      blobs: [
        { name: 'data', shape: [1, 2] },
        { name: 'r', shape: [1, 2] },
      ],
    });
  });

  test('inputs in the notation before Input layers', () => {
    const text =
      'input: "data" input_dim: 1 input_dim: 3 input_dim: 8 input_dim: 8 input: "more" layer { name: "r" type: "ReLU" bottom: "data" top: "r" }';
    expect(check(text).findings.map(({ code }) => code)).toEqual(['setting', 'old-inputs']);
    expect(check(text).blobs.find(({ name }) => name === 'r')?.shape).toEqual([1, 3, 8, 8]);
    expect(check('input: "a" input_shape { dim: 4 } layer { name: "r" type: "ReLU" bottom: "a" top: "r" }').blobs[1]?.shape).toEqual([4]);
  });

  test('layers of other Caffes, and of the caller', () => {
    const text = `${IMAGE}layer { name: "n" type: "Normalize" bottom: "data" top: "n" }\nlayer { name: "r" type: "ReLU" bottom: "n" top: "r" }`;
    expect(only(text)).toMatchObject({ code: 'unknown-type' });
    expect(check(text, { layerTypes: ['Normalize'] })).toMatchObject({ ok: true, findings: [], totals: { complete: false } });
    const own = `${IMAGE}layer { name: "n" type: "Python" bottom: "data" top: "n" python_param { layer: "Mine" } }`;
    expect(check(own)).toMatchObject({ ok: true, totals: { complete: false } });
    expect(only(own.replace('layer: "Mine"', ''))).toMatchObject({ code: 'setting' });
    expect(only(`${IMAGE}layer { name: "n" type: "ReLU" bottom: "data" top: "n" relu_param { engine: CUDNN } }`)).toMatchObject({
      code: 'unavailable',
      severity: 'warning',
    });
  });
});

describe('old notations', () => {
  test("Caffe's first versions", () => {
    const old = 'layers { name: "r" type: RELU bottom: "data" top: "r" }';
    expect(check(old)).toMatchObject({
      ok: true,
      states: [],
      findings: [{ code: 'old-notation', severity: 'warning', line: 1, column: 1 }],
    });
    expect(only(old).fix).toContain('upgrade');
    expect(check(`${IMAGE}${old}`).findings[0]).toMatchObject({ code: 'old-notation', severity: 'error' });
  });
});

describe('solvers', () => {
  const GOOD =
    'net: "a.prototxt" base_lr: 0.01 lr_policy: "step" gamma: 0.1 stepsize: 10 max_iter: 100 test_iter: 10 test_interval: 10 momentum: 0.9';

  test('a good one', () => expect(check(GOOD)).toMatchObject({ ok: true, kind: 'solver', findings: [], states: [] }));

  test.each([
    [GOOD.replace('net: "a.prototxt"', ''), 'error', 'It names no network to train.'],
    [`${GOOD} train_net: "b"`, 'error', 'It names several networks to train: net, train_net.'],
    [GOOD.replace('"step"', '"stpe"'), 'error', 'It has lr_policy: "stpe", which Caffe does not have.'],
    [GOOD.replace('stepsize: 10', ''), 'error', 'Its lr_policy "step" reads stepsize, which is not set.'],
    [GOOD.replace('gamma: 0.1', ''), 'warning', 'Its lr_policy "step" reads gamma, which is not set.'],
    [GOOD.replace('test_interval: 10', ''), 'error', 'It tests, and has test_interval: 0.'],
    [GOOD.replace('test_iter: 10', ''), 'warning', 'It has a test_interval and no test_iter: it never tests.'],
    [`${GOOD} type: "AdaGrad"`, 'error', 'It has momentum: 0.9, and AdaGrad takes none.'],
    [`${GOOD} type: "Adm"`, 'error', "It is of type 'Adm', which Caffe does not have."],
    [GOOD.replace('base_lr: 0.01', ''), 'warning', 'It has no base_lr: the learning rate is 0, and nothing is learned.'],
    [GOOD.replace('max_iter: 100', ''), 'warning', 'It has no max_iter: solve() ends at once.'],
    [`${GOOD} iter_size: 0`, 'error', 'It has iter_size: 0; it must be at least 1.'],
    [`${GOOD} base_rl: 1`, 'error', "SolverParameter has no field 'base_rl'."],
    [`${GOOD} solver_mode: CPUU`, 'error', "'solver_mode' takes one of CPU, GPU; found CPUU."],
  ])('%#: %s', (text, severity, message) => {
    const finding = only(text);
    expect(finding).toMatchObject({ severity, message, line: 1 });
    expect(finding.fix).not.toBe('');
  });

  test('with its net within', () => {
    const text = `net_param { ${IMAGE}layer { name: "r" type: "ReLU" bottom: "dat" top: "r" } }\n${GOOD.replace('net: "a.prototxt"', '')}`;
    expect(only(text)).toMatchObject({ code: 'unknown-bottom', line: 2, layer: 'r' });
  });
});

describe('options', () => {
  test.each([
    [{ phase: 'deploy' as 'test' }, "'phase' takes 'train' or 'test'; found 'deploy'."],
    [{ batch: 0 }, "'batch' takes a whole number from 1; found 0."],
    [{ level: 0.5 }, "'level' takes a whole number; found 0.5."],
    [{ inputs: { data: [0] } }, "'inputs.data' takes whole numbers from 1; found 0."],
    [{ inputs: { dat: [1] } }, "'inputs' names the blob 'dat', which is no input of the network."],
  ])('%j is refused', (options, message) => {
    expect(errorOf(() => check(IMAGE, options))).toMatchObject({ code: 'ERR_CAFFE_INPUT', message });
    expect(check(IMAGE).ok).toBe(true);
  });

  test('a source that is no text', () => {
    expect(errorOf(() => check(7 as unknown as string)).code).toBe('ERR_CAFFE_INPUT');
  });
});
