import { throwIfAborted } from '../abort';
import { type Model, openModel } from '../model';
import type { CopyReport } from '../native';
import type { RunControl } from '../run';
import { Solver, type SolverParameter } from '../solver';
import { hasCode } from './divergence';
import type { EndReason, TrainingEvent } from './events';
import { findLearningRate, type LearningRateChoice, MOST_STEPS } from './learning-rate';
import type { TrainOptions } from './options';
import { type Preparation, prepare } from './preparation';
import { TrainingSession } from './session';
import { engineSolver, rangeTestSolver, solverFile } from './solver-file';
import { Validation } from './validation';

/** DIGITS's. */
const DEFAULT_RATE = 0.01;
/** What a rate that diverged is divided by before the one other attempt. */
const RETREAT = 3;

/** A training under way. */
interface Job extends Preparation {
  control: RunControl<TrainingEvent>;
  signal: AbortSignal | undefined;
}

/** What {@link train} does, from the options to the model. */
export async function runTraining(options: TrainOptions, control: RunControl<TrainingEvent>): Promise<Model> {
  const job = { ...(await prepare(options)), control, signal: options.signal };
  const { folder } = job;
  try {
    for (const warning of job.warnings) await report(job, warning);
    const rate = await learningRateFor(job, options.learningRate);
    throwIfAborted(job.signal);
    const reason = await trainWithRetreat(job, rate);
    await folder.finish(reason === 'aborted' ? 'Aborted' : 'Done');
    await report(job, endEvent(job, reason));
  } catch (error) {
    if (folder.newest) await folder.finish('Error');
    else await folder.remove();
    throw error;
  }
  return openModel(folder.path);
}

async function learningRateFor(job: Job, given: TrainOptions['learningRate']): Promise<LearningRateChoice> {
  const wanted = given ?? (job.weights === undefined ? DEFAULT_RATE : 'auto');
  return wanted === 'auto' ? searchLearningRate(job) : { value: wanted };
}

/** The range test, on a solver of its own: a copy of the weights. */
async function searchLearningRate(job: Job): Promise<LearningRateChoice> {
  const { solver } = await openSolver(job, rangeTestSolver(job.plan, job.folder.path));
  try {
    return await findLearningRate(
      (rate) => lossAt(solver, rate),
      (point, iteration) => {
        job.control.emit({ type: 'search', iteration, total: MOST_STEPS, ...point });
        return !job.control.stopping();
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

/** Trains. A rate that was found, not given, and diverges nevertheless is tried once more at a third, from the weights. */
async function trainWithRetreat(job: Job, rate: LearningRateChoice): Promise<EndReason> {
  try {
    return await trainOnce(job, rate);
  } catch (error) {
    if (!rate.curve || !hasCode(error, 'ERR_CAFFE_DIVERGED')) throw error;
    const smaller = { ...rate, value: rate.value / RETREAT };
    const message = `${error.message} Starting again from the weights with the learning rate ${smaller.value.toPrecision(2)}.`;
    await report(job, { type: 'warning', code: 'diverged', message });
    await job.folder.clearSnapshots();
    return trainOnce(job, smaller);
  }
}

async function trainOnce(job: Job, rate: LearningRateChoice): Promise<EndReason> {
  const { plan, folder, trainVal, heads, control, signal } = job;
  await folder.writeSolver(solverFile(plan, rate.value));
  const { solver, copied } = await openSolver(job, engineSolver(plan, rate.value, folder.path));
  let validation: Validation | undefined;
  try {
    if (plan.images.validation > 0) validation = await Validation.open(trainVal, folder.path, solver.net, plan);
    await report(job, { type: 'start', plan, weights: copied, heads, learningRate: rate });
    return await new TrainingSession({ plan, solver, validation, folder, control, signal }).run();
  } finally {
    await validation?.dispose();
    await solver.dispose();
  }
}

/** A solver with the weights in its net, and what was taken from them. */
async function openSolver(job: Job, parameter: SolverParameter): Promise<{ solver: Solver; copied: CopyReport | undefined }> {
  const { engine, precision } = job.plan;
  const solver = await Solver.from(parameter, { basePath: job.folder.path, engine, precision });
  try {
    const copied = job.weights === undefined ? undefined : await solver.net.copyFrom(job.weights);
    return { solver, copied };
  } catch (error) {
    await solver.dispose();
    throw error;
  }
}

function endEvent({ folder }: Job, reason: EndReason): TrainingEvent {
  const { best } = folder;
  const { iteration, accuracy, loss } = best ?? {};
  return {
    type: 'end',
    reason,
    best: iteration === undefined ? undefined : { iteration, path: folder.snapshotPath(iteration), accuracy, loss },
  };
}

async function report({ folder, control }: Job, event: TrainingEvent): Promise<void> {
  control.emit(event);
  await folder.record(event);
}
