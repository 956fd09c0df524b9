/** Networks written in code: pycaffe's net_spec. */

import { CaffeError, describe } from '../errors';
import type { NetParameter } from './caffe-proto';
import { inputError } from './input-error';
import { enumOf, fieldNames, fieldOf, isMessageName } from './messages';
import { ENUMS } from './schema';
import { stringify } from './stringify';
import { suggestion } from './suggest';

/**
 * The settings of a layer: fields of its own message (`num_output`), messages by their name (`transform_param`, `param`, `include`),
 * and two that only say how it is wired. A value that belongs into a repeated field may be given without brackets.
 */
export interface LayerSettings {
  /** Number of tops. Default 1. */
  ntop?: number;
  /** The tops are the bottoms. Default false. */
  in_place?: boolean;
  [field: string]: unknown;
}

/** One layer and how it is wired. */
class LayerFunction {
  readonly tops: Top[];
  /** Stands for the layer: its first top; a layer without tops is assigned, too, to be part of the net. */
  readonly handle: Top;

  constructor(
    readonly type: string,
    readonly bottoms: readonly Top[],
    readonly inPlace: boolean,
    readonly settings: Readonly<Record<string, unknown>>,
    tops: number,
  ) {
    this.tops = Array.from({ length: tops }, (_, index) => new Top(this, index));
    this.handle = this.tops[0] ?? new Top(this, 0);
  }
}

/** One output of a layer. Iterating it gives all outputs of that layer: `[n.data, n.label] = L.Data({ ntop: 2, … })`. */
export class Top implements Iterable<Top> {
  /** @internal */
  constructor(
    readonly layer: LayerFunction,
    readonly index: number,
  ) {}

  [Symbol.iterator](): Iterator<Top> {
    return this.layer.tops[Symbol.iterator]();
  }

  /** The layers that make this top, all of them with automatic names, as text. */
  toPrototxt(): string {
    return stringify({ layer: writeLayers([this], new Map()) }, 'net');
  }
}

/** Bottoms first, settings last. A bottom that is not there yet (`n.typo`) is refused when it is called. */
export type LayerMaker = (...bottomsAndSettings: (Top | LayerSettings | undefined)[]) => Top;

/** The types of Caffe itself, so that they are known by name; a maker for any other type is as good. */
type LayerType =
  | ('AbsVal' | 'Accuracy' | 'ArgMax' | 'BNLL' | 'BatchNorm' | 'BatchReindex' | 'Bias' | 'Clip' | 'Concat' | 'ContrastiveLoss')
  | ('Convolution' | 'Crop' | 'Data' | 'Deconvolution' | 'Dropout' | 'DummyData' | 'ELU' | 'Eltwise' | 'Embed' | 'EuclideanLoss')
  | ('Exp' | 'Filter' | 'Flatten' | 'HDF5Data' | 'HDF5Output' | 'HingeLoss' | 'Im2col' | 'ImageData' | 'InfogainLoss' | 'InnerProduct')
  | ('Input' | 'LRN' | 'LSTM' | 'LSTMUnit' | 'Log' | 'MVN' | 'MemoryData' | 'MultinomialLogisticLoss' | 'PReLU' | 'Parameter')
  | ('Pooling' | 'Power' | 'Python' | 'RNN' | 'ReLU' | 'Reduction' | 'Reshape' | 'SPP' | 'Scale' | 'Sigmoid')
  | ('SigmoidCrossEntropyLoss' | 'Silence' | 'Slice' | 'Softmax' | 'SoftmaxWithLoss' | 'Split' | 'Swish' | 'TanH' | 'Threshold' | 'Tile')
  | 'WindowData';

export type LayerMakers = Readonly<Record<LayerType, LayerMaker>> & { readonly [type: string]: LayerMaker };

type Enums = typeof ENUMS;
type OwnerOf<Enum> = Enum extends `${infer Owner}Parameter.${string}` ? Owner : never;

/** By message without its ending 'Parameter': the names of its constants. */
export type Constants = {
  readonly [Owner in OwnerOf<keyof Enums>]: {
    readonly [Name in NamesOf<Owner>]: string;
  };
};
type NamesOf<Owner extends string> = {
  [Enum in keyof Enums]: Enum extends `${Owner}Parameter.${string}` ? keyof Enums[Enum] : never;
}[keyof Enums];

