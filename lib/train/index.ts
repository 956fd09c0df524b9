/** Training: from a dataset and a network to a model folder. */
import type { Model } from '../model';
import { type Run, startRun } from '../run';
import type { TrainingEvent } from './events';
import { readTrainOptions, type TrainOptions } from './options';
import { runTraining } from './training';

export type { EndReason, RetargetedHead, TrainingEvent, TrainingWarning } from './events';
export type { LearningRateChoice, RangePoint } from './learning-rate';
export type { MeanOption, SolverType, TrainOptions } from './options';
export type { TrainingPlan } from './plan';
export type { LearningRatePolicy } from './policy';

/**
 * Trains a network on a dataset and writes a model folder.
 *
 * With `weights` this is fine-tuning: heads whose size differs from the number of classes are replaced and learn ten times faster
 * than the layers below, and the learning rate is found by a short range test on a copy of the weights. If training diverges with
 * the rate that was found, it starts once more from the weights with a third of it.
 *
 * ```ts
 * const run = train({ dataset, network: 'squeezenet.prototxt', weights: 'squeezenet.caffemodel' });
 * for await (const event of run) if (event.type === 'validation') console.log(event.epoch, event.accuracy);
 * const model = await run;
 * ```
 *
 * `run.stop()` ends the training after the present iteration, with a last validation and snapshot, and resolves with the model.
 * Aborting the signal writes a snapshot and rejects. A training that fails before its first snapshot leaves no folder.
 *
 * @throws {CaffeError} (as rejection) ERR_CAFFE_INPUT for an option out of range; ERR_CAFFE_DATASET; ERR_CAFFE_PROTOTXT and
 *   ERR_CAFFE_UNSUPPORTED for a network that cannot be trained, ERR_CAFFE_UNSUPPORTED for an engine or a precision that is not there; ERR_CAFFE_WEIGHTS for weights that do not fit; ERR_CAFFE_FILE for
 *   a file that cannot be read or a folder that cannot be written or is in use; ERR_CAFFE_DIVERGED when the loss is no longer a
 *   number, with the last good snapshot as `file`; ERR_CAFFE_ABORTED.
 */
export function train(options: TrainOptions): Run<TrainingEvent, Model> {
  return startRun((control) => runTraining(readTrainOptions(options), control), options);
}
