/** Options of the tools: read once, checked before anything is done. */
import { throwIfAborted } from '../abort';
import { CaffeError, describe } from '../errors';
import { callingBack, readOptions } from '../given';

/** How far a long tool is. */
export interface ToolProgress {
  done: number;
  total: number;
}

interface CommonOptions<Progress> {
  signal?: AbortSignal;
  onProgress?: (progress: Progress) => unknown;
}

/**
 * The options that a caller gave, as plain data.
 *
 * @param names all of them: the compiler refuses a list that lacks one.
 * @throws {CaffeError} ERR_CAFFE_INPUT for what is no object, or cannot be read, and for a signal or an `onProgress` that is none;
 *   ERR_CAFFE_ABORTED.
 */
export function optionsFrom<Options extends CommonOptions<never>>(
  options: Options | undefined,
  names: Record<keyof Options, true>,
): Options {
  const read = readOptions(options, Object.keys(names) as (keyof Options)[]) as Options;
  if (read.onProgress !== undefined && typeof read.onProgress !== 'function') {
    throw new CaffeError('ERR_CAFFE_INPUT', `'onProgress' must be a function; ${describe(read.onProgress)} was given.`);
  }
  throwIfAborted(read.signal);
  return read;
}

/** Tells the caller how far a tool is. @throws {CaffeError} ERR_CAFFE_CALLBACK when the caller's function throws. */
export async function report<Progress>(onProgress: ((progress: Progress) => unknown) | undefined, progress: Progress): Promise<void> {
  if (onProgress) await callingBack('onProgress', () => onProgress(progress));
}

/** @throws {CaffeError} ERR_CAFFE_INPUT for anything but an integer from `least` to 2^31 - 1. */
export function checkedCount(value: number, what: string, least = 1): number {
  if (Number.isInteger(value) && value >= least && value < 2 ** 31) return value;
  throw new CaffeError('ERR_CAFFE_INPUT', `${what} must be a whole number from ${least}; ${describe(value)} was given.`);
}