/**
 * pycaffe's `L`: `layers.Convolution(n.data, { num_output: 20, kernel_size: 5 })`.
 *
 * @throws {CaffeError} ERR_CAFFE_INPUT, when called, for a bottom that is no {@link Top}.
 */
export const layers: LayerMakers = new Proxy(Object.create(null), {
  get: (_, type) => (typeof type === 'string' ? (...given: Parameters<LayerMaker>) => makeLayer(type, given) : undefined),
});

/**
 * pycaffe's `P`: the constants of caffe.proto, `params.Pooling.MAX`. Here they are their own names, 'MAX'.
 *
 * @throws {CaffeError} ERR_CAFFE_INPUT for a name that caffe.proto does not have.
 */
export const params: Constants = new Proxy(Object.create(null), {
  get: (_, message) => (typeof message === 'string' ? constantsOf(message) : undefined),
});

interface NetSpecMethods {
  /** The layers that make all assigned tops, as a plain object. */
  toNetParameter(): NetParameter;
  /** The same as text. */
  toPrototxt(): string;
}

/** Tops by name, in the order in which they were assigned, and the network they make. */
export type NetSpec = NetSpecMethods & { [name: string]: Top | undefined };

/**
 * A network to be filled by assignment. Names come from what is assigned (`n.conv1 = …`); what is not assigned is called by its type and
 * a number. Layers are written in the order in which they are needed.
 *
 * ```ts
 * const n = netSpec();
 * [n.data, n.label] = L.Data({ ntop: 2, batch_size: 64, backend: P.Data.LMDB, source: 'train_db' });
 * n.ip = L.InnerProduct(n.data, { num_output: 10, weight_filler: { type: 'xavier' } });
 * n.loss = L.SoftmaxWithLoss(n.ip, n.label);
 * n.toPrototxt();
 * ```
 *
 * @param name of the network.
 * @throws {CaffeError} ERR_CAFFE_INPUT when something other than a Top is assigned; from its methods, for a field that caffe.proto does
 *   not have or a value of the wrong type, with its path.
 */
export function netSpec(name?: string): NetSpec {
  if (name !== undefined && typeof name !== 'string') throw inputError('name', 'a string', name);
  const tops = new Map<string, Top>();
  const methods: NetSpecMethods = {
    toNetParameter: () => ({
      ...(name !== undefined && { name }),
      layer: writeLayers([...tops.values()], new Map([...tops].map(([key, top]) => [top, key]))),
    }),
    toPrototxt: () => stringify(methods.toNetParameter(), 'net'),
  };
  return new Proxy(Object.create(null), {
    get: (_, key) => (typeof key !== 'string' ? undefined : Object.hasOwn(methods, key) ? Reflect.get(methods, key) : tops.get(key)),
    set: (_, key, value) => {
      if (typeof key !== 'string' || Object.hasOwn(methods, key)) throw inputError('name of a top', 'a free name', String(key));
      if (!(value instanceof Top)) throw inputError(key, 'a top: what layers.Type(…) gives', value);
      tops.set(key, value);
      return true;
    },
    has: (_, key) => typeof key === 'string' && tops.has(key),
    ownKeys: () => [...tops.keys()],
    getOwnPropertyDescriptor: (_, key) =>
      typeof key === 'string' && tops.has(key) ? { value: tops.get(key), enumerable: true, configurable: true, writable: true } : undefined,
  }) as NetSpec;
}

function makeLayer(type: string, given: Parameters<LayerMaker>): Top {
  const last = given.at(-1);
  const hasSettings = typeof last === 'object' && last !== null && !(last instanceof Top) && !Array.isArray(last);
  const settings: LayerSettings = hasSettings ? last : {};
  const bottoms = (hasSettings ? given.slice(0, -1) : given).map((value, index) => {
    if (value instanceof Top) return value;
    throw new CaffeError('ERR_CAFFE_INPUT', `Bottom ${index} of layers.${type} must be a top; ${describe(value)} was given.`, {
      hint: 'A top is what a layer gives, n.conv1 = layers.Convolution(…); of several, [n.data, n.label] = layers.Data(…).',
    });
  });
  const { ntop = 1, in_place: inPlace = false, ...fields } = settings;
  if (!Number.isInteger(ntop) || ntop < 0 || ntop > 1000) throw inputError('ntop', 'a whole number from 0 to 1000', ntop);
  return new LayerFunction(type, bottoms, inPlace === true, fields, inPlace === true ? bottoms.length : ntop).handle;
}

