import { readArray, readOptions } from '../../given';
import { inputError } from '../input-error';
import { encodeFloat, encodeString } from '../text/literals';
import type { MessageNode } from '../text/nodes';
import type { Layer } from './network';
import { messageSnippet } from './snippets';

/** What a data layer reads, and what it does to the pictures. What is undefined is not said. */
export interface DataSettings {
  /** The database or list of files. */
  readonly source?: string;
  /** Pictures per batch, from 1. */
  readonly batchSize?: number;
  /** The kind of database; LMDB when nothing is said. */
  readonly backend?: 'LMDB';
  /** Whether pictures are mirrored at random. */
  readonly mirror?: boolean;
  /** Side of the square cut out of each picture; 0: none. */
  readonly cropSize?: number;
  /** A mean picture to subtract (`mean.binaryproto`); excludes `meanValues`. */
  readonly meanFile?: string;
  /** One value to subtract, or one for each channel (BGR); empty: nothing is subtracted. */
  readonly meanValues?: readonly number[];
  /** What values are multiplied with, after the mean is subtracted. */
  readonly scale?: number;
  /** Whether the order changes with every epoch. Our Data layer reads it; stock Caffe ignores it. */
  readonly shuffle?: boolean;
}

/** {@link DataSettings} of a dataset that is there. */
export interface DataSource extends DataSettings {
  readonly source: string;
}

/** Settings as a file has them, with what only old or rare files say. */
export interface FileSettings extends DataSettings {
  readonly forceColor?: boolean;
  readonly forceGray?: boolean;
}

/** The message in which each type of data layer names its source. */
const DATA_PARAMS: ReadonlyMap<string, string> = new Map([
  ['Data', 'data_param'],
  ['ImageData', 'image_data_param'],
  ['HDF5Data', 'hdf5_data_param'],
  ['MemoryData', 'memory_data_param'],
  ['WindowData', 'window_data_param'],
]);

/** Whether a layer reads a dataset, and has settings. */
export function readsDataset(layer: Layer): boolean {
  return DATA_PARAMS.has(layer.type);
}

/**
 * What a data layer says. Old files have the transformation beside the source; both places are read.
 *
 * @throws {CaffeError} ERR_CAFFE_PROTOTXT for a value of the wrong kind.
 */
export function readSettings(layer: Layer): FileSettings {
  const data = layer.message.message(DATA_PARAMS.get(layer.type) ?? '');
  const transform = layer.message.message('transform_param');
  const either = <T>(read: (message: MessageNode) => T | undefined) => (transform && read(transform)) ?? (data && read(data));
  const meanValues = transform?.numbers('mean_value') ?? [];
  return {
    source: data?.string('source'),
    batchSize: data?.number('batch_size'),
    mirror: either((message) => message.boolean('mirror')),
    cropSize: either((message) => message.number('crop_size')),
    meanFile: either((message) => message.string('mean_file')),
    meanValues: meanValues.length > 0 ? meanValues : undefined,
    scale: either((message) => message.number('scale')),
    shuffle: layer.message.message('image_data_param')?.boolean('shuffle'),
    forceColor: transform?.boolean('force_color'),
    forceGray: transform?.boolean('force_gray'),
  };
}

/** The caller's settings, and the file's where the caller says nothing. One kind of mean displaces the other. */
export function mergeSettings(own: DataSource, file: FileSettings): DataSource & FileSettings {
  const { meanFile, meanValues, ...rest } = file;
  const mean = own.meanFile === undefined && own.meanValues === undefined ? { meanFile, meanValues } : {};
  const said = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined));
  return { ...rest, ...mean, ...said, source: own.source };
}

/** The fields of a Data layer that say what `settings` do; without a source, the kind of database is left open as well. */
export function settingsSnippets(settings: FileSettings): string[] {
  const {
    source,
    batchSize,
    backend = 'LMDB',
    mirror,
    cropSize,
    meanFile,
    meanValues = [],
    scale,
    shuffle,
    forceColor,
    forceGray,
  } = settings;
  const line = (name: string, value: unknown) => (value === undefined ? '' : `${name}: ${value}`);
  return [
    messageSnippet('transform_param', [
      line('scale', scale === undefined ? undefined : encodeFloat(scale)),
      line('mirror', mirror),
      line('crop_size', cropSize || undefined),
      line('mean_file', meanFile === undefined ? undefined : encodeString(meanFile)),
      ...meanValues.map((value) => line('mean_value', encodeFloat(value))),
      line('force_color', forceColor),
      line('force_gray', forceGray),
    ]),
    messageSnippet('data_param', [
      line('source', source === undefined ? undefined : encodeString(source)),
      line('batch_size', batchSize),
      line('backend', source === undefined ? undefined : backend),
    ]),
    messageSnippet('image_data_param', [line('shuffle', shuffle || undefined)]),
  ];
}

/** All of them: the compiler refuses a list that lacks one. */
const SETTINGS: Record<keyof DataSource, true> = {
  source: true,
  batchSize: true,
  backend: true,
  mirror: true,
  cropSize: true,
  meanFile: true,
  meanValues: true,
  scale: true,
  shuffle: true,
};

/**
 * A caller's settings, each read once. `name` says whose they are: 'train' or 'validation'.
 *
 * @throws {CaffeError} ERR_CAFFE_INPUT for a setting that Caffe could not read.
 */
export function readSource(name: string, settings: DataSource): DataSource {
  if (settings === undefined) throw inputError(name, 'the settings of a data layer', settings);
  const read = readOptions(settings, Object.keys(SETTINGS) as (keyof DataSource)[], `'${name}'`);
  const meanValues = read.meanValues === undefined ? undefined : readArray(read.meanValues, `'${name}.meanValues'`);
  checkSettings(name, { ...read, meanValues });
  return { ...read, meanValues };
}

function checkSettings(name: string, settings: DataSource): void {
  const { source, batchSize, backend = 'LMDB', mirror, cropSize, meanFile, meanValues = [], scale = 1, shuffle } = settings;
  const check = (holds: boolean, field: string, expected: string, found: unknown) => {
    if (!holds) throw inputError(`${name}.${field}`, expected, found);
  };
  check(isText(source), 'source', 'the path of a database', source);
  check(batchSize === undefined || isWhole(batchSize, 1), 'batchSize', 'a whole number from 1', batchSize);
  check(backend === 'LMDB', 'backend', "'LMDB'", backend);
  check(cropSize === undefined || isWhole(cropSize, 0), 'cropSize', 'a whole number from 0', cropSize);
  check(isFlag(mirror), 'mirror', 'true or false', mirror);
  check(isFlag(shuffle), 'shuffle', 'true or false', shuffle);
  check(Number.isFinite(scale), 'scale', 'a finite number', scale);
  check(meanValues.every(Number.isFinite), 'meanValues', 'an array of finite numbers', meanValues);
  check(meanFile === undefined || isText(meanFile), 'meanFile', 'the path of a mean picture', meanFile);
  check(meanFile === undefined || meanValues.length === 0, 'meanFile', 'no value beside meanValues', meanFile);
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function isFlag(value: unknown): boolean {
  return value === undefined || typeof value === 'boolean';
}

function isWhole(value: number, least: number): boolean {
  return Number.isInteger(value) && value >= least;
}
