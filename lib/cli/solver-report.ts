/** A solver's run for people, event by event. */
import type { SolveResult, Solver, StepResult } from '../solver';
import type { Tensors } from '../tensor';
import { isIterationEvent, isSnapshotEvent, isTestEvent } from '../tools/solver-events';
import { decimal, waitingText } from './command';

/** Lines about the events of one run; each snapshot is told once, whoever asked for it. */
export class SolverReport {
  private readonly display: number;
  private told: string | undefined;
  private waited = 0;

  constructor(solver: Solver) {
    this.display = Number(solver.param.display ?? 0);
  }

  /** A line, or an empty text: iterations are told at the solver's `display` interval. */
  event(event: { type: string }): string {
    if (isIterationEvent(event)) return this.iteration(event);
    if (isSnapshotEvent(event)) return this.snapshot(event);
    if (isTestEvent(event)) {
      const { iteration, index = 0, outputs } = event;
      return `iteration ${iteration}, test net ${index}: ${outputsText(outputs)}`;
    }
    const { type, ...facts } = event as Record<string, unknown>;
    return `${type}: ${Object.entries(facts).map(factText).join(', ')}`;
  }

  snapshot({ model, state }: { model: string; state: string }): string {
    if (this.told === model) return '';
    this.told = model;
    return `snapshot: ${model}, ${state}`;
  }

  end({ iteration, reason, smoothedLoss, snapshot }: SolveResult): string {
    const loss = Number.isNaN(smoothedLoss) ? '' : `, loss ${decimal(smoothedLoss)}`;
    const line = snapshot ? this.snapshot(snapshot) : '';
    return `${reason} after ${iteration} iterations${loss}${waitingText(this.waited)}${line && `\n${line}`}`;
  }

  private iteration({ iteration, smoothedLoss, learningRate, waiting }: StepResult): string {
    this.waited += waiting;
    if (this.display === 0 || (iteration - 1) % this.display !== 0) return '';
    return `iteration ${iteration}: loss ${decimal(smoothedLoss)}, learning rate ${decimal(learningRate)}`;
  }
}

function outputsText(outputs: Tensors): string {
  const MOST = 8;
  return Object.entries(outputs)
    .map(([name, { data }]) => `${name} = ${Array.from(data.subarray(0, MOST), decimal).join(' ')}${data.length > MOST ? ' …' : ''}`)
    .join(', ');
}

/** Something of an event that this version does not know. */
function factText([name, value]: [string, unknown]): string {
  if (typeof value === 'number') return `${name} ${decimal(value)}`;
  if (Array.isArray(value)) return `${value.length} ${name}`;
  if (typeof value !== 'object' || value === null) return `${name} ${String(value)}`;
  return `${name} (${Object.entries(value).map(factText).join(', ')})`;
}
