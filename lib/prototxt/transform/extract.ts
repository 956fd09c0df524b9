import { CaffeError } from '../../errors';
import { readOptions, readTexts } from '../../given';
import type { Weights } from '../../net-sources';
import { check } from '../check/check';
import type { PrototxtSource } from '../document/document';
import { Graph, type Version } from '../network/graph';
import { isSource } from '../network/layer-types';
import { type Layer, type Network, namesOf, readNetwork } from '../network/network';
import { suggestion } from '../suggest';
import { type DeployInput, placeInputs, readShapes, type Shapes, statedShapes } from './deploy-inputs';
import { encodeWeightsFile, readWeightsFile, requireOwnWeights, storedLayer } from './weights-message';

export interface ExtractOptions {
  /** The blobs to begin with, as they are at the end of the run; they become inputs. Default: where the network begins. */
  readonly from?: string | readonly string[];
  /** The blobs to end with. Default: the outputs of the network. */
  readonly to?: string | readonly string[];
  /**
   * Shapes of the blobs to begin with, e.g. `{ pool5: [1, 256, 6, 6] }`; what is left out is worked out from the network. Where that needs
   * the size of data that the file does not state, it may stand here as well: `{ data: [1, 1, 28, 28] }`.
   */
  readonly input?: Readonly<Record<string, readonly number[]>>;
  /** The weights of the network: the path of a .caffemodel (or .caffemodel.h5) file, or its bytes. */
  readonly weights?: Weights;
}

export interface ExtractResult {
  readonly text: string;
  /** The bytes of the .caffemodel of the part; undefined when no weights were given, or the part has none. */
  readonly weights: Buffer | undefined;
  /** The blobs it begins with, and where their shapes are from; none without `from`. */
  readonly inputs: DeployInput[];
  /** The blobs it gives. */
  readonly outputs: string[];
  /** Names of the layers that stay, in file order. */
  readonly kept: string[];
  /** Names of the layers that do not. */
  readonly removed: string[];
}

/** What stays of a net, and what it begins with. */
interface Part {
  readonly kept: ReadonlySet<Layer>;
  readonly from: readonly string[];
}

/** A blob that a layer of the part reads, or that the part is to end with. */
interface Read {
  readonly blob: string;
  readonly version: Version | undefined;
  readonly reader: Layer | undefined;
}

/**
 * A part of a network as a network of its own: the layers between some blobs and others, as Caffe builds them for deployment (in the TEST
 * phase; other phases are a matter of `select`). The blobs it begins with come from Input layers, with the shapes that they have in the
 * network; the layers that stay are as they were, byte for byte, but for rules that no longer decide anything. For the same values it gives
 * what the whole network gives.
 *
 * @throws {CaffeError} ERR_CAFFE_INPUT for a blob that does not exist, one to begin with that does not lead to the others, others that are
 *   needed as well, and a shape that is none or that nothing tells; ERR_CAFFE_FILE or ERR_CAFFE_WEIGHTS for weights that cannot be read, or
 *   are another network's; ERR_CAFFE_PROTOTXT or ERR_CAFFE_UNSUPPORTED for a text that is no network, has no layers, or is of an old notation.
 */
export async function extract(source: PrototxtSource, options: ExtractOptions = {}): Promise<ExtractResult> {
  const { from, to, input = {}, weights } = readOptions(options, ['from', 'to', 'input', 'weights']);
  const given = readShapes(input);
  const network = readNetwork(source);
  const part = partOf(network, namesFrom(from, "'from'"), namesFrom(to, "'to'"));
  const inputs = inputsOf(network, part, given);
  const document = network.document.edit((edits) => {
    const sources = network.layers.filter((layer) => isSource(layer) && !part.kept.has(layer));
    if (part.from.length > 0) placeInputs(edits, network, sources, inputs);
    for (const layer of network.layers) {
      if (part.kept.has(layer)) for (const rule of layer.message.fieldsNamed('include', 'exclude')) edits.remove(rule);
      else if (part.from.length === 0 || !sources.includes(layer)) edits.remove(layer.field);
    }
  });
  const extracted = readNetwork(document);
  const left = new Set(extracted.layers.map(({ name, type }) => `${type} ${name}`));
  return {
    text: document.toString(),
    weights: weights === undefined ? undefined : await weightsOf(network, part, weights),
    inputs,
    outputs: [...new Set(new Graph(extracted.layers).outputs.map(({ blob }) => blob))],
    kept: namesOf(network, part.kept),
    // An Input layer may bear the name of what it stands for.
    removed: [...new Set(network.layers.filter(({ name, type }) => !left.has(`${type} ${name}`)).map(({ name }) => name))],
  };
}

function namesFrom(names: string | readonly string[] | undefined, what: string): string[] | undefined {
  if (names === undefined) return undefined;
  const read = typeof names === 'string' ? [names] : readTexts(names, what);
  if (read.length > 0) return [...new Set(read)];
  throw new CaffeError('ERR_CAFFE_INPUT', `${what} names no blob.`, { hint: 'Leave it out to take all of the network.' });
}

