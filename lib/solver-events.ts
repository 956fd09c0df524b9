/** What a solver tells of itself: the events of `solve()` and of its listeners. */
import { CaffeError, describe } from './errors';
import type { NativeDebugEntry, NativeNorms, NativeSolverEvent } from './native';
import type { Tensors } from './tensor';

export interface StepResult {
  /** Iterations done since the start of training. */
  iteration: number;
  /** Of this iteration's batches. */
  loss: number;
  /** Mean of the last `average_loss` losses, those of former calls and of a restored state included. */
  smoothedLoss: number;
  /** The rate this iteration used, before the layers' multipliers. */
  learningRate: number;
  /**
   * Seconds that this iteration waited for batches of its Data layers. They are read, decoded and transformed ahead, while the iterations before
   * compute; from the second iteration on, anything but about 0 says that the data are slower than the network.
   */
  waiting: number;
  /** The train net's outputs after the (last) forward pass of this iteration. */
  outputs: Tensors;
}

/** An iteration is done. */
export interface IterationEvent extends StepResult {
  type: 'iteration';
}

/** A test net has been run over its `test_iter` batches. */
export interface TestEvent {
  type: 'test';
  /** Iterations done before. */
  iteration: number;
  /** Which of `testNets`. */
  index: number;
  /** Means over the batches. */
  outputs: Tensors;
  /** With `test_compute_loss: true`: the mean sum of all weighted losses. */
  loss?: number;
}

/** A snapshot has been written. */
export interface SnapshotEvent {
  type: 'snapshot';
  iteration: number;
  /** The .caffemodel file. */
  model: string;
  /** The .solverstate file. */
  state: string;
}

/** One line of Caffe's debug information: mean absolute values of a blob or a parameter. */
export type DebugEntry = NativeDebugEntry;

/** What `debug_info: true` asks for, of one iteration. */
export interface DebugEvent {
  type: 'debug';
  iteration: number;
  /**
   * In the order in which it happened: `forward` has the data of tops and parameters, `backward` the diffs of bottoms and parameters
   * that have one, `update` every parameter's data after the update and what was subtracted from it (diff).
   */
  entries: DebugEntry[];
  /** Norms over all parameters that learn, before the update. */
  data: NativeNorms;
  diff: NativeNorms;
}

export type SolverEvent = IterationEvent | TestEvent | SnapshotEvent | DebugEvent;

type Listener<Event> = (event: Event) => void;

/** The listeners of one solver. */
export class SolverListeners {
  readonly #listeners = new Map<NativeSolverEvent['type'], Set<Listener<never>>>();

  /** @returns ends the listening. */
  add<Type extends NativeSolverEvent['type']>(type: Type, listener: Listener<NativeSolverEvent & { type: Type }>): () => void {
    if (typeof listener !== 'function') {
      throw new CaffeError('ERR_CAFFE_INPUT', `A listener must be a function; ${describe(listener)} was given.`);
    }
    const listeners = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, listeners);
    // An entry of its own for each call: a function that listens twice is told twice.
    const entry: Listener<never> = (event) => listener(event);
    listeners.add(entry);
    return () => void listeners.delete(entry);
  }

  tell(event: NativeSolverEvent): void {
    for (const listener of [...(this.#listeners.get(event.type) ?? [])]) {
      try {
        listener(event as never);
      } catch (error) {
        // The listener's own affair, not the solver's: told as Node tells of any error in a callback.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
