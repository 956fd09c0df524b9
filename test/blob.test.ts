import { Net } from '../lib/net';
import { runChild } from './support/child';
import { failureOf } from './support/failure';
import { LINEAR, TINY } from './support/networks';
import { wave } from './support/shared';

let net: Net;
beforeEach(async () => {
  net = await Net.from(TINY);
});
afterEach(async () => {
  expect(
    (await net.forward({ data: { shape: [8, 2, 6, 6], data: wave(8 * 72, 1) }, label: new Float32Array(8) })).loss?.data[0],
  ).toBeGreaterThan(0);
  await net.dispose();
});

describe('a blob', () => {
  test('has num, channels, height and width, where it has at most four axes', async () => {
    const { data, fc, loss, label } = net.blobs;
    expect([data?.num, data?.channels, data?.height, data?.width]).toEqual([8, 2, 6, 6]);
    expect([fc?.num, fc?.channels, fc?.height, fc?.width]).toEqual([8, 3, 1, 1]);
    expect([loss?.num, loss?.width, label?.num, label?.channels]).toEqual([1, 1, 8, 1]);
    const five = await Net.from('layer { name: "d" type: "Input" top: "d" input_param { shape { dim: 1 dim: 2 dim: 3 dim: 4 dim: 5 } } }');
    expect(() => five.blobs.d?.num).toThrow(expect.objectContaining({ code: 'ERR_CAFFE_SHAPE', blob: 'd' }));
    await five.dispose();
  });

  test('is copied by toTensor', async () => {
    const { data } = net.blobs;
    data?.set(wave(8 * 72, 2));
    const copy = data?.toTensor();
    data?.data.fill(0);
    expect(copy).toEqual({ shape: [8, 2, 6, 6], data: wave(8 * 72, 2) });
    expect(data?.toTensor('diff').data.every((value) => value === 0)).toBe(true);
    expect(() => data?.toTensor('values' as never)).toThrow(expect.objectContaining({ code: 'ERR_CAFFE_INPUT' }));
    const run = net.forward();
    expect(() => data?.toTensor()).toThrow(expect.objectContaining({ code: 'ERR_CAFFE_BUSY' }));
    await run;
  });

  test('sums and scales its values and its gradients, after the runs before', async () => {
    const { data } = net.blobs;
    data?.set(Float32Array.from({ length: 8 * 72 }, (_, index) => (index % 2 ? -0.5 : 2)));
    if (data) data.diff = new Float32Array(8 * 72).fill(-3);
    expect(await data?.asum()).toBeCloseTo(288 * 2.5, 2);
    expect(await data?.sumsq()).toBeCloseTo(288 * 4.25, 2);
    expect(await data?.asum('diff')).toBeCloseTo(576 * 3, 2);
    expect(await data?.sumsq('diff')).toBeCloseTo(576 * 9, 2);
    const [, sum] = await Promise.all([data?.scale(-2), data?.asum(), net.forward()]);
    expect(sum).toBeCloseTo(288 * 5, 2);
    expect(data?.data[0]).toBe(-4);
    await data?.scale(0.5, 'diff');
    expect(data?.diff[0]).toBe(-1.5);
    expect(await net.params.fc?.[1]?.asum()).toBe(0);
    await net.params.fc?.[0]?.scale(0);
    expect(await net.params.fc?.[0]?.sumsq()).toBe(0);
    for (const factor of [Number.NaN, Number.POSITIVE_INFINITY, '2', undefined, null]) {
      expect((await failureOf(data?.scale(factor as never) ?? Promise.resolve())).code).toBe('ERR_CAFFE_INPUT');
    }
    expect((await failureOf(data?.asum('values' as never) ?? Promise.resolve())).code).toBe('ERR_CAFFE_INPUT');
  });

  test('refuses everything once its net is disposed', async () => {
    const other = await Net.from(LINEAR);
    const { data } = other.blobs;
    await other.dispose();
    for (const use of [
      () => data?.shape,
      () => data?.num,
      () => data?.data,
      () => data?.toTensor(),
      () => data?.set([1, 2, 3]),
      () => data?.reshape(2, 3),
    ]) {
      expect(use).toThrow(expect.objectContaining({ code: 'ERR_CAFFE_DISPOSED' }));
    }
    for (const use of [data?.read(), data?.asum(), data?.sumsq(), data?.scale(1)]) {
      expect((await failureOf(use ?? Promise.resolve())).code).toBe('ERR_CAFFE_DISPOSED');
    }
  });
});

describe('a view', () => {
  test('stays live while the net is fed, and is the same object while the memory is', async () => {
    const view = net.blobs.data?.data;
    await net.forward({ data: wave(8 * 72, 3) });
    expect(view).toEqual(wave(8 * 72, 3));
    expect(net.blobs.data?.data).toBe(view);
    view?.fill(0.25);
    const { data } = await net.forward({}, { blobs: ['data'] });
    expect(data?.data[5]).toBe(0.25);
  });

  test('of a blob that was fed without a view is live from then on', async () => {
    await net.forward({ data: wave(8 * 72, 3) });
    await net.forward({ data: wave(8 * 72, 4) });
    const view = net.blobs.data?.data;
    expect(view).toEqual(wave(8 * 72, 4));
    view?.fill(1);
    expect((await net.forward({}, { blobs: ['data'] })).data?.data[0]).toBe(1);
  });

  test('feeding copies: the caller’s array may change as soon as the call returns', async () => {
    const values = wave(8 * 72, 3);
    const run = net.forward({ data: values }, { blobs: ['data'] });
    values.fill(0);
    expect((await run).data?.data).toEqual(wave(8 * 72, 3));
    const again = await net.forward({}, { blobs: ['data'] });
    expect(again.data?.data).toEqual(wave(8 * 72, 3));
  });

  test('a blob that shrank and grew again keeps inside its memory', async () => {
    for (const items of [16, 2, 8, 16, 1, 8]) {
      const { data } = await net.forward(
        { data: { shape: [items, 2, 6, 6], data: wave(items * 72, items) }, label: { shape: [items], data: new Float32Array(items) } },
        { blobs: ['data'] },
      );
      expect(data?.data).toEqual(wave(items * 72, items));
    }
  });

  test.each([
    'outlives reshape and dispose',
    'outlives its blob and its net',
    'is transferred away',
    'goes with its worker',
    'of memory that a data layer lends is a copy',
  ])('%s', async (way) => {
    expect(await runChild('views.js', way, ['--expose-gc'])).toEqual({ code: 0, signal: null, stdout: 'good\n', stderr: '' });
  });
});
