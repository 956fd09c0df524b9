import { CaffeError } from '../errors';
import { readEntries, reading, readOptions } from '../given';
import type { PrototxtSource } from './document';
import type { Edits } from './edits';
import { Graph } from './graph';
import { inputError } from './input-error';
import { isFinalSoftmax, isMeasure, isResult, probabilityTypeFor } from './layer-types';
import { mainLossOf } from './losses';
import { type Layer, type Network, readNetwork } from './network';
import { layerSnippet, softmaxAxis } from './snippets';
import { removedNames, replaceSources, sourcesOf } from './sources';

export interface DeployOptions {
  /** The shape of each input blob, e.g. `{ data: [1, 3, 227, 227] }`. */
  readonly input: Readonly<Record<string, readonly number[]>>;
}

export interface DeployResult {
  readonly text: string;
  /** Names of the layers that the deployed network no longer has. */
  readonly removed: string[];
}

/** What stays, and the layer of probabilities to write where the net does not have it yet. */
interface Plan {
  readonly kept: readonly Layer[];
  /** In the place of the loss, or behind the last layer that stays. */
  readonly addition?: { readonly snippet: string; readonly insteadOf?: Layer };
}

/** What published nets call the layer and the blob of the probabilities. */
const PROBABILITY = 'prob';

/**
 * Makes the network for classifying out of one for training: of BVLC's train_val files, of DIGITS's all-in-one files, or of a
 * file without data layers. Data layers, losses, accuracies and whatever does not feed the main loss (GoogLeNet's auxiliary
 * classifiers) go; the main loss becomes a Softmax named `prob`, unless the file has a Softmax for deployment, which stays as
 * it is. Input layers of the given shapes stand in front, and rules that no longer decide anything are gone.
 *
 * @throws {CaffeError} ERR_CAFFE_INPUT for a shape that is none, a missing one, or one for a blob that is no input;
 *                      ERR_CAFFE_UNSUPPORTED when the file has nothing to deploy or an old notation; ERR_CAFFE_PROTOTXT.
 */
export function toDeploy(source: PrototxtSource, options: DeployOptions): DeployResult {
  const input = readShapes(readOptions(options, ['input']).input);
  const network = readNetwork(source);
  const sources = sourcesOf(network, new Set(Object.keys(input)));
  const plan = planDeployment(network, new Set(sources), input);
  checkInputs(plan.kept, input);
  const document = network.document.edit((edits) => {
    replaceSources(edits, network, sources, Object.entries(input).map(inputLayer));
    applyPlan(edits, network, plan, sources);
  });
  return { text: document.toString(), removed: removedNames(network, readNetwork(document)) };
}

function planDeployment(network: Network, sources: ReadonlySet<Layer>, input: DeployOptions['input']): Plan {
  const candidates = network.layersIn(network.deployState).filter((layer) => !sources.has(layer) && !isMeasure(layer));
  const loss = mainLossOf(network)?.layer;
  const graph = new Graph(candidates);
  const deploysItself = network.hasDeployStage && candidates.some((layer) => isFinalSoftmax(layer, graph));
  if (loss && !deploysItself) return planFromLoss(network, candidates, loss);
  const lost = [...sources].flatMap((layer) => layer.tops).filter((blob) => !Object.hasOwn(input, blob));
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
  return { kept, addition: { snippet: probability(network, type, loss.bottoms[0] ?? '', loss), insteadOf: loss } };
}

/** Keeps what the file deploys, with a Softmax on its last output if there is none. */
function planFromOutputs(network: Network, kept: readonly Layer[]): Plan {
  const graph = new Graph(kept);
  if (kept.some((layer) => isFinalSoftmax(layer, graph))) return { kept };
  const scores = graph.outputs.at(-1);
  if (!scores) throw new CaffeError('ERR_CAFFE_UNSUPPORTED', `Network '${network.name}' has no layer to deploy.`);
  return { kept, addition: { snippet: probability(network, 'Softmax', scores.blob) } };
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

function probability(network: Network, type: string, scores: string, loss?: Layer): string {
  const name = network.freeName(PROBABILITY);
  return layerSnippet({ name, type, bottoms: [scores], tops: [name], fields: loss ? [softmaxAxis(loss)] : [] });
}

function inputLayer([blob, shape]: [string, readonly number[]]): string {
  const dimensions = shape.map((size) => `dim: ${size}`).join(' ');
  return layerSnippet({ name: blob, type: 'Input', tops: [blob], fields: [`input_param { shape: { ${dimensions} } }`] });
}

function readShapes(input: DeployOptions['input']): DeployOptions['input'] {
  const shapes = readEntries(input, "'input'").map(([blob, given]): [string, number[]] => {
    const shape = reading(`'input.${blob}'`, () => (Array.isArray(given) ? Array.from(given as number[]) : []));
    if (shape.length > 0 && shape.every((size) => Number.isInteger(size) && size > 0 && size < 2 ** 31)) return [blob, shape];
    throw inputError(`input.${blob}`, 'an array of whole numbers from 1', given, { blob });
  });
  return Object.fromEntries(shapes);
}

function checkInputs(kept: readonly Layer[], input: DeployOptions['input']): void {
  const needed = new Graph(kept).missing;
  const unmet = needed.find(({ blob }) => !Object.hasOwn(input, blob));
  if (unmet) {
    const { blob, layer } = unmet;
    const hint = `Add its shape, say input: { ${JSON.stringify(blob)}: [1, 3, 227, 227] }.`;
    const message = `Layer '${layer.name}' reads '${blob}', which no layer produces and 'input' has no shape for.`;
    throw new CaffeError('ERR_CAFFE_INPUT', message, { layer: layer.name, blob, hint });
  }
  const blobs = new Set(needed.map(({ blob }) => blob));
  const unused = Object.keys(input).find((blob) => !blobs.has(blob));
  if (unused === undefined) return;
  const hint = `Its inputs are: ${[...blobs].join(', ')}.`;
  throw new CaffeError('ERR_CAFFE_INPUT', `'${unused}' is not an input of this network.`, { blob: unused, hint });
}
