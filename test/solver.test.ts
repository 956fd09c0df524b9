import { copyFileSync, mkdtempSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Solver } from '../lib/solver';
import { failureOf } from './support/failure';
import { TINY } from './support/networks';
import { describeShared, golden, relativeError, shared, sharedIsPresent, wave } from './support/shared';

/** A solver over TINY, with its data and labels filled in. Dropout makes its random draws matter. */
async function tinySolver(settings = '', prefix = '', iterations = 20): Promise<Solver> {
  const net = TINY.replace(
    'layer { name: "loss"',
    'layer { name: "drop" type: "Dropout" bottom: "fc" top: "fc" dropout_param { dropout_ratio: 0.2 } }\nlayer { name: "loss"',
  );
  const solver = await Solver.from(
    `net_param { ${net} } base_lr: 0.05 lr_policy: "step" gamma: 0.5 stepsize: 8 momentum: 0.9 weight_decay: 0.001 max_iter: ${iterations} random_seed: 3
     snapshot_prefix: "${prefix}" ${settings}`,
  );
  solver.net.blobs.data?.set(wave(8 * 72, 1.7));
  solver.net.blobs.label?.set([0, 1, 2, 0, 1, 2, 0, 1]);
  return solver;
}

const newPrefix = () => path.join(mkdtempSync(path.join(tmpdir(), 'caffe-node-solver-')), 'tiny');

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

  test('goes on bit for bit after a restore', async () => {
    const prefix = newPrefix();
    const straight = await tinySolver('', prefix);
    const expected = await straight.step(20);
    const weights = await straight.net.toBuffer();

    const first = await tinySolver('', prefix);
    await first.step(10);
    const { state } = await first.snapshot();
    const second = await tinySolver('', prefix);
    await second.restore(state);
    expect(second.iteration).toBe(10);
    expect((await second.step(10)).loss).toBe(expected.loss);
    expect((await second.net.toBuffer()).equals(weights)).toBe(true);
    await Promise.all([straight, first, second].map((solver) => solver.dispose()));
  });

  test('solves to max_iter with events, and writes whole snapshots at their intervals', async () => {
    const prefix = newPrefix();
    const solver = await tinySolver('snapshot: 8', prefix);
    const run = solver.solve();
    const iterations: number[] = [];
    for await (const event of run) iterations.push(event.iteration);
    const result = await run;
    expect(iterations).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
    expect(result).toMatchObject({ reason: 'finished', iteration: 20 });
    expect(readdirSync(path.dirname(prefix)).sort()).toEqual(
      [8, 16, 20].flatMap((n) => [`tiny_iter_${n}.caffemodel`, `tiny_iter_${n}.solverstate`]).sort(),
    );
    await solver.dispose();
  });

  test('stops early with a snapshot: stop() resolves, an abort rejects', async () => {
    const prefix = newPrefix();
    const solver = await tinySolver('', prefix, 1_000_000);
    const run = solver.solve();
    for await (const event of run) if (event.iteration >= 3) break;
    const result = await run.stop();
    expect(result.iteration).toBeGreaterThanOrEqual(3);
    expect(readdirSync(path.dirname(prefix))).toContain(`tiny_iter_${result.iteration}.solverstate`);

    const controller = new AbortController();
    const second = await tinySolver('', prefix, 1_000_000);
    const aborted = second.solve({ signal: controller.signal });
    for await (const _ of aborted) {
      controller.abort();
      break;
    }
    expect(await failureOf(aborted)).toMatchObject({ code: 'ERR_CAFFE_ABORTED', name: 'AbortError' });
    expect((await second.step()).iteration).toBeGreaterThan(1);
    await Promise.all([solver.dispose(), second.dispose()]);
  });

  test('keeps the parameters when the loss becomes NaN', async () => {
    const solver = await tinySolver();
    const before = await solver.net.toBuffer();
    solver.net.blobs.data?.set(new Float32Array(8 * 72).fill(Number.NaN));
    expect(await failureOf(solver.step())).toMatchObject({ code: 'ERR_CAFFE_DIVERGED' });
    expect((await solver.net.toBuffer()).equals(before)).toBe(true);
    solver.net.blobs.data?.set(wave(8 * 72, 1.7));
    expect(Number.isFinite((await solver.step()).loss)).toBe(true);
    await solver.dispose();
  });

  test('takes another base learning rate', async () => {
    const solver = await tinySolver();
    solver.baseLearningRate = 0.001;
    expect((await solver.step()).learningRate).toBeCloseTo(0.001);
    expect(() => {
      solver.baseLearningRate = Number.NaN;
    }).toThrow(expect.objectContaining({ code: 'ERR_CAFFE_INPUT' }));
    await solver.dispose();
  });

  test('tests its test nets, which use the trained parameters', async () => {
    const solver = await Solver.from(
      `net_param { ${TINY} } test_iter: 2 test_interval: 1000 base_lr: 0.1 lr_policy: "fixed" max_iter: 5 test_initialization: false`,
    );
    for (const net of [solver.net, ...solver.testNets]) {
      net.blobs.data?.set(wave(8 * 72, 1.7));
      net.blobs.label?.set([0, 1, 2, 0, 1, 2, 0, 1]);
    }
    const before = (await solver.test()).loss?.data[0] ?? Number.NaN;
    await solver.step(10);
    const after = (await solver.test()).loss?.data[0] ?? Number.NaN;
    expect(after).toBeLessThan(before);
    expect(await failureOf(solver.test(1))).toMatchObject({ code: 'ERR_CAFFE_INPUT' });
    await solver.dispose();
    expect(await failureOf(solver.step())).toMatchObject({ code: 'ERR_CAFFE_DISPOSED' });
  });

  test('refuses what is no solver, and bad numbers of steps', async () => {
    expect(await failureOf(Solver.from('net: "none.prototxt" base_lr: 1'))).toMatchObject({ code: 'ERR_CAFFE_FILE' });
    expect(await failureOf(Solver.from('base_lrr: 1'))).toMatchObject({ code: 'ERR_CAFFE_PROTOTXT', line: 1 });
    expect(await failureOf(Solver.from(`net_param { ${TINY} } type: "Magic"`))).toMatchObject({ code: 'ERR_CAFFE_FATAL' });
    const solver = await tinySolver();
    for (const count of [-1, 1.5, Number.NaN, '3' as never]) {
      expect(await failureOf(solver.step(count))).toMatchObject({ code: 'ERR_CAFFE_INPUT' });
    }
    expect(await failureOf(solver.net.dispose())).toMatchObject({ code: 'ERR_CAFFE_INPUT' });
    expect((await solver.step()).iteration).toBe(1);
    await solver.dispose();
  });

  test('refuses a state that is truncated, none, or another solver’s, and stays as it was', async () => {
    const prefix = newPrefix();
    const solver = await tinySolver('', prefix);
    await solver.step(3);
    const { state } = await solver.snapshot();
    const folder = path.dirname(prefix);
    const truncated = path.join(folder, 'truncated.solverstate');
    writeFileSync(truncated, readFileSync(state).subarray(0, 100));
    const other = await Solver.from(`net_param { ${TINY.replace('num_output: 4', 'num_output: 6')} } base_lr: 1 lr_policy: "fixed"`);
    const fresh = await tinySolver('', prefix);
    const before = await fresh.net.toBuffer();
    expect(await failureOf(fresh.restore(truncated))).toMatchObject({ code: 'ERR_CAFFE_WEIGHTS' });
    expect(await failureOf(fresh.restore(path.join(folder, 'none')))).toMatchObject({ code: 'ERR_CAFFE_FILE' });
    expect(await failureOf(other.restore(state))).toMatchObject({ code: 'ERR_CAFFE_WEIGHTS' });
    expect((await fresh.net.toBuffer()).equals(before)).toBe(true);
    expect(fresh.iteration).toBe(0);

    // A snapshot that was moved as a whole is found: the weights lie beside the state.
    const moved = mkdtempSync(path.join(tmpdir(), 'caffe-node-moved-'));
    copyFileSync(state, path.join(moved, 'tiny_iter_3.solverstate'));
    renameSync(path.join(folder, 'tiny_iter_3.caffemodel'), path.join(moved, 'tiny_iter_3.caffemodel'));
    await fresh.restore(path.join(moved, 'tiny_iter_3.solverstate'));
    expect(fresh.iteration).toBe(3);
    await Promise.all([solver, other, fresh].map((one) => one.dispose()));
  });
});

