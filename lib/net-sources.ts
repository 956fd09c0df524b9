/** Where nets come from: their models, and the weights that go into them, checked and made plain. */
import { types } from 'node:util';
import { CaffeError, describe } from './errors';
import { readArray, reading, readOptions, readTexts, requirePath } from './given';
import { type NativeModel, type NativeNetRequest, native, type Phase } from './native';
import { ENGINE_OPTIONS, type EngineOptions, engineRequest } from './net-engine';
import type { NetParameter } from './prototxt';

/** The path of a .caffemodel (or .caffemodel.h5) file, or its bytes. */
export type Weights = string | Uint8Array;
/** Prototxt: text, or anything that turns into it, as a PrototxtDocument does. */
export type ModelText = string | { toString(): string };

export interface NetOptions extends EngineOptions {
  /** Copied in order; later files win. */
  weights?: Weights | Weights[];
  /** Default 'test'. */
  phase?: Phase;
  /** Caffe's NetState level. Default 0. */
  level?: number;
  /** Caffe's NetState stages. Default none. */
  stages?: string[];
  /** Folder that relative sources inside the network are meant relative to. Default: the working directory, as in Caffe. */
  basePath?: string;
}

const NET_OPTIONS = ['weights', 'phase', 'level', 'stages', 'basePath', ...ENGINE_OPTIONS] as const;

/** @throws {CaffeError} ERR_CAFFE_INPUT for options that are none. */
export function netRequest(model: NativeModel, options: NetOptions): NativeNetRequest {
  const { weights, phase = 'test', level = 0, stages = [], basePath = '', ...engine } = readOptions(options, NET_OPTIONS);
  if (phase !== 'train' && phase !== 'test') {
    throw new CaffeError('ERR_CAFFE_INPUT', `phase must be 'train' or 'test'; ${describe(phase)} was given.`);
  }
  if (!Number.isInteger(level) || Math.abs(level) >= 2 ** 31) {
    throw new CaffeError('ERR_CAFFE_INPUT', `level must be an integer; ${describe(level)} was given.`);
  }
  return {
    model,
    phase,
    level,
    stages: readTexts(stages, "'stages'"),
    weights: weightsFrom(weights),
    basePath: basePath === '' ? '' : requirePath(basePath, "'basePath'"),
    engine: engineRequest(engine, phase),
  };
}

/**
 * The text of a model: prototxt as it is, a NetParameter written out.
 *
 * @throws {CaffeError} ERR_CAFFE_INPUT for what is neither; ERR_CAFFE_PROTOTXT for an object with other fields.
 */
export function modelTextOf(model: ModelText | NetParameter, what: string): string {
  if (typeof model !== 'object' || model === null || reading(what, () => hasText(model))) return textOf(model as ModelText, what);
  return reading(what, () => native.messages.toText('NetParameter', model));
}

/**
 * The text of a model.
 *
 * @throws {CaffeError} ERR_CAFFE_INPUT for what has no text of its own.
 */
export function textOf(model: ModelText, what: string): string {
  const isText = typeof model === 'string' || (typeof model === 'object' && model !== null && reading(what, () => hasText(model)));
  if (!isText) throw new CaffeError('ERR_CAFFE_INPUT', `${what} must be prototxt; ${describe(model)} was given.`);
  return reading(what, () => String(model));
}

/** @throws {CaffeError} ERR_CAFFE_INPUT for anything but weights, or an array of them. */
export function weightsFrom(weights: Weights | Weights[] | undefined): Weights[] {
  if (weights === undefined) return [];
  return reading('The weights', () => Array.isArray(weights))
    ? readArray(weights as Weights[], 'The weights').map(checkedWeights)
    : [checkedWeights(weights as Weights)];
}

/** @throws {CaffeError} ERR_CAFFE_INPUT for anything but a path or bytes. */
export function checkedWeights(weights: Weights): Weights {
  if (types.isUint8Array(weights)) return weights;
  if (typeof weights === 'string') return requirePath(weights, 'A file of weights');
  throw new CaffeError('ERR_CAFFE_INPUT', `Weights must be the path of a file, or its bytes; ${describe(weights)} was given.`, {
    hint: 'Bytes are a Buffer or Uint8Array.',
  });
}

/** Plain objects, such as messages, have the text of any object. */
function hasText(model: object): boolean {
  return typeof model.toString === 'function' && model.toString !== Object.prototype.toString;
}
