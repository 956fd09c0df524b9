import type { Dataset } from '../dataset';
import { meanColour, readMeanImage } from '../mean-image';
import { MODEL_FILES } from '../model-files';
import type { Preprocessing } from '../preprocessing';
import type { TrainingPlan } from './plan';

/**
 * The record of what training does to an image: the dataset's part (size, resizing) and the plan's (crop, mean, scale).
 *
 * @param meanImage the file of the dataset's mean image; read only for a mean of 'pixel'.
 */
export async function preprocessingFor(plan: TrainingPlan, dataset: Dataset, meanImage: string): Promise<Preprocessing> {
  return {
    size: [dataset.size[0], dataset.size[1]],
    resizeMode: dataset.resizeMode,
    resampler: dataset.resampler,
    crop: plan.cropSize,
    mean: await meanFor(plan, meanImage),
    channelOrder: dataset.channels === 1 ? 'gray' : 'BGR',
    scale: plan.scale,
    alpha: 'white',
    exif: true,
  };
}

async function meanFor({ mean }: TrainingPlan, meanImage: string): Promise<Preprocessing['mean']> {
  switch (mean) {
    case 'image':
      return MODEL_FILES.mean;
    case 'pixel':
      return meanColour(await readMeanImage(meanImage));
    case 'none':
      return null;
    default:
      return [...mean];
  }
}
