/** The loop of `solver.solve()`. */
import { CaffeError } from './errors';
import type { RunControl } from './run';
import type { Solver } from './solver';
import type { SnapshotEvent, SolverEvent, StepResult } from './solver-events';

export interface SolveResult extends StepResult {
  /** 'finished': max_iter was reached. 'stopped': by `stop()`. */
  reason: 'finished' | 'stopped';
  /** The final snapshot; absent when `snapshot_after_train` is false. */
  snapshot?: { model: string; state: string };
}

/**
 * Trains to max_iter as Caffe's Solve does: tests and snapshots at their intervals, a snapshot at the end, and a last test where one
 * is due then. Ended early, it writes a snapshot in any case.
 *
 * @param resume a .solverstate file to go on from.
 */
export async function solve(solver: Solver, control: RunControl<SolverEvent>, resume: string | undefined): Promise<SolveResult> {
  if (resume !== undefined) await solver.restore(resume);
  let newest: SnapshotEvent | undefined;
  const listening = [
    solver.onTest(control.emit),
    solver.onDebug(control.emit),
    solver.onSnapshot((event) => {
      newest = event;
      control.emit(event);
    }),
  ];
  try {
    const last = await iterate(solver, control);
    const finished = last.iteration >= target(solver);
    if ((solver.param.snapshot_after_train ?? true) || !finished) {
      if (newest?.iteration !== last.iteration) await solver.snapshot();
    } else {
      newest = undefined;
    }
    if (finished) await testAtTheEnd(solver, control);
    return { ...last, reason: finished ? 'finished' : 'stopped', snapshot: newest && { model: newest.model, state: newest.state } };
  } finally {
    for (const end of listening) end();
  }
}

/** The iteration to end at; it may be changed on the way. */
function target(solver: Solver): number {
  return Number(solver.param.max_iter ?? 0);
}

/** @returns the last iteration, of the former life of this solver when there was none to do. */
async function iterate(solver: Solver, control: RunControl<SolverEvent>): Promise<StepResult> {
  let last = await solver.step(0);
  while (last.iteration < target(solver) && !control.stopping()) {
    const step = await unlessStopped(control, () => solver.step(1, { signal: control.signal }));
    if (!step) break;
    last = step;
    control.emit({ type: 'iteration', ...last });
  }
  return last;
}

async function testAtTheEnd(solver: Solver, control: RunControl<SolverEvent>): Promise<void> {
  const interval = Number(solver.param.test_interval ?? 0);
  if (interval === 0 || solver.iteration % interval !== 0) return;
  for (const index of solver.testNets.keys()) {
    await unlessStopped(control, async () => solver.test(index, { signal: control.signal }));
  }
}

/** Undefined for work that was given up because the run is to end. */
async function unlessStopped<T>(control: RunControl<SolverEvent>, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (control.stopping() && error instanceof CaffeError && error.code === 'ERR_CAFFE_ABORTED') return undefined;
    throw error;
  }
}
