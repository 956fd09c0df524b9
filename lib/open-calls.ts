import { CaffeError } from './errors';

/** The calls of an object that are under way, so that it is freed after the last of them, once. */
export class OpenCalls {
  readonly #calls = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;

  /** @param what of the object, for messages: 'classifier'. */
  constructor(private readonly what: string) {}

  /** @throws {CaffeError} ERR_CAFFE_DISPOSED after {@link close}; what the work throws. */
  async start<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#closing) throw new CaffeError('ERR_CAFFE_DISPOSED', `This ${this.what} was disposed.`, { hint: 'Open another one.' });
    const call = work();
    this.#calls.add(call);
    try {
      return await call;
    } finally {
      this.#calls.delete(call);
    }
  }

  /** Refuses further calls, waits for those under way, then frees; a second time it only waits. */
  close(free: () => Promise<void>): Promise<void> {
    this.#closing ??= Promise.allSettled(this.#calls).then(free);
    return this.#closing;
  }
}
