import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { caffe } from '../lib/caffe';
import { type Engine, Net } from '../lib/net';
import * as prototxt from '../lib/prototxt';
import { Solver } from '../lib/solver';
import { failureOf } from './support/failure';
import { TINY } from './support/networks';
import { describeShared, golden, relativeError, shared, sharedIsPresent, wave } from './support/shared';
import { disposeAll, newPrefix, pictures, plainSolver, tinySolver } from './support/solvers';

describe('a solver', () => {
  test('steps with loss, rate and outputs, and learns', async () => {
    const solver = await tinySolver();
    expect(solver.type).toBe('SGD');
    expect(solver.iteration).toBe(0);
    const first = await solver.step();
    expect(first).toMatchObject({ iteration: 1 });
    expect(first.learningRate).toBeCloseTo(0.05);
    expect(first.outputs.loss?.data[0]).toBeCloseTo(first.loss);
    const last = await solver.step(19);
    expect(last.iteration).toBe(20);
    expect(last.learningRate).toBeCloseTo(0.0125);
    expect(last.loss).toBeLessThan(first.loss);
    expect(solver.iteration).toBe(20);
    await solver.dispose();
  });

  test('tells how long it waited for the batches of its Data layers', async () => {
    const source = await pictures(mkdtempSync(path.join(tmpdir(), 'caffe-node-waiting-')), 9);
    const solver = await Solver.from(
      `net_param {
        layer { name: "data" type: "Data" top: "data" top: "label" data_param { source: "${source}" batch_size: 4 backend: LMDB } }
        layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc" inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
        layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" top: "loss" }
      } base_lr: 1e-6 lr_policy: "fixed" max_iter: 3 snapshot_after_train: false`,
    );
    // The first batch is begun when it is asked for.
    expect((await solver.step()).waiting).toBeGreaterThan(0);
    expect((await solver.step(0)).waiting).toBe(0);
    const waited: number[] = [];
    for await (const event of solver.solve()) if (event.type === 'iteration') waited.push(event.waiting);
    expect(waited).toEqual([expect.any(Number), expect.any(Number)]);
    for (const seconds of waited) expect(seconds).toBeGreaterThanOrEqual(0);
    const fed = await plainSolver();
    expect((await fed.step()).waiting).toBe(0);
    await disposeAll(solver, fed);
  });

  test('gives the mean of the last average_loss losses', async () => {
    const solver = await tinySolver('average_loss: 3');
    expect((await solver.step(0)).smoothedLoss).toBeNaN();
    const losses: number[] = [];
    for (let i = 0; i < 5; i++) {
      const step = await solver.step();
      losses.push(step.loss);
      const window = losses.slice(-3);
      expect(step.smoothedLoss).toBeCloseTo(window.reduce((sum, loss) => sum + loss) / window.length, 6);
    }
    const nothing = await solver.step(0);
    expect(nothing.loss).toBe(losses.at(-1));
    expect(nothing.smoothedLoss).toBeCloseTo(((losses[2] ?? 0) + (losses[3] ?? 0) + (losses[4] ?? 0)) / 3, 6);
    await solver.dispose();
  });

  test('comes from a file, whose paths are relative to basePath', async () => {
    const prefix = newPrefix();
    const folder = path.dirname(prefix);
    writeFileSync(path.join(folder, 'net.prototxt'), TINY);
    writeFileSync(path.join(folder, 'solver.prototxt'), 'net: "net.prototxt" base_lr: 0.1 lr_policy: "fixed" random_seed: 1');
    const solver = await Solver.load('solver.prototxt', { basePath: folder });
    expect((await solver.step()).iteration).toBe(1);
    expect(await solver.snapshot()).toEqual({
      model: path.join(folder, 'solver_iter_1.caffemodel'),
      state: path.join(folder, 'solver_iter_1.solverstate'),
    });
    await solver.dispose();
  });

  test('comes from a plain object, from text and from a document', async () => {
    const object = { net_param: prototxt.parseNet(TINY), base_lr: 0.1, lr_policy: 'fixed', random_seed: 1 };
    const text = `net_param { ${TINY} } base_lr: 0.1 lr_policy: "fixed" random_seed: 1`;
    const forms = [object, Object.assign(Object.create(null), object), text, prototxt.parse(text)];
    const solvers = await Promise.all(forms.map((form) => Solver.from(form as never)));
    const losses = await Promise.all(solvers.map(async (solver) => (await solver.step(2)).loss));
    expect(new Set(losses).size).toBe(1);
    await disposeAll(...solvers);
  });

  test('keeps the parameters when the loss becomes NaN, those of BatchNorm too', async () => {
    const normalised = TINY.replace('bottom: "conv1" top: "pool1"', 'bottom: "norm" top: "pool1"').replace(
      'layer { name: "pool1"',
      'layer { name: "norm" type: "BatchNorm" bottom: "conv1" top: "norm" }\nlayer { name: "pool1"',
    );
    for (const text of [TINY, normalised]) {
      const solver = await Solver.from(`net_param { ${text} } base_lr: 0.05 lr_policy: "fixed" random_seed: 1`);
      solver.net.blobs.label?.set([0, 1, 2, 0, 1, 2, 0, 1]);
      solver.net.blobs.data?.set(wave(8 * 72, 1.7));
      await solver.step(2);
      const before = await solver.net.toBuffer();
      solver.net.blobs.data?.set(new Float32Array(8 * 72).fill(Number.NaN));
      expect(await failureOf(solver.step())).toMatchObject({ code: 'ERR_CAFFE_DIVERGED' });
      expect((await solver.net.toBuffer()).equals(before)).toBe(true);
      expect(solver.iteration).toBe(2);
      solver.net.blobs.data?.set(wave(8 * 72, 1.7));
      expect(Number.isFinite((await solver.step()).smoothedLoss)).toBe(true);
      await solver.dispose();
    }
  });

  test('applies an update by hand as a step does', async () => {
    // By hand it is Caffe who goes through a batch.
    const [stepped, byHand] = [
      await plainSolver('momentum: 0.9 weight_decay: 0.01', { engine: 'caffe' }),
      await plainSolver('momentum: 0.9 weight_decay: 0.01'),
    ];
    await stepped.step(3);
    for (let i = 0; i < 3; i++) {
      byHand.net.clearParamDiffs();
      await byHand.net.forward();
      await byHand.net.backward();
      await byHand.applyUpdate();
    }
    expect(byHand.iteration).toBe(3);
    expect((await byHand.net.toBuffer()).equals(await stepped.net.toBuffer())).toBe(true);
    await disposeAll(stepped, byHand);
  });

  test('takes weights from several files, given or named by the solver', async () => {
    const prefix = newPrefix();
    const folder = path.dirname(prefix);
    const net = await Net.from(TINY);
    const half = (layer: string) =>
      `name: "half" ${/layer \{ name: "data".*/.exec(TINY)?.[0]} ${new RegExp(`layer \\{ name: "${layer}"[^]*?\\n(?=layer)`).exec(TINY)?.[0]}`;
    const conv = await Net.from(half('conv1'));
    conv.params.conv1?.[0]?.data.fill(0.25);
    await conv.save(path.join(folder, 'conv.caffemodel'));
    net.params.conv1?.[0]?.data.fill(0.5);
    net.params.fc?.[0]?.data.fill(0.75);
    await net.save(path.join(folder, 'whole.caffemodel'));

    const settings = `net_param { ${TINY} } base_lr: 0 lr_policy: "fixed"`;
    const firsts = async (solver: Solver) => {
      const values = [solver.net.params.conv1?.[0]?.data[0], solver.net.params.fc?.[0]?.data[0]];
      await solver.dispose();
      return values;
    };
    const named = (weights: string) => Solver.from(`${settings} ${weights}`, { basePath: folder });
    expect(await firsts(await named('weights: "whole.caffemodel, conv.caffemodel"'))).toEqual([0.25, 0.75]);
    expect(await firsts(await named('weights: "conv.caffemodel" weights: "whole.caffemodel"'))).toEqual([0.5, 0.75]);
    const files = ['whole.caffemodel', 'conv.caffemodel'].map((name) => path.join(folder, name));
    expect(await firsts(await Solver.from(settings, { weights: files }))).toEqual([0.25, 0.75]);
    // The caller's take the place of the solver's, as on Caffe's command line.
    const both = await Solver.from(`${settings} weights: "whole.caffemodel"`, { basePath: folder, weights: await conv.toBuffer() });
    expect((await firsts(both))[1]).not.toBe(0.75);
    expect(await failureOf(named('weights: "whole.caffemodel,none.caffemodel"'))).toMatchObject({ code: 'ERR_CAFFE_FILE' });
    await Promise.all([net.dispose(), conv.dispose()]);
  });

  test('shares the parameters of another net', async () => {
    const [solver, other] = [await plainSolver(), await Net.from(TINY)];
    solver.shareWeights(other);
    await solver.step();
    expect([...(other.params.fc?.[0]?.data ?? [])]).toEqual([...(solver.net.params.fc?.[0]?.data ?? [])]);
    await Promise.all([solver.dispose(), other.dispose()]);
  });

  test('is disposed after the steps asked for before, and refuses those asked for later', async () => {
    const solver = await plainSolver();
    const step = solver.step(30);
    const gone = solver.dispose();
    const again = solver.dispose();
    const refused = [solver.step(), solver.test(), solver.snapshot(), solver.restore('x'), solver.applyUpdate()].map(failureOf);
    for (const failure of await Promise.all(refused)) expect(failure.code).toBe('ERR_CAFFE_DISPOSED');
    expect((await step).iteration).toBe(30);
    await Promise.all([gone, again]);
    expect(await failureOf(solver.step())).toMatchObject({ code: 'ERR_CAFFE_DISPOSED' });
    expect(() => solver.iteration).toThrow(expect.objectContaining({ code: 'ERR_CAFFE_DISPOSED' }));
    expect(() => solver.learningRate).toThrow(expect.objectContaining({ code: 'ERR_CAFFE_DISPOSED' }));
    expect(() => {
      solver.param.max_iter = 3;
    }).toThrow(expect.objectContaining({ code: 'ERR_CAFFE_DISPOSED' }));
    expect(await failureOf(solver.net.forward())).toMatchObject({ code: 'ERR_CAFFE_DISPOSED' });
    expect(await failureOf(solver.solve())).toMatchObject({ code: 'ERR_CAFFE_DISPOSED' });
  });
});

describeShared('pycaffe', () => {
  type Blob = { shape: number[]; data: number[] };
  type Trajectory = { type: string; solver: string[]; losses: number[]; final: Record<string, Blob[]> };
  // Skipped tests are collected all the same.
  const { data, runs } = sharedIsPresent
    ? golden<{ data: { k: number }; runs: Trajectory[] }>('solver_trajectories.json')
    : { data: { k: 0 }, runs: [{ type: 'none', solver: [], losses: [], final: {} }] };

  async function open(run: Trajectory, engine: Engine): Promise<Solver> {
    const solver = await Solver.from(`net: "${shared}/goldens/pycaffe/tiny_train.prototxt" ${run.solver.join('\n')}`, {
      weights: path.join(shared, 'goldens/pycaffe/tiny_init.caffemodel'),
      engine,
    });
    solver.net.blobs.data?.set(wave(8 * 72, data.k));
    solver.net.blobs.label?.set(Array.from({ length: 8 }, (_, index) => index % 3));
    return solver;
  }

  function expectFinal(solver: Solver, run: Trajectory): void {
    for (const [layer, params] of Object.entries(run.final)) {
      params.forEach((param, index) => {
        expect(relativeError(solver.net.params[layer]?.[index]?.data ?? [], param.data)).toBeLessThan(1e-3);
      });
    }
  }

  test('the trajectories hold every type and every policy', () => {
    if (!sharedIsPresent) return;
    const settings = runs.map((run) => run.solver.join(' ')).join('\n');
    for (const type of ['SGD', 'Nesterov', 'AdaGrad', 'RMSProp', 'AdaDelta', 'Adam']) expect(settings).toContain(`type: "${type}"`);
    for (const policy of ['fixed', 'step', 'exp', 'inv', 'multistep', 'poly', 'sigmoid'])
      expect(settings).toContain(`lr_policy: "${policy}"`);
  });

  const engines: Engine[] = caffe.features.onednn ? ['caffe', 'onednn'] : ['caffe'];
  test.each(engines)('%s: the gradients of the tiny network agree within 1e-4', async (engine) => {
    const { blobs, params } = golden<{ blobs: Record<string, Blob>; params: Record<string, Blob[]> }>('tiny_gradients.json');
    const solver = await Solver.from(`net: "${shared}/goldens/pycaffe/tiny_train.prototxt" base_lr: 1 lr_policy: "fixed"`, {
      weights: path.join(shared, 'goldens/pycaffe/tiny_init.caffemodel'),
      engine,
    });
    for (const name of ['data', 'label']) solver.net.blobs[name]?.set(blobs[name]?.data ?? []);
    const off: number[] = [];
    solver.onGradientsReady(() => {
      for (const [layer, expected] of Object.entries(params)) {
        expected.forEach(({ data: gradient }, index) => {
          off.push(relativeError(solver.net.params[layer]?.[index]?.diff ?? [], gradient));
        });
      }
    });
    await solver.step();
    expect(solver.net.engine.name).toBe(engine);
    expect(off).toHaveLength(4);
    expect(Math.max(...off)).toBeLessThan(1e-4);
    await solver.dispose();
  });

  const cases = engines.flatMap((engine) => runs.map((run) => [engine, `${run.type} ${run.solver.slice(4).join(' ')}`, run] as const));

  test.each(cases)('%s: %s', async (engine, _, run) => {
    const solver = await open(run, engine);
    const losses: number[] = [];
    for (let step = 0; step < run.losses.length; step++) losses.push((await solver.step()).loss);
    expect(relativeError(losses, run.losses)).toBeLessThan(1e-3);
    expectFinal(solver, run);
    // All in one call: the same.
    const whole = await open(run, engine);
    await whole.step(run.losses.length);
    expectFinal(whole, run);
    await disposeAll(solver, whole);
  });
});
