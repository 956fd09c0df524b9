/** Solvers: pycaffe's Solver with what it lacked, losses, tests and an early stop. */
import path from 'node:path';
import { withStopFlag } from './abort';
import { CaffeError, describe } from './errors';
import { reading, readOptions, requirePath } from './given';
import { explaining } from './load-errors';
import { type NativeEngine, type NativeModel, type NativeSolver, type NativeSolverEvent, type NativeStep, native } from './native';
import { type ModelText, type Net, nativeOf, textOf, type Weights, weightsFrom, wrapNet } from './net';
import { ENGINE_OPTIONS, type EngineOptions, engineRequest } from './net-engine';
import type { SolverParameter } from './prototxt';
import { guardReceivers } from './receiver';
import { type Run, startRun } from './run';
import { type SolveResult, solve } from './solve';
import { type SolverCallback, SolverCallbacks } from './solver-callbacks';
import { type DebugEvent, type SnapshotEvent, type SolverEvent, SolverListeners, type StepResult, type TestEvent } from './solver-events';
import { liveParameter } from './solver-param';
import type { Tensors } from './tensor';

export type { SolverParameter } from './prototxt';
export type { SolveResult } from './solve';
export type * from './solver-events';

export interface SolverOptions extends EngineOptions {
  /** Copied into the net before the first iteration, in order; in place of those that the solver's field `weights` names. */
  weights?: Weights | Weights[];
  /** Folder that relative files named by the solver are meant relative to. Default: the working directory, as in Caffe. */
  basePath?: string;
}

export class Solver {
  readonly #native: NativeSolver;
  readonly type: string;
  readonly net: Net;
  /** One for each `test_iter`, in Caffe's order: those of test_net_param, of test_net, and of net. */
  readonly testNets: readonly Net[];
  readonly #listeners = new SolverListeners();
  readonly #starts = new SolverCallbacks();
  readonly #gradients = new SolverCallbacks();
  #param: SolverParameter | undefined;
  #disposing: Promise<void> | undefined;

