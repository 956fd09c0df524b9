/** `caffe time`: how long each layer takes. */
import { withStopFlag } from '../abort';
import { CaffeError, describe } from '../errors';
import { type NativeIterationTimes, type NativeNetRequest, native, type Phase } from '../native';
import { type Weights, weightsFrom } from '../net';
import { checkedCount, optionsFrom, report, type ToolProgress } from './options';
import { modelOf, type NetworkLike } from './source';
import { type Timing, timingOf } from './timing';

export type { Timing } from './timing';

export interface TimeNetOptions {
  /** Default 'train', as the caffe tool has it. */
  phase?: Phase;
  /** Forward and backward passes that are timed, after one that is not. Default 50. */
  iterations?: number;
  /** Copied in order. Default: what the fillers give, which is as fast. */
  weights?: Weights | Weights[];
  /** Caffe's NetState level. Default 0. */
  level?: number;
  /** Caffe's NetState stages. Default none. */
  stages?: string[];
  /** Folder that relative sources inside the network are meant relative to. Default: the working directory. */
  basePath?: string;
  /** Aborts before the next layer. */
  signal?: AbortSignal;
  /** Called after each iteration, and awaited. */
  onProgress?: (progress: ToolProgress) => unknown;
}

const OPTIONS: Record<keyof TimeNetOptions, true> = {
  phase: true,
  iterations: true,
  weights: true,
  level: true,
  stages: true,
  basePath: true,
  signal: true,
  onProgress: true,
};

export interface LayerTiming {
  name: string;
  type: string;
  forward: Timing;
  backward: Timing;
}

export interface NetTiming {
  iterations: number;
  /** In the order of the forward pass. */
  layers: LayerTiming[];
  /** Whole passes: the layers and what is done between them. */
  forward: Timing;
  backward: Timing;
  /** Forward and backward together. */
  total: Timing;
}

/**
 * Times a network layer by layer. Like the caffe tool it runs the backward pass of every layer: one that leads to no loss computes
 * the gradients of its parameters only.
 *
 * @param source the path of a prototxt file, its text, or a document.
 * @throws {CaffeError} ERR_CAFFE_INPUT for an option out of range; ERR_CAFFE_CALLBACK when `onProgress` throws; ERR_CAFFE_ABORTED; as
 *   `Net.load`.
 */
export async function timeNet(source: NetworkLike, options?: TimeNetOptions): Promise<NetTiming> {
  const given = optionsFrom(options, OPTIONS);
  const { iterations = 50, signal, onProgress } = given;
  checkedCount(iterations, 'The number of iterations');
  const net = await native.openNetTiming(requestOf(source, given));
  try {
    const runs: NativeIterationTimes[] = [];
    await withStopFlag(signal, async (stop) => {
      await net.run(stop); // memory is allocated here
      while (runs.length < iterations) {
        runs.push(await net.run(stop));
        await report(onProgress, { done: runs.length, total: iterations });
      }
    });
    return summary(net.layers, runs);
  } finally {
    await net.close();
  }
}

function requestOf(source: NetworkLike, options: TimeNetOptions): NativeNetRequest {
  const { phase = 'train', weights, level = 0, stages = [], basePath = '' } = options;
  if (phase !== 'train' && phase !== 'test') {
    throw new CaffeError('ERR_CAFFE_INPUT', `phase must be 'train' or 'test'; ${describe(phase)} was given.`);
  }
  return { model: modelOf(source), phase, weights: weightsFrom(weights), level, stages, basePath };
}

function summary(layers: readonly { name: string; type: string }[], runs: readonly NativeIterationTimes[]): NetTiming {
  const over = (pick: (run: NativeIterationTimes) => number) => timingOf(runs.map(pick));
  return {
    iterations: runs.length,
    layers: layers.map(({ name, type }, index) => ({
      name,
      type,
      forward: over((run) => run.forward[index] ?? 0),
      backward: over((run) => run.backward[index] ?? 0),
    })),
    forward: over((run) => run.forwardTotal),
    backward: over((run) => run.backwardTotal),
    total: over((run) => run.forwardTotal + run.backwardTotal),
  };
}
