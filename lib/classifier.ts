import { abortable } from './abort';
import type { ClassifierImage } from './classifier-image';
import { type ClassifierNetwork, type ClassifierParts, openParts } from './classifier-parts';
import { CaffeError, describe } from './errors';
import { Gate } from './gate';
import { readArray, reading, readOptions } from './given';
import { MicroBatcher } from './micro-batch';
import type { ModelLike } from './model';
import type { Tensor } from './native';
import { type EngineOptions, isNet } from './net';
import { ENGINE_OPTIONS } from './net-engine';
import { OpenCalls } from './open-calls';
import { mostProbable, type Prediction, softmax } from './prediction';
import { guardReceivers, notConstructed } from './receiver';

export type { ClassifierImage } from './classifier-image';
export type { ClassifierNetwork } from './classifier-parts';

export interface ClassifierOptions extends EngineOptions {
  /** Whether to average over ten crops of an image unless a call says otherwise. Default: `predict` does, `classify` does not. */
  oversample?: boolean;
  /** Most items in one run of the network; an oversampled image takes ten. Default 10. */
  batch?: number;
}

export interface PredictOptions {
  /** True: the average over the corners, the centre and their mirror images. False: the centre crop alone. */
  oversample?: boolean;
  signal?: AbortSignal;
}

export interface ClassifyImageOptions extends PredictOptions {
  /** How many classes to return, the most probable first. Default 5, or all where there are fewer. */
  top?: number;
}

type Kind = 'centre' | 'oversampled';

const DEFAULT_BATCH = 10;
const CROPS = 10;

/**
 * A network in memory that classifies images, whatever their number, a few at a time. Calls that come at about the same time share the
 * runs of the network. Images may be anything that `loadImage` takes, or what it gave; they must stay as they are until the promise settles.
 *
 * ```ts
 * const classifier = await Classifier.open('animals.tar.gz');
 * const [best] = await classifier.classify(frame);
 * await classifier.dispose();
 * ```
 */
export class Classifier {
  readonly labels: readonly string[];
  readonly #parts: ClassifierParts;
  readonly #options: Partial<ClassifierOptions>;
  readonly #batchers: Record<Kind, MicroBatcher<unknown, Float32Array>>;
  /** Images in each: the items of a run, by the crops of an image. */
  readonly #limits: Record<Kind, number>;
  /** So that however many calls wait, only the images of a few are in memory. */
  readonly #gate: Gate;
  readonly #calls = new OpenCalls('classifier');

