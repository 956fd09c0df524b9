import { abortable, throwIfAborted } from './abort';
import { type ClassifierImage, loadedImage } from './classifier-image';
import { cutOut, paste } from './crop';
import { checkedWindow, clippedWindow, type DetectorWindow, placeWithContext } from './detector-window';
import { CaffeError, describe } from './errors';
import { readArray, reading, readOptions } from './given';
import { type ImageTensor, resizeImage } from './image';
import { type EngineOptions, isNet } from './net';
import { ENGINE_OPTIONS } from './net-engine';
import { type NetworkInput, type NetworkWithSettings, openNetworkInput } from './network-input';
import { OpenCalls } from './open-calls';
import { guardReceivers, notConstructed } from './receiver';
import { sizeOf } from './tensor';

export type { DetectorWindow } from './detector-window';

/** The arguments of pycaffe's Detector. */
export interface DetectorNetwork extends NetworkWithSettings {
  /** Pixels of the network's input, on each side, that show the surroundings of the window (R-CNN: 16). Default 0. */
  contextPad?: number;
}

export interface DetectorOptions extends EngineOptions {
  /** Most windows in one run of the network. Default 10. */
  batch?: number;
}

/** An image and the windows to look at. */
export interface ImageWindows {
  image: ClassifierImage;
  windows: readonly DetectorWindow[];
}

export interface Detection {
  /** As it was given. */
  image: ClassifierImage;
  window: DetectorWindow;
  /** The network's first output for the window. */
  prediction: Float32Array;
}

/** How windows are cut out: without surroundings, or with, and the image that is seen where these lie outside. */
interface CropSettings {
  contextPad: number;
  /** Shape [height, width, channels]; becomes zero when the mean is subtracted. */
  background?: ImageTensor;
}

interface CheckedWindows extends ImageWindows {
  name: string;
}

/** A window that was cut out, and where its prediction goes. */
interface CutWindow {
  crop: ImageTensor;
  image: ClassifierImage;
  window: DetectorWindow;
}

/**
 * pycaffe's `Detector`: classifies windows of images, warped to the network's input, optionally with what surrounds them, as R-CNN does.
 * Where the windows come from is the caller's affair: pycaffe's selective search needs MATLAB and is not offered.
 *
 * ```ts
 * const detector = await Detector.open({ network: 'deploy.prototxt', weights: 'rcnn.caffemodel', rawScale: 255, channelSwap: [2, 1, 0], contextPad: 16 });
 * const [detection] = await detector.detectWindows([{ image: 'street.jpg', windows: [[20, 30, 120, 90]] }]);
 * ```
 */
export class Detector {
  readonly #input: NetworkInput;
  readonly #batch: number;
  readonly #calls = new OpenCalls('detector');
  #settings: CropSettings = { contextPad: 0 };

  static {
    guardReceivers(Detector, (value) => #input in value);
  }

  /** Use `Detector.open`. */
  private constructor(input: NetworkInput, batch: number) {
    if (!isNet(() => input.net)) throw notConstructed('Detector', 'Detector.open');
    this.#input = input;
    this.#batch = batch;
  }

  /**
   * @throws {CaffeError} ERR_CAFFE_MODEL for a network that has not one input of images; ERR_CAFFE_INPUT for settings that do not fit; as
   *   {@link configureCrop} and `Net.load`.
   */
  static async open(network: DetectorNetwork, options?: DetectorOptions): Promise<Detector> {
    const { batch = 10, ...engine } = readOptions(options, ['batch', ...ENGINE_OPTIONS]);
    if (!Number.isInteger(batch) || batch < 1 || batch > 2 ** 16) {
      throw new CaffeError('ERR_CAFFE_INPUT', `'batch' is a whole number from 1 to 65536; found ${describe(batch)}.`);
    }
    const { contextPad = 0, ...settings } = reading('The network', () => ({ ...network }));
    const detector = new Detector(await openNetworkInput(settings, engine), batch);
    try {
      await detector.configureCrop(contextPad);
      return detector;
    } catch (error) {
      await detector.dispose();
      throw error;
    }
  }

  /**
   * Changes the amount of context, for the calls made from then on.
   *
   * @param contextPad pixels on each side of the network's input, less than half of it; 0: the window alone.
   * @throws {CaffeError} ERR_CAFFE_INPUT for another number, or for a network whose input is no square.
   */
  async configureCrop(contextPad: number): Promise<void> {
    const { size, channels, name, transformer } = this.#input;
    const [height, width] = size;
    if (!Number.isInteger(contextPad) || contextPad < 0 || 2 * contextPad >= width) {
      throw new CaffeError('ERR_CAFFE_INPUT', `contextPad is a whole number from 0 to below ${width / 2}; found ${describe(contextPad)}.`);
    }
    if (contextPad > 0 && height !== width) {
      throw new CaffeError('ERR_CAFFE_INPUT', `contextPad needs a network with a square input; this one takes ${height}×${width}.`);
    }
    // What is zero to the network is the mean to us.
    const nothing = { shape: [channels, height, width], data: new Float32Array(sizeOf([channels, height, width])) };
    const background = contextPad > 0 ? await transformer.deprocess(name, nothing) : undefined;
    this.#settings = { contextPad, background };
  }

  /**
   * Runs the network on windows of images, a few at a time; one image is in memory at a time.
   *
   * @param images what `loadImage` takes or gave, each with its windows: [ymin, xmin, ymax, xmax] in pixels, ymax and xmax excluded. What
   *   of a window lies outside the image is left out, or with context shows the mean.
   * @returns one detection for each window, in their order.
   * @throws {CaffeError} ERR_CAFFE_INPUT for a window that is inverted, not of whole numbers, or holds no pixel of its image;
   *   ERR_CAFFE_IMAGE for an image that cannot be read; ERR_CAFFE_ABORTED; ERR_CAFFE_DISPOSED. The detector stays usable.
   */
  async detectWindows(images: readonly ImageWindows[], options?: { signal?: AbortSignal }): Promise<Detection[]> {
    const { signal } = readOptions(options, ['signal']);
    throwIfAborted(signal);
    const list = readArray(images, 'The images').map(checkedWindows);
    const settings = this.#settings;
    return abortable(
      this.#calls.start(() => this.#detect(list, settings, signal)),
      signal,
    );
  }

  /**
   * pycaffe's `Detector.crop`: what the network would see of a window, before the transformer.
   *
   * @returns the window, or with context an image of the size of the network's input.
   * @throws {CaffeError} as {@link detectWindows}.
   */
  async crop(image: ClassifierImage, window: DetectorWindow): Promise<ImageTensor> {
    const checked = checkedWindow(window, 'The window');
    const settings = this.#settings;
    return this.#calls.start(async () =>
      this.#cut(await loadedImage(image, this.#input.channels, undefined), checked, settings, 'The window'),
    );
  }

