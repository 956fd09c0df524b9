import { CaffeError } from '../../errors';
import { readOptions } from '../../given';
import type { PrototxtSource } from '../document/document';
import type { PhaseName } from '../document/rules';
import { dataBlobsOf, onlyData } from '../network/data-blobs';
import { type DataSource, mergeSettings, readSettings, readSource, readsDataset, settingsSnippets } from '../network/data-settings';
import { Graph } from '../network/graph';
import { checkClasses, isFinalSoftmax } from '../network/layer-types';
import { mainLossOf } from '../network/losses';
import { isActive, type Layer, type Network, readNetwork } from '../network/network';
import { type AddedLayer, type LayerSnippet, layerSnippet, phaseRule, softmaxAxis } from '../network/snippets';
import { removedNames, replaceSources } from '../network/sources';
import type { Edits } from '../text/edits';
import { feedDataLayer, ownDataLayer } from './data-layer';

export interface TrainValOptions {
  readonly train: DataSource;
  readonly validation: DataSource;
  /** The number of classes: an Accuracy over more of them (GoogLeNet's top 5 of 2) goes, since Caffe refuses it. */
  readonly classes?: number;
}

export interface TrainValResult {
  readonly text: string;
  /** Names of the layers that the network for training no longer has. */
  readonly removed: string[];
  /** The blobs that the two data layers feed. */
  readonly data: string;
  readonly label: string;
  /** The layers, and the inputs of old files, that brought data in so far. */
  readonly sources: string[];
  /** The loss and the accuracy, where the file had none, and the Softmax whose place the loss took. */
  readonly added: AddedLayer[];
}

/** What comes of a network when it is made ready for training. */
interface Plan {
  readonly network: Network;
  /** The blobs the new data layers feed. */
  readonly data: string;
  readonly label: string;
  /** The layers that brought data in so far. */
  readonly sources: readonly Layer[];
  /** What stays: neither source, nor for deployment only. */
  readonly kept: readonly Layer[];
  /** What is scored where the file has no loss: the Softmax to replace, or the layer whose output it is. */
  readonly scores?: { readonly blob: string; readonly softmax?: Layer; readonly after: Layer };
}

/**
 * Makes the network for training on a dataset: of BVLC's train_val files, of DIGITS's all-in-one files, or of a deploy file.
 * Two Data layers (TRAIN and TEST) take the place of whatever brought data in; what the options leave open they take from
 * the data layers of the file. Stages become phases, and what is for deployment only goes. A file without a loss gets a
 * SoftmaxWithLoss in the place of its Softmax, or on its output, and an Accuracy for TEST.
 *
 * @throws {CaffeError} ERR_CAFFE_INPUT for settings Caffe could not read; ERR_CAFFE_UNSUPPORTED when the network needs blobs
 *                      other than data and labels, or has an old notation; ERR_CAFFE_PROTOTXT.
 */
export function toTrainVal(source: PrototxtSource, given: TrainValOptions): TrainValResult {
  const read = readOptions(given, ['train', 'validation', 'classes']);
  const options = { ...read, train: readSource('train', read.train), validation: readSource('validation', read.validation) };
  if (options.classes !== undefined) checkClasses(options.classes);
  const network = readNetwork(source);
  const plan = planTraining(network, options.classes ?? Number.POSITIVE_INFINITY);
  const losses = plan.scores ? lossesFor(plan, plan.scores) : [];
  const document = network.document.edit((edits) => {
    placeSources(edits, plan, options);
    for (const layer of network.layers) settleLayer(edits, plan, layer);
    if (plan.scores) addLosses(edits, plan.scores, losses);
  });
  return {
    text: document.toString(),
    removed: removedNames(network, readNetwork(document)),
    data: plan.data,
    label: plan.label,
    sources: [...new Set([...network.inputs, ...plan.sources.map(({ name }) => name)])],
    added: losses.map(({ name, type, insteadOf }) => ({ layer: name, type, ...(insteadOf && { insteadOf: insteadOf.name }) })),
  };
}

function planTraining(network: Network, classes: number): Plan {
  const { sources, data, label } = onlyData(network, dataBlobsOf(network));
  const kept = network.layers.filter((layer) => isTrained(network, layer) && !sources.includes(layer) && topK(layer) <= classes);
  return { network, data, label, sources, kept, scores: mainLossOf(network) ? undefined : scoresOf(network, kept) };
}

function isTrained(network: Network, layer: Layer): boolean {
  return isActive(layer, network.trainState) || isActive(layer, network.testState);
}

function topK(layer: Layer): number {
  return layer.type === 'Accuracy' ? (layer.message.message('accuracy_param')?.number('top_k') ?? 1) : 1;
}

