/** Callbacks that a solver's iteration waits for. */
import { CaffeError, describe } from './errors';

export type SolverCallback = () => unknown;

/** Callbacks for one point of the iteration, run one after the other in the order in which they were added. */
export class SolverCallbacks {
  readonly #entries = new Set<{ callback: SolverCallback }>();

  /**
   * @returns takes this callback away again.
   * @throws {CaffeError} ERR_CAFFE_INPUT for anything but a function.
   */
  add(callback: SolverCallback): () => void {
    if (typeof callback !== 'function') {
      throw new CaffeError('ERR_CAFFE_INPUT', `A callback must be a function; ${describe(callback)} was given.`);
    }
    const entry = { callback }; // a function that is added twice runs twice
    this.#entries.add(entry);
    return () => void this.#entries.delete(entry);
  }

  /** What the native solver is to call; undefined where it need not wait for anybody. */
  get runner(): (() => Promise<void>) | undefined {
    if (this.#entries.size === 0) return undefined;
    return async () => {
      for (const { callback } of [...this.#entries]) await callback();
    };
  }
}
