/** Random layers of each type that the fast engine computes: settings, shapes of the bottoms, and whether Caffe has to compute it. */
import fc from 'fast-check';

export interface EngineLayer {
  type: string;
  /** Of the bottoms, with the batch. */
  bottoms: number[][];
  tops: number;
  /** Its parameters as prototxt. */
  settings: string;
  /** oneDNN cannot do it, or not as Caffe does. */
  inCaffe: boolean;
  /** It may work in place. */
  inPlace: boolean;
}

type Layers = fc.Arbitrary<EngineLayer>;

const upTo = (max: number, min = 1) => fc.integer({ min, max });
const some = fc.double({ min: -2, max: 2, noNaN: true }).map((value) => Number(value.toFixed(3)));
const batch = fc.constantFrom(1, 2, 5);
/** Blocks of 16 that are whole, and that are not. */
const channels = fc.oneof(upTo(40), fc.constantFrom(16, 32));
const image = fc.tuple(batch, channels, upTo(9), upTo(9)).map((shape) => [...shape]);
/** One to five axes; the first is the batch. */
const anyShape = fc.tuple(batch, channels, fc.array(upTo(5), { maxLength: 3 })).map(([items, count, others]) => [items, count, ...others]);
const product = (shape: number[]) => shape.reduce((all, extent) => all * extent, 1);

const make = (type: string, bottoms: number[][], settings = '', facts: Partial<EngineLayer> = {}): EngineLayer => ({
  type,
  bottoms,
  tops: 1,
  settings,
  inCaffe: false,
  inPlace: false,
  ...facts,
});

/** A layer that changes each value by itself. */
const neuron = (type: string, settings: fc.Arbitrary<string> = fc.constant(''), inPlace = true, shapes = anyShape): Layers =>
  fc.tuple(fc.oneof(image, shapes), settings).map(([shape, text]) => make(type, [shape], text, { inPlace }));

const power: Layers = fc
  .tuple(image, fc.constantFrom(0, 1, 2, 3, 4), fc.constantFrom(0, 1, -0.5, 2), some)
  .map(([shape, exponent, scale, shift]) =>
    make('Power', [shape], `power_param { power: ${exponent} scale: ${scale} shift: ${shift} }`, {
      inPlace: true,
      inCaffe: exponent * scale === 0,
    }),
  );

const clip: Layers = fc
  .tuple(image, some, some)
  .map(([shape, min, max]) => make('Clip', [shape], `clip_param { min: ${min} max: ${max} }`, { inPlace: true, inCaffe: min > max }));

/** How many windows Caffe lays over an axis, and how far the last reaches; undefined where Caffe refuses. */
function windows(extent: number, kernel: number, stride: number, pad: number, padded: boolean, round: 'CEIL' | 'FLOOR') {
  const span = (extent + 2 * pad - kernel) / stride;
  let count = (round === 'CEIL' ? Math.ceil(span) : Math.floor(span)) + 1;
  if (padded && (count - 1) * stride >= extent + pad) count -= 1;
  if (count < 1) return undefined;
  const begins = (count - 1) * stride - pad;
  return { outside: begins >= extent, beyond: begins + kernel - extent > pad };
}

