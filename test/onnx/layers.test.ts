/** Layers of every type, of random shapes and settings: what onnxruntime makes of them against Caffe's own. */
import fc from 'fast-check';
import { randomNets } from '../prototxt/random-net';
import { temporaryFolder } from '../support/folders';
import { type ComparisonOptions, onnxEquality } from '../support/onnx-equality';
import { randomValues } from '../support/trained';

const at = temporaryFolder();
const compare = onnxEquality(at('layer.onnx'));

const int = (min: number, max: number) => fc.integer({ min, max });
const extents = (least: number, most = least) => fc.array(int(1, 5), { minLength: least, maxLength: most });
const float = (min: number, max: number) => fc.integer({ min: min * 16, max: max * 16 }).map((value) => value / 16);
const dims = (shape: readonly number[]) => shape.map((extent) => `dim: ${extent}`).join(' ');
const input = (name: string, shape: readonly number[]) =>
  `layer { name: "${name}" type: "Input" top: "${name}" input_param { shape { ${dims(shape)} } } }\n`;

/** One layer over inputs of some shapes. */
function net(type: string, shapes: readonly (readonly number[])[], settings = '', tops = 1): string {
  const bottoms = shapes.map((_, index) => `bottom: "in${index}"`).join(' ');
  const named = Array.from({ length: tops }, (_, index) => `top: "out${index}"`).join(' ');
  return `${shapes.map((shape, index) => input(`in${index}`, shape)).join('')}layer { name: "it" type: "${type}" ${bottoms} ${named} ${settings} }`;
}

/** Of a network of each kind. */
async function holds(texts: fc.Arbitrary<string>, options: ComparisonOptions & { runs?: number } = {}): Promise<void> {
  const { runs = 12, ...others } = options;
  await fc.assert(
    fc.asyncProperty(texts, int(1, 1000), async (text, seed) => {
      const { error } = await compare(text, { seed, ...others });
      expect(error).toBeLessThan(1e-5);
    }),
    { numRuns: runs },
  );
}

/** Images of [n, c, h, w], with windows that have room in them. */
const windows = fc
  .record({
    n: int(1, 3),
    h: int(0, 5),
    w: int(0, 5),
    kh: int(1, 4),
    kw: int(1, 4),
    sh: int(1, 3),
    sw: int(1, 3),
    ph: int(0, 3),
    pw: int(0, 3),
  })
  .map((one) => ({ ...one, ph: Math.min(one.ph, one.kh - 1), pw: Math.min(one.pw, one.kw - 1) }));

test('random nets, with branches, in place and not', () => holds(randomNets, { runs: 30 }));

describe('products', () => {
  const convolutions = fc
    .tuple(windows, int(1, 3), int(1, 3), int(1, 3), int(1, 2), fc.boolean())
    .map(([{ n, h, w, kh, kw, sh, sw, ph, pw }, group, perGroup, outputs, dilation, bias]) => ({
      shape: [n, group * perGroup, h + dilation * (kh - 1) + 1, w + dilation * (kw - 1) + 1],
      settings: `convolution_param { num_output: ${group * outputs} group: ${group} bias_term: ${bias} kernel_h: ${kh} kernel_w: ${kw}
        stride_h: ${sh} stride_w: ${sw} pad_h: ${ph} pad_w: ${pw} dilation: ${dilation} }`,
    }));

  test('Convolution: groups, dilation, windows of every form', () =>
    holds(
      convolutions.map(({ shape, settings }) => net('Convolution', [shape], settings)),
      { runs: 30 },
    ));

  test('Convolution: depthwise', () =>
    holds(
      int(2, 6).map((channels) =>
        net('Convolution', [[2, channels, 6, 6]], `convolution_param { num_output: ${channels} group: ${channels} kernel_size: 3 pad: 1 }`),
      ),
      { runs: 4 },
    ));

  test('Convolution: of several bottoms, on any axis, over any number of axes', () =>
    holds(
      fc.tuple(extents(0, 3), int(1, 3), fc.array(int(3, 5), { maxLength: 3 }), int(1, 2)).map(([items, channels, spatial, bottoms]) => {
        const shape = [...items, channels, ...spatial];
        const settings = `convolution_param { axis: ${items.length} num_output: 2 kernel_size: ${spatial.length > 0 ? 2 : 1} }`;
        return net('Convolution', Array(bottoms).fill(shape), settings, bottoms);
      }),
      { runs: 30 },
    ));

  test('Deconvolution', () =>
    holds(
      convolutions
        .filter(({ settings }) => !/pad_[hw]: [23]/.test(settings))
        .map(({ shape, settings }) => net('Deconvolution', [[...shape.slice(0, 2), 3, 4]], settings.replaceAll('stride_', 'stride_'))),
      { runs: 30 },
    ));

  test('InnerProduct: any axis, transposed or not', () =>
    holds(
      fc
        .tuple(extents(1, 4), fc.nat(), fc.boolean(), fc.boolean())
        .map(([shape, axis, transpose, bias]) =>
          net(
            'InnerProduct',
            [shape],
            `inner_product_param { num_output: 3 axis: ${axis % shape.length} transpose: ${transpose} bias_term: ${bias} }`,
          ),
        ),
      { runs: 30 },
    ));

  test('Embed', () =>
    holds(
      fc
        .tuple(extents(1, 3), fc.boolean())
        .map(([shape, bias]) => net('Embed', [shape], `embed_param { input_dim: 7 num_output: 3 bias_term: ${bias} }`)),
      { values: (count, seed) => randomValues(count, seed).map((value) => Math.floor(3.5 * (value + 1))) },
    ));

  test('Parameter', () =>
    holds(
      extents(1, 3).map(
        (shape) => `${input('in0', shape)}layer { name: "p" type: "Parameter" top: "p" parameter_param { shape { ${dims(shape)} } } }
          layer { name: "sum" type: "Eltwise" bottom: "in0" bottom: "p" top: "out" }`,
      ),
      { runs: 4 },
    ));
});

