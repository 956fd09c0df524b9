import path from 'node:path';
import { CaffeError } from './errors';
import { readMeanImage } from './mean-image';
import type { Model } from './model';
import { readPart } from './model-files';
import { native, type Tensor } from './native';
import { Net } from './net';
import { type ImageSource, readPixels } from './pixels';
import { channelsOf, type Preprocessing, pixelTransform } from './preprocessing';
import { sizeOf } from './tensor';

/** Large enough to keep the cores busy, small enough to keep photographs of a batch in memory. */
const BATCH_SIZE = 8;

/** A model's network in memory, and what it takes to feed it. */
export class Classifier {
  private constructor(
    private readonly net: Net,
    private readonly preprocessing: Preprocessing,
    private readonly meanImage: Tensor | undefined,
    private readonly labels: readonly string[],
  ) {}

  /**
   * Loads the best snapshot. The model's files are not needed afterwards.
   *
   * @throws {CaffeError} ERR_CAFFE_MODEL for a network that does not have one input, or labels that are not those of its outputs; as `Net.load`.
   */
  static async open(model: Model): Promise<Classifier> {
    const { mean } = model.preprocessing;
    const meanImage = typeof mean === 'string' ? await readMeanImage(path.join(model.folder, mean)) : undefined;
    const net = await Net.from(await readPart(model.path, path.dirname(model.network), path.basename(model.network)), {
      weights: model.best.path,
    });
    if (net.inputs.length !== 1) {
      throw new CaffeError('ERR_CAFFE_MODEL', `The network of '${model.path}' has ${net.inputs.length} inputs; a classifier has one.`);
    }
    return new Classifier(net, model.preprocessing, meanImage, model.labels);
  }

  /**
   * Classifies images, a few at a time.
   *
   * @returns for each image the probability of each class, by index.
   * @throws {CaffeError} ERR_CAFFE_IMAGE for an image that cannot be read, before the network has seen any of its batch; the classifier stays usable.
   */
  async probabilities(images: readonly ImageSource[]): Promise<Float32Array[]> {
    const results: Float32Array[] = [];
    for (let first = 0; first < images.length; first += BATCH_SIZE) {
      results.push(...(await this.batch(images.slice(first, first + BATCH_SIZE))));
    }
    return results;
  }

  dispose(): Promise<void> {
    return this.net.dispose();
  }

  /** The very steps of validation: one decoder and one transformation for both. */
  private async batch(images: readonly ImageSource[]): Promise<Float32Array[]> {
    const { size, resizeMode } = this.preprocessing;
    const [height, width] = size;
    const target = { height, width, resizeMode, channels: channelsOf(this.preprocessing) };
    const pixels = await Promise.all(images.map((image) => readPixels(image, target)));
    const input = await native.transformPixels(pixels, pixelTransform(this.preprocessing, this.meanImage));
    const outputs = await this.net.forward({ [this.net.inputs[0] ?? '']: input });
    return this.split(Object.values(outputs), images.length);
  }

  /** One row for each image, of the last output that has one value for each class. */
  private split(outputs: Tensor[], count: number): Float32Array[] {
    const classes = this.labels.length;
    const output = outputs.findLast(({ shape }) => sizeOf(shape) === count * classes);
    if (!output) {
      throw new CaffeError('ERR_CAFFE_MODEL', `No output of the network has ${classes} values for an image, one for each label.`, {
        hint: 'labels.txt and the network are not of the same training.',
      });
    }
    if (!output.data.every(Number.isFinite)) {
      throw new CaffeError('ERR_CAFFE_DIVERGED', 'The network gives probabilities that are not finite numbers.', {
        hint: 'Its weights have diverged in training: use an earlier snapshot.',
      });
    }
    return Array.from({ length: count }, (_, index) => output.data.slice(index * classes, (index + 1) * classes));
  }
}
