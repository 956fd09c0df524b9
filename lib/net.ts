/** Networks: pycaffe's Net, off the main thread. */
import { types } from 'node:util';
import { withStopFlag } from './abort';
import { Blob } from './blob';
import { CaffeError, describe } from './errors';
import { readArray, readEntries, reading, readOptions, readTexts, requirePath } from './given';
import { type CopyReport, type NativeModel, type NativeNet, type NativeNetRequest, native, type Phase } from './native';
import { guardReceivers } from './receiver';
import { feedOf, type TensorLike, type Tensors } from './tensor';

export type { CopyReport, Phase } from './native';

/** The path of a .caffemodel (or .caffemodel.h5) file, or its bytes. */
export type Weights = string | Uint8Array;
/** Prototxt: text, or anything that turns into it, as a PrototxtDocument does. */
export type ModelText = string | { toString(): string };

export interface NetOptions {
  /** Copied in order; later files win. */
  weights?: Weights | Weights[];
  /** Default 'test'. */
  phase?: Phase;
  /** Caffe's NetState level. Default 0. */
  level?: number;
  /** Caffe's NetState stages. Default none. */
  stages?: string[];
  /** Folder that relative sources inside the network are meant relative to. Default: the working directory, as in Caffe. */
  basePath?: string;
}

export interface RunOptions {
  /** Name of the first layer that runs. Default: the first of the net (forward), the last (backward). */
  start?: string;
  /** Name of the last layer that runs, included. Default: the last of the net (forward), the first (backward). */
  end?: string;
  /** Further blobs to return beside the outputs. */
  blobs?: string[];
  /** Aborts before the next layer. */
  signal?: AbortSignal;
}

export interface CopyOptions {
  /** Whether a layer of the same name and another shape is an error; otherwise it is only reported. Default true. */
  strict?: boolean;
  /** Layers to leave as they are. */
  ignore?: string[];
  /** Name in the file → name in the net. */
  rename?: Record<string, string>;
}

/** One layer, as the net runs it. */
export interface Layer {
  readonly name: string;
  readonly type: string;
  readonly bottoms: readonly string[];
  readonly tops: readonly string[];
  /** [weights, bias, …] */
  readonly params: readonly Blob[];
  /** One per top; not 0 for losses. */
  readonly lossWeights: readonly number[];
}

const RUN_OPTIONS = ['start', 'end', 'blobs', 'signal'] as const;
const NET_OPTIONS = ['weights', 'phase', 'level', 'stages', 'basePath'] as const;

const NATIVE = Symbol('native');

/**
 * For lib/ itself: what a Net stands on.
 *
 * @throws {CaffeError} ERR_CAFFE_INPUT for what is no Net.
 */
export function nativeOf(net: Net): NativeNet {
  const inner = reading('The net', () => net?.[NATIVE]);
  if (native.isNet(inner)) return inner;
  throw new CaffeError('ERR_CAFFE_INPUT', `A Net was expected; ${describe(net)} was given.`);
}

/** For lib/ itself: a Net over a native one, such as a solver's. */
export function wrapNet(inner: NativeNet, owned: boolean): Net {
  return new Net(inner, owned);
}

export class Net {
  /** @internal */
  readonly [NATIVE]: NativeNet;
  readonly name: string;
  readonly phase: Phase;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Bottom to top. */
  readonly blobNames: readonly string[];
  /** By name, bottom to top; no prototype. */
  readonly blobs: Readonly<Record<string, Blob>>;
  /** By layer name; [weights, bias, …]; only layers that have parameters; no prototype. */
  readonly params: Readonly<Record<string, Blob[]>>;
  readonly layers: readonly Layer[];
  readonly #owned: boolean;
  #disposing: Promise<void> | undefined;

