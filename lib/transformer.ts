import { CaffeError, describe } from './errors';
import { readArray, readEntries, reading, readOptions } from './given';
import { type ImageTensor, requireImage, requireImages } from './image';
import { type NativeTransformerSpec, native, type Tensor } from './native';
import { guardReceivers } from './receiver';
import { feedOf, shapeText } from './tensor';

/** One value for each channel, or an image: [height, width] for all channels, [channels, height, width], or that with a leading 1. */
export type Mean = readonly number[] | Float32Array | Tensor;

/** What is done to the images of one input; what is left out is not done. See the setters of {@link Transformer}. */
export interface TransformerSettings {
  /** The axes of the image (0 height, 1 width, 2 channels) in the network's order, as a rule [2, 0, 1]. */
  transpose?: readonly number[];
  /** The channels in the network's order: [2, 1, 0] turns RGB into BGR. */
  channelSwap?: readonly number[];
  /** Factor before the mean is subtracted. */
  rawScale?: number;
  mean?: Mean;
  /** Factor after the mean was subtracted. */
  inputScale?: number;
}

type CheckedSettings = Omit<NativeTransformerSpec, 'size'>;

/**
 * pycaffe's `caffe.io.Transformer`: from images to what a network takes, and back. Always in this order, whatever the order of the
 * calls: resize to the network's input, transpose, swap channels, × raw scale, − mean, × input scale. What is not set is left out.
 *
 * ```ts
 * const transformer = new Transformer({ data: net.blobs.data.shape });
 * transformer.setTranspose('data', [2, 0, 1]);        // height × width × channels → channels × height × width
 * transformer.setChannelSwap('data', [2, 1, 0]);      // RGB → BGR
 * transformer.setRawScale('data', 255);               // 0..1 → 0..255
 * transformer.setMean('data', [104, 117, 123]);
 * const input = await transformer.preprocess('data', await loadImage('cat.jpg'));
 * ```
 *
 * or in one call, for a batch:
 *
 * ```ts
 * const transformer = new Transformer(
 *   { data: net.blobs.data.shape },
 *   { data: { transpose: [2, 0, 1], channelSwap: [2, 1, 0], rawScale: 255, mean: [104, 117, 123] } },
 * );
 * const output = await net.forward({ data: await transformer.preprocessBatch('data', images) });
 * ```
 */
export class Transformer {
  readonly #inputs = new Map<string, { shape: number[]; settings: CheckedSettings }>();

  static {
    guardReceivers(Transformer, (value) => #inputs in value);
  }

  /**
   * @param inputs   shape of each input blob, [items, channels, height, width].
   * @param settings of the inputs by name; the same as the setters.
   * @throws {CaffeError} ERR_CAFFE_INPUT for a shape that has not four extents from 1; as the setters.
   */
  constructor(inputs: Readonly<Record<string, readonly number[]>>, settings: Readonly<Record<string, TransformerSettings>> = {}) {
    for (const [name, shape] of readEntries(inputs, 'The inputs'))
      this.#inputs.set(name, { shape: checkedShape(name, shape), settings: {} });
    for (const [name, own] of readEntries(settings, 'The settings')) this.#set(name, own);
  }

  #set(name: string, settings: TransformerSettings): void {
    this.#input(name);
    const names = ['transpose', 'channelSwap', 'rawScale', 'mean', 'inputScale'] as const;
    const { transpose, channelSwap, rawScale, mean, inputScale } = readOptions(settings, names, `The settings of '${name}'`);
    if (transpose !== undefined) this.setTranspose(name, transpose);
    if (channelSwap !== undefined) this.setChannelSwap(name, channelSwap);
    if (rawScale !== undefined) this.setRawScale(name, rawScale);
    if (mean !== undefined) this.setMean(name, mean);
    if (inputScale !== undefined) this.setInputScale(name, inputScale);
  }

  /**
   * @param order the axes of the image (0 height, 1 width, 2 channels) in the network's order, as a rule [2, 0, 1].
   * @throws {CaffeError} ERR_CAFFE_INPUT unless each axis is named once.
   */
  setTranspose(name: string, order: readonly number[]): void {
    const { settings } = this.#input(name);
    const axes = readArray(order, `The transpose order of '${name}'`);
    if (!isPermutation(axes, 3)) {
      throw wrong(name, `The transpose order of '${name}' must name each of the axes 0, 1 and 2 once; ${describe(axes)} was given.`);
    }
    settings.transpose = axes;
  }

  /**
   * @param order the channels in the network's order: [2, 1, 0] turns RGB into BGR.
   * @throws {CaffeError} ERR_CAFFE_INPUT unless each channel of the input is named once.
   */
  setChannelSwap(name: string, order: readonly number[]): void {
    const { settings, shape } = this.#input(name);
    const channels = shape[1] as number;
    const swap = readArray(order, `The channel swap of '${name}'`);
    if (!isPermutation(swap, channels)) {
      const given = describe(swap);
      throw wrong(name, `The channel swap of '${name}' must name each of its ${channels} channels once, from 0; ${given} was given.`);
    }
    settings.channelSwap = swap;
  }

  /** Factor before the mean is subtracted: 255 for networks that were trained on 0..255. */
  setRawScale(name: string, scale: number): void {
    this.#input(name).settings.rawScale = requireScale(name, scale);
  }

  /**
   * What is subtracted after the raw scale, in the network's channel order.
   *
   * @param mean an image of another size than the input is resized to it.
   * @throws {CaffeError} ERR_CAFFE_INPUT when its number of channels is not the input's.
   */
  setMean(name: string, mean: Mean): void {
    const { settings, shape } = this.#input(name);
    settings.mean = reading(`The mean of '${name}'`, () => meanTensor(name, mean, shape[1] as number));
  }

