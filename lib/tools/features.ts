/** Values of blobs, batch by batch: what extract_features takes out of a network. */
import { throwIfAborted } from '../abort';
import { CaffeError } from '../errors';
import type { Net, Weights } from '../net';
import type { Tensor, TensorLike } from '../tensor';
import { checkedCount, type NetworkLike, openTrainedNet, type ToolProgress } from './source';

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
  /** Called after each batch; `total` is absent when `batches` is. */
  onProgress?: (progress: Omit<ToolProgress, 'total'> & { total?: number }) => void;
}

/**
 * Runs a network and yields the values of blobs, one record of tensors for each batch. Layers above the last of these blobs do not
 * run. No more than one batch is in memory.
 *
 * @throws {CaffeError} (at the first step) ERR_CAFFE_INPUT for an unknown blob or an option out of range; ERR_CAFFE_ABORTED; as
 *   `Net.load` and `net.forward`.
 */
export async function* streamFeatures(options: FeatureOptions): AsyncGenerator<Record<string, Tensor>, void, void> {
  const { network, weights, blobs, batches, inputs, level, stages, basePath, signal, onProgress } = options;
  checkNames(blobs);
  if (batches !== undefined || !inputs) checkedCount(batches as number, "The number of 'batches'");
  throwIfAborted(signal);
  const net = await openTrainedNet(network, { weights, level, stages, basePath });
  try {
    const end = lastLayerOf(net, blobs);
    let done = 0;
    for await (const feed of inputs ?? repeated({}, batches ?? 0)) {
      if (done === batches) break;
      const values = await net.forward(feed, { end, blobs: [...blobs], signal });
      onProgress?.({ done: ++done, total: batches });
      yield Object.assign(Object.create(null), Object.fromEntries(blobs.map((name) => [name, values[name] as Tensor])));
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

function checkNames(blobs: readonly string[]): void {
  const valid = Array.isArray(blobs) && blobs.length > 0 && blobs.every((name) => typeof name === 'string');
  if (!valid) throw new CaffeError('ERR_CAFFE_INPUT', "'blobs' must be an array with at least one name of a blob.");
  const twice = blobs.find((name, index) => blobs.indexOf(name) !== index);
  if (twice !== undefined) throw new CaffeError('ERR_CAFFE_INPUT', `'blobs' names '${twice}' twice.`);
}

function* repeated<Item>(item: Item, times: number): Generator<Item> {
  for (let time = 0; time < times; time++) yield item;
}
