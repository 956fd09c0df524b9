import { CaffeError, type CaffeErrorDetails } from '../errors';

/** The error for a value that the caller gave: what is called `name` takes `expected`. */
export function inputError(name: string, expected: string, found: unknown, details: CaffeErrorDetails = {}): CaffeError {
  return new CaffeError('ERR_CAFFE_INPUT', `'${name}' takes ${expected}; found ${describe(found)}.`, details);
}

/** A value for a message to people. JSON cannot show everything: NaN, bigints, cycles. */
function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item) => (typeof item === 'object' ? '…' : describe(item))).join(', ')}]`;
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}