  static {
    guardReceivers(Net, (value) => #owned in value);
  }

  /** Use `Net.load` or `Net.from`. */
  constructor(inner: NativeNet, owned: boolean) {
    if (!native.isNet(inner))
      throw new CaffeError('ERR_CAFFE_INPUT', 'A Net is not constructed but loaded.', { hint: 'Use Net.load or Net.from.' });
    const facts = inner.facts;
    this[NATIVE] = inner;
    this.#owned = owned;
    this.name = facts.name;
    this.phase = facts.phase;
    this.inputs = facts.inputs;
    this.outputs = facts.outputs;
    this.blobNames = facts.blobNames;
    this.blobs = record(facts.blobNames.map((name) => [name, new Blob(inner.blob(name), name)]));
    this.layers = facts.layers.map((layer, index) => ({
      ...layer,
      params: layer.params.map((_, param) => new Blob(inner.param(index, param), `${layer.name}[${param}]`)),
    }));
    this.params = record(this.layers.filter((layer) => layer.params.length > 0).map((layer) => [layer.name, [...layer.params]]));
  }

  /**
   * Loads a network from a prototxt file.
   *
   * @throws {CaffeError} ERR_CAFFE_FILE for a file that cannot be read, ERR_CAFFE_PROTOTXT for one that is no network (with line and
   *   column), ERR_CAFFE_WEIGHTS for weights that do not fit, ERR_CAFFE_FATAL for what Caffe itself refuses.
   */
  static async load(path: string, options: NetOptions = {}): Promise<Net> {
    return load({ path: requirePath(path, 'A network') }, options);
  }

  /**
   * Loads a network from prototxt in memory.
   *
   * @throws {CaffeError} as `load`.
   */
  static async from(model: ModelText, options: NetOptions = {}): Promise<Net> {
    return load({ text: textOf(model, 'A network') }, options);
  }

  /**
   * Runs the network bottom to top. Runs of one net are queued, in call order.
   *
   * @param inputs  one entry per input blob to fill; a bare array takes the blob's own shape, a Tensor of another shape reshapes the net first.
   *                Values are float32 in Caffe's order (N, C, H, W); what they mean (BGR, mean-subtracted …) is the network's business.
   * @param options `start` and `end` are layer names, both included. `blobs` names further blobs to return beside the outputs.
   * @returns copies of the outputs, safe to keep.
   * @throws {CaffeError} ERR_CAFFE_INPUT for an unknown name or a length that does not fit; ERR_CAFFE_SHAPE when a layer refuses the shape
   *                      (the net keeps its former shapes); ERR_CAFFE_ABORTED; ERR_CAFFE_DISPOSED.
   */
  async forward(inputs: Record<string, TensorLike> = {}, options: RunOptions = {}): Promise<Tensors> {
    const { start, end, blobs, signal } = readOptions(options, RUN_OPTIONS);
    const feeds = readEntries(inputs, 'The inputs').map(([name, value]) => {
      if (!this.inputs.includes(name)) throw this.#unknown('an input', name, this.inputs);
      return { name, ...feedOf(value, `Input '${name}'`, name) };
    });
    const first = this.#layerIndex(start, 0);
    const last = this.#layerIndex(end, this.layers.length - 1);
    if (first > last) throw wrongOrder(start, end, 'above');
    const fetch = this.#fetched(this.#outputsWithin(first, last), blobs);
    return withStopFlag(signal, (stop) => this[NATIVE].forward({ feeds, first, last, fetch, stop }));
  }

  /**
   * Runs the network top to bottom: gradients of the loss, for the values of the last forward. Gradients of parameters are added to
   * `params[…].diff`; clear them by `clearParamDiffs`.
   *
   * @param diffs   gradients of tops to start from, by blob name. Losses start from their loss weight by themselves.
   * @param options `start` is the topmost layer, `end` the lowest, both included; `blobs` names further blobs whose diff to return.
   * @returns copies of the diffs of the inputs; zero unless the net has `force_backward: true`.
   * @throws {CaffeError} as `forward`.
   */
  async backward(diffs: Record<string, TensorLike> = {}, options: RunOptions = {}): Promise<Tensors> {
    const { start, end, blobs, signal } = readOptions(options, RUN_OPTIONS);
    const feeds = readEntries(diffs, 'The diffs').map(([name, value]) => {
      if (!(name in this.blobs)) throw this.#unknown('a blob', name, this.blobNames);
      return { name, ...feedOf(value, `The diff of '${name}'`, name) };
    });
    const first = this.#layerIndex(start, this.layers.length - 1);
    const last = this.#layerIndex(end, 0);
    if (first < last) throw wrongOrder(start, end, 'below');
    const fetch = this.#fetched([...this.inputs], blobs);
    return withStopFlag(signal, (stop) => this[NATIVE].backward({ feeds, first, last, fetch, stop }));
  }

  /**
   * Lets the new shape of blobs travel through the net.
   *
   * @throws {CaffeError} ERR_CAFFE_SHAPE when a layer refuses; all blobs then have their former shapes.
   */
  async reshape(): Promise<void> {
    return this[NATIVE].reshape();
  }

  /**
   * Copies parameters from a weights file into layers of the same name. Nothing is copied when anything is wrong.
   *
   * @throws {CaffeError} ERR_CAFFE_WEIGHTS for a file that holds no weights, or another network's, or a shape that differs (unless not strict).
   */
  async copyFrom(weights: Weights, options: CopyOptions = {}): Promise<CopyReport> {
    const { strict = true, ...lists } = readOptions(options, ['strict', 'ignore', 'rename']);
    const ignore = lists.ignore === undefined ? [] : readTexts(lists.ignore, "'ignore'");
    const rename = lists.rename === undefined ? {} : record(readEntries(lists.rename, "'rename'"));
    for (const name of [...ignore, ...Object.values(rename)]) {
      if (!this.layers.some((layer) => layer.name === name)) {
        throw this.#unknown(
          'a layer',
          name,
          this.layers.map((layer) => layer.name),
        );
      }
    }
    return this[NATIVE].copyFrom({ weights: checkedWeights(weights), strict, ignore, rename });
  }

