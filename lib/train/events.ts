import type { Metrics } from '../model-info';
import type { CopyReport } from '../native';
import type { NetEngine } from '../net-engine';
import type { LearningRateChoice, RangePoint } from './learning-rate';
import type { TrainingPlan } from './plan';

/** A classifier of the network and what it became for the dataset. */
export interface RetargetedHead {
  from: string;
  to: string;
  /** Outputs before (undefined where the file left them open) and now. */
  outputs: [number | undefined, number];
}

/** What a training reports while it runs. The first three kinds come in this order; times are in seconds, losses in nats per image. */
export type TrainingEvent =
  /** One step of the search for a learning rate; `total` is the most steps there can be. */
  | ({ type: 'search'; iteration: number; total: number } & RangePoint)
  | {
      type: 'start';
      plan: TrainingPlan;
      /** What was taken from the weights; undefined when training from scratch. */
      weights: CopyReport | undefined;
      heads: RetargetedHead[];
      learningRate: LearningRateChoice;
    }
  /**
   * `loss` is the objective of this one batch, auxiliary losses included. `eta` counts the validations that are to come. `waiting` is how
   * long the iteration waited for its images, `engine` what computed it.
   */
  | {
      type: 'iteration';
      iteration: number;
      epoch: number;
      loss: number;
      learningRate: number;
      eta: number;
      waiting: number;
      engine: NetEngine['name'];
    }
  | ({ type: 'validation'; iteration: number; epoch: number } & Metrics)
  | { type: 'snapshot'; iteration: number; path: string }
  | { type: 'warning'; code: TrainingWarning; message: string }
  | { type: 'end'; reason: EndReason; best: { iteration: number; path: string; accuracy?: number; loss?: number } | undefined };

/**
 * - `accuracy-dropped`: an Accuracy layer that looks at more classes than there are was left out: Caffe refuses it.
 * - `activation-dropped`: an activation directly on a new head was left out.
 * - `batch-reduced`, `crop-reduced`: the file asks for more than the dataset has.
 * - `diverged`: training starts again from the weights with a smaller learning rate.
 */
export type TrainingWarning = 'accuracy-dropped' | 'activation-dropped' | 'batch-reduced' | 'crop-reduced' | 'diverged';

export type EndReason = 'finished' | 'stopped' | 'aborted';
