import type { ClassifierImage } from './classifier';
import { classifierOf } from './classifier-cache';
import { readOptions } from './given';
import type { ModelLike } from './model';
import { ENGINE_OPTIONS, type EngineOptions } from './net-engine';
import type { Prediction } from './prediction';

export type { Prediction } from './prediction';

export interface ClassifyOptions extends EngineOptions {
  /** How many classes to return. Default 5, or all where there are fewer. */
  top?: number;
  signal?: AbortSignal;
}

/**
 * Classifies images with a trained model, preprocessed exactly as they were in its validation. The model's network stays in memory
 * for the next call: an opened one's with the model, a path's among the last few.
 *
 * @param model  a model, an archive, or the path of either.
 * @param images one image (a path, file: URL, the bytes of a file …), or an array of them.
 * @returns the most probable classes, the best first; for an array, in its order.
 * @throws {CaffeError} ERR_CAFFE_IMAGE for an image that cannot be read, by name; the model stays usable. ERR_CAFFE_INPUT for a `top`
 *   that is no whole number from 1; as `openModel`; for the engine as `Net.load`.
 */
export async function classify(model: ModelLike, images: readonly ClassifierImage[], options?: ClassifyOptions): Promise<Prediction[][]>;
export async function classify(model: ModelLike, image: ClassifierImage, options?: ClassifyOptions): Promise<Prediction[]>;
export async function classify(
  model: ModelLike,
  images: ClassifierImage | readonly ClassifierImage[],
  options: ClassifyOptions = {},
): Promise<Prediction[] | Prediction[][]> {
  const { top, signal, ...engine } = readOptions(options, ['top', 'signal', ...ENGINE_OPTIONS]);
  const classifier = await classifierOf(model, engine);
  return classifier.classify(images as readonly ClassifierImage[], { top, signal });
}
