/** The networks in the linked Caffe: what they count, what they take, and that they learn. */
import { caffe } from '../../lib/caffe';
import { Net } from '../../lib/net';
import * as networks from '../../lib/networks';
import { inspect, type NetParameter, parseNet, parseSolver, type SolverParameter } from '../../lib/prototxt';
import { Solver } from '../../lib/solver';
import { failureOf } from '../support/failure';

const INFOS = networks.list();

/**
 * For a tiny training: a size that is quickly computed, a rate at which the loss falls with other seeds, too, and how many steps. The solver
 * is else the network's own.
 */
const TRAINING: Readonly<Record<networks.NetworkName, { size: number; rate: number; steps: number }>> = {
  small: { size: 24, rate: 0.02, steps: 6 },
  lenet: { size: 16, rate: 0.01, steps: 6 },
  'cifar10-quick': { size: 16, rate: 0.001, steps: 20 },
  alexnet: { size: 39, rate: 0.02, steps: 6 },
  caffenet: { size: 39, rate: 0.0003, steps: 8 },
  googlenet: { size: 47, rate: 0.001, steps: 8 },
  'vgg-16': { size: 32, rate: 0.001, steps: 6 },
  'resnet-18': { size: 33, rate: 0.01, steps: 5 },
  'resnet-50': { size: 33, rate: 0.003, steps: 6 },
  squeezenet: { size: 33, rate: 0.005, steps: 80 },
  mobilenet: { size: 32, rate: 0.05, steps: 6 },
};

const BATCH = 4;
const CLASSES = 10;

/** A network for training, with blobs to fill in the place of its data, and without dropout: its draws would hide what is learned. */
function fillable(trainVal: string, shape: readonly number[]): NetParameter {
  const input = {
    name: 'data',
    type: 'Input',
    top: ['data', 'label'],
    input_param: { shape: [{ dim: [...shape] }, { dim: shape.slice(0, 1) }] },
  };
  const layers = parseNet(trainVal).layer ?? [];
  return { layer: [input, ...layers.filter(({ type }) => type !== 'Data' && type !== 'Dropout')] };
}

/** Narrow stripes or broad ones, by turns, with some grain. */
function stripes([items = 0, ...picture]: readonly number[], height: number): Float32Array {
  const size = picture.reduce((product, side) => product * side, 1);
  const width = picture.at(-1) ?? 1;
  return Float32Array.from({ length: items * size }, (_, index) => {
    const narrow = Math.floor(index / size) % 2 === 0;
    return height * (Math.sin((index % width) / (narrow ? 1 : 3)) + 0.1 * Math.sin(index * 12.9898));
  });
}

describe.each(INFOS)('$name', ({ name, input, smallest, parameters, multiplyAdds }) => {
  test('has the parameters and multiply-adds that the list says, and gives probabilities', async () => {
    const net = await Net.from(networks.get(name).deploy);
    const learned = net.layers.filter(({ type }) => type !== 'BatchNorm');
    expect(sum(learned.flatMap(({ params }) => params.map(({ count }) => count)))).toBe(parameters);
    const products = learned.map(({ type, tops, params: [weights] }) => {
      const [, , ...map] = net.blobs[tops[0] ?? '']?.shape ?? [];
      const places = type === 'Convolution' ? map.reduce((product, side) => product * side, 1) : type === 'InnerProduct' ? 1 : 0;
      return (weights?.count ?? 0) * places;
    });
    expect(sum(products)).toBe(multiplyAdds);
    expect(net.inputs).toEqual(['data']);
    expect(net.outputs).toEqual(['prob']);
    expect(net.blobs.data?.shape).toEqual([1, ...input]);
    await net.dispose();
  });

  test('takes pictures from the smallest on, and no smaller ones', async () => {
    const load = (size: number, text = networks.get(name, { classes: 2, size: Math.max(size, smallest) }).trainVal) =>
      Net.from(fillable(text, [1, input[0], size, size]), { phase: 'train' });
    await (await load(smallest)).dispose();
    if (smallest > 1) expect(await failureOf(load(smallest - 1))).toMatchObject({ code: expect.stringMatching(/^ERR_CAFFE_/) });
  });

  test('runs forward and backward for two classes, a grey picture, and one that is no square', async () => {
    caffe.setRandomSeed(3); // SqueezeNet's ReLU on the scores cuts both of two classes off for one start in some
    const shape = [2, 1, smallest + 17, smallest + 8];
    const { trainVal, deploy } = networks.get(name, { classes: 2, channels: 1, size: [smallest + 17, smallest + 8] });
    const net = await Net.from(fillable(trainVal, shape), { phase: 'train' });
    net.blobs.label?.set([0, 1]);
    await net.forward({ data: { shape, data: stripes(shape, 1) } });
    await net.backward();
    const [[weights] = []] = Object.values(net.params);
    const gradients = await weights?.read('diff');
    expect(gradients?.data.some((value) => value !== 0)).toBe(true);
    const deployed = await Net.from(deploy, { weights: await net.toBuffer() });
    const { prob } = await deployed.forward({ data: stripes([1, ...shape.slice(1)], 1) });
    expect(prob?.data).toHaveLength(2);
    await Promise.all([net.dispose(), deployed.dispose()]);
  });

  test('lowers its loss in a few steps of its own solver', async () => {
    const { size, rate, steps } = TRAINING[name];
    const { trainVal, solver: text } = networks.get(name, { classes: CLASSES, size });
    const shape = [BATCH, input[0], size, size];
    const solver = await Solver.from(withoutTests({ ...parseSolver(text), net_param: fillable(trainVal, shape), base_lr: rate }));
    solver.net.blobs.label?.set([0, 1, 0, 1]);
    solver.net.blobs.data?.set(stripes(shape, 60 * (inspect(trainVal).train?.scale ?? 1)));
    const first = await solver.step();
    const last = await solver.step(steps - 1);
    expect(first.loss).toBeGreaterThan(0.5);
    expect(last.loss).toBeLessThan(0.75 * first.loss);
    await solver.dispose();
  });
});

function withoutTests({ net, test_iter, test_interval, test_initialization, iter_size, ...solver }: SolverParameter): SolverParameter {
  return { ...solver, lr_policy: 'fixed', snapshot: 0, random_seed: 1 };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
