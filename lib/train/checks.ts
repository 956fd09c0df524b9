/** Checks of the caller's options, with errors that name the option, what it was and what it may be. */
import { CaffeError, describe } from '../errors';
import { reading, requirePath } from '../given';
import { engineRequest } from '../net-engine';
import { type MeanOption, SOLVER_TYPES, type TrainOptions } from './options';
import { type LearningRatePolicy, POLICY_TYPES } from './policy';

const MOST_SEEDS = 2 ** 31;

/** @throws {CaffeError} ERR_CAFFE_INPUT for the first option that is out of its range; ERR_CAFFE_UNSUPPORTED for an engine that is not there. */
export function checkOptions(options: TrainOptions): void {
  const positive = ['epochs', 'validateEvery', 'snapshotEvery'] as const;
  const counts = ['batchSize', 'validationBatchSize', 'iterationSize', 'keepSnapshots'] as const;
  for (const name of positive) check(name, options[name], (value) => Number.isFinite(value) && value > 0, 'a number above 0');
  for (const name of counts) check(name, options[name], isWholeFrom(1), 'a whole number from 1');
  check('overwrite', options.overwrite, isBoolean, 'true or false');
  check('mirror', options.mirror, isBoolean, 'true or false');
  if (options.output !== undefined) requirePath(options.output, "'output'");
  check('cropSize', options.cropSize, isWholeFrom(0), 'a whole number from 0');
  check('momentum', options.momentum, (value) => Number.isFinite(value) && value >= 0 && value < 1, 'a number from 0 to below 1');
  check('rmsDecay', options.rmsDecay, (value) => Number.isFinite(value) && value > 0 && value < 1, 'a number between 0 and 1');
  check('weightDecay', options.weightDecay, (value) => Number.isFinite(value) && value >= 0, 'a number from 0');
  check('seed', options.seed, (value) => isWholeFrom(0)(value) && value < MOST_SEEDS, 'a whole number from 0 to 2147483647');
  check('solverType', options.solverType, (value) => SOLVER_TYPES.includes(value), `one of ${SOLVER_TYPES.join(', ')}`);
  check('mean', options.mean, isMean, "'image', 'pixel', 'none' or an array of 1 or 3 numbers");
  check(
    'learningRatePolicy',
    options.learningRatePolicy,
    isPolicy,
    `an object whose type is one of ${POLICY_TYPES.join(', ')}, with numbers from 0`,
  );
  checkLearningRate(options);
  engineRequest({ engine: options.engine, precision: options.precision });
}

function checkLearningRate({ learningRate, weights }: TrainOptions): void {
  if (learningRate !== 'auto') {
    check('learningRate', learningRate, (value) => Number.isFinite(value) && value > 0, "a number above 0, or 'auto'");
  } else if (weights === undefined) {
    throw new CaffeError('ERR_CAFFE_INPUT', "learningRate: 'auto' needs 'weights' to start from.", {
      hint: 'A network that starts from nothing usually learns with 0.01, the default.',
    });
  }
}

function check<T>(name: string, value: T | undefined, holds: (value: T) => boolean, expected: string): void {
  if (value === undefined || reading(`'${name}'`, () => holds(value))) return;
  throw new CaffeError('ERR_CAFFE_INPUT', `'${name}' is ${expected}; found ${describe(value)}.`);
}

function isBoolean(value: unknown): boolean {
  return typeof value === 'boolean';
}

function isWholeFrom(least: number): (value: number) => boolean {
  // Caffe counts in 31 bits.
  return (value) => Number.isInteger(value) && value >= least && value < 2 ** 31;
}

function isMean(mean: MeanOption): boolean {
  if (typeof mean === 'string') return ['image', 'pixel', 'none'].includes(mean);
  return Array.isArray(mean) && (mean.length === 1 || mean.length === 3) && mean.every(Number.isFinite);
}

function isPolicy(policy: LearningRatePolicy): boolean {
  const { type, ...values } = policy ?? {};
  return (
    POLICY_TYPES.includes(type) &&
    Object.values(values)
      .flat()
      .every((value) => Number.isFinite(value) && value >= 0)
  );
}
