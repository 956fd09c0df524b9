import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { Dataset } from '../dataset';
import { CaffeError } from '../errors';
import { readRegularFile } from '../files';
import { exists } from '../model-files';
import { textOf } from '../net';
import * as networks from '../networks';
import type { Architecture } from '../networks/architecture';
import { architectureNamed, namesHint } from '../networks/catalogue';
import type { PrototxtDocument } from '../prototxt';

/** A network definition and what to call it. */
export interface NetworkSource {
  text: string;
  /** The file's name without extension, or that of the shipped network; undefined for text and documents. */
  name: string | undefined;
}

/**
 * Finds what the option `network` means: a document, text (it contains a brace), the path of a file that exists, or the name of a
 * shipped network, in this order. A shipped network is written for the pictures of the dataset.
 *
 * @param cropSize the option of this name.
 * @throws {CaffeError} ERR_CAFFE_FILE when it is neither a file nor a shipped network; ERR_CAFFE_INPUT when it is not given, or the
 *   pictures are smaller than a shipped network takes.
 */
export async function readNetworkSource(network: PrototxtDocument | string, dataset: Dataset, cropSize?: number): Promise<NetworkSource> {
  if (typeof network === 'object' && network !== null) return { text: textOf(network, "'network'"), name: undefined };
  if (typeof network !== 'string' || network === '') {
    throw new CaffeError('ERR_CAFFE_INPUT', "'network' is missing.", {
      hint: 'Give the path of a prototxt file, its text, or the name of a shipped network.',
    });
  }
  if (network.includes('{')) return { text: network, name: undefined };
  const shipped = architectureNamed(network);
  // A folder may bear the name of a shipped network: `caffe-node networks get` writes such folders.
  if (shipped && !(await isFile(network))) return shippedNetwork(shipped, dataset, cropSize);
  if (await exists(network)) return readNetworkFile(network);
  throw unknownNetwork(network);
}

/** Crops what it was made to crop, but never more than there is. Its heads are fitted to the classes as those of any network are. */
function shippedNetwork({ name, size, feed }: Architecture, dataset: Dataset, cropSize?: number): NetworkSource {
  const crop = cropSize ?? (feed.crop ? Math.min(size, ...dataset.size) : 0);
  const { trainVal } = networks.get(name, { size: crop > 0 ? crop : dataset.size, channels: dataset.channels });
  return { text: trainVal, name };
}

async function readNetworkFile(file: string): Promise<NetworkSource> {
  try {
    return { text: (await readRegularFile(file)).toString('utf8'), name: path.basename(file, path.extname(file)) };
  } catch (error) {
    throw new CaffeError('ERR_CAFFE_FILE', `The network file '${file}' cannot be read.`, { file, cause: error });
  }
}

async function isFile(file: string): Promise<boolean> {
  return stat(file).then(
    (stats) => !stats.isDirectory(),
    () => false,
  );
}

function unknownNetwork(network: string): CaffeError {
  return new CaffeError('ERR_CAFFE_FILE', `There is no file '${network}', and no network of this name ships with the package.`, {
    file: network,
    hint: `${namesHint(network)} Relative paths start at ${process.cwd()}.`,
  });
}
