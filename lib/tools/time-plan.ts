/** How long each step of the fast engine's plan takes: `caffe time` for it. */
import { CaffeError } from '../errors';
import type { Net, NetOptions, NetPlan, PlanStep, Precision, Weights } from '../net';
import { checkedCount, optionsFrom, report, type ToolProgress } from './options';
import { type NetworkLike, openTrainedNet } from './source';
import { type Timing, timingOf } from './timing';

export interface TimePlanOptions {
  /** Forward passes that are timed, after two that are not. Default 50. */
  iterations?: number;
  /** Default 'f32'. */
  precision?: Precision;
  /** Copied in order. Default: what the fillers give, which is as fast. */
  weights?: Weights | Weights[];
  /** Caffe's NetState level. Default 0. */
  level?: number;
  /** Caffe's NetState stages. Default none. */
  stages?: string[];
  /** Folder that relative sources inside the network are meant relative to. Default: the working directory. */
  basePath?: string;
  /** Aborts before the next step. */
  signal?: AbortSignal;
  /** Called after each iteration, and awaited. */
  onProgress?: (progress: ToolProgress) => unknown;
}

const OPTIONS: Record<keyof TimePlanOptions, true> = {
  iterations: true,
  precision: true,
  weights: true,
  level: true,
  stages: true,
  basePath: true,
  signal: true,
  onProgress: true,
};

export interface StepTiming extends Omit<PlanStep, 'milliseconds'> {
  forward: Timing;
}

export interface PlanTiming extends Omit<NetPlan, 'steps'> {
  iterations: number;
  /** In the order in which they run. */
  steps: StepTiming[];
  /** All steps together. */
  forward: Timing;
}

/**
 * Times a network of the test phase in the fast engine, step by step: which implementation computes which layers, and how long that takes.
 *
 * @param source the path of a prototxt file, its text, or a document.
 * @throws {CaffeError} ERR_CAFFE_UNSUPPORTED for a network that the fast engine cannot run, or a build without it; ERR_CAFFE_INPUT for an
 *   option out of range; ERR_CAFFE_CALLBACK when `onProgress` throws; ERR_CAFFE_ABORTED; as `Net.load`.
 */
export async function timePlan(source: NetworkLike, options?: TimePlanOptions): Promise<PlanTiming> {
  const { iterations = 50, signal, onProgress, weights = [], ...netOptions } = optionsFrom(options, OPTIONS);
  checkedCount(iterations, 'The number of iterations');
  const defined = Object.fromEntries(Object.entries(netOptions).filter(([, value]) => value !== undefined)) as NetOptions;
  const net = await openTrainedNet(source, { ...defined, weights, engine: 'onednn' });
  try {
    // The first builds the plan, the second warms its memory up.
    for (let run = 0; run < 2; run++) await timed(net, signal);
    const plans: NetPlan[] = [];
    while (plans.length < iterations) {
      plans.push(await timed(net, signal));
      await report(onProgress, { done: plans.length, total: iterations });
    }
    return summary(plans);
  } finally {
    await net.dispose();
  }
}

async function timed(net: Net, signal: AbortSignal | undefined): Promise<NetPlan> {
  await net.forward({}, { timed: true, signal });
  const { plan } = net;
  if (plan) return plan;
  throw new CaffeError('ERR_CAFFE_UNSUPPORTED', `Caffe ran the network: ${net.engine.reason}.`);
}

function summary(plans: readonly NetPlan[]): PlanTiming {
  const [{ steps, ...facts }] = plans as [NetPlan];
  return {
    ...facts,
    iterations: plans.length,
    steps: steps.map(({ milliseconds: _, ...step }, index) => ({
      ...step,
      forward: timingOf(plans.map((plan) => plan.steps[index]?.milliseconds ?? 0)),
    })),
    forward: timingOf(plans.map((plan) => plan.steps.reduce((sum, { milliseconds }) => sum + milliseconds, 0))),
  };
}
