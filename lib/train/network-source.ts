import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { CaffeError } from '../errors';
import { readRegularFile } from '../files';
import { exists } from '../model-files';
import { textOf } from '../net';
import type { PrototxtDocument } from '../prototxt';

/** The folder of the networks that ship with the package. */
const SHIPPED = path.join(__dirname, '..', '..', 'prototxt');

/** A network definition and what to call it. */
export interface NetworkSource {
  text: string;
  /** The file's name without extension; undefined for text and documents. */
  name: string | undefined;
}

/**
 * Finds what the option `network` means: a document, text (it contains a brace), the path of a file that exists, or the name of a
 * shipped network, in this order.
 *
 * @throws {CaffeError} ERR_CAFFE_FILE when it is neither a file nor a shipped network; ERR_CAFFE_INPUT when it is not given.
 */
export async function readNetworkSource(network: PrototxtDocument | string): Promise<NetworkSource> {
  if (typeof network === 'object' && network !== null) return { text: textOf(network, "'network'"), name: undefined };
  if (typeof network !== 'string' || network === '') {
    throw new CaffeError('ERR_CAFFE_INPUT', "'network' is missing.", {
      hint: 'Give the path of a prototxt file, its text, or the name of a shipped network.',
    });
  }
  if (network.includes('{')) return { text: network, name: undefined };
  if (await exists(network)) return readNetworkFile(network);
  const shipped = path.join(SHIPPED, `${network}.prototxt`);
  if (path.dirname(shipped) === SHIPPED && (await exists(shipped))) return readNetworkFile(shipped);
  throw await unknownNetwork(network);
}

/** The names of the networks that ship with the package. */
export async function shippedNetworks(): Promise<string[]> {
  const files = await readdir(SHIPPED);
  return files.filter((file) => file.endsWith('.prototxt')).map((file) => path.basename(file, '.prototxt'));
}

async function readNetworkFile(file: string): Promise<NetworkSource> {
  try {
    return { text: (await readRegularFile(file)).toString('utf8'), name: path.basename(file, path.extname(file)) };
  } catch (error) {
    throw new CaffeError('ERR_CAFFE_FILE', `The network file '${file}' cannot be read.`, { file, cause: error });
  }
}

async function unknownNetwork(network: string): Promise<CaffeError> {
  return new CaffeError('ERR_CAFFE_FILE', `There is no file '${network}', and no network of this name ships with the package.`, {
    file: network,
    hint: `The shipped networks are: ${(await shippedNetworks()).join(', ')}. Relative paths start at ${process.cwd()}.`,
  });
}
