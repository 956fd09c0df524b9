/** Which heads a retargeting changes, to how many outputs, and under which names. */
import { CaffeError } from '../../errors';
import { calling, readEntries, readTexts } from '../../given';
import { inputError } from '../input-error';
import { noHeadError } from '../network/head-refusals';
import { findHeads, type Head, outputsOf } from '../network/heads';
import { checkClasses, isClassifier, outputParam } from '../network/layer-types';
import { successorOf } from '../network/names';
import type { Network } from '../network/network';
import { layersNamed } from '../network/params';
import { suggestion } from '../suggest';
import type { RetargetOptions } from './retarget';

/** One head and what becomes of it. */
export interface Retargeting {
  readonly head: Head;
  readonly to: string;
  readonly classes: number;
}

/** {@link RetargetOptions} about heads, read and checked as far as that goes without a network. */
export interface HeadChoice {
  /** One number for all heads, or one for each. */
  readonly classes: number | ReadonlyMap<string, number>;
  readonly heads: readonly string[] | undefined;
  readonly rename: RetargetOptions['rename'];
  /** All heads, or those of these names. */
  readonly keepNames: boolean | readonly string[];
}

/** @throws {CaffeError} ERR_CAFFE_INPUT for numbers of classes that are none, and values of the wrong kind. */
export function readHeadChoice({ classes, heads, rename, keepNames = false }: RetargetOptions): HeadChoice {
  return {
    classes: readClasses(classes),
    heads: heads === undefined ? undefined : readTexts(heads, "'heads'"),
    rename,
    keepNames: typeof keepNames === 'boolean' ? keepNames : readTexts(keepNames, "'keepNames'"),
  };
}

function readClasses(classes: RetargetOptions['classes']): HeadChoice['classes'] {
  if (typeof classes !== 'object' || classes === null) {
    checkClasses(classes);
    return classes;
  }
  const numbers = readEntries(classes, "'classes'");
  for (const [name, number] of numbers) checkClasses(number, `classes.${name}`);
  if (numbers.length === 0) throw inputError('classes', 'a number, or a number for each head', {});
  return new Map(numbers);
}

/**
 * The heads that do not fit yet, or are to be renamed, in file order.
 *
 * @throws {CaffeError} ERR_CAFFE_UNSUPPORTED for a network without a classifier; ERR_CAFFE_INPUT for names that fit no head, or are in use.
 */
export function planRetargeting(network: Network, choice: HeadChoice): Retargeting[] {
  const heads = chosenHeads(network, choice);
  const wanted = wantedNames(heads, choice);
  const taken = network.names;
  const plans: Retargeting[] = [];
  for (const head of heads) {
    const classes = typeof choice.classes === 'number' ? choice.classes : (choice.classes.get(head.name) ?? 0);
    if (head.outputs === classes && (wanted.get(head.name) ?? head.name) === head.name) continue;
    const to = wanted.get(head.name) ?? successorOf(head.name, taken);
    if (to !== head.name && taken.has(to)) {
      const message = `Head '${head.name}' cannot be renamed to '${to}': the network has a layer or blob of that name.`;
      throw new CaffeError('ERR_CAFFE_INPUT', message, { layer: head.name });
    }
    taken.add(to);
    plans.push({ head, to, classes });
  }
  return plans;
}

function chosenHeads(network: Network, { classes, heads }: HeadChoice): Head[] {
  const found = findHeads(network);
  const names = heads ?? (typeof classes === 'number' ? undefined : [...classes.keys()]);
  if (names === undefined) {
    if (found.length === 0) throw noHeadError(network);
    return found;
  }
  if (names.length === 0) throw inputError('heads', 'the names of heads', names);
  if (typeof classes !== 'number') checkSameHeads(names, classes);
  const chosen = new Map(names.map((name) => [name, found.find((head) => head.name === name) ?? headNamed(network, name)]));
  return [...chosen.values()].sort((a, b) => startOf(a) - startOf(b));
}

function checkSameHeads(names: readonly string[], classes: ReadonlyMap<string, number>): void {
  const unsized = names.find((name) => !classes.has(name));
  if (unsized !== undefined) throw new CaffeError('ERR_CAFFE_INPUT', `'heads' names '${unsized}', for which 'classes' has no number.`);
  const unnamed = [...classes.keys()].find((name) => !names.includes(name));
  if (unnamed !== undefined)
    throw new CaffeError('ERR_CAFFE_INPUT', `'classes' has a number for '${unnamed}', which 'heads' does not name.`);
}

/** A layer that its name makes a head: what follows it is as it should be, whatever it is. */
function headNamed(network: Network, name: string): Head {
  const layers = layersNamed(network, name);
  const odd = layers.find((layer) => outputParam(layer) === undefined);
  if (odd) {
    const classifiers = [...new Set(network.layers.filter(isClassifier).map((layer) => layer.name))];
    throw new CaffeError('ERR_CAFFE_INPUT', `Layer '${name}' (${odd.type}) has no number of outputs to set.`, {
      layer: name,
      hint: `A head is an InnerProduct, Convolution or Deconvolution layer. ${suggestion(name, classifiers) ?? ''}`.trim(),
    });
  }
  return { name, layers, outputs: layers[0] && outputsOf(layers[0]), rectifiers: [] };
}

function startOf({ layers: [first] }: Head): number {
  return first?.field.start ?? 0;
}

/** The names that the caller gives to heads, or has them keep. */
function wantedNames(heads: readonly Head[], { rename = {}, keepNames }: HeadChoice): Map<string, string> {
  const names = heads.map(({ name }) => name);
  const wanted = new Map<string, string>();
  for (const [from, to] of renamesOf(names, rename)) {
    if (to === undefined) continue;
    checkHead(from, names);
    if (typeof to !== 'string' || to === '') throw inputError(`rename.${from}`, 'a name, which is not empty', to);
    wanted.set(from, to);
  }
  const kept = typeof keepNames === 'boolean' ? (keepNames ? names : []) : keepNames;
  for (const name of kept) {
    checkHead(name, names);
    if ((wanted.get(name) ?? name) !== name) {
      throw new CaffeError('ERR_CAFFE_INPUT', `'rename' gives head '${name}' another name, which 'keepNames' has it keep.`, {
        layer: name,
      });
    }
    wanted.set(name, name);
  }
  return wanted;
}

function renamesOf(names: readonly string[], rename: NonNullable<RetargetOptions['rename']>): [string, string | undefined][] {
  if (typeof rename !== 'function') return readEntries(rename, "'rename'");
  return names.map((name) => [name, calling("'rename'", () => rename(name))]);
}

function checkHead(name: string, heads: readonly string[]): void {
  if (heads.includes(name)) return;
  throw new CaffeError('ERR_CAFFE_INPUT', `'${name}' is not a head of this network.`, { hint: `Its heads are: ${heads.join(', ')}.` });
}
