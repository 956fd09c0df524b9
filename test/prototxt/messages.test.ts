import fc from 'fast-check';
import { type NetParameter, parse, parseNet, parseSolver, type SolverParameter, stringify } from '../../lib/prototxt';
import { describeModels, errorOf, model, modelNames } from './shared';

describe('parseNet', () => {
  test('gives fields their types', () => {
    const net = parseNet(`name: 'n' force_backward: 1
      layer { name: "c" type: "Convolution" bottom: ["a", "b"] phase: 0 loss_weight: 1 loss_weight: inf propagate_down: [true, f]
        convolution_param { num_output: 0x10 kernel_size: [3, 5] bias_term: False weight_filler < std: 1e-2 mean: -nan > } }`);
    expect(net).toEqual({
      name: 'n',
      force_backward: true,
      layer: [
        {
          name: 'c',
          type: 'Convolution',
          bottom: ['a', 'b'],
          phase: 'TRAIN',
          loss_weight: [1, Number.POSITIVE_INFINITY],
          propagate_down: [true, false],
          convolution_param: { num_output: 16, kernel_size: [3, 5], bias_term: false, weight_filler: { std: 0.01, mean: Number.NaN } },
        },
      ],
    });
  });

  test('takes a document, and nothing at all', () => {
    expect(parseNet(parse('name: "n"'))).toEqual({ name: 'n' });
    expect(parseNet('# nothing')).toEqual({});
  });

  test.each([
    [
      'layer {\n  convolution_param { num_outputs: 2 }\n}',
      2,
      23,
      "ConvolutionParameter has no field 'num_outputs'.",
      "Did you mean 'num_output'?",
    ],
    ['__proto__ { }', 1, 1, "no field '__proto__'", "If it belongs to another Caffe, { unknown: 'keep' } keeps it."],
    ['layer {\n prior_box_param { } }', 2, 2, "no field 'prior_box_param'", "It belongs to the SSD branch; { unknown: 'keep' } keeps it."],
    ['layer { clip_param { min: 0 } }', 1, 20, "A ClipParameter must have 'max'.", undefined],
    ['layer { inner_product_param { num_output: -0 } }', 1, 43, 'found -0', undefined],
    ['name: 5', 1, 7, "'name' takes a string; found 5.", undefined],
    ['layer: 5', 1, 8, "'layer' takes a message", undefined],
    ['layer { dropout_param: "x" }', 1, 24, "'dropout_param' takes a message", undefined],
    ['name: "a"\nname: "b"', 2, 1, "'name' is given more than once", undefined],
    ['name: ["a"]', 1, 7, 'not a list', undefined],
    ['force_backward: yes', 1, 17, "'force_backward' takes true or false; found yes.", undefined],
    ['layer { phase: TRIAN }', 1, 16, "'phase' takes one of TRAIN, TEST; found TRIAN.", "Did you mean 'TRAIN'?"],
    ['layer { inner_product_param { num_output: -1 } }', 1, 43, 'a whole number from 0 to 4294967295; found -1', undefined],
    ['layer { inner_product_param { num_output: 1.0 } }', 1, 43, 'a whole number', undefined],
    ['input_dim: 2147483648', 1, 12, 'to 2147483647', undefined],
  ])('refuses %j', (text, line, column, message, hint) => {
    const error = errorOf(() => parseNet(text));
    expect(error).toMatchObject({ code: 'ERR_CAFFE_PROTOTXT', line, column });
    expect(error.message).toContain(message);
    expect(error.hint).toBe(hint);
  });
});

describe('parseSolver', () => {
  test('gives fields their types', () => {
    expect(parseSolver('net: "n" test_iter: 3 solver_mode: GPU random_seed: 9007199254740991 stepvalue: 1 stepvalue: 2')).toEqual({
      net: 'n',
      test_iter: [3],
      solver_mode: 'GPU',
      random_seed: 9007199254740991,
      stepvalue: [1, 2],
    });
  });

  test('refuses what would not be exact, and suggests what was meant', () => {
    expect(errorOf(() => parseSolver('random_seed: 9007199254740993')).message).toContain('a whole number');
    expect(errorOf(() => parseSolver('learning_rate: 1')).code).toBe('ERR_CAFFE_PROTOTXT');
    expect(errorOf(() => parseSolver('base_lrr: 1')).hint).toBe("Did you mean 'base_lr'?");
  });
});

