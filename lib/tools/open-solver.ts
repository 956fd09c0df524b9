/** The solver that `caffe train` makes of its arguments. */
import path from 'node:path';
import { readOptions, readTexts, requirePath } from '../given';
import type { Weights } from '../net';
import { ENGINE_OPTIONS, type EngineOptions } from '../net-engine';
import { parseSolver } from '../prototxt/document/parse-message';
import type { SolverParameter } from '../prototxt/schema/caffe-proto';
import { Solver } from '../solver';
import { inFile, readText } from './text-file';

export interface OpenSolverOptions extends EngineOptions {
  /** Copied into the net before the first iteration, in order. */
  weights?: Weights | Weights[];
  /** Level of the train net's state. */
  level?: number;
  /** Stages of the train net's state, beside those that the file names. */
  stages?: readonly string[];
}

/**
 * Loads a solver file; level and stages go into its `train_state`, and weights take the place of those that it names.
 *
 * @throws {CaffeError} as `Solver.load`.
 */
export async function openSolver(file: string, options?: OpenSolverOptions): Promise<Solver> {
  const { weights, level, stages: given = [], ...engine } = readOptions(options, ['weights', 'level', 'stages', ...ENGINE_OPTIONS]);
  const stages = readTexts(given, "'stages'");
  requirePath(file, 'The solver');
  if (weights === undefined && level === undefined && stages.length === 0) return Solver.load(file, engine);
  const { train_state: state = {}, weights: own = [], ...param } = await solverIn(file);
  const train_state = { ...state, level: level ?? state.level ?? 0, stage: [...(state.stage ?? []), ...stages] };
  // Without a file Caffe does not know what to call its snapshots.
  const snapshot_prefix = param.snapshot_prefix ?? file.slice(0, file.length - path.extname(file).length);
  return Solver.from({ ...param, train_state, snapshot_prefix, weights: weights === undefined ? own : [] }, { weights, ...engine });
}

async function solverIn(file: string): Promise<SolverParameter> {
  const text = await readText(file);
  return inFile(file, (async () => parseSolver(text))());
}
