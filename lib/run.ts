/** A long job as one object: a promise for its result that is also an iterable of its events. */
import { throwIfAborted } from './abort';
import { readOptions } from './given';

/**
 * A real promise with extras (the pattern of execa). The job starts at once; iterating and awaiting are independent, and several
 * listeners may iterate the same run.
 *
 * - Leaving a loop only stops listening; the job goes on.
 * - Events that nobody listens to are dropped, but for the last of each type, which the next listener is given first.
 * - A rejection counts as handled once the run has been iterated: the iteration throws it at its end.
 *
 * ```ts
 * const run = train({ dataset, network });
 * for await (const event of run) if (event.type === 'validation') console.log(event.accuracy);
 * const model = await run;
 * ```
 */
export interface Run<Event, Result> extends Promise<Result>, AsyncIterable<Event> {
  /** Ends the job early but in good order, at its next iteration; resolves with the result that was reached. */
  stop(): Promise<Result>;
}

/** What the job itself is given; its functions may be taken out of it. */
export interface RunControl<Event> {
  /** Hands an event to whoever listens. */
  emit(this: void, event: Event): void;
  /** True once the job is to end early: `stop()` was called or the signal aborted. */
  stopping(this: void): boolean;
  /** Aborted at that moment, for parts of the job that are not worth waiting for then. */
  readonly signal: AbortSignal;
}

/**
 * Starts `work` and wraps it as a {@link Run}. Whatever `work` throws becomes the rejection.
 *
 * @param work   looks at `stopping()` now and then, and ends in good order.
 * @param options what the caller gave: aborting its `signal` ends the job as `stop()` does, but the run then rejects with an AbortError.
 */
export function startRun<Event extends object, Result>(
  work: (control: RunControl<Event>) => Promise<Result>,
  options?: { signal?: AbortSignal },
): Run<Event, Result> {
  const events = new EventHub<Event>();
  const ending = new AbortController();

  const job = workUnderSignal(async (signal) => {
    const end = () => ending.abort(signal?.reason);
    signal?.addEventListener('abort', end, { once: true });
    try {
      const stopping = () => ending.signal.aborted;
      return await work({ emit: (event) => events.emit(event), stopping, signal: ending.signal });
    } finally {
      signal?.removeEventListener('abort', end);
    }
  }, options);
  job.then(
    () => events.end(),
    (error) => events.fail(error),
  );

  // A promise of its own, so that a failure nobody awaits or iterates is reported by Node as any unhandled rejection.
  const result = job.then((value) => value);
  return Object.assign(result, {
    stop() {
      ending.abort();
      return result;
    },
    [Symbol.asyncIterator]() {
      result.catch(() => {});
      return events.listen();
    },
  });
}

async function workUnderSignal<Result>(
  work: (signal: AbortSignal | undefined) => Promise<Result>,
  options: { signal?: AbortSignal } | undefined,
): Promise<Result> {
  const { signal } = readOptions(options, ['signal']);
  throwIfAborted(signal);
  const result = await work(signal);
  throwIfAborted(signal);
  return result;
}

/** A listener that stops pulling without leaving its loop keeps at most this many events; then it, too, keeps the last of each type only. */
const BACKLOG = 4096;

type Ending = { error?: unknown; failed: boolean };

/** Hands events to any number of listeners. */
class EventHub<Event extends object> {
  private readonly listeners = new Set<Listener<Event>>();
  private unread: Event[] = [];
  private ending?: Ending;

  emit(event: Event): void {
    if (this.listeners.size === 0) this.unread = lastOfEachType([...this.unread, event]);
    for (const listener of this.listeners) listener.push(event);
  }

  end(): void {
    this.finish({ failed: false });
  }

  fail(error: unknown): void {
    this.finish({ failed: true, error });
  }

  listen(): AsyncIterator<Event> {
    const listener = new Listener<Event>(this.unread, () => this.listeners.delete(listener));
    this.unread = [];
    if (this.ending) listener.finish(this.ending);
    else this.listeners.add(listener);
    return listener;
  }

  private finish(ending: Ending): void {
    this.ending = ending;
    for (const listener of this.listeners) listener.finish(ending);
    this.listeners.clear();
  }
}

/** One `for await` loop: the events it has not taken yet, or the calls of `next` that wait for one. */
class Listener<Event extends object> implements AsyncIterator<Event> {
  private backlog: Event[];
  private readonly waiting: { resolve(result: IteratorResult<Event>): void; reject(error: unknown): void }[] = [];
  private ending?: Ending;

  constructor(
    unread: Event[],
    private readonly leave: () => void,
  ) {
    this.backlog = unread;
  }

  push(event: Event): void {
    const reader = this.waiting.shift();
    if (reader) {
      reader.resolve({ value: event, done: false });
      return;
    }
    this.backlog.push(event);
    if (this.backlog.length > BACKLOG) this.backlog = lastOfEachType(this.backlog);
  }

  finish(ending: Ending): void {
    this.ending = ending;
    // One reader is told of a failure, the others only that it is over, as with a generator.
    for (const reader of this.waiting.splice(0)) this.conclude().then(reader.resolve, reader.reject);
  }

  next(): Promise<IteratorResult<Event>> {
    const event = this.backlog.shift();
    if (event) return Promise.resolve({ value: event, done: false });
    if (this.ending) return this.conclude();
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }));
  }

  async return(): Promise<IteratorResult<Event>> {
    this.leave();
    this.backlog = [];
    this.finish({ failed: false });
    return { value: undefined, done: true };
  }

  private async conclude(): Promise<IteratorResult<Event>> {
    const { failed, error } = this.ending ?? { failed: false };
    this.ending = { failed: false };
    if (failed) throw error;
    return { value: undefined, done: true };
  }
}

/** Keeps the last event of each `type`, in their order; events without a `type` are one type. */
function lastOfEachType<Event extends object>(events: Event[]): Event[] {
  const last = new Map<unknown, Event>();
  for (const event of events) {
    const type = 'type' in event ? event.type : undefined;
    last.delete(type);
    last.set(type, event);
  }
  return [...last.values()];
}
