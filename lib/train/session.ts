import path from 'node:path';
import type { Metrics } from '../model-info';
import type { RunControl } from '../run';
import type { Solver, StepResult } from '../solver';
import { divergence, hasCode } from './divergence';
import type { EndReason, TrainingEvent } from './events';
import type { ModelFolder } from './model-folder';
import type { TrainingPlan } from './plan';
import type { Validation } from './validation';

export interface SessionParts {
  plan: TrainingPlan;
  solver: Solver;
  /** Undefined for a dataset without validation images. */
  validation: Validation | undefined;
  folder: ModelFolder;
  control: RunControl<TrainingEvent>;
  signal: AbortSignal | undefined;
}

/** One training from its weights to its end: the loop over iterations, with validations and snapshots in between. */
export class TrainingSession {
  private readonly begun = performance.now();

  constructor(private readonly parts: SessionParts) {}

  /**
   * Trains until the plan is done or the run is to end early; in either case a snapshot is there.
   *
   * @throws {CaffeError} ERR_CAFFE_DIVERGED with the last good snapshot as `file`.
   */
  async run(): Promise<EndReason> {
    while (!this.isOver) {
      await this.iterate();
      if (!this.isOver) await this.pause();
    }
    await this.checkpoint();
    if (this.parts.signal?.aborted) return 'aborted';
    return this.isDone ? 'finished' : 'stopped';
  }

  private get isDone(): boolean {
    return this.parts.solver.iteration >= this.parts.plan.iterations;
  }

  private get isOver(): boolean {
    return this.isDone || this.parts.control.stopping();
  }

  private get epoch(): number {
    return this.parts.solver.iteration / this.parts.plan.iterationsPerEpoch;
  }

  private async iterate(): Promise<void> {
    const step = await this.explaining(() => this.parts.solver.step(1));
    await this.report(this.iterationEvent(step));
  }

  private iterationEvent({ iteration, loss, learningRate, waiting }: StepResult): TrainingEvent {
    const elapsed = (performance.now() - this.begun) / 1000;
    const eta = (elapsed / iteration) * (this.parts.plan.iterations - iteration);
    const engine = this.parts.solver.net.engine.name;
    return { type: 'iteration', iteration, epoch: this.epoch, loss, learningRate, eta, waiting, engine };
  }

  /** What the plan has due after this iteration. */
  private async pause(): Promise<void> {
    const { plan, solver } = this.parts;
    if (solver.iteration % plan.snapshotEvery === 0) await this.checkpoint();
    else if (solver.iteration % plan.validateEvery === 0) await this.validate();
  }

  /** Every snapshot is validated first: its accuracy is known, and weights that have diverged are never written. */
  private async checkpoint(): Promise<void> {
    const metrics = await this.validate();
    await this.snapshot(metrics);
  }

  /** Whoever aborts is waiting: what is left of the validation is not done then. */
  private async validate(): Promise<Metrics | undefined> {
    const { validation, solver, signal } = this.parts;
    if (!validation || signal?.aborted) return undefined;
    try {
      const metrics = await this.explaining(() => validation.run(signal));
      await this.report({ type: 'validation', iteration: solver.iteration, epoch: this.epoch, ...metrics });
      return metrics;
    } catch (error) {
      if (hasCode(error, 'ERR_CAFFE_ABORTED')) return undefined;
      throw error;
    }
  }

  private async snapshot(metrics: Metrics | undefined): Promise<void> {
    const { solver, folder, plan } = this.parts;
    const { iteration } = solver;
    if (folder.newest?.iteration === iteration) return;
    const { model } = await solver.snapshot();
    const scores = metrics && { accuracy: metrics.accuracy, loss: metrics.loss };
    await folder.addSnapshot({ iteration, epoch: this.epoch, ...scores }, metrics, plan.keepSnapshots);
    await this.report({ type: 'snapshot', iteration, path: path.resolve(model) });
  }

  /** Adds to a divergence what is left of the training. */
  private async explaining<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const { newest } = this.parts.folder;
      throw hasCode(error, 'ERR_CAFFE_DIVERGED') ? divergence(error, newest && this.parts.folder.snapshotPath(newest.iteration)) : error;
    }
  }

  private async report(event: TrainingEvent): Promise<void> {
    this.parts.control.emit(event);
    await this.parts.folder.record(event);
  }
}
