/** Weights are read field by field, values straight into the net: whatever protobuf would make of a file, that is what a net gets. */
import { writeFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { native } from '../lib/native';
import { Net } from '../lib/net';
import { runChild } from './support/child';
import { failureOf } from './support/failure';
import { temporaryFolder } from './support/folders';
import { LINEAR } from './support/networks';

const at = temporaryFolder();

const varint = (value: number): Buffer =>
  value < 0x80 ? Buffer.from([value]) : Buffer.concat([Buffer.from([(value % 0x80) | 0x80]), varint(Math.floor(value / 0x80))]);
const field = (number: number, type: number, ...value: Buffer[]) => Buffer.concat([varint(number * 8 + type), ...value]);
const message = (number: number, ...fields: Buffer[]) => {
  const body = Buffer.concat(fields);
  return field(number, 2, varint(body.length), body);
};
const text = (number: number, value: string) => message(number, Buffer.from(value));

const float = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
};
const double = (value: number) => {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return bytes;
};

const DATA = 5;
const DIFF = 6;
const DOUBLE_DATA = 8;
const [packed, single, doubles] = [
  (values: number[], number = DATA) => [message(number, ...values.map(float))],
  (values: number[], number = DATA) => values.map((value) => field(number, 5, float(value))),
  (values: number[], number = DOUBLE_DATA) => [message(number, ...values.map(double))],
];
const shape = (...dims: number[]) => message(7, ...dims.map((dim) => field(1, 0, varint(dim))));
const oldShape = (...dims: number[]) => [1, 1, 1, ...dims].slice(-4).map((dim, index) => field(index + 1, 0, varint(dim)));

const layer = (...blobs: Buffer[][]) =>
  message(100, text(1, 'fc'), text(2, 'InnerProduct'), ...blobs.map((fields) => message(7, ...fields)));
const INNER_PRODUCT = 14;
const layerV1 = (...blobs: Buffer[][]) =>
  message(2, text(4, 'fc'), field(5, 0, varint(INNER_PRODUCT)), ...blobs.map((fields) => message(6, ...fields)));
const layerV0 = (...blobs: Buffer[][]) =>
  message(2, message(1, text(1, 'fc'), text(2, 'innerproduct'), ...blobs.map((fields) => message(50, ...fields))));

const WEIGHTS = [1, -2, 3, 0.25, 5e-8, -6];
const BIAS = [7, -0.5];
/** A field that this Caffe does not know, with a group in it that looks like values. */
const UNKNOWN = field(77, 3, ...single(WEIGHTS), field(9, 3), field(9, 4), field(77, 4));

/** The parameters of LINEAR after it was given the weights as bytes, and as a file. */
async function given(weights: Buffer) {
  const net = await Net.from(LINEAR);
  await net.copyFrom(weights);
  const values = net.params.fc?.map(({ data }) => Array.from(data));
  writeFileSync(at('given.caffemodel'), weights);
  const loaded = await Net.from(LINEAR, { weights: at('given.caffemodel') });
  expect(loaded.params.fc?.map(({ data }) => Array.from(data))).toEqual(values);
  const gradients = net.params.fc?.map(({ diff }) => Array.from(diff));
  await Promise.all([net, loaded].map((one) => one.dispose()));
  return { values, gradients };
}