  /** Factor after the mean was subtracted. */
  setInputScale(name: string, scale: number): void {
    this.#input(name).settings.inputScale = requireScale(name, scale);
  }

  /**
   * @param image shape [height, width, channels], as from `loadImage`; it is not changed.
   * @returns shape [channels, height, width] (with the usual transpose), to be fed to the network.
   * @throws {CaffeError} ERR_CAFFE_INPUT for an unknown name or an image that has not three axes; ERR_CAFFE_SHAPE when it does not fit the settings.
   */
  async preprocess(name: string, image: ImageTensor): Promise<Tensor> {
    const spec = this.#spec(name);
    return native.preprocess(requireImage(image, 'The image'), spec);
  }

  /**
   * Preprocesses images into one batch.
   *
   * @param images each as for `preprocess`; they may differ in size.
   * @returns shape [items, channels, height, width], to be fed to the network.
   * @throws {CaffeError} ERR_CAFFE_INPUT for no images; as `preprocess`.
   */
  async preprocessBatch(name: string, images: readonly ImageTensor[]): Promise<Tensor> {
    const spec = this.#spec(name);
    return native.preprocessBatch(requireImages(images, 'preprocessBatch'), spec);
  }

  /**
   * The way back, but for the resize.
   *
   * @param tensor one item, [channels, height, width]; leading axes of length 1 are dropped.
   * @throws {CaffeError} ERR_CAFFE_INPUT for an unknown name or data that is not one item; ERR_CAFFE_SHAPE when it does not fit the settings.
   */
  async deprocess(name: string, tensor: Tensor): Promise<ImageTensor> {
    const spec = this.#spec(name);
    const { shape, data } = feedOf(tensor, 'The data', name);
    return native.deprocess(requireImage(shape ? withoutLeadingOnes({ shape, data }) : tensor, 'The data'), spec);
  }

  #spec(name: string): NativeTransformerSpec {
    const { shape, settings } = this.#input(name);
    return { size: [shape[2] as number, shape[3] as number], ...settings };
  }

  #input(name: string): { shape: number[]; settings: CheckedSettings } {
    const input = this.#inputs.get(name);
    if (!input) {
      const hint = this.#inputs.size > 0 ? `Its inputs are: ${[...this.#inputs.keys()].join(', ')}.` : 'It was made without inputs.';
      throw new CaffeError('ERR_CAFFE_INPUT', `${describe(name)} is not an input of this transformer.`, {
        blob: typeof name === 'string' ? name : undefined,
        hint,
      });
    }
    return input;
  }
}

function wrong(blob: string, message: string): CaffeError {
  return new CaffeError('ERR_CAFFE_INPUT', message, { blob });
}

function checkedShape(name: string, given: readonly number[]): number[] {
  const shape = reading(`The shape of '${name}'`, () => (Array.isArray(given) ? Array.from(given as number[]) : []));
  if (shape.length === 4 && shape.every((extent) => Number.isInteger(extent) && extent >= 1 && extent < 2 ** 31)) return shape;
  throw wrong(name, `Input '${name}' must have the shape [items, channels, height, width]; ${describe(given)} was given.`);
}

function isPermutation(order: readonly number[], length: number): boolean {
  return order.length === length && Array.from({ length }, (_, i) => i).every((i) => order.includes(i));
}

function requireScale(name: string, scale: number): number {
  // As a float: that is what is multiplied with, and on the way back divided by.
  const factor = typeof scale === 'number' ? Math.fround(scale) : Number.NaN;
  if (!Number.isFinite(factor) || factor === 0) {
    throw wrong(name, `A scale of '${name}' must be a finite number other than 0; ${describe(scale)} was given.`);
  }
  return scale;
}

function meanTensor(name: string, mean: Mean, channels: number): Tensor {
  const read = feedOf(mean, `The mean of '${name}'`, name);
  if (!read.shape)
    return perChannel(
      name,
      reading('The mean', () => Float32Array.from(read.data)),
      channels,
    );
  const { shape, data } = withoutLeadingOnes({ shape: read.shape, data: read.data });
  if (data.length === 0) throw wrong(name, `The mean of '${name}' has no values.`);
  if (shape.length === 1) return perChannel(name, Float32Array.from(data), channels);
  const ownChannels = shape.length === 2 ? channels : shape[0];
  if (shape.length > 3 || ownChannels !== channels) {
    throw wrong(name, `A mean of shape ${shapeText(shape)} does not fit '${name}', which has ${channels} channels.`);
  }
  return { shape: [...shape], data: finiteFloats(name, data) };
}

function finiteFloats(name: string, data: ArrayLike<number>): Float32Array {
  const floats = Float32Array.from(data);
  if (floats.every(Number.isFinite)) return floats;
  throw wrong(name, `The mean of '${name}' must hold finite numbers.`);
}

function perChannel(name: string, data: Float32Array, channels: number): Tensor {
  if (data.length !== channels || !data.every(Number.isFinite)) {
    throw wrong(
      name,
      `The mean of '${name}' must have one number for each of its ${channels} channels; ${data.length} were given: ${data}.`,
    );
  }
  return { shape: [channels], data };
}

/** The same data seen with three axes at most, where those in front have the length 1. */
function withoutLeadingOnes(tensor: Tensor): Tensor {
  const { shape } = tensor;
  const extra = Math.max(0, shape.length - 3);
  return shape.slice(0, extra).every((extent) => extent === 1) ? { shape: shape.slice(extra), data: tensor.data } : tensor;
}
