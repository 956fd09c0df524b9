import { CaffeError, type CaffeErrorDetails, describe } from '../errors';

/** The error for a value that the caller gave: what is called `name` takes `expected`. */
export function inputError(name: string, expected: string, found: unknown, details: CaffeErrorDetails = {}): CaffeError {
  return new CaffeError('ERR_CAFFE_INPUT', `'${name}' takes ${expected}; found ${describe(found)}.`, details);
}
