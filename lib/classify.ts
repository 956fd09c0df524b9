import { classifierOf } from './classifier-cache';
import { CaffeError, describe } from './errors';
import { readArray, reading, readOptions } from './given';
import type { ModelLike } from './model';
import type { ImageSource } from './pixels';

/** A class and how probable it is. */
export interface Prediction {
  label: string;
  /** Of the class in the model's labels, from 0. */
  index: number;
  /** 0 to 1; over all classes they add up to 1. */
  probability: number;
}

export interface ClassifyOptions {
  /** How many classes to return. Default 5, or all where there are fewer. */
  top?: number;
}

/**
 * Classifies images with a trained model, preprocessed exactly as they were in its validation. The model's network stays in memory
 * for the next call: an opened one's with the model, a path's among the last few.
 *
 * @param model  a model, an archive, or the path of either.
 * @param images one image (a path, file: URL, the bytes of a file …), or an array of them.
 * @returns the most probable classes, the best first; for an array, in its order.
 * @throws {CaffeError} ERR_CAFFE_IMAGE for an image that cannot be read, by name; the model stays usable. ERR_CAFFE_INPUT for a `top`
 *   that is no whole number from 1; as `openModel`.
 */
export async function classify(model: ModelLike, images: readonly ImageSource[], options?: ClassifyOptions): Promise<Prediction[][]>;
export async function classify(model: ModelLike, image: ImageSource, options?: ClassifyOptions): Promise<Prediction[]>;
export async function classify(
  model: ModelLike,
  images: ImageSource | readonly ImageSource[],
  options?: ClassifyOptions,
): Promise<Prediction[] | Prediction[][]> {
  const { top = 5 } = readOptions(options, ['top']);
  if (!Number.isInteger(top) || top < 1) {
    throw new CaffeError('ERR_CAFFE_INPUT', `'top' is a whole number from 1; found ${describe(top)}.`);
  }
  const { classifier, labels } = await classifierOf(model);
  const list = isList(images) ? readArray(images, 'The images') : [images];
  const rows = await classifier.probabilities(list);
  const predictions = rows.map((row) => mostProbable(row, labels, top));
  return isList(images) ? predictions : (predictions[0] ?? []);
}

function isList(images: ImageSource | readonly ImageSource[]): images is readonly ImageSource[] {
  return reading('The images', () => Array.isArray(images));
}

function mostProbable(probabilities: Float32Array, labels: readonly string[], top: number): Prediction[] {
  return labels
    .map((label, index) => ({ label, index, probability: probabilities[index] ?? 0 }))
    .sort((a, b) => b.probability - a.probability)
    .slice(0, top);
}
