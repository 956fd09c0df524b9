import type { Dataset } from '../dataset';
import { MODEL_FILES } from '../model-files';
import type { Preprocessing } from '../preprocessing';
import type { TrainingPlan } from './plan';

/** The record of what training does to an image: the dataset's part (size, resizing) and the plan's (crop, mean, scale). */
export function preprocessingFor(plan: TrainingPlan, dataset: Dataset): Preprocessing {
  const { size, resizeMode, resampler, alpha, exif, channels } = dataset;
  return {
    size: [...size],
    resizeMode,
    resampler,
    crop: plan.cropSize,
    mean: meanFor(plan, dataset),
    channelOrder: channels === 1 ? 'gray' : 'BGR',
    scale: plan.scale,
    alpha,
    exif,
  };
}

function meanFor({ mean }: TrainingPlan, dataset: Dataset): Preprocessing['mean'] {
  switch (mean) {
    case 'image':
      return MODEL_FILES.mean;
    case 'pixel':
      return [...dataset.mean];
    case 'none':
      return null;
    default:
      return [...mean];
  }
}
