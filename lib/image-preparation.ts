/** From images to the input of a classifier's network: as a model's preprocessing record says, or as pycaffe's Classifier does. */
import path from 'node:path';
import { type ClassifierImage, isImageTensor, withChannels } from './classifier-image';
import { centreCrop } from './crop';
import type { RawFrame } from './frame';
import { Gate } from './gate';
import { type ImageTensor, loadResized, oversample, requireImage, resizeImage } from './image';
import { readMeanImage } from './mean-image';
import type { Model } from './model';
import { native, type Tensor } from './native';
import type { NetworkInput } from './network-input';
import { type Pixels, readPixels } from './pixels';
import { channelsOf, type Preprocessing, pixelTransform } from './preprocessing';

export interface ImagePreparation<Image = unknown> {
  /** Loads and resizes an image; all have one size afterwards, so that what waits for its batch is small. */
  read(image: ClassifierImage, signal?: AbortSignal): Promise<Image>;
  /** The network's input: one item for each image, or ten. */
  batch(images: Image[], oversampled: boolean): Promise<Tensor>;
}

/** The very steps of validation: one decoder and one transformation for both. */
export class RecordPreparation implements ImagePreparation<Pixels> {
  private constructor(
    private readonly record: Preprocessing,
    private readonly meanImage: Tensor | undefined,
  ) {}

  static async of({ preprocessing, folder }: Model): Promise<RecordPreparation> {
    const { mean } = preprocessing;
    return new RecordPreparation(preprocessing, typeof mean === 'string' ? await readMeanImage(path.join(folder, mean)) : undefined);
  }

  async read(image: ClassifierImage, signal?: AbortSignal): Promise<Pixels> {
    const { size, resizeMode } = this.record;
    const [height, width] = size;
    const source = isImageTensor(image) ? frameOf(image) : image;
    return readPixels(source, { height, width, resizeMode, channels: channelsOf(this.record), signal });
  }

  async batch(images: Pixels[], oversampled: boolean): Promise<Tensor> {
    return native.transformPixels(images, pixelTransform(this.record, this.meanImage), oversampled);
  }
}

/** pycaffe's steps: resize, crop, then what the transformer is set to. */
export class TransformerPreparation implements ImagePreparation<ImageTensor> {
  /** Decoded images are large: only as many as keep the decoders busy. */
  private readonly reading = new Gate(3);

  /** @param size [height, width] to which images are resized before they are cropped to the input. */
  constructor(
    private readonly input: NetworkInput,
    private readonly size: readonly [number, number],
  ) {}

  async read(image: ClassifierImage, signal?: AbortSignal): Promise<ImageTensor> {
    const { channels } = this.input;
    return this.reading.run(async () => {
      if (!isImageTensor(image)) return loadResized(image, this.size, channels !== 1, signal);
      return resizeImage(withChannels(requireImage(image, 'The image'), channels), this.size);
    });
  }

  async batch(images: ImageTensor[], oversampled: boolean): Promise<Tensor> {
    const { name, size, transformer } = this.input;
    const crops = oversampled ? await oversample(images, size) : images.map((image) => centreCrop(image, size));
    return transformer.preprocessBatch(name, crops);
  }
}

function frameOf(image: ImageTensor): RawFrame {
  const { shape, data } = requireImage(image, 'The image');
  const [height, width, channels] = shape as [number, number, 1 | 3];
  return { data, height, width, channels };
}
