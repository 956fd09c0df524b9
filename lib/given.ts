/**
 * Reading what a caller gave. Getters, Proxies and iterators are the caller's code: they may throw, give another value each time, or call
 * back into this package. So everything is read here, once, into plain data, before any of it is used.
 */
import { CaffeError, describe, messageOf } from './errors';

/**
 * Runs a function that does nothing but read what the caller gave.
 *
 * @throws {CaffeError} ERR_CAFFE_INPUT, with what the caller's own code threw as `cause`.
 */
export function reading<Result>(what: string, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (error instanceof CaffeError) throw error;
    throw new CaffeError('ERR_CAFFE_INPUT', `${what} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

/**
 * Calls a function that the caller gave.
 *
 * @throws {CaffeError} ERR_CAFFE_CALLBACK, with what that function threw as `cause`; a CaffeError as it is.
 */
export function calling<Result>(what: string, call: () => Result): Result {
  try {
    return call();
  } catch (error) {
    throw threw(what, error);
  }
}

/** The same for a function that may be asynchronous: its promise is awaited. */
export async function callingBack<Result>(what: string, call: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    throw threw(what, error);
  }
}

function threw(what: string, error: unknown): CaffeError {
  if (error instanceof CaffeError) return error;
  return new CaffeError('ERR_CAFFE_CALLBACK', `${what} threw: ${messageOf(error)}`, { cause: error });
}

/**
 * The named options, each read once; absent ones are undefined.
 *
 * @throws {CaffeError} ERR_CAFFE_INPUT for options that are no object, or cannot be read.
 */
export function readOptions<Options extends object, Name extends keyof Options>(
  options: Options | undefined,
  names: readonly Name[],
  what = 'The options',
): Pick<Options, Name> {
  const read: Partial<Pick<Options, Name>> = {};
  if (options !== undefined) {
    requireObject(options, what);
    reading(what, () => {
      for (const name of names) read[name] = options[name];
    });
  }
  return read as Pick<Options, Name>;
}

/**
 * The entries of a record, each read once.
 *
 * @throws {CaffeError} ERR_CAFFE_INPUT for what is no object, or cannot be read.
 */
export function readEntries<Value>(record: Readonly<Record<string, Value>>, what: string): [name: string, value: Value][] {
  requireObject(record, what);
  return reading(what, () => Object.entries(record));
}

/**
 * The items of an array, each read once.
 *
 * @throws {CaffeError} ERR_CAFFE_INPUT for what is no array, or cannot be read.
 */
export function readArray<Item>(items: readonly Item[], what: string): Item[] {
  return reading(what, () => {
    if (!Array.isArray(items)) throw new CaffeError('ERR_CAFFE_INPUT', `${what} must be an array; ${describe(items)} was given.`);
    return Array.from(items as readonly Item[]);
  });
}

/** @throws {CaffeError} ERR_CAFFE_INPUT for anything but an array of texts. */
export function readTexts(texts: readonly string[], what: string): string[] {
  const read = readArray(texts, what);
  for (const text of read) {
    if (typeof text !== 'string') throw new CaffeError('ERR_CAFFE_INPUT', `${what} must hold texts; ${describe(text)} is among them.`);
  }
  return read;
}

/** @throws {CaffeError} ERR_CAFFE_INPUT for anything but a text that may name a file. */
export function requirePath(path: string, what: string): string {
  if (typeof path === 'string' && path !== '' && !path.includes('\0')) return path;
  throw new CaffeError('ERR_CAFFE_INPUT', `${what} must be a path; ${describe(path)} was given.`, {
    hint: typeof path === 'string' && path !== '' ? 'A path holds no NUL.' : 'A path is a text that is not empty.',
  });
}

function requireObject(value: unknown, what: string): void {
  if (typeof value === 'object' && value !== null && !reading(what, () => Array.isArray(value))) return;
  throw new CaffeError('ERR_CAFFE_INPUT', `${what} must be an object; ${describe(value)} was given.`);
}
