import { CaffeError } from '../errors';

/** Whether an error is of ours with this code. Not by instanceof: errors may come from another realm (a worker's, Jest's). */
export function hasCode(error: unknown, code: CaffeError['code']): error is CaffeError {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}

/** The error of a training that has diverged: what happened, and what is left of it. */
export function divergence(cause: CaffeError, lastGood: string | undefined): CaffeError {
  const left = lastGood ? `The last good snapshot is ${lastGood}.` : 'There is no snapshot yet.';
  return new CaffeError('ERR_CAFFE_DIVERGED', `The training has diverged. ${cause.message}`, {
    file: lastGood,
    hint: `Choose a smaller learning rate, a third or a tenth. ${left}`,
    cause,
  });
}
