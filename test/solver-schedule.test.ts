/** What a solver does beside its iterations: tests, snapshots, debug information, early ends; and changes on the way. */
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { caffe, type LogMessage } from '../lib/caffe';
import { type LayerBlob, registerLayer } from '../lib/javascript-layer';
import { type DebugEvent, Solver, type SolverEvent, type StepResult, type TestEvent } from '../lib/solver';
import { failureOf } from './support/failure';
import { TINY } from './support/networks';
import { disposeAll, fill, newPrefix, plainSolver, tinySolver } from './support/solvers';

async function eventsOf(run: AsyncIterable<SolverEvent>): Promise<SolverEvent[]> {
  const events: SolverEvent[] = [];
  for await (const event of run) events.push(event);
  return events;
}

const short = (event: SolverEvent) => `${event.type[0]}${event.iteration}${event.type === 'test' ? `.${event.index}` : ''}`;

describe('tests', () => {
  const TWO = 'test_iter: 2 test_iter: 1 test_interval: 2 snapshot_after_train: false';

  test('run at their interval, before the first iteration and at the end, as Caffe runs them', async () => {
    const solver = await tinySolver(TWO, '', 4);
    expect((await eventsOf(solver.solve())).map(short)).toEqual(['t0.0', 't0.1', 'i1', 'i2', 't2.0', 't2.1', 'i3', 'i4', 't4.0', 't4.1']);
    await solver.dispose();
    const later = await tinySolver(`${TWO} test_initialization: false`, '', 3);
    expect((await eventsOf(later.solve())).map(short)).toEqual(['i1', 'i2', 't2.0', 't2.1', 'i3']);
    await later.dispose();
  });

  test('change nothing in the training, and are told to listeners of step() too', async () => {
    const [tested, plain] = [await tinySolver(TWO), await tinySolver()];
    const heard: TestEvent[] = [];
    const stop = tested.onTest((event) => heard.push(event));
    const [a, b] = [await tested.step(5), await plain.step(5)];
    expect(a.loss).toBe(b.loss);
    expect((await tested.net.toBuffer()).equals(await plain.net.toBuffer())).toBe(true);
    expect(heard.map(short)).toEqual(['t0.0', 't0.1', 't2.0', 't2.1', 't4.0', 't4.1']);
    stop();
    await tested.step(2);
    expect(heard.length).toBe(6);
    await disposeAll(tested, plain);
  });

  test('give the mean outputs of the trained parameters', async () => {
    const solver = await tinySolver('test_iter: 2 test_interval: 1000 test_compute_loss: true');
    const before = (await solver.test()).loss?.data[0] ?? Number.NaN;
    await solver.step(10);
    const heard: TestEvent[] = [];
    solver.onTest((event) => heard.push(event));
    const after = (await solver.test()).loss?.data[0] ?? Number.NaN;
    expect(after).toBeLessThan(before);
    expect(heard).toMatchObject([{ iteration: 10, index: 0, loss: after }]);
    expect((await solver.testNets[0]?.forward())?.loss?.data[0]).toBeCloseTo(after, 6);
    for (const index of [1, 7, -1, 0.5, Number.NaN, 2 ** 40]) {
      expect(await failureOf(solver.test(index))).toMatchObject({ code: 'ERR_CAFFE_INPUT' });
    }
    expect((await solver.test()).loss?.data[0]).toBe(after);
    await solver.dispose();
  });

  test('run on nets of their own, in their states', async () => {
    const staged = `${TINY} layer { name: "accuracy" type: "Accuracy" bottom: "fc" bottom: "label" top: "accuracy" include { stage: "score" } }`;
    const solver = fill(
      await Solver.from(
        `train_net_param { ${TINY} } test_net_param { ${staged} } test_net_param { ${staged} } test_state { } test_state { stage: "score" }
         test_iter: 1 test_iter: 3 test_interval: 10 base_lr: 0.1 lr_policy: "fixed"`,
      ),
    );
    expect(Object.keys(await solver.test(0))).toEqual(['loss']);
    expect(Object.keys(await solver.test(1)).sort()).toEqual(['accuracy', 'loss']);
    await solver.dispose();
  });

  test('have no mean when an output changes its shape from batch to batch', async () => {
    let batch = 0;
    registerLayer(
      'Growing',
      class {
        reshape(_: LayerBlob[], [top]: LayerBlob[]) {
          top?.reshape(1 + (batch % 2));
        }
        forward(_: LayerBlob[], [top]: LayerBlob[]) {
          top?.reshape(1 + (batch++ % 2));
        }
      },
    );
    const solver = await Solver.from(`net_param { ${TINY}
      layer { name: "grows" type: "JavaScript" top: "grows" python_param { layer: "Growing" } include { phase: TEST } } }
      base_lr: 0.01 lr_policy: "fixed" test_iter: 3 test_interval: 100 test_initialization: false`);
    expect(await failureOf(solver.test())).toMatchObject({ code: 'ERR_CAFFE_SHAPE', blob: 'grows', hint: expect.any(String) });
    expect((await solver.step()).loss).toBeGreaterThan(0);
    await solver.dispose();
  });

  test('are left by an abort, between two of their batches', async () => {
    const solver = await tinySolver('test_iter: 1000000000 test_interval: 1', newPrefix(), 10);
    const controller = new AbortController();
    const step = solver.step(1, { signal: controller.signal });
    setTimeout(() => controller.abort(), 20);
    expect(await failureOf(step)).toMatchObject({ code: 'ERR_CAFFE_ABORTED' });
    expect(solver.iteration).toBe(0);
    const run = solver.solve();
    setTimeout(() => run.stop(), 20);
    expect(await run).toMatchObject({ reason: 'stopped', iteration: 0 });
    await solver.dispose();
  });
});

