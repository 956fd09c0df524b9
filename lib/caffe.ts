/** The engine itself: what the linked Caffe is and can do, and the settings of this environment (the main thread, or a worker). */
import { EventEmitter } from 'node:events';
import { CaffeError, describe } from './errors';
import { native } from './native';
import { guardReceivers } from './receiver';

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
  /**
   * Whether a net goes on after a check inside Caffe has failed. Not with a Caffe of your own that was built with Google's logging library:
   * that one cannot return from a failed check, so the call rejects all the same, but its net, and those that share parameters with it
   * while it ran, are lost (ERR_CAFFE_DISPOSED).
   */
  readonly recovers: boolean;
  readonly lmdb: boolean;
  readonly leveldb: boolean;
  readonly hdf5: boolean;
  readonly cuda: boolean;
  readonly opencl: boolean;
  readonly onednn: boolean;
  readonly bf16: boolean;
  readonly amx: boolean;
}

/** A device that the linked Caffe can compute on, beside the processor. */
export interface Device {
  /** What {@link Engine.setMode} takes. */
  readonly index: number;
  readonly name: string;
  /** Bytes. */
  readonly memory: number;
}

const LEVELS = ['info', 'warning', 'error'] as const;
type LogLevel = (typeof LEVELS)[number];

class Engine {
  readonly #log = new EventEmitter();
  #lowestSeverity = 0;

  static {
    guardReceivers(Engine, (value) => #log in value);
  }

  /** Version of the linked Caffe. */
  readonly version: string = native.version;
  /** What the linked Caffe was built with. */
  readonly features = Object.freeze({ ...native.features }) as unknown as Features;

  /** Threads of all lanes together: the default, or what {@link setThreads} said. */
  get threads(): number {
    return native.threads();
  }

  /** Nets that run at the same time: see {@link setLanes}. */
  get lanes(): number {
    return native.lanes();
  }

  /** Names of the layer types registered in the linked Caffe, sorted. */
  get layerTypes(): string[] {
    return native.layerTypes();
  }

  /**
   * Where nets and solvers compute from now on: runs that were asked for before are not touched. Default 'cpu', whatever a solver's
   * `solver_mode` says. A setting of this environment: a worker has its own.
   *
   * @param device index of one of {@link devices}; default 0. A run rejects with ERR_CAFFE_UNSUPPORTED when it is not there.
   * @throws {CaffeError} ERR_CAFFE_UNSUPPORTED for 'gpu' when the linked Caffe was built for the CPU only; ERR_CAFFE_INPUT for another
   *   mode, or a device that is no integer from 0.
   */
  setMode(mode: 'cpu' | 'gpu', device = 0): void {
    if (mode !== 'cpu' && mode !== 'gpu') {
      throw new CaffeError('ERR_CAFFE_INPUT', `The mode must be 'cpu' or 'gpu'; ${describe(mode)} was given.`);
    }
    if (!Number.isInteger(device) || device < 0 || device >= 2 ** 31) {
      throw new CaffeError('ERR_CAFFE_INPUT', `A device is an integer from 0; ${describe(device)} was given.`);
    }
    if (mode === 'gpu' && !this.features.cuda) {
      throw new CaffeError('ERR_CAFFE_UNSUPPORTED', "The mode 'gpu' needs a Caffe with CUDA; the linked one was built for the CPU only.", {
        hint: 'Build caffe-node against a Caffe with CUDA: CAFFE_ROOT in docs/setup.md.',
      });
    }
    native.setGpu(mode === 'gpu' ? device : null);
  }

  /** The CUDA devices of this machine; none when the linked Caffe cannot use them. */
  async devices(): Promise<Device[]> {
    return native.devices();
  }

  /**
   * Threads that the runs asked for from now on use in all: those of OpenMP, BLAS and oneDNN, and those that decode images for a Data layer.
   * A run has its lane's share, `threads / lanes` rounded down, at least one; that the other lanes are idle changes nothing, since results
   * depend on the number of threads in their last digits.
   *
   * Default: the physical cores that the process may use, by its affinity (taskset, cpuset) and the CPU quota of its cgroups, as they were
   * when the package was loaded; or what OMP_NUM_THREADS says. Each worker has a setting of its own, and knows nothing of the others'.
   *
   * @throws {CaffeError} ERR_CAFFE_INPUT for anything but an integer from 1 to 1024.
   */
  setThreads(count: number): void {
    native.setThreads(checkedCount(count, 'The number of threads'));
  }

  /**
   * How many nets run at the same time; a net stays on the lane it was made on. The lanes share the {@link threads}: several suit small nets
   * and throughput, one lane with all threads the shortest time for a single run. Default 1.
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
      throw new CaffeError('ERR_CAFFE_INPUT', `A random seed must be an integer from 0 to 2^32 - 1; ${describe(seed)} was given.`);
    }
    native.setRandomSeed(seed);
  }

  /**
   * The lowest level that listeners of 'log' are told of; lower ones are not even formatted. Default 'info'.
   *
   * @throws {CaffeError} ERR_CAFFE_INPUT for another level.
   */
  setLogLevel(level: LogLevel): void {
    const severity = LEVELS.indexOf(level);
    if (severity < 0) {
      throw new CaffeError('ERR_CAFFE_INPUT', `A log level is one of ${LEVELS.join(', ')}; ${describe(level)} was given.`);
    }
    this.#lowestSeverity = severity;
    this.#updateListener();
  }

  /**
   * Listens to what Caffe logs in the nets and solvers of this environment; silent unless somebody listens.
   *
   * @throws {CaffeError} ERR_CAFFE_INPUT for another event, or a listener that is no function.
   */
  on(event: 'log', listener: (message: LogMessage) => void): this {
    this.#log.on(checkedEvent(event), checkedListener(listener));
    this.#updateListener();
    return this;
  }

  off(event: 'log', listener: (message: LogMessage) => void): this {
    this.#log.off(checkedEvent(event), checkedListener(listener));
    this.#updateListener();
    return this;
  }

  #updateListener(): void {
    const listening = this.#log.listenerCount('log') > 0;
    native.setLogListener(
      listening
        ? (severity, file, line, message) => this.#log.emit('log', { level: LEVELS[severity] ?? 'error', file, line, message })
        : null,
      this.#lowestSeverity,
    );
  }
}

function checkedCount(count: number, what: string): number {
  if (Number.isInteger(count) && count >= 1 && count <= 1024) return count;
  throw new CaffeError('ERR_CAFFE_INPUT', `${what} must be an integer from 1 to 1024; ${describe(count)} was given.`);
}

function checkedEvent(event: string): string {
  if (event === 'log') return event;
  throw new CaffeError('ERR_CAFFE_INPUT', `There is no event ${describe(event)}.`, { hint: "The only event is 'log'." });
}

function checkedListener<Listener>(listener: Listener): Listener {
  if (typeof listener === 'function') return listener;
  throw new CaffeError('ERR_CAFFE_INPUT', `A listener must be a function; ${describe(listener)} was given.`);
}

export const caffe = new Engine();
