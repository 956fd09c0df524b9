/** The engine itself: what the linked Caffe is and can do, and the settings of this environment (the main thread, or a worker). */
import { EventEmitter } from 'node:events';
import { CaffeError } from './errors';
import { native } from './native';

/** A line that Caffe logs. */
export interface LogMessage {
  level: 'info' | 'warning' | 'error';
  /** Path of the source file in Caffe's repository. */
  file: string;
  line: number;
  message: string;
}

export interface Features {
  /** Where the linked Caffe came from. */
  readonly source: string;
  readonly blas: string;
  readonly lmdb: boolean;
  readonly leveldb: boolean;
  readonly hdf5: boolean;
  readonly cuda: boolean;
  readonly opencl: boolean;
  readonly onednn: boolean;
  readonly bf16: boolean;
  readonly amx: boolean;
}

const LEVELS = ['info', 'warning', 'error'] as const;

class Engine {
  readonly #log = new EventEmitter();

  /** Version of the linked Caffe. */
  readonly version: string = native.version;
  /** What the linked Caffe was built with. */
  readonly features = Object.freeze({ ...native.features }) as unknown as Features;

  /** Names of the layer types registered in the linked Caffe, sorted. */
  get layerTypes(): string[] {
    return native.layerTypes();
  }

  /**
   * Threads that BLAS and OpenMP use in each run. Default: the number of processors.
   *
   * @throws {CaffeError} ERR_CAFFE_INPUT for anything but an integer from 1 to 1024.
   */
  setThreads(count: number): void {
    native.setThreads(checkedCount(count, 'The number of threads'));
  }

  /**
   * Threads that run nets at the same time; a net stays on the lane it was made on. Default 1.
   *
   * @throws {CaffeError} ERR_CAFFE_INPUT for anything but an integer from 1 to 1024.
   */
  setLanes(count: number): void {
    native.setLanes(checkedCount(count, 'The number of lanes'));
  }

  /**
   * Makes fillers, dropout and shuffling of the nets and solvers made from now on repeatable.
   *
   * @throws {CaffeError} ERR_CAFFE_INPUT for anything but an integer from 0 to 2^32 - 1.
   */
  setRandomSeed(seed: number): void {
    if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32) {
      throw new CaffeError('ERR_CAFFE_INPUT', `A random seed must be an integer from 0 to 2^32 - 1; ${String(seed)} was given.`);
    }
    native.setRandomSeed(seed);
  }

  /** Listens to what Caffe logs; silent unless somebody listens. */
  on(event: 'log', listener: (message: LogMessage) => void): this {
    this.#log.on(checkedEvent(event), listener);
    this.#updateListener();
    return this;
  }

  off(event: 'log', listener: (message: LogMessage) => void): this {
    this.#log.off(checkedEvent(event), listener);
    this.#updateListener();
    return this;
  }

  #updateListener(): void {
    const listening = this.#log.listenerCount('log') > 0;
    native.setLogListener(
      listening
        ? (severity, file, line, message) => this.#log.emit('log', { level: LEVELS[severity] ?? 'error', file, line, message })
        : null,
    );
  }
}

function checkedCount(count: number, what: string): number {
  if (Number.isInteger(count) && count >= 1 && count <= 1024) return count;
  throw new CaffeError('ERR_CAFFE_INPUT', `${what} must be an integer from 1 to 1024; ${String(count)} was given.`);
}

function checkedEvent(event: string): string {
  if (event === 'log') return event;
  throw new CaffeError('ERR_CAFFE_INPUT', `There is no event '${event}'.`, { hint: "The only event is 'log'." });
}

export const caffe = new Engine();
