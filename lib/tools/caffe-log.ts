/** A training in the lines that the caffe tool logs, for the many scripts that read them (`parseLog` is one). */
import type { Net } from '../net';
import type { Solver, StepResult } from '../solver';
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
 */
export function caffeLog(solver: Solver, { now = () => new Date(), thread = process.pid }: CaffeLogOptions = {}): CaffeLog {
  const { display = 0, lr_policy: policy = '' } = solver.param as { display?: number; lr_policy?: string };
  const line = (place: string, message: string) => `${stamp(now(), thread)} ${place}] ${message}\n`;
  const outputLines = (place: string, title: string, net: Net | undefined, outputs: Tensors) =>
    scoresOf(net, outputs)
      .map((score, index) => line(place, `    ${title} net output #${index}: ${score}`))
      .join('');
  let displayed = { iteration: Math.max(0, solver.iteration - 1), time: now().getTime() };

  const iterationLines = (event: StepResult): string => {
    const iteration = event.iteration - 1; // Caffe counts those that were done before
    if (display === 0 || iteration % display !== 0) return '';
    const time = now().getTime();
    const seconds = (time - displayed.time) / 1000;
    const rate = (iteration - displayed.iteration) / (seconds || 1);
    displayed = { iteration, time };
    const speed = `(${general(rate)} iter/s, ${general(seconds)}s/${display} iters)`;
    return (
      line('solver.cpp:218', `Iteration ${iteration} ${speed}, loss = ${general(event.smoothedLoss)}`) +
      outputLines('solver.cpp:237', 'Train', solver.net, event.outputs) +
      line('sgd_solver.cpp:105', `Iteration ${iteration}, lr = ${general(event.learningRate)}`)
    );
  };

  const testLines = ({ iteration, index = 0, outputs, loss }: TestEvent): string =>
    line('solver.cpp:330', `Iteration ${iteration}, Testing net (#${index})`) +
    (loss === undefined ? '' : line('solver.cpp:388', `Test loss: ${general(loss)}`)) +
    outputLines('solver.cpp:397', 'Test', solver.testNets[index], outputs);

  return {
    begin: () => line('solver.cpp:272', `Solving ${solver.net.name}`) + line('solver.cpp:273', `Learning Rate Policy: ${policy}`),
    event(event) {
      if (isIterationEvent(event)) return iterationLines(event);
      if (isTestEvent(event)) return testLines(event);
      return isSnapshotEvent(event) ? snapshotLines(line, event) : '';
    },
    end: (reason) => line('solver.cpp:315', reason === 'finished' ? 'Optimization Done.' : 'Optimization stopped early.'),
  };
}

function snapshotLines(line: (place: string, message: string) => string, { model, state }: { model: string; state: string }): string {
  const format = model.endsWith('.h5') ? 'HDF5' : 'binary proto';
  return (
    line('solver.cpp:447', `Snapshotting to ${format} file ${model}`) +
    line('sgd_solver.cpp:273', `Snapshotting solver state to ${format} file ${state}`)
  );
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
