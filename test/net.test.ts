import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { caffe } from '../lib/caffe';
import type { CaffeError } from '../lib/errors';
import { type Engine, Net } from '../lib/net';
import { failureOf } from './support/failure';
import { LINEAR, TINY } from './support/networks';
import { describeShared, golden, goldenFloats, relativeError, shared, wave } from './support/shared';

const squeezenet = path.join(shared, 'models/squeezenet/SqueezeNet_deploy.prototxt');
const squeezenetWeights = path.join(shared, 'models/squeezenet/squeezenet.caffemodel');
const folder = mkdtempSync(path.join(tmpdir(), 'caffe-node-net-'));

/** Proof that the library still works. */
async function expectWorking(): Promise<void> {
  const net = await Net.from(LINEAR);
  const { fc } = await net.forward({ data: [1, 2, 3] });
  expect(Array.from(fc?.data ?? [])).toEqual([6.5, 6.5]);
  await net.dispose();
}

describe('a net in memory', () => {
  test('tells what it is made of', async () => {
    const net = await Net.from(TINY);
    expect(net.name).toBe('tiny');
    expect(net.phase).toBe('test');
    expect(net.inputs).toEqual(['data', 'label']);
    expect(net.outputs).toEqual(['loss']);
    expect(net.blobNames).toEqual(['data', 'label', 'conv1', 'pool1', 'fc', 'loss']);
    expect(Object.keys(net.params)).toEqual(['conv1', 'fc']);
    expect(net.params.conv1?.map((blob) => blob.shape)).toEqual([[4, 2, 3, 3], [4]]);
    const loss = net.layers.find((layer) => layer.name === 'loss');
    expect(loss).toMatchObject({ type: 'SoftmaxWithLoss', bottoms: ['fc', 'label'], tops: ['loss'], lossWeights: [1] });
    expect(Object.getPrototypeOf(net.blobs)).toBeNull();
    await net.dispose();
  });

  test('returns copies that the next run leaves alone', async () => {
    const net = await Net.from(LINEAR);
    const first = await net.forward({ data: [1, 1, 1] });
    await net.forward({ data: [2, 2, 2] });
    expect(Array.from(first.fc?.data ?? [])).toEqual([3.5, 3.5]);
    await net.dispose();
  });

  test('takes another batch size, and refuses a shape that does not fit while keeping the former one', async () => {
    const net = await Net.from(LINEAR);
    const { fc } = await net.forward({ data: { shape: [2, 3], data: Float32Array.of(1, 1, 1, 2, 2, 2) } });
    expect(fc).toEqual({ shape: [2, 2], data: Float32Array.of(3.5, 3.5, 6.5, 6.5) });
    const failure = await failureOf(net.forward({ data: { shape: [1, 4], data: new Float32Array(4) } }));
    expect(failure.code).toBe('ERR_CAFFE_SHAPE');
    expect(net.blobs.data?.shape).toEqual([2, 3]);
    const again = await net.forward({ data: { shape: [1, 3], data: Float32Array.of(1, 2, 3) } });
    expect(Array.from(again.fc?.data ?? [])).toEqual([6.5, 6.5]);
    await net.dispose();
  });

  test('runs a part of the layers, and hands out further blobs', async () => {
    const net = await Net.from(TINY);
    await net.forward({ data: wave(8 * 72, 1.7), label: new Float32Array(8) });
    const { pool1, conv1 } = await net.forward({}, { start: 'conv1', end: 'pool1', blobs: ['conv1'] });
    expect(pool1?.shape).toEqual([8, 4, 3, 3]);
    expect(conv1?.shape).toEqual([8, 4, 6, 6]);
    expect((await failureOf(net.forward({}, { start: 'pool1', end: 'conv1' }))).code).toBe('ERR_CAFFE_INPUT');
    expect((await failureOf(net.forward({}, { start: 'nowhere' }))).hint).toContain('conv1');
    await net.dispose();
  });

  test('forward and backward give what pycaffe gives for `start` and `end`', async () => {
    const net = await Net.from(TINY);
    const named = async (outputs: Promise<Record<string, unknown>>) => Object.keys(await outputs).sort();
    expect(await named(net.forward())).toEqual(['loss']);
    expect(await named(net.forward({}, { end: 'pool1' }))).toEqual(['pool1']);
    expect(await named(net.forward({}, { start: 'pool1' }))).toEqual(['loss']);
    expect(await named(net.forward({}, { start: 'pool1', end: 'fc', blobs: ['conv1'] }))).toEqual(['conv1', 'fc']);
    expect(await named(net.backward())).toEqual(['data', 'label']);
    expect(await named(net.backward({}, { start: 'fc', end: 'pool1' }))).toEqual(['conv1']);
    expect(await named(net.backward({}, { end: 'loss', blobs: ['pool1'] }))).toEqual(['fc', 'label', 'pool1']);
    await net.dispose();
  });

  test('backward from diffs of a part, worked out by hand', async () => {
    const net = await Net.from(`force_backward: true ${LINEAR}`);
    net.params.fc?.[0]?.set([1, 2, 3, 4, 5, 6]);
    await net.forward({ data: [1, 1, 1] });
    net.clearParamDiffs();
    const { data } = await net.backward({ fc: [1, 10] }, { start: 'fc', end: 'fc' });
    expect(Array.from(data?.data ?? [])).toEqual([41, 52, 63]);
    expect(Array.from(net.params.fc?.[0]?.diff ?? [])).toEqual([1, 1, 1, 10, 10, 10]);
    await net.backward({ fc: [1, 0] });
    expect(Array.from(net.params.fc?.[1]?.diff ?? [])).toEqual([2, 10]);
    expect(await failureOf(net.backward({ fc: { shape: [2, 1], data: new Float32Array(2) } }))).toMatchObject({ code: 'ERR_CAFFE_SHAPE' });
    expect(await failureOf(net.backward({ fc: [1] }))).toMatchObject({ code: 'ERR_CAFFE_INPUT' });
    expect(await failureOf(net.backward({ nowhere: [1] }))).toMatchObject({ code: 'ERR_CAFFE_INPUT' });
    await net.dispose();
  });

  test('options that are none', async () => {
    const net = await Net.from(LINEAR);
    for (const options of [
      null,
      5,
      { start: 5 },
      { blobs: 'fc' },
      { blobs: [1] },
      { signal: {} },
      { signal: new AbortController() },
      { end: {} },
    ]) {
      expect(await failureOf(net.forward({}, options as never))).toMatchObject({ code: 'ERR_CAFFE_INPUT' });
      expect(await failureOf(net.backward({}, options as never))).toMatchObject({ code: 'ERR_CAFFE_INPUT' });
    }
    expect((await net.forward({ data: [1, 2, 3] })).fc?.data[0]).toBe(6.5);
    await net.dispose();
  });

  test('a run that is refused changes none of its inputs', async () => {
    const net = await Net.from(TINY);
    await net.forward({ data: wave(8 * 72, 1), label: new Float32Array(8) });
    const failure = await failureOf(net.forward({ data: new Float32Array(8 * 72), label: [1] }));
    expect(failure).toMatchObject({ code: 'ERR_CAFFE_INPUT', blob: 'label' });
    expect(net.blobs.data?.data).toEqual(wave(8 * 72, 1));
    await failureOf(net.forward({ data: { shape: [8, 2, 1, 1], data: new Float32Array(16) } }));
    expect(net.blobs.data?.toTensor()).toEqual({ shape: [8, 2, 6, 6], data: wave(8 * 72, 1) });
    await net.dispose();
  });

  test('queues runs in call order', async () => {
    const net = await Net.from(LINEAR);
    const runs = Array.from({ length: 20 }, (_, index) => net.forward({ data: [index, 0, 0] }));
    const results = await Promise.all(runs);
    expect(results.map((result) => result.fc?.data[0])).toEqual(Array.from({ length: 20 }, (_, index) => index + 0.5));
    await net.dispose();
  });

  test('saves and loads its parameters', async () => {
    const net = await Net.from(TINY);
    const file = path.join(folder, 'tiny.caffemodel');
    await net.save(file);
    const weights = net.params.fc?.[0]?.data.slice();
    const other = await Net.from(TINY, { weights: file });
    expect(other.params.fc?.[0]?.data).toEqual(weights);
    const third = await Net.from(TINY);
    expect(await third.copyFrom(await net.toBuffer())).toEqual({
      copied: ['conv1', 'fc'],
      missing: [],
      unused: [],
      renamed: [],
      mismatched: [],
    });
    const hdf5 = path.join(folder, 'tiny.caffemodel.h5');
    await net.save(hdf5, { format: 'hdf5' });
    const fourth = await Net.from(TINY, { weights: hdf5 });
    expect(fourth.params.fc?.[0]?.data).toEqual(weights);
    await Promise.all([net, other, third, fourth].map((one) => one.dispose()));
  });

  test('shares parameters', async () => {
    const [net, other] = await Promise.all([Net.from(LINEAR), Net.from(LINEAR)]);
    other.shareWith(net);
    net.params.fc?.[1]?.set([10, 20]);
    const { fc } = await other.forward({ data: [0, 0, 0] });
    expect(Array.from(fc?.data ?? [])).toEqual([10, 20]);
    await net.dispose();
    const after = await other.forward({ data: [1, 0, 0] });
    expect(Array.from(after.fc?.data ?? [])).toEqual([11, 21]);
    await other.dispose();
  });

  test('prints itself, and what it prints loads', async () => {
    const net = await Net.from(TINY);
    const copy = await Net.from(net.toPrototxt());
    expect(copy.layers.map((layer) => layer.type)).toEqual(net.layers.map((layer) => layer.type));
    await Promise.all([net.dispose(), copy.dispose()]);
  });

  test('stops before the next layer when aborted, and works afterwards', async () => {
    const net = await Net.from(TINY);
    const controller = new AbortController();
    const reason = new Error('enough');
    const run = net.forward({ data: wave(8 * 72, 1), label: new Float32Array(8) }, { signal: controller.signal });
    controller.abort(reason);
    const outcome = await run.then(
      () => 'finished',
      (error: CaffeError) => ({ code: error.code, name: error.name, cause: error.cause }),
    );
    if (outcome !== 'finished') expect(outcome).toEqual({ code: 'ERR_CAFFE_ABORTED', name: 'AbortError', cause: reason });
    const late = await failureOf(net.forward({}, { signal: controller.signal }));
    expect(late).toMatchObject({ code: 'ERR_CAFFE_ABORTED', name: 'AbortError', cause: reason });
    expect((await net.forward()).loss?.data[0]).toBeGreaterThan(0);
    await net.dispose();
  });
});

