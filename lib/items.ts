/** Items for one input of a net, read batch by batch from whatever the caller has them in. */
import { CaffeError, describe, messageOf } from './errors';
import { reading } from './given';
import { feedOf, shapeText, sizeOf, type Tensor, type TensorLike } from './tensor';

/** The values of one item: without the axis that counts items. A number is an item of one value, such as a label. */
export type Item = Tensor | Float32Array | readonly number[] | number;

/**
 * Items for an input: a Tensor whose first axis counts them, their values one after the other, or one after the other as an (async)
 * iterable gives them.
 */
export type Items = TensorLike | Iterable<Item> | AsyncIterable<Item>;

/** Reads the items of one blob. */
export interface ItemReader {
  readonly name: string;
  /** Of one item. */
  readonly shape: readonly number[];
  /** How many there are, where that is known before they are read. */
  readonly count: number | undefined;
  /** Puts the next items into a batch, one after the other, and gives their number: less than asked for at the end only. */
  read(batch: Float32Array, most: number): Promise<number>;
  /** No more items are wanted. */
  close(): Promise<void>;
}

/**
 * Reads items for a blob.
 *
 * @param shape of one item of the blob; a Tensor may bring another.
 * @throws {CaffeError} ERR_CAFFE_INPUT for what holds no items.
 */
export function readItems(items: Items, name: string, shape: readonly number[]): ItemReader {
  return reading(`The items of '${name}'`, () => {
    const iterator = iteratorOf(items);
    return iterator ? new StreamedItems(name, shape, iterator) : arrayItems(items as TensorLike, name, shape);
  });
}

type AnyIterator = Iterator<Item> | AsyncIterator<Item>;

/** An iterator over items; none for a Tensor and for bare values. */
function iteratorOf(items: Items): AnyIterator | undefined {
  if (typeof items !== 'object' || items === null || ArrayBuffer.isView(items) || 'shape' in items) return undefined;
  if (Array.isArray(items) && (items.length === 0 || typeof items[0] === 'number')) return undefined;
  if (Symbol.asyncIterator in items) return items[Symbol.asyncIterator]();
  return Symbol.iterator in items ? items[Symbol.iterator]() : undefined;
}

function arrayItems(items: TensorLike, name: string, shape: readonly number[]): ItemReader {
  const { shape: own, data } = feedOf(items, `'${name}'`, name);
  reading(`'${name}'`, () => data.subarray(0)); // memory that was transferred away cannot be cut into items
  if (own?.length === 0) throw new CaffeError('ERR_CAFFE_INPUT', `'${name}' was given a scalar; its first axis must count the items.`);
  const itemShape = own ? own.slice(1) : shape;
  const size = sizeOf(itemShape);
  if (size === 0 || data.length % size !== 0) {
    throw new CaffeError(
      'ERR_CAFFE_INPUT',
      `'${name}' was given ${data.length} values; an item of shape ${shapeText(itemShape)} takes ${size}.`,
      { blob: name },
    );
  }
  return new ArrayItems(name, itemShape, data);
}

class ArrayItems implements ItemReader {
  readonly count: number;
  readonly #size: number;
  #next = 0;

  constructor(
    readonly name: string,
    readonly shape: readonly number[],
    private readonly data: Float32Array,
  ) {
    this.#size = sizeOf(shape);
    this.count = data.length / this.#size;
  }

  async read(batch: Float32Array, most: number): Promise<number> {
    const count = Math.min(most, this.count - this.#next);
    if (count === 0) return 0;
    if (this.data.length < (this.#next + count) * this.#size) {
      throw new CaffeError('ERR_CAFFE_INPUT', `The values of '${this.name}' were taken away while they were read.`, {
        hint: 'Leave the array alone until the promise has settled.',
      });
    }
    batch.set(this.data.subarray(this.#next * this.#size, (this.#next + count) * this.#size));
    this.#next += count;
    return count;
  }

  async close(): Promise<void> {}
}

class StreamedItems implements ItemReader {
  readonly count = undefined;
  readonly #size: number;
  #read = 0;
  /** Ended, failed or closed: the iterator is not to be touched again. */
  #over = false;

  constructor(
    readonly name: string,
    readonly shape: readonly number[],
    private readonly iterator: AnyIterator,
  ) {
    this.#size = sizeOf(shape);
  }

  async read(batch: Float32Array, most: number): Promise<number> {
    let count = 0;
    while (count < most && !this.#over) {
      const next = await this.#next();
      if (next === undefined || this.#over) break;
      batch.set(this.#valuesOf(next.value), count * this.#size);
      this.#read++;
      count++;
    }
    return count;
  }

  async close(): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    await this.#calling(() => this.iterator.return?.());
  }

  /** The next item; undefined when there is none. A synchronous iterator may give promises of items. */
  async #next(): Promise<{ value: Item } | undefined> {
    try {
      const next = await this.#calling(() => this.iterator.next());
      if (typeof next !== 'object' || next === null) throw this.#broken(`its iterator gave ${describe(next)}`);
      return await this.#calling(async () => {
        if (next.done) this.#over = true;
        return this.#over ? undefined : { value: await next.value };
      });
    } catch (error) {
      this.#over = true;
      throw error;
    }
  }

  /** The iterator is the caller's code: what it throws is the cause. */
  async #calling<Result>(call: () => Result): Promise<Awaited<Result>> {
    try {
      return await call();
    } catch (error) {
      throw error instanceof CaffeError ? error : this.#broken(messageOf(error), error);
    }
  }

  #broken(why: string, cause?: unknown): CaffeError {
    return new CaffeError('ERR_CAFFE_INPUT', `Item ${this.#read} of '${this.name}' cannot be read: ${why}.`, { blob: this.name, cause });
  }

  #valuesOf(item: Item): Float32Array {
    const what = `Item ${this.#read} of '${this.name}'`;
    const { shape, data } = feedOf(typeof item === 'number' ? [item] : item, what, this.name);
    // An item may come as a batch of one, as the Transformer and images give it.
    const fits = shape === undefined || sameShape(shape, this.shape) || sameShape(shape, [1, ...this.shape]);
    if (data.length === this.#size && fits) return data;
    throw new CaffeError(
      'ERR_CAFFE_INPUT',
      `${what} has ${shape ? `the shape ${shapeText(shape)}` : `${data.length} values`}; ${shapeText(this.shape)} is needed.`,
      { blob: this.name, hint: this.#size === 1 ? undefined : `An item takes ${this.#size} values.` },
    );
  }
}

function sameShape(one: readonly number[], other: readonly number[]): boolean {
  return one.length === other.length && one.every((extent, axis) => extent === other[axis]);
}
