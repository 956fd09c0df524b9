/** The generated tables and types say what the linked Caffe's own descriptors say. */
import { caffe } from '../lib/caffe';
import { type NativeProtoEnum, type NativeProtoField, native } from '../lib/native';
import type { CaffeMessages } from '../lib/prototxt';
import { defaultOf, enumOf, fieldNames, fieldOf, type MessageName, requiredFields } from '../lib/prototxt/schema/messages';
import { ENUMS, LAYERS, MESSAGES } from '../lib/prototxt/schema/schema';

/** Another Caffe (through CAFFE_ROOT or CAFFE_SOURCE) may have more; ours has exactly this. */
const isOurs = String(caffe.features.source).startsWith('debian');
const names = Object.keys(MESSAGES) as MessageName[];
const file = native.messages.descriptor();
const linkedMessages = new Map((file.message_type ?? []).map((message) => [message.name, message]));

const linkedEnum = (type: string): NativeProtoEnum => {
  const [owner = '', nested] = type.split('.');
  const scope = nested ? linkedMessages.get(owner) : file;
  const found = scope?.enum_type?.find(({ name }) => name === (nested ?? owner));
  if (!found) throw new Error(`The linked Caffe has no enum ${type}.`);
  return found;
};

const typeOf = ({ type, type_name: name }: NativeProtoField) => name?.replace('.caffe.', '') ?? type.replace('TYPE_', '').toLowerCase();
test.each(names)('%s has the fields of the linked Caffe, their types and defaults', (message) => {
  const linked = linkedMessages.get(message)?.field ?? [];
  const known = linked.filter(({ name }) => isOurs || fieldOf(message, name));
  expect(fieldNames(message).sort()).toEqual(known.map(({ name }) => name).sort());
  for (const field of known) {
    expect(fieldOf(message, field.name)).toEqual({ type: typeOf(field), repeated: field.label === 'LABEL_REPEATED' });
    expect([field.name, requiredFields(message).includes(field.name)]).toEqual([field.name, field.label === 'LABEL_REQUIRED']);
    const value = defaultOf(message, field.name);
    const declared = field.default_value;
    if (declared !== undefined)
      expect([field.name, value]).toEqual([field.name, typeof value === 'number' ? Number(declared) : asWritten(declared)]);
    else expect([undefined, 0, false, '', linkedFirst(field)]).toContain(value);
  }
});

const asWritten = (text: string) => (text === 'true' || text === 'false' ? text === 'true' : text);
const linkedFirst = (field: NativeProtoField) => (field.type === 'TYPE_ENUM' ? linkedEnum(typeOf(field)).value[0]?.name : undefined);

test.each(Object.keys(ENUMS))('the values of %s', (type) => {
  const linked = Object.fromEntries(linkedEnum(type).value.map(({ name, number }) => [name, number]));
  expect(linked).toMatchObject(enumOf(type) ?? {});
  if (isOurs) expect(enumOf(type)).toEqual(linked);
});

test('a default is what the linked Caffe reads where nothing is written', () => {
  expect(defaultOf('ConvolutionParameter', 'bias_term')).toBe(true);
  expect(defaultOf('ConvolutionParameter', 'num_output')).toBe(0);
  expect(defaultOf('PoolingParameter', 'pool')).toBe('MAX');
  expect(defaultOf('EltwiseParameter', 'operation')).toBe('SUM');
  expect(defaultOf('FillerParameter', 'type')).toBe('constant');
  expect(defaultOf('LRNParameter', 'beta')).toBe(0.75);
});

test('what is repeated, a message, or unknown has no default', () => {
  expect(defaultOf('ConvolutionParameter', 'kernel_size')).toBeUndefined();
  expect(defaultOf('ConvolutionParameter', 'weight_filler')).toBeUndefined();
  expect(defaultOf('ConvolutionParameter', 'constructor')).toBeUndefined();
});

describe('layers', () => {
  test('are those that the linked Caffe has; two more where it is built without OpenCV', () => {
    const linked = native.layerTypes().filter((type) => isOurs || type in LAYERS);
    expect(Object.keys(LAYERS).sort()).toEqual([...new Set([...linked, 'ImageData', 'WindowData'])].sort());
  });

  test.each(Object.entries(LAYERS).filter(([, field]) => field !== ''))('%s has its settings in %s', (_, field) => {
    expect(fieldOf('LayerParameter', field)?.type).toMatch(/Parameter$/);
  });
});

type Tables = typeof MESSAGES;
type Value<Type> = Type extends `${infer Item}[]`
  ? Value<Item>[]
  : Type extends MessageName
    ? CaffeMessages[Type]
    : Type extends keyof typeof ENUMS
      ? keyof (typeof ENUMS)[Type]
      : Type extends 'string'
        ? string
        : Type extends 'bool'
          ? boolean
          : number;
type ByTable<Name extends MessageName> = { -readonly [Field in keyof Tables[Name]]: Value<Tables[Name][Field]> };
type Same<One, Other> = [One, Other] extends [Other, One] ? true : false;

test('the interfaces say what the tables say: the compiler checks it', () => {
  const agrees: { [Name in MessageName]: Same<ByTable<Name>, Required<CaffeMessages[Name]>> } = Object.fromEntries(
    names.map((name) => [name, true as const]),
  ) as Record<MessageName, true>;
  expect(Object.keys(agrees)).toEqual(names);
  // A check that finds nothing wrong would be worth nothing.
  const differs: [Same<{ a: number }, { a: string }>, Same<{ a: 1 }, { a: 1; b: 2 }>, Same<'x' | 'y', 'x'>] = [false, false, false];
  expect(differs).not.toContain(true);
});