describe('snapshots', () => {
  test('are written whole at their intervals and at the end, and told', async () => {
    const prefix = newPrefix();
    const solver = await tinySolver('snapshot: 8', prefix);
    const run = solver.solve();
    const events = await eventsOf(run);
    expect(events.map(short).filter((event) => event.startsWith('s'))).toEqual(['s8', 's16', 's20']);
    expect(events.filter((event) => event.type === 'iteration').map((event) => event.iteration)).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 1),
    );
    expect(await run).toMatchObject({ reason: 'finished', iteration: 20, snapshot: { state: `${prefix}_iter_20.solverstate` } });
    expect(readdirSync(path.dirname(prefix)).sort()).toEqual(
      [8, 16, 20].flatMap((n) => [`tiny_iter_${n}.caffemodel`, `tiny_iter_${n}.solverstate`]).sort(),
    );
    await solver.dispose();
  });

  test('one that is due at the end is not written twice, and none where none is wanted', async () => {
    const prefix = newPrefix();
    const solver = await tinySolver('snapshot: 5', prefix, 5);
    expect((await eventsOf(solver.solve())).map(short).filter((event) => event.startsWith('s'))).toEqual(['s5']);
    await solver.dispose();
    const none = await tinySolver('snapshot_after_train: false', prefix, 3);
    expect((await none.solve()).snapshot).toBeUndefined();
    expect(existsSync(`${prefix}_iter_3.caffemodel`)).toBe(false);
    await none.dispose();
  });
});

