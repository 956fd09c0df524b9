/** Solvers: pycaffe's Solver with what it lacked, losses, tests and an early stop. */
import path from 'node:path';
import { withStopFlag } from './abort';
import { CaffeError, describe } from './errors';
import { reading, readOptions, requirePath } from './given';
import { type NativeModel, type NativeSolver, type NativeStep, native } from './native';
import { type ModelText, type Net, nativeOf, textOf, type Weights, weightsFrom, wrapNet } from './net';
import { guardReceivers } from './receiver';
import { type Run, startRun } from './run';
import type { Tensors } from './tensor';

/** A SolverParameter: snake_case fields of caffe.proto. */
export type SolverParameter = Record<string, unknown>;

export interface SolverOptions {
  /** Copied into the net before the first iteration, in order. */
  weights?: Weights | Weights[];
  /** Folder that relative files named by the solver are meant relative to. Default: the working directory, as in Caffe. */
  basePath?: string;
}

export interface StepResult {
  /** Iterations done since the start of training. */
  iteration: number;
  loss: number;
  /** Mean of the last `average_loss` losses. */
  smoothedLoss: number;
  /** The rate this iteration used, before the layers' multipliers. */
  learningRate: number;
  /** The train net's outputs after the forward pass of this iteration. */
  outputs: Tensors;
}

export interface SolveResult extends StepResult {
  /** 'finished': max_iter was reached. 'stopped': by `stop()`. */
  reason: 'finished' | 'stopped';
  /** The final snapshot; absent when `snapshot_after_train` is false. */
  snapshot?: { model: string; state: string };
}

export class Solver {
  readonly #native: NativeSolver;
  readonly type: string;
  readonly net: Net;
  readonly testNets: readonly Net[];
  #disposing: Promise<void> | undefined;

  static {
    guardReceivers(Solver, (value) => #native in value);
  }

  /** Use `Solver.load` or `Solver.from`. */
  private constructor(inner: NativeSolver) {
    if (!native.isSolver(inner)) {
      throw new CaffeError('ERR_CAFFE_INPUT', 'A Solver is not constructed but loaded.', { hint: 'Use Solver.load or Solver.from.' });
    }
    this.#native = inner;
    this.type = inner.type;
    this.net = wrapNet(inner.net, false);
    this.testNets = inner.testNets.map((net) => wrapNet(net, false));
  }

  /**
   * Loads a solver from a prototxt file, and the nets it names.
   *
   * @throws {CaffeError} as `Net.load`.
   */
  static async load(file: string, options: SolverOptions = {}): Promise<Solver> {
    const read = readSolverOptions(options);
    return Solver.#load({ path: path.resolve(read.basePath, requirePath(file, 'A solver')) }, read);
  }

  /**
   * Makes a solver from prototxt in memory, or from a SolverParameter; the net may be inside it (`net_param`).
   *
   * @throws {CaffeError} as `Net.load`.
   */
  static async from(solver: ModelText | SolverParameter, options: SolverOptions = {}): Promise<Solver> {
    const text = isParameter(solver) ? native.messages.toText('SolverParameter', solver) : textOf(solver as ModelText, 'A solver');
    return Solver.#load({ text }, readSolverOptions(options));
  }

  static async #load(solver: NativeModel, options: ReadSolverOptions): Promise<Solver> {
    return new Solver(await native.loadSolver({ solver, ...options }));
  }

  /** Iterations done. @throws {CaffeError} ERR_CAFFE_BUSY while a step runs. */
  get iteration(): number {
    return this.#native.iteration;
  }

  /** As the caller wrote it. */
  get param(): SolverParameter {
    return this.#native.param;
  }

  /** The rate that the policy gives the next iteration. */
  get learningRate(): number {
    return this.#native.learningRate;
  }

  /** `base_lr`, which the policy scales. */
  get baseLearningRate(): number {
    return this.#native.baseLearningRate;
  }

  set baseLearningRate(rate: number) {
    if (typeof rate !== 'number' || !(rate >= 0) || !Number.isFinite(rate)) {
      throw new CaffeError('ERR_CAFFE_INPUT', `A learning rate must be a number from 0; ${describe(rate)} was given.`);
    }
    this.#native.baseLearningRate = rate;
  }

