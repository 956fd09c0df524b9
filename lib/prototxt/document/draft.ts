import { CaffeError } from '../../errors';
import { readEntries, reading } from '../../given';
import { inputError } from '../input-error';
import type { FieldType } from '../schema/messages';
import { isMessageName } from '../schema/messages';
import { encodeScalar } from '../schema/stringify';
import { encodeString } from '../text/literals';
import { declaredField, type Scope } from './field-path';

/** What a field is to hold: a literal, or a message to be written. */
export type Content = string | Draft;

export interface DraftField {
  readonly name: string;
  content: Content;
}

/** A message to be written, or what one in the file is to have in addition. */
export class Draft {
  readonly fields: DraftField[] = [];

  named(name: string): DraftField[] {
    return this.fields.filter((field) => field.name === name);
  }

  add(name: string, content: Content): void {
    this.fields.push({ name, content });
  }

  removeAll(name: string): void {
    for (const field of this.named(name)) this.fields.splice(this.fields.indexOf(field), 1);
  }
}

/** How what is written looks in a file. */
export interface Manner {
  readonly quote: '"' | "'";
  /** Whether a colon stands before the brace of a message. */
  readonly colon: boolean;
}

/**
 * The contents for a value that a caller gave, a plain object for a message, several values for a repeated field.
 *
 * @param path for the error.
 * @throws {CaffeError} ERR_CAFFE_INPUT for a value that is not of the type.
 */
export function contentsOf(value: unknown, field: FieldType | undefined, path: string, manner: Manner): Content[] {
  return reading(`'${path}'`, () => readContents(value, field, path, manner));
}

function readContents(value: unknown, field: FieldType | undefined, path: string, manner: Manner): Content[] {
  if (!field) return [guessedLiteral(value, path, manner)];
  if (!field.repeated || !Array.isArray(value)) return [readContent(value, field.type, path, manner)];
  return Array.from(value, (item: unknown, index) => readContent(item, field.type, `${path}[${index}]`, manner));
}

/** The content for one value of a type. */
function readContent(value: unknown, type: string, path: string, manner: Manner): Content {
  if (isMessageName(type)) return draftOf(value, [type], path, manner);
  const literal = encodeScalar(value, type, path);
  return type === 'string' ? encodeString(String(value), manner.quote) : literal;
}

function draftOf(value: unknown, scope: Scope, path: string, manner: Manner): Draft {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw inputError(path, 'an object', value);
  const draft = new Draft();
  for (const [name, inner] of readEntries(value as Record<string, unknown>, `'${path}'`)) {
    const field = inner === undefined ? undefined : declaredField(scope, name, undefined);
    for (const content of field ? readContents(inner, field, `${path}.${name}`, manner) : []) draft.add(name, content);
  }
  return draft;
}

/** A value for a field of a fork, whose type nobody knows. */
function guessedLiteral(value: unknown, path: string, { quote }: Manner): string {
  if (typeof value === 'string') return encodeString(value, quote);
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return encodeScalar(value, 'double', path);
  throw new CaffeError('ERR_CAFFE_INPUT', `caffe.proto does not know '${path}'; it can be set to a number, a text, true or false.`);
}

/** A field as a snippet: lines indented by two blanks a step. */
export function snippetOf({ name, content }: DraftField, { colon }: Manner): string {
  return typeof content === 'string' ? `${name}: ${content}` : `${name}${colon ? ':' : ''} ${messageText(content, colon)}`;
}

/** A message as a snippet, from brace to brace. */
export function messageText({ fields }: Draft, colon: boolean): string {
  if (fields.length === 0) return '{}';
  const manner: Manner = { quote: '"', colon };
  return `{\n${fields.map((field) => `  ${snippetOf(field, manner).replaceAll('\n', '\n  ')}\n`).join('')}}`;
}
