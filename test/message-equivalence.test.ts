/** Our typed objects and the linked Caffe's own parser and printer agree, on every field of every message. */
import fc from 'fast-check';
import { native } from '../lib/native';
import { type NetParameter, parseNet, parseSolver, type SolverParameter, stringify } from '../lib/prototxt';
import { enumOf, fieldNames, fieldOf, isMessageName, type MessageName, requiredFields } from '../lib/prototxt/schema/messages';

const { messages } = native;
const DEEPEST = 3;

const SCALARS: Record<string, fc.Arbitrary<unknown>> = {
  int32: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  uint32: fc.nat({ max: 2 ** 32 - 1 }),
  int64: fc.maxSafeInteger(),
  float: fc.oneof(fc.float(), fc.constantFrom(0.1, 1e-8, 3.4028235e38, 0.999, 1e-45, -0)).map(asRead),
  double: fc.double(),
  bool: fc.boolean(),
  string: fc.string({ unit: 'binary' }),
};

/** A float as Caffe gives it back: the shortest decimal for its 32 bits. */
function asRead(value: number): number {
  return Number.isFinite(value) ? Number(Math.fround(value).toPrecision(9)) : value;
}

/** Some fields of a message, each with some value. */
function messageOf(message: MessageName, depth = 0): fc.Arbitrary<Record<string, unknown>> {
  const fields = fieldNames(message).filter((name) => depth < DEEPEST || !isMessageName(fieldOf(message, name)?.type ?? ''));
  return fc.subarray(fields, { maxLength: Math.min(5, fields.length) }).chain((some) => {
    const names = new Set([...some, ...requiredFields(message)]);
    return fc.record(Object.fromEntries([...names].map((name) => [name, fieldValue(message, name, depth)])), { noNullPrototype: true });
  });
}

function fieldValue(message: MessageName, name: string, depth: number): fc.Arbitrary<unknown> {
  const { type = '', repeated = false } = fieldOf(message, name) ?? {};
  const item = isMessageName(type) ? messageOf(type, depth + 1) : (SCALARS[type] ?? fc.constantFrom(...Object.keys(enumOf(type) ?? {})));
  return repeated ? fc.array(item, { minLength: 1, maxLength: 3 }) : item;
}

/** The addon gives the numbers of blobs as typed arrays. */
const plain = (value: unknown): unknown => {
  if (ArrayBuffer.isView(value))
    return Array.from(value as Float32Array, (number) => (value instanceof Float64Array ? number : asRead(number)));
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return typeof value === 'number' ? asRead(value) : value;
  const written = Object.entries(value).filter(([, inner]) => !Array.isArray(inner) || inner.length > 0); // `[]` says nothing
  return Object.fromEntries(written.map(([name, inner]) => [name, plain(inner)]));
};

test('what we write is what the linked Caffe reads', () => {
  fc.assert(
    fc.property(messageOf('NetParameter'), (net) => {
      const text = stringify(net as NetParameter, 'net');
      expect(plain(messages.fromText('NetParameter', text))).toEqual(
        plain(messages.fromBinary('NetParameter', messages.toBinary('NetParameter', net))),
      );
    }),
    { numRuns: 300 },
  );
});

test('what the linked Caffe writes is what we read', () => {
  fc.assert(
    fc.property(messageOf('SolverParameter'), (solver) => {
      const text = messages.toText('SolverParameter', solver);
      expect(plain(parseSolver(text))).toEqual(plain(messages.fromText('SolverParameter', text)));
      expect(stringify(parseSolver(text), 'solver')).toBe(stringify(parseSolver(text), 'solver'));
    }),
    { numRuns: 300 },
  );
});

test('and what we read back of our own is what we wrote', () => {
  fc.assert(
    fc.property(messageOf('SolverParameter'), (solver) => {
      expect(plain(parseSolver(stringify(solver as SolverParameter, 'solver')))).toEqual(plain(solver));
    }),
    { numRuns: 300 },
  );
});

describe('every way to write a value', () => {
  const literals = [
    ...[
      '0',
      '-0',
      '1',
      '-1',
      '7',
      '007',
      '08',
      '0x10',
      '-0x10',
      '0X1f',
      '4294967295',
      '4294967296',
      '-2147483648',
      '2147483648',
      '1.0',
      '1.',
    ],
    ...['.5', '-.5', '1e3', '1E-3', '1.5f', '2f', '1e400', '1e-400', '-1e39', 'inf', '-inf', 'INF', 'infinity', 'nan', '-nan', 'NaN', '-x'],
    ...[
      'true',
      'false',
      'True',
      'False',
      't',
      'f',
      'TRUE',
      'yes',
      'CPU',
      'GPU',
      'cpu',
      "'a'",
      '"a" \'b\'',
      '"\\x41"',
      '[1]',
      '[]',
      '{ }',
      '< >',
    ],
  ];
  const fields = ['test_interval', 'base_lr', 'test_initialization', 'lr_policy', 'solver_mode', 'stepvalue', 'random_seed', 'train_state'];
  test.each(fields)('%s', (field) => {
    for (const literal of literals) {
      const text = `${field}: ${literal}`;
      expect([text, outcome(() => plain(parseSolver(text)))]).toEqual([
        text,
        outcome(() => plain(messages.fromText('SolverParameter', text))),
      ]);
    }
  });

  test.each(['kernel_h', 'bias_term'])('%s of a convolution', (field) => {
    for (const literal of literals) {
      const text = `layer { convolution_param { ${field}: ${literal} } }`;
      expect([text, outcome(() => plain(parseNet(text)))]).toEqual([text, outcome(() => plain(messages.fromText('NetParameter', text)))]);
    }
  });
});

function outcome(read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    return (error as { code?: string }).code;
  }
}
