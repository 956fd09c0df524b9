import type { FieldNode } from './nodes';
import type { SourceText, Span } from './source-text';

/** Where a field begins with the comment lines right above it. A comment that heads the file belongs to the file. */
export function startWithComments(source: SourceText, field: FieldNode): number {
  const own = source.lineStart(field.start);
  let start = own;
  while (start > source.start) {
    const above = source.lineStart(start - 1);
    if (source.text[skipBlanks(source, above)] !== '#') return start;
    start = above;
  }
  return own;
}

/** What goes with a field: whole lines where it stands alone in them, otherwise the field and the blanks before it. */
export function removalOf(source: SourceText, field: FieldNode): Span {
  if (!source.beginsLine(field.start)) return removalInLine(source, field);
  if (source.endsLine(field.end)) return { start: startWithComments(source, field), end: source.nextLine(field.end) };
  return { start: field.start, end: skipBlanks(source, field.end) };
}

/** What goes with something in the middle of a line: the blanks before it, unless they keep apart what would run together. */
export function removalInLine(source: SourceText, { start, end }: Span): Span {
  return { start: /[\w.]/.test(source.text[end] ?? '') ? start : source.blanksBefore(start), end };
}

/** Joins removals that only blank lines separate, and takes the blank lines around them that would double or dangle. */
export function tidyRemovals(source: SourceText, removals: readonly Span[]): Span[] {
  const joined: Span[] = [];
  for (const span of [...removals].sort((a, b) => a.start - b.start)) {
    const last = joined.at(-1);
    if (last && skipSpace(source, last.end) >= span.start)
      joined[joined.length - 1] = { start: last.start, end: Math.max(last.end, span.end) };
    else joined.push(span);
  }
  return joined.map((span) => withBlankLines(source, span));
}

function withBlankLines(source: SourceText, span: Span): Span {
  const { text } = source;
  const takesLines = span.start === source.lineStart(span.start) && (span.end === text.length || text[span.end - 1] === '\n');
  if (!takesLines) return span;
  const following = text[skipSpace(source, span.end)];
  const before = blankLinesBefore(source, span.start);
  if (following === undefined || following === '}' || following === '>') return { start: before, end: span.end };
  const preceding = before === source.start ? undefined : text[spaceBefore(source, before) - 1];
  const opensBlock = preceding === undefined || preceding === '{' || preceding === '<';
  return opensBlock || before < span.start ? { start: span.start, end: blankLinesAfter(source, span.end) } : span;
}

/** Where the blank lines begin that end at `offset`, the beginning of a line. */
function blankLinesBefore(source: SourceText, offset: number): number {
  let start = offset;
  while (start > source.start && source.beginsLine(start - 1)) start = source.lineStart(start - 1);
  return start;
}

/** Where the blank lines end that begin at `offset`, the beginning of a line. */
function blankLinesAfter(source: SourceText, offset: number): number {
  let end = offset;
  while (source.text[skipBlanks(source, end)] === '\n') end = source.nextLine(end);
  return end;
}

/** The first offset from here on that is no blank. */
function skipBlanks({ text }: SourceText, offset: number): number {
  let end = offset;
  while (isSpace(text[end]) && text[end] !== '\n') end++;
  return end;
}

/** The first offset from here on that is neither blank nor line break. */
function skipSpace({ text }: SourceText, offset: number): number {
  let end = offset;
  while (isSpace(text[end])) end++;
  return end;
}

/** Where the blanks and line breaks begin that end at `offset`. */
function spaceBefore(source: SourceText, offset: number): number {
  let start = offset;
  while (start > source.start && isSpace(source.text[start - 1])) start--;
  return start;
}

function isSpace(character: string | undefined): boolean {
  return character !== undefined && ' \t\n\r\v\f'.includes(character);
}
