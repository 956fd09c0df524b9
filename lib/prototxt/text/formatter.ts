import { Lexer } from './lexer';
import type { FieldNode, ItemNode, ListNode, MessageNode, ScalarNode, ValueNode } from './nodes';
import { SourceText, type Span } from './source-text';

/** How a text is laid out. */
export interface Style {
  /** One step of indentation. */
  readonly unit: string;
  /** Columns up to which a message or list that is written in one line stays there. */
  readonly width: number;
  /** The quotes of strings; undefined: those they have. */
  readonly quote?: '"' | "'";
  /** Whether a colon stands before the brace of a message. */
  readonly colon: boolean;
}

/**
 * Lays out the fields of a message anew, a line each: `name: value`, messages in several lines unless they were written in one. Comments
 * stay where they were, above a field or behind it; those in the midst of a field go above it. Of several blank lines one is left.
 */
export function formatLines(root: MessageNode, style: Style, indent = ''): string[] {
  const lines: string[] = [];
  new Formatter(root.source, style, lines).fields(root, indent);
  return lines;
}

class Formatter {
  private readonly text: string;
  /** Not written yet, in the order of the text. */
  private readonly comments: Span[] = [];
  private next = 0;

  constructor(
    private readonly source: SourceText,
    private readonly style: Style,
    private readonly lines: string[],
  ) {
    this.text = source.text;
    const lexer = new Lexer(source, this.comments);
    while (lexer.next().kind !== 'end');
  }

  /** Writes the fields of a message and the comments between them. */
  fields(message: MessageNode, indent: string): void {
    const begin = this.lines.length;
    let done = message.isRoot ? message.start : message.start + 1;
    for (const field of message.fields) {
      done = this.commentsUntil(field.start, begin, done, indent);
      this.blankLine(begin, done, field.start);
      this.field(field, indent);
      done = field.end;
    }
    this.commentsUntil(message.isRoot ? message.end : message.end - 1, begin, done, indent);
  }

  /** Writes the comments up to an offset: behind the last line where they stand in it, otherwise in lines of their own. */
  private commentsUntil(end: number, begin: number, from: number, indent: string): number {
    let done = from;
    for (let comment = this.takeComment(end); comment; comment = this.takeComment(end)) {
      const text = this.source.slice(comment).trimEnd();
      const last = this.lines.length - 1;
      if (last >= begin && this.source.sameLine(done, comment.start)) {
        this.lines[last] += ` ${text}`;
      } else {
        this.blankLine(begin, done, comment.start);
        this.lines.push(indent + text);
      }
      done = comment.end;
    }
    return done;
  }

  private blankLine(begin: number, from: number, to: number): void {
    if (this.lines.length > begin && /\n[ \t\r\v\f]*\n/.test(this.text.slice(from, to))) this.lines.push('');
  }

  /** The next comment, if it stands before an offset. */
  private takeComment(end: number): Span | undefined {
    const comment = this.comments[this.next];
    if (!comment || comment.start >= end) return undefined;
    this.next++;
    return comment;
  }

  private field(field: FieldNode, indent: string): void {
    const { name, value } = field;
    const begin = this.lines.length;
    if (value.kind === 'message') {
      this.commentsAt(begin, value.start, indent);
      const opening = this.lines.length;
      this.message(name, value, indent);
      this.commentsAt(opening, field.end, indent);
    } else {
      this.commentsAt(begin, field.end, indent);
      this.value(`${indent}${name}:`, value, indent);
    }
  }

  /** Writes the comments up to an offset, each in a line, at a place among the lines. */
  private commentsAt(place: number, end: number, indent: string): void {
    let line = place;
    for (let comment = this.takeComment(end); comment; comment = this.takeComment(end)) {
      this.lines.splice(line++, 0, indent + this.source.slice(comment).trimEnd());
    }
  }

  private message(name: string, message: MessageNode, indent: string): void {
    const opening = `${indent}${name}${this.style.colon ? ':' : ''} {`;
    const comment = this.comments[this.next];
    const plain = !comment || comment.start > message.end;
    const inline = plain ? this.inlineMessage(opening, message) : undefined;
    if (inline !== undefined) {
      this.lines.push(inline);
      return;
    }
    // A comment in the line of the opening brace stays behind it.
    const first = message.fields[0]?.start ?? message.end;
    const behind = comment && this.source.sameLine(message.start, comment.start) ? this.takeComment(first) : undefined;
    this.lines.push(behind ? `${opening} ${this.source.slice(behind).trimEnd()}` : opening);
    this.fields(message, indent + this.style.unit);
    this.lines.push(`${indent}}`);
  }

  private inlineMessage(opening: string, message: MessageNode): string | undefined {
    if (message.fields.length === 0) return `${opening}}`;
    if (!this.source.sameLine(message.start, message.end)) return undefined;
    const line = `${opening} ${this.inlineFields(message)} }`;
    return line.length <= this.style.width ? line : undefined;
  }

  private value(start: string, value: Exclude<ValueNode, MessageNode>, indent: string): void {
    const line = `${start} ${this.inlineValue(value)}`;
    if (value.kind !== 'list' || line.length <= this.style.width || value.items.length === 0) {
      this.lines.push(line);
      return;
    }
    this.lines.push(`${start} [`);
    value.items.forEach((item, index) => {
      this.lines.push(`${indent}${this.style.unit}${this.inlineValue(item)}${index < value.items.length - 1 ? ',' : ''}`);
    });
    this.lines.push(`${indent}]`);
  }

  private inlineFields(message: MessageNode): string {
    const colon = this.style.colon ? ':' : '';
    return message.fields.map(({ name, value }) => `${name}${value.kind === 'message' ? colon : ':'} ${this.inlineValue(value)}`).join(' ');
  }

  private inlineValue(value: ItemNode | ListNode): string {
    if (value.kind === 'list') return `[${value.items.map((item) => this.inlineValue(item)).join(', ')}]`;
    if (value.kind !== 'message') return this.literal(value);
    return value.fields.length === 0 ? '{}' : `{ ${this.inlineFields(value)} }`;
  }

  /** A scalar as it is written, without what stands between its parts. */
  private literal(value: ScalarNode): string {
    const text = this.source.slice(value);
    if (value.kind === 'string')
      return piecesOf(text)
        .map((piece) => requoted(piece, this.style.quote))
        .join(' ');
    return /[\s#]/.test(text) ? piecesOf(text).join('') : text;
  }
}

/** The tokens of a literal. */
function piecesOf(literal: string): string[] {
  const lexer = new Lexer(new SourceText(literal));
  const pieces: string[] = [];
  for (let token = lexer.next(); token.kind !== 'end'; token = lexer.next()) pieces.push(token.text);
  return pieces;
}

/** A string in other quotes, where that takes no other change. */
function requoted(literal: string, quote: Style['quote']): string {
  const body = literal.slice(1, -1);
  return quote === undefined || /["'\\]/.test(body) ? literal : quote + body + quote;
}