  /**
   * Makes this net use the other's parameters, layer by layer of the same name: a change of one is a change of both.
   *
   * @throws {CaffeError} ERR_CAFFE_BUSY while one of them runs; ERR_CAFFE_FATAL when shapes differ.
   */
  shareWith(net: Net): void {
    this[NATIVE].shareWith(nativeOf(net));
  }

  /** Writes the parameters; under a temporary name first, so that there is never half a file. */
  async save(path: string, options: { format?: 'binaryproto' | 'hdf5'; diffs?: boolean } = {}): Promise<void> {
    const { format = 'binaryproto', diffs = false } = readOptions(options, ['format', 'diffs']);
    if (format !== 'binaryproto' && format !== 'hdf5') {
      throw new CaffeError('ERR_CAFFE_INPUT', `The format must be 'binaryproto' or 'hdf5'; ${describe(format)} was given.`);
    }
    return this[NATIVE].save(requirePath(path, 'The file to write'), { format, diffs });
  }

  /** The parameters as the bytes of a .caffemodel file. */
  async toBuffer(): Promise<Buffer> {
    return this[NATIVE].toBuffer();
  }

  /** The layers as Caffe runs them: rules of phase and stage resolved, splits inserted. */
  toPrototxt(): string {
    return this[NATIVE].toPrototxt();
  }

  /** Sets the gradients of all parameters to zero. */
  clearParamDiffs(): void {
    this[NATIVE].clearParamDiffs();
  }

  /**
   * Frees the net when the runs asked for before are done. Views of its blobs stay valid. Calling it again does nothing.
   *
   * @throws {CaffeError} ERR_CAFFE_INPUT for the net of a solver, which goes with its solver.
   */
  async dispose(): Promise<void> {
    if (!this.#owned) throw new CaffeError('ERR_CAFFE_INPUT', 'This net belongs to a solver.', { hint: 'Dispose the solver.' });
    this.#disposing ??= this[NATIVE].dispose();
    return this.#disposing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  #layerIndex(name: string | undefined, otherwise: number): number {
    if (name === undefined) return otherwise;
    const index = this.layers.findIndex((layer) => layer.name === name);
    if (index < 0)
      throw this.#unknown(
        'a layer',
        name,
        this.layers.map((layer) => layer.name),
      );
    return index;
  }

