import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Net } from '../lib/net';
import { Solver } from '../lib/solver';
import { failureOf } from './support/failure';
import { temporaryFolder } from './support/folders';

const inFolder = temporaryFolder();
const SMALL = `
name: "small"
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 } } }
layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc" inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }
layer { name: "sum" type: "Reduction" bottom: "fc" top: "sum" }`;
const VALUES = [1.5, -2, 3, 0.25, 1e-20, 6];

/** The weights of SMALL with VALUES in them, as Caffe writes them. */
async function small(): Promise<{ net: Net; bytes: Buffer }> {
  const net = await Net.from(SMALL);
  net.params.fc?.[0]?.set(VALUES);
  net.params.fc?.[1]?.set([7, 8]);
  await net.save(inFolder('small.h5'), { format: 'hdf5' });
  return { net, bytes: readFileSync(inFolder('small.h5')) };
}

const valuesOf = (net: Net) => Array.from(net.params.fc?.[0]?.data ?? []);

/** Where the values lie in the file. */
function placeOfValues(bytes: Buffer): number {
  const place = bytes.indexOf(Buffer.from(Float32Array.from(VALUES).buffer));
  expect(place).toBeGreaterThan(0);
  return place;
}

/** Where the messages of the dataset's header are that mention the address of its values: its layout (version 3, contiguous). */
function placeOfLayout(bytes: Buffer): number {
  const mention = Buffer.alloc(10);
  mention.set([3, 1]);
  mention.writeBigUInt64LE(BigInt(placeOfValues(bytes)), 2);
  const place = bytes.indexOf(mention);
  expect(place).toBeGreaterThan(0);
  return place;
}

/** The datatype of 32-bit floats, little-endian: class 1 of version 1, 4 bytes. */
const FLOAT = Buffer.from([0x11, 0x20, 0x1f, 0, 4, 0, 0, 0]);

test('what Caffe writes is read, from a file and from memory', async () => {
  const { net, bytes } = await small();
  for (const weights of [inFolder('small.h5'), bytes]) {
    const other = await Net.from(SMALL);
    expect(await other.copyFrom(weights)).toMatchObject({ copied: ['fc'], missing: [] });
    expect(valuesOf(other)).toEqual(valuesOf(net));
    expect(Array.from(other.params.fc?.[1]?.data ?? [])).toEqual([7, 8]);
    await other.dispose();
  }
  await net.dispose();
});

test('big-endian numbers, and integers', async () => {
  const { net, bytes } = await small();
  const swapped = Buffer.from(bytes);
  swapped.subarray(placeOfValues(bytes), placeOfValues(bytes) + 24).swap32();
  for (let type = swapped.indexOf(FLOAT); type >= 0; type = swapped.indexOf(FLOAT, type + 1)) swapped[type + 1] = 0x21;
  await net.copyFrom(swapped);
  expect(valuesOf(net)).toEqual(Array.from(Float32Array.from(VALUES)));

  const integers = Buffer.from(bytes);
  Int32Array.from([1, -2, 3, 2 ** 31 - 1, -(2 ** 31), 0]).forEach((value, index) => {
    integers.writeInt32LE(value, placeOfValues(bytes) + 4 * index);
  });
  // Class 0, signed; then the offset and the precision in bits.
  for (let type = integers.indexOf(FLOAT); type >= 0; type = integers.indexOf(FLOAT, type + 1)) integers.set([0x10, 0x08, 0], type);
  await net.copyFrom(integers);
  expect(valuesOf(net)).toEqual([1, -2, 3, 2 ** 31, -(2 ** 31), 0]);
  await net.dispose();
});

test.each([
  ['a dataset in pieces', (bytes: Buffer) => bytes.writeUInt8(2, placeOfLayout(bytes) + 1), 'in pieces (chunks)'],
  ['the newer form of files', (bytes: Buffer) => bytes.writeUInt8(2, 8), 'newer form'],
])('%s is refused with the command that converts it', async (_, alter, words) => {
  const { net, bytes } = await small();
  alter(bytes);
  const failure = await failureOf(net.copyFrom(bytes));
  expect(failure).toMatchObject({ code: 'ERR_CAFFE_WEIGHTS', hint: expect.stringContaining('h5repack') });
  expect(failure.message).toContain(words);
  expect(valuesOf(net)).toEqual(Array.from(Float32Array.from(VALUES)));
  await net.dispose();
});

