import fc from 'fast-check';
import { caffe } from '../../lib/caffe';
import { Net } from '../../lib/net';
import { Solver } from '../../lib/solver';
import { imageOf, writeDatabase } from '../support/databases';
import { BRANCHED, bothEngines, expectClose, noise } from '../support/engine';
import { failureOf } from '../support/failure';
import { temporaryFolder } from '../support/folders';
import { TINY } from '../support/networks';

const describeEngine = caffe.features.onednn ? describe : describe.skip;
const within = temporaryFolder();
const IMAGES = { shape: [2, 3, 12, 12], data: noise(2 * 3 * 12 * 12) };

describeEngine('forward runs', () => {
  test('the outputs are those of Caffe, and the plan tells what computes them', async () => {
    const { fast, caffe } = await bothEngines(BRANCHED);
    expect(fast.plan).toBeNull();
    expect(fast.engine).toEqual({ name: 'onednn', precision: 'f32' });
    expectClose(await fast.forward({ data: IMAGES }), await caffe.forward({ data: IMAGES }));
    expect(fast.engine).toEqual({ name: 'onednn', precision: 'f32' });
    expect(fast.plan).toMatchObject({ precision: 'f32', inputs: { data: [2, 3, 12, 12] }, blobs: ['prob'] });
    const { steps = [], bytes = 0, threads = 0 } = fast.plan ?? {};
    expect(bytes).toBeGreaterThan(0);
    expect(threads).toBeGreaterThan(0);
    const computed = steps.flatMap((step) => step.layers);
    for (const layer of ['conv1', 'left', 'right', 'fc', 'prob']) expect(computed).toContain(layer);
    const known = new Map(fast.layers.map(({ name, type }) => [name, type]));
    for (const { layers, types } of steps) expect(types).toEqual(layers.map((layer) => known.get(layer)));
    expect(caffe.plan).toBeNull();
    expect(caffe.engine).toEqual({ name: 'caffe', precision: 'f32', reason: "engine: 'caffe'" });
    await Promise.all([fast.dispose(), caffe.dispose()]);
  });

  test('a timed run tells the time of each step', async () => {
    const net = await Net.from(BRANCHED, { engine: 'onednn' });
    await net.forward({ data: IMAGES });
    expect(net.plan?.steps.every((step) => step.milliseconds === 0)).toBe(true);
    await net.forward({}, { timed: true });
    expect(net.plan?.steps.some((step) => step.milliseconds > 0)).toBe(true);
    expect(await failureOf(net.forward({}, { timed: 1 as never }))).toMatchObject({ code: 'ERR_CAFFE_INPUT' });
    await net.dispose();
  });

  test('other shapes, back and forth', async () => {
    const { fast, caffe } = await bothEngines(BRANCHED);
    for (const items of [2, 1, 3, 4, 5, 6, 7, 8, 9, 2, 1]) {
      const data = { shape: [items, 3, 12, 12], data: noise(items * 432, items) };
      expectClose(await fast.forward({ data }), await caffe.forward({ data }));
      expect(fast.plan?.inputs).toEqual({ data: [items, 3, 12, 12] });
    }
    expect(await failureOf(fast.forward({ data: { shape: [1, 2, 12, 12], data: noise(288) } }))).toMatchObject({ code: 'ERR_CAFFE_SHAPE' });
    expectClose(await fast.forward({ data: IMAGES }), await caffe.forward({ data: IMAGES }));
    await Promise.all([fast.dispose(), caffe.dispose()]);
  });

  test('another number of threads', async () => {
    const { fast, caffe: plain } = await bothEngines(BRANCHED);
    const threads = 1 + (await import('node:os')).availableParallelism();
    for (const count of [1, threads]) {
      caffe.setThreads(count);
      expectClose(await fast.forward({ data: IMAGES }), await plain.forward({ data: IMAGES }));
      expect(fast.plan?.threads).toBe(count);
    }
    await Promise.all([fast.dispose(), plain.dispose()]);
  });

  test('data that comes in other shapes', async () => {
    await writeDatabase(
      within('mixed'),
      [4, 6, 6, 4, 4].map((height, index) => imageOf(index, { height })),
    );
    const { fast, caffe } = await bothEngines(`
      layer { name: "data" type: "Data" top: "data" data_param { source: "${within('mixed')}" backend: LMDB batch_size: 1 } }
      layer { name: "pool" type: "Pooling" bottom: "data" top: "pool" pooling_param { pool: AVE kernel_size: 2 } }
      layer { name: "double" type: "Power" bottom: "pool" top: "double" power_param { scale: 2 } }`);
    for (let run = 0; run < 10; run++) expectClose(await fast.forward(), await caffe.forward());
    await Promise.all([fast.dispose(), caffe.dispose()]);
  });

  test('what the engine does not compute Caffe does, and says why', async () => {
    const { fast, caffe } = await bothEngines(BRANCHED);
    await fast.forward({ data: IMAGES });
    const stop = fast.onForward(() => {});
    expectClose(await fast.forward({ data: IMAGES }), await caffe.forward({ data: IMAGES }), 6);
    expect(fast.engine).toMatchObject({ name: 'caffe', reason: expect.stringContaining('listeners') });
    expect(fast.plan).toBeNull();
    expect(fast.blobs.conv1?.data.some((value) => value > 0)).toBe(true);
    stop();
    await fast.forward({ data: IMAGES }, { end: 'both' });
    expect(fast.engine).toMatchObject({ name: 'caffe', reason: expect.stringContaining('end') });
    await fast.forward({ data: IMAGES });
    expect(fast.engine.name).toBe('onednn');
    await Promise.all([fast.dispose(), caffe.dispose()]);
  });

  test('numbers that are none come out as from Caffe', async () => {
    const { fast, caffe } = await bothEngines(BRANCHED);
    const data = { shape: IMAGES.shape, data: IMAGES.data.slice() };
    data.data[7] = Number.NaN;
    const [found, expected] = [await fast.forward({ data }), await caffe.forward({ data })];
    expect(Array.from(found.prob?.data ?? [])).toEqual(Array.from(expected.prob?.data ?? []));
    expect(found.prob?.data.some(Number.isNaN)).toBe(true);
    expect(fast.engine).toMatchObject({ name: 'caffe', reason: expect.stringContaining("'data'") });
    fast.params.left?.[1]?.set(new Float32Array(8).fill(Number.POSITIVE_INFINITY));
    await fast.forward({ data: IMAGES });
    expect(fast.engine).toMatchObject({ name: 'caffe', reason: expect.stringContaining("'left'") });
    fast.params.left?.[1]?.set(new Float32Array(8));
    expectClose(await fast.forward({ data: IMAGES }), await caffe.forward({ data: IMAGES }));
    expect(fast.engine.name).toBe('onednn');
    await Promise.all([fast.dispose(), caffe.dispose()]);
  });

  test('no value that is none goes unseen, wherever it stands', async () => {
    const sizes = [1, 7, 8, 31, 33, 600_000];
    const nets = await Promise.all(
      sizes.map((size) =>
        Net.from(
          `layer { name: "data" type: "Input" top: "data" input_param { shape { dim: ${size} } } }
           layer { name: "twice" type: "Power" bottom: "data" top: "twice" power_param { scale: 2 } }`,
          { engine: 'onednn' },
        ),
      ),
    );
    const odd = fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY);
    const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    await fc.assert(
      fc.asyncProperty(fc.nat(sizes.length - 1), place, odd, async (which, where, value) => {
        const [net, size] = [nets[which] as Net, sizes[which] as number];
        const data = noise(size);
        await net.forward({ data });
        expect(net.engine.name).toBe('onednn');
        data[Math.floor(where * size)] = value;
        await net.forward({ data });
        expect(net.engine.name).toBe('caffe');
      }),
      { numRuns: 40, examples: sizes.map((_, which) => [which, 1 - Number.EPSILON, Number.NaN]) },
    );
    await Promise.all(nets.map((net) => net.dispose()));
  });

  test('an aborted run leaves the net usable', async () => {
    const { fast, caffe } = await bothEngines(BRANCHED);
    expect(await failureOf(fast.forward({ data: IMAGES }, { signal: AbortSignal.abort() }))).toMatchObject({ code: 'ERR_CAFFE_ABORTED' });
    expectClose(await fast.forward({ data: IMAGES }), await caffe.forward({ data: IMAGES }));
    await Promise.all([fast.dispose(), caffe.dispose()]);
    expect(() => fast.plan).toThrow(expect.objectContaining({ code: 'ERR_CAFFE_DISPOSED' }));
    expect(() => fast.engine).toThrow(expect.objectContaining({ code: 'ERR_CAFFE_DISPOSED' }));
  });

  test('engine and plan are busy while the net runs', async () => {
    const net = await Net.from(BRANCHED, { engine: 'onednn' });
    const run = net.forward({ data: IMAGES });
    expect(() => net.engine).toThrow(expect.objectContaining({ code: 'ERR_CAFFE_BUSY' }));
    expect(() => net.plan).toThrow(expect.objectContaining({ code: 'ERR_CAFFE_BUSY' }));
    await run;
    await net.dispose();
  });
});

