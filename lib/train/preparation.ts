import path from 'node:path';
import { types } from 'node:util';
import { DATASET_FILES, type Dataset, openDataset } from '../dataset';
import { CaffeError } from '../errors';
import { reading } from '../given';
import { exists } from '../model-files';
import { checkedWeights } from '../net';
import { checkOptions } from './checks';
import type { RetargetedHead, TrainingEvent } from './events';
import { ModelFolder } from './model-folder';
import { readNetworkSource } from './network-source';
import { buildNetworks } from './networks';
import type { TrainOptions } from './options';
import { planTraining, type TrainingPlan } from './plan';
import { preprocessingFor } from './preprocessing';

/** A training that can begin: everything decided but the learning rate, the model folder made. */
export interface Preparation {
  plan: TrainingPlan;
  folder: ModelFolder;
  /** The text of train_val.prototxt. */
  trainVal: string;
  heads: RetargetedHead[];
  warnings: TrainingEvent[];
  weights: string | Uint8Array | undefined;
}

/**
 * Checks the options, plans, and writes the model folder. The folder is touched last, when nothing the caller gave can be wrong any more.
 *
 * @throws {CaffeError} as {@link train}.
 */
export async function prepare(options: TrainOptions): Promise<Preparation> {
  checkOptions(options);
  const dataset = await datasetOf(options.dataset);
  const source = await readNetworkSource(options.network, dataset, options.cropSize);
  const weights = await weightsOf(options.weights);
  const output = path.resolve(options.output ?? defaultOutput(dataset));
  refuseToOverwrite(output, weights);

  const { plan, warnings } = planTraining(options, dataset, source.text);
  const preprocessing = preprocessingFor(plan, dataset);
  const networks = buildNetworks(source.text, plan, preprocessing, dataset, output, weights !== undefined);

  const subject = { name: source.name ?? path.basename(output), dataset: path.basename(dataset.path), preprocessing };
  const folder = await ModelFolder.create(output, options.overwrite ?? false, subject);
  await folder.copyMean(path.join(dataset.path, DATASET_FILES.mean));
  await folder.writeTexts({ original: source.text, ...networks, labels: plan.labels });
  return { plan, folder, weights, ...networks, warnings: [...warnings, ...networks.warnings] };
}

/** Opened anew, since a dataset that was opened long ago may have been moved or replaced. */
async function datasetOf(dataset: TrainOptions['dataset']): Promise<Dataset> {
  const folder = typeof dataset === 'string' ? dataset : reading("'dataset'", () => dataset?.path);
  if (typeof folder === 'string') return openDataset(folder);
  throw new CaffeError('ERR_CAFFE_INPUT', "'dataset' is missing.", {
    hint: 'Give a dataset of createDataset or openDataset, or its folder.',
  });
}

/** The weights to copy, known to be there. */
async function weightsOf(weights: TrainOptions['weights']): Promise<Preparation['weights']> {
  if (weights === undefined || types.isUint8Array(weights)) return weights;
  const file = checkedWeights(typeof weights === 'string' ? weights : reading("'weights'", () => weights.best.path)) as string;
  if (await exists(file)) return path.resolve(file);
  throw new CaffeError('ERR_CAFFE_FILE', `The weights '${file}' do not exist.`, {
    file,
    hint: `Relative paths start at ${process.cwd()}.`,
  });
}

/** `dolphins-dataset` → `dolphins-model`, in the working directory. */
function defaultOutput(dataset: Dataset): string {
  return `${path.basename(dataset.path).replace(/-dataset$/, '')}-model`;
}

function refuseToOverwrite(output: string, weights: Preparation['weights']): void {
  if (typeof weights !== 'string' || path.relative(output, weights).startsWith('..')) return;
  throw new CaffeError('ERR_CAFFE_INPUT', `The weights lie in the folder to write, '${output}'.`, {
    file: weights,
    hint: 'Choose another `output`.',
  });
}