/** Writes the layers that make some tops, each once, its bottoms before it. What `names` lacks is called by its type and a number. */
function writeLayers(tops: readonly Top[], names: Map<Top, string>): NonNullable<NetParameter['layer']> {
  const counts = new Map<string, number>();
  const nameOf = (top: Top) => {
    const known = names.get(top);
    if (known !== undefined) return known;
    const { type } = top.layer;
    const count = (counts.get(type) ?? 0) + 1;
    counts.set(type, count);
    names.set(top, `${type}${count}`);
    return `${type}${count}`;
  };

  const written = new Map<LayerFunction, { top: string[] }>();
  const write = (layer: LayerFunction): { top: string[] } => {
    const known = written.get(layer);
    if (known) return known;
    const bottom = layer.bottoms.map((source) => write(source.layer).top[source.index] ?? nameOf(source));
    const top = layer.inPlace ? bottom : layer.tops.map(nameOf);
    const parameter = { name: nameOf(layer.handle), type: layer.type, bottom, top, ...fieldsOf(layer) };
    written.set(layer, parameter);
    return parameter;
  };
  for (const top of tops) write(top.layer);
  return [...written.values()];
}

/** The settings of a layer as fields of LayerParameter: those of its own message are gathered there. */
function fieldsOf({ type, settings }: LayerFunction): Record<string, unknown> {
  const own = ownMessage(type);
  const fields: Record<string, unknown> = {};
  const message: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(settings)) {
    const belongs = own && !name.endsWith('param') && fieldOf(own.message, name);
    if (belongs) message[name] = shaped(value, belongs);
    else fields[name] = shaped(value, requiredField(type, name, own?.message));
  }
  if (own && Object.keys(message).length > 0) fields[own.field] = message;
  return fields;
}

function requiredField(type: string, name: string, message: Parameters<typeof fieldOf>[0] | undefined) {
  const field = fieldOf('LayerParameter', name);
  if (field) return field;
  const known = [...(message ? fieldNames(message) : []), ...fieldNames('LayerParameter')];
  throw new CaffeError('ERR_CAFFE_INPUT', `A layer of type ${type} has no field '${name}'.`, { hint: suggestion(name, known) });
}

/** The value as `stringify` takes it: repeated fields as arrays, at every depth. */
function shaped(value: unknown, { type, repeated }: { type: string; repeated: boolean }): unknown {
  if (repeated) return (Array.isArray(value) ? value : [value]).map((item) => shaped(item, { type, repeated: false }));
  if (!isMessageName(type) || typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => {
      const field = fieldOf(type, name);
      return [name, field ? shaped(inner, field) : inner];
    }),
  );
}

/** The message with the settings of a type: `convolution_param` for Convolution. Deconvolution and others have another's. */
function ownMessage(type: string): { field: string; message: Parameters<typeof fieldOf>[0] } | undefined {
  for (const field of fieldNames('LayerParameter')) {
    const message = fieldOf('LayerParameter', field)?.type ?? '';
    if (field.endsWith('_param') && isMessageName(message) && message === `${SHARED.get(type) ?? type}Parameter`) return { field, message };
  }
  return undefined;
}

/** Types that take the settings of another one. */
const SHARED: ReadonlyMap<string, string> = new Map([
  ['Deconvolution', 'Convolution'],
  ['Im2col', 'Convolution'],
  ['LSTM', 'Recurrent'],
  ['RNN', 'Recurrent'],
]);

function constantsOf(message: string): Readonly<Record<string, string>> {
  const prefix = `${message}Parameter.`;
  const enums = Object.keys(ENUMS).filter((name) => name.startsWith(prefix));
  const constants = enums.flatMap((name) => Object.keys(enumOf(name) ?? {}));
  return new Proxy(Object.fromEntries(constants.map((name) => [name, name])), {
    get: (known, name) => {
      if (typeof name !== 'string' || Object.hasOwn(known, name)) return Reflect.get(known, name);
      throw new CaffeError('ERR_CAFFE_INPUT', `${message}Parameter has no constant '${name}'.`, { hint: suggestion(name, constants) });
    },
  });
}
