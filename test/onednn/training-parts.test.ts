/** What a training plan computes in its own way, where oneDNN or BLAS would be slow: against Caffe. */
import fc from 'fast-check';
import { caffe } from '../../lib/caffe';
import { BARE, bothWays, deviations, dispose, drawnNet, expectSame, type Pair, withLoss } from '../support/planned-training';

const describeEngine = caffe.features.onednn ? describe : describe.skip;
const bf16 = caffe.features.bf16 ? test : test.skip;
const FILLERS = 'weight_filler { type: "xavier" } bias_filler { type: "gaussian" std: 0.1 }';

const convolution = (name: string, bottom: string, settings: string) => `
layer { name: "${name}" type: "Convolution" bottom: "${bottom}" top: "${name}" convolution_param { ${settings} ${FILLERS} } }`;
const relu = (name: string) => `layer { name: "${name}_relu" type: "ReLU" bottom: "${name}" top: "${name}" }`;
const connected = (name: string, bottom: string, outputs: number, transpose = false) => `
layer { name: "${name}" type: "InnerProduct" bottom: "${bottom}" top: "${name}"
  inner_product_param { num_output: ${outputs} transpose: ${transpose} ${FILLERS} } }`;

/** At this rate a net is still unsure after a step: what is left of 1 - 0.999 has few digits. */
const SLOW = BARE.replace('base_lr: 1 ', 'base_lr: 0.01 ');

async function stepped(net: string, settings = BARE, options = {}): Promise<Pair> {
  const pair = await bothWays(net, settings, options);
  const [expected, found] = [await pair.caffe.step(2), await pair.planned.step(2)];
  expect(pair.planned.net.engine).toMatchObject({ name: 'onednn' });
  const digits = pair.planned.net.plan?.precision === 'bf16' ? 0.02 : 1e-4;
  expect(Math.abs(found.loss - expected.loss)).toBeLessThan(digits * Math.max(1, Math.abs(expected.loss)));
  return pair;
}

const primitivesOf = ({ planned }: Pair, layer: string) =>
  planned.net.plan?.steps.filter(({ layers }) => layers.includes(layer)).map(({ primitive }) => primitive) ?? [];

describeEngine('a training plan', () => {
  test('has the gradients of fully connected layers for batches and layers of any size', async () => {
    const sizes = fc.record({
      batch: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(16, 64, 65, 70)),
      channels: fc.integer({ min: 1, max: 9 }),
      size: fc.integer({ min: 1, max: 9 }),
      outputs: fc.integer({ min: 1, max: 150 }),
      transpose: fc.boolean(),
      batches: fc.integer({ min: 1, max: 2 }),
    });
    await fc.assert(
      fc.asyncProperty(sizes, async ({ batch, channels, size, outputs, transpose, batches }) => {
        // The lower one has a gradient to hand on to the upper one of the two.
        const layers = `${connected('lower', 'data', outputs, transpose)} ${connected('upper', 'lower', 13, !transpose)}`;
        const pair = await stepped(drawnNet(withLoss(layers, 'upper'), { batch, channels, size }), `${SLOW} iter_size: ${batches}`);
        expectSame(pair, 'diff', 1e-4);
        await dispose(pair);
      }),
      { numRuns: 40 },
    );
  });

  test.each([1, 2])('has those of great groups, one after the other, over %i batches', async (batches) => {
    const layers = `${convolution('one', 'data', 'num_output: 128 kernel_size: 1')} ${relu('one')}
      ${convolution('two', 'one', 'num_output: 160 kernel_size: 3 pad: 1 group: 2')} ${relu('two')}
      ${convolution('three', 'two', 'num_output: 128 kernel_size: 3 pad: 1 group: 2 bias_term: false')}`;
    const pair = await stepped(drawnNet(withLoss(layers, 'three'), { batch: 4, channels: 16, size: 13 }), `${BARE} iter_size: ${batches}`);
    expectSame(pair);
    if (primitivesOf(pair, 'one').join().includes('avx512')) {
      expect(primitivesOf(pair, 'two')).toEqual([expect.stringContaining('wino'), expect.stringContaining('wino')]);
    }
    await dispose(pair);
  });

  const framed = (bias: boolean, slope: number) => `${convolution('below', 'data', 'num_output: 32 kernel_size: 3')}
    ${convolution('framed', 'below', `num_output: 40 kernel_size: 1 pad_h: 2 pad_w: 1 bias_term: ${bias}`)}
    layer { name: "relu" type: "ReLU" bottom: "framed" top: "framed" relu_param { negative_slope: ${slope} } }
    layer { name: "pool" type: "Pooling" bottom: "framed" top: "pool" pooling_param { pool: AVE kernel_size: 3 stride: 2 } }`;

  test.each([
    [true, 0],
    [true, 0.1],
    [false, 0],
  ])('has those of a padded kernel of 1, whose border is its bias (%s), slope %d', async (bias, slope) => {
    const pair = await stepped(drawnNet(withLoss(framed(bias, slope), 'pool'), { batch: 4, channels: 16, size: 11 }));
    expectSame(pair);
    expect(primitivesOf(pair, 'framed').join()).not.toMatch(/gemm|ref/);
    await dispose(pair);
  });

  test('has those beneath a concatenation so great that it is written past the caches', async () => {
    const layers = `${convolution('left', 'data', 'num_output: 16 kernel_size: 1')} ${relu('left')}
      ${convolution('right', 'data', 'num_output: 16 kernel_size: 1')} ${relu('right')}
      layer { name: "both" type: "Concat" bottom: "left" bottom: "right" top: "both" }
      layer { name: "pool" type: "Pooling" bottom: "both" top: "pool" pooling_param { pool: AVE kernel_size: 9 stride: 9 } }`;
    const pair = await stepped(drawnNet(withLoss(layers, 'pool'), { batch: 4, channels: 3, size: 193 }));
    expectSame(pair);
    await dispose(pair);
  });

  bf16('has them in bf16, as far as its digits go', async () => {
    const net = drawnNet(withLoss(framed(true, 0), 'pool'), { batch: 4, channels: 16, size: 11 });
    const pair = await stepped(net, BARE, { precision: 'bf16' });
    expect(Math.max(...Object.values(deviations(pair.planned.net, pair.caffe.net, 'diff')))).toBeLessThan(0.1);
    await dispose(pair);
  });
});
