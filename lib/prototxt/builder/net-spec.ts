/** Networks written in code: pycaffe's net_spec. */
import { CaffeError, describe } from '../../errors';
import { readEntries, reading } from '../../given';
import { inputError } from '../input-error';
import type { NetParameter } from '../schema/caffe-proto';
import { stringify } from '../schema/stringify';
import { keepsUnknown, type UnknownOptions } from '../schema/unknown-values';
import { type LayerSettings, type LayerType, layerFields, type OtherSettings } from './layer-settings';

const MOST_TOPS = 1000;

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
  /** Keeps editors from offering what a top has among the settings of a layer. */
  protected readonly isTop = true;

  /** @internal */
  constructor(
    readonly layer: LayerFunction,
    readonly index: number,
  ) {}

  [Symbol.iterator](): Iterator<Top> {
    return this.layer.tops[Symbol.iterator]();
  }

  /** The layers that make this top, all of them with automatic names; see {@link toNetParameter}. */
  toNetParameter(options?: UnknownOptions): NetParameter {
    return netOf([this], new Map(), keepsUnknown(options));
  }

  /** The same as text. */
  toPrototxt(options?: UnknownOptions): string {
    return stringify(this.toNetParameter(options), 'net', options);
  }
}

/** Bottoms first, settings last. A bottom that is not there yet (`n.typo`) is refused when it is called. */
export type LayerMaker<Settings = OtherSettings> = (...bottomsAndSettings: (Top | Settings | undefined)[]) => Top;

/** A maker for each type of layer that Caffe has; those of other Caffes and of your own are as good, but nobody knows their settings. */
export type LayerMakers = { readonly [Type in LayerType]: LayerMaker<LayerSettings<Type>> } & {
  readonly [type: string]: LayerMaker;
};

/**
 * pycaffe's `L`: `layers.Convolution(n.data, { num_output: 20, kernel_size: 5 })`.
 *
 * @throws {CaffeError} ERR_CAFFE_INPUT, when called, for a bottom that is no {@link Top}.
 */
export const layers: LayerMakers = new Proxy(Object.create(null), {
  get: (_, type) => (typeof type === 'string' ? (...given: unknown[]) => makeLayer(type, given) : undefined),
});

interface NetSpecMembers {
  /** What was assigned, by name, in that order. */
  readonly tops: ReadonlyMap<string, Top>;
  /**
   * The layers that make all assigned tops, as a plain object.
   *
   * @throws {CaffeError} ERR_CAFFE_INPUT for a field that caffe.proto does not have, unless it is kept.
   */
  toNetParameter(options?: UnknownOptions): NetParameter;
  /**
   * The same as text.
   *
   * @throws {CaffeError} ERR_CAFFE_INPUT for a value of the wrong type as well, with its path.
   */
  toPrototxt(options?: UnknownOptions): string;
}

/** Tops by name, in the order in which they were assigned, and the network they make. */
export type NetSpec = NetSpecMembers & { [name: string]: Top | undefined };

/**
 * A network to be filled by assignment. Names come from what is assigned (`n.conv1 = …`, `n['conv/1'] = …`); what is not assigned is called
 * by its type and a number. Layers are written in the order in which they are needed.
 *
 * ```ts
 * const n = netSpec('LeNet');
 * [n.data, n.label] = L.Data({ ntop: 2, batch_size: 64, backend: P.Data.LMDB, source: 'train_db' });
 * n.ip = L.InnerProduct(n.data, { num_output: 10, weight_filler: { type: 'xavier' } });
 * n.loss = L.SoftmaxWithLoss(n.ip, n.label);
 * n.toPrototxt();
 * ```
 *
 * @param name of the network.
 * @throws {CaffeError} ERR_CAFFE_INPUT when something other than a Top is assigned, or to a name that the spec itself has.
 */
export function netSpec(name?: string): NetSpec {
  if (name !== undefined && typeof name !== 'string') throw inputError('name', 'a string', name);
  const tops = new Map<string, Top>();
  const members: NetSpecMembers = {
    get tops() {
      return new Map(tops);
    },
    toNetParameter: (options) => ({
      ...(name !== undefined && { name }),
      ...netOf([...tops.values()], namesOf(tops), keepsUnknown(options)),
    }),
    toPrototxt: (options) => stringify(members.toNetParameter(options), 'net', options),
  };
  return new Proxy(Object.create(null), {
    get: (_, key) => (typeof key !== 'string' ? undefined : Object.hasOwn(members, key) ? Reflect.get(members, key) : tops.get(key)),
    set: (_, key, value) => {
      if (typeof key !== 'string' || Object.hasOwn(members, key)) throw inputError('name of a top', 'a free name', String(key));
      if (!isTop(value)) throw noTop(key, value);
      tops.set(key, value);
      return true;
    },
    deleteProperty: (_, key) => typeof key !== 'string' || tops.delete(key) || true,
    has: (_, key) => typeof key === 'string' && tops.has(key),
    ownKeys: () => [...tops.keys()],
    getOwnPropertyDescriptor: (_, key) =>
      typeof key === 'string' && tops.has(key) ? { value: tops.get(key), enumerable: true, configurable: true, writable: true } : undefined,
  }) as NetSpec;
}

