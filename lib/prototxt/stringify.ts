import { CaffeError } from '../errors';
import { reading } from '../given';
import type { NetParameter, SolverParameter } from './caffe-proto';
import { inputError } from './input-error';
import { encodeDouble, encodeFloat, encodeString } from './literals';
import { describeType, enumOf, fieldNames, fieldOf, fitsInteger, isIntegerType, isMessageName, type MessageName } from './messages';
import { suggestion } from './suggest';

const KINDS = { net: 'NetParameter', solver: 'SolverParameter' } as const;

/**
 * A plain object as prototxt: its fields in their own order, undefined ones left out, numbers as short as Caffe reads them
 * back exactly (0.01, not 0.009999999776482582).
 *
 * @throws {CaffeError} ERR_CAFFE_INPUT for a field caffe.proto does not have, or a value of the wrong type; the message names
 *                      the path, `layer[2].convolution_param.num_output`.
 */
export function stringify(object: NetParameter, kind: 'net'): string;
export function stringify(object: SolverParameter, kind: 'solver'): string;
export function stringify(object: NetParameter | SolverParameter, kind: keyof typeof KINDS): string {
  if (kind !== 'net' && kind !== 'solver') throw inputError('kind', "'net' or 'solver'", kind);
  const lines = reading(`'${kind}'`, () => messageLines(object, KINDS[kind], kind));
  return lines.map((line) => `${line}\n`).join('');
}

function messageLines(object: unknown, message: MessageName, path: string): string[] {
  if (typeof object !== 'object' || object === null || Array.isArray(object)) throw inputError(path, 'an object', object);
  return Object.entries(object)
    .filter(([, value]) => value !== undefined)
    .flatMap(([name, value]) => fieldLines(name, value, message, `${path}.${name}`));
}

function fieldLines(name: string, value: unknown, message: MessageName, path: string): string[] {
  const declared = fieldOf(message, name);
  if (!declared) {
    throw new CaffeError('ERR_CAFFE_INPUT', `${path}: ${message} has no field '${name}'.`, { hint: suggestion(name, fieldNames(message)) });
  }
  if (!declared.repeated) return itemLines(name, value, declared.type, path);
  if (!Array.isArray(value)) throw inputError(path, 'an array', value);
  return value.flatMap((item, index) => itemLines(name, item, declared.type, `${path}[${index}]`));
}

function itemLines(name: string, value: unknown, type: string, path: string): string[] {
  if (!isMessageName(type)) return [`${name}: ${literal(value, type, path)}`];
  return [`${name} {`, ...messageLines(value, type, path).map((line) => `  ${line}`), '}'];
}

function literal(value: unknown, type: string, path: string): string {
  if (type === 'bool' && typeof value === 'boolean') return String(value);
  if ((type === 'string' || type === 'bytes') && typeof value === 'string') return encodeString(value);
  const names = enumOf(type);
  if (names && typeof value === 'string' && Object.hasOwn(names, value)) return value;
  if (type === 'float' && typeof value === 'number') return encodeFloat(value);
  if (type === 'double' && typeof value === 'number') return encodeDouble(value);
  if (isIntegerType(type) && typeof value === 'number' && fitsInteger(type, value)) return String(value);
  throw inputError(path, describeType(type), value);
}
