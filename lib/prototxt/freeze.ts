import { CaffeError } from '../errors';
import { readOptions, readTexts } from '../given';
import type { PrototxtSource } from './document';
import { type Layer, type Network, readNetwork } from './network';
import { layersNamed, setMultipliers, settableParameters } from './params';

export interface FreezeOptions {
  /** The last layer to freeze: it and all before it in the file, which is the order in which Caffe runs them. */
  readonly through?: string;
  /** Layers that go on learning. */
  readonly except?: readonly string[];
}

export interface FreezeResult {
  readonly text: string;
  /** The layers whose parameters no longer change, in file order. */
  readonly frozen: string[];
}

const FROZEN = { learning: 0, decay: 0 };

/**
 * Keeps layers from learning: `lr_mult: 0` and `decay_mult: 0` for all their parameters, in `param` blocks that are added
 * where there are none. Frozen are all layers with parameters up to `through` (all of them without it), but for `except`.
 *
 * @throws {CaffeError} ERR_CAFFE_INPUT when neither option is given or a layer does not exist; ERR_CAFFE_PROTOTXT or
 *                      ERR_CAFFE_UNSUPPORTED as {@link readNetwork}.
 */
export function freeze(source: PrototxtSource, options: FreezeOptions = {}): FreezeResult {
  const { through, except } = readOptions(options, ['through', 'except']);
  const network = readNetwork(source);
  const layers = layersToFreeze(network, { through, except: except === undefined ? except : readTexts(except, "'except'") });
  const document = network.document.edit((edits) => {
    for (const layer of layers) setMultipliers(edits, layer, Array(settableParameters(layer)).fill(FROZEN));
  });
  return { text: document.toString(), frozen: [...new Set(layers.map((layer) => layer.name))] };
}

function layersToFreeze(network: Network, { through, except }: FreezeOptions): Layer[] {
  if (through === undefined && except === undefined) {
    throw new CaffeError('ERR_CAFFE_INPUT', "freeze needs 'through' or 'except'.", {
      hint: "Name the last layer to freeze in 'through', or the layers that go on learning in 'except'.",
    });
  }
  const spared = new Set((except ?? []).flatMap((name) => layersNamed(network, name)));
  const last = through === undefined ? undefined : layersNamed(network, through).at(-1);
  const reach = last ? network.layers.slice(0, network.layers.indexOf(last) + 1) : network.layers;
  return reach.filter((layer) => settableParameters(layer) > 0 && !spared.has(layer));
}
