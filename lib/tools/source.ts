/** Where the network of a tool comes from. */
import { CaffeError, describe } from '../errors';
import { reading } from '../given';
import type { NativeModel } from '../native';
import { Net, type NetOptions, type Weights } from '../net';
import type { PrototxtDocument } from '../prototxt';

/** The path of a prototxt file, prototxt text (it contains a brace), or a document. */
export type NetworkLike = string | PrototxtDocument;

/**
 * A network as the addon takes it.
 *
 * @throws {CaffeError} ERR_CAFFE_INPUT for something else.
 */
export function modelOf(source: NetworkLike): NativeModel {
  if (typeof source === 'object' && source !== null) return { text: reading('The network', () => String(source)) };
  if (typeof source === 'string' && source !== '') return source.includes('{') ? { text: source } : { path: source };
  throw new CaffeError('ERR_CAFFE_INPUT', `A network was expected; ${describe(source)} was given.`, {
    hint: 'Give the path of a prototxt file, its text, or a PrototxtDocument.',
  });
}

/** @throws {CaffeError} ERR_CAFFE_INPUT without weights (none on purpose: an empty array); as `Net.load`. */
export async function openTrainedNet(source: NetworkLike, options: NetOptions & { weights: Weights | Weights[] }): Promise<Net> {
  if (!options.weights)
    throw new CaffeError('ERR_CAFFE_INPUT', 'The weights are missing.', { hint: 'Give the path of a .caffemodel file.' });
  const model = modelOf(source);
  if ('path' in model) return Net.load(model.path, options);
  return Net.from('text' in model ? model.text : '', options);
}