function scoresOf(network: Network, kept: readonly Layer[]): Plan['scores'] {
  const deployed = new Graph(network.layersIn(network.deployState));
  const softmax = deployed.layers.findLast((layer) => isFinalSoftmax(layer, deployed));
  const output = new Graph(kept.filter((layer) => isActive(layer, network.trainState) && layer !== softmax)).outputs.at(-1);
  const blob = softmax?.bottoms[0] ?? output?.blob;
  const after = kept.at(-1);
  if (blob === undefined || !after) throw new CaffeError('ERR_CAFFE_UNSUPPORTED', `Network '${network.name}' has no output to train.`);
  return { blob, softmax, after };
}

function settleLayer(edits: Edits, { network, sources, kept, scores }: Plan, layer: Layer): void {
  if (sources.includes(layer) || layer === scores?.softmax) return;
  if (kept.includes(layer)) translateRules(edits, network, layer);
  else edits.remove(layer.field);
}

/** Rules that name a stage or a level become one on the phase, or none. */
function translateRules(edits: Edits, network: Network, layer: Layer): void {
  const speaksOfPhasesOnly = [...layer.include, ...layer.exclude].every(
    ({ stages, notStages, minLevel, maxLevel }) =>
      stages.length + notStages.length === 0 && minLevel === undefined && maxLevel === undefined,
  );
  if (speaksOfPhasesOnly) return;
  const [first, ...others] = layer.message.fieldsNamed('include', 'exclude');
  for (const rule of others) edits.remove(rule);
  if (!first) return;
  const phases = [network.trainState, network.testState].filter((state) => isActive(layer, state)).map((state) => state.phase);
  const [phase] = phases;
  if (phase && phases.length === 1) edits.replaceField(first, phaseRule(phase, edits.layout.inlineRules));
  else edits.remove(first);
}

/** A data layer for each set where data came in. One that is for this set only stays, and is changed where it must be. */
function placeSources(edits: Edits, plan: Plan, { train, validation }: TrainValOptions): void {
  const { network, data, label, sources } = plan;
  const { trainState, testState } = network;
  const staying = new Set<Layer>();
  const snippets: string[] = [];
  for (const { own, other, set } of [
    { own: trainState, other: testState, set: train },
    { own: testState, other: trainState, set: validation },
  ]) {
    const layer = ownDataLayer(plan, own, other);
    if (layer) {
      staying.add(layer);
      translateRules(edits, network, layer);
      feedDataLayer(edits, layer, set);
      continue;
    }
    const present = sources.find((one) => readsDataset(one) && isActive(one, own));
    const settings = mergeSettings(set, present ? readSettings(present) : {});
    const fields = [phaseRule(own.phase, edits.layout.inlineRules), ...settingsSnippets(settings)];
    snippets.push(layerSnippet({ name: present?.name ?? data, type: 'Data', tops: [data, label], fields }));
  }
  const leaving = sources.filter((layer) => !staying.has(layer));
  replaceSources(edits, network, leaving, snippets);
}

/** A layer to write where the file has no loss. */
interface AddedLoss extends LayerSnippet {
  readonly phase?: PhaseName;
  readonly insteadOf?: Layer;
}

function lossesFor({ network, label, kept }: Plan, { blob, softmax }: NonNullable<Plan['scores']>): AddedLoss[] {
  const bottoms = [blob, label];
  const name = network.freeName('loss');
  const fields = softmax ? [softmaxAxis(softmax)] : [];
  const loss: AddedLoss = { name, type: 'SoftmaxWithLoss', bottoms, tops: [name], fields, insteadOf: softmax };
  const isTested = kept.some((layer) => layer.tops.includes(blob) && isActive(layer, network.testState));
  if (!isTested || kept.some((layer) => layer.type === 'Accuracy')) return [loss];
  const accuracy = network.freeName('accuracy');
  return [loss, { name: accuracy, type: 'Accuracy', bottoms, tops: [accuracy], phase: 'TEST' }];
}

function addLosses(edits: Edits, { softmax, after }: NonNullable<Plan['scores']>, losses: readonly AddedLoss[]): void {
  const { layout } = edits;
  const snippets = losses.map(({ phase, fields = [], ...layer }) =>
    layerSnippet({ ...layer, fields: phase ? [...fields, phaseRule(phase, layout.inlineRules)] : fields }),
  );
  const snippet = layout.joinLayers(snippets);
  if (softmax) edits.replaceField(softmax.field, snippet);
  else edits.insertAfter(after.field, layout.spacedLayers ? `\n${snippet}` : snippet);
}