  static {
    guardReceivers(Classifier, (value) => #parts in value);
  }

  /** Use `Classifier.open`. */
  private constructor(parts: ClassifierParts, options: Partial<ClassifierOptions>) {
    if (!isNet(() => parts.net)) throw notConstructed('Classifier', 'Classifier.open');
    const { batch = DEFAULT_BATCH } = options;
    this.labels = parts.labels;
    this.#parts = parts;
    this.#options = options;
    this.#limits = { centre: batch, oversampled: Math.max(1, Math.floor(batch / CROPS)) };
    this.#batchers = {
      centre: new MicroBatcher(this.#limits.centre, (images, signal) => this.#run(images, false, signal)),
      oversampled: new MicroBatcher(this.#limits.oversampled, (images, signal) => this.#run(images, true, signal)),
    };
    this.#gate = new Gate(2 * batch);
  }

  /**
   * Opens a trained model (a model, an archive or the path of either), whose best snapshot is loaded and whose images are prepared as in
   * its validation; or any network with pycaffe's settings. The files are not needed afterwards.
   *
   * @throws {CaffeError} ERR_CAFFE_MODEL for a network that has not one input and one value for each label; ERR_CAFFE_INPUT for settings
   *   that do not fit; as `openModel` and `Net.load`.
   */
  static async open(source: ModelLike | ClassifierNetwork, options?: ClassifierOptions): Promise<Classifier> {
    const { oversample, batch, ...engine } = readOptions(options, ['oversample', 'batch', ...ENGINE_OPTIONS]);
    const checked = checkedOptions({ oversample, batch });
    return new Classifier(await openParts(source, engine), checked);
  }

  /**
   * pycaffe's `Classifier.predict`.
   *
   * @returns shape [images, classes]: the network's first output for each image, averaged over its crops where there are ten.
   * @throws {CaffeError} ERR_CAFFE_IMAGE for an image that cannot be read; ERR_CAFFE_INPUT, ERR_CAFFE_SHAPE for one that does not fit;
   *   ERR_CAFFE_ABORTED; ERR_CAFFE_DISPOSED. The classifier stays usable.
   */
  async predict(images: readonly ClassifierImage[], options?: PredictOptions): Promise<Tensor> {
    const { oversample = this.#options.oversample ?? true, signal } = readOptions(options, ['oversample', 'signal']);
    const rows = await this.#call(images, requireBoolean(oversample), signal);
    const classes = rows[0]?.length ?? this.#parts.classes;
    const data = new Float32Array(rows.length * classes);
    for (const [index, row] of rows.entries()) data.set(row, index * classes);
    return { shape: [rows.length, classes], data };
  }

  /**
   * The most probable classes of an image, or of each of several. Where the network ends before its softmax, that is done here.
   *
   * @throws {CaffeError} as {@link predict}; ERR_CAFFE_INPUT for a `top` that is no whole number from 1; ERR_CAFFE_DIVERGED when the
   *   network gives numbers that are not finite.
   */
  async classify(images: readonly ClassifierImage[], options?: ClassifyImageOptions): Promise<Prediction[][]>;
  async classify(image: ClassifierImage, options?: ClassifyImageOptions): Promise<Prediction[]>;
  async classify(
    images: ClassifierImage | readonly ClassifierImage[],
    options?: ClassifyImageOptions,
  ): Promise<Prediction[] | Prediction[][]> {
    const { top = 5, oversample = this.#options.oversample ?? false, signal } = readOptions(options, ['top', 'oversample', 'signal']);
    if (!Number.isInteger(top) || top < 1) {
      throw new CaffeError('ERR_CAFFE_INPUT', `'top' is a whole number from 1; found ${describe(top)}.`);
    }
    const isList = reading('The images', () => Array.isArray(images));
    const list = (isList ? images : [images]) as readonly ClassifierImage[];
    const rows = await this.#call(list, requireBoolean(oversample), signal);
    const predictions = rows.map((row) => mostProbable(this.#probabilities(row), this.labels, top));
    return isList ? predictions : (predictions[0] ?? []);
  }

  /** Frees the network when the calls made before are done. Calling it again does nothing. */
  async dispose(): Promise<void> {
    return this.#calls.close(() => this.#parts.net.dispose());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  async #call(images: readonly ClassifierImage[], oversampled: boolean, signal: AbortSignal | undefined): Promise<Float32Array[]> {
    const list = readArray(images, 'The images');
    const call = this.#calls.start(() => this.#gate.run(() => this.#inBatches(list, oversampled ? 'oversampled' : 'centre', signal)));
    return abortable(call, signal);
  }

  /** While a batch runs, the next one waits for it with all that it needs, and the one after that is read: never more than these three. */
  async #inBatches(images: ClassifierImage[], kind: Kind, signal: AbortSignal | undefined): Promise<Float32Array[]> {
    const limit = this.#limits[kind];
    const read = (first: number) => {
      const reading = Promise.all(images.slice(first, first + limit).map((image) => this.#parts.preparation.read(image, signal)));
      reading.catch(() => {}); // told when it is this batch's turn
      return reading;
    };
    const runs: Promise<Float32Array[]>[] = [];
    try {
      let next = read(0);
      for (let first = 0; first < images.length; first += limit) {
        const batch = await next;
        next = read(first + limit);
        const run = this.#batchers[kind].add(batch, signal);
        run.catch(() => {}); // likewise
        runs.push(run);
        await runs.at(-2);
      }
      return (await Promise.all(runs)).flat();
    } finally {
      await Promise.allSettled(runs);
    }
  }

  /** One row for each image. */
  async #run(images: unknown[], oversampled: boolean, signal: AbortSignal): Promise<Float32Array[]> {
    const { net, input, output, preparation } = this.#parts;
    const outputs = await net.forward({ [input]: await preparation.batch(images, oversampled) }, { signal });
    const { data = new Float32Array(0) } = outputs[output] ?? {};
    const length = data.length / images.length;
    if (!Number.isInteger(length) || length === 0) {
      throw new CaffeError(
        'ERR_CAFFE_MODEL',
        `The output '${output}' of the network has ${data.length} values for ${images.length} images.`,
      );
    }
    const rows = images.map((_, index) => data.slice(index * length, (index + 1) * length));
    return oversampled ? rows.map(averageOfCrops) : rows;
  }

  #probabilities(row: Float32Array): Float32Array {
    if (!row.every(Number.isFinite)) {
      throw new CaffeError('ERR_CAFFE_DIVERGED', 'The network gives probabilities that are not finite numbers.', {
        hint: 'Its weights have diverged in training: use an earlier snapshot. Or the image holds such numbers.',
      });
    }
    return this.#parts.givesProbabilities ? row : softmax(row);
  }
}

function averageOfCrops(crops: Float32Array): Float32Array {
  const classes = crops.length / CROPS;
  return Float32Array.from({ length: classes }, (_, index) => {
    let sum = 0;
    for (let crop = 0; crop < CROPS; crop++) sum += crops[crop * classes + index] as number;
    return sum / CROPS;
  });
}

function checkedOptions({ oversample, batch }: Partial<ClassifierOptions>): Partial<ClassifierOptions> {
  if (oversample !== undefined) requireBoolean(oversample);
  if (batch !== undefined && !(Number.isInteger(batch) && batch >= 1 && batch <= 2 ** 16)) {
    throw new CaffeError('ERR_CAFFE_INPUT', `'batch' is a whole number from 1 to 65536; found ${describe(batch)}.`);
  }
  return { ...(oversample !== undefined && { oversample }), ...(batch !== undefined && { batch }) };
}

function requireBoolean(oversample: boolean): boolean {
  if (typeof oversample === 'boolean') return oversample;
  throw new CaffeError('ERR_CAFFE_INPUT', `'oversample' must be true or false; ${describe(oversample)} was given.`);
}
