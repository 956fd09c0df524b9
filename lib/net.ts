/** Networks: pycaffe's Net, off the main thread. */

import { withStopFlag } from './abort';
import { Blob } from './blob';
import { CaffeError, describe } from './errors';
import { readEntries, reading, readOptions, readTexts, requirePath } from './given';
import type { Items } from './items';
import { type LayerListener, LayerListeners } from './layer-events';
import { explaining } from './load-errors';
import { type CopyReport, type NativeModel, type NativeNet, type NativeNetFacts, native, type Phase } from './native';
import {
  type BackwardBatchOptions,
  type BatchNet,
  type BatchOptions,
  type ForwardBackward,
  forwardAll,
  forwardBackwardAll,
  forwardBackwardBatches,
  forwardBatches,
} from './net-batches';
import { ENGINE_OPTIONS, type EngineOptions, engineOf, engineRequest, type NetEngine, type NetPlan, planOf } from './net-engine';
import { memoryOf, type NetMemory } from './net-memory';
import { planBackward, planForward, type RunOptions, requireLayer } from './net-runs';
import { checkedWeights, type ModelText, modelTextOf, type NetOptions, netRequest, type Weights } from './net-sources';
import type { NetParameter } from './prototxt';
import { guardReceivers } from './receiver';
import { recordOf } from './record';
import { feedOf, type Tensor, type TensorLike, type Tensors } from './tensor';

export type { Item, Items } from './items';
export type { LayerEvent, LayerListener } from './layer-events';
export type { CopyReport, Phase } from './native';
export type { BackwardBatchOptions, BatchOptions, ForwardBackward } from './net-batches';
export type { Engine, EngineOptions, NetEngine, NetPlan, PlanStep, Precision } from './net-engine';
export type { BlobMemory, NetMemory } from './net-memory';
export type { RunOptions } from './net-runs';
export { checkedWeights, type ModelText, type NetOptions, textOf, type Weights, weightsFrom } from './net-sources';

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
  /** The layer that each parameter belongs to, and its place there: another one where layers share it (`param { name: … }`). */
  readonly paramOwners: readonly { readonly layer: string; readonly index: number }[];
  /** One per top; not 0 for losses. */
  readonly lossWeights: readonly number[];
}

/** What `share` gives: plain data, to be sent to another thread of this process. */
export interface NetHandle {
  readonly process: string;
  readonly id: number;
}

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

