/** A solver's run for people, event by event. */
import type { SolveResult, Solver, StepResult } from '../solver';
import type { Tensor, Tensors } from '../tensor';
import { decimal } from './command';

/** A line about an event, or an empty text: iterations are told at the solver's `display` interval. */
export function eventText(event: { type: string }, solver: Solver): string {
  if (event.type === 'iteration') return iterationText(event as unknown as StepResult, Number(solver.param.display ?? 0));
  const { type, ...facts } = event as Record<string, unknown>;
  return `${type}: ${Object.entries(facts).map(factText).join(', ')}`;
}

export function endText({ iteration, reason, smoothedLoss, snapshot }: SolveResult): string {
  const loss = Number.isNaN(smoothedLoss) ? '' : `, loss ${decimal(smoothedLoss)}`;
  return `${reason} after ${iteration} iterations${loss}${snapshot ? `\nsnapshot: ${snapshot.model}, ${snapshot.state}` : ''}`;
}

function iterationText({ iteration, smoothedLoss, learningRate }: StepResult, display: number): string {
  if (display === 0 || (iteration - 1) % display !== 0) return '';
  return `iteration ${iteration}: loss ${decimal(smoothedLoss)}, learning rate ${decimal(learningRate)}`;
}

function factText([name, value]: [string, unknown]): string {
  if (typeof value === 'number') return `${name} ${decimal(value)}`;
  if (typeof value !== 'object' || value === null) return `${name} ${String(value)}`;
  const tensors = Object.entries(value as Tensors).filter((entry): entry is [string, Tensor] => ArrayBuffer.isView(entry[1]?.data));
  return tensors.map(([output, { data }]) => `${output} = ${Array.from(data.subarray(0, 8), decimal).join(' ')}`).join(', ');
}
