import { Layout } from './layout';
import { encodeString } from './literals';
import type { FieldNode, MessageNode, StringNode } from './nodes';
import { removalOf, startWithComments, tidyRemovals } from './removal';
import type { SourceText, Span } from './source-text';

interface Change extends Span {
  readonly text: string;
  /** The field beside which something is inserted, and the text to insert in its place where it is removed. */
  readonly beside?: { readonly field: FieldNode; readonly instead: string };
}

/**
 * Changes to a document, collected and then applied at once. What is inserted comes as a snippet: lines of prototxt,
 * indented by two spaces a step, which take over the indentation and the line breaks of the file.
 */
export class Edits {
  readonly layout: Layout;
  protected readonly source: SourceText;
  private readonly changes: Change[] = [];
  private readonly removals = new Map<FieldNode, Span>();

  constructor(root: MessageNode) {
    this.source = root.source;
    this.layout = new Layout(root);
  }

  /** Puts `text` in the place of a node, as it is. */
  replace(span: Span, text: string): void {
    this.changes.push({ start: span.start, end: span.end, text });
  }

  /** Changes the value of a string and keeps its quotes. */
  setString(node: StringNode, value: string): void {
    this.replace(node, encodeString(value, node.quote));
  }

  /** Sets a scalar field to a literal; a field that is absent becomes the first of the message. */
  setScalar(message: MessageNode, name: string, literal: string): void {
    const present = message.values(name).at(-1);
    if (present) this.replace(present, literal);
    else this.prepend(message, `${name}: ${literal}`);
  }

  /** Inserts at the top of a message: above its comments, if it has several lines. */
  prepend(message: MessageNode, snippet: string): void {
    const opening = message.isRoot ? message.start : message.start + 1;
    const following = message.fields[0]?.start ?? message.end - 1;
    if (message.isRoot) this.insertAt(opening, this.layout.lines(snippet, '') + this.layout.newline);
    else if (this.source.sameLine(opening, following)) this.insertInline(opening, this.layout.inline(snippet));
    else this.insertLinesAfter(opening, this.layout.lines(snippet, this.layout.childIndent(message)));
  }

  /** Inserts at the bottom of a message. */
  append(message: MessageNode, snippet: string): void {
    const last = message.fields.at(-1);
    if (last) this.insertAfter(last, snippet);
    else if (message.isRoot) this.insertLinesAtEnd(this.layout.lines(snippet, ''));
    else this.prepend(message, snippet);
  }

  /** Inserts in front of a field and of the comments that belong to it. */
  insertBefore(field: FieldNode, snippet: string): void {
    if (this.standsAlone(field)) this.insertLinesBefore(field, this.layout.lines(snippet, this.layout.indentAt(field.start)));
    else this.insertInlineBefore(field, this.layout.inline(snippet));
  }

  /** Inserts behind a field. */
  insertAfter(field: FieldNode, snippet: string): void {
    if (this.standsAlone(field)) this.insertLinesAfter(field.end, this.layout.lines(snippet, this.layout.indentAt(field.start)), field);
    else this.insertInline(field.end, this.layout.inline(snippet), field);
  }

  /** Puts a snippet in the place of a field and of the comments above it, which spoke of what is gone. */
  replaceField(field: FieldNode, snippet: string): void {
    if (this.source.beginsLine(field.start)) {
      const lines = this.layout.lines(snippet, this.layout.indentAt(field.start));
      this.replace({ start: startWithComments(this.source, field), end: field.end }, lines);
    } else {
      this.replace(field, this.layout.inline(snippet));
    }
  }

  /** Puts another message, a snippet from brace to brace, in the place of one. */
  replaceMessage(message: Span, snippet: string): void {
    const inline = this.source.sameLine(message.start, message.end);
    this.replace(
      message,
      inline ? this.layout.inline(snippet) : this.layout.lines(snippet, this.layout.indentAt(message.start)).trimStart(),
    );
  }

  /** Removes a field with its lines, its comments, and the blank lines that would be one too many. */
  remove(field: FieldNode): void {
    this.removals.set(field, removalOf(this.source, field));
  }

  /** The changed text. A change within something that is removed or replaced goes with it; what is inserted beside it stays. */
  apply(): string {
    const ordered = [...this.changes, ...this.removedSpans()].sort((a, b) => a.start - b.start);
    const pieces: string[] = [];
    let done = 0;
    for (const { start, end, text, beside } of ordered) {
      const instead = beside && this.removals.has(beside.field) ? beside.instead : undefined;
      if (start >= done) {
        pieces.push(this.source.text.slice(done, start), instead ?? text);
        done = end;
      } else if (instead !== undefined && beside && !this.isWithinRemoved(beside.field)) {
        pieces.push(instead);
      }
    }
    return pieces.join('') + this.source.text.slice(done);
  }

  /** The blank lines around a removed field go with it, unless something takes its place. */
  private removedSpans(): Change[] {
    const replaced = new Set(this.changes.map(({ beside }) => beside?.field));
    const [kept, gone] = [true, false].map((taken) =>
      [...this.removals].filter(([field]) => replaced.has(field) === taken).map(([, span]) => span),
    );
    return [...(kept ?? []), ...tidyRemovals(this.source, gone ?? [])].map((span) => ({ ...span, text: '' }));
  }

  /** Whether a field has its lines for itself. */
  protected standsAlone(field: FieldNode): boolean {
    return this.source.beginsLine(field.start) && this.source.endsLine(field.end);
  }

  /** Inserts whole lines, as they are, in front of a field and its comments. */
  protected insertLinesBefore(field: FieldNode, lines: string): void {
    const { newline } = this.layout;
    this.insertAt(startWithComments(this.source, field), lines + newline, { field, instead: lines.replace(/[\r\n]+$/, '') + newline });
  }

  /** Inserts whole lines, as they are, behind the line of an offset. */
  protected insertLinesAfter(offset: number, lines: string, field?: FieldNode): void {
    const { newline } = this.layout;
    this.insertAt(this.source.lineEnd(offset), newline + lines, field && { field, instead: lines.replace(/^[\r\n]+/, '') + newline });
  }

  /** Inserts whole lines, as they are, below everything. */
  protected insertLinesAtEnd(lines: string): void {
    const { text, start } = this.source;
    const complete = text.length === start || text.endsWith('\n');
    this.insertAt(text.length, (complete ? '' : this.layout.newline) + lines + this.layout.newline);
  }

  private insertInlineBefore(field: FieldNode, text: string): void {
    this.insertAt(field.start, `${text} `, { field, instead: ` ${text}` });
  }

  private insertInline(offset: number, text: string, field?: FieldNode): void {
    const touches = /\S/.test(this.source.text[offset] ?? ' ');
    this.insertAt(offset, ` ${text}${touches ? ' ' : ''}`, field && { field, instead: ` ${text}` });
  }

  private insertAt(offset: number, text: string, beside?: Change['beside']): void {
    this.changes.push({ start: offset, end: offset, text, ...(beside && { beside }) });
  }

  private isWithinRemoved(field: FieldNode): boolean {
    return [...this.removals.keys()].some((other) => other !== field && other.start <= field.start && field.end <= other.end);
  }
}
