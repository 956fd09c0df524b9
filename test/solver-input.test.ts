/** Solvers that cannot work: what Caffe accepts without a word, or ends the process for. Each case is followed by a good solver. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { caffe, type LogMessage } from '../lib/caffe';
import { Solver } from '../lib/solver';
import { failureOf } from './support/failure';
import { TINY } from './support/networks';
import { plainSolver } from './support/solvers';

const folder = mkdtempSync(path.join(tmpdir(), 'caffe-node-solver-input-'));
const NET = `net_param { ${TINY} }`;
const BASE = 'base_lr: 0.1 lr_policy: "fixed"';

afterEach(async () => {
  const solver = await plainSolver();
  expect((await solver.step()).iteration).toBe(1);
  await solver.dispose();
});

test.each<[string, string]>([
  ['no net at all', BASE],
  ['a net twice', `${NET} train_net_param { ${TINY} } ${BASE}`],
  ['a net as a file and as a message', `net: "x.prototxt" ${NET} ${BASE}`],
  ['no policy', `${NET} base_lr: 0.1`],
  ['an unknown policy', `${NET} base_lr: 0.1 lr_policy: "magic"`],
  ['an unknown type', `${NET} ${BASE} type: "Magic"`],
  ['an unknown field', `${NET} ${BASE} base_lrr: 1`],
  ['a rate that is no number', `${NET} base_lr: nan lr_policy: "fixed"`],
  ['an infinite rate', `${NET} base_lr: inf lr_policy: "fixed"`],
  ['a negative rate', `${NET} base_lr: -0.1 lr_policy: "fixed"`],
  ['a step policy without stepsize', `${NET} base_lr: 0.1 lr_policy: "step" gamma: 0.1`],
  ['stepsize 0', `${NET} base_lr: 0.1 lr_policy: "step" gamma: 0.1 stepsize: 0`],
  ['stepsize 0 with sigmoid', `${NET} base_lr: 0.1 lr_policy: "sigmoid" gamma: 0.1 stepsize: 0`],
  ['a negative stepsize', `${NET} base_lr: 0.1 lr_policy: "step" gamma: 0.1 stepsize: -5`],
  ['a negative gamma', `${NET} base_lr: 0.1 lr_policy: "exp" gamma: -1`],
  ['a gamma that is no number', `${NET} base_lr: 0.1 lr_policy: "multistep" gamma: nan`],
  ['a power that is no number', `${NET} base_lr: 0.1 lr_policy: "inv" gamma: 0.1 power: nan`],
  ['an infinite power', `${NET} base_lr: 0.1 lr_policy: "poly" power: inf max_iter: 10`],
  ['poly without max_iter', `${NET} base_lr: 0.1 lr_policy: "poly" power: 1`],
  ['a negative momentum', `${NET} ${BASE} momentum: -0.5`],
  ['a momentum of 1', `${NET} ${BASE} momentum: 1`],
  ['momentum with AdaGrad', `${NET} ${BASE} type: "AdaGrad" momentum: 0.9`],
  ['momentum with RMSProp', `${NET} ${BASE} type: "RMSProp" momentum: 0.9`],
  ['Adam with a momentum of 1', `${NET} ${BASE} type: "Adam" momentum: 1`],
  ['Adam with a second momentum of 1', `${NET} ${BASE} type: "Adam" momentum: 0.9 momentum2: 1`],
  ['a rms_decay beyond 1', `${NET} ${BASE} type: "RMSProp" rms_decay: 1.5`],
  ['a delta of 0', `${NET} ${BASE} type: "AdaGrad" delta: 0`],
  ['a negative weight decay', `${NET} ${BASE} weight_decay: -1`],
  ['a weight decay that is no number', `${NET} ${BASE} weight_decay: nan`],
  ['an unknown regularization', `${NET} ${BASE} weight_decay: 0.1 regularization_type: "L7"`],
  ['clip_gradients that are no number', `${NET} ${BASE} clip_gradients: nan`],
  ['iter_size 0', `${NET} ${BASE} iter_size: 0`],
  ['a negative iter_size', `${NET} ${BASE} iter_size: -3`],
  ['average_loss 0', `${NET} ${BASE} average_loss: 0`],
  ['a negative max_iter', `${NET} ${BASE} max_iter: -1`],
  ['a negative display', `${NET} ${BASE} display: -1`],
  ['a negative snapshot interval', `${NET} ${BASE} snapshot: -1`],
  ['a negative test_interval', `${NET} ${BASE} test_interval: -1`],
  ['test_iter without test_interval', `${NET} ${BASE} test_iter: 1`],
  ['test_iter of 0', `${NET} ${BASE} test_iter: 0 test_interval: 1`],
  ['fewer test_iter than test nets', `${NET} test_net_param { ${TINY} } test_net_param { ${TINY} } test_iter: 1 test_interval: 1 ${BASE}`],
  [
    'more test_iter than test nets',
    `train_net_param { ${TINY} } test_net_param { ${TINY} } test_iter: 1 test_iter: 1 test_interval: 1 ${BASE}`,
  ],
  ['no test_iter for a test net', `train_net_param { ${TINY} } test_net_param { ${TINY} } test_interval: 1 ${BASE}`],
  ['another number of test states', `${NET} test_iter: 1 test_state { } test_state { } test_interval: 1 ${BASE}`],
  ['a misconfigured layer', `net_param { ${TINY.replace('kernel_size: 3 stride: 2', 'kernel_size: 3 stride: 0')} } ${BASE}`],
])('%s', async (_, text) => {
  const failure = await failureOf(Solver.from(text));
  expect(failure.code).toBe('ERR_CAFFE_PROTOTXT');
  expect(failure.message.length).toBeGreaterThan(20);
});

test.each<[string, string, string]>([
  ['a net that is missing', `net: "none.prototxt" ${BASE}`, 'ERR_CAFFE_FILE'],
  ['a net that is a folder', `net: "${folder}" ${BASE}`, 'ERR_CAFFE_FILE'],
  ['weights that are missing', `${NET} ${BASE} weights: "none.caffemodel"`, 'ERR_CAFFE_FILE'],
  ['snapshots into a folder that is missing', `${NET} ${BASE} snapshot: 5 snapshot_prefix: "${folder}/none/x"`, 'ERR_CAFFE_FILE'],
  [
    'a dataset that is missing',
    `net_param { layer { name: "d" type: "Data" top: "d" data_param { source: "none" batch_size: 1 backend: LMDB } } } ${BASE}`,
    'ERR_CAFFE_DATASET',
  ],
])('%s', async (_, text, code) => {
  expect(await failureOf(Solver.from(text, { basePath: folder }))).toMatchObject({ code });
});

test('works as in Caffe: test_interval without test nets, a rate of 0, clipping to nothing, no momentum', async () => {
  for (const settings of ['test_interval: 1', 'clip_gradients: 0', 'momentum: 0', 'display: 1', 'average_loss: 2147483647']) {
    const solver = await plainSolver(settings);
    expect((await solver.step(3)).iteration).toBe(3);
    await solver.dispose();
  }
  const still = await Solver.from(`${NET} base_lr: 0 lr_policy: "fixed"`);
  const before = await still.net.toBuffer();
  await still.step(2);
  expect((await still.net.toBuffer()).equals(before)).toBe(true);
  await still.dispose();
});

test('solver_mode: GPU runs on the CPU where there is no other, with a warning', async () => {
  const lines: LogMessage[] = [];
  const listen = (line: LogMessage) => lines.push(line);
  caffe.on('log', listen);
  const solver = await plainSolver('solver_mode: GPU');
  expect((await solver.step()).iteration).toBe(1);
  caffe.off('log', listen);
  const warnings = lines.filter((line) => line.level === 'warning' && line.message.includes('solver_mode: GPU'));
  expect(warnings.length).toBe(caffe.features.cuda ? 0 : 1);
  await solver.dispose();
});

test('numbers of steps that are none', async () => {
  const solver = await plainSolver();
  for (const count of [-1, 1.5, 2 ** 31, 2 ** 40, Number.NaN, Number.POSITIVE_INFINITY, '3', null, {}, 3n, Symbol('x')]) {
    expect(await failureOf(solver.step(count as never))).toMatchObject({ code: 'ERR_CAFFE_INPUT' });
  }
  expect((await solver.step()).iteration).toBe(1);
  await solver.dispose();
});

test('what is no solver', async () => {
  const thrower = {
    toString() {
      throw new Error('no text');
    },
  };
  const cyclic: Record<string, unknown> = {};
  cyclic.net_param = cyclic;
  for (const solver of [undefined, null, 3, '', Symbol('x'), thrower, cyclic, { base_lr: 'x' }, { unknown: 1 }, () => {}, []]) {
    expect((await failureOf(Solver.from(solver as never))).code).toMatch(/^ERR_CAFFE_(INPUT|PROTOTXT)$/);
  }
  for (const file of ['', undefined, 3, null, {}]) {
    expect(await failureOf(Solver.load(file as never))).toMatchObject({ code: 'ERR_CAFFE_INPUT' });
  }
  expect(await failureOf(Solver.load(path.join(folder, 'none')))).toMatchObject({ code: 'ERR_CAFFE_FILE' });
  expect(await failureOf(Solver.load(folder))).toMatchObject({ code: 'ERR_CAFFE_FILE' });
  writeFileSync(path.join(folder, 'bytes'), Buffer.from([0, 1, 2, 255, 254]));
  expect(await failureOf(Solver.load(path.join(folder, 'bytes')))).toMatchObject({ code: 'ERR_CAFFE_PROTOTXT' });
  expect(await failureOf(Solver.from(`${NET} ${BASE}`, { weights: 3 as never }))).toMatchObject({ code: 'ERR_CAFFE_INPUT' });
});

test('the net of a solver goes with it', async () => {
  const solver = await plainSolver('test_iter: 1 test_interval: 1');
  expect(await failureOf(solver.net.dispose())).toMatchObject({ code: 'ERR_CAFFE_INPUT' });
  expect(await failureOf(solver.testNets[0]?.dispose() as Promise<void>)).toMatchObject({ code: 'ERR_CAFFE_INPUT' });
  expect((await solver.step()).iteration).toBe(1);
  await solver.dispose();
});

test('a snapshot prefix that is a folder gets the name of the solver', async () => {
  mkdirSync(path.join(folder, 'snapshots'));
  writeFileSync(path.join(folder, 'lenet_solver.prototxt'), `${NET} ${BASE} snapshot_prefix: "snapshots"`);
  const solver = await Solver.load('lenet_solver.prototxt', { basePath: folder });
  expect((await solver.snapshot()).state).toBe(path.join(folder, 'snapshots', 'lenet_solver_iter_0.solverstate'));
  await solver.dispose();
});