  /** Frees the network when the calls made before are done. Calling it again does nothing. */
  async dispose(): Promise<void> {
    return this.#calls.close(() => this.#input.net.dispose());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  async #detect(list: CheckedWindows[], settings: CropSettings, signal: AbortSignal | undefined): Promise<Detection[]> {
    const detections: Detection[] = [];
    let batch: CutWindow[] = [];
    for await (const cut of this.#cutAll(list, settings, signal)) {
      batch.push(cut);
      if (batch.length < this.#batch) continue;
      detections.push(...(await this.#predict(batch, signal)));
      batch = [];
    }
    if (batch.length > 0) detections.push(...(await this.#predict(batch, signal)));
    return detections;
  }

  async *#cutAll(list: CheckedWindows[], settings: CropSettings, signal: AbortSignal | undefined): AsyncGenerator<CutWindow> {
    for (const { image, windows, name } of list) {
      if (windows.length === 0) continue;
      const loaded = await loadedImage(image, this.#input.channels, signal);
      for (const [index, window] of windows.entries()) {
        throwIfAborted(signal);
        yield { crop: await this.#cut(loaded, window, settings, `Window ${index} of ${name}`), image, window };
      }
    }
  }

  async #cut(image: ImageTensor, window: DetectorWindow, { contextPad, background }: CropSettings, what: string): Promise<ImageTensor> {
    const extent = [image.shape[0], image.shape[1]] as [number, number];
    if (!background) return cutOut(image, clippedWindow(window, extent, what));
    const { source, target } = placeWithContext(window, extent, this.#input.size[1], contextPad, what);
    const crop = { shape: background.shape, data: background.data.slice() };
    if (target.height > 0 && target.width > 0) {
      paste(await resizeImage(cutOut(image, source), [target.height, target.width]), crop, target);
    }
    return crop;
  }

  async #predict(cuts: CutWindow[], signal: AbortSignal | undefined): Promise<Detection[]> {
    const { net, name, transformer } = this.#input;
    const input = await transformer.preprocessBatch(
      name,
      cuts.map(({ crop }) => crop),
    );
    const [output = ''] = net.outputs;
    const { data = new Float32Array(0) } = (await net.forward({ [name]: input }, { signal }))[output] ?? {};
    const length = data.length / cuts.length;
    return cuts.map(({ image, window }, index) => ({ image, window, prediction: data.slice(index * length, (index + 1) * length) }));
  }
}

function checkedWindows(given: ImageWindows, index: number): CheckedWindows {
  const name = `image ${index}`;
  const { image, windows } = reading(`Entry ${index} of the images`, () => ({ image: given?.image, windows: given?.windows }));
  const list = readArray(windows, `The windows of ${name}`);
  return { name, image, windows: list.map((window, position) => checkedWindow(window, `Window ${position} of ${name}`)) };
}