describe('stringify', () => {
  test('writes a solver as it would be written by hand', () => {
    const solver: SolverParameter = {
      net: 'train_val.prototxt',
      test_iter: [4],
      base_lr: Math.fround(0.01),
      weight_decay: 1e-5,
      delta: 1e-8,
      display: undefined,
      snapshot_prefix: 'a "b"\\c',
      test_initialization: false,
      solver_mode: 'CPU',
    };
    expect(stringify(solver, 'solver')).toBe(`net: "train_val.prototxt"
test_iter: 4
base_lr: 0.01
weight_decay: 0.00001
delta: 1e-8
snapshot_prefix: "a \\"b\\"\\\\c"
test_initialization: false
solver_mode: CPU
`);
  });

  test('writes a net with messages in messages', () => {
    const net: NetParameter = {
      layer: [{ name: 'd', include: [{}], input_param: { shape: [{ dim: [1, 3] }] }, pooling_param: { pool: 'AVE' } }],
    };
    const text = `layer {
  name: "d"
  include {
  }
  input_param {
    shape {
      dim: 1
      dim: 3
    }
  }
  pooling_param {
    pool: AVE
  }
}
`;
    expect(stringify(net, 'net')).toBe(text);
    expect(parseNet(text)).toEqual(net);
    expect(stringify({}, 'net')).toBe('');
  });

  test('and parseSolver are each other’s inverse', () => {
    const solvers = fc.record(
      {
        net: fc.string({ unit: 'binary' }),
        base_lr: fc.float({ noNaN: true }).map(Math.fround),
        test_iter: fc.array(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), { minLength: 1 }),
        random_seed: fc.maxSafeInteger(),
        solver_mode: fc.constantFrom('CPU' as const, 'GPU' as const),
        debug_info: fc.boolean(),
        train_state: fc.record({
          phase: fc.constantFrom('TRAIN' as const, 'TEST' as const),
          stage: fc.array(fc.string(), { minLength: 1 }),
        }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(solvers, (solver) => {
        const back = parseSolver(stringify(solver, 'solver'));
        if (back.base_lr !== undefined) back.base_lr = Math.fround(back.base_lr);
        expect(back).toEqual(solver);
      }),
    );
  });

  test.each([
    [{ layer: [{ convolution_param: { num_output: '2' } }] }, "'net.layer[0].convolution_param.num_output' takes a whole number"],
    [{ layer: {} }, "'net.layer' takes an array; found {}."],
    [{ layer: [null] }, "'net.layer[0]' takes an object; found null."],
    [{ name: 5n }, "'net.name' takes a string; found 5n."],
    [{ force_backward: 1 }, 'takes true or false; found 1.'],
    [{ layer: [{ phase: 'train' }] }, "takes one of TRAIN, TEST; found 'train'."],
    [{ input_dim: [Number.NaN] }, 'found NaN'],
    [{ layer: [{ loss_weight: [1e39] }] }, "'net.layer[0].loss_weight[0]' takes a number within ±3.4e38; found 1e+39."],
    [{ name: '\ud800' }, 'takes a string'],
    [{ layer: [{ clip_param: { min: 0 } }] }, "net.layer[0].clip_param: a ClipParameter must have 'max'"],
    [{ input: Array(2) }, "'net.input[0]' takes a string; found undefined."],
    [null, "'net' takes an object; found null."],
  ])('refuses %p', (object, message) => {
    const error = errorOf(() => stringify(object as NetParameter, 'net'));
    expect(error.code).toBe('ERR_CAFFE_INPUT');
    expect(error.message).toContain(message);
  });

  test('suggests what was meant, and writes nets and solvers only', () => {
    expect(errorOf(() => stringify({ nmae: 'x' } as NetParameter, 'net')).hint).toBe("Did you mean 'name'?");
    expect(errorOf(() => stringify({}, 'layer' as 'net')).code).toBe('ERR_CAFFE_INPUT');
  });
});

describeModels('published files survive as objects', () => {
  test.each(modelNames())('%s', (file) => {
    const text = model(file);
    if (file.includes('solver')) expect(parseSolver(stringify(parseSolver(text), 'solver'))).toEqual(parseSolver(text));
    else expect(parseNet(stringify(parseNet(text), 'net'))).toEqual(parseNet(text));
  });
});
