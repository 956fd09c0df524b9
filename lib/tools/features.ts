/** Values of blobs, batch by batch: what extract_features takes out of a network. */

import { CaffeError, describe, messageOf } from '../errors';
import { reading, readTexts } from '../given';
import type { Net, Weights } from '../net';
import { recordOf } from '../record';
import type { Tensor, TensorLike } from '../tensor';
import { checkedCount, optionsFrom, report, type ToolProgress } from './options';
import { type NetworkLike, openTrainedNet } from './source';

export interface FeatureOptions {
  /** The path of a prototxt file, its text, or a document. It runs in the TEST phase. */
  network: NetworkLike;
  /** A file, its bytes, or several, copied in order. */
  weights: Weights | Weights[];
  /** Names of the blobs to take out. */
  blobs: readonly string[];
  /** Batches to run. Needed for a network that reads its own data; with `inputs`, at most so many. */
  batches?: number;
  /** What to feed each batch, by name of the input; for networks that read no data of their own. */
  inputs?: Iterable<Record<string, TensorLike>> | AsyncIterable<Record<string, TensorLike>>;
  /** Caffe's NetState level. Default 0. */
  level?: number;
  /** Caffe's NetState stages. Default none. */
  stages?: string[];
  /** Folder that relative sources inside the network are meant relative to. Default: the working directory. */
  basePath?: string;
  /** Aborts before the next layer. */
  signal?: AbortSignal;
  /** Called after each batch, and awaited; `total` is absent when `batches` is. */
  onProgress?: (progress: Omit<ToolProgress, 'total'> & { total?: number }) => unknown;
}

export const FEATURE_OPTIONS: Record<keyof FeatureOptions, true> = {
  network: true,
  weights: true,
  blobs: true,
  batches: true,
  inputs: true,
  level: true,
  stages: true,
  basePath: true,
  signal: true,
  onProgress: true,
};

/**
 * Runs a network and yields the values of blobs, one record of tensors for each batch. Layers above the last of these blobs do not
 * run. No more than one batch is in memory.
 *
 * @throws {CaffeError} (at the first step) ERR_CAFFE_INPUT for an unknown blob or an option out of range; ERR_CAFFE_CALLBACK when
 *   `onProgress` or `inputs` throws; ERR_CAFFE_ABORTED; as `Net.load` and `net.forward`.
 */
export async function* streamFeatures(options: FeatureOptions): AsyncGenerator<Record<string, Tensor>, void, void> {
  const {
    network,
    weights,
    blobs: given,
    batches,
    inputs,
    level,
    stages,
    basePath,
    signal,
    onProgress,
  } = optionsFrom(options, FEATURE_OPTIONS);
  const blobs = checkedNames(given);
  if (batches !== undefined || inputs === undefined) checkedCount(batches as number, "The number of 'batches'");
  const net = await openTrainedNet(network, { weights, level, stages, basePath });
  try {
    const end = lastLayerOf(net, blobs);
    let done = 0;
    for await (const feed of inputs === undefined ? repeated({}, batches ?? 0) : itemsOf(inputs)) {
      const values = await net.forward(feed, { end, blobs: [...blobs], signal });
      await report(onProgress, { done: ++done, total: batches });
      yield recordOf(blobs.map((name) => [name, values[name] as Tensor]));
      if (done === batches) break; // before one more input is asked for
    }
  } finally {
    await net.dispose();
  }
}

/** The topmost layer that writes one of the blobs; layers that work in place count. */
function lastLayerOf(net: Net, blobs: readonly string[]): string | undefined {
  const missing = blobs.find((name) => !(name in net.blobs));
  if (missing !== undefined) {
    throw new CaffeError('ERR_CAFFE_INPUT', `'${missing}' is not a blob of '${net.name}'.`, {
      blob: missing,
      hint: `It has: ${net.blobNames.slice(0, 40).join(', ')}${net.blobNames.length > 40 ? ' …' : ''}.`,
    });
  }
  return net.layers.findLast((layer) => layer.tops.some((top) => blobs.includes(top)))?.name;
}

function checkedNames(given: readonly string[]): string[] {
  const blobs = readTexts(given, "'blobs'");
  if (blobs.length === 0) throw new CaffeError('ERR_CAFFE_INPUT', "'blobs' must name at least one blob.");
  const twice = blobs.find((name, index) => blobs.indexOf(name) !== index);
  if (twice !== undefined) throw new CaffeError('ERR_CAFFE_INPUT', `'blobs' names '${twice}' twice.`);
  return blobs;
}

/** The caller's items; what the caller's own iterator throws says so. */
async function* itemsOf<Item>(items: Iterable<Item> | AsyncIterable<Item>): AsyncGenerator<Item> {
  const isIterable = reading(
    "'inputs'",
    () => typeof items === 'object' && items !== null && (Symbol.asyncIterator in items || Symbol.iterator in items),
  );
  if (!isIterable) throw new CaffeError('ERR_CAFFE_INPUT', `'inputs' must be an iterable; ${describe(items)} was given.`);
  try {
    yield* items;
  } catch (error) {
    throw error instanceof CaffeError
      ? error
      : new CaffeError('ERR_CAFFE_CALLBACK', `'inputs' threw: ${messageOf(error)}`, { cause: error });
  }
}

function* repeated<Item>(item: Item, times: number): Generator<Item> {
  for (let time = 0; time < times; time++) yield item;
}
