import { CaffeError } from '../../errors';
import { reading, readOptions } from '../../given';
import { PrototxtDocument, type PrototxtSource } from '../document/document';
import { inputError, readFlag } from '../input-error';
import { dataBlobsOf, onlyData } from '../network/data-blobs';
import { findHeads } from '../network/heads';
import { matchLayers } from '../network/layer-match';
import { isSource } from '../network/layer-types';
import { mainLossOf } from '../network/losses';
import { isActive, type Layer, type Network, readNetwork } from '../network/network';
import { type AddedLayer, snippetOf } from '../network/snippets';
import { isInJust, type Stage, setStages, stageRule } from '../network/stages';
import type { Edits } from '../text/edits';
import { toDeploy } from './deploy';
import { placeStagedSources } from './staged-sources';

/** The two files of which an all-in-one file is made. */
export interface AllInOneSource {
  readonly trainVal: PrototxtSource;
  /** Default: what {@link toDeploy} makes of the other. */
  readonly deploy?: PrototxtSource;
}

export interface AllInOneOptions {
  /** Leaves `num_output` of InnerProduct classifiers open, which DIGITS then sets to the number of classes. Default false. */
  readonly openOutputs?: boolean;
}

export interface AllInOneResult {
  readonly text: string;
  /** The layers, and the inputs of old files, that brought data in so far. */
  readonly sources: string[];
  /** Names of other layers that the file no longer has, since none of the three networks has them. */
  readonly removed: string[];
  /** The layers for deployment only that were put in. */
  readonly added: AddedLayer[];
  /** The rules that were written, beside those of data layers: `exclude { stage: "deploy" }`. */
  readonly rules: { layer: string; rule: string }[];
  /** The classifiers whose number of outputs is left open. */
  readonly opened: string[];
}

/**
 * Makes one file of the networks for training, validation and deployment, in the form of DIGITS: they are told apart by the stages `train`,
 * `val` and `deploy`. The data layers are called `train-data` and `val-data` and leave their database open; what is not deployed gets
 * `exclude { stage: "deploy" }`. A file that is all-in-one already is brought into this form where it is not yet.
 *
 * {@link toTrainVal} and {@link toDeploy} take such a file apart again; `select` with a stage shows one of its networks.
 *
 * @param source a file for training; or that and the one for deployment, whose layers are then the ones deployed.
 * @throws {CaffeError} ERR_CAFFE_UNSUPPORTED for a file without a loss, one that reads more than data and labels, or an old notation;
 *                      ERR_CAFFE_INPUT when a layer has other parameters for deployment; ERR_CAFFE_PROTOTXT.
 */
export function toAllInOne(source: PrototxtSource | AllInOneSource, options: AllInOneOptions = {}): AllInOneResult {
  const openOutputs = readFlag(readOptions(options, ['openOutputs']).openOutputs, 'openOutputs');
  const { trainVal, deploy } = readSources(source);
  const network = readNetwork(trainVal);
  if (!mainLossOf(network)) throw noLossError(network);
  const fed = onlyData(network, dataBlobsOf(network));
  const deployed = deploy === undefined ? deploymentOf(network, fed.data) : readNetwork(deploy);
  const plan = planStages(network, deployed, fed.sources);
  const opened = openOutputs ? openableHeads(network) : [];
  const rules: AllInOneResult['rules'] = [];
  const document = network.document.edit((edits) => {
    placeStagedSources(edits, network, fed);
    for (const [layer, stages] of plan.stages) {
      if (stages.length === 0) edits.remove(layer.field);
      else if (!isInJust(layer, stages)) rules.push({ layer: layer.name, rule: setStages(edits, layer, stages) });
    }
    for (const [anchor, layers] of plan.additions) addLayers(edits, anchor, layers, deployed);
    for (const layer of opened) for (const field of outputFields(layer)) edits.remove(field);
  });
  return {
    text: document.toString(),
    sources: [...new Set([...network.inputs, ...fed.sources.map(({ name }) => name)])],
    removed: [...plan.stages].filter(([, stages]) => stages.length === 0).map(([{ name }]) => name),
    added: [...plan.additions.values()].flat().map(({ name, type }) => ({ layer: name, type })),
    rules,
    opened: [...new Set(opened.map(({ name }) => name))],
  };
}

