/** Any number of items through a net, one batch of the net's at a time: pycaffe's forward_all and forward_backward_all, streamed. */
import { BatchCollector, type BatchTensor, batchSizeOf, runBatches, tensorsOf } from './batches';
import { CaffeError } from './errors';
import { readEntries, readOptions } from './given';
import type { Items } from './items';
import type { NativeNet, NativeNetFacts } from './native';
import { type RunOptions, unknownName, withBlobs } from './net-runs';
import type { TensorLike, Tensors } from './tensor';

export interface BatchOptions {
  /** Further blobs to return beside the outputs. */
  blobs?: string[];
  /** Aborts before the next layer, or while the next item is waited for. */
  signal?: AbortSignal;
}

export interface BackwardBatchOptions extends BatchOptions {
  /** Further blobs whose diffs to return beside those of the inputs. */
  diffs?: string[];
}

/** The blobs and the diffs of a forward and a backward pass. */
export interface ForwardBackward {
  blobs: Tensors;
  diffs: Tensors;
}

/** What the batches run on. */
export interface BatchNet {
  readonly facts: NativeNetFacts;
  shapes: NativeNet['shapes'];
  forward(inputs: Record<string, TensorLike>, options: RunOptions): Promise<Tensors>;
  backward(diffs: Record<string, TensorLike>, options: RunOptions): Promise<Tensors>;
}

/** Batches on their way: those of each record of tensors, and the shapes that a batch of it has. */
interface Batches {
  readonly size: number;
  readonly shapes: readonly ReadonlyMap<string, readonly number[]>[];
  readonly results: AsyncGenerator<BatchTensor[][], void, undefined>;
}

export async function* forwardBatches(net: BatchNet, inputs: Record<string, Items>, options: BatchOptions): AsyncGenerator<Tensors> {
  const { results } = await startForward(net, inputs, options);
  for await (const [blobs = []] of results) yield tensorsOf(blobs);
}

export async function forwardAll(net: BatchNet, inputs: Record<string, Items>, options: BatchOptions): Promise<Tensors> {
  const [blobs = {}] = await collected(await startForward(net, inputs, options));
  return blobs;
}

export async function* forwardBackwardBatches(
  net: BatchNet,
  inputs: Record<string, Items>,
  options: BackwardBatchOptions,
): AsyncGenerator<ForwardBackward> {
  const { results } = await startForwardBackward(net, inputs, options);
  for await (const [blobs = [], diffs = []] of results) yield { blobs: tensorsOf(blobs), diffs: tensorsOf(diffs) };
}

export async function forwardBackwardAll(
  net: BatchNet,
  inputs: Record<string, Items>,
  options: BackwardBatchOptions,
): Promise<ForwardBackward> {
  const [blobs = {}, diffs = {}] = await collected(await startForwardBackward(net, inputs, options));
  return { blobs, diffs };
}

async function startForward(net: BatchNet, inputs: Record<string, Items>, options: BatchOptions): Promise<Batches> {
  const { blobs = [], signal } = readOptions(options, ['blobs', 'signal']);
  const entries = readEntries(inputs, 'The inputs');
  for (const [name] of entries) if (!net.facts.inputs.includes(name)) throw unknownName(net.facts, 'an input', name, net.facts.inputs);
  requireAll(net.facts, entries);
  const fetched = withBlobs(net.facts, net.facts.outputs, blobs);
  const run = async (feeds: Tensors) => [await net.forward(feeds, { blobs: fetched, signal })];
  return start(net, entries, [fetched], run, signal);
}

async function startForwardBackward(net: BatchNet, inputs: Record<string, Items>, options: BackwardBatchOptions): Promise<Batches> {
  const { facts } = net;
  const { blobs = [], diffs = [], signal } = readOptions(options, ['blobs', 'diffs', 'signal']);
  const entries = readEntries(inputs, 'The inputs');
  const known = [...facts.inputs, ...facts.outputs];
  for (const [name] of entries) if (!known.includes(name)) throw unknownName(facts, 'an input or an output', name, known);
  requireAll(facts, entries);
  const blobNames = withBlobs(facts, facts.outputs, blobs);
  const diffNames = withBlobs(facts, facts.inputs, diffs, "'diffs'");
  const run = async (feeds: Tensors) => {
    // Copied before the first wait: the memory of the feeds is used again.
    const topDiffs = pick(feeds, facts.outputs).map(([name, { shape, data }]) => [name, { shape, data: data.slice() }] as const);
    const values = await net.forward(Object.fromEntries(pick(feeds, facts.inputs)), { blobs: blobNames, signal });
    return [values, await net.backward(Object.fromEntries(topDiffs), { blobs: diffNames, signal })];
  };
  return start(net, entries, [blobNames, diffNames], run, signal);
}

async function start(
  net: BatchNet,
  entries: [string, Items][],
  records: string[][],
  run: (feeds: Tensors) => Promise<Tensors[]>,
  signal: AbortSignal | undefined,
): Promise<Batches> {
  const names = [...new Set([...entries.map(([name]) => name), ...records.flat()])];
  // As they are when the runs that were asked for before are done.
  const shapes = await net.shapes(names);
  const shapeOf = (name: string) => shapes[names.indexOf(name)] ?? [];
  const inputs = entries.map(([name, items]) => ({ name, shape: shapeOf(name), items }));
  return {
    size: batchSizeOf(inputs),
    shapes: records.map((record) => new Map(record.map((name) => [name, shapeOf(name)]))),
    results: runBatches(inputs, run, signal),
  };
}

async function collected({ size, shapes, results }: Batches): Promise<Tensors[]> {
  const collectors = shapes.map(() => new BatchCollector());
  for await (const batch of results) for (const [index, tensors] of batch.entries()) collectors[index]?.add(tensors);
  return collectors.map((collector, index) => collector.collected(shapes[index] ?? new Map(), size));
}

/** Who forgets an input would get results for whatever it held before. */
function requireAll(net: NativeNetFacts, entries: readonly [string, Items][]): void {
  const given = entries.map(([name]) => name);
  const forgotten = net.inputs.filter((name) => !given.includes(name));
  if (net.inputs.length > 0 && forgotten.length === 0) return;
  throw new CaffeError(
    'ERR_CAFFE_INPUT',
    net.inputs.length > 0 ? `There are no items for '${forgotten.join("', '")}'.` : `The net '${net.name}' has no inputs to feed items to.`,
    {
      hint: net.inputs.length > 0 ? 'Give items for every input.' : 'Its layers read their data themselves: call forward() for each batch.',
    },
  );
}

function pick(tensors: Tensors, names: readonly string[]): [string, Tensors[string]][] {
  return Object.entries(tensors).filter(([name]) => names.includes(name));
}
