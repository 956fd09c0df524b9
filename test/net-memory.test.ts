import { execFile } from 'node:child_process';
import { totalmem } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { Net } from '../lib/net';
import { runChild } from './support/child';
import { failureOf } from './support/failure';
import { LINEAR, TINY } from './support/networks';

const SHARING = `
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 } } }
layer { name: "one" type: "InnerProduct" bottom: "data" top: "one" param { name: "w" } param { name: "b" } inner_product_param { num_output: 3 } }
layer { name: "two" type: "InnerProduct" bottom: "one" top: "two" param { name: "w" } inner_product_param { num_output: 3 } }
layer { name: "three" type: "InnerProduct" bottom: "two" top: "three" param { name: "w" } param { name: "b" } inner_product_param { num_output: 3 } }
`;

test('parameters that layers share are shown as such', async () => {
  const net = await Net.from(SHARING);
  expect(net.layers.map((layer) => layer.paramOwners)).toEqual([
    [],
    [
      { layer: 'one', index: 0 },
      { layer: 'one', index: 1 },
    ],
    [
      { layer: 'one', index: 0 },
      { layer: 'two', index: 1 },
    ],
    [
      { layer: 'one', index: 0 },
      { layer: 'one', index: 1 },
    ],
  ]);
  net.params.three?.[0]?.data.fill(2);
  expect(net.params.one?.[0]?.data[0]).toBe(2);
  const { memory } = net;
  expect(memory.params).toEqual({
    one: [
      { data: 36, diff: 0 },
      { data: 12, diff: 0 },
    ],
    two: [
      { data: 36, diff: 0 },
      { data: 12, diff: 0 },
    ],
    three: [
      { data: 36, diff: 0 },
      { data: 12, diff: 0 },
    ],
  });
  // Shared memory counts once: two weights of 9 values are one, of three biases two are one.
  expect(memory.total).toBe(36 + 2 * 12);
  await net.dispose();
});

test('what a net holds grows with its use', async () => {
  const net = await Net.from(TINY, { engine: 'caffe' });
  expect(net.memory.blobs.data).toEqual({ data: 0, diff: 0 });
  await net.forward();
  expect(net.memory.blobs.data).toEqual({ data: 4 * 576, diff: 0 });
  expect(net.memory.blobs.fc).toEqual({ data: 4 * 24, diff: 0 });
  await net.backward();
  expect(net.memory.blobs.fc).toEqual({ data: 4 * 24, diff: 4 * 24 });
  expect(net.memory.params.fc?.[1]).toEqual({ data: 12, diff: 12 });
  await net.forward({
    data: { shape: [16, 2, 6, 6], data: new Float32Array(16 * 72) },
    label: { shape: [16], data: new Float32Array(16) },
  });
  expect(net.memory.blobs.data?.data).toBe(4 * 16 * 72);
  expect(Object.getPrototypeOf(net.memory.blobs)).toBeNull();
  const run = net.forward();
  expect(() => net.memory).toThrow(expect.objectContaining({ code: 'ERR_CAFFE_BUSY' }));
  await run;
  await net.dispose();
  expect(() => net.memory).toThrow(expect.objectContaining({ code: 'ERR_CAFFE_DISPOSED' }));
});