/** The layers that the blobs of `to` need when those of `from` are given. */
function partOf(network: Network, from: readonly string[] = [], to?: readonly string[]): Part {
  const layers = network.layersIn(network.deployState);
  // What nobody writes is for the caller to bring, as in the files of DIGITS.
  const graph = new Graph(layers, [...new Set(new Graph(layers).missing.map(({ blob }) => blob))]);
  const last = lastVersions(graph);
  const ends = (to ?? graph.outputs.map(({ blob }) => blob)).map((blob) => versionOf(network, last, blob));
  const beginnings = new Map(from.map((blob) => [versionOf(network, last, blob), blob]));
  const reached = new Set<string>();
  const kept = new Set<Layer>();
  const needed = new Map<string, Layer | undefined>();
  const waiting: Read[] = ends.map((version) => ({ blob: version.blob, version, reader: undefined }));
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { blob, version, reader } = next;
    const beginning = version && beginnings.get(version);
    if (beginning !== undefined) {
      reached.add(beginning);
      continue;
    }
    const writer = version?.writer;
    if (!writer || isData(writer)) needed.set(blob, reader);
    if (!writer || kept.has(writer)) continue;
    kept.add(writer);
    waiting.push(...writer.bottoms.map((bottom, index) => ({ blob: bottom, version: graph.bottoms(writer)[index], reader: writer })));
  }
  if (kept.size === 0 && from.length === 0) {
    throw new CaffeError('ERR_CAFFE_UNSUPPORTED', `Network '${network.name}' has no layers when it is deployed.`);
  }
  requireFed(from, reached, needed, ends);
  return { kept, from };
}

/** Whether a layer brings in what changes from run to run; DummyData makes constants. */
function isData(layer: Layer): boolean {
  return isSource(layer) && layer.type !== 'DummyData';
}

/** Each blob as it is at the end of the run. */
function lastVersions(graph: Graph): ReadonlyMap<string, Version> {
  const versions = [...graph.inputs, ...graph.layers.flatMap((layer) => graph.tops(layer))];
  return new Map(versions.map((version) => [version.blob, version]));
}

function versionOf(network: Network, versions: ReadonlyMap<string, Version>, blob: string): Version {
  const version = versions.get(blob);
  if (version) return version;
  throw new CaffeError('ERR_CAFFE_INPUT', `Network '${network.name}' has no blob '${blob}' when it is deployed.`, {
    blob,
    hint: suggestion(blob, [...versions.keys()]),
  });
}

/** @throws {CaffeError} ERR_CAFFE_INPUT unless the part needs all the blobs that it is to begin with, and no others. */
function requireFed(
  from: readonly string[],
  reached: ReadonlySet<string>,
  needed: ReadonlyMap<string, Layer | undefined>,
  ends: readonly Version[],
): void {
  if (from.length === 0) return;
  const to = ends.map(({ blob }) => `'${blob}'`).join(', ');
  const trivial = ends.find(({ blob }) => from.includes(blob));
  if (trivial)
    throw new CaffeError('ERR_CAFFE_INPUT', `'${trivial.blob}' is in 'from' and in 'to': nothing is between.`, { blob: trivial.blob });
  const idle = from.find((blob) => !reached.has(blob));
  if (idle !== undefined) throw new CaffeError('ERR_CAFFE_INPUT', `'${idle}' does not lead to ${to}.`, { blob: idle });
  const [first] = needed;
  if (!first) return;
  const [blob, reader] = first;
  throw new CaffeError('ERR_CAFFE_INPUT', `${to} cannot be had from ${from.map((name) => `'${name}'`).join(', ')} alone.`, {
    blob,
    layer: reader?.name,
    hint: `Layer '${reader?.name}' reads ${[...needed.keys()].map((name) => `'${name}'`).join(', ')}: begin with that as well.`,
  });
}

/** The inputs of the part with their shapes: given, or worked out from what is before them. */
function inputsOf(network: Network, { from }: Part, given: Shapes): DeployInput[] {
  if (from.length === 0 && given.size > 0) {
    throw new CaffeError('ERR_CAFFE_INPUT', "'input' is for the blobs of 'from', which is not given.", {
      hint: `To begin with the data: from: ${JSON.stringify([...given.keys()])}.`,
    });
  }
  const blobs = new Set([...network.inputs, ...network.layers.flatMap((layer) => [...layer.bottoms, ...layer.tops])]);
  for (const blob of given.keys()) {
    if (blobs.has(blob)) continue;
    throw new CaffeError('ERR_CAFFE_INPUT', `'input' has a shape for '${blob}', which is no blob of network '${network.name}'.`, {
      blob,
      hint: suggestion(blob, [...blobs]),
    });
  }
  const known = new Map([...statedShapes(network, network.layers.filter(isSource)), ...given]);
  const inferred = from.every((blob) => known.has(blob)) ? new Map() : inferredShapes(network, known);
  return from.map((blob) => {
    const shape = known.get(blob) ?? inferred.get(blob);
    if (shape) return { blob, ...shape };
    throw new CaffeError('ERR_CAFFE_INPUT', `The network does not tell the shape of '${blob}'.`, {
      blob,
      hint: `Give it, or that of the data: input: { ${JSON.stringify(blob)}: [1, …] }. prototxt.check says what is not known.`,
    });
  });
}

/** What follows from the shapes of the data. */
function inferredShapes(network: Network, data: Shapes): Shapes {
  const inputs = Object.fromEntries([...data].map(([blob, { shape }]) => [blob, shape]));
  const { blobs } = check(network.document, { phase: 'test', stages: network.deployState.stages, inputs });
  const known = blobs.flatMap(({ name, shape }) => (shape && shape.length > 0 ? [{ name, shape }] : []));
  return new Map(known.map(({ name, shape }) => [name, { shape, from: 'the network' }]));
}

async function weightsOf(network: Network, part: Part, weights: Weights): Promise<Buffer | undefined> {
  const file = await readWeightsFile(weights);
  requireOwnWeights(network, file);
  const layer = network.layers.filter((one) => part.kept.has(one)).flatMap((one) => storedLayer(network, file, one) ?? []);
  return layer.length > 0 ? encodeWeightsFile({ ...file, layer }) : undefined;
}