/** pycaffe's class: `new NetSpec()` is {@link netSpec}. */
export const NetSpec = netSpec as unknown as new (name?: string) => NetSpec;

/**
 * pycaffe's `to_proto`: the layers that make some tops, all of them with automatic names.
 *
 * @throws {CaffeError} ERR_CAFFE_INPUT for what is no top, or a field that caffe.proto does not have.
 */
export function toNetParameter(...tops: Top[]): NetParameter {
  for (const top of tops) if (!isTop(top)) throw inputError('tops', 'tops: what layers.Type(…) gives', top);
  return netOf(tops, new Map(), false);
}

function noTop(name: string, value: unknown): CaffeError {
  const hint = value === undefined ? 'A layer gives one top unless it is told otherwise: layers.Data({ ntop: 2, … }).' : undefined;
  return inputError(name, 'a top: what layers.Type(…) gives', value, { hint });
}

/** A Proxy may throw when it is asked. */
const isTop = (value: unknown): value is Top => reading('The top', () => value instanceof Top);

const namesOf = (tops: ReadonlyMap<string, Top>) => new Map([...tops].map(([name, top]) => [top, name]));

function makeLayer(type: string, given: readonly unknown[]): Top {
  const last = given.at(-1);
  const hasSettings = typeof last === 'object' && last !== null && !isTop(last) && !reading('The settings', () => Array.isArray(last));
  const bottoms = (hasSettings ? given.slice(0, -1) : given).map((value, index) => readBottom(type, value, index));
  const settings = Object.fromEntries(hasSettings ? readEntries(last as Record<string, unknown>, 'The settings') : []);
  const { ntop = 1, in_place: inPlace = false, ...fields } = settings;
  if (typeof ntop !== 'number' || !Number.isInteger(ntop) || ntop < 0 || ntop > MOST_TOPS)
    throw inputError('ntop', `a whole number from 0 to ${MOST_TOPS}`, ntop);
  if (typeof inPlace !== 'boolean') throw inputError('in_place', 'true or false', inPlace);
  const wired = ['type', 'bottom', 'top'].find((name) => name in fields);
  if (wired !== undefined) {
    throw new CaffeError('ERR_CAFFE_INPUT', `'${wired}' is no setting of layers.${type}.`, {
      hint: 'Its bottoms are its first arguments; a top is called by what it is assigned to, n.name = layers.Type(…).',
    });
  }
  return new LayerFunction(type, bottoms, inPlace, fields, inPlace ? bottoms.length : ntop).handle;
}

function readBottom(type: string, value: unknown, index: number): Top {
  if (isTop(value) && value.layer.tops.length > 0) return value;
  const found = isTop(value) ? `a layer without tops, ${value.layer.type}` : describe(value);
  throw new CaffeError('ERR_CAFFE_INPUT', `Bottom ${index} of layers.${type} must be a top; ${found} was given.`, {
    hint: 'A top is what a layer gives, n.conv1 = layers.Convolution(…); of several, [n.data, n.label] = layers.Data(…). Settings come last.',
  });
}

/** The layers that make some tops, each once, behind those it needs. What `names` lacks is called by its type and a number. */
function netOf(tops: readonly Top[], names: Map<Top, string>, keepsUnknown: boolean): NetParameter {
  const counts = new Map<string, number>();
  const taken = new Set(names.values());
  const freeName = (type: string): string => {
    let count = counts.get(type) ?? 0;
    do count++;
    while (taken.has(`${type}${count}`));
    counts.set(type, count);
    return `${type}${count}`;
  };
  const nameOf = (top: Top): string => {
    const name = names.get(top) ?? freeName(top.layer.type);
    names.set(top, name);
    return name;
  };

  const topsOf = new Map<LayerFunction, string[]>();
  const layer = inOrder(tops).map((one) => {
    const { type, bottoms, inPlace, settings } = one;
    const bottom = bottoms.map((source) => topsOf.get(source.layer)?.[source.index] ?? nameOf(source));
    const top = inPlace ? bottom : one.tops.map(nameOf);
    topsOf.set(one, top);
    const wiring = { name: nameOf(one.handle), type, ...(bottom.length > 0 && { bottom }), ...(top.length > 0 && { top }) };
    return { ...wiring, ...reading(`The settings of layers.${type}`, () => layerFields(type, settings, keepsUnknown)) };
  });
  return { layer };
}

/** The layers that some tops need, each behind those that it needs. A loop: nets are deeper than the stack. */
function inOrder(tops: readonly Top[]): LayerFunction[] {
  const ordered = new Set<LayerFunction>();
  for (const { layer } of tops) {
    const open = [layer];
    for (let last = open.at(-1); last; last = open.at(-1)) {
      const needed = last.bottoms.find((bottom) => !ordered.has(bottom.layer))?.layer;
      if (needed) open.push(needed);
      else ordered.add(open.pop() ?? last);
    }
  }
  return [...ordered];
}
