/** Fields and values that the linked Caffe does not have: found, explained, and never lost. */
import fc from 'fast-check';
import { native } from '../../lib/native';
import { type NetParameter, parseNet, parseSolver, stringify, type UnknownField, unknownFields } from '../../lib/prototxt';
import { describeModels, errorOf, model, modelNames } from './shared';

const KEEP = { unknown: 'keep' } as const;

const SSD = `name: "ssd"
engine: "MKLDNN"
layer {
  name: "box"
  type: "PriorBox"
  prior_box_param {
    min_size: 30
    min_size: 60.5
    code_type: CENTER_SIZE
    format: "VOC"
    flip: true
    variance: 0.1
    offset: -inf
    most: 18446744073709551615
    source {
    }
  }
  convolution_param {
    num_outputs: 3
    engine: MKL2017
  }
}
`;

describe('kept', () => {
  test('by the form of the text, and written back', () => {
    const net = parseNet(SSD, KEEP);
    expect(net).toEqual({
      name: 'ssd',
      engine: 'MKLDNN',
      layer: [
        {
          name: 'box',
          type: 'PriorBox',
          prior_box_param: {
            min_size: [30, 60.5],
            code_type: { $enum: 'CENTER_SIZE' },
            format: 'VOC',
            flip: true,
            variance: 0.1,
            offset: Number.NEGATIVE_INFINITY,
            most: 2n ** 64n - 1n,
            source: {},
          },
          convolution_param: { num_outputs: 3, engine: 'MKL2017' },
        },
      ],
    });
    expect(stringify(net, 'net', KEEP)).toBe(SSD);
  });

  test.each([
    ['x: [1, 2] x: 3', { x: [1, 2, 3] }],
    ['x: [1]', { x: [1] }],
    ['x: []', { x: [] }],
    ['x: [{ a: 1 }, < >]', { x: [{ a: 1 }, {}] }],
    ['x: \'a\' "b"', { x: 'ab' }],
    ['x: -0x20000000000001', { x: -(2n ** 53n) - 1n }],
    ['x: 0400000000000000001', { x: 2n ** 53n + 1n }],
    ['x: 1e30', { x: 1e30 }],
    ['x: nan y: True', { x: Number.NaN, y: { $enum: 'True' } }],
    ['x { y: 1 y: ON }', { x: { y: [1, { $enum: 'ON' }] } }],
  ])('%s', (text, kept) => {
    const solver = parseSolver(text, KEEP);
    expect(solver).toEqual(kept);
    expect(parseSolver(stringify(solver, 'solver', KEEP), KEEP)).toEqual(text === 'x: []' ? {} : text === 'x: [1]' ? { x: 1 } : kept);
  });

  test('whatever they are called', () => {
    const net = parseNet('__proto__ { constructor: 1 } toString: "x"', KEEP);
    expect(Object.keys(net)).toEqual(['__proto__', 'toString']);
    expect(stringify(net, 'net', KEEP)).toBe('__proto__ {\n  constructor: 1\n}\ntoString: "x"\n');
  });

  test('but what is known is checked as ever', () => {
    expect(errorOf(() => parseNet('layer { x: 1 name: 5 }', KEEP)).message).toContain("'name' takes a string");
    expect(errorOf(() => parseNet('layer { phase: 7 }', KEEP)).message).toContain("'phase' takes one of TRAIN, TEST");
    expect(errorOf(() => stringify({ name: 5 } as never, 'net', KEEP)).message).toContain("'net.name' takes a string");
    expect(errorOf(() => stringify({ state: { phase: 'A b' } } as never, 'net', KEEP)).message).toContain('TRAIN, TEST');
  });

  test('any text survives', () => {
    const name = fc.stringMatching(/^[a-z_]\w{0,5}$/).filter((word) => !['inf', 'nan', 'true', 'false'].includes(word));
    const value = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.boolean(),
        fc.double().filter((number) => !Number.isInteger(number) || Number.isSafeInteger(number)), // others are read as bigints
        fc.bigInt().filter((number) => !Number.isSafeInteger(Number(number))),
        fc.string({ unit: 'binary' }),
        name.map((word) => ({ $enum: word })),
        fc.dictionary(name, fc.oneof(tie('value'), fc.array(tie('value'), { minLength: 2 })), { noNullPrototype: true }),
      ),
    })).value;
    fc.assert(
      fc.property(fc.dictionary(fc.constant('x'), value), (net) => {
        expect(parseNet(stringify(net as NetParameter, 'net', KEEP), KEEP)).toEqual(net);
      }),
    );
  });
});

