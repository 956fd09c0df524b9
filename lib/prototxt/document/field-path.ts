import { CaffeError, describe } from '../../errors';
import { describeType, type FieldType, fieldNames, fieldOf, isMessageName, type MessageName } from '../schema/messages';
import { suggestion } from '../suggest';
import { type MessageNode, ownName } from '../text/nodes';

/** One step of a path: a field and, of several values, which: its index from 0 (from the end, below 0), or its `name`. */
export interface Step {
  readonly name: string;
  readonly index?: number | string;
}

/** The types a message may have: one, none where caffe.proto does not know it, or several as long as the file is open to them. */
export type Scope = readonly MessageName[];

const STEP = /([A-Za-z_][A-Za-z0-9_]*)(?:\[(?:(-?\d+)|"([^"]*)"|'([^']*)'|([^\]"'][^\]]*))\])?(\.(?=.)|$)/sy;

/**
 * The steps of a path: `layer[3].param[0].lr_mult`, `layer[fc8].inner_product_param.num_output`. A name that is a number or has a bracket
 * in it stands in quotes: `layer["3"]`.
 *
 * @throws {CaffeError} ERR_CAFFE_INPUT for anything else.
 */
export function parsePath(path: string): Step[] {
  if (typeof path !== 'string' || path === '') throw noPath(path);
  const steps: Step[] = [];
  STEP.lastIndex = 0;
  while (STEP.lastIndex < path.length) {
    const [, name = '', number, ...names] = STEP.exec(path) ?? [];
    if (name === '') throw noPath(path);
    const index = number === undefined ? names.slice(0, 3).find((given) => given !== undefined) : Number(number);
    steps.push(index === undefined ? { name } : { name, index });
  }
  return steps;
}

function noPath(path: unknown): CaffeError {
  return new CaffeError('ERR_CAFFE_INPUT', `A path is made of field names; ${describe(path)} was given.`, {
    hint: 'For instance: base_lr, layer[0].param[1].lr_mult, layer[fc8].inner_product_param.num_output.',
  });
}

/** The types that the file as a whole can have: what its fields belong to. */
export function scopeOf(root: MessageNode): Scope {
  const kinds: Scope = ['NetParameter', 'SolverParameter'];
  const tells = root.fields.find(({ name }) => kinds.filter((kind) => fieldOf(kind, name)).length === 1);
  return tells ? kinds.filter((kind) => fieldOf(kind, tells.name)) : kinds;
}

/**
 * What caffe.proto says of a field; undefined for one of a fork, which it does not know but the file has.
 *
 * @throws {CaffeError} ERR_CAFFE_INPUT for a field that neither knows.
 */
export function declaredField(scope: Scope, name: string, node: MessageNode | undefined): FieldType | undefined {
  for (const message of scope) {
    const field = fieldOf(message, name);
    if (field) return field;
  }
  if (scope.length === 0 || (node && node.fieldsNamed(name).length > 0)) return undefined;
  throw new CaffeError('ERR_CAFFE_INPUT', `${scope.join(' or ')} has no field '${name}'.`, {
    hint: suggestion(name, scope.flatMap(fieldNames)),
  });
}

/**
 * The same for a step on the way of a path, behind which come fields.
 *
 * @throws {CaffeError} ERR_CAFFE_INPUT for a field that holds none, too.
 */
export function declaredMessage(scope: Scope, name: string, node: MessageNode | undefined): FieldType | undefined {
  const field = declaredField(scope, name, node);
  if (!field || isMessageName(field.type)) return field;
  throw new CaffeError('ERR_CAFFE_INPUT', `'${name}' holds no fields but ${describeType(field.type)}.`);
}

/**
 * Which of the values of a field a step means, as a position among them; it need not be there.
 *
 * @param count of the values.
 * @throws {CaffeError} ERR_CAFFE_INPUT when the step may mean several, or asks for a name that none has.
 */
export function positionOf(node: MessageNode | undefined, { name, index }: Step, count: number): number {
  if (typeof index === 'number') return index < 0 ? index + count : index;
  if (index === undefined) {
    if (count < 2) return 0;
    throw new CaffeError('ERR_CAFFE_INPUT', `There are ${count} of '${name}'.`, {
      hint: `Say which: ${name}[0] to ${name}[${count - 1}].`,
    });
  }
  const [position, ...others] = node?.positions(name, index) ?? [];
  if (position === undefined) {
    const names =
      node
        ?.values(name)
        .map(ownName)
        .filter((known) => known !== undefined) ?? [];
    throw new CaffeError('ERR_CAFFE_INPUT', `There is no '${name}' named '${index}'.`, { hint: suggestion(index, names) });
  }
  if (others.length === 0) return position;
  const choices = [position, ...others].map((at) => `${name}[${at}]`).join(', ');
  throw new CaffeError('ERR_CAFFE_INPUT', `There are ${others.length + 1} of '${name}' named '${index}'.`, {
    hint: `Say which: ${choices}.`,
  });
}

/** The path of a value below that of a message; `position` where the field may have several. */
export function childPath(path: string, name: string, position: number | undefined): string {
  return `${path === '' ? '' : `${path}.`}${name}${position === undefined ? '' : `[${position}]`}`;
}

/** The types of the messages in a field. */
export function scopeOfField(field: FieldType | undefined): Scope {
  return field && isMessageName(field.type) ? [field.type] : [];
}
