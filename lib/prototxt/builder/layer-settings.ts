import { CaffeError } from '../../errors';
import { readEntries, reading } from '../../given';
import { inputError } from '../input-error';
import type { CaffeMessages, LayerMessages, LayerParameter } from '../schema/caffe-proto';
import { type FieldType, fieldOf, isMessageName, type MessageName } from '../schema/messages';
import { LAYERS } from '../schema/schema';
import { unknownField } from '../schema/unknown-names';
import { nearestTo } from '../suggest';

/** What only says how a layer is wired. */
export interface Wiring {
  /** Number of tops. Default 1. */
  ntop?: number;
  /** The tops are the bottoms. Default false. */
  in_place?: boolean;
}

/** What the call and the assignment say already. */
interface Said {
  /** `layers.Type(…)` says it. */
  type?: never;
  /** The first arguments are the bottoms. */
  bottom?: never;
  /** A top is called by what it is assigned to. */
  top?: never;
}

/** The types of layers by which settings are known. */
export type LayerType = keyof LayerMessages;

/**
 * The settings of a layer, `LayerSettings<'Convolution'>`: fields of its own message (`num_output`), of LayerParameter (`param`, `include`,
 * `transform_param`), and how it is wired.
 */
export type LayerSettings<Type extends LayerType> = LayerMessages[Type] & LayerParameter<'given'> & Wiring & Said;

/** The settings of a layer that the linked Caffe does not have. */
export type OtherSettings = Wiring & { readonly [field: string]: unknown };

/**
 * Settings as fields of LayerParameter: those of the layer's own message are gathered there, repeated ones become arrays.
 *
 * @param keepsUnknown whether fields that caffe.proto does not have are passed on.
 * @throws {CaffeError} ERR_CAFFE_INPUT for a field that it does not have.
 */
export function layerFields(type: string, settings: Readonly<Record<string, unknown>>, keepsUnknown: boolean): Record<string, unknown> {
  const own = ownMessage(type);
  // As pycaffe: what ends in param is LayerParameter's, everything else belongs to the layer's own message if that has it.
  const isOwn = (name: string) => own !== undefined && !name.endsWith('param') && fieldOf(own.message, name) !== undefined;
  const entries = Object.entries(settings);
  const unknown = entries.find(([name]) => !isOwn(name) && !fieldOf('LayerParameter', name))?.[0];
  if (unknown !== undefined && !keepsUnknown) throw unknownSetting(type, unknown, own?.message);
  const message = entries.filter(([name]) => isOwn(name));
  const fields = Object.fromEntries(entries.filter(([name]) => !isOwn(name)));
  if (own && message.length > 0) fields[own.field] = { ...asObject(fields[own.field], own.field), ...Object.fromEntries(message) };
  return shapedMessage('LayerParameter', fields, keepsUnknown);
}

function asObject(value: unknown = {}, name: string): object {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw inputError(name, 'an object', value);
}

/**
 * pycaffe's `assign_proto`: values as a message of caffe.proto, repeated fields as arrays whether they were given as such or not.
 *
 * ```ts
 * assignProto('ConvolutionParameter', { num_output: 20, kernel_size: 5 }); // { num_output: 20, kernel_size: [5] }
 * ```
 *
 * @returns an object for {@link stringify}, which checks the values.
 * @throws {CaffeError} ERR_CAFFE_INPUT for a message or a field that caffe.proto does not have, or for no object.
 */
export function assignProto<Name extends MessageName>(message: Name, values: CaffeMessages<'given'>[Name]): CaffeMessages[Name] {
  if (typeof message !== 'string' || !isMessageName(message)) throw inputError('message', 'the name of a message of caffe.proto', message);
  const entries = readEntries(values as Readonly<Record<string, unknown>>, 'The values');
  const shapedValues: unknown = reading('The values', () => shapedMessage(message, Object.fromEntries(entries), false));
  return shapedValues as CaffeMessages[Name];
}

/** The fields of a message as `stringify` takes them: repeated ones as arrays, at every depth. */
function shapedMessage(message: MessageName, values: object, keepsUnknown: boolean): Record<string, unknown> {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    entries.map(([name, value]) => {
      const field = fieldOf(message, name);
      if (field) return [name, shaped(value, field, keepsUnknown)];
      if (keepsUnknown) return [name, value];
      throw new CaffeError('ERR_CAFFE_INPUT', `${message} has no field '${name}'.`, { hint: unknownField(message, name).hint });
    }),
  );
}

function shaped(value: unknown, { type, repeated }: FieldType, keepsUnknown: boolean): unknown {
  if (repeated) {
    const items = Array.isArray(value) ? Array.from(value) : [value];
    return items.map((item) => shaped(item, { type, repeated: false }, keepsUnknown));
  }
  if (!isMessageName(type) || typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return shapedMessage(type, value, keepsUnknown);
}

function unknownSetting(type: string, name: string, own: MessageName | undefined): CaffeError {
  const messages: MessageName[] = own && !name.endsWith('param') ? [own, 'LayerParameter'] : ['LayerParameter'];
  const known = messages.map((message) => unknownField(message, name));
  const meant = Object.hasOwn(LAYERS, type) ? undefined : nearestTo(type, Object.keys(LAYERS));
  const hint =
    known.find(({ fork }) => fork)?.hint ??
    (meant && `Did you mean a layer of type ${meant}?`) ??
    (known.find(({ suggestion }) => suggestion) ?? known[0])?.hint;
  return new CaffeError('ERR_CAFFE_INPUT', `A layer of type ${type} has no field '${name}'.`, { hint });
}

/** The message with the settings of a type, and the field that holds it: Deconvolution's is convolution_param. */
function ownMessage(type: string): { field: string; message: MessageName } | undefined {
  const field = Object.hasOwn(LAYERS, type) ? LAYERS[type as LayerType] : '';
  const message = fieldOf('LayerParameter', field)?.type ?? '';
  return isMessageName(message) ? { field, message } : undefined;
}
