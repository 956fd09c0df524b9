import { type NativeNetRequest, native } from '../../lib/native';
import { imageOf, writeDatabase } from '../support/databases';
import { failureOf } from '../support/failure';
import { temporaryFolder } from '../support/folders';
import { LINEAR } from '../support/networks';

const at = temporaryFolder();

const request: NativeNetRequest = { model: { text: LINEAR }, phase: 'test', level: 0, stages: [], weights: [], basePath: '' };

/** A synchronous refusal counts as a rejection: lib/ calls inside async functions. */
const refusal = (call: () => unknown) => failureOf((async () => call())());

describe('the addon refuses what lib/ would not hand down', () => {
  const wrong = (values: unknown[]) => values.map((value) => [typeof value === 'object' ? JSON.stringify(value) : String(value), value]);

  test.each(wrong([undefined, null, 7, 'text', {}, { ...request, model: 5 }, { ...request, stages: 'one' }]))(
    'openNetTiming(%s)',
    async (_, value) => {
      expect(await refusal(() => native.openNetTiming(value as NativeNetRequest))).toMatchObject({ code: 'ERR_CAFFE_INPUT' });
      const net = await native.openNetTiming(request);
      expect((await net.run()).forward).toHaveLength(2);
      await net.close();
    },
  );

  test.each(wrong([undefined, null, 7, {}]))('openImageMean(%s) and upgrades', async (_, value) => {
    for (const call of [native.openImageMean, native.upgradeNet, native.upgradeSolver]) {
      expect(await refusal(() => (call as (value: unknown) => unknown)(value))).toMatchObject({ code: 'ERR_CAFFE_INPUT' });
    }
    expect(await refusal(() => native.upgradeNetBinary('in', value as string))).toMatchObject({ code: 'ERR_CAFFE_INPUT' });
  });
});

test('a timed net that is closed refuses to run; closing again does nothing', async () => {
  const net = await native.openNetTiming(request);
  const running = net.run();
  const closing = net.close();
  expect((await running).backward).toHaveLength(2);
  await closing;
  expect(await refusal(() => net.run())).toMatchObject({ code: 'ERR_CAFFE_DISPOSED' });
  expect(await refusal(() => net.run({} as never))).toMatchObject({ code: 'ERR_CAFFE_INPUT' });
  await net.close();
});

test('a mean counts on where it was, and refuses after it was closed', async () => {
  const images = Array.from({ length: 5 }, (_, index) => imageOf(index));
  const mean = await native.openImageMean(await writeDatabase(at('db'), images));
  expect(mean.count).toBe(5);
  expect(await mean.add(2)).toBe(2);
  expect(await mean.add(0)).toBe(2);
  const two = (await mean.mean()).data;
  expect(two[0]).toBe(((images[0]?.pixels?.[2] ?? 0) + (images[1]?.pixels?.[2] ?? 0)) / 2);
  expect(await mean.add(100)).toBe(5);
  for (const count of [-1, 0.5, Number.NaN, '1']) {
    expect(await refusal(() => mean.add(count as number))).toMatchObject({ code: 'ERR_CAFFE_INPUT' });
  }
  await mean.close();
  expect(await refusal(() => mean.mean())).toMatchObject({ code: 'ERR_CAFFE_DISPOSED' });
  expect(await refusal(() => mean.add(1))).toMatchObject({ code: 'ERR_CAFFE_DISPOSED' });
});
