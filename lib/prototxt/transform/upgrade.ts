/** Old files made new. What the addon is needed for is only the oldest notation of networks. */
import { documentOf, type PrototxtSource } from '../document/document';
import { solverField } from '../schema/file-kind';
import { enumOf } from '../schema/messages';
import { suggestion } from '../suggest';
import type { Edits } from '../text/edits';
import { encodeString } from '../text/literals';
import type { FieldNode, MessageNode } from '../text/nodes';
import { upgradeInputs } from './upgrade-inputs';
import { upgradeLayer } from './upgrade-layers';

/** Something old in a file. */
export interface OldPart {
  /** The line in which it begins, from 1. */
  readonly line: number;
  /** The layer in question, by its name. */
  readonly layer?: string;
  /** The old fields: `['layers', 'type', 'blobs_lr']`. */
  readonly fields: string[];
}

export interface UpgradeResult {
  readonly text: string;
  /** The notation of its layers: 'v0' and 'v1' are `layers`, 'v2' is today's. A solver with `solver_type` is 'v1'. */
  readonly from: 'v0' | 'v1' | 'v2';
  readonly kind: 'net' | 'solver';
  /** What was old, in file order; empty for a file that is up to date, whose text is unchanged. */
  readonly old: OldPart[];
  /** Whether comments and layout are those of the file; not so for v0, which Caffe prints anew. */
  readonly keepsLayout: boolean;
}

/** What solvers are called that `solver_type` names. */
const SOLVER_TYPES: ReadonlyMap<string, string> = new Map([
  ['SGD', 'SGD'],
  ['NESTEROV', 'Nesterov'],
  ['ADAGRAD', 'AdaGrad'],
  ['RMSPROP', 'RMSProp'],
  ['ADADELTA', 'AdaDelta'],
  ['ADAM', 'Adam'],
]);

/**
 * A network or solver in today's notation, as Caffe's own upgrade understands it: `layers { type: CONVOLUTION blobs_lr: 1 }` becomes
 * `layer { type: "Convolution" param { lr_mult: 1 } }`, `input` fields an Input layer, transformations of data layers a `transform_param`,
 * the three `param` of an old BatchNorm multipliers of 0, `solver_type: ADAM` becomes `type: "Adam"`. Comments and layout stay. Only layers
 * within layers (v0) are upgraded by the linked Caffe, which prints the file anew, without comments.
 *
 * @throws {CaffeError} ERR_CAFFE_PROTOTXT for a syntax error (with line and column), and for what Caffe would refuse to upgrade.
 */
export async function upgrade(source: PrototxtSource): Promise<UpgradeResult> {
  const document = documentOf(source);
  const { root } = document;
  if (solverField(root)) return upgradeSolver(root, (change) => document.edit(change).toString());
  const old = root.fieldsNamed('layers');
  if (old.some(({ value }) => value.kind === 'message' && value.fieldsNamed('layer').length > 0))
    return printedByCaffe(root, document.toString());
  refuseBothNotations(root);
  const parts: OldPart[] = [];
  const edited = document.edit((edits) => {
    const inputs = upgradeInputs(edits, root);
    const [first] = inputs;
    if (first) parts.push(partAt(root, first, [...new Set(inputs.map(({ name }) => name))]));
    for (const field of old) parts.push(layerPart(root, field, upgradeLayer(edits, field)));
    for (const field of oldNorms(root)) parts.push(layerPart(root, field, upgradeNorm(edits, field)));
  });
  const text = parts.length === 0 ? document.toString() : edited.toString();
  const inOrder = parts.sort((a, b) => a.line - b.line);
  return { text, from: old.length > 0 ? 'v1' : 'v2', kind: 'net', old: inOrder, keepsLayout: true };
}

async function printedByCaffe(root: MessageNode, text: string): Promise<UpgradeResult> {
  const { native } = require('../../native') as typeof import('../../native'); // loads the addon
  const upgraded = await native.upgradeNet(text);
  const parts = root.fieldsNamed('layers').map((field) => layerPart(root, field, ['layers', 'layer']));
  return { text: upgraded.text, from: upgraded.from, kind: 'net', old: parts, keepsLayout: false };
}

function refuseBothNotations(root: MessageNode): void {
  const [old] = root.fieldsNamed('layers');
  const [layer] = root.fieldsNamed('layer');
  if (!old || !layer) return;
  throw root.source.error(old.start, "The file has both 'layer' and 'layers'.", {
    hint: "Caffe refuses to guess their order: write 'layer' with a type in quotes throughout.",
  });
}

/** BatchNorm layers that declare their three statistics as parameters, which Caffe keeps from learning. */
function oldNorms(root: MessageNode): FieldNode[] {
  return root.fieldsNamed('layer').filter(({ value }) => {
    if (value.kind !== 'message' || value.string('type') !== 'BatchNorm') return false;
    const params = value.messages('param');
    return params.length === 3 && params.some((param) => NORM_FIELDS.some((name) => param.number(name) !== 0));
  });
}

const NORM_FIELDS = ['lr_mult', 'decay_mult'];

function upgradeNorm(edits: Edits, { value }: FieldNode): string[] {
  const params = value.kind === 'message' ? value.messages('param') : [];
  for (const param of params) {
    const unset = NORM_FIELDS.filter((name) => param.number(name) === undefined);
    if (unset.length > 0) edits.append(param, unset.map((name) => `${name}: 0`).join('\n'));
    for (const name of NORM_FIELDS) if (param.number(name)) edits.setScalar(param, name, '0');
  }
  return ['param'];
}

function upgradeSolver(root: MessageNode, edit: (change: (edits: Edits) => void) => string): UpgradeResult {
  const [field, second] = root.fieldsNamed('solver_type');
  const known = { kind: 'solver', keepsLayout: true } as const;
  if (!field) return { text: root.source.text, from: 'v2', old: [], ...known };
  const [type] = root.fieldsNamed('type');
  if (type) throw root.source.error(type.start, "The solver has both 'solver_type' and 'type'.", { hint: 'Remove one of them.' });
  if (second) throw root.source.error(second.start, "'solver_type' is given twice; it can be given once.");
  const literal = encodeString(solverTypeOf(root, field));
  const text = edit((edits) => {
    edits.replace({ start: field.start, end: field.start + field.name.length }, 'type');
    edits.replace(field.value, literal);
  });
  return { text, from: 'v1', old: [partAt(root, field, ['solver_type'])], ...known };
}

function solverTypeOf(root: MessageNode, { value }: FieldNode): string {
  const numbers = enumOf('SolverParameter.SolverType') ?? {};
  for (const [name, number] of Object.entries(numbers)) {
    const isMeant = (value.kind === 'name' && value.value === name) || (value.kind === 'number' && value.value === number);
    if (isMeant) return SOLVER_TYPES.get(name) ?? name;
  }
  const names = Object.keys(numbers);
  const hint = value.kind === 'name' ? suggestion(value.value, names) : undefined;
  throw root.source.error(value.start, `'solver_type' takes one of ${names.join(', ')}.`, { hint });
}

function layerPart(root: MessageNode, field: FieldNode, fields: string[]): OldPart {
  const message = field.value.kind === 'message' ? field.value : undefined;
  const [inner] = message?.messages('layer') ?? [];
  return { ...partAt(root, field, fields), layer: (inner ?? message)?.string('name') ?? '' };
}

function partAt(root: MessageNode, field: FieldNode, fields: string[]): OldPart {
  return { line: root.source.locate(field.start).line, fields };
}