describe('windows', () => {
  const poolings = (method: string, round: string) =>
    windows
      .filter(({ h, w, kh, kw, sh, sw, ph, pw }) => ph + pw > 0 || (fits(h + kh, kh, sh) && fits(w + kw, kw, sw)))
      .map(({ n, h, w, kh, kw, sh, sw, ph, pw }) =>
        net(
          'Pooling',
          [[n, 2, h + kh, w + kw]],
          `pooling_param { pool: ${method} kernel_h: ${kh} kernel_w: ${kw} stride_h: ${sh} stride_w: ${sw} pad_h: ${ph} pad_w: ${pw} ${round} }`,
        ),
      );
  /** Whether the last window begins inside. Caffe refuses others for maxima, we for averages. */
  const fits = (extent: number, kernel: number, stride: number) => Math.ceil((extent - kernel) / stride) * stride < extent;

  test.each(['MAX', 'AVE'])('Pooling by %s, rounded up or down, padded or not', (method) =>
    holds(
      fc.constantFrom('', 'round_mode: FLOOR').chain((round) => poolings(method, round)),
      { runs: 60 },
    ),
  );

  test.each(['MAX', 'AVE'])('global Pooling by %s', (method) =>
    holds(
      extents(4).map((shape) => net('Pooling', [shape], `pooling_param { pool: ${method} global_pooling: true }`)),
      { runs: 6 },
    ),
  );

  test.each(['ACROSS_CHANNELS', 'WITHIN_CHANNEL'])('LRN %s', (region) =>
    holds(
      fc
        .tuple(extents(4), fc.constantFrom(1, 3, 5), float(1, 4), float(1, 2), float(1, 3))
        .map(([shape, size, alpha, beta, k]) =>
          net('LRN', [shape], `lrn_param { local_size: ${size} alpha: ${alpha} beta: ${beta} k: ${k} norm_region: ${region} }`),
        ),
    ),
  );
});

