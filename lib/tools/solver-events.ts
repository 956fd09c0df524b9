/** Events of a solver's run, told apart by what they hold: there may be types that a reader does not know. */
import type { IterationEvent, SnapshotEvent, TestEvent } from '../solver';

export type { IterationEvent, SnapshotEvent, TestEvent } from '../solver';

export function isIterationEvent(event: { type: string }): event is IterationEvent {
  return event.type === 'iteration';
}

export function isTestEvent(event: { type: string }): event is TestEvent {
  return event.type === 'test' && 'outputs' in event && 'iteration' in event;
}

export function isSnapshotEvent(event: { type: string }): event is SnapshotEvent {
  return event.type === 'snapshot' && 'model' in event && 'state' in event;
}
