/** Batches that a plan cuts into parts: by one thread after the other, by all together, and by each on its own. */
import { caffe } from '../../lib/caffe';
import { Net } from '../../lib/net';
import type { Tensors } from '../../lib/tensor';
import { expectClose, noise } from '../support/engine';
import { failureOf } from '../support/failure';

const describeEngine = caffe.features.onednn ? describe : describe.skip;

const SIZE = 24;
/** Each kind of memory that a part can have: of groups of channels, in a concatenation, around a padded kernel of 1, overwritten, left for the whole batch. */
const NETWORK = `
  layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 dim: ${SIZE} dim: ${SIZE} } } }
  layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" convolution_param { num_output: 32 kernel_size: 3 pad: 1 weight_filler { type: "xavier" } bias_filler { type: "uniform" } } }
  layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
  layer { name: "norm" type: "LRN" bottom: "conv" top: "norm" }
  layer { name: "left" type: "Convolution" bottom: "norm" top: "left" convolution_param { num_output: 16 kernel_size: 1 pad: 1 weight_filler { type: "xavier" } bias_filler { type: "uniform" } } }
  layer { name: "right" type: "Convolution" bottom: "norm" top: "right" convolution_param { num_output: 16 kernel_size: 3 pad: 2 weight_filler { type: "xavier" } } }
  layer { name: "both" type: "Concat" bottom: "left" bottom: "right" top: "both" }
  layer { name: "groups" type: "Convolution" bottom: "both" top: "groups" convolution_param { num_output: 128 group: 2 kernel_size: 3 pad: 1 weight_filler { type: "xavier" } } }
  layer { name: "scale" type: "Scale" bottom: "groups" top: "groups" scale_param { filler { type: "uniform" min: 0.5 max: 2 } bias_term: true bias_filler { type: "uniform" } } }
  layer { name: "clip" type: "ReLU" bottom: "groups" top: "groups" }
  layer { name: "pool" type: "Pooling" bottom: "groups" top: "pool" pooling_param { kernel_size: 3 stride: 2 } }
  layer { name: "elu" type: "ELU" bottom: "pool" top: "elu" }
  layer { name: "score" type: "InnerProduct" bottom: "elu" top: "score" inner_product_param { num_output: 5 weight_filler { type: "xavier" } } }
  layer { name: "prob" type: "Softmax" bottom: "score" top: "prob" }`;
const images = (items: number) => ({ data: { shape: [items, 3, SIZE, SIZE], data: noise(items * 3 * SIZE * SIZE, items) } });

const only = (all: Tensors, names: readonly string[]) => Object.fromEntries(Object.entries(all).filter(([name]) => names.includes(name)));

describeEngine('parts of a batch', () => {
  const before = caffe.threads;
  afterEach(() => caffe.setThreads(before));

  async function pair(): Promise<{ fast: Net; slow: Net }> {
    const slow = await Net.from(NETWORK, { engine: 'caffe' });
    return { slow, fast: await Net.from(NETWORK, { engine: 'onednn', weights: await slow.toBuffer() }) };
  }

  test.each([1, 2, 3, 4])(
    'with %d threads a plan computes what Caffe does, for batches that come out evenly and others',
    async (threads) => {
      const { fast, slow } = await pair();
      caffe.setThreads(threads);
      for (const items of [1, 2, 3, 4, 7, 8, 13]) {
        const blobs = { blobs: ['pool', 'prob', 'norm'] };
        const [found, expected] = [await fast.forward(images(items), blobs), await slow.forward(images(items), blobs)];
        // Where sums are up to 6, Winograd's algorithm leaves six digits of them.
        for (const [names, digits] of [[['pool'], 4.5] as const, [['prob', 'norm'], 5] as const]) {
          expectClose(only(found, names), only(expected, names), digits);
        }
      }
      expect(fast.plan?.steps.filter(({ engine }) => engine === 'caffe')).toEqual([]);
      await Promise.all([fast.dispose(), slow.dispose()]);
    },
  );

  test('parameters that change are taken up for all parts', async () => {
    const { fast, slow } = await pair();
    caffe.setThreads(2);
    await fast.forward(images(6));
    for (const net of [fast, slow]) {
      for (const layer of ['conv', 'left', 'groups', 'score']) {
        const [weights] = net.params[layer] ?? [];
        // Scores of hundreds would be off in a probability by their last digits.
        weights?.set(noise(weights.count, 9).map((value) => value / Math.sqrt(weights.count)));
      }
    }
    expectClose(await fast.forward(images(6)), await slow.forward(images(6)), 4);
    await Promise.all([fast.dispose(), slow.dispose()]);
  });

  test('the time of a step is its share of the time that passed', async () => {
    const { fast, slow } = await pair();
    caffe.setThreads(2);
    await fast.forward(images(32));
    const start = performance.now();
    await fast.forward(images(32), { timed: true });
    const passed = performance.now() - start;
    const steps = fast.plan?.steps ?? [];
    for (const { milliseconds } of steps) expect(milliseconds).toBeGreaterThan(0);
    expect(steps.reduce((sum, { milliseconds }) => sum + milliseconds, 0)).toBeLessThanOrEqual(passed);
    await Promise.all([fast.dispose(), slow.dispose()]);
  });

  test('a run is stopped in the middle of its parts, and the next one is right', async () => {
    const { fast, slow } = await pair();
    caffe.setThreads(2);
    const many = images(200);
    await fast.forward(many);
    const controller = new AbortController();
    const run = failureOf(fast.forward(many, { signal: controller.signal }));
    setTimeout(() => controller.abort(), 5);
    expect(await run).toMatchObject({ code: 'ERR_CAFFE_ABORTED' });
    expectClose(await fast.forward(images(8)), await slow.forward(images(8)), 5);
    await Promise.all([fast.dispose(), slow.dispose()]);
  });
});
