/** The update of the parameters, which is ours, against Caffe's own: parameters, what was subtracted, and the histories. */
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as fc from 'fast-check';
import { caffe, type LogMessage } from '../lib/caffe';
import { type NativeBlob, type NativeSolver, native } from '../lib/native';
import { relativeError, wave } from './support/shared';

const TYPES = ['SGD', 'Nesterov', 'AdaGrad', 'RMSProp', 'AdaDelta', 'Adam'] as const;
const WITH_MOMENTUM: readonly string[] = ['SGD', 'Nesterov', 'AdaDelta', 'Adam'];

interface Layer {
  outputs: number;
  weights: { rate: number; decay: number };
  biases: { rate: number; decay: number };
}

const multiplier = fc.record({ rate: fc.constantFrom(0, 1, 2, 0.1), decay: fc.constantFrom(0, 1, 0.5) });
const layers = fc.array(fc.record({ outputs: fc.integer({ min: 1, max: 40 }), weights: multiplier, biases: multiplier }), {
  minLength: 1,
  maxLength: 4,
});
interface Settings {
  type: string;
  momentum: number;
  decay: number;
  regularization: string;
  clip: number;
  iterations: number;
  policy: string;
}

const settings: fc.Arbitrary<Settings> = fc.record({
  type: fc.constantFrom(...TYPES),
  momentum: fc.constantFrom(0, 0.5, 0.9),
  decay: fc.constantFrom(0, 0.0005, 0.1),
  regularization: fc.constantFrom('L1', 'L2'),
  clip: fc.constantFrom(-1, 0, 0.5, 1e6),
  iterations: fc.integer({ min: 1, max: 3 }),
  policy: fc.constantFrom(
    'lr_policy: "fixed"',
    'lr_policy: "multistep" gamma: 0.5 stepvalue: 1 stepvalue: 2',
    'lr_policy: "inv" gamma: 0.1 power: 0.75',
  ),
});
function netText(inputs: number, chain: Layer[]): string {
  const text = chain.map(
    ({ outputs, weights, biases }, index) => `
      layer { name: "fc${index}" type: "InnerProduct" bottom: "${index === 0 ? 'data' : `fc${index - 1}`}" top: "fc${index}"
        param { lr_mult: ${weights.rate} decay_mult: ${weights.decay} } param { lr_mult: ${biases.rate} decay_mult: ${biases.decay} }
        inner_product_param { num_output: ${outputs} weight_filler { type: "xavier" } bias_filler { type: "uniform" min: -1 max: 1 } } }`,
  );
  return `layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: ${inputs} } } } ${text.join('\n')}`;
}

function solverText(net: string, given: Settings): string {
  return `net_param { ${net} } type: "${given.type}" base_lr: 0.01 momentum: ${WITH_MOMENTUM.includes(given.type) ? given.momentum : 0}
    ${given.type === 'RMSProp' ? 'rms_decay: 0.9' : ''} weight_decay: ${given.decay} regularization_type: "${given.regularization}"
    clip_gradients: ${given.clip} iter_size: ${given.iterations} ${given.policy} random_seed: 5 snapshot_prefix: "${prefix}"`;
}

const prefix = path.join(mkdtempSync(path.join(tmpdir(), 'caffe-node-update-')), 'update');
const load = (text: string): Promise<NativeSolver> => native.loadSolver({ solver: { text }, basePath: '', weights: [] });

const paramsOf = (solver: NativeSolver) =>
  solver.net.facts.layers.flatMap((layer, index) => layer.params.map((_, which) => solver.net.param(index, which)));

async function historyOf(solver: NativeSolver): Promise<Float32Array[]> {
  const { state } = await solver.snapshot();
  const { history } = native.messages.fromBinary('SolverState', readFileSync(state)) as { history: { data: ArrayLike<number> }[] };
  return history.map(({ data }) => Float32Array.from(data));
}

function expectSame(ours: ArrayLike<number>, caffes: ArrayLike<number>): void {
  expect(relativeError(ours, caffes)).toBeLessThan(1e-6);
}

/** Of the signs of the values: where a gradient and the decay cancel out, rounding is all that an adaptive rule divides by itself. */
function gradientsFor(param: NativeBlob, index: number, step: number): Float32Array {
  const sizes = wave(param.count, 1.3 + step + index);
  return param.view('data').map((value, i) => Math.sign(value) * (0.01 + Math.abs(sizes[i] ?? 0)) * 10 ** ((index % 3) - 1));
}

/** Lets both solvers apply the same gradients, `steps` times, and compares what they made of them after each. */
async function compare(text: string, steps: number, isLearning: (param: number) => boolean): Promise<void> {
  const [ours, caffes] = [await load(text), await load(text)];
  const params = [paramsOf(ours), paramsOf(caffes)] as const;
  for (let step = 0; step < steps; step++) {
    params[0].forEach((param, index) => {
      const gradient = gradientsFor(param, index, step);
      for (const side of params) if (isLearning(index)) side[index]?.set('diff', gradient);
    });
    await Promise.all([ours.applyUpdate(), caffes.applyCaffesUpdate()]);
    expect(ours.iteration).toBe(caffes.iteration);
    expect(ours.learningRate).toBe(caffes.learningRate);
    params[0].forEach((param, index) => {
      for (const part of ['data', 'diff'] as const) {
        if (part === 'diff' && !isLearning(index) && step < steps - 1) continue; // looking at it would give it memory
        expectSame(param.view(part), params[1][index]?.view(part) ?? []);
      }
    });
  }
  const [histories, expected] = [await historyOf(ours), await historyOf(caffes)];
  expect(histories.length).toBe(expected.length);
  histories.forEach((history, index) => {
    expectSame(history, expected[index] ?? []);
  });
  await Promise.all([ours.dispose(), caffes.dispose()]);
}

