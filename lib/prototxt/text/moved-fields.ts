/** Fields that are written elsewhere or otherwise, with the comments that speak of them. */
import type { Edits } from './edits';
import type { FieldNode } from './nodes';
import { removalInLine, startWithComments } from './removal';
import type { SourceText } from './source-text';

/** The comments of a field: the lines above it, and what stands behind it in its line; empty where there are none. */
export interface FieldComments {
  readonly above: readonly string[];
  readonly behind: string;
}

/** The comments of a field that is alone in its line, or last in it. */
export function commentsOf(source: SourceText, field: FieldNode): FieldComments {
  const own = source.lineStart(field.start);
  const above = source.beginsLine(field.start) ? source.text.slice(startWithComments(source, field), own) : '';
  const behind = source.endsLine(field.end) ? source.text.slice(field.end, source.lineEnd(field.end)).trim() : '';
  return {
    above: above
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== ''),
    behind,
  };
}

/** The line of a snippet for something, with its comments. */
export function withComments(line: string, { above, behind }: FieldComments): string[] {
  return [...above, behind ? `${line} ${behind}` : line];
}

/** The lines of a snippet without comments, for a place where it stands in one line with other things. */
export function withoutComments(lines: readonly string[]): string[] {
  return lines.map((line) => line.replace(/(^|["\w.}])\s*#.*$/, '$1')).filter((line) => line.trim() !== '');
}

/**
 * Takes fields out, each line with its comments, and puts a snippet where the first of them stood. What stands above that one stays.
 *
 * @param snippet given whether it stands in lines of its own, and may have comments.
 */
export function replaceFields(edits: Edits, source: SourceText, fields: readonly FieldNode[], snippet: (inLines: boolean) => string): void {
  const [first, ...others] = runsOf(source, fields);
  if (!first) return;
  const inLines = fillsLines(source, first);
  const text = inLines ? edits.layout.lines(snippet(true), edits.layout.indentAt(first.start)) : edits.layout.inline(snippet(false));
  const start = inLines ? source.lineStart(first.start) : first.start;
  edits.replace({ start, end: inLines ? source.lineEnd(first.end) : first.end }, text);
  for (const run of others) takeOut(edits, source, run);
}

/** Takes fields out, each line with its comments. */
export function takeFields(edits: Edits, source: SourceText, fields: readonly FieldNode[]): void {
  for (const run of runsOf(source, fields)) takeOut(edits, source, run);
}

/** Fields that follow each other in one line. */
interface Run {
  readonly first: FieldNode;
  readonly start: number;
  readonly end: number;
}

function runsOf(source: SourceText, fields: readonly FieldNode[]): Run[] {
  const runs: Run[] = [];
  for (const field of fields) {
    const last = runs.at(-1);
    const follows = last && source.sameLine(last.end, field.start) && source.text.slice(last.end, field.start).trim() === '';
    if (last && follows) runs[runs.length - 1] = { ...last, end: field.end };
    else runs.push({ first: field, start: field.start, end: field.end });
  }
  return runs;
}

function fillsLines(source: SourceText, { start, end }: Run): boolean {
  return source.beginsLine(start) && source.endsLine(end);
}

function takeOut(edits: Edits, source: SourceText, run: Run): void {
  const span = fillsLines(source, run)
    ? { start: startWithComments(source, run.first), end: source.nextLine(run.end) }
    : removalInLine(source, run);
  edits.replace(span, '');
}
