import { type RunControl, startRun } from '../lib/run';
import { failureOf } from './support/failure';

type Event = { type: 'tick'; count: number } | { type: 'tock' };
const tick = (count: number): Event => ({ type: 'tick', count });

/** A job that ticks until it is stopped. */
async function tickUntilStopped({ emit, stopping }: RunControl<Event>): Promise<number> {
  let count = 0;
  for (; !stopping(); count++) {
    emit(tick(count));
    await new Promise(setImmediate);
  }
  return count;
}

async function collect<T>(run: AsyncIterable<T>): Promise<T[]> {
  const events: T[] = [];
  for await (const event of run) events.push(event);
  return events;
}

test('resolves as a promise and iterates its events, independently', async () => {
  const run = startRun<Event, string>(async ({ emit }) => {
    await new Promise(setImmediate);
    for (const count of [1, 2, 3]) emit(tick(count));
    return 'done';
  });
  const [events, again, result] = await Promise.all([collect(run), collect(run), run]);
  expect(events).toEqual([tick(1), tick(2), tick(3)]);
  expect(again).toEqual(events);
  expect(result).toBe('done');
});

test('is a real promise', async () => {
  const run = startRun<Event, number>(async () => 3);
  expect(run).toBeInstanceOf(Promise);
  expect(await run.then((value) => value + 1)).toBe(4);
  expect(await run.finally(() => {})).toBe(3);
});

test('keeps the last event of each type for a listener who comes late', async () => {
  const run = startRun<Event, void>(async ({ emit }) => {
    emit(tick(1));
    emit({ type: 'tock' });
    emit(tick(2));
  });
  await run;
  expect(await collect(run)).toEqual([{ type: 'tock' }, tick(2)]);
  expect(await collect(run)).toEqual([]);
});

test('goes on when a listener leaves its loop', async () => {
  const run = startRun(tickUntilStopped);
  for await (const event of run) if (event.type === 'tick' && event.count === 2) break;
  expect(await run.stop()).toBeGreaterThan(2);
});

test('stop() lets the job end and resolves with its result', async () => {
  const run = startRun(tickUntilStopped);
  const events = collect(run);
  expect(typeof (await run.stop())).toBe('number');
  expect((await events).length).toBeGreaterThan(0);
});

test('the iteration throws the rejection at its end, which then counts as handled', async () => {
  const unhandled = jest.fn();
  process.once('unhandledRejection', unhandled);
  const run = startRun<Event, void>(async ({ emit }) => {
    emit(tick(1));
    throw new Error('broken');
  });
  const seen: Event[] = [];
  const listening = async () => {
    for await (const event of run) seen.push(event);
  };
  await expect(listening()).rejects.toThrow('broken');
  await new Promise((resolve) => setTimeout(resolve, 20));
  process.removeListener('unhandledRejection', unhandled);
  expect(seen).toEqual([tick(1)]);
  expect(unhandled).not.toHaveBeenCalled();
});

test('what the job throws before its first await rejects', async () => {
  const run = startRun<Event, void>(() => {
    throw new Error('at once');
  });
  await expect(run).rejects.toThrow('at once');
});

test('an aborted signal ends the job in good order and rejects with an AbortError', async () => {
  const controller = new AbortController();
  let ended = false;
  const run = startRun<Event, number>(async (control) => {
    const count = await tickUntilStopped(control);
    ended = true;
    return count;
  }, controller);
  controller.abort(new Error('no time'));
  const failure = await failureOf(run);
  expect(failure).toMatchObject({ name: 'AbortError', code: 'ERR_CAFFE_ABORTED', cause: new Error('no time') });
  expect(ended).toBe(true);
});

test('a signal that was aborted before starts nothing', async () => {
  const work = jest.fn();
  const failure = await failureOf(startRun<Event, void>(work, { signal: AbortSignal.abort() }));
  expect(failure.code).toBe('ERR_CAFFE_ABORTED');
  expect(work).not.toHaveBeenCalled();
});

test('a listener that stops pulling holds a bounded number of events', async () => {
  const run = startRun<Event, void>(async ({ emit }) => {
    await new Promise(setImmediate);
    emit({ type: 'tock' });
    for (let count = 0; count < 10_000; count++) emit(tick(count));
  });
  const iterator = run[Symbol.asyncIterator]();
  await run;
  const rest = await collect({ [Symbol.asyncIterator]: () => iterator });
  expect(rest.length).toBeLessThan(5000);
  expect(rest).toContainEqual({ type: 'tock' });
  expect(rest.at(-1)).toEqual(tick(9999));
});
