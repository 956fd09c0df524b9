/** Input that Caffe itself crashes on; each case is followed by a run of a good net in the same process. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Net } from '../lib/net';
import { Solver } from '../lib/solver';
import { failureOf } from './support/failure';
import { LINEAR, TINY } from './support/networks';

const folder = mkdtempSync(path.join(tmpdir(), 'caffe-node-hardening-'));
const IMAGE = 'layer { name: "d" type: "Input" top: "d" input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }';

afterEach(async () => {
  const net = await Net.from(LINEAR);
  expect((await net.forward({ data: [1, 2, 3] })).fc?.data[0]).toBe(6.5);
  await net.dispose();
});

test.each([
  [
    'a stride in one direction only',
    `${IMAGE} layer { name: "x" type: "Convolution" bottom: "d" top: "x" convolution_param { num_output: 1 kernel_size: 3 stride_h: 2 } }`,
  ],
  [
    'Im2col with a stride of 0',
    `${IMAGE} layer { name: "x" type: "Im2col" bottom: "d" top: "x" convolution_param { kernel_size: 3 stride_w: 0 } }`,
  ],
  ['Tile in place', `${IMAGE} layer { name: "x" type: "Tile" bottom: "d" top: "d" tile_param { tiles: 2 } }`],
  ['Concat in place', `${IMAGE} layer { name: "x" type: "Concat" bottom: "d" bottom: "d" top: "d" }`],
  ['an input of extent 0', IMAGE.replace('dim: 3', 'dim: 0')],
])('%s is refused', async (_, text) => {
  const failure = await failureOf(Net.from(text));
  expect(failure.code).toBe('ERR_CAFFE_PROTOTXT');
  expect(failure.layer).toBeDefined();
  const inSolver = await failureOf(Solver.from(`net_param { ${text} } base_lr: 1 lr_policy: "fixed"`));
  expect(inSolver.code).toBe('ERR_CAFFE_PROTOTXT');
});

test('an empty batch is refused', async () => {
  for (const type of ['Softmax', 'BatchNorm', 'MVN']) {
    const net = await Net.from(`${IMAGE} layer { name: "x" type: "${type}" bottom: "d" top: "x" }`);
    const failure = await failureOf(net.forward({ d: { shape: [0, 3, 8, 8], data: new Float32Array() } }));
    expect(failure.code).toBe('ERR_CAFFE_SHAPE');
    expect(() => net.blobs.d?.reshape(0, 3, 8, 8)).toThrow(expect.objectContaining({ code: 'ERR_CAFFE_SHAPE' }));
    expect((await net.forward()).x?.shape).toEqual([1, 3, 8, 8]);
    await net.dispose();
  }
});

test('a refused shape after a reshape that was never run', async () => {
  const net = await Net.from(
    `${IMAGE} layer { name: "x" type: "InnerProduct" bottom: "d" top: "x" inner_product_param { num_output: 2 } }`,
  );
  net.blobs.d?.reshape(1, 3, 9, 9);
  expect(await failureOf(net.forward({ d: { shape: [1, 3, 10, 10], data: new Float32Array(300) } }))).toMatchObject({
    code: 'ERR_CAFFE_SHAPE',
  });
  expect(net.blobs.d?.shape).toEqual([1, 3, 8, 8]);
  expect((await net.forward()).x?.shape).toEqual([1, 2]);
  await net.dispose();
});

test('backward after labels were changed, or after a reshape', async () => {
  for (const type of ['SoftmaxWithLoss', 'HingeLoss']) {
    const net = await Net.from(TINY.replace('SoftmaxWithLoss', type), { phase: 'train' });
    await net.forward();
    net.blobs.label?.data.fill(1e8);
    expect(await failureOf(net.backward())).toMatchObject({ code: 'ERR_CAFFE_INPUT', layer: 'loss' });
    net.blobs.label?.data.fill(0);
    await net.forward();
    net.blobs.data?.reshape(9, 2, 6, 6);
    expect(await failureOf(net.backward())).toMatchObject({ code: 'ERR_CAFFE_SHAPE', blob: 'data' });
    net.blobs.data?.reshape(8, 2, 6, 6);
    await net.backward();
    await net.dispose();
  }
});

test('parameters keep their shape', async () => {
  const net = await Net.from(TINY);
  expect(() => net.params.fc?.[0]?.reshape(20_000_000)).toThrow(expect.objectContaining({ code: 'ERR_CAFFE_SHAPE' }));
  expect(() => net.params.fc?.[0]?.set({ shape: [2], data: new Float32Array(2) })).toThrow(
    expect.objectContaining({ code: 'ERR_CAFFE_SHAPE' }),
  );
  expect(net.params.fc?.[0]?.shape).toEqual([3, 36]);
  await net.dispose();
});

test('sharing with a net of other shapes shares nothing', async () => {
  const [net, other] = await Promise.all([Net.from(TINY), Net.from(TINY.replace('num_output: 3', 'num_output: 4'))]);
  expect(() => net.shareWith(other)).toThrow(expect.objectContaining({ code: 'ERR_CAFFE_SHAPE', layer: 'fc' }));
  other.params.conv1?.[1]?.set([9, 9, 9, 9]);
  expect(net.params.conv1?.[1]?.data[0]).not.toBe(9);
  await Promise.all([net.dispose(), other.dispose()]);
});

test('HDF5 weights: all or nothing, with the same report and options as binary ones', async () => {
  const file = path.join(folder, 'tiny.caffemodel.h5');
  const net = await Net.from(TINY);
  await net.save(file, { format: 'hdf5' });
  const wider = await Net.from(TINY.replace('num_output: 3', 'num_output: 4'));
  const before = wider.params.conv1?.[0]?.data.slice();
  expect(await failureOf(wider.copyFrom(file))).toMatchObject({ code: 'ERR_CAFFE_WEIGHTS', layer: 'fc' });
  expect(wider.params.conv1?.[0]?.data).toEqual(before);
  expect(await wider.copyFrom(file, { ignore: ['fc'] })).toMatchObject({ copied: ['conv1'], missing: ['fc'], unused: ['fc'] });
  await Promise.all([net.dispose(), wider.dispose()]);
});

test('HDF5 snapshots restore, and another solver’s are refused without a trace', async () => {
  const settings = `base_lr: 0.1 lr_policy: "fixed" momentum: 0.9 random_seed: 1 snapshot_format: HDF5 snapshot_prefix: "${folder}/h5"`;
  const solver = await Solver.from(`net_param { ${TINY} } ${settings}`);
  await solver.step(3);
  const { state } = await solver.snapshot();
  expect(state).toBe(`${folder}/h5_iter_3.solverstate.h5`);
  const [same, other] = await Promise.all([
    Solver.from(`net_param { ${TINY} } ${settings}`),
    Solver.from(`net_param { ${TINY.replace('num_output: 4', 'num_output: 6')} } ${settings}`),
  ]);
  await same.restore(state);
  expect(same.iteration).toBe(3);
  expect((await same.step()).loss).toBe((await solver.step()).loss);
  const before = await other.net.toBuffer();
  expect(await failureOf(other.restore(state))).toMatchObject({ code: 'ERR_CAFFE_WEIGHTS' });
  expect((await other.net.toBuffer()).equals(before)).toBe(true);
  expect(other.iteration).toBe(0);
  await Promise.all([solver, same, other].map((one) => one.dispose()));
});

test('a FIFO as network, weights or state does not hang', async () => {
  const fifo = path.join(folder, 'fifo');
  execFileSync('mkfifo', [fifo]);
  const net = await Net.from(TINY);
  expect(await failureOf(net.copyFrom(fifo))).toMatchObject({ code: 'ERR_CAFFE_FILE' });
  expect(await failureOf(Net.load(fifo))).toMatchObject({ code: 'ERR_CAFFE_FILE' });
  await net.dispose();
});

test('a test pass uses the parameters that shareWeights gave', async () => {
  const solver = await Solver.from(
    `net_param { ${TINY} } base_lr: 0.1 lr_policy: "fixed" test_iter: 1 test_interval: 100 test_initialization: false`,
  );
  const other = await Net.from(TINY);
  other.params.fc?.[0]?.data.fill(0);
  other.params.fc?.[1]?.data.fill(0);
  solver.shareWeights(other);
  expect((await solver.test()).loss?.data[0]).toBeCloseTo(Math.log(3), 5);
  await solver.dispose();
  await other.dispose();
});

test('iter_size 0 is refused', async () => {
  expect((await failureOf(Solver.from(`net_param { ${TINY} } base_lr: 1 lr_policy: "fixed" iter_size: 0`))).message).toContain('iter_size');
});