const pooling: Layers = fc
  .record({
    shape: image,
    pool: fc.constantFrom('MAX', 'AVE'),
    global: fc.boolean(),
    kernel: fc.tuple(upTo(5), upTo(5)),
    stride: fc.tuple(upTo(4), upTo(4)),
    pad: fc.tuple(upTo(4, 0), upTo(4, 0)),
    round: fc.constantFrom('CEIL' as const, 'FLOOR' as const),
    square: fc.boolean(),
    mask: upTo(8).map((draw) => draw === 1),
  })
  .map(({ shape, pool, global, kernel: [high, wide], stride, pad, round, square, mask }) => {
    const tops = mask && pool === 'MAX' ? 2 : 1;
    if (global) {
      return make('Pooling', [shape], `pooling_param { pool: ${pool} global_pooling: true }`, { tops, inCaffe: tops > 1 });
    }
    const kernel = square ? [high, high] : [high, wide];
    const strides = square ? [stride[0], stride[0]] : [...stride];
    const pads = [0, 1].map((axis) => Math.min(pad[square ? 0 : axis] ?? 0, (kernel[square ? 0 : axis] ?? 1) - 1));
    const padded = pads.some((size) => size > 0);
    const laid = [0, 1].map((axis) => windows(shape[2 + axis] ?? 1, kernel[axis] ?? 1, strides[axis] ?? 1, pads[axis] ?? 0, padded, round));
    const fields = square
      ? `kernel_size: ${high} stride: ${strides[0]} pad: ${pads[0]}`
      : `kernel_h: ${high} kernel_w: ${wide} stride_h: ${strides[0]} stride_w: ${strides[1]} pad_h: ${pads[0]} pad_w: ${pads[1]}`;
    const cut = pool === 'AVE' && padded && laid.some((axis) => axis?.beyond);
    const runs = laid.every((axis) => axis && !axis.outside);
    return make('Pooling', runs ? [shape] : [], `pooling_param { pool: ${pool} ${fields} round_mode: ${round} }`, {
      tops,
      inCaffe: tops > 1 || cut,
    });
  })
  .filter(({ bottoms }) => bottoms.length > 0);

const lrn: Layers = fc
  .record({
    shape: image,
    size: fc.constantFrom(1, 3, 5, 7),
    alpha: fc.constantFrom(1e-4, 0.5, 2),
    beta: fc.constantFrom(0.75, 0.5),
    k: fc.constantFrom(1, 2),
  })
  .chain((fields) => fc.constantFrom('ACROSS_CHANNELS', 'WITHIN_CHANNEL').map((region) => ({ ...fields, region })))
  .map(({ shape, size, alpha, beta, k, region }) =>
    make('LRN', [shape], `lrn_param { local_size: ${size} alpha: ${alpha} beta: ${beta} k: ${k} norm_region: ${region} }`),
  );

const softmax: Layers = anyShape
  .chain((shape) => fc.tuple(fc.constant(shape), fc.integer({ min: -shape.length, max: shape.length - 1 })))
  .map(([shape, axis]) => {
    const from = axis < 0 ? axis + shape.length : axis;
    return make('Softmax', [shape], `softmax_param { axis: ${axis} }`, {
      inPlace: true,
      inCaffe: product(shape.slice(from + 1)) > 1 && from !== 1,
    });
  });

const batchNorm: Layers = fc.tuple(fc.oneof(image, anyShape), fc.constantFrom(1e-5, 0.1), upTo(6)).map(([shape, eps, draw]) =>
  make('BatchNorm', [shape], `batch_norm_param { eps: ${eps}${draw === 1 ? ' use_global_stats: false' : ''} }`, {
    inPlace: true,
    inCaffe: draw === 1,
  }),
);

/** Scale and Bias: which axes have parameters, and whether a second bottom has them. */
const applied = (type: 'Scale' | 'Bias'): Layers =>
  fc
    .oneof(
      image.map((shape) => ({ shape, axis: 1, axes: 1 })),
      image.map((shape) => ({ shape, axis: 0, axes: 2 })),
      anyShape.chain((shape) =>
        upTo(shape.length - 1, 0).chain((axis) => upTo(shape.length - axis, 0).map((axes) => ({ shape, axis, axes }))),
      ),
    )
    .chain((axes) => fc.record({ axes: fc.constant(axes), second: fc.boolean(), bias: fc.boolean() }))
    .map(({ axes: { shape, axis, axes }, second, bias }) => {
      const own = type === 'Scale' && bias ? 'bias_term: true bias_filler { type: "uniform" }' : '';
      const name = `${type.toLowerCase()}_param`;
      const bottoms = second ? [shape, shape.slice(axis, axis + axes)] : [shape];
      return make(type, bottoms, `${name} { axis: ${axis}${second ? '' : ` num_axes: ${axes}`} ${own} }`, {
        inPlace: true,
        inCaffe: second && own !== '',
      });
    });

