import { Net } from '../../lib/net';
import { parse } from '../../lib/prototxt';
import { timeNet } from '../../lib/tools';
import { failureOf } from '../support/failure';
import { temporaryFolder } from '../support/folders';
import { LINEAR, TINY } from '../support/networks';

const at = temporaryFolder();

describe('timeNet', () => {
  test('times each layer of the net, forward and backward', async () => {
    const progress: unknown[] = [];
    const timing = await timeNet(TINY, { iterations: 3, onProgress: (one) => progress.push(one) });
    const net = await Net.from(TINY, { phase: 'train' });
    expect(timing.layers.map(({ name, type }) => ({ name, type }))).toEqual(net.layers.map(({ name, type }) => ({ name, type })));
    await net.dispose();

    expect(timing.iterations).toBe(3);
    expect(progress).toEqual([1, 2, 3].map((done) => ({ done, total: 3 })));
    for (const pass of ['forward', 'backward'] as const) {
      const means = timing.layers.map((layer) => layer[pass].mean);
      expect(means.every((mean) => Number.isFinite(mean) && mean >= 0)).toBe(true);
      expect(timing.layers.every((layer) => layer[pass].min <= layer[pass].mean)).toBe(true);
      // A whole pass is its layers and what is done between them.
      expect(means.reduce((sum, mean) => sum + mean, 0)).toBeLessThanOrEqual(timing[pass].mean);
    }
    expect(timing.total.mean).toBeCloseTo(timing.forward.mean + timing.backward.mean, 9);
  });

  test('takes a document, or a file with its phase, stages and weights', async () => {
    const net = await Net.from(LINEAR);
    await net.save(at('linear.caffemodel'));
    await net.dispose();
    const staged = LINEAR.replace('name: "fc" type', 'name: "fc" include { stage: "late" } type');
    const timing = await timeNet(parse(staged), { phase: 'test', stages: ['late'], weights: at('linear.caffemodel'), iterations: 1 });
    expect(timing.layers.map(({ name }) => name)).toEqual(['data', 'fc']);
    expect((await timeNet(parse(staged), { phase: 'test', iterations: 1 })).layers.map(({ name }) => name)).toEqual(['data']);
  });

  test.each([
    ['no iterations', TINY, { iterations: 0 }, 'ERR_CAFFE_INPUT'],
    ['half an iteration', TINY, { iterations: 1.5 }, 'ERR_CAFFE_INPUT'],
    ['an unknown phase', TINY, { phase: 'deploy' }, 'ERR_CAFFE_INPUT'],
    ['no network', undefined, {}, 'ERR_CAFFE_INPUT'],
    ['a file that is not there', '/nonexistent/net.prototxt', {}, 'ERR_CAFFE_FILE'],
    ['a syntax error', 'layer { name: }', {}, 'ERR_CAFFE_PROTOTXT'],
    ['weights that are not there', LINEAR, { weights: '/nonexistent/net.caffemodel' }, 'ERR_CAFFE_FILE'],
  ])('refuses %s', async (_, source, options, code) => {
    expect(await failureOf(timeNet(source as string, options as object))).toMatchObject({ code });
    expect((await timeNet(LINEAR, { iterations: 1 })).layers).toHaveLength(2);
  });

  test('names the layer when a label is no class, and does not run its backward pass', async () => {
    const filler = 'data_filler { type: "constant" value: 7 }';
    const wrong = TINY.replace(
      'type: "Input" top: "label" input_param { shape { dim: 8 } }',
      `type: "DummyData" top: "label" dummy_data_param { shape { dim: 8 } ${filler} }`,
    );
    expect(await failureOf(timeNet(wrong, { iterations: 1 }))).toMatchObject({ code: 'ERR_CAFFE_INPUT', layer: 'loss' });
  });

  test('ends when it is aborted', async () => {
    const controller = new AbortController();
    const work = timeNet(TINY, { iterations: 1000000, signal: controller.signal, onProgress: () => controller.abort('enough') });
    expect(await failureOf(work)).toMatchObject({ code: 'ERR_CAFFE_ABORTED', name: 'AbortError', cause: 'enough' });
    expect(await failureOf(timeNet(TINY, { signal: AbortSignal.abort() }))).toMatchObject({ code: 'ERR_CAFFE_ABORTED' });
  });
});