describeShared('pycaffe', () => {
  type Blob = { shape: number[]; data: number[] };
  type Trajectory = { type: string; solver: string[]; losses: number[]; final: Record<string, Blob[]> };
  // Skipped tests are collected all the same.
  const { data, runs } = sharedIsPresent
    ? golden<{ data: { k: number }; runs: Trajectory[] }>('solver_trajectories.json')
    : { data: { k: 0 }, runs: [{ type: 'none', solver: [], losses: [], final: {} }] };

  test.each(runs.map((run) => [`${run.type} ${run.solver.slice(4).join(' ')}`, run] as const))('%s', async (_, run) => {
    const solver = await Solver.from(`net: "${shared}/goldens/pycaffe/tiny_train.prototxt" ${run.solver.join('\n')}`, {
      weights: path.join(shared, 'goldens/pycaffe/tiny_init.caffemodel'),
    });
    solver.net.blobs.data?.set(wave(8 * 72, data.k));
    solver.net.blobs.label?.set(Array.from({ length: 8 }, (__, index) => index % 3));
    const losses: number[] = [];
    for (let step = 0; step < run.losses.length; step++) losses.push((await solver.step()).loss);
    expect(relativeError(losses, run.losses)).toBeLessThan(1e-3);
    for (const [layer, params] of Object.entries(run.final)) {
      params.forEach((param, index) => {
        expect(relativeError(solver.net.params[layer]?.[index]?.data ?? [], param.data)).toBeLessThan(1e-3);
      });
    }
    await solver.dispose();
  });
});
