import path from 'node:path';
import { throwIfAborted } from '../abort';
import { CaffeError, describe } from '../errors';
import { readArray, readOptions, requirePath } from '../given';
import { RESIZE_MODES, type ResizeMode } from '../pixels';
import { ENCODINGS, type Encoding, type SetName } from './dataset';

export interface DatasetProgress {
  /** Which of the sets is being written. */
  stage: SetName;
  /** Images of this set that are done, skipped ones included. */
  done: number;
  total: number;
  /** The last of them. */
  file: string;
}

/** Every default is DIGITS's unless it says otherwise. */
export interface DatasetOptions {
  /** The folder to write. Default: `<name of the source>-dataset` in the working directory. */
  output?: string;
  /** Replaces a dataset that is there already. Default false. A folder that holds anything else is never replaced. */
  overwrite?: boolean;
  /** Side of the square images, or [height, width], in pixels, 1 to 8192. Default 256. */
  size?: number | readonly [number, number];
  /** Default 'squash'. `fill` and `half_crop` pad with grey (128). */
  resizeMode?: ResizeMode;
  /** 3: colour (default), 1: grey. */
  channels?: 1 | 3;
  /** Default 'png'. */
  encoding?: Encoding;
  /** Percentage of each class's images to validate with, 0 to below 100; at least one image, unless it is 0. Default 25. */
  validation?: number;
  /** Percentage of each class's images for a test set of its own, as `validation`. Default 0: none. */
  test?: number;
  /** Of the random order; the same source and seed give the same dataset. A whole number, 0 to 2³² − 1. Default 0. */
  seed?: number;
  /** A class with fewer images is left out and reported in `dropped`. Default 2; in any case one for each set. */
  minimum?: number;
  /** Ends the work with an AbortError; nothing is left behind. */
  signal?: AbortSignal;
  /** Called after each image, and awaited; what it throws ends the work with ERR_CAFFE_CALLBACK. */
  onProgress?: (progress: DatasetProgress) => void;
}

/** The options, complete and checked. */
export interface DatasetSettings {
  output: string;
  overwrite: boolean;
  size: [number, number];
  resizeMode: ResizeMode;
  channels: 1 | 3;
  encoding: Encoding;
  /** Percentages; the rest is for training. */
  shares: { validation: number; test: number };
  seed: number;
  minimum: number;
  signal?: AbortSignal;
  onProgress: (progress: DatasetProgress) => void;
}

const LARGEST_SIDE = 8192;

/** All of them: the compiler refuses a list that lacks one. */
const OPTIONS: Record<keyof DatasetOptions, true> = {
  output: true,
  overwrite: true,
  size: true,
  resizeMode: true,
  channels: true,
  encoding: true,
  validation: true,
  test: true,
  seed: true,
  minimum: true,
  signal: true,
  onProgress: true,
};

/** @throws {CaffeError} ERR_CAFFE_INPUT for a source that is no path, or an option out of range, by name. */
export function settingsFrom(source: string, options: DatasetOptions): DatasetSettings {
  requirePath(source, 'The source of a dataset');
  const read = readOptions(options, Object.keys(OPTIONS) as (keyof DatasetOptions)[]);
  const { size = 256, resizeMode = 'squash', encoding = 'png' } = read;
  const { validation = 25, test = 0, seed = 0, minimum = 2, channels = 3, overwrite = false, onProgress = () => {}, signal } = read;
  throwIfAborted(signal);
  requireOneOf('overwrite', overwrite, [true, false]);
  if (typeof onProgress !== 'function') throw wrong(`'onProgress' is a function; found ${describe(onProgress)}`);
  requirePercentage('validation', validation);
  requirePercentage('test', test);
  if (validation + test >= 100) throw wrong(`'validation' and 'test' are ${validation} and ${test} %, which leaves nothing to train with`);
  requireWhole('seed', seed, 0, 2 ** 32 - 1);
  requireWhole('minimum', minimum, 1, Number.MAX_SAFE_INTEGER);
  requireOneOf('channels', channels, [1, 3]);
  const sets = [100, validation, test].filter((share) => share > 0).length;
  return {
    output: path.resolve(
      read.output === undefined ? `${path.basename(path.resolve(source))}-dataset` : requirePath(read.output, "'output'"),
    ),
    overwrite,
    size: sizeFrom(size),
    resizeMode: requireOneOf('resizeMode', resizeMode, RESIZE_MODES),
    channels,
    encoding: requireOneOf('encoding', encoding, ENCODINGS),
    shares: { validation, test },
    seed,
    minimum: Math.max(minimum, sets),
    signal,
    onProgress,
  };
}

function sizeFrom(size: number | readonly [number, number]): [number, number] {
  const sides: readonly number[] = typeof size === 'number' ? [size, size] : readArray(size, "'size'");
  const [height, width] = sides;
  if (sides.length !== 2 || height === undefined || width === undefined) throw wrong(`'size' is a number or [height, width]`);
  requireWhole('size', height, 1, LARGEST_SIDE);
  requireWhole('size', width, 1, LARGEST_SIDE);
  return [height, width];
}

function requirePercentage(name: string, value: number): void {
  if (!(typeof value === 'number' && value >= 0 && value < 100))
    throw wrong(`'${name}' is a percentage from 0 to below 100; found ${describe(value)}`);
}

function requireWhole(name: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw wrong(`'${name}' is a whole number from ${least} to ${most}; found ${describe(value)}`);
  }
}

function requireOneOf<Value>(name: string, value: Value, known: readonly Value[]): Value {
  if (!known.includes(value)) throw wrong(`'${name}' is one of ${known.join(', ')}; found ${describe(value)}`);
  return value;
}

function wrong(problem: string): CaffeError {
  return new CaffeError('ERR_CAFFE_INPUT', `${problem}.`);
}
