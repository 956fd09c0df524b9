import { readOptions } from '../../given';
import type { PrototxtSource } from '../document/document';
import { readState, type StateOptions, stateOf } from '../document/net-state';
import { readFlag } from '../input-error';
import { isActive, readNetwork } from '../network/network';

export interface SelectOptions extends StateOptions {
  /** Leaves the rules of the layers that stay, as Caffe's own filter does. Default false: the file is the same network in every state. */
  readonly keepRules?: boolean;
}

export interface SelectResult {
  readonly text: string;
  /** The names of the layers that are not in this network, in file order. Another layer of the same name may be in it. */
  readonly removed: string[];
}

/**
 * The network that Caffe builds of a file in one state: the layers whose `include` and `exclude` rules do not allow it go, as in
 * `Net::FilterNet`, and the rules of the others, which have decided.
 *
 * @throws {CaffeError} ERR_CAFFE_INPUT for a phase, level or stages that are none; ERR_CAFFE_PROTOTXT or ERR_CAFFE_UNSUPPORTED as
 *                      {@link readNetwork}.
 */
export function select(source: PrototxtSource, given: SelectOptions): SelectResult {
  const options = readOptions(given, ['phase', 'level', 'stages', 'keepRules']);
  const keepRules = readFlag(options.keepRules, 'keepRules');
  const wanted = readState(options);
  const network = readNetwork(source);
  const state = stateOf(network, wanted);
  const removed = network.layers.filter((layer) => !isActive(layer, state));
  const gone = new Set(removed);
  const document = network.document.edit((edits) => {
    for (const layer of network.layers) {
      if (gone.has(layer)) edits.remove(layer.field);
      else if (!keepRules) for (const rule of layer.message.fieldsNamed('include', 'exclude')) edits.remove(rule);
    }
  });
  return { text: document.toString(), removed: removed.map(({ name }) => name) };
}
