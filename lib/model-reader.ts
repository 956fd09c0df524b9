/** Reading info.json: ours, or one of DIGITS with what it leaves out worked out. */
import path from 'node:path';
import { CaffeError } from './errors';
import { meanColour, readMeanImage } from './mean-image';
import { iterationOf, MODEL_FILES, readPart } from './model-files';
import type { ModelInfo } from './model-info';
import { native } from './native';
import { PIXEL_RECORD } from './pixels';
import { isPreprocessing, type Preprocessing } from './preprocessing';

/** The parsed file, nothing about it known. */
type RawInfo = Record<string, unknown>;

/** A model's info, and the snapshot to classify with. */
export interface ReadInfo {
  info: ModelInfo;
  snapshot: { iteration: number; file: string };
}

/**
 * @param source what to call the model in errors.
 * @param folder where its files lie.
 * @throws {CaffeError} ERR_CAFFE_MODEL when info.json is missing, damaged, or of a model that has no snapshot.
 */
export async function readModelInfo(source: string, folder: string): Promise<ReadInfo> {
  const raw = await readRaw(source, folder);
  const file = raw['snapshot file'];
  if (typeof file !== 'string' || path.basename(file) !== file) {
    throw new CaffeError('ERR_CAFFE_MODEL', `The model '${source}' has no snapshot.`, {
      file: source,
      hint: 'Its training ended before the first snapshot: train again.',
    });
  }
  const iteration = iterationOf(file) ?? 0;
  const preprocessing = raw.preprocessing ?? (await digitsPreprocessing(source, folder, raw));
  if (!isPreprocessing(preprocessing)) throw damagedInfo(source, 'says nothing usable about the preprocessing of images');
  const info: ModelInfo = {
    id: text(raw.id),
    name: text(raw.name),
    created: text(raw['creation time']),
    dataset: text(raw.dataset_id),
    status: (raw.status ?? 'Done') as ModelInfo['status'],
    snapshots: knownSnapshots(raw) ?? [{ iteration, epoch: 0 }],
    best: iteration,
    metrics: raw.metrics as ModelInfo['metrics'],
    preprocessing,
  };
  return { info, snapshot: { iteration, file } };
}

/** The snapshots of a training of ours; undefined in archives. */
function knownSnapshots({ snapshots }: RawInfo): ModelInfo['snapshots'] | undefined {
  if (!Array.isArray(snapshots)) return undefined;
  return snapshots.filter((snapshot) => Number.isInteger(snapshot?.iteration));
}

function damagedInfo(source: string, problem: string): CaffeError {
  return new CaffeError('ERR_CAFFE_MODEL', `The ${MODEL_FILES.info} of the model '${source}' ${problem}.`, {
    file: source,
    hint: 'It is damaged or was changed: take the model as train, deploy or DIGITS wrote it.',
  });
}

async function readRaw(source: string, folder: string): Promise<RawInfo> {
  const content = await readPart(source, folder, MODEL_FILES.info);
  try {
    const raw: unknown = JSON.parse(content);
    if (typeof raw === 'object' && raw !== null) return raw as RawInfo;
    throw new Error('It holds no object.');
  } catch (error) {
    throw new CaffeError('ERR_CAFFE_MODEL', `The model '${source}' has no '${MODEL_FILES.info}' that can be read.`, {
      file: source,
      hint: 'A model is the folder that train wrote, or an archive of deploy or DIGITS, whole.',
      cause: error,
    });
  }
}

/** What DIGITS did when it trained this model: it names size and mode, crops to the network's input, and subtracts the mean as the model was set. */
async function digitsPreprocessing(source: string, folder: string, raw: RawInfo): Promise<Preprocessing> {
  const dimensions = raw['image dimensions'];
  if (!Array.isArray(dimensions)) throw damagedInfo(source, 'does not say how large images are ("image dimensions")');
  const [height = 0, width = 0, channels = 3] = dimensions as number[];
  const input = await inputHeight(source, folder);
  return {
    size: [height, width],
    resizeMode: (raw['image resize mode'] ?? 'squash') as Preprocessing['resizeMode'],
    crop: input < Math.min(height, width) ? input : 0,
    mean: await digitsMean(folder, raw),
    channelOrder: channels === 1 ? 'gray' : 'BGR',
    scale: 1,
    ...PIXEL_RECORD,
  };
}

/** DIGITS before 6.1 does not say how the mean was used; the mean image was its default. */
async function digitsMean(folder: string, raw: RawInfo): Promise<Preprocessing['mean']> {
  const file = raw['mean file'];
  const use = raw['mean subtraction'] ?? 'image';
  if (typeof file !== 'string' || file !== path.basename(file) || use === 'none') return null;
  return use === 'pixel' ? meanColour(await readMeanImage(path.join(folder, file))) : file;
}

/** The height of the image that deploy.prototxt takes: of its old `input_shape`, or of its Input layer. */
async function inputHeight(source: string, folder: string): Promise<number> {
  const deploy = native.messages.fromText('NetParameter', await readPart(source, folder, MODEL_FILES.deploy)) as DeployNet;
  const [shape] = deploy.input_shape ?? deploy.layer?.flatMap((layer) => layer.input_param?.shape ?? []) ?? [];
  return shape?.dim?.[2] ?? deploy.input_dim?.[2] ?? Number.POSITIVE_INFINITY;
}

interface DeployNet {
  input_shape?: { dim?: number[] }[];
  input_dim?: number[];
  layer?: { input_param?: { shape?: { dim?: number[] }[] } }[];
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
