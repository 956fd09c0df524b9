/** Callbacks that an iteration waits for, and training by several solvers together. */
import { setTimeout as delay } from 'node:timers/promises';
import { caffe } from '../lib/caffe';
import { Net } from '../lib/net';
import { Solver } from '../lib/solver';
import { failureOf } from './support/failure';
import { TINY } from './support/networks';
import { relativeError, wave } from './support/shared';
import { disposeAll, newPrefix, plainSolver, tinySolver } from './support/solvers';

const diffs = (solver: Solver) => Object.values(solver.net.params).flat();

/** Resolves when the callback of the solver has been reached, which never settles. */
function reached(add: (callback: () => unknown) => () => void): Promise<void> {
  return new Promise((resolve) => {
    add(() => {
      resolve();
      return new Promise(() => {});
    });
  });
}

describe('onStart and onGradientsReady', () => {
  test('come in each iteration, in order, and are waited for', async () => {
    const solver = await plainSolver('iter_size: 2');
    const order: string[] = [];
    solver.onStart(async () => {
      order.push('start');
      await delay(5);
      order.push('started');
    });
    const first = solver.onGradientsReady(() => order.push('gradients'));
    solver.onGradientsReady(async () => {
      await delay(1);
      order.push('second');
    });
    await solver.step(2);
    expect(order).toEqual(Array.from({ length: 2 }, () => ['start', 'started', 'gradients', 'second']).flat());
    first();
    first();
    order.length = 0;
    await solver.step();
    expect(order).toEqual(['start', 'started', 'second']);
    await solver.dispose();
  });

  test('change nothing by themselves', async () => {
    const [watched, plain] = [await tinySolver(), await tinySolver()];
    watched.onStart(() => {});
    watched.onGradientsReady(async () => {});
    expect(await watched.step(10)).toEqual(await plain.step(10));
    expect((await watched.net.toBuffer()).equals(await plain.net.toBuffer())).toBe(true);
    await disposeAll(watched, plain);
  });

  test('may read and change the diffs of the net, which is lent', async () => {
    const [solver, slower] = [await plainSolver(), await plainSolver()];
    slower.baseLearningRate = 0.025;
    const seen: number[] = [];
    solver.onGradientsReady(async () => {
      const [weights] = diffs(solver);
      seen.push((await weights?.read('diff'))?.data[0] ?? Number.NaN, weights?.diff[0] ?? Number.NaN);
      for (const param of diffs(solver)) param.diff = param.diff.map((value) => value / 2);
      expect(solver.iteration).toBe(0);
      expect(solver.learningRate).toBeCloseTo(0.05);
      expect(() => solver.net.blobs.data?.reshape(1, 2, 6, 6)).toThrow(expect.objectContaining({ code: 'ERR_CAFFE_BUSY' }));
    });
    const [step] = await Promise.all([solver.step(), slower.step()]);
    expect(step.iteration).toBe(1);
    expect(seen[0]).toBe(seen[1]);
    expect(seen[0]).not.toBe(0);
    expect(relativeError(solver.net.params.fc?.[0]?.data ?? [], slower.net.params.fc?.[0]?.data ?? [])).toBeLessThan(1e-6);
    await disposeAll(solver, slower);
  });

  test('may feed the next batch, and change the parameters of the solver for the iterations after this one', async () => {
    const [solver, expected] = [await plainSolver(), await plainSolver()];
    solver.onStart(() => {
      solver.net.blobs.data?.set(wave(8 * 72, solver.iteration + 2));
      solver.param.base_lr = 0.05 / (solver.iteration + 2);
      solver.param.iter_size = 1;
    });
    const steps = [];
    for (let i = 0; i < 3; i++) {
      expected.net.blobs.data?.set(wave(8 * 72, i + 2));
      expected.baseLearningRate = 0.05 / (i + 1);
      steps.push(await expected.step());
    }
    expect(await solver.step(3)).toEqual(steps[2]);
    await disposeAll(solver, expected);
  });

  test.each(['onStart', 'onGradientsReady'] as const)('%s that throws rejects, with what it threw as the cause', async (point) => {
    const solver = await tinySolver();
    await solver.step(2);
    const before = await solver.net.toBuffer();
    for (const thrown of [new Error('peer lost'), 'text', undefined, { code: 'EPIPE' }]) {
      const off = solver[point](() => Promise.reject(thrown));
      const failure = await failureOf(solver.step(5));
      expect(failure).toMatchObject({ code: 'ERR_CAFFE_CALLBACK', message: expect.stringContaining(point) });
      expect(failure.cause).toBe(thrown);
      expect(failure.layer).toBeUndefined();
      off();
      const throwing = solver[point](() => {
        throw thrown;
      });
      expect((await failureOf(solver.step())).cause).toBe(thrown);
      throwing();
    }
    expect(solver.iteration).toBe(2);
    expect((await solver.net.toBuffer()).equals(before)).toBe(true);
    expect((await solver.step()).iteration).toBe(3);
    await solver.dispose();
  });

  test.each(['onStart', 'onGradientsReady'] as const)('%s that never settles is left by an abort', async (point) => {
    const solver = await tinySolver('', newPrefix());
    const before = await solver.net.toBuffer();
    const waiting = reached((callback) => solver[point](callback));
    const controller = new AbortController();
    const step = solver.step(3, { signal: controller.signal });
    await waiting;
    controller.abort();
    expect(await failureOf(step)).toMatchObject({ code: 'ERR_CAFFE_ABORTED' });
    expect(solver.iteration).toBe(0);
    expect((await solver.net.toBuffer()).equals(before)).toBe(true);
    await solver.dispose();
  });

  test('a run that waits for one is ended by stop(), with a snapshot of the parameters before', async () => {
    const solver = await tinySolver('', newPrefix());
    await solver.step(2);
    const waiting = reached((callback) => solver.onGradientsReady(callback));
    const run = solver.solve();
    await waiting;
    expect(await run.stop()).toMatchObject({ reason: 'stopped', iteration: 2, snapshot: expect.anything() });
    await solver.dispose();
  });

  test('one that never settles is left when the solver is disposed', async () => {
    const solver = await tinySolver();
    const waiting = reached((callback) => solver.onGradientsReady(callback));
    const step = failureOf(solver.step());
    await waiting;
    await solver.dispose();
    expect(await step).toMatchObject({ code: 'ERR_CAFFE_DISPOSED' });
  });

  test('what would wait for the callback itself is refused', async () => {
    const solver = await tinySolver('test_iter: 1 test_interval: 100 test_initialization: false', newPrefix());
    const codes: string[] = [];
    solver.onGradientsReady(async () => {
      const attempts = [
        () => solver.net.forward(),
        () => solver.step(),
        () => solver.test(),
        () => solver.snapshot(),
        () => solver.applyUpdate(),
      ];
      for (const attempt of attempts) codes.push((await failureOf(attempt())).code);
    });
    expect((await solver.step()).iteration).toBe(1);
    expect(codes).toEqual(Array(5).fill('ERR_CAFFE_BUSY'));
    await solver.dispose();
  });

  test('what is no function is refused', async () => {
    const solver = await plainSolver();
    for (const listen of ['onStart', 'onGradientsReady', 'onTest', 'onSnapshot', 'onDebug'] as const) {
      for (const value of [undefined, null, 'x', {}, 3n]) {
        expect(() => solver[listen](value as never)).toThrow(expect.objectContaining({ code: 'ERR_CAFFE_INPUT' }));
      }
    }
    expect((await solver.step()).iteration).toBe(1);
    await solver.dispose();
  });
});

