/** Any number of items, cut into batches of one size: fed, run, trimmed and put together again. */

import { abortable } from './abort';
import { CaffeError } from './errors';
import { type ItemReader, type Items, readItems } from './items';
import { recordOf } from './record';
import { sizeOf, type Tensor, type Tensors } from './tensor';

/** A tensor that a batch gave. One whose first axis is the batch has an item at each of its places, and is trimmed to the items there were. */
export interface BatchTensor {
  readonly name: string;
  readonly perItem: boolean;
  readonly tensor: Tensor;
}

/** One feed for the batches: the blob, its shape, and items for it. */
export interface BatchInput {
  readonly name: string;
  readonly shape: readonly number[];
  readonly items: Items;
}

/**
 * Feeds items to `run`, a batch at a time, the last one padded with zeros. While a batch runs, the items of the next are read; there
 * are never more than these two in memory.
 *
 * @param run  is given a Tensor for each input, whose memory is used again as soon as it returns, and gives records of tensors.
 * @returns for each batch the tensors of each record.
 * @throws {CaffeError} ERR_CAFFE_INPUT when inputs have different numbers of items, or an item does not fit; what `run` throws.
 */
export async function* runBatches(
  inputs: readonly BatchInput[],
  run: (feeds: Tensors) => Promise<Tensors[]>,
  signal: AbortSignal | undefined,
): AsyncGenerator<BatchTensor[][], void, undefined> {
  const size = batchSizeOf(inputs);
  const readers: ItemReader[] = [];
  let next: Promise<Batch | undefined> | undefined;
  let failed = true;
  try {
    for (const { name, shape, items } of inputs) readers.push(readItems(items, name, shape.slice(1)));
    requireSameCount(readers);
    const buffers = readers.map((reader) => new Float32Array(size * sizeOf(reader.shape)));
    const gather = () => {
      const gathered = gatherBatch(readers, buffers, size);
      gathered.catch(() => {}); // told of when its turn comes, even if the batch in progress fails first
      return gathered;
    };
    next = gather();
    for (;;) {
      const batch = await abortable(next, signal);
      next = undefined;
      if (!batch) break;
      const running = run(batch.feeds);
      if (batch.items === size) next = gather();
      const result = (await running).map((tensors) => trimmed(tensors, batch.items, size));
      failed = false; // Whoever leaves the loop now does so of his own accord.
      yield result;
      failed = true;
      if (!next) break;
    }
    failed = false;
  } finally {
    const closing = closeAll(readers);
    // What went wrong first matters. And who still waits for an item might wait for ever, which must not keep the caller.
    if (failed || next) closing.catch(() => {});
    if (!next) await (failed ? Promise.allSettled([closing]) : closing);
  }
}

/**
 * Puts the results of batches together: items one after the other; what has no item axis gets a first axis that counts batches.
 */
export class BatchCollector {
  readonly #parts = new Map<string, Tensor[]>();

  add(batch: readonly BatchTensor[]): void {
    for (const { name, perItem, tensor } of batch) {
      const part = perItem ? tensor : { shape: [1, ...tensor.shape], data: tensor.data };
      const known = this.#parts.get(name);
      if (known) known.push(part);
      else this.#parts.set(name, [part]);
    }
  }

  /** The whole, and for blobs of which nothing came an empty tensor. `shapes` are those of a batch. */
  collected(shapes: ReadonlyMap<string, readonly number[]>, size: number): Tensors {
    return recordOf(
      [...shapes].map(([name, shape]) => {
        const none = { shape: [0, ...(shape[0] === size ? shape.slice(1) : shape)], data: new Float32Array() };
        return [name, concatenated(this.#parts.get(name) ?? [none])];
      }),
    );
  }
}

/** The tensors of a batch by name, without a prototype. */
export function tensorsOf(batch: readonly BatchTensor[]): Tensors {
  return recordOf(batch.map(({ name, tensor }) => [name, tensor]));
}

interface Batch {
  readonly items: number;
  readonly feeds: Tensors;
}

/** How many items a batch has; the same for all inputs. */
export function batchSizeOf(inputs: readonly BatchInput[]): number {
  const [first] = inputs;
  const size = first?.shape[0];
  if (!first || size === undefined)
    throw new CaffeError('ERR_CAFFE_INPUT', first ? `'${first.name}' has no axis that counts items.` : 'There are no items for any input.');
  for (const { name, shape } of inputs) {
    if (shape[0] === size) continue;
    throw new CaffeError('ERR_CAFFE_INPUT', `A batch has ${size} items of '${first.name}', but ${shape[0] ?? 'no'} of '${name}'.`, {
      blob: name,
      hint: 'Reshape the net so that the first axis of all of them is the batch, or run it batch by batch with forward().',
    });
  }
  return size;
}

function requireSameCount(readers: readonly ItemReader[]): void {
  const [first, ...others] = readers.filter((reader) => reader.count !== undefined);
  for (const other of others) {
    if (first?.count === other.count) continue;
    throw new CaffeError('ERR_CAFFE_INPUT', `'${first?.name}' has ${first?.count} items, but '${other.name}' has ${other.count}.`, {
      blob: other.name,
    });
  }
}

/** The next batch; none at the end of all inputs. */
async function gatherBatch(readers: readonly ItemReader[], buffers: readonly Float32Array[], size: number): Promise<Batch | undefined> {
  const feeds: [string, Tensor][] = [];
  let items: number | undefined;
  for (const [index, reader] of readers.entries()) {
    const data = buffers[index] ?? new Float32Array();
    const count = await reader.read(data, size);
    if (items !== undefined && count !== items) throw uneven(readers[0], reader, items, count);
    items = count;
    data.fill(0, count * sizeOf(reader.shape));
    feeds.push([reader.name, { shape: [size, ...reader.shape], data }]);
  }
  return items ? { items, feeds: recordOf(feeds) } : undefined;
}

function uneven(first: ItemReader | undefined, other: ItemReader, ofFirst: number, ofOther: number): CaffeError {
  const [short, long] = ofFirst < ofOther ? [first, other] : [other, first];
  return new CaffeError('ERR_CAFFE_INPUT', `There are fewer items of '${short?.name}' than of '${long?.name}'.`, { blob: short?.name });
}

function trimmed(tensors: Tensors, items: number, size: number): BatchTensor[] {
  return Object.entries(tensors).map(([name, tensor]) => {
    const perItem = tensor.shape[0] === size;
    return { name, perItem, tensor: perItem && items < size ? firstItems(tensor, items) : tensor };
  });
}

function firstItems({ shape, data }: Tensor, items: number): Tensor {
  const fewer = [items, ...shape.slice(1)];
  return { shape: fewer, data: data.slice(0, sizeOf(fewer)) };
}

function concatenated(parts: readonly Tensor[]): Tensor {
  const data = new Float32Array(parts.reduce((count, part) => count + part.data.length, 0));
  let offset = 0;
  let items = 0;
  for (const part of parts) {
    data.set(part.data, offset);
    offset += part.data.length;
    items += part.shape[0] ?? 0;
  }
  return { shape: [items, ...(parts[0]?.shape.slice(1) ?? [])], data };
}

async function closeAll(readers: readonly ItemReader[]): Promise<void> {
  const closed = await Promise.allSettled(readers.map((reader) => reader.close()));
  const failed = closed.find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
}
