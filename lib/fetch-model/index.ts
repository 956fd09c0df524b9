import { createHash } from 'node:crypto';
import path from 'node:path';
import { modelCacheFolder } from '../cache-folder';
import { CaffeError } from '../errors';
import { withFileLock } from '../file-lock';
import { makeFolder, requireReplaceable, writing } from '../files';
import { requirePath } from '../given';
import { exists } from '../model-files';
import { inputError } from '../prototxt/input-error';
import { optionsFrom, report } from '../tools/options';
import { type Checksums, download, mismatch } from './download';
import { digestFile, PartialFile } from './partial-file';
import { type CheckedRecord, type ModelRecord, type NetworkFiles, readRecord } from './record';

export type { ModelRecord, NetworkFiles } from './record';

/** How far a download is. */
export interface FetchProgress {
  /** 'waiting': another process is fetching the same file; 'verifying': what is in the cache is compared with its checksum. */
  readonly stage: 'waiting' | 'verifying' | 'downloading';
  /** Bytes that are there, those of earlier attempts included. */
  readonly received: number;
  /** Bytes of the file, where the server says so. */
  readonly total: number | undefined;
}

export interface FetchOptions {
  /** The folder to keep models in. Default: `models` in `CAFFE_NODE_CACHE`, or where the platform keeps the caches of a user. */
  readonly cache?: string;
  /** In hexadecimal; counts in place of the record's. */
  readonly sha1?: string;
  readonly sha256?: string;
  /** Fetches a file of which no checksum is known. Default false. */
  readonly unverified?: boolean;
  /** Attempts in a row that may bring nothing before it gives up. Default 5. */
  readonly retries?: number;
  /** Milliseconds of silence after which a connection counts as dead. Default 30,000. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: FetchProgress) => unknown;
}

/** A model on this machine. */
export interface FetchedModel {
  /** The weights, e.g. for the `weights` of {@link Net.load}. */
  readonly path: string;
  /** What its publisher calls it; the name of the file where the record has none. */
  readonly name: string;
  readonly url: string;
  readonly sha1: string;
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
  /** Whether it was there already. */
  readonly fromCache: boolean;
  readonly license?: string;
  /** The networks that lie beside the readme it was fetched by. */
  readonly network: NetworkFiles;
}

const OPTIONS = {
  cache: true,
  sha1: true,
  sha256: true,
  unverified: true,
  retries: true,
  timeout: true,
  signal: true,
  onProgress: true,
} as const;

/**
 * Fetches the weights of a published model into a cache, and verifies them: Caffe's `download_model_binary.py`.
 *
 * What is in the cache already is verified and not fetched again. A download that was interrupted goes on where it ended, unless the
 * server has another file by then. Of several processes that want the same file one fetches it, and the others wait.
 *
 * ```ts
 * const { path, network } = await fetchModel('models/bvlc_alexnet'); // the folder of its readme.md
 * const net = await Net.load(network.deploy, { weights: path });
 * ```
 *
 * @param source a URL (http or https); the path of a Model-Zoo readme, or of the folder it is in; the text of one; or the fields of its
 *   front matter.
 * @throws {CaffeError} ERR_CAFFE_INPUT for a source or an option that is none, and when no checksum is known (unless `unverified`);
 *   ERR_CAFFE_FETCH when the server cannot be reached or refuses; ERR_CAFFE_CHECKSUM for a file that is another one, of which nothing is
 *   kept; ERR_CAFFE_FILE when it cannot be written (a full disk); ERR_CAFFE_CALLBACK when `onProgress` throws; ERR_CAFFE_ABORTED.
 */
export async function fetchModel(source: string | URL | ModelRecord, given: FetchOptions = {}): Promise<FetchedModel> {
  const options = optionsFrom(given, OPTIONS);
  const record = await readRecord(source);
  const plan = planOf(record, options);
  const found = await fetchInto(plan, record.caffemodel_url, options);
  const { file, name = file, license, caffemodel_url: url, network } = record;
  return { path: plan.target, name, url, ...found, license, network };
}

interface Plan {
  readonly target: string;
  readonly expected: Checksums;
  readonly timeout: number;
  readonly retries: number;
}

function planOf(record: CheckedRecord, options: FetchOptions): Plan {
  const { cache = modelCacheFolder(), retries = 5, timeout = 30_000, unverified = false } = options;
  const expected = {
    sha1: checksum(options.sha1 === undefined ? record.sha1 : options.sha1, 'sha1', 40),
    sha256: checksum(options.sha256 === undefined ? record.sha256 : options.sha256, 'sha256', 64),
  };
  const known = expected.sha256 ?? expected.sha1;
  if (typeof unverified !== 'boolean') throw inputError('unverified', 'true or false', unverified);
  if (known === undefined && !unverified) {
    throw new CaffeError('ERR_CAFFE_INPUT', `No checksum of '${record.caffemodel_url}' is known.`, {
      hint: "Give its 'sha1' or 'sha256'; or fetch it 'unverified' once, compare, and give from then on the checksum that is reported.",
    });
  }
  if (!Number.isInteger(retries) || retries < 0) throw inputError('retries', 'a whole number from 0', retries);
  if (typeof timeout !== 'number' || !(timeout > 0 && timeout < 2 ** 31)) throw inputError('timeout', 'milliseconds, above 0', timeout);
  // Files of one name from different places do not meet.
  const key = known ?? createHash('sha256').update(record.caffemodel_url).digest('hex');
  const folder = path.join(path.resolve(requirePath(cache, "'cache'")), key.slice(0, 16));
  return { target: path.join(folder, record.file), expected, timeout, retries };
}

function checksum(text: string | undefined, what: string, digits: number): string | undefined {
  if (text === undefined) return undefined;
  if (typeof text === 'string' && text.length === digits && /^[\da-f]+$/i.test(text)) return text.toLowerCase();
  throw inputError(what, `${digits} hexadecimal digits`, text);
}

type Found = Pick<FetchedModel, 'sha1' | 'sha256' | 'size' | 'fromCache'>;

async function fetchInto({ target, ...plan }: Plan, url: string, { signal, onProgress }: FetchOptions): Promise<Found> {
  const tell = (stage: FetchProgress['stage'], received = 0, total?: number) => report(onProgress, { stage, received, total });
  const cached = async (): Promise<Found | undefined> => {
    if (!(await exists(target))) return undefined;
    await requireReplaceable(target);
    await tell('verifying');
    const digests = await writing(target, () => digestFile(target, signal));
    return mismatch(digests, plan.expected) ? undefined : { ...digests, fromCache: true };
  };
  const there = await cached();
  if (there) return there;
  await writing(target, () => makeFolder(path.dirname(target)));
  return withFileLock(`${target}.lock`, { signal, onWait: () => tell('waiting') }, async () => {
    const fetchedMeanwhile = await cached();
    if (fetchedMeanwhile) return fetchedMeanwhile;
    const part = await PartialFile.open(target, signal);
    try {
      await download(url, part, { ...plan, signal, report: (received, total) => tell('downloading', received, total) });
      await part.commit();
      return { ...part.digests, size: part.size, fromCache: false };
    } finally {
      await part.close();
    }
  });
}
