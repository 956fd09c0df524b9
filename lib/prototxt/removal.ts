import type { FieldNode } from './nodes';
import type { SourceText, Span } from './source-text';

/** Where a field begins with the comment lines right above it. A comment that heads the file belongs to the file. */
export function startWithComments(source: SourceText, field: FieldNode): number {
  const own = source.lineStart(field.start);
  let start = own;
  while (start > source.start) {
    const above = source.lineStart(start - 1);
    if (!source.text.slice(above, start).trimStart().startsWith('#')) return start;
    start = above;
  }
  return own;
}

/** What goes with a field: whole lines where it stands alone in them, otherwise the field and the blanks before it. */
export function removalOf(source: SourceText, field: FieldNode): Span {
  const before = source.text.slice(source.lineStart(field.start), field.start);
  const after = source.text.slice(field.end, source.lineEnd(field.end));
  const aloneBefore = before.trim() === '';
  const aloneAfter = /^\s*(#|$)/.test(after);
  if (aloneBefore && aloneAfter) return { start: startWithComments(source, field), end: source.nextLine(field.end) };
  if (aloneBefore) return { start: field.start, end: field.end + blanksAtStart(after) };
  return { start: field.start - blanksAtEnd(before), end: field.end };
}

/** Joins removals that only blank lines separate, and takes the blank lines around them that would double or dangle. */
export function tidyRemovals(source: SourceText, removals: readonly Span[]): Span[] {
  const joined: Span[] = [];
  for (const span of [...removals].sort((a, b) => a.start - b.start)) {
    const last = joined.at(-1);
    const gap = last && source.text.slice(last.end, span.start);
    if (last && gap?.trim() === '') joined[joined.length - 1] = { start: last.start, end: Math.max(last.end, span.end) };
    else joined.push(span);
  }
  return joined.map((span) => withBlankLines(source, span));
}

function withBlankLines(source: SourceText, span: Span): Span {
  const takesLines = span.start === source.lineStart(span.start) && (span.end === source.text.length || source.text[span.end - 1] === '\n');
  if (!takesLines) return span;
  const before = source.text.slice(source.start, span.start);
  const after = source.text.slice(span.end);
  const blankBefore = /(?:^|\n)((?:[ \t]*\r?\n)*)$/.exec(before)?.[1]?.length ?? 0;
  const blankAfter = /^(?:[ \t]*\r?\n)*/.exec(after)?.[0].length ?? 0;
  if (/^\s*([}>]|$)/.test(after)) return { start: span.start - blankBefore, end: span.end };
  const opensBlock = /(^|[{<])\s*$/.test(before);
  return opensBlock || blankBefore > 0 ? { start: span.start, end: span.end + blankAfter } : span;
}

function blanksAtStart(text: string): number {
  return text.length - text.trimStart().length;
}

function blanksAtEnd(text: string): number {
  return text.length - text.trimEnd().length;
}
