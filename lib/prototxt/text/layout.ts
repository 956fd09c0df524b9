import type { MessageNode } from './nodes';
import type { SourceText } from './source-text';

const DEFAULT_UNIT = '  ';

/** How a file is laid out: line breaks, indentation, space between layers. What is inserted follows it. */
export class Layout {
  readonly newline: '\n' | '\r\n';
  /** One step of indentation. */
  readonly unit: string;
  /** Whether the file leaves a blank line between its layers. */
  readonly spacedLayers: boolean;
  /** Whether it writes `include { … }` in one line. */
  readonly inlineRules: boolean;
  /** The quotes of its strings. */
  readonly quote: '"' | "'";
  /** Whether it puts a colon before the brace of a message. */
  readonly colon: boolean;
  private readonly source: SourceText;

  constructor(root: MessageNode) {
    this.source = root.source;
    this.newline = findNewline(this.source);
    this.unit = this.findUnit(root) ?? DEFAULT_UNIT;
    this.spacedLayers = this.findSpacedLayers(root);
    this.inlineRules = this.findInlineRules(root);
    this.quote = findQuote(root) ?? '"';
    this.colon = this.findColon(root) ?? false;
  }

  /** The blanks with which the line of `offset` begins. */
  indentAt(offset: number): string {
    const { text } = this.source;
    const start = this.source.lineStart(offset);
    let end = start;
    while (end < offset && (text[end] === ' ' || text[end] === '\t')) end++;
    return text.slice(start, end);
  }

  /** The indentation of the fields of a message. */
  childIndent(message: MessageNode): string {
    const sibling = message.fields.find((field) => this.source.beginsLine(field.start));
    if (sibling) return this.indentAt(sibling.start);
    return message.isRoot ? '' : this.indentAt(message.start) + this.unit;
  }

  /** A snippet (two spaces a step, `\n`) as lines of this file. */
  lines(snippet: string, indent: string): string {
    return snippet
      .split('\n')
      .map((line) => {
        const content = line.trimStart();
        return content && indent + this.unit.repeat((line.length - content.length) / DEFAULT_UNIT.length) + content;
      })
      .join(this.newline);
  }

  /** A snippet in one line. */
  inline(snippet: string): string {
    return snippet
      .split('\n')
      .map((line) => line.trim())
      .join(' ');
  }

  /** Snippets of layers as one, with the space between them that this file has. */
  joinLayers(snippets: readonly string[]): string {
    return snippets.join(this.spacedLayers ? '\n\n' : '\n');
  }

  private findUnit(message: MessageNode): string | undefined {
    const outer = message.isRoot ? '' : this.indentAt(message.start);
    for (const { value, start } of message.fields) {
      const indent = this.indentAt(start);
      if (!message.isRoot && this.source.beginsLine(start) && indent.length > outer.length) return indent.slice(outer.length);
      const unit = value.kind === 'message' ? this.findUnit(value) : undefined;
      if (unit) return unit;
    }
    return undefined;
  }

  /** As the first message within another one, a param for instance: the layers themselves are no measure. */
  private findColon(root: MessageNode): boolean | undefined {
    for (const { value } of root.fields) {
      const inner = value.kind === 'message' ? value.fields.find((field) => field.value.kind === 'message') : undefined;
      if (inner)
        return this.source.text
          .slice(inner.start + inner.name.length, inner.value.start)
          .trimStart()
          .startsWith(':');
    }
    return undefined;
  }

  private findSpacedLayers(root: MessageNode): boolean {
    const layers = root.fieldsNamed('layer', 'layers');
    const breaks = layers.slice(1).map((layer, index) => this.source.text.slice(layers[index]?.end, layer.start).split('\n').length - 1);
    return breaks.length > 0 && breaks.every((count) => count > 1);
  }

  private findInlineRules(root: MessageNode): boolean {
    const layers = root.fieldsNamed('layer').map(({ value }) => value);
    const rules = layers.flatMap((layer) => (layer.kind === 'message' ? layer.fieldsNamed('include', 'exclude') : []));
    return rules.length > 0 && rules.every((rule) => this.source.sameLine(rule.start, rule.end));
  }
}

/** The line breaks of a text. */
export function findNewline({ text }: SourceText): '\n' | '\r\n' {
  return text.includes('\r\n') ? '\r\n' : '\n';
}

function findQuote(message: MessageNode): '"' | "'" | undefined {
  for (const { value } of message.fields) {
    const quote = value.kind === 'string' ? value.quote : value.kind === 'message' ? findQuote(value) : undefined;
    if (quote) return quote;
  }
  return undefined;
}
