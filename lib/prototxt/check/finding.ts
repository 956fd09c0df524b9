/** What a check finds, gathered over all that it looks at. */
import type { SourceText } from '../text/source-text';

/** An error: Caffe refuses the file. A warning: it takes it, and it is probably not what was meant. Info: worth knowing. */
export type Severity = 'error' | 'warning' | 'info';

/** Stable, to be compared in code; what each means is in docs/prototxt.md. */
export type FindingCode =
  | 'syntax'
  | 'unknown-field'
  | 'wrong-type'
  | 'missing-field'
  | 'given-twice'
  | 'no-layers'
  | 'old-notation'
  | 'old-inputs'
  | 'unknown-type'
  | 'unavailable'
  | 'user-type'
  | 'include-and-exclude'
  | 'never-built'
  | 'duplicate-name'
  | 'unknown-bottom'
  | 'duplicate-top'
  | 'unused-top'
  | 'in-place'
  | 'in-place-gradient'
  | 'in-place-shared'
  | 'bottom-count'
  | 'top-count'
  | 'setting'
  | 'filler'
  | 'shape'
  | 'window'
  | 'unknown-shape'
  | 'assumed-shape'
  | 'too-large'
  | 'param-blocks'
  | 'shared-param'
  | 'weights'
  | 'no-data'
  | 'no-loss'
  | 'solver';

/** One thing that is wrong, or worth knowing. */
export interface Finding {
  readonly severity: Severity;
  readonly code: FindingCode;
  /** What is wrong, with the values that make it so. */
  readonly message: string;
  /** Where in the text, from 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** The layer in question. */
  readonly layer?: string;
  /** The blob in question. */
  readonly blob?: string;
  /** What to do about it. */
  readonly fix: string;
  /** Where the file makes several nets and only some have it: those that do, as 'train' or 'test, stage val'. */
  readonly states?: readonly string[];
}

/** A finding before it is known in which line it lies. */
export interface Report {
  readonly severity: Severity;
  readonly code: FindingCode;
  /** Offset in the text. */
  readonly at: number;
  readonly message: string;
  readonly fix: string;
  readonly layer?: string;
  readonly blob?: string;
}

/** Findings by place, code and fix: what holds in several states is one finding, also where batches make the message another. */
export class Findings {
  private readonly found = new Map<string, { report: Report; states: string[] }>();

  /** @param state the name of the state it holds in; without, it holds in the file. */
  add(report: Report, state?: string): void {
    const key = `${report.at} ${report.code} ${report.fix}`;
    const known = this.found.get(key);
    if (!known) this.found.set(key, { report, states: state === undefined ? [] : [state] });
    else if (state !== undefined && !known.states.includes(state)) known.states.push(state);
  }

  /** In file order, errors first where several lie in one place. @param states the names of all states that were looked at. */
  inFileOrder(source: SourceText, states: readonly string[]): Finding[] {
    const sorted = [...this.found.values()].sort((a, b) => a.report.at - b.report.at || rank(a.report) - rank(b.report));
    return sorted.map(({ report: { at, severity, code, message, layer, blob, fix }, states: own }) => ({
      severity,
      code,
      message,
      ...source.locate(at),
      ...(layer !== undefined && { layer }),
      ...(blob !== undefined && { blob }),
      fix,
      ...(own.length > 0 && own.length < states.length && { states: own }),
    }));
  }
}

function rank({ severity }: Report): number {
  return ['error', 'warning', 'info'].indexOf(severity);
}
