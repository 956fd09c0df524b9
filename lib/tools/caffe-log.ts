/** A training in the lines that the caffe tool logs, for the many scripts that read them (`parseLog` is one). */
import { CaffeError, describe } from '../errors';
import { reading, readOptions } from '../given';
import type { Net } from '../net';
import { Solver } from '../solver';
import type { Tensors } from '../tensor';
import { general } from './general';
import { type IterationEvent, isIterationEvent, isSnapshotEvent, isTestEvent, type SnapshotEvent, type TestEvent } from './solver-events';

export interface CaffeLogOptions {
  /** The clock. Default: the system's. */
  now?: () => Date;
  /** What stands where glog writes the thread. Default: the process. */
  thread?: number;
}

/** Events of a solver's run that have lines in the log; others have none. */
export type LoggedEvent = IterationEvent | TestEvent | SnapshotEvent;

/** Each function gives lines, ended by a line break, or an empty text. */
export interface CaffeLog {
  begin(): string;
  event(event: LoggedEvent | { type: string }): string;
  end(reason: 'finished' | 'stopped'): string;
}

/**
 * Writes the events of `solver.solve()` as Caffe logs them: iterations at the solver's `display` interval, tests and snapshots.
 *
 * ```ts
 * const log = caffeLog(solver);
 * process.stderr.write(log.begin());
 * const run = solver.solve();
 * for await (const event of run) process.stderr.write(log.event(event));
 * process.stderr.write(log.end((await run).reason));
 * ```
 *
 * @throws {CaffeError} ERR_CAFFE_INPUT for what is no Solver.
 */
export function caffeLog(solver: Solver, options: CaffeLogOptions = {}): CaffeLog {
  const { now, thread } = readOptions(options, ['now', 'thread']);
  if (!reading('The solver', () => solver instanceof Solver)) {
    throw new CaffeError('ERR_CAFFE_INPUT', `A Solver was expected; ${describe(solver)} was given.`);
  }
  return new LogLines(solver, { now, thread });
}

class LogLines implements CaffeLog {
  private readonly now: () => Date;
  private readonly thread: number;
  private readonly display: number;
  private readonly policy: string;
  /** The last iteration that was shown, in Caffe's counting, and when; in milliseconds. */
  private displayed: { iteration: number; time: number };

  constructor(
    private readonly solver: Solver,
    { now = () => new Date(), thread = process.pid }: CaffeLogOptions,
  ) {
    this.now = now;
    this.thread = thread;
    this.display = solver.param.display ?? 0;
    this.policy = solver.param.lr_policy ?? '';
    this.displayed = { iteration: Math.max(0, solver.iteration - 1), time: now().getTime() };
  }

  begin(): string {
    return (
      this.line('solver.cpp:272', `Solving ${this.solver.net.name}`) + this.line('solver.cpp:273', `Learning Rate Policy: ${this.policy}`)
    );
  }

  event(event: LoggedEvent | { type: string }): string {
    if (isIterationEvent(event)) return this.iteration(event);
    if (isTestEvent(event)) return this.test(event);
    return isSnapshotEvent(event) ? this.snapshot(event) : '';
  }

  end(reason: 'finished' | 'stopped'): string {
    return this.line('solver.cpp:315', reason === 'finished' ? 'Optimization Done.' : 'Optimization stopped early.');
  }

  private iteration(event: IterationEvent): string {
    const iteration = event.iteration - 1; // Caffe counts those that were done before
    if (this.display === 0 || iteration % this.display !== 0) return '';
    const time = this.now().getTime();
    const seconds = (time - this.displayed.time) / 1000;
    const rate = (iteration - this.displayed.iteration) / (seconds || 1);
    this.displayed = { iteration, time };
    const speed = `(${general(rate)} iter/s, ${general(seconds)}s/${this.display} iters)`;
    return (
      this.line('solver.cpp:218', `Iteration ${iteration} ${speed}, loss = ${general(event.smoothedLoss)}`) +
      this.outputs('solver.cpp:237', 'Train', this.solver.net, event.outputs) +
      this.line('sgd_solver.cpp:105', `Iteration ${iteration}, lr = ${general(event.learningRate)}`)
    );
  }

  private test({ iteration, index, outputs, loss }: TestEvent): string {
    return (
      this.line('solver.cpp:330', `Iteration ${iteration}, Testing net (#${index})`) +
      (loss === undefined ? '' : this.line('solver.cpp:388', `Test loss: ${general(loss)}`)) +
      this.outputs('solver.cpp:397', 'Test', this.solver.testNets[index], outputs)
    );
  }

  private snapshot({ model, state }: SnapshotEvent): string {
    const format = model.endsWith('.h5') ? 'HDF5' : 'binary proto';
    return (
      this.line('solver.cpp:447', `Snapshotting to ${format} file ${model}`) +
      this.line('sgd_solver.cpp:273', `Snapshotting solver state to ${format} file ${state}`)
    );
  }

  private outputs(place: string, title: string, net: Net | undefined, outputs: Tensors): string {
    const lines = scoresOf(net, outputs).map((score, index) => this.line(place, `    ${title} net output #${index}: ${score}`));
    return lines.join('');
  }

  private line(place: string, message: string): string {
    return `${stamp(this.now(), this.thread)} ${place}] ${message}\n`;
  }
}

/** `name = value (* weight = weighted loss)` for each value of each output, numbered through by the caller. */
function scoresOf(net: Net | undefined, outputs: Tensors): string[] {
  return Object.entries(outputs).flatMap(([name, { data }]) => {
    const weight = lossWeightOf(net, name);
    const note = (value: number) => (weight === 0 ? '' : ` (* ${general(weight)} = ${general(weight * value)} loss)`);
    return Array.from(data, (value) => `${name} = ${general(value)}${note(value)}`);
  });
}

function lossWeightOf(net: Net | undefined, output: string): number {
  const layer = net?.layers.find(({ tops }) => tops.includes(output));
  return layer?.lossWeights[layer.tops.indexOf(output)] ?? 0;
}

/** glog's: severity and date, time, thread. */
function stamp(time: Date, thread: number): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const date = two(time.getMonth() + 1) + two(time.getDate());
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(':');
  return `I${date} ${clock}.${String(time.getMilliseconds()).padStart(3, '0')}000 ${String(thread).padStart(5)}`;
}