test('is the same for every type of solver, decay, clipping, iter_size, policy and multiplier', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 60 }), layers, settings, async (inputs, chain, given) => {
      const rates = chain.flatMap(({ weights, biases }) => [weights.rate, biases.rate]);
      await compare(solverText(netText(inputs, chain), given), 3, (param) => rates[param] !== 0);
    }),
    { numRuns: 100 },
  );
}, 60_000);

test.each(TYPES)('is the same where the parameters are shared out among threads: %s', async (type) => {
  const rates = { rate: 1, decay: 1 };
  const chain = [
    { outputs: 180, weights: rates, biases: { rate: 2, decay: 0 } },
    { outputs: 17, weights: rates, biases: rates },
  ];
  const given: Settings = {
    type,
    momentum: 0.9,
    decay: 0.01,
    regularization: 'L2',
    clip: 20,
    iterations: 2,
    policy: 'lr_policy: "fixed"',
  };
  await compare(solverText(netText(211, chain), given), 2, () => true);
});

test('moves a parameter whose lr_mult is 0 as Caffe does when it has gradients all the same', async () => {
  const still = { rate: 0, decay: 1 };
  for (const type of TYPES) {
    const given: Settings = {
      type,
      momentum: 0.9,
      decay: 0.1,
      regularization: 'L2',
      clip: -1,
      iterations: 1,
      policy: 'lr_policy: "fixed"',
    };
    await compare(solverText(netText(7, [{ outputs: 5, weights: still, biases: { rate: 1, decay: 1 } }]), given), 2, () => true);
  }
});

test('goes on with the momentum that a frozen parameter has from a snapshot', async () => {
  const given: Settings = {
    type: 'SGD',
    momentum: 0.9,
    decay: 0,
    regularization: 'L2',
    clip: -1,
    iterations: 1,
    policy: 'lr_policy: "fixed"',
  };
  const net = (rate: number) => netText(7, [{ outputs: 5, weights: { rate, decay: 1 }, biases: { rate: 1, decay: 1 } }]);
  const learning = await load(solverText(net(1), given));
  for (const param of paramsOf(learning)) param.set('diff', Float32Array.from(wave(param.count, 2)));
  await learning.applyUpdate();
  const { state } = await learning.snapshot();
  const [ours, caffes] = [await load(solverText(net(0), given)), await load(solverText(net(0), given))];
  await Promise.all([ours.restore(state), caffes.restore(state)]);
  const before = Float32Array.from(paramsOf(ours)[0]?.view('data') ?? []);
  await Promise.all([ours.applyUpdate(), caffes.applyCaffesUpdate()]);
  const after = paramsOf(ours)[0]?.view('data') ?? [];
  expect(relativeError(after, before)).toBeGreaterThan(1e-6);
  expectSame(after, paramsOf(caffes)[0]?.view('data') ?? []);
  await Promise.all([learning.dispose(), ours.dispose(), caffes.dispose()]);
});

test('does not depend on the number of threads, clipped or not', async () => {
  const rates = { rate: 1, decay: 1 };
  const given: Settings = {
    type: 'Adam',
    momentum: 0.9,
    decay: 0.01,
    regularization: 'L2',
    clip: 1,
    iterations: 1,
    policy: 'lr_policy: "fixed"',
  };
  const text = solverText(netText(400, [{ outputs: 400, weights: rates, biases: rates }]), given);
  const results: Buffer[] = [];
  const before = caffe.threads;
  for (const threads of [1, 3]) {
    caffe.setThreads(threads);
    const solver = await load(text);
    for (const param of paramsOf(solver)) param.set('diff', Float32Array.from(wave(param.count, 2)));
    await solver.applyUpdate();
    results.push(await solver.net.toBuffer());
    await solver.dispose();
  }
  caffe.setThreads(before);
  expect(results[0]?.equals(results[1] ?? Buffer.alloc(0))).toBe(true);
});

test('logs the rate and what is clipped, in the words of Caffe', async () => {
  const given: Settings = {
    type: 'SGD',
    momentum: 0,
    decay: 0,
    regularization: 'L2',
    clip: 0.5,
    iterations: 1,
    policy: 'lr_policy: "fixed"',
  };
  const rates = { rate: 1, decay: 1 };
  const text = `${solverText(netText(3, [{ outputs: 2, weights: rates, biases: rates }]), given)} display: 1`;
  const said: string[][] = [];
  for (const method of ['applyUpdate', 'applyCaffesUpdate'] as const) {
    const solver = await load(text);
    const lines: string[] = [];
    const listen = ({ message }: LogMessage) => lines.push(message);
    caffe.on('log', listen);
    for (const param of paramsOf(solver)) param.set('diff', new Float32Array(param.count).fill(0.5));
    await solver[method]();
    caffe.off('log', listen);
    said.push(lines);
    await solver.dispose();
  }
  expect(said[0]).toEqual(said[1]);
  expect(said[0]).toEqual([
    'Iteration 0, lr = 0.01',
    expect.stringContaining('Gradient clipping: scaling down gradients (L2 norm 1.41421 > 0.5)'),
  ]);
});
