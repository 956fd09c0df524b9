import { Lexer, type Token } from './lexer';
import { decodeNumber, decodeStrings } from './literals';
import { type FieldNode, type ItemNode, type ListNode, MessageNode, type NumberNode, type ScalarNode, type ValueNode } from './nodes';
import type { SourceText } from './source-text';

/** As deep as protobuf itself reads; Caffe's own files go to six. */
export const DEEPEST_NESTING = 100;

const CLOSING: Readonly<Record<string, string>> = { '{': '}', '<': '>' };
const NEGATIVE_WORDS: Readonly<Record<string, number>> = {
  inf: Number.NEGATIVE_INFINITY,
  infinity: Number.NEGATIVE_INFINITY,
  nan: Number.NaN,
};

/**
 * Reads protobuf text format into a tree over the text.
 *
 * @throws {CaffeError} ERR_CAFFE_PROTOTXT with line and column, what was found and what was expected.
 */
export function parseTree(source: SourceText): MessageNode {
  return new Parser(source).document();
}

class Parser {
  private readonly lexer: Lexer;
  private token: Token;

  constructor(private readonly source: SourceText) {
    this.lexer = new Lexer(source);
    this.token = this.lexer.next();
  }

  document(): MessageNode {
    const fields: FieldNode[] = [];
    while (this.token.kind !== 'end') fields.push(this.field(0));
    return new MessageNode(this.source, { start: this.source.start, end: this.source.text.length, isRoot: true }, fields);
  }

  private field(depth: number): FieldNode {
    const name = this.token;
    if (name.kind !== 'name') throw this.unexpected('a field name');
    this.advance();
    const value = this.accept(':') ? this.value(name, depth) : this.messageOrMessages(name, depth);
    const separator = this.accept(';') ?? this.accept(',');
    return { name: name.text, value, start: name.start, end: (separator ?? value).end };
  }

  private value(name: Token, depth: number): ValueNode {
    return this.token.text === '[' ? this.list(name, depth, true) : this.item(name, depth);
  }

  private messageOrMessages(name: Token, depth: number): ValueNode {
    if (this.token.text === '[') return this.list(name, depth, false);
    if (this.opensMessage()) return this.message(name, depth);
    throw this.unexpected(`':' or '{' after '${name.text}'`);
  }

  private item(name: Token, depth: number): ItemNode {
    return this.opensMessage() ? this.message(name, depth) : this.scalar(name);
  }

  private opensMessage(): boolean {
    const { kind, text } = this.token;
    return kind === 'symbol' && (text === '{' || text === '<');
  }

  private message(name: Token, depth: number): MessageNode {
    const opening = this.advance();
    if (depth === DEEPEST_NESTING) throw this.source.error(opening.start, `Messages are nested more than ${DEEPEST_NESTING} deep.`);
    const closing = CLOSING[opening.text];
    const fields: FieldNode[] = [];
    while (this.token.text !== closing || this.token.kind !== 'symbol') {
      if (this.token.kind !== 'name') throw this.unclosed(name, opening, `a field name or '${closing}'`);
      fields.push(this.field(depth + 1));
    }
    return new MessageNode(this.source, { start: opening.start, end: this.advance().end, isRoot: false }, fields);
  }

  private list(name: Token, depth: number, colon: boolean): ListNode {
    const opening = this.advance();
    const items: ItemNode[] = [];
    if (this.token.text !== ']') {
      do {
        if (!colon && !this.opensMessage()) throw this.unexpected(`'{': a list of values takes a colon, ${name.text}: [`);
        items.push(this.item(name, depth));
      } while (this.accept(','));
    }
    if (this.token.text !== ']') throw this.unclosed(name, opening, "',' or ']'");
    return { kind: 'list', items, colon, start: opening.start, end: this.advance().end };
  }

  private scalar(name: Token): ScalarNode {
    if (this.token.kind === 'string') return this.string();
    if (this.token.kind === 'number') return this.number();
    if (this.token.text === '-') return this.negative(name);
    if (this.token.kind !== 'name') throw this.unexpected(`a value for '${name.text}'`);
    const { text, start, end } = this.advance();
    return { kind: 'name', value: text, start, end };
  }

  /** Strings that stand side by side are one, as in C. */
  private string(): ScalarNode {
    const first = this.advance();
    const pieces = [first];
    while (this.token.kind === 'string') pieces.push(this.advance());
    const value = decodeStrings(pieces, this.source);
    return {
      kind: 'string',
      value,
      quote: first.text.startsWith("'") ? "'" : '"',
      start: first.start,
      end: pieces.at(-1)?.end ?? first.end,
    };
  }

  private number(): NumberNode {
    const { text, start, end } = this.advance();
    const decimal = !/^0[xX\d]/.test(text);
    return { kind: 'number', value: decodeNumber(text), integer: !decimal || /^\d+$/.test(text), decimal, start, end };
  }

  private negative(name: Token): NumberNode {
    const { start } = this.advance();
    if (this.token.kind === 'number') {
      const positive = this.number();
      return { ...positive, value: -positive.value, start };
    }
    const value = this.token.kind === 'name' ? NEGATIVE_WORDS[this.token.text.toLowerCase()] : undefined;
    if (value === undefined) throw this.unexpected(`a number after '-' for '${name.text}'`);
    return { kind: 'number', value, integer: false, decimal: true, start, end: this.advance().end };
  }

  private advance(): Token {
    const passed = this.token;
    this.token = this.lexer.next();
    return passed;
  }

  private accept(symbol: string): Token | undefined {
    return this.token.kind === 'symbol' && this.token.text === symbol ? this.advance() : undefined;
  }

  private unexpected(expected: string, hint?: string) {
    const found = this.token.kind === 'end' ? 'the end of the file' : `'${this.token.text}'`;
    return this.source.error(this.token.start, `Found ${found}, expected ${expected}.`, { hint });
  }

  private unclosed(name: Token, opening: Token, expected: string) {
    const { line } = this.source.locate(opening.start);
    return this.unexpected(expected, `The '${opening.text}' of '${name.text}' in line ${line} is still open.`);
  }
}
