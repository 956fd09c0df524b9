/** The model's `info.json`: the keys that DIGITS writes and reads, and ours beside them. */
import { MODEL_FILES, snapshotFile } from './model-files';
import { native } from './native';
import { channelsOf, type Preprocessing } from './preprocessing';

// Beside lib/ and dist/ alike, and outside of what the compiler may reach.
const { version: packageVersion }: { version: string } = require('../package.json');

/** What a validation found, over exactly the images of the validation set. */
export interface Metrics {
  /** Mean cross-entropy in nats per image. */
  loss: number;
  /** Share of images whose most probable class is their own, 0 to 1. */
  accuracy: number;
  perClass: ClassMetrics[];
  /** Number of images by [their class][the class they were taken for]. */
  confusion: number[][];
}

export interface ClassMetrics {
  label: string;
  /** Images of this class. */
  images: number;
  /** Share of them that were recognised, 0 to 1; NaN (null in files) where there are none. */
  accuracy: number;
}

/** A snapshot as info.json keeps it. */
export interface SnapshotInfo {
  iteration: number;
  epoch: number;
  accuracy?: number;
  loss?: number;
}

/** In DIGITS's words. */
export type ModelStatus = 'Running' | 'Done' | 'Aborted' | 'Error';

export interface ModelInfo {
  /** As DIGITS makes them: date, time and four hexadecimal digits. */
  id: string;
  name: string;
  /** When the training began, UTC: `2026-01-31 12:00:00`. */
  created: string;
  dataset: string;
  status: ModelStatus;
  preprocessing: Preprocessing;
  /** Oldest first. */
  snapshots: SnapshotInfo[];
  /** The iteration of the best one. */
  best?: number;
  /** Of the best one. */
  metrics?: Metrics;
}

/** The text of a model folder's info.json: what an archive holds, and how the training went. */
export function folderInfo(info: ModelInfo): string {
  const { snapshots, best, metrics } = info;
  return sortedJson({ ...sharedFields(info, best ?? snapshots.at(-1)?.iteration), snapshots, best, metrics });
}

/** The text of an archive's info.json: DIGITS's keys and `preprocessing`. */
export function archiveInfo(info: ModelInfo, iteration: number): string {
  return sortedJson(sharedFields(info, iteration));
}

function sharedFields(info: ModelInfo, iteration: number | undefined): Record<string, unknown> {
  const { preprocessing, id } = info;
  return {
    'caffe flavor': 'BVLC',
    'caffe version': native.version,
    'creation time': info.created,
    dataset_id: info.dataset,
    'deploy file': MODEL_FILES.deploy,
    'digits version': `caffe-node ${packageVersion}`,
    framework: 'caffe',
    id,
    'image dimensions': [...preprocessing.size, channelsOf(preprocessing)],
    'image resize mode': preprocessing.resizeMode,
    'job id': id,
    'labels file': MODEL_FILES.labels,
    'mean file': MODEL_FILES.mean,
    'mean subtraction': meanSubtraction(preprocessing),
    'model file': MODEL_FILES.original,
    name: info.name,
    'snapshot file': iteration === undefined ? null : snapshotFile(iteration),
    'solver file': MODEL_FILES.solver,
    status: info.status,
    'train_val file': MODEL_FILES.trainVal,
    username: '',
    preprocessing,
  };
}

function meanSubtraction({ mean }: Preprocessing): 'image' | 'pixel' | 'none' {
  if (mean === null) return 'none';
  return typeof mean === 'string' ? 'image' : 'pixel';
}

/** JSON with sorted keys and four spaces, as DIGITS writes it. */
function sortedJson(value: object): string {
  return `${JSON.stringify(value, (_, inner) => (isRecord(inner) ? sortedRecord(inner) : inner), 4)}\n`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function sortedRecord(record: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}
