/** Requests that come at about the same time, gathered into batches, so that each costs a share of a run and not a run. */
import { abortError, throwIfAborted } from './abort';

interface Request<Item, Result> {
  items: readonly Item[];
  resolve(results: Result[]): void;
  reject(error: unknown): void;
  aborted: boolean;
}

export class MicroBatcher<Item, Result> {
  private readonly waiting: Request<Item, Result>[] = [];
  private current: { requests: Request<Item, Result>[]; controller: AbortController } | undefined;

  /**
   * @param limit most items of a batch, from 1; only a single request may hold more.
   * @param work  gives one result for each item; the signal aborts when nobody waits for any of them.
   */
  constructor(
    private readonly limit: number,
    private readonly work: (items: Item[], signal: AbortSignal) => Promise<Result[]>,
  ) {}

  /** The results for a few items that belong to one batch. An abort rejects at once; the other requests of the batch go on. */
  async add(items: readonly Item[], signal?: AbortSignal): Promise<Result[]> {
    throwIfAborted(signal);
    let onAbort = () => {};
    try {
      return await new Promise<Result[]>((resolve, reject) => {
        const request: Request<Item, Result> = { items, resolve, reject, aborted: false };
        onAbort = () => this.abort(request, abortError(signal));
        signal?.addEventListener('abort', onAbort, { once: true });
        this.waiting.push(request);
        if (this.waiting.length === 1 && !this.current) setImmediate(() => this.drain());
      });
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  private abort(request: Request<Item, Result>, error: unknown): void {
    request.aborted = true;
    request.reject(error);
    if (this.current?.requests.every(({ aborted }) => aborted)) this.current.controller.abort();
  }

  private async drain(): Promise<void> {
    if (this.current) return;
    for (let requests = this.next(); requests.length > 0; requests = this.next()) {
      this.current = { requests, controller: new AbortController() };
      await this.run(requests, this.current.controller.signal);
    }
    this.current = undefined;
  }

  /** The requests of the next batch: as many as fit, in their order. */
  private next(): Request<Item, Result>[] {
    const requests: Request<Item, Result>[] = [];
    let count = 0;
    for (let first = this.waiting[0]; first; first = this.waiting[0]) {
      if (requests.length > 0 && count + first.items.length > this.limit) break;
      this.waiting.shift();
      if (first.aborted) continue;
      requests.push(first);
      count += first.items.length;
    }
    return requests;
  }

  private async run(requests: Request<Item, Result>[], signal: AbortSignal): Promise<void> {
    try {
      const results = await this.work(
        requests.flatMap(({ items }) => items),
        signal,
      );
      let first = 0;
      for (const { items, resolve } of requests) {
        resolve(results.slice(first, first + items.length));
        first += items.length;
      }
    } catch (error) {
      for (const { reject } of requests) reject(error);
    }
  }
}
