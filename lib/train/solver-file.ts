/** The solver of a training, as a SolverParameter of caffe.proto: once for the file, once for our own loop. */
import path from 'node:path';
import { MODEL_FILES, SNAPSHOT_PREFIX } from '../model-files';
import { native } from '../native';
import type { TrainingPlan } from './plan';
import { policyFields } from './policy';

/** Weight decay, as a part of the learning rate, where the caller gives none: DIGITS's. */
const DECAY_PER_RATE = 0.01;
/** DIGITS shows the loss about eight times an epoch, and at least every 5000 images. */
const DISPLAYS_PER_EPOCH = 8;
const IMAGES_PER_DISPLAY = 5000;

/** The text of solver.prototxt, complete for the caffe command line run in the model folder. */
export function solverFile(plan: TrainingPlan, learningRate: number): string {
  return native.messages.toText('SolverParameter', {
    ...trainingFields(plan, learningRate),
    ...validationFields(plan),
    display: displayInterval(plan),
    snapshot: plan.snapshotEvery,
    snapshot_prefix: SNAPSHOT_PREFIX,
  });
}

/**
 * The same training for our own loop, which validates and decides about snapshots by itself.
 *
 * @param folder where snapshots are written.
 */
export function engineSolver(plan: TrainingPlan, learningRate: number, folder: string): Record<string, unknown> {
  return { ...trainingFields(plan, learningRate), snapshot_prefix: path.join(folder, SNAPSHOT_PREFIX), snapshot_after_train: false };
}

/** The same without policy and decay: the rate is what the caller sets before each step. */
export function rangeTestSolver(plan: TrainingPlan, folder: string): Record<string, unknown> {
  return engineSolver({ ...plan, policy: { type: 'fixed' }, weightDecay: 0 }, 0, folder);
}

function trainingFields(plan: TrainingPlan, learningRate: number): Record<string, unknown> {
  return {
    net: MODEL_FILES.trainVal,
    type: plan.solverType,
    base_lr: learningRate,
    ...policyFields(plan.policy, plan.iterations),
    ...(plan.momentum > 0 && { momentum: plan.momentum }),
    ...(plan.solverType === 'RMSProp' && { rms_decay: plan.rmsDecay }),
    weight_decay: plan.weightDecay ?? learningRate * DECAY_PER_RATE,
    iter_size: plan.iterationSize,
    max_iter: plan.iterations,
    random_seed: plan.seed,
    solver_mode: 'CPU',
  };
}

function validationFields({ images, validationBatchSize, validateEvery }: TrainingPlan): Record<string, unknown> {
  if (images.validation === 0) return {};
  return { test_iter: [Math.ceil(images.validation / validationBatchSize)], test_interval: validateEvery, test_initialization: false };
}

function displayInterval({ iterations, epochs, batchSize, iterationSize }: TrainingPlan): number {
  const often = Math.floor(iterations / (DISPLAYS_PER_EPOCH * epochs));
  return Math.max(1, Math.min(often, Math.ceil(IMAGES_PER_DISPLAY / (batchSize * iterationSize))));
}
