import type { PrototxtDocument } from '../document/document';
import type { PhaseName } from '../document/rules';
import { Layout } from '../text/layout';
import { encodeFloat, encodeString } from '../text/literals';
import type { Layer } from './network';

export interface LayerSnippet {
  readonly name: string;
  readonly type: string;
  readonly bottoms?: readonly string[];
  readonly tops: readonly string[];
  /** Further fields, each a snippet; empty ones are left out. */
  readonly fields?: readonly string[];
}

/** A layer that an operation writes. */
export interface AddedLayer {
  readonly layer: string;
  readonly type: string;
  /** The layer in whose place it stands. */
  readonly insteadOf?: string;
}

/** A layer in prototxt, laid out as published files are. */
export function layerSnippet({ name, type, bottoms = [], tops, fields = [] }: LayerSnippet): string {
  return messageSnippet('layer', [
    `name: ${encodeString(name)}`,
    `type: ${encodeString(type)}`,
    ...bottoms.map((blob) => `bottom: ${encodeString(blob)}`),
    ...tops.map((blob) => `top: ${encodeString(blob)}`),
    ...fields,
  ]);
}

/** A message of several lines; the empty string when none of its fields is there. */
export function messageSnippet(name: string, fields: readonly string[]): string {
  const lines = fields.filter((field) => field !== '').map((field) => `  ${field.replaceAll('\n', '\n  ')}`);
  return lines.length === 0 ? '' : `${name} {\n${lines.join('\n')}\n}`;
}

/** An include rule for one phase, in one line or three. */
export function phaseRule(phase: PhaseName, inline: boolean): string {
  return inline ? `include { phase: ${phase} }` : `include {\n  phase: ${phase}\n}`;
}

/** The `softmax_param` that a layer taking the place of another Softmax, or of its loss, needs: the axis, where it is given. */
export function softmaxAxis(layer: Layer): string {
  const axis = layer.message.message('softmax_param')?.number('axis');
  return axis === undefined ? '' : messageSnippet('softmax_param', [`axis: ${encodeFloat(axis)}`]);
}

/** A layer of another document as a snippet, without its rules and with one of its own. */
export function snippetOf(document: PrototxtDocument, layer: Layer, rule: string): string {
  const index = document.root.fieldsNamed('layer').indexOf(layer.field);
  const ruled = document.edit((edits) => {
    for (const field of layer.message.fieldsNamed('include', 'exclude')) edits.remove(field);
    edits.append(layer.message, rule);
  });
  const { unit } = new Layout(ruled.root);
  const field = ruled.root.fieldsNamed('layer')[index];
  const lines = field ? ruled.toString().slice(field.start, field.end).split(/\r?\n/) : [];
  return lines.map((line) => reindented(line, unit)).join('\n');
}

/** A line whose steps of indentation are those of snippets. */
function reindented(line: string, unit: string): string {
  let rest = line;
  while (rest.startsWith(unit)) rest = rest.slice(unit.length);
  return '  '.repeat((line.length - rest.length) / unit.length) + rest.trimStart();
}
