/** `caffe test`: scores a trained network on the data that its file names. */

import { CaffeError } from '../errors';
import type { Net, Weights } from '../net';
import { recordOf } from '../record';
import { shapeText, type Tensors } from '../tensor';
import { checkedCount, optionsFrom, report, type ToolProgress } from './options';
import { type NetworkLike, openTrainedNet } from './source';

export interface TestNetOptions {
  /** Batches to run. Default 50. */
  iterations?: number;
  /** Caffe's NetState level. Default 0. */
  level?: number;
  /** Caffe's NetState stages. Default none. */
  stages?: string[];
  /** Folder that relative sources inside the network are meant relative to. Default: the working directory. */
  basePath?: string;
  /** Aborts before the next layer. */
  signal?: AbortSignal;
  /** Called after each batch, with its outputs, and awaited. */
  onProgress?: (progress: ToolProgress & { outputs: Tensors }) => unknown;
}

const OPTIONS: Record<keyof TestNetOptions, true> = {
  iterations: true,
  level: true,
  stages: true,
  basePath: true,
  signal: true,
  onProgress: true,
};

export interface TestedNet {
  iterations: number;
  /** Mean of the weighted sum of all losses. */
  loss: number;
  /** By name of the output, the mean of each of its values. */
  outputs: Tensors;
  /** By name of the output, how much it counts in the loss; 0 for an output that is no loss. */
  lossWeights: Record<string, number>;
  /** The outputs of each batch. */
  batches: Tensors[];
}

/**
 * Runs a network of the TEST phase over batches of its own data, from the first item on. Like Caffe's data layers, it begins anew
 * when the data ends.
 *
 * @param source  the path of a prototxt file, its text, or a document.
 * @param weights the trained parameters: a file, its bytes, or several, copied in order.
 * @throws {CaffeError} ERR_CAFFE_INPUT for an option out of range; ERR_CAFFE_SHAPE when the outputs change their shape between
 *   batches; ERR_CAFFE_CALLBACK when `onProgress` throws; ERR_CAFFE_ABORTED; as `Net.load`.
 */
export async function testNet(source: NetworkLike, weights: Weights | Weights[], options?: TestNetOptions): Promise<TestedNet> {
  const { iterations = 50, level, stages, basePath, signal, onProgress } = optionsFrom(options, OPTIONS);
  checkedCount(iterations, 'The number of iterations');
  const net = await openTrainedNet(source, { weights, level, stages, basePath });
  try {
    const losses = lossTopsOf(net);
    const batches: Tensors[] = [];
    let loss = 0;
    while (batches.length < iterations) {
      const blobs = await net.forward({}, { signal, blobs: [...losses.keys()] });
      for (const [name, weight] of losses) loss += weight * sum(blobs[name]?.data ?? []);
      const outputs = pick(blobs, net.outputs);
      batches.push(outputs);
      await report(onProgress, { done: batches.length, total: iterations, outputs });
    }
    const lossWeights = recordOf(net.outputs.map((name) => [name, losses.get(name) ?? 0]));
    return { iterations, loss: loss / iterations, outputs: meanOf(batches), lossWeights, batches };
  } finally {
    await net.dispose();
  }
}

/** The tops that count in the objective, with their weights. */
function lossTopsOf(net: Net): Map<string, number> {
  const tops = net.layers.flatMap((layer) => layer.tops.map((top, index) => [top, layer.lossWeights[index] ?? 0] as const));
  return new Map(tops.filter(([, weight]) => weight !== 0));
}

function meanOf(batches: readonly Tensors[]): Tensors {
  const [first = {}] = batches;
  return recordOf(
    Object.entries(first).map(([name, { shape, data }]) => {
      const sums = new Float64Array(data.length);
      for (const batch of batches) {
        const values = batch[name]?.data ?? [];
        if (values.length !== data.length) throw changedShape(name, shape, batch[name]?.shape ?? []);
        values.forEach((value, index) => {
          sums[index] = (sums[index] ?? 0) + value;
        });
      }
      return [name, { shape, data: Float32Array.from(sums, (total) => total / batches.length) }];
    }),
  );
}

function changedShape(blob: string, first: readonly number[], later: readonly number[]): CaffeError {
  return new CaffeError(
    'ERR_CAFFE_SHAPE',
    `The output '${blob}' has the shape ${shapeText(later)} in one batch and ${shapeText(first)} in the first: they have no mean.`,
    { blob, hint: 'Give the data layer a batch_size of 1 or images of one size, or take the outputs of each batch from onProgress.' },
  );
}

function pick(tensors: Tensors, names: readonly string[]): Tensors {
  return recordOf(names.flatMap((name) => (tensors[name] ? [[name, tensors[name]]] : [])));
}

function sum(values: ArrayLike<number>): number {
  let total = 0;
  for (let index = 0; index < values.length; index++) total += values[index] ?? 0;
  return total;
}