const eltwise: Layers = fc
  .tuple(fc.oneof(image, anyShape), fc.array(some, { minLength: 2, maxLength: 4 }), fc.constantFrom('SUM', 'PROD', 'MAX', 'COEFFICIENTS'))
  .map(([shape, factors, operation]) => {
    const coefficients = operation === 'COEFFICIENTS' ? factors.map((factor) => ` coeff: ${factor}`).join('') : '';
    return make(
      'Eltwise',
      factors.map(() => shape),
      `eltwise_param { operation: ${coefficients ? 'SUM' : operation}${coefficients} }`,
    );
  });

/** An axis, and what is behind it. */
const axisOf = (shape: number[]) =>
  upTo(shape.length - 1, 0).chain((axis) => fc.boolean().map((back) => ({ axis, said: back ? axis - shape.length : axis })));

const concat: Layers = fc
  .oneof(image, anyShape)
  .chain((shape) =>
    fc.tuple(fc.constant(shape), axisOf(shape), fc.array(fc.oneof(upTo(20), fc.constant(16)), { minLength: 1, maxLength: 4 })),
  )
  .map(([shape, { axis, said }, extents]) =>
    make(
      'Concat',
      extents.map((extent) => shape.map((other, index) => (index === axis ? extent : other))),
      `concat_param { axis: ${said} }`,
    ),
  );

const slice: Layers = fc
  .oneof(image, anyShape)
  .chain((shape) =>
    fc.tuple(fc.constant(shape), axisOf(shape), fc.array(fc.oneof(upTo(20), fc.constant(16)), { minLength: 1, maxLength: 4 })),
  )
  .map(([shape, { axis, said }, extents]) => {
    const ends = extents.map((_, index) => extents.slice(0, index + 1).reduce((sum, extent) => sum + extent, 0));
    const points = ends.slice(0, -1).map((end) => ` slice_point: ${end}`);
    return make(
      'Slice',
      [shape.map((other, index) => (index === axis ? (ends.at(-1) ?? 1) : other))],
      `slice_param { axis: ${said}${points.join('')} }`,
      {
        tops: extents.length,
      },
    );
  });

const reshape: Layers = anyShape.chain((shape) =>
  fc
    .constantFrom(
      'shape { dim: 0 dim: -1 }',
      'shape { dim: -1 }',
      `shape { dim: -1 dim: 1 dim: ${shape.at(-1)} }`,
      'shape { dim: 1 } axis: 0 num_axes: 0',
    )
    .map((text) => make('Reshape', [shape], `reshape_param { ${text} }`)),
);

const flatten: Layers = anyShape.chain((shape) =>
  axisOf(shape).chain(({ axis, said }) =>
    upTo(shape.length - 1, axis).map((end) => make('Flatten', [shape], `flatten_param { axis: ${said} end_axis: ${end} }`)),
  ),
);

const convolution = (type: 'Convolution' | 'Deconvolution'): Layers =>
  fc
    .record({
      items: batch,
      groups: fc.constantFrom(1, 1, 2, 3),
      inputs: upTo(12),
      outputs: upTo(12),
      depthwise: fc.boolean(),
      size: fc.tuple(upTo(4), upTo(4)),
    })
    .chain((fields) =>
      fc
        .record({ kernel: upTo(4), stride: upTo(3), pad: upTo(2, 0), dilation: upTo(2), bias: fc.boolean() })
        .map((window) => ({ ...fields, ...window })),
    )
    .map(({ items, groups, inputs, outputs, depthwise, size, kernel, stride, pad, dilation, bias }) => {
      const shape = [items, depthwise ? inputs * 2 : groups * inputs, 9 + size[0], 9 + size[1]];
      const [group, count] = depthwise ? [inputs * 2, inputs * 2] : [groups, groups * outputs];
      const text = `num_output: ${count} group: ${group} kernel_size: ${kernel} stride: ${stride} pad: ${pad} dilation: ${dilation} bias_term: ${bias}`;
      return make(type, [shape], `convolution_param { ${text} }`);
    });

const innerProduct: Layers = fc
  .tuple(fc.oneof(image, anyShape), upTo(20), fc.boolean(), fc.boolean())
  .chain(([shape, outputs, transpose, bias]) =>
    axisOf(shape).map(({ said }) =>
      make(
        'InnerProduct',
        [shape],
        `inner_product_param { num_output: ${outputs} transpose: ${transpose} bias_term: ${bias} axis: ${said} }`,
      ),
    ),
  );

