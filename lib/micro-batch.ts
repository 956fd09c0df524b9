/** Requests that come at about the same time, gathered into batches, so that each costs a share of a run and not a run. */
import { abortError, throwIfAborted } from './abort';

interface Request<Item, Result> {
  items: readonly Item[];
  resolve(results: Result[]): void;
  reject(error: unknown): void;
  aborted: boolean;
}

interface Batch<Item, Result> {
  requests: Request<Item, Result>[];
  controller: AbortController;
}

/** One runs, the next is got ready meanwhile. */
const MOST_BATCHES = 2;

export class MicroBatcher<Item, Result> {
  private readonly waiting: Request<Item, Result>[] = [];
  private readonly batches = new Set<Batch<Item, Result>>();
  private startsSoon = false;

  /**
   * @param limit most items of a batch, from 1; only a single request may hold more.
   * @param work  gives one result for each item; the signal aborts when nobody waits for any of them. A second batch is begun while the
   *   first is not done when it is full: it would not gain by waiting.
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
        this.startSoon();
      });
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  private abort(request: Request<Item, Result>, error: unknown): void {
    request.aborted = true;
    request.reject(error);
    for (const { requests, controller } of this.batches) {
      if (requests.includes(request) && requests.every(({ aborted }) => aborted)) controller.abort();
    }
  }

  /** When the other requests of this turn are there, too. */
  private startSoon(): void {
    if (this.startsSoon) return;
    this.startsSoon = true;
    setImmediate(() => {
      this.startsSoon = false;
      this.start();
    });
  }

  private start(): void {
    while (this.batches.size === 0 || (this.batches.size < MOST_BATCHES && this.isFull())) {
      const requests = this.next();
      if (requests.length === 0) return;
      void this.run({ requests, controller: new AbortController() });
    }
  }

  private isFull(): boolean {
    return this.waiting.reduce((count, { items, aborted }) => (aborted ? count : count + items.length), 0) >= this.limit;
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

  private async run(batch: Batch<Item, Result>): Promise<void> {
    this.batches.add(batch);
    const { requests, controller } = batch;
    try {
      const results = await this.work(
        requests.flatMap(({ items }) => items),
        controller.signal,
      );
      let first = 0;
      for (const { items, resolve } of requests) {
        resolve(results.slice(first, first + items.length));
        first += items.length;
      }
    } catch (error) {
      for (const { reject } of requests) reject(error);
    } finally {
      this.batches.delete(batch);
      this.start();
    }
  }
}
