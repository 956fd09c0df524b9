import { types } from 'node:util';
import { CaffeError } from '../../errors';
import { readOptions } from '../../given';
import { inputError } from '../input-error';
import type { LayerParameter } from '../schema/caffe-proto';
import { fieldOf } from '../schema/messages';
import { suggestion } from '../suggest';
import type { MessageNode } from '../text/nodes';
import { LAYER_FIELDS } from './connections';
import { scopeOfField } from './field-path';
import { PrototxtMessage } from './message-view';
import { readState, type StateOptions, stateIn } from './net-state';
import { isActive, type NetState, readRule } from './rules';

/** Which layers are looked for: those for which everything holds that is given. */
export interface LayerQuery extends Pick<StateOptions, 'level' | 'stages'> {
  /** The name, or a pattern that it matches. */
  readonly name?: string | RegExp;
  /** The type, or a pattern that it matches. */
  readonly type?: string | RegExp;
  /** A blob that the layer reads. */
  readonly bottom?: string | RegExp;
  /** A blob that the layer writes. */
  readonly top?: string | RegExp;
  /** A phase in which Caffe builds the layer, by its include and exclude rules. Without, level and stages do not matter. */
  readonly phase?: 'train' | 'test';
}

const TEXT_FIELDS = ['name', 'type', 'bottom', 'top'] as const;

/** The layers of a file that a query means, in file order. */
export function findLayers(root: MessageNode, query: LayerQuery | undefined): PrototxtMessage<LayerParameter>[] {
  const given = readOptions(query, [...TEXT_FIELDS, 'phase', 'level', 'stages'], 'The query');
  const tests = TEXT_FIELDS.flatMap((field) => (given[field] === undefined ? [] : [matcher(field, given[field])]));
  const { phase, level, stages } = given;
  const state = phase === undefined ? undefined : stateIn(root, readState({ phase, level, stages }));
  return LAYER_FIELDS.flatMap((field) =>
    root.messages(field).flatMap((node, index) => {
      if (!tests.every((test) => test(node)) || (state && !isBuilt(node, state))) return [];
      return [new PrototxtMessage<LayerParameter>(node, scopeOfField(fieldOf('NetParameter', field)), `${field}[${index}]`)];
    }),
  );
}

/**
 * The one layer of a name.
 *
 * @throws {CaffeError} ERR_CAFFE_INPUT when there is none, or several.
 */
export function findLayer(root: MessageNode, name: string, query: Omit<LayerQuery, 'name'> | undefined): PrototxtMessage<LayerParameter> {
  if (typeof name !== 'string') throw inputError('the name of a layer', 'a text', name);
  const given = readOptions(query as LayerQuery | undefined, ['type', 'bottom', 'top', 'phase', 'level', 'stages'], 'The query');
  const [layer, ...others] = findLayers(root, { ...given, name });
  if (layer && others.length === 0) return layer;
  if (!layer) {
    const names = findLayers(root, given).map((one) => String(one.get('name')));
    throw new CaffeError('ERR_CAFFE_INPUT', `There is no layer '${name}'.`, { hint: suggestion(name, names) });
  }
  const places = [layer, ...others].map(({ path, line }) => `${path} (line ${line})`).join(', ');
  throw new CaffeError('ERR_CAFFE_INPUT', `There are ${others.length + 1} layers '${name}': ${places}.`, {
    layer: name,
    hint: "Say which by its phase, layer(name, { phase: 'train' }), or take them all: layers({ name }).",
  });
}

function matcher(field: (typeof TEXT_FIELDS)[number], wanted: string | RegExp): (node: MessageNode) => boolean {
  const matches = textMatcher(field, wanted);
  return (node) => node.values(field).some((value) => (value.kind === 'string' || value.kind === 'name') && matches(value.value));
}

function textMatcher(field: string, wanted: string | RegExp): (text: string) => boolean {
  if (typeof wanted === 'string') return (text) => text === wanted;
  if (!types.isRegExp(wanted)) throw inputError(field, 'a text or a pattern (a RegExp)', wanted);
  const pattern = new RegExp(wanted.source, wanted.flags.replace(/[gy]/g, '')); // those two remember the last place
  return (text) => pattern.test(text);
}

function isBuilt(node: MessageNode, state: NetState): boolean {
  return isActive({ include: node.messages('include').map(readRule), exclude: node.messages('exclude').map(readRule) }, state);
}