test.each<[string, Buffer]>([
  ['packed values', layer([shape(2, 3), ...packed(WEIGHTS)], [shape(2), ...packed(BIAS)])],
  ['values one by one', layer([...single(WEIGHTS), shape(2, 3)], [shape(2), ...single(BIAS)])],
  [
    'both in turn',
    layer(
      [...packed(WEIGHTS.slice(0, 2)), shape(2, 3), ...single(WEIGHTS.slice(2, 3)), ...packed(WEIGHTS.slice(3))],
      [shape(2), ...packed(BIAS)],
    ),
  ],
  ['doubles', layer([shape(2, 3), ...doubles(WEIGHTS)], [shape(2), ...BIAS.map((value) => field(DOUBLE_DATA, 1, double(value)))])],
  [
    'doubles beside floats, which do not count then',
    layer([shape(2, 3), ...packed(BIAS), ...doubles(WEIGHTS)], [shape(2), ...packed(BIAS)]),
  ],
  ['layers of version 1', layerV1([...oldShape(2, 3), ...packed(WEIGHTS)], [...oldShape(2), ...packed(BIAS)])],
  ['layers of version 0', layerV0([...oldShape(2, 3), ...single(WEIGHTS)], [...oldShape(2), ...packed(BIAS)])],
  [
    'fields that nobody knows',
    Buffer.concat([UNKNOWN, layer([UNKNOWN, shape(2, 3), ...packed(WEIGHTS), field(99, 1, double(1))], [shape(2), ...packed(BIAS)])]),
  ],
  [
    'another layer before it',
    Buffer.concat([
      message(100, text(1, 'other'), message(7, shape(1), ...packed([4]))),
      layer([shape(2, 3), ...packed(WEIGHTS)], [shape(2), ...packed(BIAS)]),
    ]),
  ],
])('%s', async (_, weights) => {
  const { values } = await given(weights);
  expect(values).toEqual([Array.from(Float32Array.from(WEIGHTS)), BIAS]);
});

test('gradients go to the gradients', async () => {
  const { values, gradients } = await given(
    layer([shape(2, 3), ...packed(WEIGHTS), ...packed([6, 5, 4, 3, 2, 1], DIFF)], [shape(2), ...packed(BIAS), ...doubles([8, 9], 9)]),
  );
  expect(values?.[1]).toEqual(BIAS);
  expect(gradients).toEqual([
    [6, 5, 4, 3, 2, 1],
    [8, 9],
  ]);
});

test.each<[string, Buffer]>([
  ['too few values', layer([shape(2, 3), ...packed(WEIGHTS.slice(1))], [shape(2), ...packed(BIAS)])],
  ['too many values', layer([shape(2, 3), ...packed(WEIGHTS), ...single([1])], [shape(2), ...packed(BIAS)])],
  ['too few doubles beside enough floats', layer([shape(2, 3), ...packed(WEIGHTS), ...doubles(BIAS)], [shape(2), ...packed(BIAS)])],
  ['gradients of another number', layer([shape(2, 3), ...packed(WEIGHTS), ...packed(BIAS, DIFF)], [shape(2), ...packed(BIAS)])],
  ['values that end within one', layer([shape(2, 3), message(DATA, Buffer.alloc(23))], [shape(2), ...packed(BIAS)])],
  ['a group without an end', Buffer.concat([layer([shape(2, 3), ...packed(WEIGHTS)], [shape(2), ...packed(BIAS)]), field(77, 3)])],
  ['an end without a group', Buffer.concat([layer([shape(2, 3), ...packed(WEIGHTS)], [shape(2), ...packed(BIAS)]), field(77, 4)])],
  ['a length beyond the file', Buffer.concat([layer([shape(2, 3), ...packed(WEIGHTS)]), field(100, 2, varint(2 ** 31))])],
  ['nothing but fields that nobody knows', UNKNOWN],
  ['nothing', Buffer.from([0])],
])('%s: refused, and the net is as it was', async (_, weights) => {
  const net = await Net.from(LINEAR);
  writeFileSync(at('bad.caffemodel'), weights);
  for (const source of [weights, at('bad.caffemodel')]) {
    expect((await failureOf(net.copyFrom(source))).code).toBe('ERR_CAFFE_WEIGHTS');
  }
  expect(net.params.fc?.map(({ data }) => Array.from(data))).toEqual([
    [1, 1, 1, 1, 1, 1],
    [0.5, 0.5],
  ]);
  await net.dispose();
});