describe('blobs', () => {
  test('are live views that outlast reshape and dispose', async () => {
    const net = await Net.from(LINEAR);
    const view = net.params.fc?.[0]?.data;
    if (!view) throw new Error('no weights');
    expect(net.params.fc?.[0]?.data).toBe(view);
    view[0] = 5;
    const { fc } = await net.forward({ data: [1, 0, 0] });
    expect(fc?.data[0]).toBe(5.5);
    const stale = net.blobs.data?.data;
    net.blobs.data?.reshape(1000, 3);
    await net.reshape();
    expect(net.blobs.fc?.shape).toEqual([1000, 2]);
    expect(stale?.[0]).toBe(1);
    await net.dispose();
    expect(view[0]).toBe(5);
  });

  test('refuse to be read while a run is in flight, and read() waits for it', async () => {
    const net = await Net.from(LINEAR);
    const run = net.forward({ data: [1, 2, 3] });
    expect(() => net.blobs.fc?.data).toThrow(expect.objectContaining({ code: 'ERR_CAFFE_BUSY' }));
    expect((await net.blobs.fc?.read())?.data).toEqual(Float32Array.of(6.5, 6.5));
    await run;
    expect(net.blobs.fc?.data).toEqual(Float32Array.of(6.5, 6.5));
    await net.dispose();
    expect(() => net.blobs.fc?.data).toThrow(expect.objectContaining({ code: 'ERR_CAFFE_DISPOSED' }));
  });

  test('refuse values and shapes that do not fit', async () => {
    const net = await Net.from(LINEAR);
    expect(() => net.blobs.data?.set([1, 2])).toThrow(expect.objectContaining({ code: 'ERR_CAFFE_INPUT' }));
    expect(() => net.blobs.data?.reshape(-1, 3)).toThrow(expect.objectContaining({ code: 'ERR_CAFFE_SHAPE' }));
    expect(() => net.blobs.data?.reshape(1 << 20, 1 << 20)).toThrow(expect.objectContaining({ code: 'ERR_CAFFE_SHAPE' }));
    net.blobs.data?.reshape(1, 4);
    expect((await failureOf(net.reshape())).code).toBe('ERR_CAFFE_SHAPE');
    expect(net.blobs.data?.shape).toEqual([1, 3]);
    expect((await net.forward({ data: [1, 2, 3] })).fc?.data[0]).toBe(6.5);
    await net.dispose();
  });
});

