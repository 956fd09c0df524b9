/** Receptive fields against gradients: the values of the input that one value of the output depends on, found by the linked Caffe. */
import fc from 'fast-check';
import { Net } from '../../lib/net';
import { check } from '../../lib/prototxt';

const SIDE = 48;
const INPUT = `force_backward: true
layer { name: "data" type: "Input" top: "b0" input_param { shape { dim: 1 dim: 1 dim: ${SIDE} dim: ${SIDE} } } }\n`;

const kernel = fc.integer({ min: 1, max: 4 });
/** Layers whose gradients are above 0 wherever they see anything. */
const layer = fc.oneof(
  fc
    .tuple(kernel, kernel, fc.integer({ min: 1, max: 3 }), fc.integer({ min: 0, max: 2 }), fc.integer({ min: 1, max: 2 }))
    .map(([height, width, stride, pad, dilation]) => ({
      type: 'Convolution',
      params: `convolution_param { num_output: 1 kernel_size: ${height} kernel_size: ${width} stride: ${stride} pad: ${pad} dilation: ${dilation} weight_filler { type: "constant" value: 1 } }`,
    })),
  fc.tuple(kernel, fc.integer({ min: 1, max: 3 })).map(([size, stride]) => ({
    type: 'Pooling',
    params: `pooling_param { pool: AVE kernel_size: ${size} stride: ${stride} round_mode: FLOOR }`,
  })),
  fc.constant({ type: 'ReLU', params: '' }),
);

/** The first and last row (or column) in which the gradient is not 0. */
function extent(diff: Float32Array, rows: boolean): [first: number, last: number] {
  const seen = [...diff.keys()].filter((index) => diff[index] !== 0).map((index) => (rows ? Math.floor(index / SIDE) : index % SIDE));
  return [Math.min(...seen), Math.max(...seen)];
}

test('are where the gradient of one value comes to', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(layer, { minLength: 1, maxLength: 4 }), fc.nat(100), fc.nat(100), async (layers, down, right) => {
      const text =
        INPUT +
        layers
          .map(({ type, params }, i) => `layer { name: "l${i}" type: "${type}" bottom: "b${i}" top: "b${i + 1}" ${params} }`)
          .join('\n');
      const { ok, blobs } = check(text);
      fc.pre(ok);
      const top = blobs.at(-1);
      const [, , height = 0, width = 0] = top?.shape ?? [];
      const at = [down % height, right % width] as const;
      const net = await Net.from(text);
      await net.forward({ b0: new Float32Array(SIDE * SIDE).fill(1) });
      const gradient = new Float32Array(height * width);
      gradient[at[0] * width + at[1]] = 1;
      const { b0 } = await net.backward({ [top?.name ?? '']: gradient });
      await net.dispose();
      const { size = [], stride = [], offset = [] } = top?.receptiveField ?? {};
      const ranges = ([0, 1] as const).map((axis) => {
        const start = (offset[axis] ?? 0) + at[axis] * (stride[axis] ?? 0);
        return { start, end: start + (size[axis] ?? 0) - 1 };
      });
      fc.pre(ranges.every(({ start, end }) => start >= 0 && end < SIDE)); // what lies in the padding has no gradient
      const seen = [true, false].map((rows) => extent(b0?.data ?? new Float32Array(), rows));
      expect(seen).toEqual(ranges.map(({ start, end }) => [start, end]));
    }),
    { numRuns: Number(process.env.RUNS ?? 200) },
  );
});

test('of a deconvolution gather what its windows overlap', () => {
  const up =
    'layer { name: "up" type: "Deconvolution" bottom: "b0" top: "up" convolution_param { num_output: 1 kernel_size: 4 stride: 2 pad: 1 } }';
  const { blobs } = check(INPUT + up);
  expect(blobs[1]).toMatchObject({
    shape: [1, 1, 2 * SIDE, 2 * SIDE],
    receptiveField: { size: [2, 2], stride: [0.5, 0.5], offset: [-1, -1] },
  });
});
