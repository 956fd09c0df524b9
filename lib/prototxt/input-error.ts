import { CaffeError, type CaffeErrorDetails, describe } from '../errors';

/** The error for a value that the caller gave: what is called `name` takes `expected`. */
export function inputError(name: string, expected: string, found: unknown, details: CaffeErrorDetails = {}): CaffeError {
  return new CaffeError('ERR_CAFFE_INPUT', `'${name}' takes ${expected}; found ${describe(found)}.`, details);
}

/** A flag that is off unless it is given. @throws {CaffeError} ERR_CAFFE_INPUT for anything but true or false. */
export function readFlag(value: boolean | undefined, name: string): boolean {
  if (value === undefined || typeof value === 'boolean') return value === true;
  throw inputError(name, 'true or false', value);
}
