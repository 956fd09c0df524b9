/** Aborts at random moments: whatever was going on finishes or is left, and what was used works afterwards. */
import { setTimeout as wait } from 'node:timers/promises';
import { Classifier } from '../lib/classifier';
import { JavaScriptLayer, type LayerBlob, registerLayer } from '../lib/javascript-layer';
import { Net } from '../lib/net';
import { Solver } from '../lib/solver';
import { temporaryFolder } from './support/folders';

const ROUNDS = 25;
const folder = temporaryFolder();

/** The same moments in each run of the test: a generator by Park and Miller. */
function moments(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}

const convolutions = Array.from(
  { length: 6 },
  (_, index) => `layer { name: "conv${index}" type: "Convolution" bottom: "${index === 0 ? 'data' : `conv${index - 1}`}" top: "conv${index}"
    convolution_param { num_output: 16 kernel_size: 3 pad: 1 weight_filler { type: "xavier" } } }`,
).join('\n');
/** About 20 ms a run. */
const SLOW = `layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 dim: 96 dim: 96 } } } ${convolutions}`;
const LEARNING = `net_param { ${SLOW} layer { name: "loss" type: "Reduction" bottom: "conv5" top: "loss" reduction_param { operation: SUMSQ } loss_weight: 1e-9 } }
  base_lr: 1e-9 lr_policy: "fixed" max_iter: 1000 random_seed: 1`;

/** Starts `work` again and again and aborts it after up to `longest` ms. */
async function abortAtRandom(seed: number, longest: number, work: (signal: AbortSignal) => PromiseLike<unknown>): Promise<string[]> {
  const random = moments(seed);
  const outcomes: string[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const controller = new AbortController();
    const outcome = work(controller.signal).then(
      () => 'finished',
      (error) => error.code,
    );
    await wait(longest * random());
    controller.abort();
    outcomes.push(await outcome);
  }
  expect(outcomes.filter((outcome) => outcome !== 'finished' && outcome !== 'ERR_CAFFE_ABORTED')).toEqual([]);
  return outcomes;
}

test('runs of a net, forward, backward and in batches', async () => {
  const net = await Net.from(`force_backward: true ${SLOW}`);
  const data = new Float32Array(3 * 96 * 96).fill(1);
  const before = (await net.forward({ data })).conv5?.data;
  await abortAtRandom(1, 30, (signal) => net.forward({ data }, { signal }));
  await net.forward({ data });
  await abortAtRandom(2, 30, (signal) => net.backward({}, { signal }));
  const items = { shape: [3, 3, 96, 96], data: new Float32Array(9 * 96 * 96) };
  await abortAtRandom(3, 90, (signal) => net.forwardAll({ data: items }, { signal }));
  expect((await net.forward({ data })).conv5?.data).toEqual(before);
  await net.dispose();
});

test('iterations of a solver, and its solve() with a snapshot', async () => {
  const solver = await Solver.from(`${LEARNING} snapshot_prefix: "${folder('aborted')}"`);
  await abortAtRandom(4, 100, (signal) => solver.step(3, { signal }));
  await abortAtRandom(5, 100, (signal) => solver.solve({ signal }));
  const { iteration } = solver;
  expect((await solver.step()).iteration).toBe(iteration + 1);
  const again = await Solver.from(LEARNING);
  await again.restore(`${folder('aborted')}_iter_${iteration}.solverstate`);
  expect(again.iteration).toBe(iteration);
  await Promise.all([solver.dispose(), again.dispose()]);
});

test('a layer in JavaScript that waits for nothing in particular, and for ever', async () => {
  const random = moments(6);
  registerLayer(
    'Dawdles',
    class extends JavaScriptLayer {
      reshape([bottom]: LayerBlob[], [top]: LayerBlob[]) {
        top?.reshape(...(bottom?.shape ?? []));
      }
      async forward() {
        const moment = random();
        await (moment > 0.8 ? new Promise(() => {}) : wait(20 * moment));
      }
    },
  );
  const net = await Net.from(`layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 } } }
    layer { name: "x" type: "JavaScript" bottom: "data" top: "x" python_param { layer: "Dawdles" } }`);
  const outcomes = await abortAtRandom(7, 20, (signal) => net.forward({ data: [1] }, { signal }));
  expect(new Set(outcomes)).toEqual(new Set(['finished', 'ERR_CAFFE_ABORTED']));
  await net.dispose();
});

test('a classifier', async () => {
  const classifier = await Classifier.open({ network: SLOW });
  const image = { shape: [96, 96, 3], data: new Float32Array(3 * 96 * 96) };
  await abortAtRandom(8, 60, (signal) => classifier.predict([image, image], { oversample: false, signal }));
  expect((await classifier.predict([image], { oversample: false })).shape[0]).toBe(1);
  await classifier.dispose();
});