describe('value by value', () => {
  const shapes = extents(1, 5);
  const neuron = (type: string, settings: fc.Arbitrary<string>, options?: ComparisonOptions) =>
    holds(
      fc.tuple(shapes, settings).map(([shape, fields]) => net(type, [shape], fields)),
      options,
    );
  const positive = (count: number, seed: number) => randomValues(count, seed).map((value) => 2.1 + value);

  test.each(['AbsVal', 'BNLL', 'Dropout', 'Sigmoid', 'TanH', 'ReLU', 'ELU', 'Swish', 'Power', 'Exp', 'Threshold'])('%s as it is', (type) =>
    holds(
      shapes.map((shape) => net(type, [shape])),
      { runs: 4, values: (count, seed) => randomValues(count, seed).map((value) => 4 * value) },
    ),
  );

  test('ReLU with a slope', () =>
    neuron(
      'ReLU',
      float(-2, 2).map((slope) => `relu_param { negative_slope: ${slope} }`),
    ));

  test('PReLU', () =>
    holds(
      fc.tuple(extents(2, 4), fc.boolean()).map(([shape, shared]) => net('PReLU', [shape], `prelu_param { channel_shared: ${shared} }`)),
    ));

  test('ELU with an alpha', () =>
    neuron(
      'ELU',
      float(-2, 2).map((alpha) => `elu_param { alpha: ${alpha} }`),
    ));

  test('Clip', () =>
    neuron(
      'Clip',
      fc.tuple(float(-1, 0), float(0, 1)).map(([min, max]) => `clip_param { min: ${min} max: ${max} }`),
    ));

  test('Swish with a beta', () =>
    neuron(
      'Swish',
      float(-2, 2).map((beta) => `swish_param { beta: ${beta} }`),
    ));

  test('Power', () =>
    neuron(
      'Power',
      fc
        .tuple(fc.constantFrom(-1, 0, 0.5, 1, 2, 3), float(0, 2), float(1, 2))
        .map(([power, scale, shift]) => `power_param { power: ${power} scale: ${scale} shift: ${shift} }`),
      { values: positive },
    ));

  test('Exp', () =>
    neuron(
      'Exp',
      fc
        .tuple(fc.constantFrom(-1, 0.5, 2, 10), float(-2, 2), float(-1, 1))
        .map(([base, scale, shift]) => `exp_param { base: ${base} scale: ${scale} shift: ${shift} }`),
    ));

  test('Log', () =>
    neuron(
      'Log',
      fc
        .tuple(fc.constantFrom(-1, 0.5, 2, 10), float(1, 2), float(0, 1))
        .map(([base, scale, shift]) => `log_param { base: ${base} scale: ${scale} shift: ${shift} }`),
      { values: positive },
    ));
});

describe('normalization', () => {
  test.each(['', 'batch_norm_param { eps: 0.01 }', 'batch_norm_param { use_global_stats: false }'])('BatchNorm %s', (settings) =>
    holds(
      fc.tuple(int(2, 4), extents(1, 3)).map(([n, shape]) => net('BatchNorm', [[n, ...shape]], settings)),
      { runs: 8, batches: [4, 5] },
    ),
  );

  test('Scale and Bias: with parameters on any axes', () =>
    holds(
      fc
        .tuple(extents(1, 4), fc.nat(), fc.nat(), fc.constantFrom('scale', 'bias'), fc.boolean())
        .map(([shape, first, last, kind, bias]) => {
          const axis = first % shape.length;
          const axes = [-1, ...Array.from({ length: shape.length - axis + 1 }, (_, count) => count)];
          const fields = `axis: ${axis} num_axes: ${axes[last % axes.length]} ${kind === 'scale' ? `bias_term: ${bias}` : ''}`;
          return net(kind === 'scale' ? 'Scale' : 'Bias', [shape], `${kind}_param { ${fields} }`);
        }),
      { runs: 40 },
    ));

  test('Scale and Bias: by a second bottom', () =>
    holds(
      fc
        .tuple(extents(1, 4), fc.nat(), fc.nat(), fc.constantFrom('scale', 'bias'), fc.boolean())
        .map(([shape, first, last, kind, bias]) => {
          const axis = first % shape.length;
          const other = shape.slice(axis, axis + 1 + (last % (shape.length - axis)));
          const fields = `axis: ${axis} ${kind === 'scale' ? `bias_term: ${bias}` : ''}`;
          return net(kind === 'scale' ? 'Scale' : 'Bias', [shape, other], `${kind}_param { ${fields} }`);
        }),
      { runs: 40 },
    ));

  test('MVN', () =>
    holds(
      fc
        .tuple(extents(2, 4), fc.boolean(), fc.boolean())
        .map(([shape, across, variance]) =>
          net('MVN', [[...shape, 4].slice(0, 4)], `mvn_param { across_channels: ${across} normalize_variance: ${variance} eps: 0.01 }`),
        ),
    ));
});

