/** Blobs: the arrays between layers, and the parameters of layers. */
import { CaffeError, describe } from './errors';
import { reading } from './given';
import type { NativeBlob, Tensor } from './native';
import { guardReceivers } from './receiver';
import { asTensor, type TensorLike } from './tensor';

/** The values of a blob, or the gradients of the loss with respect to them. */
type Part = 'data' | 'diff';

/**
 * An array of a net: a blob between layers, or a parameter. Values are float32, row-major, in Caffe's order (N, C, H, W).
 *
 * `data` and `diff` are live views of Caffe's memory and keep it alive. A view taken before a reshape that moved the memory is a stale
 * copy, never a dangling pointer. Where the runtime forbids external memory (Electron), and for tops that lend other memory with every
 * batch, they are copies.
 *
 * Every member throws a CaffeError: ERR_CAFFE_BUSY while a run is in flight, ERR_CAFFE_DISPOSED after the net was disposed.
 *
 * A run of the fast engine computes the outputs of the net and what its `blobs` name. `data` and `toTensor` of another blob then throw
 * ERR_CAFFE_NOT_COMPUTED; `read` and the other asynchronous members have Caffe compute it, as long as the net's inputs and parameters are
 * still what they were.
 */
export class Blob {
  readonly #native: NativeBlob;
  readonly #name: string;

  static {
    guardReceivers(Blob, (value) => #native in value);
  }

  /** Made by Net. */
  constructor(native: NativeBlob, name: string) {
    if (!isNative(native))
      throw new CaffeError('ERR_CAFFE_INPUT', 'A Blob is not constructed.', { hint: 'Take it from net.blobs or net.params.' });
    this.#native = native;
    this.#name = name;
  }

  get shape(): number[] {
    return this.#native.shape;
  }

  /** Number of values. */
  get count(): number {
    return this.#native.count;
  }

  /** The first axis, of a blob of at most four; 1 where it has fewer. As Caffe's legacy accessors, and those of pycaffe. */
  get num(): number {
    return this.#legacyAxis(0);
  }

  /** The second axis; see `num`. */
  get channels(): number {
    return this.#legacyAxis(1);
  }

  /** The third axis; see `num`. */
  get height(): number {
    return this.#legacyAxis(2);
  }

  /** The fourth axis; see `num`. */
  get width(): number {
    return this.#legacyAxis(3);
  }

  get data(): Float32Array {
    return this.#native.view('data');
  }

  set data(values: TensorLike) {
    this.set(values);
  }

  /** Gradients of the loss, filled by `backward`. */
  get diff(): Float32Array {
    return this.#native.view('diff');
  }

  set diff(values: TensorLike) {
    this.#native.set('diff', this.#checked(values));
  }

  /** A copy, taken now. */
  toTensor(what: Part = 'data'): Tensor {
    return { shape: this.#native.shape, data: this.#native.view(partOf(what)).slice() };
  }

  /** A copy, taken when the runs that were asked for before are done: needs no idle net. */
  async read(what: Part = 'data'): Promise<Tensor> {
    return this.#native.read(partOf(what));
  }

  /** The sum of the absolute values, computed as `read` reads. */
  async asum(what: Part = 'data'): Promise<number> {
    return this.#native.asum(partOf(what));
  }

  /** The sum of the squares, computed as `read` reads. */
  async sumsq(what: Part = 'data'): Promise<number> {
    return this.#native.sumsq(partOf(what));
  }

  /** Multiplies all values by a number, when the runs that were asked for before are done. */
  async scale(factor: number, what: Part = 'data'): Promise<void> {
    if (typeof factor !== 'number' || !Number.isFinite(factor)) {
      throw new CaffeError('ERR_CAFFE_INPUT', `The factor must be a finite number; ${describe(factor)} was given.`);
    }
    await this.#native.scale(partOf(what), factor);
  }

  /**
   * Copies values in; a Tensor of another shape reshapes the blob first.
   *
   * @throws {CaffeError} ERR_CAFFE_INPUT when the values do not fill the shape.
   */
  set(values: TensorLike): void {
    const data = this.#checked(values, true);
    this.#native.set('data', data);
  }

  /** Changes the shape of this blob alone: `await net.reshape()`, or the next forward, lets it travel through the net. */
  reshape(...dims: number[]): void {
    this.#native.reshape(dims);
  }

  #legacyAxis(axis: number): number {
    const shape = this.#native.shape;
    if (shape.length > 4) {
      throw new CaffeError(
        'ERR_CAFFE_SHAPE',
        `'${this.#name}' has ${shape.length} axes; num, channels, height and width are names for four.`,
        {
          blob: this.#name,
          hint: 'Use `shape`.',
        },
      );
    }
    return shape[axis] ?? 1;
  }

  #checked(values: TensorLike, mayReshape = false): Float32Array {
    const shape = this.#native.shape;
    const tensor = asTensor(values, shape, `The value of '${this.#name}'`, this.#name);
    if (mayReshape && tensor.shape.join() !== shape.join()) this.#native.reshape(tensor.shape);
    return tensor.data;
  }
}

function isNative(blob: unknown): blob is NativeBlob {
  return reading('The blob', () => typeof blob === 'object' && blob !== null && 'view' in blob);
}

function partOf(what: Part): Part {
  if (what === 'data' || what === 'diff') return what;
  throw new CaffeError('ERR_CAFFE_INPUT', `A blob has 'data' and 'diff'; ${describe(what)} was asked for.`);
}
