import { readOptions } from '../../given';
import type { PrototxtSource } from '../document/document';
import type { Head } from '../network/heads';
import { outputParam } from '../network/layer-types';
import { type Layer, type Network, readNetwork } from '../network/network';
import { checkFactor, multiplied, setMultipliers, withSharers } from '../network/params';
import type { Edits } from '../text/edits';
import { planRetargeting, type Retargeting, readHeadChoice } from './retarget-plan';

export interface RetargetOptions {
  /** The number of classes, from 1; or a number for each head that is to change, by its name: `{ 'loss1/classifier': 5, fc8: 3 }`. */
  readonly classes: number | Readonly<Record<string, number>>;
  /**
   * The heads to change, by name: any layers with a `num_output`, also where none would be found. Default: those that `classes` names,
   * or else all that {@link inspect} finds.
   */
  readonly heads?: readonly string[];
  /**
   * New names of heads, by their present names; a head without one gets its default. A head that keeps its name keeps its
   * pretrained weights' name as well, so those must not be loaded into it.
   */
  readonly rename?: Readonly<Record<string, string>> | ((name: string) => string | undefined);
  /** Heads that keep their names, since the weights to load fit the new number of classes, or there are none: all (true), or these. */
  readonly keepNames?: boolean | readonly string[];
  /** What the learning rates of the changed heads are multiplied with, as {@link setLearningRates} does; 10 is usual beside pretrained layers. */
  readonly learningRateFactor?: number;
}

export interface RetargetResult {
  readonly text: string;
  /** The heads that were changed; `outputs` before (undefined where the file left it open) and after. */
  readonly heads: { from: string; to: string; outputs: [number | undefined, number] }[];
  /** The activations that stood directly on a changed head. */
  readonly removed: string[];
}

/**
 * Gives a network other classes: its heads get `classes` outputs and a new name (so that weights of the old head are not
 * loaded into them), with every reference to it. Activations directly on the scores (SqueezeNet's ReLU) are removed, since a
 * fresh classifier under a ReLU learns badly or not at all. Everything else stays as it is, byte for byte.
 *
 * Default names: a trailing number is raised (`fc8` → `fc9`), `loss1/classifier` → `loss1a/classifier` (then `1b`), otherwise
 * `X` → `X_retrain`; never a name in use. A top that bears the head's name is renamed with it.
 *
 * A head that has its number of outputs already is left alone, unless `rename` gives it another name.
 *
 * @throws {CaffeError} ERR_CAFFE_INPUT for `classes` that is not a whole number from 1, a layer that cannot be a head, a name that is in
 *                      use, or a renaming of something that is no head; ERR_CAFFE_PROTOTXT for text that does not parse;
 *                      ERR_CAFFE_UNSUPPORTED for a network without a classifier (the hint says why each candidate is none) or in an
 *                      old notation.
 */
export function retarget(source: PrototxtSource, given: RetargetOptions): RetargetResult {
  const options = readOptions(given, ['classes', 'heads', 'rename', 'keepNames', 'learningRateFactor']);
  const choice = readHeadChoice(options);
  const { learningRateFactor: factor = 1 } = options;
  checkFactor(factor, 'learningRateFactor');
  const network = readNetwork(source);
  const plans = planRetargeting(network, choice);
  const removed = [...new Set(plans.flatMap(({ head }) => head.rectifiers))];
  const document = network.document.edit((edits) => {
    if (factor !== 1) multiplyRates(edits, network, plans, factor);
    for (const { head, classes } of plans) for (const layer of head.layers) setOutputs(edits, layer, classes);
    for (const layer of removed) edits.remove(layer.field);
    rename(edits, network, plans);
  });
  return {
    text: document.toString(),
    heads: plans.map(({ head, to, classes }) => ({ from: head.name, to, outputs: [head.outputs, classes] })),
    removed: removed.map((layer) => layer.name),
  };
}

function multiplyRates(edits: Edits, network: Network, plans: readonly Retargeting[], factor: number): void {
  const layers = plans.flatMap(({ head }) => head.layers);
  const rates = new Map(layers.map((layer) => [layer, multiplied(layer, factor)]));
  for (const [layer, multipliers] of withSharers(network, rates)) setMultipliers(edits, layer, multipliers);
}

function setOutputs(edits: Edits, layer: Layer, classes: number): void {
  const name = outputParam(layer) ?? '';
  const param = layer.message.message(name);
  if (param) edits.setScalar(param, 'num_output', String(classes));
  else edits.append(layer.message, `${name} {\n  num_output: ${classes}\n}`);
}

function rename(edits: Edits, network: Network, plans: readonly Retargeting[]): void {
  const heads = new Map(plans.flatMap(({ head, to }) => head.layers.map((layer) => [layer, to])));
  const blobs = new Map(plans.flatMap(({ head, to }) => renamedBlobs(head, to)));
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
