/** Layers written in TypeScript or JavaScript: what Python layers are to pycaffe. */
import { CaffeError, describe } from './errors';
import { type NativeLayerCall, type NativeLayerDriver, type NativeLayerFacts, native, type Phase } from './native';
import { asTensor } from './tensor';

type BlobList = 'bottoms' | 'tops' | 'params';

/**
 * A bottom, top or parameter of a layer, for as long as the call lasts that it was given to; afterwards its members throw
 * ERR_CAFFE_BUSY.
 *
 * `data` and `diff` are live views of Caffe's memory, row-major float32 in Caffe's order (N, C, H, W). They are detached when the call
 * ends: an array kept beyond it is empty, so that nothing can be written into a net that runs.
 */
export class LayerBlob {
  readonly #call: NativeLayerCall;
  readonly #list: BlobList;
  readonly #index: number;
  /** Name of the blob in the net; of a parameter, the layer's with its number: `fc[0]`. */
  readonly name: string;

  /** Made for the methods of a layer. */
  constructor(call: NativeLayerCall, list: BlobList, index: number, name: string) {
    this.#call = call;
    this.#list = list;
    this.#index = index;
    this.name = name;
  }

  get shape(): number[] {
    return this.#call.shape(this.#list, this.#index);
  }

  /** Number of values. */
  get count(): number {
    return this.shape.reduce((product, extent) => product * extent, 1);
  }

  get data(): Float32Array {
    return this.#call.view(this.#list, this.#index, 'data');
  }

  /** Copies the values in; they must fill the blob. */
  set data(values: Float32Array | readonly number[]) {
    this.data.set(this.#checked(values));
  }

  /** Gradients of the loss. `backward` sets those of bottoms, and *adds* to those of parameters, as Caffe's own layers do. */
  get diff(): Float32Array {
    return this.#call.view(this.#list, this.#index, 'diff');
  }

  set diff(values: Float32Array | readonly number[]) {
    this.diff.set(this.#checked(values));
  }

  /**
   * Gives a top its shape, in `setup`, `reshape` or `forward`. Take `data` afterwards: the memory may move.
   *
   * @throws {CaffeError} ERR_CAFFE_SHAPE for a bottom or a parameter, in `backward`, and for extents below 1 or 2^31 values and more.
   */
  reshape(...dims: number[]): void {
    this.#call.reshape(this.#list, this.#index, dims);
  }

  #checked(values: Float32Array | readonly number[]): Float32Array {
    return asTensor(values, this.shape, `The value of '${this.name}'`, this.name).data;
  }
}

/** What a layer class does. Each method may be async; the run waits for it. */
export interface LayerMethods {
  /** Once, when the net is made: reads `paramString`, adds parameters. */
  setup?(bottoms: LayerBlob[], tops: LayerBlob[]): void | Promise<void>;
  /** Before each forward pass, and whenever shapes travel through the net: gives each top its shape. */
  reshape(bottoms: LayerBlob[], tops: LayerBlob[]): void | Promise<void>;
  forward(bottoms: LayerBlob[], tops: LayerBlob[]): void | Promise<void>;
  /** Sets `diff` of the bottoms whose `propagateDown` is true, from `diff` of the tops. Needed only where a gradient must pass. */
  backward?(tops: LayerBlob[], propagateDown: boolean[], bottoms: LayerBlob[]): void | Promise<void>;
}

export type JavaScriptLayerClass = new () => LayerMethods;

/**
 * A base for layer classes. It only tells the compiler of the members that every object of a registered class is given, whether the
 * class extends this one or not; they are there from `setup` on.
 */
export abstract class JavaScriptLayer implements LayerMethods {
  /** Name of the layer in its net. */
  declare readonly name: string;
  declare readonly phase: Phase;
  /** `param_str` of the layer, empty when it has none; what it means is the class's business, JSON perhaps. */
  declare readonly paramString: string;
  /** The layer's parameters, which solvers train and snapshots hold. */
  declare readonly params: readonly LayerBlob[];
  /**
   * Adds a parameter, in `setup` only. It is zero until `setup` fills it; weights that are loaded come after that.
   *
   * @throws {CaffeError} ERR_CAFFE_INPUT outside of `setup`; ERR_CAFFE_SHAPE for a shape that Caffe cannot hold.
   */
  declare readonly addParam: (...dims: number[]) => LayerBlob;

