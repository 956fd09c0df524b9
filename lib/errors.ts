import { inspect } from 'node:util';

/** Codes of {@link CaffeError}: stable, to be compared in code; messages are for people and may change. */
export type CaffeErrorCode =
  | 'ERR_CAFFE_FATAL'
  | 'ERR_CAFFE_PROTOTXT'
  | 'ERR_CAFFE_SHAPE'
  | 'ERR_CAFFE_WEIGHTS'
  | 'ERR_CAFFE_INPUT'
  | 'ERR_CAFFE_BUSY'
  | 'ERR_CAFFE_DISPOSED'
  | 'ERR_CAFFE_ABORTED'
  | 'ERR_CAFFE_NOT_COMPUTED'
  | 'ERR_CAFFE_DIVERGED'
  | 'ERR_CAFFE_DATASET'
  | 'ERR_CAFFE_ARCHIVE'
  | 'ERR_CAFFE_MODEL'
  | 'ERR_CAFFE_IMAGE'
  | 'ERR_CAFFE_FILE'
  | 'ERR_CAFFE_FETCH'
  | 'ERR_CAFFE_CHECKSUM'
  | 'ERR_CAFFE_CALLBACK'
  | 'ERR_CAFFE_LOAD'
  | 'ERR_CAFFE_UNSUPPORTED';

/** What a {@link CaffeError} tells beside its message, each only where it is known. */
export interface CaffeErrorDetails {
  /** The layer in question. */
  layer?: string;
  /** The blob in question. */
  blob?: string;
  /** The file in question: the caller's file, or Caffe's source file for `ERR_CAFFE_FATAL`. */
  file?: string;
  /** Line in `file` or in the prototxt text, from 1. */
  line?: number;
  /** Column in that line, from 1. */
  column?: number;
  /** What to do about it. */
  hint?: string;
  /** What caused it: the reason of an AbortSignal, or for `ERR_CAFFE_CALLBACK` the very value that the callback threw. */
  cause?: unknown;
}

/** Every error of this package: a stable `code`, a message that names the given and the expected, and where it is known, a `hint`. */
export class CaffeError extends Error {
  readonly code: CaffeErrorCode;
  declare readonly layer?: string;
  declare readonly blob?: string;
  declare readonly file?: string;
  declare readonly line?: number;
  declare readonly column?: number;
  declare readonly hint?: string;

  constructor(code: CaffeErrorCode, message: string, details: CaffeErrorDetails = {}) {
    const { cause, ...known } = details;
    // A callback may have thrown `undefined`: then that is the cause.
    super(message, cause === undefined && code !== 'ERR_CAFFE_CALLBACK' ? undefined : { cause });
    this.name = code === 'ERR_CAFFE_ABORTED' ? 'AbortError' : 'CaffeError';
    this.code = code;
    for (const [key, value] of Object.entries(known)) {
      if (value !== undefined) Object.defineProperty(this, key, { value, enumerable: true });
    }
  }
}

/** A value as messages name it, in one line; never throws, whatever the value, and runs none of the caller's code. */
export function describe(value: unknown): string {
  try {
    const line = { breakLength: Number.POSITIVE_INFINITY, depth: 1, maxArrayLength: 8, maxStringLength: 60, customInspect: false };
    return inspect(value, line).slice(0, 200);
  } catch {
    return `something of type ${typeof value}`; // the getter of a tag threw
  }
}

/** The message of anything that was thrown; of something that has none, that it has none. */
export function messageOf(error: unknown): string {
  try {
    return typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error);
  } catch {
    return `something of type ${typeof error} was thrown`;
  }
}