test('the garbage collector knows what a net holds, through reshape, gradients and dispose', async () => {
  const { code, stdout, stderr } = await runChild('net-memory.js', 'reports to the garbage collector', ['--expose-gc']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const { loaded, run, backward, grown, disposed, saved, items, left } = JSON.parse(stdout) as Record<string, number>;
  // In MB: parameters 40; with blobs 44; with gradients 88; a batch of four.
  expect(loaded).toBeCloseTo(40, -1);
  expect((run ?? 0) - (loaded ?? 0)).toBeCloseTo(4, 0);
  expect(backward).toBeCloseTo(2 * (run ?? 0), -1);
  expect((grown ?? 0) - (backward ?? 0)).toBeGreaterThan(8);
  expect(Math.abs(disposed ?? 100)).toBeLessThan(1);
  // The parameters of another net count there.
  expect(saved).toBeCloseTo(40, -1);
  // All that setInputArrays was given, not one batch of it.
  expect(items).toBeCloseTo(20, -1);
  expect(Math.abs(left ?? 100)).toBeLessThan(1);
});

test('so nets that are dropped without being disposed are freed in time', async () => {
  const { code, stdout, stderr } = await runChild('net-memory.js', 'drops nets without a word');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const { most, together } = JSON.parse(stdout) as { most: number; together: number };
  console.info(`Nets of ${together} MB together, dropped one by one, took ${most.toFixed(0)} MB at most.`);
  expect(most).toBeLessThan(together / 2);
});

describe('more than there is memory for is refused before it is taken', () => {
  /** Sources of 8 GB each, more than the machine has together. */
  const great = Math.ceil(totalmem() / 8e9) + 1;
  const sources = (type: string, param: string) =>
    Array.from(
      { length: great },
      (_, index) => `layer { name: "d${index}" type: "${type}" top: "d${index}" ${param} { shape { dim: 1000 dim: 1000 dim: 2000 } } }`,
    ).join('\n');

  afterEach(async () => {
    const net = await Net.from(LINEAR);
    expect((await net.forward({ data: [1, 2, 3] })).fc?.data[0]).toBe(6.5);
    await net.dispose();
  });

  test.each([
    ['Input', 'input_param'],
    ['DummyData', 'dummy_data_param'],
  ])('sources of type %s', async (type, param) => {
    const failure = await failureOf(Net.from(sources(type, param)));
    expect(failure.code).toBe('ERR_CAFFE_SHAPE');
    expect(failure.message).toMatch(/needs at least \d+\.\d GB; \d+\.\d [GM]B of memory are available/);
    expect(failure.hint).toContain('batch');
  });

  test('blobs that follow from a source', async () => {
    const copies = Array.from({ length: great + 1 }, (_, index) => {
      const bottom = index === 0 ? 'd' : `c${index - 1}`;
      return `layer { name: "c${index}" type: "ReLU" bottom: "${bottom}" top: "c${index}" }`;
    }).join('\n');
    const failure = await failureOf(
      Net.from(`layer { name: "d" type: "Input" top: "d" input_param { shape { dim: 1000 dim: 1000 dim: 2000 } } } ${copies}`),
    );
    expect(failure.code).toBe('ERR_CAFFE_SHAPE');
    // The same by a reshape: all shapes come back, and the memory with them.
    const net = await Net.from(`layer { name: "d" type: "Input" top: "d" input_param { shape { dim: 1 dim: 2 } } } ${copies}`);
    await net.forward({ d: [1, 2] });
    const grow = async () => {
      net.blobs.d?.reshape(Math.ceil(totalmem() / great / 4));
      await net.reshape();
    };
    expect((await failureOf(grow())).code).toBe('ERR_CAFFE_SHAPE');
    net.blobs.d?.reshape(1, 2);
    expect((await net.forward({ d: [1, -2] }))[`c${great}`]).toEqual({ shape: [1, 2], data: Float32Array.of(1, 0) });
    await net.dispose();
  });

  test('a blob of 2^40 values, and one of 2^31', async () => {
    const net = await Net.from(LINEAR);
    for (const shape of [
      [2 ** 20, 2 ** 20],
      [2 ** 31 - 1, 2],
      [2 ** 16, 2 ** 15],
    ]) {
      expect(() => net.blobs.data?.reshape(...shape)).toThrow(expect.objectContaining({ code: 'ERR_CAFFE_SHAPE' }));
    }
    expect(net.blobs.data?.shape).toEqual([1, 3]);
    await net.dispose();
  });

  // AddressSanitizer itself takes more than is allowed there.
  const unlessSanitized = process.env.CAFFE_NODE_SANITIZE ? test.skip : test;
  unlessSanitized('in a process that may have little', async () => {
    const program = path.join(__dirname, 'children/net-memory.js');
    // In kilobytes; what Node itself needs is far less.
    const limited = promisify(execFile)('sh', ['-c', 'ulimit -d 1500000 && exec "$0" "$@"', process.execPath, program, 'has little']);
    const { stdout, stderr } = await limited;
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({
      parameters: 'ERR_CAFFE_SHAPE at fc: of memory are available',
      reshape: 'ERR_CAFFE_SHAPE at conv: of memory are available',
      forward: 'ERR_CAFFE_SHAPE at conv: of memory are available',
      blob: 'ERR_CAFFE_SHAPE at nothing: of memory are available',
      shapes: [
        [1, 1, 8, 8],
        [1, 4, 6, 6],
      ],
      afterwards: 9,
      resident: true,
    });
  });
});