  static {
    guardReceivers(Solver, (value) => #native in value, ['solve']);
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
   * Loads a solver from a prototxt file, and the nets it names. `solver_mode: GPU` runs on the CPU, with a warning to `caffe.on('log')`,
   * where this Caffe was built without CUDA.
   *
   * @throws {CaffeError} as `Net.load`; ERR_CAFFE_PROTOTXT, too, for settings that cannot work, such as stepsize 0 or momentum with
   *   AdaGrad; ERR_CAFFE_FILE when snapshots are to be written into a folder that does not exist.
   */
  static async load(file: string, options: SolverOptions = {}): Promise<Solver> {
    const read = readSolverOptions(options);
    return Solver.#load({ path: path.resolve(read.basePath, requirePath(file, 'A solver')) }, read);
  }

  /**
   * Makes a solver from prototxt in memory, or from a SolverParameter; the net may be inside it (`net_param`).
   *
   * @throws {CaffeError} as `load`.
   */
  static async from(solver: ModelText | SolverParameter, options: SolverOptions = {}): Promise<Solver> {
    const text = isParameter(solver) ? native.messages.toText('SolverParameter', solver) : textOf(solver as ModelText, 'A solver');
    return Solver.#load({ text }, readSolverOptions(options));
  }

  static async #load(solver: NativeModel, options: ReadSolverOptions): Promise<Solver> {
    const building = { model: solver, basePath: options.basePath };
    return new Solver(await explaining(building, native.loadSolver({ solver, ...options })));
  }

  /** Iterations done. @throws {CaffeError} ERR_CAFFE_BUSY while a step runs. */
  get iteration(): number {
    return this.#native.iteration;
  }

  /**
   * The parameters as the caller wrote them. Fields that Caffe reads anew in each iteration can be set, also while the solver steps:
   * `solver.param.max_iter = 10`.
   *
   * @throws {CaffeError} ERR_CAFFE_INPUT, from an assignment, for any other field (the hint names those that can be set) and for a value
   *   that the field does not take.
   */
  get param(): SolverParameter {
    this.#param ??= liveParameter(this.#native);
    return this.#param;
  }

  /** The rate that the policy gives the next iteration. @throws {CaffeError} ERR_CAFFE_BUSY while a step runs. */
  get learningRate(): number {
    return this.#native.learningRate;
  }

  /** `base_lr`, which the policy scales. */
  get baseLearningRate(): number {
    return this.param.base_lr ?? 0;
  }

  set baseLearningRate(rate: number) {
    if (typeof rate !== 'number' || !(rate >= 0) || !Number.isFinite(rate)) {
      throw new CaffeError('ERR_CAFFE_INPUT', `A learning rate must be a number from 0; ${describe(rate)} was given.`);
    }
    this.param.base_lr = rate;
  }

  /**
   * Runs `count` iterations, with the tests and snapshots that the solver asks for in between.
   *
   * @param count   from 0; 0 runs nothing and gives what the last iteration gave.
   * @param options aborting ends it before the next iteration, or before the next batch of a test.
   * @returns the last of them.
   * @throws {CaffeError} ERR_CAFFE_DIVERGED when the loss is NaN or infinite; ERR_CAFFE_INPUT when the policy gives no learning rate for
   *   the iteration; ERR_CAFFE_CALLBACK when a callback throws; ERR_CAFFE_ABORTED. The parameters are then those before that iteration.
   */
  async step(count = 1, options: { signal?: AbortSignal } = {}): Promise<StepResult> {
    if (!Number.isInteger(count) || count < 0 || count >= 2 ** 31) {
      throw new CaffeError(
        'ERR_CAFFE_INPUT',
        `The number of iterations must be an integer from 0, below 2^31; ${describe(count)} was given.`,
      );
    }
    const { signal } = readOptions(options, ['signal']);
    const listeners = {
      event: (event: NativeSolverEvent) => this.#listeners.tell(event),
      start: this.#starts.runner,
      gradientsReady: this.#gradients.runner,
    };
    const { diverged, ...result } = await withStopFlag(signal, (stop) => this.#native.step(count, stop, listeners));
    if (diverged) throw divergence(result);
    return result;
  }

  /**
   * Trains to `max_iter`, with the tests and snapshots that the solver asks for, and a final snapshot unless it says otherwise.
   * Aborting finishes the iteration, writes a snapshot, and rejects with an AbortError; `stop()` does the same and resolves.
   *
   * @param options `resume` is a .solverstate file to go on from.
   * @throws {CaffeError} as `step`, `restore` and `snapshot`.
   */
  solve(options: { signal?: AbortSignal; resume?: string } = {}): Run<SolverEvent, SolveResult> {
    return startRun(async (control) => solve(this, control, readOptions(options, ['resume']).resume), options);
  }

  /**
   * Runs a test net over `test_iter` batches, from the first item of its data on.
   *
   * @param index which of `testNets`.
   * @returns mean outputs.
   * @throws {CaffeError} ERR_CAFFE_INPUT when there is no such net; ERR_CAFFE_ABORTED.
   */
  async test(index = 0, options: { signal?: AbortSignal } = {}): Promise<Tensors> {
    const { signal } = readOptions(options, ['signal']);
    const event = await withStopFlag(signal, (stop) => this.#native.test(index, stop));
    this.#listeners.tell(event);
    return event.outputs;
  }

  /**
   * Writes `<prefix>_iter_N.caffemodel` and `.solverstate` (with `snapshot_format: HDF5`, their .h5 forms). Both are written under a
   * temporary name first: a disk that is full leaves the former files as they are.
   *
   * The state holds, beside what Caffe's does, the seed, the losses behind `smoothedLoss`, and where each Data layer stands. Stock Caffe
   * passes that over.
   *
   * @throws {CaffeError} ERR_CAFFE_FILE when they cannot be written.
   */
  async snapshot(): Promise<{ model: string; state: string }> {
    const event = await this.#native.snapshot();
    this.#listeners.tell(event);
    return { model: event.model, state: event.state };
  }

  /**
   * Goes on from a .solverstate file: iteration, history and weights, and with our own files the seed and the place in the data, so that
   * what follows is bit for bit what would have followed. The seed of the state then counts, whatever `random_seed` says. With a file of
   * stock Caffe, Data layers go to the item that so many iterations lead to. Other layers that read files begin with their first item.
   *
   * The weights are looked for beside the state, then where the state says.
   *
   * @throws {CaffeError} ERR_CAFFE_WEIGHTS for a file that is truncated, no state, or that of another solver, network or type;
   *   ERR_CAFFE_FILE for one that cannot be read. The solver stays as it was.
   */
  async restore(file: string): Promise<void> {
    return this.#native.restore(requirePath(file, 'A solver state'));
  }

  /**
   * Listens to tests: those of `step` and `solve`, and those asked for.
   *
   * @returns ends the listening.
   */
  onTest(listener: (event: TestEvent) => void): () => void {
    return this.#listeners.add('test', listener);
  }

  /** Listens to snapshots, as `onTest` to tests. */
  onSnapshot(listener: (event: SnapshotEvent) => void): () => void {
    return this.#listeners.add('snapshot', listener);
  }

  /**
   * Listens to what `debug_info: true` asks for: with `display: n` in each n-th iteration, as Caffe logs it; without, in all of them.
   *
   * @returns ends the listening.
   */
  onDebug(listener: (event: DebugEvent) => void): () => void {
    return this.#listeners.add('debug', listener);
  }

  /**
   * Runs `callback` at the start of each iteration of the calls of `step` and `solve` from now on. The iteration waits for what it
   * returns; meanwhile the net is lent: data and diffs of its blobs may be read and changed, shapes may not.
   *
   * A callback that throws rejects the step with ERR_CAFFE_CALLBACK, its `cause` what was thrown; the parameters are those before the
   * iteration. One that never settles is left when the step is aborted or the solver disposed. To wait for a net of the same lane in it
   * would wait for ever, and rejects with ERR_CAFFE_BUSY.
   *
   * @returns takes the callback away again.
   */
  onStart(callback: SolverCallback): () => void {
    return this.#starts.add(callback);
  }

  /**
   * Runs `callback` in each iteration when all gradients are there, before they are clipped, divided by iter_size and applied; else as
   * `onStart`. The place to average gradients with others that train the same net:
   *
   * ```ts
   * solver.onGradientsReady(async () => {
   *   for (const blob of Object.values(solver.net.params).flat()) blob.diff = await averageWithPeers(blob.diff);
   * });
   * ```
   */
  onGradientsReady(callback: SolverCallback): () => void {
    return this.#gradients.add(callback);
  }

  /**
   * Applies the gradients in the net's diffs once, as Step does after backward: clipped, divided by iter_size, with weight decay. It
   * counts as an iteration.
   */
  async applyUpdate(): Promise<void> {
    return this.#native.applyUpdate();
  }

  /**
   * Makes the train net use another net's parameters. The test nets follow at their next test, as in Caffe.
   *
   * @throws {CaffeError} ERR_CAFFE_SHAPE when theirs differ; ERR_CAFFE_BUSY while one of them runs.
   */
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

type ReadSolverOptions = { weights: Weights[]; basePath: string; engine: NativeEngine };

function readSolverOptions(options: SolverOptions): ReadSolverOptions {
  const { weights, basePath = '', ...engine } = readOptions(options, ['weights', 'basePath', ...ENGINE_OPTIONS]);
  return {
    weights: weightsFrom(weights),
    basePath: basePath === '' ? '' : requirePath(basePath, "'basePath'"),
    engine: engineRequest(engine),
  };
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