describe('bad input', () => {
  afterEach(expectWorking);

  test.each<[string, string, Partial<CaffeError>]>([
    ['an empty text', ' \n', { code: 'ERR_CAFFE_PROTOTXT' }],
    ['a syntax error', 'name: "x"\nlayer { name: "a" type "Input" }', { code: 'ERR_CAFFE_PROTOTXT', line: 2, column: 24 }],
    ['an unknown field', 'layer { name: "a" typo: "Input" }', { code: 'ERR_CAFFE_PROTOTXT', line: 1 }],
    ['an unknown layer type', 'layer { name: "a" type: "Convolutoin" }', { code: 'ERR_CAFFE_FATAL' }],
    ['no layers', 'name: "x"', { code: 'ERR_CAFFE_PROTOTXT' }],
    ['an unknown bottom', 'layer { name: "a" type: "ReLU" bottom: "nowhere" top: "b" }', { code: 'ERR_CAFFE_FATAL', layer: 'a' }],
    ['no num_output', LINEAR.replace('num_output: 2', ''), { code: 'ERR_CAFFE_PROTOTXT', layer: 'fc' }],
    [
      'a dropout ratio of 2',
      `${LINEAR}layer { name: "d" type: "Dropout" bottom: "fc" top: "fc" dropout_param { dropout_ratio: 2 } }`,
      { layer: 'd' },
    ],
    ['a stride of 0', TINY.replace('stride: 2', 'stride: 0'), { code: 'ERR_CAFFE_PROTOTXT', layer: 'pool1' }],
    ['a group of 0', TINY.replace('pad: 1', 'pad: 1 group: 0'), { code: 'ERR_CAFFE_PROTOTXT', layer: 'conv1' }],
    ['a negative shape', LINEAR.replace('dim: 3', 'dim: -3'), { code: 'ERR_CAFFE_PROTOTXT', layer: 'data' }],
    ['a blob of 2^40 values', LINEAR.replace('dim: 3', 'dim: 1048576 dim: 1048576'), { code: 'ERR_CAFFE_PROTOTXT' }],
  ])('%s is refused with a reason', async (_, text, expected) => {
    const failure = await failureOf(Net.from(text));
    expect(failure).toMatchObject(expected);
    expect(failure.message.length).toBeGreaterThan(10);
  });

  test('a missing file, a folder, an empty path', async () => {
    expect(await failureOf(Net.load(path.join(folder, 'none.prototxt')))).toMatchObject({ code: 'ERR_CAFFE_FILE' });
    expect(await failureOf(Net.load(folder))).toMatchObject({ code: 'ERR_CAFFE_FILE' });
    expect(await failureOf(Net.load(''))).toMatchObject({ code: 'ERR_CAFFE_INPUT' });
    const empty = path.join(folder, 'empty.prototxt');
    writeFileSync(empty, '');
    expect(await failureOf(Net.load(empty))).toMatchObject({ code: 'ERR_CAFFE_PROTOTXT', file: empty });
  });

  test('inputs of the wrong name, length and type', async () => {
    const net = await Net.from(LINEAR);
    expect(await failureOf(net.forward({ image: [1, 2, 3] }))).toMatchObject({ code: 'ERR_CAFFE_INPUT', hint: 'It has: data.' });
    expect((await failureOf(net.forward({ data: [1, 2] }))).message).toContain('2 values');
    expect((await failureOf(net.forward({ data: new Float64Array(3) as never }))).message).toContain('Float64Array');
    expect((await failureOf(net.forward({ data: new Uint8Array(3) as never }))).message).toContain('Uint8Array');
    expect((await failureOf(net.forward({ data: ['1', 2, 3] as never }))).code).toBe('ERR_CAFFE_INPUT');
    expect((await failureOf(net.forward({ data: null as never }))).code).toBe('ERR_CAFFE_INPUT');
    expect((await failureOf(net.forward({ data: { shape: [3.5], data: new Float32Array(3) } }))).code).toBe('ERR_CAFFE_INPUT');
    expect((await net.forward({ data: [1, 2, 3] })).fc?.data[0]).toBe(6.5);
    await net.dispose();
  });

  test('forward after dispose, dispose during forward, dispose twice', async () => {
    const net = await Net.from(LINEAR);
    const run = net.forward({ data: [1, 2, 3] });
    const disposed = net.dispose();
    expect((await run).fc?.data[0]).toBe(6.5);
    await disposed;
    await net.dispose();
    expect(await failureOf(net.forward())).toMatchObject({ code: 'ERR_CAFFE_DISPOSED' });
    expect(await failureOf(net.save(path.join(folder, 'x')))).toMatchObject({ code: 'ERR_CAFFE_DISPOSED' });
  });

  test('weights that are none, truncated, another network’s, or of another shape', async () => {
    const net = await Net.from(TINY);
    const whole = await net.toBuffer();
    const before = net.params.fc?.[0]?.data.slice();
    for (const weights of [Buffer.from('not weights at all'), whole.subarray(0, whole.length - 7), Buffer.alloc(0)]) {
      expect(await failureOf(net.copyFrom(weights))).toMatchObject({ code: 'ERR_CAFFE_WEIGHTS' });
    }
    const linear = await Net.from(LINEAR.replaceAll('"fc"', '"other"'));
    expect((await failureOf(net.copyFrom(await linear.toBuffer()))).message).toContain('no layer in common');
    const wider = await Net.from(TINY.replace('num_output: 3', 'num_output: 5'));
    const mismatch = await failureOf(wider.copyFrom(whole));
    expect(mismatch).toMatchObject({ code: 'ERR_CAFFE_WEIGHTS', layer: 'fc' });
    expect(mismatch.message).toContain('3×36');
    expect(mismatch.message).toContain('5×36');
    expect(mismatch.hint).toContain('new name');
    expect((await wider.copyFrom(whole, { strict: false })).mismatched).toMatchObject([
      { layer: 'fc', file: [3, 36], net: [5, 36] },
      { layer: 'fc' },
    ]);
    expect((await wider.copyFrom(whole, { ignore: ['fc'] })).copied).toEqual(['conv1']);
    expect(net.params.fc?.[0]?.data).toEqual(before);
    expect(await failureOf(Net.from(TINY, { weights: 5 as never }))).toMatchObject({ code: 'ERR_CAFFE_INPUT' });
    await Promise.all([net, linear, wider].map((one) => one.dispose()));
  });

  test('a save to nowhere leaves nothing behind and the net usable', async () => {
    const net = await Net.from(LINEAR);
    expect(await failureOf(net.save(path.join(folder, 'no/such/folder/x.caffemodel')))).toMatchObject({ code: 'ERR_CAFFE_FILE' });
    expect((await net.forward({ data: [1, 2, 3] })).fc?.data[0]).toBe(6.5);
    await net.dispose();
  });

  test('a label that is no class', async () => {
    const net = await Net.from(TINY);
    const failure = await failureOf(net.forward({ data: wave(8 * 72, 1), label: [0, 1, 2, 3, 0, 0, 0, 0] }));
    expect(failure).toMatchObject({ code: 'ERR_CAFFE_INPUT', layer: 'loss' });
    const hinge = await Net.from(TINY.replace('SoftmaxWithLoss', 'HingeLoss'));
    expect(await failureOf(hinge.forward({ label: [1e9, 0, 0, 0, 0, 0, 0, 0] }))).toMatchObject({ code: 'ERR_CAFFE_INPUT', layer: 'loss' });
    expect((await net.forward({ label: new Float32Array(8) })).loss?.data[0]).toBeGreaterThan(0);
    await Promise.all([net.dispose(), hinge.dispose()]);
  });
  test('a backward pass over pooled NaNs is refused: Caffe would write outside its memory', async () => {
    const net = await Net.from(TINY, { phase: 'train' });
    await net.forward({ data: new Float32Array(8 * 72).fill(Number.NaN), label: new Float32Array(8) });
    expect(await failureOf(net.backward())).toMatchObject({ code: 'ERR_CAFFE_DIVERGED', layer: 'pool1' });
    await net.forward({ data: wave(8 * 72, 1) });
    await net.backward();
    await net.dispose();
  });
});