describe('an early end', () => {
  test('with a snapshot: stop() resolves, an abort rejects', async () => {
    const prefix = newPrefix();
    const solver = await tinySolver('', prefix, 1_000_000);
    const run = solver.solve();
    for await (const event of run) if (event.iteration >= 3) break;
    const result = await run.stop();
    expect(result).toMatchObject({ reason: 'stopped', snapshot: { state: `${prefix}_iter_${result.iteration}.solverstate` } });
    expect(result.iteration).toBeGreaterThanOrEqual(3);
    expect(readdirSync(path.dirname(prefix))).toContain(`tiny_iter_${result.iteration}.solverstate`);

    const controller = new AbortController();
    const second = await tinySolver('', prefix, 1_000_000);
    const aborted = second.solve({ signal: controller.signal });
    for await (const _ of aborted) {
      controller.abort('enough');
      break;
    }
    expect(await failureOf(aborted)).toMatchObject({ code: 'ERR_CAFFE_ABORTED', name: 'AbortError', cause: 'enough' });
    expect(existsSync(`${prefix}_iter_${second.iteration}.solverstate`)).toBe(true);
    expect((await second.step()).iteration).toBeGreaterThan(1);
    await disposeAll(solver, second);
  });

  test('of step(), between two iterations', async () => {
    const solver = await tinySolver();
    const controller = new AbortController();
    const step = solver.step(2 ** 31 - 1, { signal: controller.signal });
    setTimeout(() => controller.abort(), 20);
    expect(await failureOf(step)).toMatchObject({ code: 'ERR_CAFFE_ABORTED', name: 'AbortError' });
    const reached = solver.iteration;
    expect((await solver.step()).iteration).toBe(reached + 1);
    expect(await failureOf(solver.step(1, { signal: AbortSignal.abort() }))).toMatchObject({ code: 'ERR_CAFFE_ABORTED' });
    expect(solver.iteration).toBe(reached + 1);
    await solver.dispose();
  });

  test('goes on from where it was', async () => {
    const prefix = newPrefix();
    const straight = await tinySolver('', prefix);
    const expected = (await straight.solve()).loss;
    const first = await tinySolver('', prefix, 20);
    const run = first.solve();
    for await (const event of run) if (event.iteration >= 5) break;
    const { snapshot } = await run.stop();
    const second = await tinySolver('', prefix);
    expect(await second.solve({ resume: snapshot?.state })).toMatchObject({ reason: 'finished', iteration: 20, loss: expected });
    await disposeAll(straight, first, second);
  });
});

describe('debug_info', () => {
  async function debugged(settings: string): Promise<DebugEvent[]> {
    const solver = await tinySolver(`debug_info: true ${settings}`, '', 4);
    const heard: DebugEvent[] = [];
    solver.onDebug((event) => heard.push(event));
    await solver.step(4);
    await solver.dispose();
    return heard;
  }

  test('comes with each iteration, or with those that are displayed', async () => {
    expect((await debugged('')).map((event) => event.iteration)).toEqual([1, 2, 3, 4]);
    expect((await debugged('display: 2')).map((event) => event.iteration)).toEqual([1, 3]);
  });

  test('has the mean absolute values that the blobs have', async () => {
    const solver = await plainSolver('debug_info: true snapshot_after_train: false max_iter: 1');
    const before = solver.net.params.fc?.[0]?.data.slice() ?? new Float32Array();
    const run = solver.solve();
    const events = await eventsOf(run);
    const event = events.find((one): one is DebugEvent => one.type === 'debug');
    const mean = (values: ArrayLike<number> = []) => Array.from(values, Math.abs).reduce((sum, value) => sum + value, 0) / values.length;
    const entry = (phase: string, layer: string, which: object) =>
      event?.entries.find(
        (one) => one.phase === phase && one.layer === layer && Object.entries(which).every(([k, v]) => one[k as 'blob'] === v),
      );
    const { blobs, params } = solver.net;
    expect(entry('forward', 'data', { blob: 'data' })?.data).toBeCloseTo(mean(blobs.data?.data), 5);
    expect(entry('forward', 'fc', { blob: 'fc' })?.data).toBeCloseTo(mean(blobs.fc?.data), 5);
    expect(entry('forward', 'fc', { param: 0 })?.data).toBeCloseTo(mean(before), 6);
    expect(entry('backward', 'loss', { blob: 'fc' })?.diff).toBeCloseTo(mean(blobs.fc?.diff), 6);
    const update = entry('update', 'fc', { param: 0 });
    expect(update?.data).toBeCloseTo(mean(params.fc?.[0]?.data), 6);
    expect(update?.diff).toBeCloseTo(mean(before.map((value, index) => value - (params.fc?.[0]?.data[index] ?? 0))), 6);
    // A rate of 0.05 and nothing else: what was subtracted is that part of the gradient.
    expect((entry('backward', 'fc', { param: 0 })?.diff ?? 0) * 0.05).toBeCloseTo(update?.diff ?? 0, 6);
    expect(event?.data.l2).toBeGreaterThan(0);
    expect(event?.diff.l1).toBeGreaterThan(event?.diff.l2 ?? Number.NaN);
    await solver.dispose();
  });

  test('says what Caffe logs', async () => {
    const lines: string[] = [];
    const listen = ({ message }: LogMessage) => lines.push(message);
    caffe.on('log', listen);
    const heard = await debugged('display: 100');
    caffe.off('log', listen);
    const logged = lines.filter((line) => /\[(Forward|Backward)\] Layer/.test(line));
    const entries = heard.flatMap((event) => event.entries).filter((entry) => entry.phase !== 'update');
    expect(entries.length).toBe(logged.length);
    entries.forEach((entry, index) => {
      expect(logged[index]).toContain(
        `Layer ${entry.layer}, ${entry.blob === undefined ? 'param' : entry.phase === 'forward' ? 'top' : 'bottom'} blob`,
      );
      expect(Number(/: (\S+)$/.exec(logged[index] ?? '')?.[1])).toBeCloseTo(entry.data ?? entry.diff ?? Number.NaN, 4);
    });
  });
});

