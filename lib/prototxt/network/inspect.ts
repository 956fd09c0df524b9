import type { PrototxtSource } from '../document/document';
import type { NetState } from '../document/rules';
import { dataBlobsOf } from './data-blobs';
import { type DataSettings, readSettings, readsDataset } from './data-settings';
import { findHeads } from './heads';
import { type Loss, lossesOf, mainLossOf } from './losses';
import { type Network, readNetwork } from './network';

export interface HeadSummary {
  readonly name: string;
  /** The number of outputs; undefined where the file leaves it open. */
  readonly outputs: number | undefined;
}

export interface LossSummary {
  readonly layer: string;
  readonly type: string;
  /** How much it counts: `loss_weight`, or 1. */
  readonly weight: number;
  /** The blob with the scores, its first bottom. */
  readonly scores: string | undefined;
  /** The blob with the labels, its second bottom. */
  readonly label: string | undefined;
}

/** What a network file says, as far as training with it is concerned. */
export interface NetworkSummary {
  readonly name: string;
  /** The blob in which it takes the pictures, as a key for {@link toDeploy}'s `input`; undefined when it reads none. */
  readonly data: string | undefined;
  /** The blob in which it takes the labels; `label` where nothing reads any. */
  readonly label: string;
  /** The classifiers, in file order; see {@link retarget}. */
  readonly heads: HeadSummary[];
  /** The losses of training and validation, in file order. */
  readonly losses: LossSummary[];
  /** The loss that counts most; of several, the last. */
  readonly mainLoss: LossSummary | undefined;
  /** What its data layer for training says; undefined when it has none. */
  readonly train: DataSettings | undefined;
  /** What its data layer for validation says. */
  readonly validation: DataSettings | undefined;
}

/**
 * Reads from a network what a workflow must know of it: classifiers, losses, and the preprocessing its data layers ask for.
 *
 * @throws {CaffeError} ERR_CAFFE_PROTOTXT for text that does not parse; ERR_CAFFE_UNSUPPORTED for an old notation.
 */
export function inspect(source: PrototxtSource): NetworkSummary {
  const network = readNetwork(source);
  const mainLoss = mainLossOf(network);
  const { data, label } = dataBlobsOf(network);
  return {
    name: network.name,
    data,
    label,
    heads: findHeads(network).map(({ name, outputs }) => ({ name, outputs })),
    losses: lossesOf(network).map(summaryOf),
    mainLoss: mainLoss && summaryOf(mainLoss),
    train: settingsIn(network, network.trainState),
    validation: settingsIn(network, network.testState),
  };
}

function summaryOf({ layer, weight }: Loss): LossSummary {
  const [scores, label] = layer.bottoms;
  return { layer: layer.name, type: layer.type, weight, scores, label };
}

function settingsIn(network: Network, state: NetState): DataSettings | undefined {
  const layer = network.layersIn(state).find(readsDataset);
  return layer && readSettings(layer);
}
