// Values that no function asks for.

const thrower = () => {
  throw new Error('thrown by the caller');
};

/** An object each of whose properties throws when it is read. */
const throwing = () =>
  new Proxy({}, { get: thrower, has: thrower, ownKeys: thrower, getOwnPropertyDescriptor: thrower, getPrototypeOf: thrower });

const throwingArray = () => new Proxy([1, 2, 3], { get: thrower });

function revoked(target = {}) {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

function cyclic() {
  const object = {};
  object.self = object;
  return object;
}

/** Its conversion to text, number or anything else throws. */
const inconvertible = () => ({ toString: thrower, valueOf: thrower, toJSON: thrower, [Symbol.toPrimitive]: thrower });

function detached(length = 3) {
  const values = new Float32Array(length);
  structuredClone(values.buffer, { transfer: [values.buffer] });
  return values;
}

/** One of each kind, by what to call it. */
const KINDS = {
  undefined: () => undefined,
  null: () => null,
  boolean: () => true,
  number: () => 7,
  NaN: () => Number.NaN,
  infinity: () => Number.POSITIVE_INFINITY,
  negative: () => -1,
  fraction: () => 1.5,
  text: () => 'junk',
  'empty text': () => '',
  symbol: () => Symbol('junk'),
  bigint: () => 7n,
  function: () => () => {},
  array: () => [1, 2, 3],
  'empty array': () => [],
  'sparse array': () => new Array(3),
  object: () => ({ junk: true }),
  'cyclic object': cyclic,
  'object without prototype': () => Object.create(null),
  'object that converts to nothing': inconvertible,
  'throwing Proxy': throwing,
  'throwing array': throwingArray,
  'revoked Proxy': () => revoked(),
  'revoked array': () => revoked([]),
  date: () => new Date(0),
  promise: () => Promise.resolve(1),
  map: () => new Map([['data', [1]]]),
  'detached array': () => detached(),
  'array of 64-bit integers': () => new BigInt64Array(3),
  DataView: () => new DataView(new ArrayBuffer(12)),
  ArrayBuffer: () => new ArrayBuffer(12),
};

/** Calls with one of each kind, but for those named. */
function* each(call, ...allowed) {
  const unknown = allowed.filter((kind) => !(kind in KINDS));
  if (unknown.length > 0) throw new Error(`There is no kind ${unknown}`);
  for (const [kind, make] of Object.entries(KINDS)) {
    if (!allowed.includes(kind)) yield [kind, () => call(make())];
  }
}

/** What may stand in the place of options that are left out: objects, of which none of the options is read. */
const NO_OPTIONS = [
  'undefined',
  'object',
  'cyclic object',
  'object without prototype',
  'object that converts to nothing',
  'date',
  'promise',
  'map',
  'detached array',
  'array of 64-bit integers',
  'DataView',
  'ArrayBuffer',
];

/** What may stand in the place of a record that is left out: objects without entries. */
const EMPTY_OBJECTS = ['undefined', 'object without prototype', 'date', 'promise', 'map', 'detached array', 'DataView', 'ArrayBuffer'];

module.exports = { KINDS, NO_OPTIONS, EMPTY_OBJECTS, cyclic, detached, each, inconvertible, revoked, thrower, throwing, throwingArray };