describeEngine('blobs that a run left out', () => {
  test('throw with the ways out, and read() has Caffe compute them', async () => {
    const { fast, caffe } = await bothEngines(BRANCHED);
    const { prob } = await fast.forward({ data: IMAGES });
    await caffe.forward({ data: IMAGES });
    const refusal = { code: 'ERR_CAFFE_NOT_COMPUTED', blob: 'both', hint: expect.stringContaining('read()') };
    expect(() => fast.blobs.both?.data).toThrow(expect.objectContaining(refusal));
    expect(() => fast.blobs.both?.toTensor()).toThrow(expect.objectContaining(refusal));
    // Those that were computed, those that were given, shapes and gradients are there.
    expect(Array.from(fast.blobs.prob?.data ?? [])).toEqual(Array.from(prob?.data ?? []));
    expect(Array.from(fast.blobs.data?.data ?? [])).toEqual(Array.from(IMAGES.data));
    expect(fast.blobs.both?.shape).toEqual([2, 16, 12, 12]);
    expect(fast.blobs.both?.diff).toHaveLength(4608);
    const both = await fast.blobs.both?.read();
    expect(Array.from(both?.data ?? [])).toEqual(Array.from(caffe.blobs.both?.data ?? []));
    // From then on all are there; what was seen before stays.
    expect(fast.blobs.left?.data).toHaveLength(2304);
    expect(Array.from(fast.blobs.prob?.data ?? [])).toEqual(Array.from(prob?.data ?? []));
    await fast.forward({ data: IMAGES });
    expect(await fast.blobs.left?.asum()).toBeCloseTo((await caffe.blobs.left?.asum()) ?? Number.NaN, 1);
    // What was read once is computed along.
    await fast.forward({ data: IMAGES });
    expect(fast.plan?.blobs).toEqual(['prob', 'both', 'left']);
    expect(fast.blobs.left?.data).toHaveLength(2304);
    expect(() => fast.blobs.right?.data).toThrow(expect.objectContaining({ code: 'ERR_CAFFE_NOT_COMPUTED' }));
    await Promise.all([fast.dispose(), caffe.dispose()]);
  });

  test('are computed when `blobs` names them, also in later runs', async () => {
    const { fast, caffe } = await bothEngines(BRANCHED);
    await fast.forward({ data: IMAGES });
    const blobs = ['both', 'conv1', 'data'];
    expectClose(await fast.forward({ data: IMAGES }, { blobs }), await caffe.forward({ data: IMAGES }, { blobs }));
    expect(fast.plan?.blobs).toEqual(['prob', 'both', 'conv1']);
    await fast.forward({ data: IMAGES });
    expect(fast.blobs.conv1?.data.every((value) => value >= 0)).toBe(true);
    expect(() => fast.blobs.fc?.data).toThrow(expect.objectContaining({ code: 'ERR_CAFFE_NOT_COMPUTED' }));
    await Promise.all([fast.dispose(), caffe.dispose()]);
  });

  test.each<[string, (net: Net) => unknown]>([
    ['an input', (net) => net.blobs.data?.set(new Float32Array(864))],
    ['an input through a view', (net) => net.blobs.data?.data.fill(0.5)],
    ['a shape', (net) => net.blobs.data?.reshape(1, 3, 12, 12)],
    ['a parameter', (net) => net.params.conv1?.[1]?.set(new Float32Array(8))],
    ['a parameter through a view', (net) => net.params.fc?.[0]?.data.fill(0)],
  ])('cannot be had when %s has changed since', async (_, change) => {
    const net = await Net.from(BRANCHED, { engine: 'onednn' });
    await net.forward({ data: IMAGES });
    change(net);
    const refusal = { code: 'ERR_CAFFE_NOT_COMPUTED', message: expect.stringContaining('changed') };
    expect(await failureOf((net.blobs.both as Net['blobs'][string]).read())).toMatchObject(refusal);
    expect(await failureOf(net.forward({}, { start: 'both' }))).toMatchObject(refusal);
    await net.forward({ data: IMAGES });
    expect((await net.blobs.both?.read())?.data).toHaveLength(4608);
    await net.dispose();
  });

  test('that somebody filled hold what they were given', async () => {
    const { fast, caffe } = await bothEngines(BRANCHED);
    for (const net of [fast, caffe]) {
      await net.forward({ data: IMAGES });
      net.blobs.both?.set(noise(4608, 9));
    }
    expect(Array.from(fast.blobs.both?.data ?? [])).toEqual(Array.from(noise(4608, 9)));
    expectClose(await fast.forward({}, { start: 'fc' }), await caffe.forward({}, { start: 'fc' }));
    await Promise.all([fast.dispose(), caffe.dispose()]);
  });

  test('are computed for a run that starts above them, and for a backward run', async () => {
    const { fast, caffe } = await bothEngines(`force_backward: true ${BRANCHED}`);
    const [found, expected] = [fast, caffe].map(async (net) => {
      await net.forward({ data: IMAGES });
      const tail = await net.forward({}, { start: 'both', blobs: ['both'] });
      await net.forward({ data: IMAGES });
      const diffs = await net.backward({ prob: noise(10, 3) });
      return { ...tail, ...diffs, weights: (await net.params.conv1?.[0]?.read('diff')) as never };
    });
    expectClose((await found) ?? {}, (await expected) ?? {});
    await Promise.all([fast.dispose(), caffe.dispose()]);
  });
});

