/** Listeners that are told of each layer a net enters and leaves: pycaffe's before_forward, after_forward, before_backward, after_backward. */
import { CaffeError, describe } from './errors';
import type { NativeLayer, NativeNet } from './native';

/** A running net enters or leaves a layer. */
export interface LayerEvent {
  /** Of the layer, in `net.layers`. */
  readonly index: number;
  readonly name: string;
  readonly type: string;
  /** Whether the layer is about to run, or has run. */
  readonly moment: 'before' | 'after';
}

export type LayerListener = (event: LayerEvent) => void;

/** The listeners of one net. */
export class LayerListeners {
  readonly #native: NativeNet;
  readonly #layers: readonly NativeLayer[];
  readonly #forward = new Set<{ listener: LayerListener }>();
  readonly #backward = new Set<{ listener: LayerListener }>();
  /** A field, since the native side holds it weakly. */
  readonly #deliver = (values: number[]): void => {
    for (let i = 0; i + 2 < values.length; i += 3) this.#tell(values[i] ?? 0, values[i + 1] === 1, values[i + 2] === 1);
  };

  constructor(native: NativeNet, layers: readonly NativeLayer[]) {
    this.#native = native;
    this.#layers = layers;
  }

  /** @returns a function that ends it; calling that again does nothing. */
  add(direction: 'forward' | 'backward', listener: LayerListener): () => void {
    if (typeof listener !== 'function')
      throw new CaffeError('ERR_CAFFE_INPUT', `A listener must be a function; ${describe(listener)} was given.`);
    const listeners = direction === 'forward' ? this.#forward : this.#backward;
    // An entry of its own each time: the same function may listen twice.
    const entry = { listener };
    listeners.add(entry);
    this.#listen();
    return () => {
      listeners.delete(entry);
      this.#listen();
    };
  }

  /** A net that nobody listens to sends nothing. */
  #listen(): void {
    this.#native.listen(this.#deliver, this.#forward.size > 0, this.#backward.size > 0);
  }

  #tell(index: number, backward: boolean, after: boolean): void {
    const { name = '', type = '' } = this.#layers[index] ?? {};
    for (const { listener } of [...(backward ? this.#backward : this.#forward)]) {
      try {
        listener({ index, name, type, moment: after ? 'after' : 'before' });
      } catch (error) {
        // Node's own affair, as an error in any callback, and none of the run's or of the other listeners'.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