test('two solvers on two lanes that average their gradients train as one with both their batches', async () => {
  const rates = 'base_lr: 0.05 lr_policy: "fixed" momentum: 0.9 weight_decay: 0.001';
  const items = wave(16 * 72, 1.7);
  const labels = Array.from({ length: 16 }, (_, index) => (index * 7) % 3);
  const weights = await Net.from(TINY, { phase: 'train' });
  const open = async (text: string, from: number, count: number) => {
    const solver = await Solver.from(`net_param { ${text} } ${rates}`, { weights: await weights.toBuffer() });
    solver.net.blobs.data?.set(items.slice(from * 72, (from + count) * 72));
    solver.net.blobs.label?.set(labels.slice(from, from + count));
    return solver;
  };
  caffe.setLanes(2);
  try {
    const whole = await open(TINY.replaceAll('dim: 8', 'dim: 16'), 0, 16);
    // Nets take the lanes in turn: one after the other, these two get different ones.
    const parts = [await open(TINY, 0, 8), await open(TINY, 8, 8)];
    let arrived: (() => void)[] = [];
    for (const part of parts) {
      part.onGradientsReady(async () => {
        await new Promise<void>((resolve) => {
          arrived.push(resolve);
          if (arrived.length < parts.length) return;
          // Both are here: average, then let both go on.
          const [mine = [], theirs = []] = parts.map(diffs);
          mine.forEach((blob, index) => {
            const other = theirs[index]?.diff ?? new Float32Array();
            const mean = blob.diff.map((value, i) => (value + (other[i] ?? 0)) / 2);
            blob.diff = mean;
            if (theirs[index]) theirs[index].diff = mean;
          });
          for (const go of arrived) go();
          arrived = [];
        });
      });
    }
    for (let i = 0; i < 20; i++) {
      const [expected, ...steps] = await Promise.all([whole.step(), ...parts.map((part) => part.step())]);
      expect(steps.reduce((sum, step) => sum + step.loss / 2, 0)).toBeCloseTo(expected.loss, 5);
    }
    for (const part of parts) {
      diffs(part).forEach((blob, index) => {
        expect(relativeError(blob.data, diffs(whole)[index]?.data ?? [])).toBeLessThan(1e-5);
      });
    }
    await disposeAll(whole, ...parts);
  } finally {
    caffe.setLanes(1);
    await weights.dispose();
  }
});
