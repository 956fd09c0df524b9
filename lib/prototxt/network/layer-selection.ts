/** Some layers of a network, as options choose them. */
import { CaffeError, describe } from '../../errors';
import { readArray, reading, readTexts } from '../../given';
import { inputError } from '../input-error';
import { suggestion } from '../suggest';
import type { Layer, Network } from './network';
import { layersNamed } from './params';

/** Which layers an operation is for: those that meet all that is said. */
export interface LayerSelection {
  /** The last layer: it and all before it in the file, which is the order in which Caffe runs them. */
  readonly through?: string;
  /** Names, in which `*` stands for any characters and `?` for one (`conv*`, `inception_3a/*`), or regular expressions on names. */
  readonly layers?: readonly (string | RegExp)[];
  /** Types: `['Convolution']`. */
  readonly types?: readonly string[];
  /** Layers that are left out, again by name or pattern. */
  readonly except?: readonly (string | RegExp)[];
}

export const SELECTION_OPTIONS = ['through', 'layers', 'types', 'except'] as const;

/** A {@link LayerSelection} as plain data. */
export interface ReadSelection {
  readonly through?: string;
  readonly layers?: readonly Pattern[];
  readonly types?: readonly string[];
  readonly except?: readonly Pattern[];
}

/** A pattern on names; `name` where it can be a name as it is. */
interface Pattern {
  readonly expression: RegExp;
  readonly name?: string;
}

/** @throws {CaffeError} ERR_CAFFE_INPUT for values of the wrong kind. */
export function readSelection({ through, layers, types, except }: LayerSelection): ReadSelection {
  if (through !== undefined && typeof through !== 'string') throw inputError('through', 'the name of a layer', through);
  return {
    through,
    layers: layers === undefined ? undefined : readPatterns(layers, "'layers'"),
    types: types === undefined ? undefined : readTexts(types, "'types'"),
    except: except === undefined ? undefined : readPatterns(except, "'except'"),
  };
}

export function selectsAll({ through, layers, types, except }: ReadSelection): boolean {
  return through === undefined && layers === undefined && types === undefined && except === undefined;
}

/**
 * The layers that a selection leaves, in file order.
 *
 * @throws {CaffeError} ERR_CAFFE_INPUT for a name, pattern or type that no layer has.
 */
export function selectLayers(network: Network, { through, layers, types, except = [] }: ReadSelection): Layer[] {
  const last = through === undefined ? undefined : layersNamed(network, through).at(-1);
  const reach = last ? network.layers.slice(0, network.layers.indexOf(last) + 1) : network.layers;
  const named = layers && matchedBy(network, layers);
  const typed = types && ofTypes(network, types);
  const spared = matchedBy(network, except);
  return reach.filter((layer) => (named?.has(layer) ?? true) && (typed?.has(layer) ?? true) && !spared.has(layer));
}

/** The layers that are in a selection by their own names, written out. */
export function isNamedIn(layer: Layer, { layers = [] }: ReadSelection): boolean {
  return layers.some(({ name }) => name === layer.name);
}

/** The layers that one of the patterns matches. */
export function matchedBy(network: Network, patterns: readonly Pattern[]): Set<Layer> {
  return new Set(
    patterns.flatMap(({ expression, name }) => {
      const matches = network.layers.filter((layer) => layer.name === name || expression.test(layer.name));
      if (matches.length > 0) return matches;
      if (name !== undefined && !/[*?]/.test(name)) return layersNamed(network, name);
      throw new CaffeError('ERR_CAFFE_INPUT', `Network '${network.name}' has no layer that '${name ?? expression}' matches.`);
    }),
  );
}

function ofTypes(network: Network, types: readonly string[]): Set<Layer> {
  const known = [...new Set(network.layers.map(({ type }) => type))];
  for (const type of types) {
    if (known.includes(type)) continue;
    throw new CaffeError('ERR_CAFFE_INPUT', `Network '${network.name}' has no layer of type '${type}'.`, { hint: suggestion(type, known) });
  }
  return new Set(network.layers.filter(({ type }) => types.includes(type)));
}

function readPatterns(patterns: readonly (string | RegExp)[], what: string): Pattern[] {
  return readArray(patterns, what).map((pattern) => {
    if (typeof pattern === 'string') return { expression: fromGlob(pattern), name: pattern };
    return { expression: copied(pattern, what) };
  });
}

/** Read once, and without the flags that make an expression remember where it was. */
function copied(pattern: RegExp, what: string): RegExp {
  return reading(what, () => {
    if (pattern instanceof RegExp) return new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ''));
    throw new CaffeError('ERR_CAFFE_INPUT', `${what} must hold texts or regular expressions; ${describe(pattern)} is among them.`);
  });
}

function fromGlob(glob: string): RegExp {
  const escaped = glob.replace(/[\\^$+.()|[\]{}]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's');
}
