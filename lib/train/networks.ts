/** From the network as given to the two that are built: for training and for deployment. */
import path from 'node:path';
import { type Dataset, SET_FILES } from '../dataset';
import { channelsOf, inputSizeOf, type Preprocessing } from '../preprocessing';
import { type DataSource, retarget, toDeploy, toTrainVal } from '../prototxt';
import { readNetwork } from '../prototxt/network/network';
import type { RetargetedHead, TrainingEvent } from './events';
import type { TrainingPlan } from './plan';

export interface TrainingNetworks {
  trainVal: string;
  deploy: string;
  heads: RetargetedHead[];
  warnings: Extract<TrainingEvent, { type: 'warning' }>[];
}

/** New heads start from nothing, on top of layers that are nearly right: they learn this much faster. */
const NEW_HEAD_FACTOR = 10;

/**
 * Fits a network to a dataset.
 *
 * @param original      the text as given.
 * @param folder        the model folder: paths in the files are relative to it.
 * @param startsFromWeights whether heads that change get a new name (so that the old ones' weights stay out) and learn faster.
 * @throws {CaffeError} as the operations of lib/prototxt.
 */
export function buildNetworks(
  original: string,
  plan: TrainingPlan,
  preprocessing: Preprocessing,
  dataset: Dataset,
  folder: string,
  startsFromWeights: boolean,
): TrainingNetworks {
  // Without weights there is nothing to confuse a head with: it keeps its name.
  const heads = startsFromWeights ? { learningRateFactor: NEW_HEAD_FACTOR } : { keepNames: true };
  const retargeted = retarget(original, { classes: plan.labels.length, ...heads });
  const { text: trainVal, data, removed } = toTrainVal(retargeted.text, dataSources(plan, preprocessing, dataset, folder));
  const shape = [1, channelsOf(preprocessing), ...inputSizeOf(preprocessing)];
  const { text: deploy } = toDeploy(retargeted.text, { input: { [data]: shape } });
  const warnings = [...removedActivations(retargeted.removed), ...removedAccuracies(retargeted.text, removed, plan)];
  return { trainVal, deploy, heads: retargeted.heads, warnings };
}

function dataSources(plan: TrainingPlan, preprocessing: Preprocessing, dataset: Dataset, folder: string) {
  const { mean, crop, scale } = preprocessing;
  const pixels = {
    cropSize: crop,
    scale,
    ...(typeof mean === 'string' ? { meanFile: mean } : { meanValues: mean ?? [] }),
  };
  const source = (set: 'train' | 'validation') => path.relative(folder, path.join(dataset.path, SET_FILES[set].database));
  const train: DataSource = { ...pixels, source: source('train'), batchSize: plan.batchSize, mirror: plan.mirror, shuffle: true };
  const validation: DataSource = {
    ...pixels,
    source: source(plan.images.validation > 0 ? 'validation' : 'train'),
    batchSize: plan.validationBatchSize,
    mirror: false,
  };
  return { train, validation, classes: plan.labels.length };
}

function removedActivations(names: string[]): TrainingNetworks['warnings'] {
  return names.map((name) => ({
    type: 'warning',
    code: 'activation-dropped',
    message: `Layer '${name}' was left out: it would cut off the scores of a new head, which then hardly learns.`,
  }));
}

function removedAccuracies(text: string, removed: string[], { labels }: TrainingPlan): TrainingNetworks['warnings'] {
  const accuracies = readNetwork(text).layers.filter(({ name, type }) => type === 'Accuracy' && removed.includes(name));
  return accuracies.map(({ name }) => ({
    type: 'warning',
    code: 'accuracy-dropped',
    message: `Layer '${name}' was left out: it looks at more than the ${labels.length} classes there are.`,
  }));
}
