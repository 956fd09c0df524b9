/** Solvers whose batches go through a plan of the fast engine. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { caffe } from '../../lib/caffe';
import { JavaScriptLayer, type LayerBlob, registerLayer } from '../../lib/javascript-layer';
import { Net } from '../../lib/net';
import { type DebugEvent, Solver } from '../../lib/solver';
import { warningsOf } from '../support/engine';
import { failureOf } from '../support/failure';
import { BARE, bothWays, dispose, drawnNet, expectSame, withLoss } from '../support/planned-training';
import { disposeAll, fill, newPrefix, pictures, tinySolver } from '../support/solvers';

const describeEngine = caffe.features.onednn ? describe : describe.skip;
const FILLERS = 'weight_filler { type: "xavier" } bias_filler { type: "constant" value: 0.1 }';
const SIZE = { batch: 4, channels: 3, size: 16 };
const MOMENTUM = 'base_lr: 0.02 lr_policy: "fixed" momentum: 0.9 weight_decay: 0.001 random_seed: 7';

const convolution = (name: string, bottom: string, more = '') => `
layer { name: "${name}" type: "Convolution" bottom: "${bottom}" top: "${name}" ${more}
  convolution_param { num_output: 16 kernel_size: 3 pad: 1 ${FILLERS} } }
layer { name: "${name}_relu" type: "ReLU" bottom: "${name}" top: "${name}" }`;
const pool = (bottom: string) =>
  `layer { name: "pool" type: "Pooling" bottom: "${bottom}" top: "pool" pooling_param { kernel_size: 3 stride: 2 } }`;
const dropout = (bottom: string) => `layer { name: "drop" type: "Dropout" bottom: "${bottom}" top: "${bottom}" }`;
const TWO = drawnNet(withLoss(`${convolution('one', 'data')} ${pool('one')} ${convolution('two', 'pool')} ${dropout('two')}`, 'two'), SIZE);

describeEngine('a planned training', () => {
  test('learns what Caffe learns, and says what ran where', async () => {
    const pair = await bothWays(TWO, MOMENTUM);
    const [expected, found] = [await pair.caffe.step(10), await pair.planned.step(10)];
    expect(found.loss).toBeCloseTo(expected.loss, 3);
    expect(found.outputs.loss?.data[0]).toBeCloseTo(found.loss, 5);
    expectSame(pair, 'data');
    const plan = pair.planned.net.plan;
    expect(plan).toMatchObject({ precision: 'f32', inputs: { data: [4, 3, 16, 16], label: [4] }, blobs: ['loss'] });
    const ran = Object.fromEntries(plan?.steps.map(({ layers, engine }) => [layers[0], engine]) ?? []);
    expect(ran).toMatchObject({
      data: 'caffe',
      one: 'onednn',
      pool: 'onednn',
      two: 'onednn',
      drop: 'caffe',
      scores: 'onednn',
      loss: 'caffe',
    });
    expect(plan?.bytes).toBeGreaterThan(4 * 16 * 16 * 16 * 4);
    expect(pair.planned.net.memory.total).toBeGreaterThan(0);
    expect(pair.caffe.net).toMatchObject({ plan: null, engine: { name: 'caffe' } });
    await dispose(pair);
  });

  test('counts numbers next to zero as zero during its iterations alone', async () => {
    const solver = await Solver.from(`net_param { ${TWO} } ${BARE}`, { engine: 'onednn' });
    await solver.step();
    expect(solver.net.engine.name).toBe('onednn');
    const text = `layer { name: "in" type: "Input" top: "in" input_param { shape { dim: 100000 } } }
      layer { name: "out" type: "Power" bottom: "in" top: "out" power_param { scale: 1e-20 } }`;
    const net = await Net.from(text, { engine: 'caffe' });
    const { out } = await net.forward({ in: new Float32Array(100000).fill(1e-20) });
    expect(out?.data.every((value) => value > 0 && value < 1.2e-38)).toBe(true);
    await Promise.all([solver.dispose(), net.dispose()]);
  });

  test('adds up the gradients of iter_size batches', async () => {
    const pair = await bothWays(TWO, `${MOMENTUM} iter_size: 3`);
    expect((await pair.planned.step(2)).loss).toBeCloseTo((await pair.caffe.step(2)).loss, 4);
    expectSame(pair);
    expectSame(pair, 'data');
    await dispose(pair);
  });

  test('adds up the gradients of layers that share parameters', async () => {
    const shared = 'param { name: "w" } param { name: "b" }';
    const net = drawnNet(withLoss(`${convolution('one', 'data', shared)} ${convolution('two', 'one', shared)}`, 'two'), {
      ...SIZE,
      channels: 16,
    });
    const pair = await bothWays(net);
    await Promise.all([pair.caffe.step(), pair.planned.step()]);
    expectSame(pair);
    await dispose(pair);
  });

  test('replaces the gradients of the batch before, whoever has them', async () => {
    const shared = 'param { name: "w" } param { name: "b" }';
    const half = 'param { lr_mult: 0 } param { lr_mult: 1 }';
    const layers = `${convolution('one', 'data', shared)} ${convolution('two', 'one', shared)} ${convolution('three', 'two', half)}
      layer { name: "caffes" type: "PReLU" bottom: "three" top: "caffes" }`;
    const pair = await bothWays(
      drawnNet(withLoss(layers, 'caffes'), { ...SIZE, channels: 16 }),
      BARE.replace('base_lr: 1', 'base_lr: 0.01'),
    );
    for (const solver of [pair.caffe, pair.planned]) {
      for (const { params } of solver.net.layers) for (const { diff } of params) diff.fill(7);
    }
    for (let step = 0; step < 3; step++) {
      await Promise.all([pair.caffe.step(), pair.planned.step()]);
      expectSame(pair);
    }
    expect(pair.planned.net.plan?.steps.find(({ layers: [name] }) => name === 'caffes')?.engine).toBe('caffe');
    await dispose(pair);
  });

  test('has no gradients at the start of an iteration, for whoever listens, nor after one that failed', async () => {
    const solver = await tinySolver('', '', 20, { engine: 'onednn' });
    fill(solver);
    const all = () => solver.net.layers.flatMap(({ params }) => params.flatMap(({ diff }) => [...diff]));
    await solver.step();
    expect(all().some((value) => value !== 0)).toBe(true);
    const seen: boolean[] = [];
    const leave = solver.onStart(() => void seen.push(all().every((value) => value === 0)));
    await solver.step();
    leave();
    expect(seen).toEqual([true]);
    expect(all().some((value) => value !== 0)).toBe(true);
    solver.net.blobs.label?.set([0, 1, 2, 3, 4, 5, 6, 77]);
    expect(await failureOf(solver.step())).toMatchObject({ code: 'ERR_CAFFE_INPUT' });
    expect(all().every((value) => value === 0)).toBe(true);
    await disposeAll(solver);
  });

  test('leaves frozen layers as they are, and adds nothing to their gradients', async () => {
    const frozen = 'param { lr_mult: 0 } param { lr_mult: 0 }';
    const half = 'param { lr_mult: 0 } param { lr_mult: 1 }';
    const layers = `${convolution('one', 'data', frozen)} ${pool('one')} ${convolution('two', 'pool', half)} ${convolution('three', 'two')}`;
    const pair = await bothWays(drawnNet(withLoss(layers, 'three'), SIZE));
    await Promise.all([pair.caffe.step(), pair.planned.step()]);
    expectSame(pair);
    const { one, two } = pair.planned.net.params;
    expect([...(one ?? []), ...(two ?? []).slice(0, 1)].every(({ diff }) => diff.every((value) => value === 0))).toBe(true);
    expect(two?.[1]?.diff.some((value) => value !== 0)).toBe(true);
    await dispose(pair);
  });

  test('gives gradients to the data where they are asked for, and stops where a layer asks for none', async () => {
    const forced = `force_backward: true ${TWO}`;
    const stopped = TWO.replace('bottom: "pool" top: "two"', 'bottom: "pool" top: "two" propagate_down: false');
    for (const net of [forced, stopped]) {
      const pair = await bothWays(net);
      await Promise.all([pair.caffe.step(), pair.planned.step()]);
      expectSame(pair);
      if (net === forced) {
        const [expected, found] = [pair.caffe.net.blobs.data?.diff ?? [], pair.planned.net.blobs.data?.diff ?? []];
        expect(expected.some((value) => value !== 0)).toBe(true);
        expect(Array.from(found, (value, index) => Math.abs(value - (expected[index] ?? 0))).every((off) => off < 1e-5)).toBe(true);
      }
      await dispose(pair);
    }
  });

  test('weighs several losses', async () => {
    const layers = `${convolution('one', 'data')} ${convolution('two', 'one')}
      layer { name: "early" type: "InnerProduct" bottom: "one" top: "early" inner_product_param { num_output: 3 ${FILLERS} } }
      layer { name: "early_loss" type: "SoftmaxWithLoss" bottom: "early" bottom: "label" top: "early_loss" loss_weight: 0.3 }
      layer { name: "size" type: "Reduction" bottom: "one" top: "size" reduction_param { operation: SUMSQ } loss_weight: 0.001 }`;
    const pair = await bothWays(drawnNet(withLoss(layers, 'two'), SIZE));
    expect((await pair.planned.step()).loss).toBeCloseTo((await pair.caffe.step()).loss, 4);
    expectSame(pair);
    await dispose(pair);
  });

  test('is the same to the last bit whenever it is run, and goes on from a snapshot as it would have', async () => {
    const source = await pictures(mkdtempSync(path.join(tmpdir(), 'caffe-node-training-')), 7);
    const layers = `layer { name: "pictures" type: "Data" top: "data" top: "label" image_data_param { shuffle: true }
        transform_param { crop_size: 5 mirror: true scale: 0.004 } data_param { source: "${source}" batch_size: 4 backend: LMDB } }
      ${convolution('one', 'data')} layer { name: "norm" type: "BatchNorm" bottom: "one" top: "norm" } ${dropout('norm')}`;
    const text = `net_param { ${withLoss(layers, 'norm')} } ${MOMENTUM} snapshot_prefix: "${newPrefix()}"`;
    for (const engine of ['onednn', 'auto'] as const) {
      const [first, second] = [await Solver.from(text, { engine }), await Solver.from(text, { engine })];
      await first.step(4);
      const { state } = await first.snapshot();
      const { loss } = await first.step(4);
      await second.restore(state);
      expect((await second.step(4)).loss).toBe(loss);
      expect((await second.net.toBuffer()).equals(await first.net.toBuffer())).toBe(true);
      expect(second.net.engine.name).toBe('onednn');
      await disposeAll(first, second);
    }
  });

  test('ends at an abort with whole parameters', async () => {
    const [aborted, whole] = [
      await Solver.from(`net_param { ${TWO} } ${MOMENTUM}`, { engine: 'onednn' }),
      await Solver.from(`net_param { ${TWO} } ${MOMENTUM}`, { engine: 'onednn' }),
    ];
    const controller = new AbortController();
    const running = failureOf(aborted.step(1e6, { signal: controller.signal }));
    setTimeout(() => controller.abort(), 50);
    expect(await running).toMatchObject({ code: 'ERR_CAFFE_ABORTED' });
    await whole.step(aborted.iteration);
    expect((await aborted.net.toBuffer()).equals(await whole.net.toBuffer())).toBe(true);
    expect((await aborted.step()).loss).toBe((await whole.step()).loss);
    await disposeAll(aborted, whole);
  });

  test('takes up another shape of the data', async () => {
    const pair = { caffe: await tinySolver('', '', 20, { engine: 'caffe' }), planned: await tinySolver('', '', 20, { engine: 'onednn' }) };
    for (const batch of [8, 4, 8]) {
      for (const solver of [pair.caffe, pair.planned]) {
        solver.net.blobs.data?.reshape(batch, 2, 6, 6);
        solver.net.blobs.label?.reshape(batch);
        await solver.net.reshape();
        fill8(solver, batch);
      }
      for (let step = 0; step < 3; step++) expect((await pair.planned.step()).loss).toBeCloseTo((await pair.caffe.step()).loss, 4);
      expectSame(pair, 'data');
    }
    await dispose(pair);
  });
});

function fill8(solver: Solver, batch: number): void {
  if (batch === 8) return void fill(solver);
  solver.net.blobs.data?.set(Float32Array.from({ length: batch * 72 }, (_, index) => Math.sin(index)));
  solver.net.blobs.label?.set(Array.from({ length: batch }, (_, index) => index % 3));
}

describeEngine('a planned training that goes wrong', () => {
  test('says so when its data is not a number, and when it diverges, and keeps the parameters', async () => {
    const average = TWO.replace('pooling_param {', 'pooling_param { pool: AVE');
    for (const net of [TWO, average, drawnNet(withLoss(convolution('one', 'data'), 'one'), SIZE)]) {
      for (const fault of ['data', 'weights'] as const) {
        const solver = await Solver.from(`net_param { ${net} } ${BARE}`.replace('base_lr: 1', 'base_lr: 0.01'), { engine: 'onednn' });
        await solver.step();
        if (fault === 'data') solver.net.params.one?.[1]?.set(new Float32Array(16).fill(Number.NaN));
        else for (const [weights] of Object.values(solver.net.params)) weights?.set(weights.data.map(() => 1e25));
        const before = await solver.net.toBuffer();
        expect(await failureOf(solver.step())).toMatchObject({ code: 'ERR_CAFFE_DIVERGED' });
        expect((await solver.net.toBuffer()).equals(before)).toBe(true);
        await solver.dispose();
      }
    }
  });

  test('names the layer whose label is none, and goes on afterwards', async () => {
    const solver = await tinySolver('', '', 20, { engine: 'onednn' });
    await solver.step();
    solver.net.blobs.label?.set([0, 1, 2, 7, 1, 2, 0, 1]);
    expect(await failureOf(solver.step())).toMatchObject({ code: 'ERR_CAFFE_INPUT', layer: 'loss' });
    solver.net.blobs.label?.set([0, 1, 2, 0, 1, 2, 0, 1]);
    expect((await solver.step()).iteration).toBe(2);
    await solver.dispose();
  });

  test("refuses what it cannot plan with engine: 'onednn', and leaves it to Caffe with 'auto'", async () => {
    const filtered = `net_param { layer { name: "data" type: "Input" top: "data" top: "pick" input_param { shape { dim: 2 dim: 3 dim: 4 dim: 4 } shape { dim: 2 } } }
      layer { name: "some" type: "Filter" bottom: "data" bottom: "pick" top: "some" }
      layer { name: "conv" type: "Convolution" bottom: "some" top: "conv" convolution_param { num_output: 2 kernel_size: 1 ${FILLERS} } }
      layer { name: "loss" type: "Reduction" bottom: "conv" top: "loss" loss_weight: 1 } } ${BARE}`;
    expect(await failureOf(Solver.from(filtered, { engine: 'onednn' }))).toMatchObject({ code: 'ERR_CAFFE_UNSUPPORTED', layer: 'some' });
    const solver = await Solver.from(filtered, { engine: 'auto' });
    solver.net.blobs.pick?.set([1, 1]);
    await solver.step();
    expect(solver.net.engine).toMatchObject({ name: 'caffe', reason: expect.stringContaining("'some'") });
    await solver.dispose();
  });
});

describeEngine("engine: 'auto' in a training", () => {
  test('compares the first batch with Caffe, without going on in the data', async () => {
    const text = `net_param { ${TWO} } ${MOMENTUM}`;
    const [auto, planned] = [await Solver.from(text), await Solver.from(text, { engine: 'onednn' })];
    expect(await warningsOf(() => auto.step(3))).toEqual([]);
    await planned.step(3);
    expect(auto.net.engine).toEqual({ name: 'onednn', precision: 'f32' });
    expect((await auto.net.toBuffer()).equals(await planned.net.toBuffer())).toBe(true);
    await disposeAll(auto, planned);
  });

  test('leaves to Caffe what gains nothing, or cannot be compared', async () => {
    registerLayer(
      'TrainedTwice',
      class extends JavaScriptLayer {
        reshape([bottom]: LayerBlob[], [top]: LayerBlob[]) {
          top?.reshape(...(bottom?.shape ?? []));
        }
        forward([bottom]: LayerBlob[], [top]: LayerBlob[]) {
          top?.data.set(bottom?.data ?? []);
        }
        override backward([top]: LayerBlob[], _: boolean[], [bottom]: LayerBlob[]) {
          bottom?.diff.set(top?.diff ?? []);
        }
      },
    );
    const own = TWO.replace('bottom: "pool" top: "two"', 'bottom: "own" top: "two"').replace(
      'layer { name: "two"',
      'layer { name: "own" type: "JavaScript" bottom: "pool" top: "own" python_param { layer: "TrainedTwice" } }\nlayer { name: "two"',
    );
    const reasons = { [drawnNet(withLoss('', 'data'), SIZE)]: 'no convolution', [own]: "'own'" };
    for (const [net, reason] of Object.entries(reasons)) {
      const solver = await Solver.from(`net_param { ${net} } ${BARE}`, { engine: 'auto' });
      expect(await warningsOf(() => solver.step())).toEqual([]);
      expect(solver.net.engine).toMatchObject({ name: 'caffe', reason: expect.stringContaining(reason) });
      await solver.dispose();
    }
    const pair = await bothWays(own);
    await Promise.all([pair.caffe.step(), pair.planned.step()]);
    expect(pair.planned.net.engine.name).toBe('onednn');
    expectSame(pair);
    await dispose(pair);
  });

  test('leaves iterations to Caffe that debug_info looks at', async () => {
    const text = `net_param { ${TWO} } ${BARE} debug_info: true display: 2`;
    const solver = await Solver.from(text, { engine: 'onednn' });
    const events: DebugEvent[] = [];
    solver.onDebug((event) => events.push(event));
    await solver.step();
    expect(solver.net.engine).toMatchObject({ name: 'caffe', reason: expect.stringContaining('debug_info') });
    expect(solver.net.blobs.one?.data.some((value) => value > 0)).toBe(true);
    await solver.step();
    expect(solver.net.engine.name).toBe('onednn');
    expect(events).toHaveLength(1);
    await solver.dispose();
  });

  test('has the outputs after a step, and says which blobs it has not', async () => {
    const solver = await Solver.from(`net_param { ${TWO} } ${BARE}`, { engine: 'onednn' });
    const { loss } = await solver.step();
    expect(solver.net.blobs.loss?.data[0]).toBe(loss);
    expect(solver.net.blobs.data?.data.some((value) => value !== 0)).toBe(true);
    expect(() => solver.net.blobs.two?.data).toThrow(expect.objectContaining({ code: 'ERR_CAFFE_NOT_COMPUTED' }));
    const failure = await failureOf((async () => await solver.net.blobs.two?.read())());
    expect(failure).toMatchObject({ code: 'ERR_CAFFE_NOT_COMPUTED', hint: expect.stringContaining("engine: 'caffe'") });
    await solver.net.forward();
    expect(solver.net.blobs.two?.data.some((value) => value > 0)).toBe(true);
    await solver.dispose();
  });
});
