import { CaffeError } from '../../errors';
import type { NetState } from '../document/rules';
import { readsDataset } from './data-settings';
import { Graph } from './graph';
import { mainLossOf } from './losses';
import { isActive, type Layer, type Network } from './network';
import { sourcesOf } from './sources';

/** What a network is fed for training and validation. */
export interface DataBlobs {
  /** The layers that bring it in now; none where a file leaves it open. */
  readonly sources: readonly Layer[];
  /** The blob of the pictures: the first that is read and is not the label. */
  readonly data: string | undefined;
  /** The blob of the labels; `label` where nothing reads any. */
  readonly label: string;
  /** What else the network reads and does not produce. */
  readonly others: readonly string[];
}

const DATA = 'data';
const LABEL = 'label';

/** The blobs that a network for training or validation reads and does not produce. */
export function dataBlobsOf(network: Network): DataBlobs {
  const lossLabel = mainLossOf(network)?.layer.bottoms[1];
  const sources = sourcesOf(network, new Set([DATA, lossLabel ?? LABEL]));
  const inputs = inputsOf(network, sources);
  const [, sourceLabel] = sources.find(readsDataset)?.tops ?? [];
  const label = [sourceLabel, lossLabel].find((blob) => blob !== undefined && inputs.includes(blob)) ?? LABEL;
  const [data, ...others] = inputs.filter((blob) => blob !== label);
  return { sources, data, label, others };
}

/**
 * The same for a network that a dataset can feed.
 *
 * @throws {CaffeError} ERR_CAFFE_UNSUPPORTED when it reads no data, or more than data and labels.
 */
export function onlyData(network: Network, { data, others, ...blobs }: DataBlobs): Omit<DataBlobs, 'others'> & { readonly data: string } {
  if (data === undefined) throw new CaffeError('ERR_CAFFE_UNSUPPORTED', `Network '${network.name}' reads no data.`);
  if (others.length === 0) return { data, ...blobs };
  const names = [data, ...others].map((blob) => `'${blob}'`).join(', ');
  throw new CaffeError('ERR_CAFFE_UNSUPPORTED', `Network '${network.name}' reads ${names}; a dataset gives pictures and labels only.`, {
    hint: 'If one of them is a mistake: no layer of the same phase has it as its top.',
  });
}

function inputsOf(network: Network, sources: readonly Layer[]): string[] {
  const layers = network.layers.filter((layer) => !sources.includes(layer));
  const missingIn = (state: NetState) => new Graph(layers.filter((layer) => isActive(layer, state))).missing;
  return [...new Set([network.trainState, network.testState].flatMap(missingIn).map(({ blob }) => blob))];
}
