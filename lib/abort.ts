/** AbortSignal, as this package treats it: the rejection is a CaffeError with code ERR_CAFFE_ABORTED, name AbortError and the signal's reason as cause. */
import { CaffeError, describe } from './errors';
import { reading } from './given';
import { type NativeStopFlag, native } from './native';

export function abortError(signal?: AbortSignal): CaffeError {
  return new CaffeError('ERR_CAFFE_ABORTED', 'The operation was aborted.', { cause: signal?.reason });
}

/** @throws {CaffeError} ERR_CAFFE_ABORTED when the signal has been aborted already; ERR_CAFFE_INPUT when it is none. */
export function throwIfAborted(signal?: AbortSignal): void {
  if (signal === undefined) return;
  requireSignal(signal);
  if (signal.aborted) throw abortError(signal);
}

/** Not by instanceof: signals of other realms, and of libraries that imitate them, are as good. */
function requireSignal(signal: AbortSignal): void {
  const isSignal = reading(
    'The signal',
    () =>
      typeof signal === 'object' &&
      signal !== null &&
      typeof signal.aborted === 'boolean' &&
      typeof signal.addEventListener === 'function' &&
      typeof signal.removeEventListener === 'function',
  );
  if (!isSignal) throw new CaffeError('ERR_CAFFE_INPUT', `A signal must be an AbortSignal; ${describe(signal)} was given.`);
}

/** Runs native work with a stop flag that follows the signal; listens no longer than the work takes. */
export async function withStopFlag<T>(signal: AbortSignal | undefined, work: (stop: NativeStopFlag | undefined) => Promise<T>): Promise<T> {
  if (signal === undefined) return work(undefined);
  throwIfAborted(signal);
  const stop = new native.StopFlag();
  const onAbort = () => stop.set();
  reading('The signal', () => signal.addEventListener('abort', onAbort, { once: true }));
  try {
    return await work(stop);
  } catch (error) {
    if (signal.aborted && error instanceof CaffeError && error.code === 'ERR_CAFFE_ABORTED') throw abortError(signal);
    throw error;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** The outcome of a promise, or a rejection as soon as the signal is aborted: for what cannot be stopped itself. */
export async function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  promise.catch(() => {}); // nobody may be waiting for it any more
  throwIfAborted(signal);
  let onAbort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(abortError(signal));
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
