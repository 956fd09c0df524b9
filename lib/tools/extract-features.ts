/** `extract_features`: values of blobs, stored in databases. */
import path from 'node:path';
import { CaffeError } from '../errors';
import { writeWhole } from '../files';
import { readTexts, requirePath } from '../given';
import { type NativeDatabaseWriter, type NativeRecord, native } from '../native';
import type { Tensor } from '../tensor';
import { FEATURE_OPTIONS, type FeatureOptions, streamFeatures } from './features';
import { optionsFrom } from './options';
import { requireAbsent, requireLmdb } from './output';

export interface ExtractFeaturesOptions extends FeatureOptions {
  /** The LMDB to write for each of the blobs, in their order. None may exist. */
  outputs: readonly string[];
  /** Only 'lmdb' (default). */
  backend?: string;
}

export interface ExtractedFeatures {
  blob: string;
  /** The database, absolute. */
  path: string;
  /** Entries: one for each item of each batch. */
  count: number;
}

/**
 * Writes the values of blobs to LMDBs as the tool does: one Datum of floats for each item, of the item's channels, height and width,
 * with keys of ten digits. The databases appear when all of them are complete; whatever goes wrong, none is left behind.
 *
 * @throws {CaffeError} ERR_CAFFE_DATASET when an output exists; ERR_CAFFE_SHAPE for a blob with more than four axes;
 *   ERR_CAFFE_FILE when an output cannot be written; ERR_CAFFE_UNSUPPORTED for another backend; as `streamFeatures`.
 */
export async function extractFeatures(options: ExtractFeaturesOptions): Promise<ExtractedFeatures[]> {
  const { outputs, backend = 'lmdb', ...features } = optionsFrom(options, { ...FEATURE_OPTIONS, outputs: true, backend: true });
  requireLmdb(backend);
  const blobs = readTexts(features.blobs, "'blobs'");
  const targets = readTexts(outputs, "'outputs'").map((output) => path.resolve(requirePath(output, 'An output')));
  if (targets.length !== blobs.length) {
    throw new CaffeError('ERR_CAFFE_INPUT', `'outputs' names ${targets.length} databases for ${blobs.length} 'blobs'.`);
  }
  const twice = targets.find((target, index) => targets.indexOf(target) !== index);
  if (twice !== undefined) throw new CaffeError('ERR_CAFFE_INPUT', `'outputs' names '${twice}' twice.`, { file: twice });
  for (const target of targets) await requireAbsent(target);
  const counts = await writeAllWhole(targets, (temporaries) => store({ ...features, blobs }, temporaries));
  return blobs.map((blob, index) => ({ blob, path: targets[index] as string, count: counts[index] ?? 0 }));
}

/** Lets `write` make all targets under temporary names before the first is renamed. */
async function writeAllWhole<Result>(
  targets: readonly string[],
  write: (temporaries: string[]) => Promise<Result>,
  ready: string[] = [],
): Promise<Result> {
  const [target, ...others] = targets;
  if (target === undefined) return write(ready);
  let result: Result | undefined;
  await writeWhole(target, async (temporary) => {
    result = await writeAllWhole(others, write, [...ready, temporary]);
  });
  return result as Result;
}

async function store(features: FeatureOptions, databases: readonly string[]): Promise<number[]> {
  const writers: NativeDatabaseWriter[] = [];
  try {
    for (const database of databases) writers.push(await native.createDatabase(database));
    const counts = databases.map(() => 0);
    for await (const tensors of streamFeatures(features)) {
      for (const [index, blob] of features.blobs.entries()) {
        const records = recordsOf(tensors[blob] as Tensor, blob, counts[index] ?? 0);
        await writers[index]?.putRecords(records);
        counts[index] = (counts[index] ?? 0) + records.length;
      }
    }
    return counts;
  } finally {
    for (const writer of writers) await writer.close();
  }
}

/** One record for each item of a batch, numbered from `first`. */
function recordsOf({ shape, data }: Tensor, blob: string, first: number): NativeRecord[] {
  if (shape.length > 4) {
    throw new CaffeError('ERR_CAFFE_SHAPE', `Blob '${blob}' has ${shape.length} axes; a Datum has room for four.`, {
      blob,
      hint: 'Use streamFeatures, or reshape the blob in the network.',
    });
  }
  const [items = 1, channels = 1, height = 1, width = 1] = shape;
  const size = channels * height * width;
  return Array.from({ length: items }, (_, item) => ({
    key: String(first + item).padStart(10, '0'),
    label: 0,
    channels,
    height,
    width,
    floats: data.subarray(item * size, (item + 1) * size),
  }));
}