describeShared('pycaffe', () => {
  const engines: Engine[] = caffe.features.onednn ? ['caffe', 'onednn'] : ['caffe'];

  test.each(engines)('%s: SqueezeNet gives the same scores and the same blobs, within 1e-4', async (engine) => {
    const net = await Net.load(squeezenet, { weights: squeezenetWeights, engine });
    type Case = { image: string; pool_final: number[]; mean_abs: Record<string, number> };
    const cases = golden<Case[]>('squeezenet.json');
    for (const [image, file] of [
      ['images/cat.jpg', 'squeezenet_input_cat.f32'],
      ['untrained-samples/dolphin1.jpg', 'squeezenet_input_dolphin1.f32'],
    ] as const) {
      const expected = cases.find((one) => one.image === image);
      if (!expected) throw new Error(`no golden for ${image}`);
      const outputs = await net.forward({ data: goldenFloats(file) }, { blobs: [...net.blobNames] });
      expect(relativeError(outputs.pool_final?.data ?? [], expected.pool_final)).toBeLessThan(1e-4);
      for (const [name, mean] of Object.entries(expected.mean_abs)) {
        const data = outputs[name]?.data ?? new Float32Array();
        const actual = data.reduce((sum, value) => sum + Math.abs(value), 0) / data.length;
        expect({ name, close: Math.abs(actual - mean) <= 1e-4 * mean }).toEqual({ name, close: true });
      }
      expect(net.engine.name).toBe(engine);
    }
    await net.dispose();
  });

  test.each(engines)('%s: forwardAll scores images one after the other as pycaffe does', async (engine) => {
    const net = await Net.load(squeezenet, { weights: squeezenetWeights, engine });
    const cases = golden<{ image: string; pool_final: number[] }[]>('squeezenet.json');
    const expected = ['images/cat.jpg', 'untrained-samples/dolphin1.jpg'].map((image) => cases.find((one) => one.image === image));
    const images = [goldenFloats('squeezenet_input_cat.f32'), goldenFloats('squeezenet_input_dolphin1.f32')];
    const [, channels, height, width] = net.blobs.data?.shape ?? [];
    net.blobs.data?.reshape(2, channels ?? 0, height ?? 0, width ?? 0);
    const { pool_final } = await net.forwardAll({ data: [images[0], images[1], images[0]] as Float32Array[] });
    expect(pool_final?.shape.slice(0, 2)).toEqual([3, 1000]);
    const scores = [0, 1, 2].map((item) => pool_final?.data.slice(1000 * item, 1000 * (item + 1)) ?? []);
    expect(relativeError(scores[0] ?? [], expected[0]?.pool_final ?? [])).toBeLessThan(1e-4);
    expect(relativeError(scores[1] ?? [], expected[1]?.pool_final ?? [])).toBeLessThan(1e-4);
    expect(relativeError(scores[2] ?? [], expected[0]?.pool_final ?? [])).toBeLessThan(1e-4);
    await net.dispose();
  });

  test('gradients of the tiny network agree within 1e-4', async () => {
    type Tensor = { shape: number[]; data: number[] };
    const expected = golden<{ blobs: Record<string, Tensor>; diffs: Record<string, Tensor>; params: Record<string, Tensor[]> }>(
      'tiny_gradients.json',
    );
    const net = await Net.load(path.join(shared, 'goldens/pycaffe/tiny_train.prototxt'), {
      phase: 'train',
      weights: path.join(shared, 'goldens/pycaffe/tiny_init.caffemodel'),
    });
    const names = Object.keys(expected.blobs);
    const { data, label } = expected.blobs;
    const values = await net.forward({ data: data?.data ?? [], label: label?.data ?? [] }, { blobs: names });
    net.clearParamDiffs();
    const diffs = await net.backward({}, { blobs: names });
    for (const name of names) {
      expect(relativeError(values[name]?.data ?? [], expected.blobs[name]?.data ?? [])).toBeLessThan(1e-4);
      expect(relativeError(diffs[name]?.data ?? [], expected.diffs[name]?.data ?? [])).toBeLessThan(1e-4);
    }
    for (const [name, params] of Object.entries(expected.params)) {
      params.forEach((param, index) => {
        expect(relativeError(net.params[name]?.[index]?.diff ?? [], param.data)).toBeLessThan(1e-4);
      });
    }
    await net.dispose();
  });

  test('every truncation of a weights file is refused or loaded whole', async () => {
    const whole = readFileSync(path.join(shared, 'goldens/pycaffe/tiny_init.caffemodel'));
    const net = await Net.load(path.join(shared, 'goldens/pycaffe/tiny_train.prototxt'));
    for (let length = 0; length < whole.length; length += 13) {
      const outcome = await net.copyFrom(whole.subarray(0, length)).then(
        (report) => report.copied.length > 0,
        (error: CaffeError) => error.code === 'ERR_CAFFE_WEIGHTS',
      );
      expect(outcome).toBe(true);
    }
    expect((await net.copyFrom(whole)).copied).toEqual(['conv1', 'fc8']);
    await net.dispose();
  });
});
