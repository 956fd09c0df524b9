import { CaffeError } from '../../errors';
import { readOptions } from '../../given';
import type { PrototxtSource } from '../document/document';
import { dataBlobsOf } from '../network/data-blobs';
import { Graph } from '../network/graph';
import { isFinalSoftmax, isMeasure, isResult, probabilityTypeFor } from '../network/layer-types';
import { mainLossOf } from '../network/losses';
import { type Layer, type Network, readNetwork } from '../network/network';
import { type AddedLayer, layerSnippet, softmaxAxis } from '../network/snippets';
import { removedNames, sourcesOf } from '../network/sources';
import type { Edits } from '../text/edits';
import { type DeployInput, neededInputs, placeInputs, readShapes, statedShapes } from './deploy-inputs';

export interface DeployOptions {
  /**
   * The shape of each input blob, e.g. `{ data: [1, 3, 227, 227] }`. What is left out is taken from the file: from its inputs, or from the
   * crop of its data layers, with a batch of 1 and 3 channels unless it says otherwise.
   */
  readonly input?: Readonly<Record<string, readonly number[]>>;
}

export interface DeployResult {
  readonly text: string;
  /** Names of the layers that the deployed network no longer has. */
  readonly removed: string[];
  /** Its inputs, and where their shapes are from. */
  readonly inputs: DeployInput[];
  /** The blobs it gives. */
  readonly outputs: string[];
  /** The layer of probabilities, where it was not there yet, and the loss whose place it took. */
  readonly added: AddedLayer[];
}

/** What stays, and the layer of probabilities to write where the net does not have it yet. */
interface Plan {
  readonly kept: readonly Layer[];
  /** In the place of the loss, or behind the last layer that stays. */
  readonly addition?: { readonly name: string; readonly type: string; readonly snippet: string; readonly insteadOf?: Layer };
}

/** What published nets call the layer and the blob of the probabilities. */
const PROBABILITY = 'prob';

/**
 * Makes the network for classifying out of one for training: of BVLC's train_val files, of DIGITS's all-in-one files, or of a
 * file without data layers. Data layers, losses, accuracies and whatever does not feed the main loss (GoogLeNet's auxiliary
 * classifiers) go; the main loss becomes a Softmax named `prob`, unless the file has a Softmax for deployment, which stays as
 * it is. Input layers stand in front, and rules that no longer decide anything are gone.
 *
 * @throws {CaffeError} ERR_CAFFE_INPUT for a shape that is none, a missing one, or one for a blob that is no input;
 *                      ERR_CAFFE_UNSUPPORTED when the file has nothing to deploy or an old notation; ERR_CAFFE_PROTOTXT.
 */
export function toDeploy(source: PrototxtSource, options: DeployOptions = {}): DeployResult {
  const { input = {} } = readOptions(options, ['input']);
  const given = readShapes(input);
  const network = readNetwork(source);
  const { data, label } = dataBlobsOf(network);
  const sources = sourcesOf(network, new Set(given.size > 0 ? given.keys() : [data ?? '', label]));
  const stated = statedShapes(network, sources);
  const plan = planDeployment(network, sources, new Set([...given.keys(), ...stated.keys(), data]));
  const inputs = neededInputs(plan.kept, sources, given, stated);
  const document = network.document.edit((edits) => {
    placeInputs(edits, network, sources, inputs);
    applyPlan(edits, network, plan, sources);
  });
  const deployed = readNetwork(document);
  return {
    text: document.toString(),
    removed: removedNames(network, deployed),
    inputs,
    outputs: [...new Set(new Graph(deployed.layers).outputs.map(({ blob }) => blob))],
    added: plan.addition ? [addedLayer(plan.addition)] : [],
  };
}

function addedLayer({ name, type, insteadOf }: NonNullable<Plan['addition']>): AddedLayer {
  return { layer: name, type, ...(insteadOf && { insteadOf: insteadOf.name }) };
}

/** @param fed the blobs that may be inputs; what else the sources give, labels, is lost. */
function planDeployment(network: Network, sources: readonly Layer[], fed: ReadonlySet<string | undefined>): Plan {
  const candidates = network.layersIn(network.deployState).filter((layer) => !sources.includes(layer) && !isMeasure(layer));
  const loss = mainLossOf(network)?.layer;
  const graph = new Graph(candidates);
  const deploysItself = network.hasDeployStage && candidates.some((layer) => isFinalSoftmax(layer, graph));
  if (loss && !deploysItself) return planFromLoss(network, candidates, loss);
  const lost = sources.flatMap((layer) => layer.tops).filter((blob) => !fed.has(blob));
  return planFromOutputs(network, fedLayers(candidates, lost));
}

/** Keeps what feeds the scores of the loss, which becomes the layer of probabilities. */
function planFromLoss(network: Network, candidates: readonly Layer[], loss: Layer): Plan {
  const graph = new Graph(network.layers.filter((layer) => layer === loss || candidates.includes(layer)));
  const scores = graph.producer(loss, 0);
  if (!scores) {
    const message = `No layer that is deployed produces what loss '${loss.name}' reads.`;
    throw new CaffeError('ERR_CAFFE_UNSUPPORTED', message, { layer: loss.name });
  }
  const type = probabilityTypeFor(loss);
  const present = candidates.find((layer) => layer.type === type && graph.producer(layer, 0) === scores && isResult(layer, graph));
  const feeding = graph.ancestors(present ?? scores);
  const kept = candidates.filter((layer) => feeding.has(layer));
  if (present || !type) return { kept };
  return { kept, addition: { ...probability(network, type, loss.bottoms[0] ?? '', loss), insteadOf: loss } };
}

/** Keeps what the file deploys, with a Softmax on its last output if there is none. */
function planFromOutputs(network: Network, kept: readonly Layer[]): Plan {
  const graph = new Graph(kept);
  if (kept.some((layer) => isFinalSoftmax(layer, graph))) return { kept };
  const scores = graph.outputs.at(-1);
  if (!scores) throw new CaffeError('ERR_CAFFE_UNSUPPORTED', `Network '${network.name}' has no layer to deploy.`);
  return { kept, addition: probability(network, 'Softmax', scores.blob) };
}

/** The layers that need none of the lost blobs (the labels), directly or through another layer. */
function fedLayers(layers: readonly Layer[], lostBlobs: readonly string[]): Layer[] {
  const lost = new Set(lostBlobs);
  return layers.filter((layer) => {
    const fed = !layer.bottoms.some((blob) => lost.has(blob));
    for (const top of layer.tops) fed ? lost.delete(top) : lost.add(top);
    return fed;
  });
}

function applyPlan(edits: Edits, network: Network, { kept, addition }: Plan, sources: readonly Layer[]): void {
  for (const layer of network.layers) {
    if (kept.includes(layer)) for (const rule of layer.message.fieldsNamed('include', 'exclude')) edits.remove(rule);
    else if (layer === addition?.insteadOf) edits.replaceField(layer.field, addition.snippet);
    else if (!sources.includes(layer)) edits.remove(layer.field);
  }
  const last = kept.at(-1);
  if (addition && !addition.insteadOf && last) edits.insertAfter(last.field, addition.snippet);
}

function probability(network: Network, type: string, scores: string, loss?: Layer): NonNullable<Plan['addition']> {
  const name = network.freeName(PROBABILITY);
  const snippet = layerSnippet({ name, type, bottoms: [scores], tops: [name], fields: loss ? [softmaxAxis(loss)] : [] });
  return { name, type, snippet };
}