  /** The net's outputs that this range computes; of a range that computes none, the tops of its last layer. */
  #outputsWithin(first: number, last: number): string[] {
    if (first === 0 && last === this.layers.length - 1) return [...this.outputs];
    const computed = new Set(this.layers.slice(first, last + 1).flatMap((layer) => layer.tops));
    const outputs = this.outputs.filter((name) => computed.has(name));
    return outputs.length > 0 ? outputs : [...(this.layers[last]?.tops ?? [])];
  }

  #fetched(names: string[], further: string[] = []): string[] {
    const added = readTexts(further, "'blobs'");
    for (const name of added) if (!(name in this.blobs)) throw this.#unknown('a blob', name, this.blobNames);
    return [...new Set([...names, ...added])];
  }

  #unknown(what: string, name: string, known: readonly string[]): CaffeError {
    const shown = known.length > 12 ? `${known.slice(0, 12).join(', ')} …` : known.join(', ');
    return new CaffeError('ERR_CAFFE_INPUT', `${describe(name)} is not ${what} of '${this.name}'.`, {
      hint: known.length === 0 ? 'It has none.' : `It has: ${shown}.`,
    });
  }
}

async function load(model: NativeModel, options: NetOptions): Promise<Net> {
  const { weights, phase = 'test', level = 0, stages = [], basePath = '' } = readOptions(options, NET_OPTIONS);
  if (phase !== 'train' && phase !== 'test') {
    throw new CaffeError('ERR_CAFFE_INPUT', `phase must be 'train' or 'test'; ${describe(phase)} was given.`);
  }
  const request: NativeNetRequest = {
    model,
    phase,
    level,
    stages: readTexts(stages, "'stages'"),
    weights: weightsFrom(weights),
    basePath: basePath === '' ? '' : requirePath(basePath, "'basePath'"),
  };
  return new Net(await native.loadNet(request), true);
}

/**
 * The text of a model.
 *
 * @throws {CaffeError} ERR_CAFFE_INPUT for what has no text of its own.
 */
export function textOf(model: ModelText, what: string): string {
  const isText =
    typeof model === 'string' ||
    (typeof model === 'object' && model !== null && reading(what, () => model.toString !== Object.prototype.toString));
  if (!isText) throw new CaffeError('ERR_CAFFE_INPUT', `${what} must be prototxt; ${describe(model)} was given.`);
  return reading(what, () => String(model));
}

/** @throws {CaffeError} ERR_CAFFE_INPUT for anything but weights, or an array of them. */
export function weightsFrom(weights: Weights | Weights[] | undefined): Weights[] {
  if (weights === undefined) return [];
  return reading('The weights', () => Array.isArray(weights))
    ? readArray(weights as Weights[], 'The weights').map(checkedWeights)
    : [checkedWeights(weights as Weights)];
}

/** @throws {CaffeError} ERR_CAFFE_INPUT for anything but a path or bytes. */
export function checkedWeights(weights: Weights): Weights {
  if (types.isUint8Array(weights)) return weights;
  if (typeof weights === 'string') return requirePath(weights, 'A file of weights');
  throw new CaffeError('ERR_CAFFE_INPUT', `Weights must be the path of a file, or its bytes; ${describe(weights)} was given.`, {
    hint: 'Bytes are a Buffer or Uint8Array.',
  });
}

function wrongOrder(start: string | undefined, end: string | undefined, side: 'above' | 'below'): CaffeError {
  return new CaffeError('ERR_CAFFE_INPUT', `The layer '${end}' to end with must lie ${side} '${start}', to start with.`);
}

function record<T>(entries: [string, T][]): Record<string, T> {
  return Object.assign(Object.create(null), Object.fromEntries(entries));
}
