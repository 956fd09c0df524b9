/** Training: from a dataset and a network to a model folder. */
import { throwIfAborted } from '../abort';
import { CaffeError } from '../errors';
import { type Model, openModel } from '../model';
import type { CopyReport } from '../native';
import { type Run, type RunControl, startRun } from '../run';
import { Solver, type SolverParameter } from '../solver';
import { hasCode } from './divergence';
import type { EndReason, TrainingEvent } from './events';
import { findLearningRate, type LearningRateChoice, MOST_STEPS } from './learning-rate';
import type { TrainOptions } from './options';
import { type Preparation, prepare } from './preparation';
import { TrainingSession } from './session';
import { engineSolver, rangeTestSolver, solverFile } from './solver-file';
import { Validation } from './validation';

export type { EndReason, RetargetedHead, TrainingEvent, TrainingWarning } from './events';
export type { LearningRateChoice, RangePoint } from './learning-rate';
export { shippedNetworks } from './network-source';
export type { MeanOption, SolverType, TrainOptions } from './options';
export type { TrainingPlan } from './plan';
export type { LearningRatePolicy } from './policy';

/** DIGITS's. */
const DEFAULT_RATE = 0.01;
/** What a rate that diverged is divided by before the one other attempt. */
const RETREAT = 3;

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
 *   ERR_CAFFE_UNSUPPORTED for a network that cannot be trained; ERR_CAFFE_WEIGHTS for weights that do not fit; ERR_CAFFE_FILE for
 *   a file that cannot be read or a folder that cannot be written or is in use; ERR_CAFFE_DIVERGED when the loss is no longer a
 *   number, with the last good snapshot as `file`; ERR_CAFFE_ABORTED.
 */
export function train(options: TrainOptions): Run<TrainingEvent, Model> {
  return startRun((control) => runTraining(options, control), options?.signal);
}

async function runTraining(options: TrainOptions, control: RunControl<TrainingEvent>): Promise<Model> {
  const job = await prepare(options ?? {});
  const { folder } = job;
  try {
    for (const warning of job.warnings) await report(job, control, warning);
    const rate = await learningRateFor(job, options, control);
    throwIfAborted(options.signal);
    const reason = await trainWithRetreat(job, rate, options.signal, control);
    await folder.finish(reason === 'aborted' ? 'Aborted' : 'Done');
    await report(job, control, endEvent(job, reason));
  } catch (error) {
    if (folder.newest) await folder.finish('Error');
    else await folder.remove();
    throw error;
  }
  return openModel(folder.path);
}

async function learningRateFor(job: Preparation, options: TrainOptions, control: RunControl<TrainingEvent>): Promise<LearningRateChoice> {
  const wanted = options.learningRate ?? (job.weights === undefined ? DEFAULT_RATE : 'auto');
  if (wanted !== 'auto') return { value: wanted };
  const { solver } = await openSolver(job, rangeTestSolver(job.plan, job.folder.path));
  try {
    return await findLearningRate(
      (rate) => lossAt(solver, rate),
      (point, iteration) => {
        control.emit({ type: 'search', iteration, total: MOST_STEPS, ...point });
        return !control.stopping();
      },
    );
  } finally {
    await solver.dispose();
  }
}

/** One step of a range test; NaN where the loss is no number. */
async function lossAt(solver: Solver, rate: number): Promise<number> {
  solver.baseLearningRate = rate;
  try {
    return (await solver.step(1)).loss;
  } catch (error) {
    if (hasCode(error, 'ERR_CAFFE_DIVERGED')) return Number.NaN;
    throw error;
  }
}

/** Trains; a rate that was found, not given, and diverges nevertheless is tried once more at a third, from the weights. */
async function trainWithRetreat(
  job: Preparation,
  rate: LearningRateChoice,
  signal: AbortSignal | undefined,
  control: RunControl<TrainingEvent>,
): Promise<EndReason> {
  try {
    return await trainOnce(job, rate, signal, control);
  } catch (error) {
    if (!rate.curve || !hasCode(error, 'ERR_CAFFE_DIVERGED')) throw error;
    const smaller = { ...rate, value: rate.value / RETREAT };
    const message = `${error.message} Starting again from the weights with the learning rate ${smaller.value.toPrecision(2)}.`;
    await report(job, control, { type: 'warning', code: 'diverged', message });
    await job.folder.clearSnapshots();
    return trainOnce(job, smaller, signal, control);
  }
}

async function trainOnce(
  job: Preparation,
  rate: LearningRateChoice,
  signal: AbortSignal | undefined,
  control: RunControl<TrainingEvent>,
): Promise<EndReason> {
  const { plan, folder, trainVal, heads } = job;
  await folder.writeSolver(solverFile(plan, rate.value));
  const { solver, copied } = await openSolver(job, engineSolver(plan, rate.value, folder.path));
  let validation: Validation | undefined;
  try {
    if (plan.images.validation > 0) validation = await Validation.open(trainVal, folder.path, solver.net, plan);
    await report(job, control, { type: 'start', plan, weights: copied, heads, learningRate: rate });
    return await new TrainingSession({ plan, solver, validation, folder, control, signal }).run();
  } finally {
    await validation?.dispose();
    await solver.dispose();
  }
}

/** A solver with the weights in its net, and what was taken from them. */
async function openSolver(job: Preparation, parameter: SolverParameter): Promise<{ solver: Solver; copied: CopyReport | undefined }> {
  const solver = await Solver.from(parameter, { basePath: job.folder.path });
  try {
    const copied = job.weights === undefined ? undefined : await solver.net.copyFrom(job.weights);
    if (copied?.copied.length === 0) throw foreignWeights(job);
    return { solver, copied };
  } catch (error) {
    await solver.dispose();
    throw error;
  }
}

function foreignWeights({ weights }: Preparation): CaffeError {
  return new CaffeError('ERR_CAFFE_WEIGHTS', 'The weights hold no layer of this network.', {
    file: typeof weights === 'string' ? weights : undefined,
    hint: 'Layers are matched by name: use the weights that were published with this network.',
  });
}

function endEvent({ folder }: Preparation, reason: EndReason): TrainingEvent {
  const { best } = folder;
  const { iteration, accuracy, loss } = best ?? {};
  return {
    type: 'end',
    reason,
    best: iteration === undefined ? undefined : { iteration, path: folder.snapshotPath(iteration), accuracy, loss },
  };
}

async function report({ folder }: Preparation, control: RunControl<TrainingEvent>, event: TrainingEvent): Promise<void> {
  control.emit(event);
  await folder.record(event);
}