/** What protobuf itself makes of the bytes; nothing where it refuses them. */
const parsed = (weights: Buffer) =>
  native.readWeights(weights).then(
    ({ layer: layers }) => layers as { name: string; blobs?: { data?: number[]; double_data?: number[] }[] }[],
    () => undefined,
  );

test('wherever a file is cut or altered, it is refused when protobuf refuses it, and otherwise means the same', async () => {
  const whole = Buffer.concat([
    UNKNOWN,
    layer(
      [shape(2, 3), ...single(WEIGHTS.slice(0, 2)), ...packed(WEIGHTS.slice(2)), ...packed(WEIGHTS, DIFF)],
      [shape(2), ...doubles(BIAS)],
    ),
  ]);
  const net = await Net.from(LINEAR);
  const altered = fc.oneof(
    fc.nat(whole.length - 1).map((length) => whole.subarray(0, length)),
    fc.tuple(fc.nat(whole.length - 1), fc.nat(255)).map(([place, byte]) => {
      const bytes = Buffer.from(whole);
      bytes[place] = byte;
      return bytes;
    }),
  );
  await fc.assert(
    fc.asyncProperty(altered, async (weights) => {
      if (weights.length === 0) return;
      const layers = await parsed(weights);
      const report = await net.copyFrom(weights, { strict: false }).catch(({ code }) => code as string);
      if (!layers) return expect(report).toBe('ERR_CAFFE_WEIGHTS');
      if (typeof report === 'string') return expect(report).toBe('ERR_CAFFE_WEIGHTS');
      const fromMessage = layers
        .find(({ name }) => name === 'fc')
        ?.blobs?.map(({ data, double_data }) => Array.from(Float32Array.from(double_data ?? data ?? [])));
      if (report.copied.includes('fc')) expect(net.params.fc?.map(({ data }) => Array.from(data))).toEqual(fromMessage);
    }),
    { numRuns: 400 },
  );
  await net.dispose();
});

test('more values than a piece of the file, at any place in it', async () => {
  const count = 100_003;
  const values = Float32Array.from({ length: count }, (_, index) => Math.sin(index));
  const text = `layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: ${count} } } }
    layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc" inner_product_param { num_output: 1 } }`;
  const bytes = Buffer.from(values.buffer);
  const one = Array.from({ length: count }, (_, index) => field(DATA, 5, bytes.subarray(4 * index, 4 * index + 4)));
  const bias = [shape(1), ...packed([2])];
  for (const data of [
    [message(DATA, bytes)],
    one,
    [message(DATA, bytes.subarray(0, 4 * 50_001)), message(DATA, bytes.subarray(4 * 50_001))],
  ]) {
    writeFileSync(at('large.caffemodel'), layer([shape(1, count), ...data], bias));
    const net = await Net.from(text, { weights: at('large.caffemodel') });
    expect(Buffer.compare(Buffer.from(net.params.fc?.[0]?.data.slice().buffer ?? new ArrayBuffer(0)), bytes)).toBe(0);
    expect(net.params.fc?.[1]?.data[0]).toBe(2);
    await net.dispose();
  }
});

test('while a net is loaded, its weights are in memory once', async () => {
  const weights = Float32Array.from({ length: 1e7 }, (_, index) => index % 1000);
  const bias = Float32Array.from({ length: 10_000 }, (_, index) => index);
  const blob = (dims: number[], values: Float32Array) => [shape(...dims), message(DATA, Buffer.from(values.buffer))];
  writeFileSync(at('heavy.caffemodel'), layer(blob([10_000, 1000], weights), blob([10_000], bias)));
  const { code, stdout, stderr } = await runChild('net-memory.js', ['loads from a file', at('heavy.caffemodel')]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  // In MiB: the parameters are 38, whatever the addon's own pages take beside them.
  const { most, held, last } = JSON.parse(stdout) as Record<string, number>;
  expect(last).toBe(9999);
  expect(held).toBeGreaterThan(38);
  expect(most).toBeLessThan(70);
});