describe('display', () => {
  test('says what Caffe says, with the mean loss of average_loss iterations, every so many iterations', async () => {
    const lines: string[] = [];
    const listen = ({ message }: LogMessage) => lines.push(message);
    const solver = await plainSolver('display: 2 average_loss: 3');
    caffe.on('log', listen);
    const steps: StepResult[] = [];
    for (let iteration = 0; iteration < 5; iteration++) steps.push(await solver.step());
    caffe.off('log', listen);
    const shown = lines.filter((line) => /^Iteration |^ {4}Train/.test(line));
    const number = (value: number) => String(Number(value.toPrecision(6)));
    const expected = [0, 2, 4].flatMap((iteration) => {
      const { loss, smoothedLoss } = steps[iteration] ?? { loss: Number.NaN, smoothedLoss: Number.NaN };
      return [
        expect.stringMatching(
          new RegExp(String.raw`^Iteration ${iteration} \(\S+ iter/s, \S+s/2 iters\), loss = ${number(smoothedLoss).replace('.', '\\.')}$`),
        ),
        `    Train net output #0: loss = ${number(loss)} (* 1 = ${number(loss)} loss)`,
        `Iteration ${iteration}, lr = 0.05`,
      ];
    });
    expect(shown).toEqual(expected);
    expect(shown[0]).toContain('(0 iter/s, ');
    expect(Number(/\((\S+) iter/.exec(shown[3] ?? '')?.[1])).toBeGreaterThan(0);
    await solver.dispose();
  });

  test('the mean goes on without the iteration that a callback ended', async () => {
    const solver = await plainSolver('average_loss: 4');
    const first = await solver.step();
    const remove = solver.onGradientsReady(() => {
      throw new Error('not this one');
    });
    expect(await failureOf(solver.step())).toMatchObject({ code: 'ERR_CAFFE_CALLBACK' });
    remove();
    const second = await solver.step();
    expect(second.smoothedLoss).toBeCloseTo((first.loss + second.loss) / 2, 6);
    await solver.dispose();
  });
});

describe('param', () => {
  test('reads as it was written', async () => {
    const solver = await tinySolver('stepvalue: 3 stepvalue: 5', 'p');
    expect(solver.param).toMatchObject({ base_lr: 0.05, lr_policy: 'step', max_iter: 20, stepvalue: [3, 5], snapshot_prefix: 'p' });
    expect(solver.param.net_param).toMatchObject({ name: 'tiny' });
    expect({ ...solver.param }).toEqual(JSON.parse(JSON.stringify(solver.param)));
    expect('max_iter' in solver.param && Object.keys(solver.param).includes('max_iter')).toBe(true);
    await solver.dispose();
  });

  test('what is set counts from the next iteration on', async () => {
    const prefix = newPrefix();
    const solver = await tinySolver('test_iter: 1 test_interval: 1000 test_initialization: false', prefix);
    solver.param.max_iter = 4;
    solver.param.lr_policy; // reading is free
    solver.param.stepsize = 1;
    solver.param.gamma = 0.1;
    solver.param.test_interval = 2;
    solver.param.test_iter = [3];
    solver.param.snapshot = 3;
    solver.param.iter_size = 2;
    solver.param.clip_gradients = 5;
    expect(solver.param).toMatchObject({ max_iter: 4, stepsize: 1, test_iter: [3], clip_gradients: 5 });
    expect(solver.learningRate).toBeCloseTo(0.05);
    const events = await eventsOf(solver.solve());
    expect(events.map(short)).toEqual(['i1', 'i2', 't2.0', 's3', 'i3', 'i4', 's4', 't4.0']);
    expect(solver.learningRate).toBeCloseTo(0.05 * 0.1 ** 4, 8);
    await solver.dispose();
  });

  test('can be set while the solver steps', async () => {
    const solver = await tinySolver('', newPrefix(), 1_000_000);
    const run = solver.solve();
    for await (const event of run) {
      if (event.type === 'iteration' && event.iteration === 3) {
        solver.param.max_iter = 50;
        solver.baseLearningRate = 0.001;
        break;
      }
    }
    const result = await run;
    expect(result).toMatchObject({ reason: 'finished' });
    expect(result.iteration).toBeGreaterThanOrEqual(50);
    expect(solver.param.base_lr).toBe(0.001);
    expect(solver.baseLearningRate).toBe(0.001);
    await solver.dispose();
  });

  test.each<[string, unknown]>([
    ['type', 'Adam'],
    ['random_seed', 4],
    ['net', 'x.prototxt'],
    ['net_param', {}],
    ['weights', ['x']],
    ['max_iterr', 3],
    ['max_iter', 'three'],
    ['max_iter', -1],
    ['max_iter', 2 ** 40],
    ['max_iter', undefined],
    ['base_lr', Number.NaN],
    ['base_lr', Number.POSITIVE_INFINITY],
    ['stepsize', 0],
    ['momentum', 1],
    ['iter_size', 0],
    ['average_loss', 0],
    ['test_iter', [1, 2, 3]],
    ['snapshot_format', 'JSON'],
    ['regularization_type', 'L3'],
  ])('%s = %p is refused', async (field, value) => {
    const solver = await plainSolver('max_iter: 9');
    const before = { ...solver.param };
    const policy = await Solver.from(`net_param { ${TINY} } base_lr: 1 lr_policy: "step" stepsize: 3 gamma: 0.5`);
    const subject = field === 'stepsize' ? policy : solver;
    expect(() => {
      Object.assign(subject.param, { [field]: value });
    }).toThrow(expect.objectContaining({ code: 'ERR_CAFFE_INPUT' }));
    expect({ ...solver.param }).toEqual(before);
    expect((await subject.step()).iteration).toBe(1);
    await disposeAll(solver, policy);
  });

  test('names what can be set, and refuses anything but setting', async () => {
    const solver = await plainSolver('test_iter: 1 test_interval: 5');
    expect(() => {
      solver.param.type = 'Adam';
    }).toThrow(expect.objectContaining({ hint: expect.stringMatching(/base_lr.*max_iter/) }));
    const attempts: (() => void)[] = [
      () => delete solver.param.base_lr,
      () => void Object.defineProperty(solver.param, 'x', { value: 1 }),
      () => void Object.setPrototypeOf(solver.param, {}),
      () => void Object.freeze(solver.param),
      () => Object.assign(solver.param, { [Symbol('x')]: 1 }),
    ];
    for (const attempt of attempts) expect(attempt).toThrow(expect.objectContaining({ code: 'ERR_CAFFE_INPUT' }));
    expect(() => (solver.param.test_iter as number[]).push(3)).toThrow();
    expect(() => {
      solver.baseLearningRate = Number.NaN;
    }).toThrow(expect.objectContaining({ code: 'ERR_CAFFE_INPUT' }));
    expect((await solver.step()).learningRate).toBeCloseTo(0.05);
    await solver.dispose();
  });
});
