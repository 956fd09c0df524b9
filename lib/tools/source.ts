/** What the tools have in common: where a network comes from, and how far they are. */
import { CaffeError } from '../errors';
import type { NativeModel } from '../native';
import { Net, type NetOptions, type Weights } from '../net';
import type { PrototxtDocument } from '../prototxt';

/** The path of a prototxt file, prototxt text (it contains a brace), or a document. */
export type NetworkLike = string | PrototxtDocument;

/** How far a long tool is. */
export interface ToolProgress {
  done: number;
  total: number;
}

/**
 * A network as the addon takes it.
 *
 * @throws {CaffeError} ERR_CAFFE_INPUT for something else.
 */
export function modelOf(source: NetworkLike): NativeModel {
  if (typeof source === 'object' && source !== null) return { text: source.toString() };
  if (typeof source === 'string' && source !== '') return source.includes('{') ? { text: source } : { path: source };
  throw new CaffeError('ERR_CAFFE_INPUT', 'The network is missing.', {
    hint: 'Give the path of a prototxt file, its text, or a PrototxtDocument.',
  });
}

/** @throws {CaffeError} ERR_CAFFE_INPUT without weights (none on purpose: an empty array); as `Net.load`. */
export async function openTrainedNet(source: NetworkLike, options: NetOptions & { weights: Weights | Weights[] }): Promise<Net> {
  if (!options.weights)
    throw new CaffeError('ERR_CAFFE_INPUT', 'The weights are missing.', { hint: 'Give the path of a .caffemodel file.' });
  const model = modelOf(source);
  return 'path' in model ? Net.load(model.path, options) : Net.from(String(source), options);
}

/** @throws {CaffeError} ERR_CAFFE_INPUT for anything but an integer from `least` to 2^31 - 1. */
export function checkedCount(value: number, what: string, least = 1): number {
  if (Number.isInteger(value) && value >= least && value < 2 ** 31) return value;
  throw new CaffeError('ERR_CAFFE_INPUT', `${what} must be a whole number from ${least}; ${String(value)} was given.`);
}

/** @throws {CaffeError} ERR_CAFFE_INPUT for anything but a text that is not empty. */
export function checkedPath(value: string, what: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new CaffeError('ERR_CAFFE_INPUT', `${what} must be a path; ${value === '' ? 'an empty text' : String(value)} was given.`);
}