  /**
   * Runs `count` iterations.
   *
   * @returns the last of them.
   * @throws {CaffeError} ERR_CAFFE_DIVERGED when the loss is NaN or infinite: the parameters are those before that iteration;
   *   ERR_CAFFE_ABORTED between two iterations.
   */
  async step(count = 1, options: { signal?: AbortSignal } = {}): Promise<StepResult> {
    if (!Number.isInteger(count) || count < 0) {
      throw new CaffeError('ERR_CAFFE_INPUT', `The number of iterations must be an integer from 0; ${describe(count)} was given.`);
    }
    const { signal } = readOptions(options, ['signal']);
    const { diverged, ...result } = await withStopFlag(signal, (stop) => this.#native.step(count, stop));
    if (diverged) throw divergence(result);
    return result;
  }

  /**
   * Trains to `max_iter`, with the snapshots and tests that the solver asks for, and a final snapshot unless it says otherwise.
   * Aborting finishes the iteration, writes a snapshot, and rejects with an AbortError; `stop()` does the same and resolves.
   *
   * @param options `resume` is a .solverstate file to go on from.
   */
  solve(options: { signal?: AbortSignal; resume?: string } = {}): Run<StepResult & { type: 'iteration' }, SolveResult> {
    return startRun(async ({ emit, stopping }) => {
      const { resume } = readOptions(options, ['resume']);
      if (resume !== undefined) await this.restore(resume);
      const { max_iter: iterations = 0, snapshot_after_train: snapshots = true } = this.param;
      let last = await this.step(0);
      while (last.iteration < Number(iterations) && !stopping()) {
        last = await this.step(1);
        emit({ type: 'iteration', ...last });
      }
      const finished = last.iteration >= Number(iterations);
      const snapshot = snapshots || !finished ? await this.snapshot() : undefined;
      return { ...last, reason: finished ? 'finished' : 'stopped', snapshot };
    }, options);
  }

  /**
   * Runs a test net over `test_iter` batches, from the first item of its data on.
   *
   * @returns mean outputs.
   */
  async test(index = 0, options: { signal?: AbortSignal } = {}): Promise<Tensors> {
    const { signal } = readOptions(options, ['signal']);
    return withStopFlag(signal, (stop) => this.#native.test(index, stop));
  }

  /** Writes `<prefix>_iter_N.caffemodel` and `.solverstate`, each under a temporary name first. */
  async snapshot(): Promise<{ model: string; state: string }> {
    return this.#native.snapshot();
  }

  /**
   * Goes on from a .solverstate file: iteration, history and weights; data layers go to the item they were at.
   *
   * @throws {CaffeError} ERR_CAFFE_WEIGHTS for another solver's file, a truncated one, or none; the solver stays as it was.
   */
  async restore(file: string): Promise<void> {
    return this.#native.restore(requirePath(file, 'A solver state'));
  }

  /** Applies the gradients in the net's diffs once, as Step does after backward. */
  async applyUpdate(): Promise<void> {
    return this.#native.applyUpdate();
  }

  /** Makes the train net use another net's parameters. */
  shareWeights(net: Net): void {
    nativeOf(this.net).shareWith(nativeOf(net));
  }

  /** Frees solver and nets when the runs asked for before are done. Calling it again does nothing. */
  async dispose(): Promise<void> {
    this.#disposing ??= this.#native.dispose();
    return this.#disposing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}

type ReadSolverOptions = { weights: Weights[]; basePath: string };

function readSolverOptions(options: SolverOptions): ReadSolverOptions {
  const { weights, basePath = '' } = readOptions(options, ['weights', 'basePath']);
  return { weights: weightsFrom(weights), basePath: basePath === '' ? '' : requirePath(basePath, "'basePath'") };
}

/** Whether it is fields, and not a text or what turns into one. */
function isParameter(solver: ModelText | SolverParameter): solver is SolverParameter {
  if (typeof solver !== 'object' || solver === null) return false;
  const conversion: unknown = reading('The solver', () => solver.toString);
  return conversion === undefined || conversion === Object.prototype.toString;
}

function divergence(step: Omit<NativeStep, 'diverged'>): CaffeError {
  return new CaffeError(
    'ERR_CAFFE_DIVERGED',
    `The loss became ${step.loss} after ${step.iteration} iterations, at learning rate ${step.learningRate.toPrecision(3)}.`,
    { hint: 'Train with a smaller learning rate: a third, then a tenth of it. The parameters are those before this iteration.' },
  );
}
