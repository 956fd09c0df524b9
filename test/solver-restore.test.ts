/** Snapshots, and going on from them. */
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { native } from '../lib/native';
import { Solver, type StepResult } from '../lib/solver';
import { failureOf } from './support/failure';
import { TINY } from './support/networks';
import { disposeAll, newPrefix, pictures, plainSolver, tinySolver } from './support/solvers';

const folder = mkdtempSync(path.join(tmpdir(), 'caffe-node-restore-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Everything that is drawn at random: order, crop, mirror, dropout. */
const augmented = (source: string, shuffle = true) => `
layer { name: "pictures" type: "Data" top: "data" top: "label" ${shuffle ? 'image_data_param { shuffle: true }' : ''}
  transform_param { crop_size: 4 mirror: true scale: 0.004 mean_value: 128 }
  data_param { source: "${source}" batch_size: 4 backend: LMDB } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" convolution_param { num_output: 3 kernel_size: 3 weight_filler { type: "xavier" } } }
layer { name: "norm" type: "BatchNorm" bottom: "conv" top: "norm" }
layer { name: "drop" type: "Dropout" bottom: "norm" top: "drop" }
layer { name: "fc" type: "InnerProduct" bottom: "drop" top: "fc" inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" top: "loss" }`;

/** What is the same bit for bit. */
const timeless = ({ waiting: _, ...step }: StepResult) => step;

const TYPES = {
  SGD: 'momentum: 0.9',
  Nesterov: 'momentum: 0.9',
  AdaGrad: '',
  RMSProp: 'rms_decay: 0.9',
  AdaDelta: 'momentum: 0.9 delta: 1e-5',
  Adam: 'momentum: 0.9',
} as const;

describe('20 iterations are 10, a restore, and 10', () => {
  const cases = Object.keys(TYPES).flatMap((type) => ['BINARYPROTO', 'HDF5'].map((format) => [type, format] as const));

  // Neither names a seed: the state has it.
  test.each(cases)('%s, %s', async (type, format) => {
    const source = await pictures(mkdtempSync(path.join(folder, 'db-')), 7);
    const prefix = newPrefix();
    const text = `net_param { ${augmented(source)} } type: "${type}" base_lr: 0.01 lr_policy: "step" gamma: 0.5 stepsize: 6 ${TYPES[type as 'SGD']}
      weight_decay: 0.01 iter_size: 2 average_loss: 4 snapshot_format: ${format} snapshot_prefix: "${prefix}"
      test_iter: 1 test_interval: 4 test_initialization: false`;
    const [first, second] = [await Solver.from(text), await Solver.from(text)];
    await first.step(10);
    const { state } = await first.snapshot();
    const expected = [];
    for (let i = 0; i < 10; i++) expected.push(await first.step());
    await second.step(3); // what it did before is gone
    await second.restore(state);
    expect(second.iteration).toBe(10);
    for (const step of expected) expect(timeless(await second.step())).toEqual(timeless(step));
    expect((await second.net.toBuffer()).equals(await first.net.toBuffer())).toBe(true);
    // The test data is shuffled, too, and one batch of four is not all of seven.
    expect(await second.test()).toEqual(await first.test());
    await disposeAll(first, second);
  });

  test('a restored solver snapshots what the first would have', async () => {
    const prefix = newPrefix();
    const [first, second] = [await tinySolver('', prefix), await tinySolver('', prefix)];
    await first.step(5);
    const { state } = await first.snapshot();
    const bytes = readFileSync(state);
    await second.restore(state);
    await second.snapshot();
    expect(readFileSync(state).equals(bytes)).toBe(true);
    await disposeAll(first, second);
  });

  test('where the number of iterations does not tell the place in the data', async () => {
    const source = await pictures(mkdtempSync(path.join(folder, 'db-')), 7);
    const text = `net_param { ${augmented(source)} } base_lr: 0.01 lr_policy: "fixed" snapshot_prefix: "${newPrefix()}"`;
    const [first, second] = [await Solver.from(text), await Solver.from(text)];
    await first.step(3);
    await first.net.forward(); // takes a batch
    first.param.iter_size = 3;
    await first.step(2);
    const { state } = await first.snapshot();
    second.param.iter_size = 3;
    await second.restore(state);
    expect(timeless(await second.step(4))).toEqual(timeless(await first.step(4)));
    await disposeAll(first, second);
  });

  test('a state of stock Caffe goes on from its iteration, with the seed of the solver', async () => {
    const source = await pictures(mkdtempSync(path.join(folder, 'db-')), 7);
    const text = `net_param { ${augmented(source)} } base_lr: 0.01 lr_policy: "fixed" random_seed: 5 momentum: 0.9 snapshot_prefix: "${newPrefix()}"`;
    const [first, second] = [await Solver.from(text), await Solver.from(text)];
    await first.step(5);
    const { state } = await first.snapshot();
    // Through the schema of Caffe: what it does not know is lost.
    const plain = native.messages.toBinary('SolverState', native.messages.fromBinary('SolverState', readFileSync(state)));
    expect(plain.length).toBeLessThan(statSync(state).size);
    writeFileSync(state, plain);
    await second.restore(state);
    expect(timeless(await second.step(6))).toEqual(timeless(await first.step(6)));
    await disposeAll(first, second);
  });
});

describe('files', () => {
  test('hold what Caffe expects in them', async () => {
    const solver = await tinySolver('', newPrefix());
    await solver.step(9);
    const { model, state } = await solver.snapshot();
    const message = native.messages.fromBinary('SolverState', readFileSync(state));
    expect(message).toMatchObject({ iter: 9, current_step: 1, learned_net: model });
    expect((message.history as object[]).length).toBe(4);
    expect(native.messages.fromBinary('NetParameter', readFileSync(model))).toMatchObject({ name: 'tiny' });
    await solver.dispose();
  });

  test('snapshot_diff keeps the gradients', async () => {
    const solver = await tinySolver('snapshot_diff: true', newPrefix());
    await solver.step();
    const { model } = await solver.snapshot();
    const message = native.messages.fromBinary('NetParameter', readFileSync(model)) as {
      layer: { name: string; blobs?: { diff?: unknown }[] }[];
    };
    expect(message.layer.find((layer) => layer.name === 'fc')?.blobs?.[0]?.diff).toBeDefined();
    await solver.dispose();
  });

  test('a snapshot that was moved or copied as a whole is found, before the one it came from', async () => {
    const prefix = newPrefix();
    const [solver, fresh] = [await tinySolver('', prefix), await tinySolver('', prefix)];
    await solver.step(3);
    const { state } = await solver.snapshot();
    const weights = await solver.net.toBuffer();
    const copy = mkdtempSync(path.join(folder, 'copy-'));
    cpSync(path.dirname(prefix), copy, { recursive: true });
    solver.net.params.fc?.[0]?.data.fill(9);
    await solver.snapshot(); // over the original
    await fresh.restore(path.join(copy, path.basename(state)));
    expect(fresh.iteration).toBe(3);
    expect((await fresh.net.toBuffer()).equals(weights)).toBe(true);
    // Only the state was moved: its weights lie where it says.
    const alone = path.join(mkdtempSync(path.join(folder, 'alone-')), path.basename(state));
    copyFileSync(state, alone);
    await fresh.restore(alone);
    expect(fresh.net.params.fc?.[0]?.data[0]).toBe(9);
    rmSync(state.replace('.solverstate', '.caffemodel'));
    expect(await failureOf(fresh.restore(alone))).toMatchObject({ code: 'ERR_CAFFE_FILE' });
    expect((await fresh.step()).iteration).toBe(4);
    await disposeAll(solver, fresh);
  });
});

describe('a place that cannot be written', () => {
  test.each(['BINARYPROTO', 'HDF5'])('%s: is told, and the former snapshot stays', async (format) => {
    const prefix = newPrefix();
    const place = path.dirname(prefix);
    const solver = await tinySolver(`snapshot_format: ${format}`, prefix);
    await solver.step(2);
    const { state } = await solver.snapshot();
    await solver.step();
    renameSync(place, `${place}-away`);
    expect(await failureOf(solver.snapshot())).toMatchObject({ code: 'ERR_CAFFE_FILE' });
    writeFileSync(place, 'a file where the folder was');
    expect(await failureOf(solver.snapshot())).toMatchObject({ code: 'ERR_CAFFE_FILE' });
    rmSync(place);
    renameSync(`${place}-away`, place);
    expect(readdirSync(place).length).toBe(2);
    // The state's name is taken by a folder: what there was of the pair stays.
    mkdirSync(state.replace('_iter_2', '_iter_3'));
    expect(await failureOf(solver.snapshot())).toMatchObject({ code: 'ERR_CAFFE_FILE' });
    expect(readdirSync(place).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    const fresh = await tinySolver(`snapshot_format: ${format}`, prefix);
    await fresh.restore(state);
    expect((await fresh.step()).loss).not.toBeNaN();
    expect(
      await failureOf(Solver.from(`net_param { ${TINY} } base_lr: 1 lr_policy: "fixed" snapshot: 5 snapshot_prefix: "${place}/none/x"`)),
    ).toMatchObject({
      code: 'ERR_CAFFE_FILE',
    });
    await disposeAll(solver, fresh);
  });

  test('a full disk leaves the former snapshot usable', () => {
    // The limit on the size of files stands for the disk: writes beyond it fail, as they do there.
    const child = path.join(__dirname, 'children', 'full-disk.js');
    const place = mkdtempSync(path.join(folder, 'full-'));
    for (const format of ['BINARYPROTO', 'HDF5']) {
      const out = execFileSync('bash', ['-c', `trap '' XFSZ; ulimit -f 64; exec "${process.execPath}" "${child}" "${place}" ${format}`], {
        encoding: 'utf8',
        env: { ...process.env, OMP_WAIT_POLICY: 'passive' },
      });
      expect(JSON.parse(out)).toEqual({ code: 'ERR_CAFFE_FILE', left: [], restored: 1, next: 2 });
    }
  });
});

describe('what is no state of this solver', () => {
  test.each(['BINARYPROTO', 'HDF5'])('%s, cut off at every place', async (format) => {
    const small = `layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 dim: 2 } } }
      layer { name: "fc" type: "InnerProduct" bottom: "x" top: "fc" inner_product_param { num_output: 1 } }
      layer { name: "loss" type: "Reduction" bottom: "fc" top: "loss" loss_weight: 1 }`;
    const prefix = newPrefix();
    const solver = await Solver.from(
      `net_param { ${small} } base_lr: 1 lr_policy: "fixed" momentum: 0.9 snapshot_format: ${format} snapshot_prefix: "${prefix}"`,
    );
    await solver.step(2);
    const { state } = await solver.snapshot();
    await solver.step();
    const weights = await solver.net.toBuffer();
    const bytes = readFileSync(state);
    const cut = `${prefix}-cut`;
    // Every byte of what fits on a page; beyond, where HDF5 has its larger blocks, primes are enough.
    for (let size = 0; size < bytes.length; size += size < 1024 ? 1 : 13) {
      writeFileSync(cut, bytes.subarray(0, size));
      expect(await failureOf(solver.restore(cut))).toMatchObject({ code: 'ERR_CAFFE_WEIGHTS' });
    }
    writeFileSync(cut, bytes.subarray(0, bytes.length - 1));
    expect(await failureOf(solver.restore(cut))).toMatchObject({ code: 'ERR_CAFFE_WEIGHTS' });
    expect(solver.iteration).toBe(3);
    expect((await solver.net.toBuffer()).equals(weights)).toBe(true);
    await solver.restore(state);
    expect((await solver.step()).iteration).toBe(3);
    await solver.dispose();
  });

  test('the state of stock Caffe, cut off at every place', async () => {
    const solver = await plainSolver(`snapshot_prefix: "${newPrefix()}"`);
    await solver.step();
    const { state } = await solver.snapshot();
    const message = native.messages.fromBinary('SolverState', readFileSync(state)) as { history: object[] };
    const bytes = native.messages.toBinary('SolverState', message);
    for (let size = 0; size < bytes.length; size += size < 200 || size > bytes.length - 100 ? 1 : 7) {
      writeFileSync(state, bytes.subarray(0, size));
      expect(await failureOf(solver.restore(state))).toMatchObject({ code: 'ERR_CAFFE_WEIGHTS' });
    }
    writeFileSync(state, bytes);
    await solver.restore(state);
    await solver.dispose();
  });

  test('another network’s, another type’s, another file altogether', async () => {
    const prefix = newPrefix();
    const place = path.dirname(prefix);
    const solver = await tinySolver('', prefix);
    await solver.step(3);
    const { model, state } = await solver.snapshot();
    const others = await Promise.all([
      Solver.from(`net_param { ${TINY.replace('num_output: 4', 'num_output: 6')} } base_lr: 1 lr_policy: "fixed" momentum: 0.9`),
      plainSolver('type: "Adam" momentum: 0.9'),
      plainSolver('type: "Nesterov" momentum: 0.9'),
      plainSolver('type: "AdaGrad"'),
    ]);
    for (const other of others) {
      const before = await other.net.toBuffer();
      expect(await failureOf(other.restore(state))).toMatchObject({ code: 'ERR_CAFFE_WEIGHTS', file: state });
      expect((await other.net.toBuffer()).equals(before)).toBe(true);
      expect(other.iteration).toBe(0);
      expect((await other.step()).iteration).toBe(1);
    }
    const text = path.join(place, 'text');
    writeFileSync(text, TINY);
    const before = await solver.net.toBuffer();
    for (const file of [model, text]) expect(await failureOf(solver.restore(file))).toMatchObject({ code: 'ERR_CAFFE_WEIGHTS' });
    for (const file of [place, path.join(place, 'none')])
      expect(await failureOf(solver.restore(file))).toMatchObject({ code: 'ERR_CAFFE_FILE' });
    for (const file of ['', 3 as never, undefined as never])
      expect(await failureOf(solver.restore(file))).toMatchObject({ code: 'ERR_CAFFE_INPUT' });
    expect((await solver.net.toBuffer()).equals(before)).toBe(true);
    expect((await solver.step()).iteration).toBe(4);
    await disposeAll(solver, ...others);
  });

  test.each<[string, object]>([
    ['a negative iteration', { iter: -1 }],
    ['a negative step of the policy', { current_step: -5 }],
    ['a history of too few', { history: [] }],
    ['a history of another shape', { history: [1, 2, 3, 4].map(() => ({ shape: { dim: [2] }, data: [1, 2] })) }],
    ['a history without values', { history: 'emptied' }],
  ])('%s', async (_, change) => {
    const solver = await plainSolver(`gamma: 0.5 stepvalue: 3 snapshot_prefix: "${newPrefix()}"`);
    await solver.step();
    const { state } = await solver.snapshot();
    const message = native.messages.fromBinary('SolverState', readFileSync(state)) as { history: { shape: object }[] };
    const history = 'history' in change && change.history === 'emptied' ? message.history.map(({ shape }) => ({ shape })) : undefined;
    writeFileSync(state, native.messages.toBinary('SolverState', { ...message, ...change, ...(history && { history }) }));
    expect(await failureOf(solver.restore(state))).toMatchObject({ code: 'ERR_CAFFE_WEIGHTS' });
    expect((await solver.step()).iteration).toBe(2);
    await solver.dispose();
  });

  test('the last iteration that Caffe can count', async () => {
    const solver = await plainSolver(`snapshot_prefix: "${newPrefix()}"`);
    const { state } = await solver.snapshot();
    const message = native.messages.fromBinary('SolverState', readFileSync(state));
    writeFileSync(state, native.messages.toBinary('SolverState', { ...message, iter: 2 ** 31 - 1 }));
    await solver.restore(state);
    expect(await failureOf(solver.step())).toMatchObject({ code: 'ERR_CAFFE_INPUT' });
    expect(await failureOf(solver.applyUpdate())).toMatchObject({ code: 'ERR_CAFFE_INPUT' });
    await solver.dispose();
  });
});