/** By type of layer. Log and BNLL are Caffe's: oneDNN's are too far off where their values are near 0. */
export const ENGINE_LAYERS: Record<string, Layers> = {
  AbsVal: neuron('AbsVal', fc.constant(''), false),
  BNLL: neuron('BNLL').map((layer) => ({ ...layer, inCaffe: true })),
  BatchNorm: batchNorm,
  Bias: applied('Bias'),
  Clip: clip,
  Concat: concat,
  Convolution: convolution('Convolution'),
  Deconvolution: convolution('Deconvolution'),
  Dropout: neuron('Dropout'),
  ELU: neuron(
    'ELU',
    some.map((alpha) => `elu_param { alpha: ${alpha} }`),
  ),
  Eltwise: eltwise,
  Exp: neuron(
    'Exp',
    fc
      .tuple(fc.constantFrom(-1, 0.5, 2), some, some)
      .map(([base, scale, shift]) => `exp_param { base: ${base} scale: ${scale} shift: ${shift} }`),
  ),
  Flatten: flatten,
  InnerProduct: innerProduct,
  LRN: lrn,
  Log: neuron(
    'Log',
    fc.constantFrom(-1, 2).map((base) => `log_param { base: ${base} shift: 50 }`),
  ).map((layer) => ({ ...layer, inCaffe: true })),
  PReLU: neuron(
    'PReLU',
    fc.boolean().map((shared) => `prelu_param { channel_shared: ${shared} }`),
    true,
    anyShape.filter(({ length }) => length <= 4),
  ),
  Pooling: pooling,
  Power: power,
  ReLU: neuron(
    'ReLU',
    some.map((slope) => `relu_param { negative_slope: ${slope} }`),
  ),
  Reshape: reshape,
  Scale: applied('Scale'),
  Sigmoid: neuron('Sigmoid'),
  Slice: slice,
  Softmax: softmax,
  Swish: neuron(
    'Swish',
    some.map((beta) => `swish_param { beta: ${beta} }`),
  ),
  TanH: neuron('TanH'),
};

const LARGE = [3, 20, 120, 120];

/** Over images that are too large to go through the layers as a batch. */
export const LARGE_LAYERS: readonly EngineLayer[] = [
  make('BatchNorm', [LARGE]),
  make('Bias', [LARGE]),
  make('Concat', [LARGE, [3, 12, 120, 120]]),
  make('Deconvolution', [[3, 20, 60, 60]], 'convolution_param { num_output: 20 group: 20 kernel_size: 4 stride: 2 pad: 1 }'),
  make('Eltwise', [LARGE, LARGE, LARGE], 'eltwise_param { coeff: 1 coeff: -1 coeff: 0.5 }'),
  make('Flatten', [LARGE]),
  make('LRN', [LARGE]),
  make('PReLU', [LARGE], '', { inPlace: true }),
  make('Pooling', [LARGE], 'pooling_param { pool: AVE kernel_size: 3 stride: 2 }'),
  make('Reshape', [LARGE], 'reshape_param { shape { dim: 0 dim: 5 dim: -1 } }'),
  make('Reshape', [LARGE], 'reshape_param { shape { dim: 1 dim: -1 dim: 120 dim: 120 } }'),
  make('Scale', [LARGE], 'scale_param { bias_term: true }', { inPlace: true }),
  make('Scale', [LARGE, [3, 20]], 'scale_param { axis: 0 }'),
  make('Sigmoid', [LARGE], '', { inPlace: true }),
  make('Slice', [LARGE], 'slice_param { slice_point: 16 }', { tops: 2 }),
  make('Slice', [LARGE], 'slice_param { slice_point: 5 }', { tops: 2 }),
  make('Slice', [LARGE], 'slice_param { axis: 0 }', { tops: 3 }),
  make('Softmax', [LARGE]),
  make('Softmax', [LARGE], 'softmax_param { axis: 0 }', { inCaffe: true }),
];
