/** What pycaffe's Classifier and Detector have in common: a network with one input, and how images become it. */
import { CaffeError, describe } from './errors';
import { reading } from './given';
import { type EngineOptions, Net, type Weights } from './net';
import type { PrototxtDocument } from './prototxt';
import { shapeText } from './tensor';
import { type Mean, Transformer } from './transformer';

/** A deploy network and pycaffe's settings of its preprocessing; see the setters of `Transformer`. */
export interface NetworkWithSettings {
  /** The path of a prototxt file, its text (it contains a brace), or a document. */
  network: string | PrototxtDocument;
  weights?: Weights | Weights[];
  mean?: Mean;
  /** Factor after the mean was subtracted. */
  inputScale?: number;
  /** Factor before the mean is subtracted: 255 for networks that were trained on 0..255. */
  rawScale?: number;
  /** The channels in the network's order: [2, 1, 0] for networks that take BGR. */
  channelSwap?: readonly number[];
}

/** The one input of a network, and the transformer that feeds it. */
export interface NetworkInput {
  net: Net;
  name: string;
  channels: number;
  /** [height, width] */
  size: [number, number];
  transformer: Transformer;
}

/**
 * Loads a network whose input is fed with images.
 *
 * @throws {CaffeError} ERR_CAFFE_INPUT for settings that do not fit the network; ERR_CAFFE_MODEL for one that has not one input of four
 *   axes; as `Net.load`.
 */
export async function openNetworkInput(given: NetworkWithSettings, engine: EngineOptions): Promise<NetworkInput> {
  const { network, weights, ...settings } = reading('The network', () => ({ ...given }));
  if ((typeof network !== 'object' || network === null) && (typeof network !== 'string' || network === '')) {
    throw new CaffeError(
      'ERR_CAFFE_INPUT',
      `'network' must be the path of a prototxt file, its text or a document; ${describe(network)} was given.`,
    );
  }
  const options = { ...(weights !== undefined && { weights }), ...engine };
  const isPath = typeof network === 'string' && !network.includes('{');
  const net = await (isPath ? Net.load(network, options) : Net.from(network, options));
  try {
    return inputOf(net, settings);
  } catch (error) {
    await net.dispose();
    throw error;
  }
}

/** @throws {CaffeError} ERR_CAFFE_MODEL unless the network has exactly one input. */
export function onlyInputOf(net: Net): string {
  const [name, ...others] = net.inputs;
  if (name !== undefined && others.length === 0) return name;
  throw new CaffeError('ERR_CAFFE_MODEL', `The network '${net.name}' has ${net.inputs.length} inputs; one that takes images has one.`, {
    hint: 'Use the deploy network; prototxt.toDeploy makes one of a network for training.',
  });
}

function inputOf(net: Net, { mean, inputScale, rawScale, channelSwap }: Omit<NetworkWithSettings, 'network' | 'weights'>): NetworkInput {
  const name = onlyInputOf(net);
  const shape = net.blobs[name]?.shape ?? [];
  const [, channels, height, width] = shape;
  if (shape.length !== 4 || channels === undefined || height === undefined || width === undefined) {
    throw new CaffeError('ERR_CAFFE_MODEL', `The input '${name}' has the shape ${shapeText(shape)}, not [items, channels, height, width].`);
  }
  const transformer = new Transformer({ [name]: shape }, { [name]: { transpose: [2, 0, 1], channelSwap, rawScale, mean, inputScale } });
  return { net, name, channels, size: [height, width], transformer };
}