/** In which networks each layer for training is, and which layers are added behind which. */
interface Plan {
  readonly stages: ReadonlyMap<Layer, Stage[]>;
  readonly additions: ReadonlyMap<Layer, Layer[]>;
}

/** The size of its input does not matter: an all-in-one file has no input for deployment. */
function deploymentOf(network: Network, data: string): Network {
  return readNetwork(toDeploy(network.document, { input: { [data]: [1, 1, 1, 1] } }).text);
}

function planStages(network: Network, deployed: Network, sources: readonly Layer[]): Plan {
  const layers = network.layers.filter((layer) => !sources.includes(layer));
  const results = deployed.layersIn(deployed.deployState).filter((layer) => !isSource(layer));
  if (results.length === 0) throw new CaffeError('ERR_CAFFE_UNSUPPORTED', 'The network for deployment has no layers.');
  const matches = matchLayers(results, network);
  const matched = new Set(matches.values());
  const stages = new Map(
    layers.map((layer): [Layer, Stage[]] => {
      const within = { train: isActive(layer, network.trainState), val: isActive(layer, network.testState), deploy: matched.has(layer) };
      return [layer, (Object.keys(within) as Stage[]).filter((stage) => within[stage])];
    }),
  );
  return { stages, additions: additionsTo(network, results, matches) };
}

/** What only the network for deployment has, behind the layers that it follows there; at the end, behind all others. */
function additionsTo(network: Network, results: readonly Layer[], matches: ReadonlyMap<Layer, Layer>): Map<Layer, Layer[]> {
  const additions = new Map<Layer, Layer[]>();
  const lastMatched = results.findLastIndex((layer) => matches.has(layer));
  let position = 0;
  results.forEach((layer, index) => {
    const match = matches.get(layer);
    if (match) position = Math.max(position, network.layers.indexOf(match));
    const anchor = index > lastMatched ? network.layers.at(-1) : network.layers[position];
    if (!match && anchor) additions.set(anchor, [...(additions.get(anchor) ?? []), layer]);
  });
  return additions;
}

function addLayers(edits: Edits, anchor: Layer, layers: readonly Layer[], deployed: Network): void {
  const { layout } = edits;
  const rule = stageRule(['deploy'], layout.inlineRules);
  const snippets = layers.map((layer) => snippetOf(deployed.document, layer, rule));
  const snippet = layout.joinLayers(snippets);
  edits.insertAfter(anchor.field, layout.spacedLayers ? `\n${snippet}` : snippet);
}

function openableHeads(network: Network): Layer[] {
  return findHeads(network).flatMap(({ layers }) => layers.filter((layer) => outputFields(layer).length > 0));
}

function outputFields(layer: Layer) {
  return layer.type === 'InnerProduct' ? (layer.message.message('inner_product_param')?.fieldsNamed('num_output') ?? []) : [];
}

function readSources(source: PrototxtSource | AllInOneSource): AllInOneSource {
  const isDocument = reading('The source', () => source instanceof PrototxtDocument);
  if (typeof source !== 'object' || source === null || isDocument) return { trainVal: source as PrototxtSource };
  const { trainVal, deploy } = readOptions(source as AllInOneSource, ['trainVal', 'deploy'], 'The source');
  if (trainVal === undefined) throw inputError('trainVal', 'the network for training', trainVal);
  return { trainVal, deploy };
}

function noLossError(network: Network): CaffeError {
  return new CaffeError('ERR_CAFFE_UNSUPPORTED', `Network '${network.name}' has no loss: it is no network for training.`, {
    hint: 'Make one of it first, with prototxt.toTrainVal.',
  });
}
