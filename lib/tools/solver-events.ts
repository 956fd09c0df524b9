/** Events of a solver's run, told apart by what they hold: there may be types that a reader does not know. */
import type { StepResult } from '../solver';
import type { Tensors } from '../tensor';

export interface IterationEvent extends StepResult {
  type: 'iteration';
}

/** A test net has been run. */
export interface TestEvent {
  type: 'test';
  /** Iterations done before. */
  iteration: number;
  /** Which of the solver's `testNets`. */
  index: number;
  /** Means over the batches. */
  outputs: Tensors;
  /** With `test_compute_loss: true`: the mean sum of all weighted losses. */
  loss?: number;
}

export interface SnapshotEvent {
  type: 'snapshot';
  /** The .caffemodel file. */
  model: string;
  /** The .solverstate file. */
  state: string;
}

export function isIterationEvent(event: { type: string }): event is IterationEvent {
  return event.type === 'iteration';
}

export function isTestEvent(event: { type: string }): event is TestEvent {
  return event.type === 'test' && 'outputs' in event && 'iteration' in event;
}

export function isSnapshotEvent(event: { type: string }): event is SnapshotEvent {
  return event.type === 'snapshot' && 'model' in event && 'state' in event;
}
