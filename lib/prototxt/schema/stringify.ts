import { CaffeError } from '../../errors';
import { reading } from '../../given';
import { inputError } from '../input-error';
import { encodeDouble, encodeFloat, encodeString, isWellFormed } from '../text/literals';
import type { NetParameter, SolverParameter } from './caffe-proto';
import {
  describeType,
  enumOf,
  fieldOf,
  fitsFloat,
  fitsInteger,
  isIntegerType,
  isMessageName,
  type MessageName,
  messageOf,
  requiredFields,
} from './messages';
import { unknownField, unknownValue } from './unknown-names';
import { isName, keepsUnknown, type UnknownOptions, unknownLines } from './unknown-values';

/**
 * A plain object as prototxt: its fields in their own order, undefined ones left out, numbers as short as Caffe reads them
 * back exactly (0.01, not 0.009999999776482582).
 *
 * @throws {CaffeError} ERR_CAFFE_INPUT for a field that caffe.proto does not have, a required one that is missing, or a value of the wrong
 *                      type; the message names the path, `net.layer[2].convolution_param.num_output`.
 */
export function stringify(object: NetParameter, kind: 'net', options?: UnknownOptions): string;
export function stringify(object: SolverParameter, kind: 'solver', options?: UnknownOptions): string;
export function stringify(object: NetParameter | SolverParameter, kind: 'net' | 'solver', options?: UnknownOptions): string {
  const message = messageOf(kind);
  const writer = new Writer(keepsUnknown(options));
  reading(`'${kind}'`, () => writer.message(object, message, kind, ''));
  return writer.text;
}

/** Writes by caffe.proto; what that does not have is written by its own form, or refused. */
class Writer {
  text = '';

  constructor(private readonly keepsUnknown: boolean) {}

  message(object: unknown, message: MessageName, path: string, indent: string): void {
    if (typeof object !== 'object' || object === null || Array.isArray(object)) throw inputError(path, 'an object', object);
    const fields = Object.entries(object).filter(([, value]) => value !== undefined);
    const lacking = requiredFields(message).find((name) => !fields.some(([field]) => field === name));
    if (lacking !== undefined) throw new CaffeError('ERR_CAFFE_INPUT', `${path}: a ${message} must have '${lacking}'.`);
    for (const [name, value] of fields) this.field(name, value, message, `${path}.${name}`, indent);
  }

  private field(name: string, value: unknown, message: MessageName, path: string, indent: string): void {
    const declared = fieldOf(message, name);
    if (!declared) this.unknown(name, value, message, path, indent);
    else if (declared.repeated) this.items(name, value, declared.type, path, indent);
    else this.item(name, value, declared.type, path, indent);
  }

  private items(name: string, value: unknown, type: string, path: string, indent: string): void {
    if (!Array.isArray(value)) throw inputError(path, 'an array', value);
    for (const [index, item] of Array.from(value).entries()) this.item(name, item, type, `${path}[${index}]`, indent);
  }

  private unknown(name: string, value: unknown, message: MessageName, path: string, indent: string): void {
    if (!this.keepsUnknown) {
      throw new CaffeError('ERR_CAFFE_INPUT', `${path}: ${message} has no field '${name}'.`, { hint: unknownField(message, name).hint });
    }
    for (const line of unknownLines(name, value, path)) this.text += `${indent}${line}\n`;
  }

  private item(name: string, value: unknown, type: string, path: string, indent: string): void {
    if (!isMessageName(type)) {
      this.text += `${indent}${name}: ${this.enumName(value, type) ?? encodeScalar(value, type, path)}\n`;
      return;
    }
    this.text += `${indent}${name} {\n`;
    this.message(value, type, path, `${indent}  `);
    this.text += `${indent}}\n`;
  }

  /** A value that only another Caffe's enum has. */
  private enumName(value: unknown, type: string): string | undefined {
    return this.keepsUnknown && enumOf(type) && typeof value === 'string' && isName(value) ? value : undefined;
  }
}

/** The literal for a value of a scalar or enum type. @throws {CaffeError} ERR_CAFFE_INPUT for a value of another type. */
export function encodeScalar(value: unknown, type: string, path: string): string {
  const names = enumOf(type);
  if (typeof value === 'boolean' && type === 'bool') return String(value);
  if (typeof value === 'number') {
    if (isIntegerType(type) && fitsInteger(type, value)) return String(value);
    if (type === 'float' && fitsFloat(value)) return encodeFloat(value);
    if (type === 'double') return encodeDouble(value);
  }
  if (typeof value === 'string') {
    if ((type === 'string' || type === 'bytes') && isWellFormed(value)) return encodeString(value);
    if (names && Object.hasOwn(names, value)) return value;
  }
  const hint = names && typeof value === 'string' ? unknownValue(type, value).hint : undefined;
  throw inputError(path, describeType(type), value, { hint });
}