describeEngine('parameters that change', () => {
  test('are taken up, however they change', async () => {
    const { fast, caffe } = await bothEngines(BRANCHED);
    const weights = await caffe.toBuffer();
    const changes: ((net: Net) => unknown)[] = [
      () => undefined,
      (net) => net.params.conv1?.[0]?.set(noise(216, 2)),
      (net) => net.params.fc?.[0]?.scale(-2),
      (net) => net.params.left?.[0]?.data.fill(0.25),
      (net) => net.copyFrom(weights, { ignore: ['fc'] }),
      (net) => net.params.fc?.[1]?.set([1, 2, 3, 4, 5]),
    ];
    for (const change of changes) {
      for (const net of [fast, caffe]) await change(net);
      expectClose(await fast.forward({ data: IMAGES }), await caffe.forward({ data: IMAGES }));
    }
    await Promise.all([fast.dispose(), caffe.dispose()]);
  });

  test('through a view that is kept', async () => {
    const { fast, caffe } = await bothEngines(BRANCHED);
    const views = [fast, caffe].map((net) => net.params.fc?.[0]?.data as Float32Array);
    for (let round = 1; round < 4; round++) {
      for (const view of views) view[round * 100] = round;
      expectClose(await fast.forward({ data: IMAGES }), await caffe.forward({ data: IMAGES }));
    }
    await Promise.all([fast.dispose(), caffe.dispose()]);
  });

  test('of nets that share them', async () => {
    const { fast, caffe } = await bothEngines(BRANCHED);
    const other = await Net.from(BRANCHED, { engine: 'onednn' });
    await other.forward({ data: IMAGES });
    other.shareWith(fast);
    const attached = await Net.attach(fast.share(), { engine: 'onednn' });
    for (const net of [fast, other, attached]) {
      net.params.conv1?.[0]?.set(noise(216, 4));
      caffe.params.conv1?.[0]?.set(noise(216, 4));
      const expected = await caffe.forward({ data: IMAGES });
      for (const each of [fast, other, attached]) expectClose(await each.forward({ data: IMAGES }), expected);
      caffe.params.conv1?.[0]?.set(noise(216, 5));
      net.params.conv1?.[0]?.set(noise(216, 5));
    }
    await Promise.all([fast, other, attached, caffe].map((net) => net.dispose()));
  });

  test('in a solver', async () => {
    const tiny = await Solver.from(`net_param { ${TINY} } base_lr: 0.1 lr_policy: "fixed" random_seed: 1`);
    const { fast, caffe } = await bothEngines(TINY);
    for (const net of [fast, caffe]) net.shareWith(tiny.net);
    const feeds = { data: noise(8 * 72), label: Float32Array.from([0, 1, 2, 0, 1, 2, 0, 1]) };
    tiny.net.blobs.data?.set(feeds.data);
    tiny.net.blobs.label?.set(feeds.label);
    let former = Number.POSITIVE_INFINITY;
    for (let step = 0; step < 3; step++) {
      await tiny.step();
      const [found, expected] = [await fast.forward(feeds), await caffe.forward(feeds)];
      expectClose(found, expected);
      expect(found.loss?.data[0]).toBeLessThan(former);
      former = found.loss?.data[0] ?? Number.NaN;
    }
    await Promise.all([fast.dispose(), caffe.dispose(), tiny.dispose()]);
  });
});
