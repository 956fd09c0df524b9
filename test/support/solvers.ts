/** Small solvers, and data for them. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { native } from '../../lib/native';
import { Solver, type SolverOptions } from '../../lib/solver';
import { TINY } from './networks';
import { wave } from './shared';

/** TINY with a dropout, which makes the random draws of an iteration matter. */
export const DROPPING = TINY.replace(
  'layer { name: "loss"',
  'layer { name: "drop" type: "Dropout" bottom: "fc" top: "fc" dropout_param { dropout_ratio: 0.2 } }\nlayer { name: "loss"',
);

/** Puts data and labels into every net of a solver over TINY. */
export function fill(solver: Solver): Solver {
  for (const net of [solver.net, ...solver.testNets]) {
    net.blobs.data?.set(wave(8 * 72, 1.7));
    net.blobs.label?.set([0, 1, 2, 0, 1, 2, 0, 1]);
  }
  return solver;
}

/** A solver over TINY with dropout, its data and labels filled in. */
export async function tinySolver(settings = '', prefix = '', iterations = 20, options?: SolverOptions): Promise<Solver> {
  return fill(
    await Solver.from(
      `net_param { ${DROPPING} } base_lr: 0.05 lr_policy: "step" gamma: 0.5 stepsize: 8 momentum: 0.9 weight_decay: 0.001
       max_iter: ${iterations} random_seed: 3 snapshot_prefix: "${prefix}" ${settings}`,
      options,
    ),
  );
}

/** A solver over TINY of a fixed rate and whatever else. */
export async function plainSolver(settings = '', options?: SolverOptions): Promise<Solver> {
  return fill(await Solver.from(`net_param { ${TINY} } base_lr: 0.05 lr_policy: "fixed" random_seed: 3 ${settings}`, options));
}

export const newPrefix = () => path.join(mkdtempSync(path.join(tmpdir(), 'caffe-node-solver-')), 'tiny');

export function disposeAll(...solvers: Solver[]): Promise<unknown> {
  return Promise.all(solvers.map((solver) => solver.dispose()));
}

/** An LMDB of `count` noisy pictures of 3×6×6 in three classes. */
export async function pictures(folder: string, count: number): Promise<string> {
  const source = path.join(folder, `pictures-${count}`);
  const writer = await native.createDatabase(source);
  await writer.put(
    Array.from({ length: count }, (_, index) => ({
      key: `${String(index).padStart(8, '0')}_x`,
      label: index % 3,
      height: 6,
      width: 6,
      channels: 3,
      pixels: Uint8Array.from({ length: 108 }, (__, i) => (i * 37 + index * 53 + (index % 3) * 80 * (i % 3)) % 256),
    })),
  );
  await writer.close();
  return source;
}