describe('joins and axes', () => {
  test('Concat', () =>
    holds(
      fc.tuple(extents(1, 4), fc.nat(), fc.array(int(1, 3), { minLength: 1, maxLength: 3 })).map(([shape, first, parts]) => {
        const axis = first % shape.length;
        return net(
          'Concat',
          parts.map((part) => shape.with(axis, part)),
          `concat_param { axis: ${axis - (parts.length % 2) * shape.length} }`,
        );
      }),
      { runs: 20 },
    ));

  test('Slice', () =>
    holds(
      fc.tuple(extents(1, 4), fc.nat(), fc.array(int(1, 3), { minLength: 1, maxLength: 3 })).map(([shape, first, parts]) => {
        const axis = first % shape.length;
        const ends = parts.map((_, index) => parts.slice(0, index + 1).reduce((sum, part) => sum + part));
        const points = ends.slice(0, -1).map((point) => `slice_point: ${point}`);
        return net('Slice', [shape.with(axis, ends.at(-1) ?? 1)], `slice_param { axis: ${axis} ${points.join(' ')} }`, parts.length);
      }),
      { runs: 20 },
    ));

  test('Split', () =>
    holds(
      extents(1, 4).map((shape) => net('Split', [shape], '', 3)),
      { runs: 4 },
    ));

  test('Eltwise', () =>
    holds(
      fc
        .tuple(extents(1, 4), fc.constantFrom('SUM', 'PROD', 'MAX'), fc.array(float(-2, 2), { minLength: 2, maxLength: 4 }), fc.boolean())
        .map(([shape, operation, coefficients, given]) => {
          const fields = given && operation === 'SUM' ? coefficients.map((value) => `coeff: ${value}`).join(' ') : '';
          return net('Eltwise', Array(coefficients.length).fill(shape), `eltwise_param { operation: ${operation} ${fields} }`);
        }),
      { runs: 20 },
    ));

  test('Softmax', () =>
    holds(
      fc.tuple(extents(1, 4), fc.nat()).map(([shape, axis]) => net('Softmax', [shape], `softmax_param { axis: ${axis % shape.length} }`)),
    ));

  test('Flatten', () =>
    holds(
      fc.tuple(extents(1, 5), fc.nat(), fc.nat()).map(([shape, first, more]) => {
        const axis = first % shape.length;
        const end = axis + (more % (shape.length - axis));
        return net('Flatten', [shape], `flatten_param { axis: ${axis} end_axis: ${end - (more % 2) * shape.length} }`);
      }),
      { runs: 20 },
    ));

  test('Reshape', () =>
    holds(
      fc.constantFrom(
        net('Reshape', [[2, 6, 4, 3]], 'reshape_param { shape { dim: 0 dim: -1 } }'),
        net('Reshape', [[2, 6, 4, 3]], 'reshape_param { shape { dim: -1 dim: 4 } }'),
        net('Reshape', [[2, 6, 4, 3]], 'reshape_param { shape { dim: 2 dim: 3 dim: -1 } }'),
        net('Reshape', [[2, 6, 4, 3]], 'reshape_param { axis: 1 num_axes: 2 shape { dim: 8 dim: -1 } }'),
        net('Reshape', [[2, 6, 4, 3]], 'reshape_param { axis: -2 shape { dim: 1 dim: 3 } }'),
        net('Reshape', [[2, 6]], 'reshape_param { axis: 0 num_axes: 0 shape { dim: 1 } }'),
      ),
    ));

  test('Tile', () =>
    holds(
      fc
        .tuple(extents(1, 4), fc.nat(), int(1, 3))
        .map(([shape, axis, tiles]) => net('Tile', [shape], `tile_param { axis: ${axis % shape.length} tiles: ${tiles} }`)),
    ));

  test('Reduction', () =>
    holds(
      fc
        .tuple(extents(1, 4), fc.nat(), fc.constantFrom('SUM', 'ASUM', 'SUMSQ', 'MEAN'), fc.constantFrom(1, -0.5))
        .map(([shape, axis, operation, coefficient]) =>
          net('Reduction', [shape], `reduction_param { axis: ${axis % shape.length} operation: ${operation} coeff: ${coefficient} }`),
        ),
      { runs: 20, values: (count, seed) => randomValues(count, seed).map((value) => value + 1.5) },
    ));

  test('ArgMax: numbers, values or both; the last of equal ones first', () =>
    holds(
      fc.tuple(extents(1, 4), fc.nat(), fc.boolean(), fc.boolean(), int(1, 3)).map(([shape, first, onAxis, values, wanted]) => {
        const axis = first % shape.length;
        const most = onAxis ? (shape[axis] ?? 1) : shape.slice(1).reduce((product, extent) => product * extent, 1);
        const fields = `${onAxis ? `axis: ${axis}` : ''} out_max_val: ${values} top_k: ${Math.min(wanted, most)}`;
        return net('ArgMax', [shape], `argmax_param { ${fields} }`);
      }),
      { runs: 40, values: (count, seed) => randomValues(count, seed).map((value) => Math.round(2 * value)) },
    ));

  test('Crop', () =>
    holds(
      fc.tuple(extents(4), extents(4), fc.constantFrom(1, 2, 3)).map(([large, small, axis]) => {
        const sizes = large.map((extent, index) => (index < axis ? extent : Math.min(extent, small[index] ?? 1)));
        const offsets = large.map((extent, index) => extent - (sizes[index] ?? 0)).slice(axis);
        return net('Crop', [large, sizes], `crop_param { axis: ${axis} ${offsets.map((offset) => `offset: ${offset}`).join(' ')} }`);
      }),
    ));
});
