/** The network as it is exported: deployed, checked, with the shape of every blob, and what of them follows the batch. */
import { isDeepStrictEqual } from 'node:util';
import { CaffeError } from '../errors';
import { checkDocument } from '../prototxt/check/check';
import type { Finding } from '../prototxt/check/finding';
import type { CheckedNet } from '../prototxt/check/net-check';
import { Graph, type Version } from '../prototxt/network/graph';
import { isMeasure, isSource } from '../prototxt/network/layer-types';
import { type Layer, type Network, readNetwork } from '../prototxt/network/network';
import type { Shape } from '../prototxt/shapes/shape';
import { ruleOf } from '../prototxt/shapes/table';
import { suggestion } from '../prototxt/suggest';
import { toDeploy } from '../prototxt/transform/deploy';
import { readShapes } from '../prototxt/transform/deploy-inputs';
import { upgrade } from '../prototxt/transform/upgrade';
import type { Extents } from './layer';

/** Shapes of inputs by name. */
export type InputShapes = Readonly<Record<string, readonly number[]>>;

/** @throws {CaffeError} ERR_CAFFE_PROTOTXT, ERR_CAFFE_UNSUPPORTED, ERR_CAFFE_INPUT as `prototxt.toDeploy`. */
export async function deployedNetwork(text: string, input: InputShapes): Promise<Network> {
  const network = readNetwork((await upgrade(text)).text);
  return isDeployed(network) ? network : readNetwork(toDeploy(network.document, { input }).text);
}

/** Whether everything comes in through inputs, and nothing is measured: such a file is exported as it is. */
function isDeployed(network: Network): boolean {
  const layers = network.layersIn(network.deployState);
  const isFed = layers.every((layer) => !isSource(layer) || isInput(layer));
  const isMeasured = layers.some((layer) => isMeasure(layer) && layer.type !== 'Silence');
  return isFed && !isMeasured && new Graph(layers, network.inputs).missing.length === 0;
}

export function isInput({ type }: Layer): boolean {
  return type === 'Input';
}

/** The shapes of a network for one size of its batch. */
export class ShapedNetwork {
  private constructor(
    private readonly net: CheckedNet,
    /** The same for a batch of one more; undefined where the batch is fixed, or the network allows no other. */
    private readonly larger: CheckedNet | undefined,
  ) {}

  /**
   * @param input shapes in place of those that the file says.
   * @param batch items of each batch; undefined: left open, where the network permits it.
   * @throws {CaffeError} ERR_CAFFE_PROTOTXT or ERR_CAFFE_SHAPE for what Caffe would refuse; ERR_CAFFE_INPUT for an input whose shape nothing tells.
   */
  static of(network: Network, input: InputShapes, batch: number | undefined): ShapedNetwork {
    const asSaid = checkedNet(network, inputsGiven(network, input));
    const shapes = inputsOf(asSaid);
    if (batch !== undefined) return new ShapedNetwork(checkedNet(network, withBatch(shapes, batch)), undefined);
    const [size, ...others] = new Set([...shapes.values()].map((shape) => shape[0]));
    const isOpen = size !== undefined && others.length === 0;
    return new ShapedNetwork(asSaid, isOpen ? permitted(network, asSaid, withBatch(shapes, size + 1)) : undefined);
  }

  /** The same network with the batch that its file says. */
  fixed(): ShapedNetwork {
    return new ShapedNetwork(this.net, undefined);
  }

  get network(): Network {
    return this.net.network;
  }

  get graph(): Graph {
    return this.net.graph;
  }

  get hasOpenBatch(): boolean {
    return this.larger !== undefined;
  }

  get inputs(): Version[] {
    return inputVersions(this.graph);
  }

  /** Undefined behind a layer of a type that is not Caffe's. */
  shape(version: Version): Shape | undefined {
    return this.net.of(version).shape;
  }

  /** With -1 for what follows the batch. */
  extents(version: Version): Extents {
    const shape = this.shape(version) ?? [];
    const other = this.larger?.of(this.counterpart(version)).shape ?? shape;
    return shape.map((extent, axis) => (extent === other[axis] ? extent : -1));
  }

