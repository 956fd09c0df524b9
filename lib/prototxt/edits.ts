import { Layout } from './layout';
import { encodeString } from './literals';
import type { FieldNode, MessageNode, StringNode } from './nodes';
import { removalOf, startWithComments, tidyRemovals } from './removal';
import type { SourceText, Span } from './source-text';

interface Change extends Span {
  readonly text: string;
}

/**
 * Changes to a document, collected and then applied at once. What is inserted comes as a snippet: lines of prototxt,
 * indented by two spaces a step, which take over the indentation and the line breaks of the file.
 */
export class Edits {
  readonly layout: Layout;
  private readonly source: SourceText;
  private readonly changes: Change[] = [];
  private readonly removals: Span[] = [];

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
    if (message.isRoot) this.insert(opening, this.layout.lines(snippet, '') + this.layout.newline);
    else if (this.source.sameLine(opening, following)) this.insertInline(opening, snippet);
    else this.insertLinesAfter(opening, snippet, this.layout.childIndent(message));
  }

  /** Inserts at the bottom of a message. */
  append(message: MessageNode, snippet: string): void {
    const last = message.fields.at(-1);
    if (last) this.insertAfter(last, snippet);
    else this.prepend(message, snippet);
  }

  /** Inserts in front of a field and of the comments that belong to it. */
  insertBefore(field: FieldNode, snippet: string): void {
    if (this.source.beginsLine(field.start)) {
      const lines = this.layout.lines(snippet, this.layout.indentAt(field.start));
      this.insert(startWithComments(this.source, field), lines + this.layout.newline);
    } else {
      this.insert(field.start, `${this.layout.inline(snippet)} `);
    }
  }

  /** Inserts behind a field. */
  insertAfter(field: FieldNode, snippet: string): void {
    const alone = this.source.beginsLine(field.start) && this.source.endsLine(field.end);
    if (alone) this.insertLinesAfter(field.end, snippet, this.layout.indentAt(field.start));
    else this.insertInline(field.end, snippet);
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

  /** Removes a field with its lines, its comments, and the blank lines that would be one too many. */
  remove(field: FieldNode): void {
    this.removals.push(removalOf(this.source, field));
  }

  /** The changed text. A change within something that is removed or replaced goes with it. */
  apply(): string {
    const removals = tidyRemovals(this.source, this.removals).map((span) => ({ ...span, text: '' }));
    const ordered = [...this.changes, ...removals].sort((a, b) => a.start - b.start);
    let result = '';
    let done = 0;
    for (const { start, end, text } of ordered) {
      if (start < done) continue;
      result += this.source.text.slice(done, start) + text;
      done = end;
    }
    return result + this.source.text.slice(done);
  }

  private insert(offset: number, text: string): void {
    this.changes.push({ start: offset, end: offset, text });
  }

  private insertInline(offset: number, snippet: string): void {
    const touches = /\S/.test(this.source.text[offset] ?? ' ');
    this.insert(offset, ` ${this.layout.inline(snippet)}${touches ? ' ' : ''}`);
  }

  private insertLinesAfter(offset: number, snippet: string, indent: string): void {
    this.insert(this.source.lineEnd(offset), this.layout.newline + this.layout.lines(snippet, indent));
  }
}
