/** Learning-rate policies and update rules, against their formulas. */
import { Solver } from '../lib/solver';
import { failureOf } from './support/failure';
import { type ReferenceSettings, ReferenceSolver } from './support/reference-solver';
import { relativeError } from './support/shared';
import { newPrefix } from './support/solvers';

/** Least squares: y = w·x for two items of three values. */
const SQUARES = `
layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 } } }
layer { name: "y" type: "Input" top: "y" input_param { shape { dim: 2 dim: 1 } } }
layer { name: "fc" type: "InnerProduct" bottom: "x" top: "fc"
  inner_product_param { num_output: 1 bias_term: false weight_filler { type: "constant" value: 0.3 } } }
layer { name: "loss" type: "EuclideanLoss" bottom: "fc" bottom: "y" top: "loss" }`;
const X = [0.5, -1, 0.25, 1, 0.75, -0.5];
const Y = [1, -0.5];

async function squares(settings: string): Promise<Solver> {
  const solver = await Solver.from(`net_param { ${SQUARES} } random_seed: 1 ${settings}`);
  solver.net.blobs.x?.set(X);
  solver.net.blobs.y?.set(Y);
  return solver;
}

describe('the learning rate', () => {
  const BASE = 0.01;
  const policies: [string, (iteration: number) => number][] = [
    ['lr_policy: "fixed"', () => BASE],
    ['lr_policy: "step" gamma: 0.7 stepsize: 7', (it) => BASE * 0.7 ** Math.floor(it / 7)],
    ['lr_policy: "exp" gamma: 0.97', (it) => BASE * 0.97 ** it],
    ['lr_policy: "inv" gamma: 0.03 power: 0.75', (it) => BASE * (1 + 0.03 * it) ** -0.75],
    [
      'lr_policy: "multistep" gamma: 0.5 stepvalue: 5 stepvalue: 40 stepvalue: 41',
      (it) => BASE * 0.5 ** [5, 40, 41].filter((at) => it >= at).length,
    ],
    ['lr_policy: "poly" power: 1.5 max_iter: 150', (it) => BASE * (1 - it / 150) ** 1.5],
    ['lr_policy: "sigmoid" gamma: 0.1 stepsize: 60', (it) => BASE / (1 + Math.exp(-0.1 * (it - 60)))],
  ];

  test.each(policies)('%s', async (settings, formula) => {
    const solver = await squares(`base_lr: ${BASE} ${settings}`);
    for (let iteration = 0; iteration < 150; iteration++) {
      const expected = formula(iteration);
      // Asking changes nothing, however often.
      if (iteration % 10 === 0) for (let i = 0; i < 3; i++) expect(solver.learningRate / expected).toBeCloseTo(1, 4);
      expect((await solver.step()).learningRate / expected).toBeCloseTo(1, 4);
    }
    await solver.dispose();
  });

  test('multistep takes one step an iteration, as in Caffe, also where two lie at the same place', async () => {
    const solver = await squares('base_lr: 1 lr_policy: "multistep" gamma: 0.5 stepvalue: 2 stepvalue: 2');
    const rates: number[] = [];
    for (let i = 0; i < 5; i++) {
      expect(solver.learningRate).toBe(solver.learningRate);
      rates.push((await solver.step()).learningRate);
    }
    expect(rates).toEqual([1, 1, 0.5, 0.25, 0.25]);
    await solver.dispose();
  });

  test('multistep goes on after a restore', async () => {
    const settings = `base_lr: 1 lr_policy: "multistep" gamma: 0.5 stepvalue: 2 stepvalue: 4 snapshot_prefix: "${newPrefix()}"`;
    const [first, second] = [await squares(settings), await squares(settings)];
    await first.step(3);
    await second.restore((await first.snapshot()).state);
    expect((await second.step()).learningRate).toBe(0.5);
    expect((await second.step()).learningRate).toBe(0.25);
    await Promise.all([first.dispose(), second.dispose()]);
  });

  test('a policy that gives none ends the training before it harms the parameters', async () => {
    const solver = await squares('base_lr: 0.1 lr_policy: "poly" power: 0.5 max_iter: 3');
    await solver.step(4);
    const before = await solver.net.toBuffer();
    for (const attempt of [() => solver.step(), () => solver.step(), () => solver.applyUpdate()]) {
      expect(await failureOf(attempt())).toMatchObject({ code: 'ERR_CAFFE_INPUT', hint: expect.stringContaining('max_iter') });
    }
    expect((await solver.net.toBuffer()).equals(before)).toBe(true);
    expect(solver.iteration).toBe(4);
    solver.param.max_iter = 10;
    expect((await solver.step()).iteration).toBe(5);
    await solver.dispose();
  });
});

describe('the update', () => {
  const RATE = 0.05;
  const cases: [string, ReferenceSettings, string][] = [
    ['SGD', { type: 'SGD', momentum: 0.9, decay: 0.1 }, 'momentum: 0.9 weight_decay: 0.1'],
    ['SGD with L1', { type: 'SGD', decay: 0.1, regularization: 'L1' }, 'weight_decay: 0.1 regularization_type: "L1"'],
    [
      'SGD, clipped and accumulated',
      { type: 'SGD', momentum: 0.5, clip: 0.4, iterSize: 3 },
      'momentum: 0.5 clip_gradients: 0.4 iter_size: 3',
    ],
    ['Nesterov', { type: 'Nesterov', momentum: 0.9, decay: 0.02, iterSize: 2 }, 'momentum: 0.9 weight_decay: 0.02 iter_size: 2'],
    ['AdaGrad', { type: 'AdaGrad', delta: 1e-3, decay: 0.1 }, 'delta: 1e-3 weight_decay: 0.1'],
    ['RMSProp', { type: 'RMSProp', rmsDecay: 0.8, clip: 1, delta: 0.1 }, 'rms_decay: 0.8 clip_gradients: 1 delta: 0.1'],
    ['AdaDelta', { type: 'AdaDelta', momentum: 0.9, delta: 1e-3, iterSize: 2 }, 'momentum: 0.9 delta: 1e-3 iter_size: 2'],
    [
      'Adam',
      { type: 'Adam', momentum: 0.9, momentum2: 0.99, decay: 0.1, regularization: 'L1' },
      'momentum: 0.9 momentum2: 0.99 weight_decay: 0.1 regularization_type: "L1"',
    ],
  ];

  /** Of the mean over the two items, summed over the batches. */
  const gradient = (weights: number[], batches: number) =>
    [0, 1, 2].map((k) =>
      [0, 1].reduce((sum, item) => {
        const error = [0, 1, 2].reduce((dot, j) => dot + (weights[j] ?? 0) * (X[item * 3 + j] ?? 0), 0) - (Y[item] ?? 0);
        return sum + (batches * error * (X[item * 3 + k] ?? 0)) / 2;
      }, 0),
    );

  test.each(cases)('%s', async (_, reference, settings) => {
    const solver = await squares(`type: "${reference.type}" base_lr: ${RATE} lr_policy: "fixed" ${settings}`);
    expect(solver.type).toBe(reference.type);
    const expected = new ReferenceSolver([0.3, 0.3, 0.3], reference);
    for (let i = 0; i < 40; i++) {
      await solver.step();
      expected.step(gradient(expected.weights, reference.iterSize ?? 1), RATE);
      expect(relativeError(solver.net.params.fc?.[0]?.data ?? [], expected.weights)).toBeLessThan(1e-3);
    }
    await solver.dispose();
  });
});
