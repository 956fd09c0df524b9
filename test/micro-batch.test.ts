import { MicroBatcher } from '../lib/micro-batch';
import { failureOf } from './support/failure';

/** Doubles numbers, in batches that are written down, each when it is let go. */
function doubler(limit: number) {
  const batches: number[][] = [];
  const signals: AbortSignal[] = [];
  const releases: (() => void)[] = [];
  let held = false;
  const batcher = new MicroBatcher<number, number>(limit, async (items, signal) => {
    batches.push(items);
    signals.push(signal);
    if (held)
      await new Promise<void>((resolve) => {
        releases.push(resolve);
      });
    if (items.includes(13)) throw new Error('13 is not doubled');
    return items.map((item) => 2 * item);
  });
  const hold = (on: boolean) => {
    held = on;
    if (!on) for (const release of releases.splice(0)) release();
  };
  return { batcher, batches, signals, hold };
}

const turn = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

test('requests of the same turn share a batch, as many as fit, in their order', async () => {
  const { batcher, batches } = doubler(4);
  const results = await Promise.all([batcher.add([1, 2]), batcher.add([3]), batcher.add([4, 5]), batcher.add([]), batcher.add([6])]);
  expect(results).toEqual([[2, 4], [6], [8, 10], [], [12]]);
  expect(batches).toEqual([
    [1, 2, 3],
    [4, 5, 6],
  ]);
});

test('what comes during a run waits for the next', async () => {
  const { batcher, batches, hold } = doubler(8);
  hold(true);
  const first = batcher.add([1]);
  await turn();
  const later = [batcher.add([2]), batcher.add([3])];
  await turn();
  expect(batches).toEqual([[1]]);
  hold(false);
  expect(await Promise.all([first, ...later])).toEqual([[2], [4], [6]]);
  expect(batches).toEqual([[1], [2, 3]]);
});

test('a full batch is begun during a run, and no third one', async () => {
  const { batcher, batches, hold } = doubler(2);
  hold(true);
  const first = batcher.add([1]);
  await turn();
  const later = [batcher.add([2])];
  await turn();
  expect(batches).toEqual([[1]]);
  later.push(batcher.add([3]), batcher.add([4, 5]));
  await turn();
  expect(batches).toEqual([[1], [2, 3]]);
  hold(false);
  expect(await Promise.all([first, ...later])).toEqual([[2], [4], [6], [8, 10]]);
  expect(batches).toEqual([[1], [2, 3], [4, 5]]);
});

test('a failure rejects its batch, and no other', async () => {
  const { batcher } = doubler(2);
  const results = await Promise.allSettled([batcher.add([1]), batcher.add([13]), batcher.add([4])]);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
  expect(await batcher.add([5])).toEqual([10]);
});

test('a request larger than the limit is a batch of its own', async () => {
  const { batcher, batches } = doubler(2);
  expect(await Promise.all([batcher.add([1]), batcher.add([2, 3, 4])])).toEqual([[2], [4, 6, 8]]);
  expect(batches).toEqual([[1], [2, 3, 4]]);
});

test('an abort rejects at once; the run ends only when nobody waits for it', async () => {
  const { batcher, batches, signals, hold } = doubler(2);
  hold(true);
  const [one, two] = [new AbortController(), new AbortController()];
  const failures = [failureOf(batcher.add([1], one.signal)), failureOf(batcher.add([2], two.signal))];
  const waiting = new AbortController();
  const third = failureOf(batcher.add([3], waiting.signal));
  await turn();
  waiting.abort();
  expect((await third).code).toBe('ERR_CAFFE_ABORTED');
  one.abort();
  expect((await failures[0])?.code).toBe('ERR_CAFFE_ABORTED');
  expect(signals[0]?.aborted).toBe(false);
  two.abort();
  expect((await failures[1])?.code).toBe('ERR_CAFFE_ABORTED');
  expect(signals[0]?.aborted).toBe(true);
  hold(false);
  expect(await batcher.add([4])).toEqual([8]);
  expect(batches).toEqual([[1, 2], [4]]);
  expect((await failureOf(batcher.add([5], AbortSignal.abort()))).code).toBe('ERR_CAFFE_ABORTED');
});