test.each([
  ['values behind the end of the file', (bytes: Buffer) => bytes.writeBigUInt64LE(2n ** 63n, placeOfLayout(bytes) + 2)],
  ['fewer values than the shape says', (bytes: Buffer) => bytes.writeBigUInt64LE(20n, placeOfLayout(bytes) + 10)],
  ['values that were never written', (bytes: Buffer) => bytes.writeBigUInt64LE(2n ** 64n - 1n, placeOfLayout(bytes) + 2)],
  [
    'a tree that contains itself',
    (bytes: Buffer) => {
      for (let tree = bytes.indexOf('TREE'); tree >= 0; tree = bytes.indexOf('TREE', tree + 1)) {
        bytes.writeUInt8(1, tree + 5);
        bytes.writeBigUInt64LE(BigInt(tree), tree + 32);
      }
    },
  ],
  [
    'a name without an end',
    (bytes: Buffer) => {
      for (let heap = bytes.indexOf('HEAP'); heap >= 0; heap = bytes.indexOf('HEAP', heap + 1)) {
        const segment = Number(bytes.readBigUInt64LE(heap + 24));
        bytes.fill(0x41, segment, segment + Number(bytes.readBigUInt64LE(heap + 8)));
      }
    },
  ],
])('%s', async (_, alter) => {
  const { net, bytes } = await small();
  alter(bytes);
  expect(await failureOf(net.copyFrom(bytes))).toMatchObject({ code: 'ERR_CAFFE_WEIGHTS', message: expect.stringContaining('damaged') });
  expect((await net.forward({ data: [1, 0, 0] })).sum?.data[0]).toBeCloseTo(1.5 + 0.25 + 7 + 8);
  await net.dispose();
});

describe('in a process of its own', () => {
  async function outcomesOf(kind: string) {
    const solver = await Solver.from(
      `net_param { ${SMALL} } base_lr: 0.1 lr_policy: "fixed" momentum: 0.9 random_seed: 1 snapshot_format: HDF5 snapshot_prefix: "${inFolder(kind)}"`,
    );
    await solver.step(2);
    const { model, state } = await solver.snapshot();
    await solver.dispose();
    const child = path.join(__dirname, 'children/damaged-hdf5.js');
    const { status, signal, stdout, stderr } = spawnSync(process.execPath, [child, model, state, kind, SMALL]);
    expect({ status, signal, stderr: stderr.toString() }).toEqual({ status: 0, signal: null, stderr: '' });
    return JSON.parse(stdout.toString());
  }

  test('a file cut at any size is refused', async () => {
    const { weights, states, afterwards } = await outcomesOf('truncations');
    expect(weights).toEqual({ ERR_CAFFE_WEIGHTS: expect.any(Number) });
    expect(states).toEqual({ ERR_CAFFE_WEIGHTS: expect.any(Number) });
    expect(afterwards).toEqual({ iteration: 2, weights: afterwards.same, same: expect.any(Array) });
  });

  test('damaged bytes are refused or read', async () => {
    const { weights, states, afterwards } = await outcomesOf('damages');
    for (const outcomes of [weights, states]) {
      expect(outcomes.ERR_CAFFE_WEIGHTS).toBeGreaterThan(500);
      expect(outcomes.accepted).toBeGreaterThan(500);
      // A state names the file of its weights, which may be damaged as well.
      for (const outcome of Object.keys(outcomes)) expect(outcome).toMatch(/^(accepted|ERR_CAFFE_(WEIGHTS|FILE))$/);
    }
    expect(afterwards).toEqual({ iteration: 2, weights: afterwards.same, same: expect.any(Array) });
  });
});