/** For lib/ itself: whether what is read is a Net. */
export function isNet(read: () => unknown): boolean {
  try {
    return native.isNet((read() as Net)[NATIVE]);
  } catch {
    return false; // a getter or a Proxy of the caller's
  }
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
  readonly #facts: NativeNetFacts;
  readonly #listeners: LayerListeners;
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
    this.#facts = facts;
    this.#listeners = new LayerListeners(inner, facts.layers);
    this.#owned = owned;
    this.name = facts.name;
    this.phase = facts.phase;
    this.inputs = facts.inputs;
    this.outputs = facts.outputs;
    this.blobNames = facts.blobNames;
    this.blobs = recordOf(facts.blobNames.map((name) => [name, new Blob(inner.blob(name), name)]));
    this.layers = facts.layers.map((layer, index) => ({
      ...layer,
      params: layer.params.map((_, param) => new Blob(inner.param(index, param), `${layer.name}[${param}]`)),
      paramOwners: layer.params.map((owner) => ({ layer: facts.layers[owner.layer]?.name ?? '', index: owner.index })),
    }));
    this.params = recordOf(this.layers.filter((layer) => layer.params.length > 0).map((layer) => [layer.name, [...layer.params]]));
  }

  /**
   * Loads a network from a prototxt file.
   *
   * @throws {CaffeError} ERR_CAFFE_FILE for a file that cannot be read, ERR_CAFFE_PROTOTXT for one that is no network (with line and
   *   column), ERR_CAFFE_WEIGHTS for weights that do not fit, ERR_CAFFE_FATAL for what Caffe itself refuses.
   */
  static async load(path: string, options: NetOptions = {}): Promise<Net> {
    return Net.#load({ path: requirePath(path, 'A network') }, options);
  }

  /**
   * Loads a network from memory: prototxt, a PrototxtDocument, or a NetParameter as `prototxt.parseNet` gives it.
   *
   * @throws {CaffeError} as `load`.
   */
  static async from(model: ModelText | NetParameter, options: NetOptions = {}): Promise<Net> {
    return Net.#load({ text: modelTextOf(model, 'A network') }, options);
  }

  static async #load(model: NativeModel, options: NetOptions): Promise<Net> {
    const request = netRequest(model, options);
    return new Net(await explaining(request, native.loadNet(request)), true);
  }

  /**
   * Another net over the parameters of one that was shared, in this or in another thread: the same layers, blobs and gradients of its
   * own, one copy of the parameters. Runs of all these nets exclude each other.
   *
   * @param handle what `share` gave; it may be used any number of times.
   * @param options here Caffe is the default, which needs no more than the one copy; a plan of the fast engine has one of its own.
   * @throws {CaffeError} ERR_CAFFE_DISPOSED when nobody holds the parameters any more; ERR_CAFFE_INPUT for what is no handle of this
   *   process; for the options as `load`.
   */
  static async attach(handle: NetHandle, options: EngineOptions = {}): Promise<Net> {
    const { process, id } = readOptions(handle, ['process', 'id'], 'The handle');
    if (typeof process !== 'string' || !Number.isSafeInteger(id)) {
      throw new CaffeError('ERR_CAFFE_INPUT', `A handle of share() was expected; ${describe(handle)} was given.`);
    }
    const { engine = 'caffe', ...others } = readOptions(options, ENGINE_OPTIONS);
    return new Net(await native.attachNet({ process, id }, engineRequest({ engine, ...others })), true);
  }

  /**
   * Runs the network bottom to top. Runs of one net are queued, in call order.
   *
   * @param inputs  one entry per input blob to fill; a bare array takes the blob's own shape, a Tensor of another shape reshapes the net first.
   *                Values are float32 in Caffe's order (N, C, H, W); what they mean (BGR, mean-subtracted …) is the network's business.
   * @param options `start` and `end` are layer names, both included. `blobs` names further blobs to return beside the outputs.
   * @returns copies of the outputs, safe to keep.
   * @throws {CaffeError} ERR_CAFFE_INPUT for an unknown name or a length that does not fit; ERR_CAFFE_SHAPE when a layer refuses the shape
   *                      (the net keeps its former shapes); ERR_CAFFE_NOT_COMPUTED with a `start` above blobs that the fast engine left
   *                      out; ERR_CAFFE_ABORTED; ERR_CAFFE_DISPOSED.
   */
  async forward(inputs: Record<string, TensorLike> = {}, options: RunOptions = {}): Promise<Tensors> {
    const { request, signal } = planForward(this.#facts, inputs, options);
    return withStopFlag(signal, (stop) => this[NATIVE].forward({ ...request, stop }));
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
    const { request, signal } = planBackward(this.#facts, diffs, options);
    return withStopFlag(signal, (stop) => this[NATIVE].backward({ ...request, stop }));
  }

  /**
   * Runs any number of items through the network, cut into its batches. The last batch is padded with zeros, and its outputs are trimmed.
   *
   * Outputs whose first axis is the batch have one entry per item. Others, such as a loss, have one per batch: a first axis is added
   * that counts batches, and that of the last batch heeds its padding, too.
   *
   * @param inputs items for every input: a Tensor whose first axis counts them, their values one after the other, or an (async) iterable
   *   of items. All must have the same number of them.
   * @throws {CaffeError} as `forward`; ERR_CAFFE_INPUT when an iterable throws (its error is the `cause`) or ends before the others.
   */
  async forwardAll(inputs: Record<string, Items>, options: BatchOptions = {}): Promise<Tensors> {
    return forwardAll(this.#batchNet(), inputs, options);
  }

  /**
   * The same, a batch at a time, for more items or outputs than fit into memory: there are never more than two batches of items in it.
   * Gives the trimmed outputs of each batch; what has no item axis keeps its own shape. Leaving the loop ends the iterables.
   *
   * ```ts
   * for await (const { prob } of net.forwardBatches({ data: images() })) …
   * ```
   */
  async *forwardBatches(inputs: Record<string, Items>, options: BatchOptions = {}): AsyncGenerator<Tensors, void, undefined> {
    yield* forwardBatches(this.#batchNet(), inputs, options);
  }

  /**
   * Runs any number of items forward and backward, cut into batches as by `forwardAll`. Gradients of parameters add up over all batches.
   * The net must not be run otherwise meanwhile.
   *
   * @param inputs items for every input; for outputs of the net, the diffs to start from, one per item.
   * @returns the outputs and `blobs`; the diffs of the inputs and of `diffs`.
   * @throws {CaffeError} as `forwardAll`.
   */
  async forwardBackwardAll(inputs: Record<string, Items>, options: BackwardBatchOptions = {}): Promise<ForwardBackward> {
    return forwardBackwardAll(this.#batchNet(), inputs, options);
  }

  /** The same, a batch at a time, as `forwardBatches`. */
  async *forwardBackwardBatches(
    inputs: Record<string, Items>,
    options: BackwardBatchOptions = {},
  ): AsyncGenerator<ForwardBackward, void, undefined> {
    yield* forwardBackwardBatches(this.#batchNet(), inputs, options);
  }

  /**
   * Gives a first layer of type MemoryData its items, pycaffe's set_input_arrays; each forward run takes the next batch of them, and
   * begins again after the last. The values are copied.
   *
   * @param data   shape [N, C, H, W] as the layer says, N a multiple of its batch size.
   * @param labels N of them; shape [N] or [N, 1, 1, 1], or bare.
   * @throws {CaffeError} ERR_CAFFE_SHAPE or ERR_CAFFE_INPUT for arrays that do not fit, or when the first layer is of another type.
   */
  async setInputArrays(data: Tensor, labels: TensorLike): Promise<void> {
    const { shape, data: values } = feedOf(data, 'The data', 'data');
    if (!shape) throw new CaffeError('ERR_CAFFE_INPUT', 'The data must be a Tensor.', { hint: 'Give { shape: [N, C, H, W], data }.' });
    return this[NATIVE].setItems({ data: { shape, data: values }, labels: feedOf(labels, 'The labels', 'label').data });
  }

  /**
   * Tells of each layer that a forward run enters and leaves: pycaffe's before_forward and after_forward. Runs do not wait for the
   * listener: an event tells of what has happened by then, and the blobs may be further. Listeners that fall behind by more than 4096
   * events lose the oldest. Nets that nobody listens to send nothing.
   *
   * @param listener what it throws is an uncaught error, as in any callback of Node; the run goes on.
   * @returns a function that ends it.
   */
  onForward(listener: LayerListener): () => void {
    return this.#listeners.add('forward', listener);
  }

  /** The same for backward runs, whose layers run from top to bottom. */
  onBackward(listener: LayerListener): () => void {
    return this.#listeners.add('backward', listener);
  }

  /**
   * What the net holds in memory, in bytes.
   *
   * @throws {CaffeError} ERR_CAFFE_BUSY while a run is in flight; ERR_CAFFE_DISPOSED.
   */
  get memory(): NetMemory {
    return memoryOf(this[NATIVE], this.#facts);
  }

  /**
   * What computes the forward runs of this net: what computed the last one, or before it, what is going to.
   *
   * @throws {CaffeError} ERR_CAFFE_BUSY while a run is in flight; ERR_CAFFE_DISPOSED.
   */
  get engine(): NetEngine {
    return engineOf(this[NATIVE]);
  }

  /**
   * The plan of the fast engine that the last run followed; null where Caffe ran, which {@link engine} gives the reason of.
   *
   * @throws {CaffeError} as {@link engine}.
   */
  get plan(): NetPlan | null {
    return planOf(this[NATIVE], this.#facts.layers);
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
    const rename = lists.rename === undefined ? {} : recordOf(readEntries(lists.rename, "'rename'"));
    for (const name of [...ignore, ...Object.values(rename)]) requireLayer(this.#facts, name);
    return this[NATIVE].copyFrom({ weights: checkedWeights(weights), strict, ignore, rename });
  }

  /**
   * Makes this net use the other's parameters, layer by layer of the same name: a change of one is a change of both.
   *
   * @throws {CaffeError} ERR_CAFFE_BUSY while one of them runs; ERR_CAFFE_SHAPE when shapes differ.
   */
  shareWith(net: Net): void {
    this[NATIVE].shareWith(nativeOf(net));
  }

  /**
   * A handle of this net for `Net.attach`, here or in another thread of the process, which it reaches by postMessage.
   *
   * The handle keeps nothing alive. The parameters live as long as a net that was attached to them, and as long as this one: until it
   * is disposed, shares another net's parameters, or its thread ends. So dispose it only when the others have attached.
   *
   * @throws {CaffeError} ERR_CAFFE_BUSY while a run is in flight; ERR_CAFFE_DISPOSED.
   */
  share(): NetHandle {
    return this[NATIVE].share();
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

  /**
   * The layers as Caffe runs them: rules of phase and stage resolved, splits inserted. `Net.from` makes the same net of it, whatever its
   * options say; the phase is part of each layer.
   */
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

  #batchNet(): BatchNet {
    return {
      facts: this.#facts,
      shapes: (names) => this[NATIVE].shapes(names),
      forward: (inputs, options) => this.forward(inputs, options),
      backward: (diffs, options) => this.backward(diffs, options),
    };
  }
}