describeModels('a published file means the same to the linked Caffe, had we known none of its fields', () => {
  test.each(modelNames())('%s', (file) => {
    const type = file.includes('solver') ? 'SolverParameter' : 'NetParameter';
    const written = stringify(parseNet(`unknown { ${model(file)}\n }`, KEEP), 'net', KEEP);
    const inner = written.replace(/^unknown \{\n/, '').replace(/\}\n$/, '');
    expect(native.messages.fromText(type, inner)).toEqual(native.messages.fromText(type, model(file)));
  });
});

describe('listed', () => {
  test('with their place, and what is known about them', () => {
    const found = unknownFields(SSD);
    const known = ({ path, line, column, suggestion, fork, value }: UnknownField) => ({ path, line, column, suggestion, fork, value });
    expect(found.map(known)).toEqual([
      { path: 'engine', line: 2, column: 1, fork: "Intel's Caffe" },
      { path: 'layer[0].prior_box_param', line: 6, column: 3, fork: 'the SSD branch' },
      { path: 'layer[0].convolution_param.num_outputs', line: 19, column: 5, suggestion: 'num_output' },
      { path: 'layer[0].convolution_param.engine', line: 20, column: 13, fork: "Intel's Caffe", value: 'MKL2017' },
    ]);
    expect(found.map(({ hint }) => hint)).toEqual([
      "It belongs to Intel's Caffe; { unknown: 'keep' } keeps it.",
      "It belongs to the SSD branch; { unknown: 'keep' } keeps it.",
      "Did you mean 'num_output'?",
      "It belongs to Intel's Caffe; { unknown: 'keep' } keeps it.",
    ]);
  });

  test('in lists, in solvers, and of no known Caffe', () => {
    expect(unknownFields('layer [ { name: "a" }, { frobnication: 1 } ] layer { }')).toMatchObject([
      { path: 'layer[1].frobnication', type: 'LayerParameter', hint: "If it belongs to another Caffe, { unknown: 'keep' } keeps it." },
    ]);
    expect(unknownFields('net_param { layer { nmae: "x" } }', 'solver')).toMatchObject([
      { path: 'net_param.layer[0].nmae', suggestion: 'name' },
    ]);
    expect(unknownFields('layer { kernel_size: 3 offset: 1 }')).toMatchObject([
      {
        place: 'convolution_param',
        hint: "Write it inside the layer's own parameters, for instance convolution_param: convolution_param { kernel_size: … }.",
      },
      { place: 'crop_param', hint: "Write it inside the layer's crop_param: crop_param { offset: … }." },
    ]);
    expect(unknownFields('layer { forward_type: FLOAT16 device: 1 }').map(({ fork }) => fork)).toEqual([
      "NVIDIA's Caffe",
      'the OpenCL branch',
    ]);
  });

  test('none where there are none, whatever else is wrong', () => {
    expect(unknownFields('name: 5 name: "x" layer: 1')).toEqual([]);
    expect(unknownFields('')).toEqual([]);
  });

  test('what is no text, no kind, no option is refused', () => {
    expect(errorOf(() => unknownFields('layer {'))).toMatchObject({ code: 'ERR_CAFFE_PROTOTXT' });
    expect(errorOf(() => unknownFields(5 as never))).toMatchObject({ code: 'ERR_CAFFE_INPUT' });
    expect(errorOf(() => unknownFields('', 'layer' as never))).toMatchObject({ code: 'ERR_CAFFE_INPUT' });
    expect(errorOf(() => parseNet('', { unknown: 'ignore' } as never)).message).toContain(
      "'unknown' takes 'refuse' or 'keep'; found 'ignore'.",
    );
    expect(errorOf(() => parseSolver('', 'keep' as never)).code).toBe('ERR_CAFFE_INPUT');
  });
});

describe('stringify refuses what no text can say', () => {
  const cyclic: Record<string, unknown> = {};
  cyclic.again = cyclic;
  test.each([
    [{ 'a b': 1 }, "'net.a b' takes a name"],
    [{ x: null }, "'net.x' takes a number"],
    [{ x: 'half \ud800' }, "'net.x' takes a number, a string"],
    [{ x: () => 1 }, "'net.x' takes a number"],
    [{ x: { $enum: 'A } layer {' } }, "'$enum' takes the name of a value"],
    [{ x: [{ 'y\n': 1 }] }, "'net.x[0].y\n' takes a name"],
    [cyclic, 'nested up to 100 deep'],
  ])('%p', (object, message) => {
    const error = errorOf(() => stringify(object as never, 'net', KEEP));
    expect(error).toMatchObject({ code: 'ERR_CAFFE_INPUT' });
    expect(error.message).toContain(message);
  });

  test('and without being asked, an unknown field at all', () => {
    const error = errorOf(() => stringify(parseNet(SSD, KEEP), 'net'));
    expect(error).toMatchObject({ code: 'ERR_CAFFE_INPUT', hint: "It belongs to Intel's Caffe; { unknown: 'keep' } keeps it." });
    expect(error.message).toBe("net.engine: NetParameter has no field 'engine'.");
  });
});