  setup?(bottoms: LayerBlob[], tops: LayerBlob[]): void | Promise<void>;
  abstract reshape(bottoms: LayerBlob[], tops: LayerBlob[]): void | Promise<void>;
  abstract forward(bottoms: LayerBlob[], tops: LayerBlob[]): void | Promise<void>;
  backward?(tops: LayerBlob[], propagateDown: boolean[], bottoms: LayerBlob[]): void | Promise<void>;
}

const classes = new Map<string, JavaScriptLayerClass>();

/**
 * Makes a class usable as a layer:
 *
 *     layer { name: "x" type: "JavaScript" bottom: "a" top: "b" python_param { layer: "Name" param_str: "…" } }
 *
 * Networks written for pycaffe work as they are (`type: "Python"`) once a class of the same name is registered: as `module.layer`, or
 * as `layer` alone. The methods run in the environment that makes the net, the main thread or a worker, while the compute thread waits;
 * each environment registers its own classes. Registering a name again counts for the nets made from then on.
 *
 * What a method throws rejects the run (ERR_CAFFE_CALLBACK, with the layer's name and the thrown value as `cause`); the net can be run
 * again.
 *
 * @throws {CaffeError} ERR_CAFFE_INPUT for a name that is no text or empty, or a class without `reshape` and `forward`.
 */
export function registerLayer(name: string, layer: JavaScriptLayerClass): void {
  if (typeof name !== 'string' || name === '') {
    throw new CaffeError('ERR_CAFFE_INPUT', `The name of a layer must be a text that is not empty; ${describe(name)} was given.`);
  }
  const missing = missingMethod(layer);
  if (missing !== undefined) {
    throw new CaffeError('ERR_CAFFE_INPUT', `The layer '${name}' must be a class with reshape() and forward(); ${missing}.`, {
      hint: 'Extend JavaScriptLayer: the compiler then tells what is missing.',
    });
  }
  classes.set(name, layer);
}

/** What keeps a value from being a layer class; undefined when nothing does. */
function missingMethod(layer: JavaScriptLayerClass): string | undefined {
  try {
    if (typeof layer !== 'function' || typeof layer.prototype !== 'object') return `${describe(layer)} was given`;
    for (const method of ['reshape', 'forward'] as const) {
      if (typeof layer.prototype[method] !== 'function') return `it has no ${method}()`;
    }
    for (const method of ['setup', 'backward'] as const) {
      if (!['undefined', 'function'].includes(typeof layer.prototype[method])) return `its ${method} is no method`;
    }
    return undefined;
  } catch {
    return 'it cannot be looked at'; // a Proxy may throw
  }
}

/** One layer of one net: its object, and the blobs of the call that it is in. */
class Driver implements NativeLayerDriver {
  readonly #facts: NativeLayerFacts;
  readonly #layer: LayerMethods;
  readonly hasBackward: boolean;
  #call: NativeLayerCall | undefined;

  constructor(facts: NativeLayerFacts, layerClass: JavaScriptLayerClass) {
    this.#facts = facts;
    this.#layer = new layerClass();
    this.hasBackward = typeof this.#layer.backward === 'function';
    const { name, phase, paramString } = facts;
    const member = (value: unknown) => ({ value, enumerable: true, configurable: true });
    Object.defineProperties(this.#layer, {
      name: member(name),
      phase: member(phase),
      paramString: member(paramString),
      params: { get: () => this.#params(), enumerable: true, configurable: true },
      addParam: member((...dims: number[]) => this.#addParam(dims)),
    });
  }

  run(method: 'setup' | 'reshape' | 'forward' | 'backward', call: NativeLayerCall, propagateDown: boolean[]): unknown {
    this.#call = call;
    const bottoms = this.#facts.bottoms.map((name, index) => new LayerBlob(call, 'bottoms', index, name));
    const tops = this.#facts.tops.map((name, index) => new LayerBlob(call, 'tops', index, name));
    if (method === 'backward') return this.#layer.backward?.(tops, propagateDown, bottoms);
    return this.#layer[method]?.(bottoms, tops);
  }

  #params(): LayerBlob[] {
    const call = this.#inCall();
    return Array.from({ length: call.count('params') }, (_, index) => this.#param(call, index));
  }

  #addParam(dims: number[]): LayerBlob {
    const call = this.#inCall();
    return this.#param(call, call.addParam(dims));
  }

  #param(call: NativeLayerCall, index: number): LayerBlob {
    return new LayerBlob(call, 'params', index, `${this.#facts.name}[${index}]`);
  }

  #inCall(): NativeLayerCall {
    if (this.#call) return this.#call;
    throw new CaffeError('ERR_CAFFE_BUSY', `The parameters of layer '${this.#facts.name}' can be used from setup() on.`);
  }
}

native.setLayerHost((facts) => {
  const layerClass = classes.get(`${facts.module}.${facts.layer}`) ?? classes.get(facts.layer);
  return layerClass ? new Driver(facts, layerClass) : [...classes.keys()].sort();
});