  params(layer: Layer): readonly Shape[] {
    return this.net.facts.get(layer)?.params ?? [];
  }

  /** What stands in the place of a version in the other net. */
  private counterpart(version: Version): Version | undefined {
    const other = this.larger?.graph;
    const { writer } = version;
    const layer = writer && other?.layers[this.graph.layers.indexOf(writer)];
    return layer && other?.tops(layer)[this.graph.tops(writer).indexOf(version)];
  }
}

/** The net for a batch of another size, unless it refuses that or needs other parameters for it. */
function permitted(network: Network, net: CheckedNet, shapes: ReadonlyMap<string, Shape>): CheckedNet | undefined {
  try {
    const other = checkedNet(network, shapes);
    return isDeepStrictEqual(allParams(net), allParams(other)) ? other : undefined;
  } catch (error) {
    if (error instanceof CaffeError) return undefined;
    throw error;
  }
}

function allParams({ graph, facts }: CheckedNet): unknown[] {
  return graph.layers.map((layer) => facts.get(layer)?.params);
}

/** @throws {CaffeError} for what Caffe would refuse, and for blobs whose shapes nothing tells. */
function checkedNet(network: Network, inputs: ReadonlyMap<string, Shape>): CheckedNet {
  const { stages } = network.deployState;
  // What is not Caffe's cannot be exported; that is said later, with all else that cannot.
  const layerTypes = network.layers.map(({ type }) => type).filter((type) => !ruleOf(type));
  const options = { phase: 'test', stages, inputs: Object.fromEntries(inputs), layerTypes } as const;
  const { findings, nets } = checkDocument(network.document, options);
  const [net] = nets;
  const error = findings.find(({ severity }) => severity === 'error');
  if (error || !net) throw refused(error);
  const unknown = inputVersions(net.graph).find((version) => !net.of(version).shape);
  if (!unknown) return net;
  throw new CaffeError('ERR_CAFFE_INPUT', `The network does not tell the shape of its input '${unknown.blob}'.`, {
    blob: unknown.blob,
    hint: `Give it: input: { ${JSON.stringify(unknown.blob)}: [1, 3, 227, 227] }, or --input ${unknown.blob}=1,3,227,227.`,
  });
}

function refused(finding: Finding | undefined): CaffeError {
  if (!finding) return new CaffeError('ERR_CAFFE_UNSUPPORTED', 'The network has no layers when it is deployed.');
  const { code, message, line, column, layer, blob, fix } = finding;
  const isOfShapes = code === 'shape' || code === 'window' || code === 'too-large';
  return new CaffeError(isOfShapes ? 'ERR_CAFFE_SHAPE' : 'ERR_CAFFE_PROTOTXT', message, { line, column, layer, blob, hint: fix });
}

/** @throws {CaffeError} ERR_CAFFE_INPUT for a shape that is none, or one for a blob that is no input. */
function inputsGiven(network: Network, input: InputShapes): Map<string, Shape> {
  const known = network
    .layersIn(network.deployState)
    .filter(isSource)
    .flatMap(({ tops }) => tops);
  return new Map(
    [...readShapes(input)].map(([blob, { shape }]) => {
      if (known.includes(blob)) return [blob, shape];
      throw new CaffeError('ERR_CAFFE_INPUT', `'${blob}' is not an input of this network.`, { blob, hint: suggestion(blob, known) });
    }),
  );
}

function inputsOf(net: CheckedNet): Map<string, Shape> {
  return new Map(inputVersions(net.graph).map((version) => [version.blob, net.of(version).shape ?? []]));
}

function inputVersions(graph: Graph): Version[] {
  return graph.layers.filter(isInput).flatMap((layer) => graph.tops(layer));
}

function withBatch(shapes: ReadonlyMap<string, Shape>, batch: number): Map<string, Shape> {
  return new Map([...shapes].map(([blob, shape]) => [blob, shape.length === 0 ? shape : [batch, ...shape.slice(1)]]));
}
