import { CaffeError } from '../errors';
import { calling, readEntries, readOptions } from '../given';
import type { PrototxtSource } from './document';
import type { Edits } from './edits';
import { findHeads, type Head } from './heads';
import { inputError } from './input-error';
import { CLASSIFIERS, checkClasses } from './layer-types';
import { successorOf } from './names';
import { type Layer, type Network, readNetwork } from './network';

export interface RetargetOptions {
  /** The number of classes, from 1. */
  readonly classes: number;
  /**
   * New names of heads, by their present names; a head without one gets its default. A head that keeps its name keeps its
   * pretrained weights' name as well, so those must not be loaded into it.
   */
  readonly rename?: Readonly<Record<string, string>> | ((name: string) => string | undefined);
}

export interface RetargetResult {
  readonly text: string;
  /** The heads that were changed; `outputs` before (undefined where the file left it open) and after. */
  readonly heads: { from: string; to: string; outputs: [number | undefined, number] }[];
  /** The activations that stood directly on a changed head. */
  readonly removed: string[];
}

interface Renaming {
  readonly head: Head;
  readonly to: string;
}

/**
 * Gives a network other classes: its heads get `classes` outputs and a new name (so that weights of the old head are not
 * loaded into them), with every reference to it. Activations directly on the scores (SqueezeNet's ReLU) are removed, since a
 * fresh classifier under a ReLU learns badly or not at all. Everything else stays as it is, byte for byte.
 *
 * Default names: a trailing number is raised (`fc8` → `fc9`), `loss1/classifier` → `loss1a/classifier` (then `1b`), otherwise
 * `X` → `X_retrain`; never a name in use. A top that bears the head's name is renamed with it.
 *
 * A head that has `classes` outputs already is left alone, unless `rename` gives it another name.
 *
 * @throws {CaffeError} ERR_CAFFE_INPUT for `classes` that is not a whole number from 1, a name that is in use, or a renaming of
 *                      something that is no head; ERR_CAFFE_PROTOTXT for text that does not parse; ERR_CAFFE_UNSUPPORTED for a
 *                      network without a classifier or in an old notation.
 */
export function retarget(source: PrototxtSource, given: RetargetOptions): RetargetResult {
  const options = readOptions(given, ['classes', 'rename']);
  checkClasses(options.classes);
  const network = readNetwork(source);
  const renamings = planRenamings(network, headsOf(network), options);
  const removed = [...new Set(renamings.flatMap(({ head }) => head.rectifiers))];
  const document = network.document.edit((edits) => {
    for (const { head } of renamings) for (const layer of head.layers) setOutputs(edits, layer, options.classes);
    for (const layer of removed) edits.remove(layer.field);
    rename(edits, network, renamings);
  });
  return {
    text: document.toString(),
    heads: renamings.map(({ head, to }) => ({ from: head.name, to, outputs: [head.outputs, options.classes] })),
    removed: removed.map((layer) => layer.name),
  };
}

function headsOf(network: Network): Head[] {
  const heads = findHeads(network);
  if (heads.length > 0) return heads;
  throw new CaffeError('ERR_CAFFE_UNSUPPORTED', `Found no classifier in network '${network.name}'.`, {
    hint: 'A classifier is an InnerProduct or Convolution layer whose output reaches a Softmax, a classification loss or an Accuracy.',
  });
}

function planRenamings(network: Network, heads: readonly Head[], { classes, rename }: RetargetOptions): Renaming[] {
  const taken = network.names;
  const wanted = wantedNames(heads, rename);
  return heads
    .filter(({ name, outputs }) => outputs !== classes || (wanted.get(name) ?? name) !== name)
    .map((head) => {
      const to = wanted.get(head.name) ?? successorOf(head.name, taken);
      if (to !== head.name && taken.has(to)) {
        const message = `Head '${head.name}' cannot be renamed to '${to}': the network has a layer or blob of that name.`;
        throw new CaffeError('ERR_CAFFE_INPUT', message, { layer: head.name });
      }
      taken.add(to);
      return { head, to };
    });
}

function wantedNames(heads: readonly Head[], rename: RetargetOptions['rename'] = {}): Map<string, string> {
  const names = heads.map(({ name }) => name);
  const entries =
    typeof rename === 'function'
      ? names.map((name) => [name, calling("'rename'", () => rename(name))] as const)
      : readEntries(rename, "'rename'");
  const wanted = new Map<string, string>();
  for (const [from, to] of entries) {
    if (to === undefined) continue;
    if (!names.includes(from)) {
      throw new CaffeError('ERR_CAFFE_INPUT', `'${from}' is not a head of this network.`, { hint: `Its heads are: ${names.join(', ')}.` });
    }
    if (typeof to !== 'string' || to === '') {
      throw inputError(`rename.${from}`, 'a name, which is not empty', to);
    }
    wanted.set(from, to);
  }
  return wanted;
}

function setOutputs(edits: Edits, layer: Layer, classes: number): void {
  const name = CLASSIFIERS.get(layer.type) ?? '';
  const param = layer.message.message(name);
  if (param) edits.setScalar(param, 'num_output', String(classes));
  else edits.append(layer.message, `${name} {\n  num_output: ${classes}\n}`);
}

function rename(edits: Edits, network: Network, renamings: readonly Renaming[]): void {
  const heads = new Map(renamings.flatMap(({ head, to }) => head.layers.map((layer) => [layer, to])));
  const blobs = new Map(renamings.flatMap(({ head, to }) => renamedBlobs(head, to)));
  for (const layer of network.layers) {
    const to = heads.get(layer);
    if (to !== undefined) for (const node of layer.message.stringNodes('name')) edits.setString(node, to);
    for (const node of [...layer.message.stringNodes('bottom'), ...layer.message.stringNodes('top')]) {
      const blob = blobs.get(node.value);
      if (blob !== undefined) edits.setString(node, blob);
    }
  }
}

/** The head's own blob, and those of activations that go: who read these reads the head. */
function renamedBlobs(head: Head, to: string): [string, string][] {
  const renamed = (blob: string) => (blob === head.name ? to : blob);
  const own = head.layers.flatMap((layer) => layer.tops);
  const behind = head.rectifiers.flatMap((layer) => layer.tops.map((top): [string, string] => [top, renamed(layer.bottoms[0] ?? top)]));
  return [...behind, ...own.map((top): [string, string] => [top, renamed(top)])].filter(([from, blob]) => from !== blob);
}
