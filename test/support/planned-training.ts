/** The same training in Caffe and in a plan of the fast engine. */
import type { Net } from '../../lib/net';
import { Solver, type SolverOptions } from '../../lib/solver';

/** A net whose data is drawn anew, from the seed, with every batch. */
export function drawnNet(layers: string, shape: { batch: number; channels: number; size: number }): string {
  const { batch, channels, size } = shape;
  return `
layer { name: "data" type: "DummyData" top: "data" top: "label" dummy_data_param {
  shape { dim: ${batch} dim: ${channels} dim: ${size} dim: ${size} } shape { dim: ${batch} }
  data_filler { type: "gaussian" std: 1 } data_filler { type: "constant" value: 1 } } }
${layers}`;
}

/** Closes a net: scores of three classes, and their loss. */
export function withLoss(layers: string, bottom: string): string {
  return `${layers}
layer { name: "scores" type: "InnerProduct" bottom: "${bottom}" top: "scores"
  inner_product_param { num_output: 3 weight_filler { type: "xavier" } bias_filler { type: "constant" value: 0.1 } } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "scores" bottom: "label" top: "loss" }`;
}

/** After a step the diffs of this solver are the gradients themselves. */
export const BARE = 'base_lr: 1 lr_policy: "fixed" momentum: 0 weight_decay: 0 random_seed: 7';

export interface Pair {
  caffe: Solver;
  planned: Solver;
}

export async function bothWays(net: string, settings: string = BARE, options: SolverOptions = {}): Promise<Pair> {
  const text = `net_param { ${net} } ${settings}`;
  return { caffe: await Solver.from(text, { engine: 'caffe' }), planned: await Solver.from(text, { engine: 'onednn', ...options }) };
}

export async function dispose({ caffe, planned }: Pair): Promise<void> {
  await Promise.all([caffe.dispose(), planned.dispose()]);
}

function norm(values: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += (values[index] as number) ** 2;
  return Math.sqrt(sum);
}

function distance(values: ArrayLike<number>, others: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += ((values[index] as number) - (others[index] as number)) ** 2;
  return values.length === others.length ? Math.sqrt(sum) : Number.NaN;
}

/** How far each parameter's values or gradients are off, relative to their own norm, or to a ten-thousandth of the largest. */
export function deviations(found: Net, expected: Net, part: 'data' | 'diff'): Record<string, number> {
  const all = Object.entries(expected.params).flatMap(([layer, params]) =>
    params.map((param, index) => {
      const right = param[part];
      const off = distance(right, found.params[layer]?.[index]?.[part] ?? []);
      return { name: `${layer}[${index}]`, length: norm(right), off };
    }),
  );
  const floor = 1e-4 * Math.max(...all.map(({ length }) => length), 1e-30);
  return Object.fromEntries(all.map(({ name, length, off }) => [name, off / Math.max(length, floor)]));
}

/** The bound, for gradients and for what is learned from them. */
export function expectSame({ caffe, planned }: Pair, part: 'data' | 'diff' = 'diff', bound = 2e-3): void {
  for (const [name, off] of Object.entries(deviations(planned.net, caffe.net, part))) {
    if (!(off < bound)) throw new Error(`${part} of ${name} is off by ${off}`);
  }
}
