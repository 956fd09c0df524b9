import { type Difference, differences } from './alignment';
import { encodeString } from './literals';

const LINES = /[^\n]*\n|[^\n]+$/g;
const NO_NEWLINE = '\n\\ No newline at end of file\n';

/**
 * The differences between two texts as a unified diff, for `patch -p1` and `git apply`; empty when there are none.
 *
 * @param name of the file, in its header.
 * @param context how many unchanged lines to show around each change.
 */
export function unifiedDiff(before: string, after: string, name: string, context: number): string {
  const [old, now] = [before.match(LINES) ?? [], after.match(LINES) ?? []];
  const groups = grouped(differences(old, now), context);
  if (groups.length === 0) return '';
  const hunks = groups.map((group) => hunk(old, now, group, context));
  return `--- ${headerName(`a/${name}`)}\n+++ ${headerName(`b/${name}`)}\n${hunks.join('')}`;
}

/** Differences whose context would overlap belong together. */
function grouped(all: readonly Difference[], context: number): Difference[][] {
  const groups: Difference[][] = [];
  for (const difference of all) {
    const last = groups.at(-1);
    const end = last?.at(-1)?.before.end;
    if (last && end !== undefined && difference.before.start - end <= 2 * context) last.push(difference);
    else groups.push([difference]);
  }
  return groups;
}

function hunk(old: readonly string[], now: readonly string[], group: readonly Difference[], context: number): string {
  const [first, last] = [group[0], group.at(-1)] as [Difference, Difference];
  const lead = Math.min(context, first.before.start);
  const tail = Math.min(context, old.length - last.before.end);
  const lines: string[] = [];
  let done = first.before.start - lead;
  for (const { before, after } of group) {
    for (const line of old.slice(done, before.start)) lines.push(marked(' ', line));
    for (const line of old.slice(before.start, before.end)) lines.push(marked('-', line));
    for (const line of now.slice(after.start, after.end)) lines.push(marked('+', line));
    done = before.end;
  }
  for (const line of old.slice(done, last.before.end + tail)) lines.push(marked(' ', line));
  const oldRange = rangeOf(first.before.start - lead, last.before.end + tail);
  const newRange = rangeOf(first.after.start - lead, last.after.end + tail);
  return `@@ -${oldRange} +${newRange} @@\n${lines.join('')}`;
}

/** An empty range is said to be behind the line before it. */
function rangeOf(start: number, end: number): string {
  const count = end - start;
  return `${count === 0 ? start : start + 1}${count === 1 ? '' : `,${count}`}`;
}

function marked(mark: string, line: string): string {
  return mark + (line.endsWith('\n') ? line : line + NO_NEWLINE);
}

/** Quoted where it could be misread, with a tab behind it where it has blanks, as git writes it. */
function headerName(name: string): string {
  if (/["\\\p{Cc}]/u.test(name)) return encodeString(name);
  return /\s/.test(name) ? `${name}\t` : name;
}
