import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { caffe } from '../../lib/caffe';
import { Net } from '../../lib/net';
import { ownCaches } from '../support/cache';
import { BRANCHED, bothEngines, expectClose, noise, warningsOf } from '../support/engine';
import { failureOf } from '../support/failure';

const describeEngine = caffe.features.onednn ? describe : describe.skip;
const IMAGES = { shape: [2, 3, 12, 12], data: noise(2 * 3 * 12 * 12) };

const { CAFFE_NODE_ENGINE } = process.env;
const newCache = ownCaches();
let folder = '';
beforeEach(() => {
  folder = newCache();
  delete process.env.CAFFE_NODE_ENGINE;
});
afterAll(() => {
  // Assigning undefined would make it the text "undefined".
  Object.assign(process.env, CAFFE_NODE_ENGINE && { CAFFE_NODE_ENGINE });
});

const verdicts = () => {
  const versions = path.join(folder, 'plans', readdirSync(path.join(folder, 'plans'))[0] ?? '');
  return readdirSync(versions)
    .filter((name) => name.startsWith('verdict-'))
    .map((name) => path.join(versions, name));
};

/** Runs the net once, and tells what was logged. */
const runOnce = (net: Net) => warningsOf(() => net.forward({ data: IMAGES }));

describeEngine("engine: 'auto'", () => {
  test('is the default; compares the first run with Caffe, and remembers that they agreed', async () => {
    const { fast, caffe } = await bothEngines(BRANCHED, { engine: undefined });
    expect(await runOnce(fast)).toEqual([]);
    expect(fast.engine).toEqual({ name: 'onednn', precision: 'f32' });
    expect(() => fast.blobs.both?.data).toThrow(expect.objectContaining({ code: 'ERR_CAFFE_NOT_COMPUTED' }));
    expectClose(await fast.forward({ data: IMAGES }), await caffe.forward({ data: IMAGES }));
    expect(verdicts().map((file) => readFileSync(file, 'utf8'))).toEqual(['agreed\n']);
    await Promise.all([fast.dispose(), caffe.dispose()]);
  });

  test('leaves a net to Caffe whose plan was wrong before, with a warning and the reason', async () => {
    const { fast, caffe } = await bothEngines(BRANCHED, { engine: 'auto' });
    const weights = await caffe.toBuffer();
    await fast.forward({ data: IMAGES });
    const [file = ''] = verdicts();
    writeFileSync(file, "differed: blob 'prob' is odd\n");
    const other = await Net.from(BRANCHED, { weights, engine: 'auto' });
    expect(await runOnce(other)).toEqual([expect.stringMatching(/'branched' runs in Caffe.*blob 'prob' is odd/)]);
    expect(other.engine).toEqual({ name: 'caffe', precision: 'f32', reason: "blob 'prob' is odd" });
    expect(other.plan).toBeNull();
    expect(other.blobs.both?.data).toHaveLength(4608);
    expect(await runOnce(other)).toEqual([]); // warned of once
    // What is no verdict is none.
    for (const content of ['', 'nonsense', '\0\n']) {
      writeFileSync(file, content);
      const again = await Net.from(BRANCHED, { weights, engine: 'auto' });
      await again.forward({ data: IMAGES });
      expect(again.engine.name).toBe('onednn');
      expect(readFileSync(file, 'utf8')).toBe('agreed\n');
      await again.dispose();
    }
    await Promise.all([fast, caffe, other].map((net) => net.dispose()));
  });

  test('an answer to zeros is compared, but proves nothing', async () => {
    const net = await Net.from(BRANCHED, { engine: 'auto' });
    await net.forward();
    expect(net.engine.name).toBe('onednn');
    expect(verdicts()).toEqual([]);
    await net.forward({ data: IMAGES });
    expect(verdicts()).toHaveLength(1);
    await net.dispose();
  });

  test('forgets verdicts when there are very many', async () => {
    const net = await Net.from(BRANCHED, { engine: 'auto' });
    await net.forward({ data: IMAGES });
    const [file = ''] = verdicts();
    for (let number = 0; number < 1000; number++) writeFileSync(path.join(path.dirname(file), `verdict-${number}`), 'agreed\n');
    await net.forward({ data: { shape: [1, 3, 12, 12], data: noise(432) } });
    expect(verdicts()).toHaveLength(1);
    await net.dispose();
  });

  test('works without a cache', async () => {
    for (const unusable of ['/dev/null', path.join(folder, 'file')]) {
      writeFileSync(path.join(folder, 'file'), '');
      process.env.CAFFE_NODE_CACHE = unusable;
      const net = await Net.from(BRANCHED, { engine: 'auto' });
      expect(await runOnce(net)).toEqual([]);
      expect(net.engine.name).toBe('onednn');
      await net.dispose();
    }
    const locked = path.join(folder, 'locked');
    mkdirSync(locked);
    chmodSync(locked, 0o500);
    process.env.CAFFE_NODE_CACHE = locked;
    const net = await Net.from(BRANCHED, { engine: 'auto' });
    await net.forward({ data: IMAGES });
    expect(net.engine.name).toBe('onednn');
    await net.dispose();
  });

  test.each<[string, string, RegExp]>([
    [
      'a net that works in place on its input',
      'layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 } } } layer { name: "relu" type: "ReLU" bottom: "data" top: "data" }',
      /'relu' \(ReLU\) works in place on an input/,
    ],
    [
      'a net that remembers',
      `layer { name: "data" type: "Input" top: "data" top: "cont" input_param { shape { dim: 2 dim: 1 dim: 3 } shape { dim: 2 dim: 1 } } }
       layer { name: "lstm" type: "LSTM" bottom: "data" bottom: "cont" top: "lstm" recurrent_param { num_output: 2 weight_filler { type: "xavier" } } }`,
      /'lstm' \(LSTM\).*twice/,
    ],
    [
      'a net whose shapes depend on values',
      `layer { name: "data" type: "Input" top: "data" top: "which" input_param { shape { dim: 2 dim: 3 } shape { dim: 2 } } }
       layer { name: "filter" type: "Filter" bottom: "data" bottom: "which" top: "filter" }`,
      /'filter' \(Filter\) shapes its tops by values/,
    ],
    [
      'a net of the phase train',
      'layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 } } } layer { name: "p" type: "Power" bottom: "data" top: "p" }',
      /phase 'train'/,
    ],
  ])('leaves %s to Caffe', async (what, text, reason) => {
    const net = await Net.from(text, { engine: 'auto', phase: what.endsWith('train') ? 'train' : 'test' });
    expect(net.engine).toMatchObject({ name: 'caffe', reason: expect.stringMatching(reason) });
    const data = { data: new Float32Array(net.blobs.data?.count ?? 0).fill(-1) };
    expect(Object.keys(await net.forward(net.inputs.includes('which') ? { ...data, which: [1, 0] } : data))).not.toEqual([]);
    expect(net.plan).toBeNull();
    await net.dispose();
  });

  test('a layer of which a second run does something else is run once in a plan, and not again', async () => {
    const text = `
      layer { name: "data" type: "Input" top: "data" top: "cont" input_param { shape { dim: 2 dim: 1 dim: 3 } shape { dim: 2 dim: 1 } } }
      layer { name: "lstm" type: "LSTM" bottom: "data" bottom: "cont" top: "lstm" recurrent_param { num_output: 2 weight_filler { type: "xavier" } } }
      layer { name: "out" type: "Power" bottom: "lstm" top: "out" power_param { scale: 2 } }`;
    const { fast, caffe } = await bothEngines(text, { engine: 'onednn' });
    const data = noise(6);
    for (const cont of [
      [0, 1],
      [1, 1],
      [1, 1],
    ]) {
      expectClose(await fast.forward({ data, cont }), await caffe.forward({ data, cont }));
    }
    expect(fast.engine.name).toBe('onednn');
    expect(await failureOf((fast.blobs.lstm as Net['blobs'][string]).read())).toMatchObject({
      code: 'ERR_CAFFE_NOT_COMPUTED',
      message: expect.stringContaining('lstm'),
    });
    await Promise.all([fast.dispose(), caffe.dispose()]);
  });
});

/** Numbers in, and what is not a number within: 16 channels through convolutions of one weight. */
describeEngine('values that are none inside of a net', () => {
  const input = 'layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 16 dim: 6 dim: 6 } } }';
  const convolution = (name: string, bottom: string, weight: number) => `
    layer { name: "${name}" type: "Convolution" bottom: "${bottom}" top: "${name}"
      convolution_param { num_output: 16 kernel_size: 3 pad: 1 weight_filler { type: "constant" value: ${weight} } } }`;
  const then = (type: string, bottom: string, settings = '') =>
    `layer { name: "${type}" type: "${type}" bottom: "${bottom}" top: "${type}" ${settings} }`;
  const data = noise(16 * 6 * 6);
  const positive = data.map((value) => Math.abs(value));

  const OVERFLOW = {
    'sums that overflow': `${convolution('one', 'data', 1e30)} ${convolution('two', 'one', 1e30)} ${then('ReLU', 'two')}
      ${convolution('three', 'ReLU', 1e-30)}`,
    'squares that overflow': `${convolution('one', 'data', 1e20)} ${then('LRN', 'one')}`,
  };

  test.each(Object.entries(OVERFLOW))("%s: 'auto' finds it, and leaves the net to Caffe", async (_, layers) => {
    const { fast, caffe: plain } = await bothEngines(`name: "large" ${input} ${layers}`, { engine: 'auto' });
    const expected = await plain.forward({ data });
    expect(Object.values(expected)[0]?.data.some(Number.isNaN)).toBe(true);
    let found: unknown;
    const lines = await warningsOf(async () => {
      found = await fast.forward({ data });
    });
    expect(lines).toEqual([expect.stringMatching(/'large' runs in Caffe, not in the fast engine: .*NaN or infinite in other places/)]);
    expect(found).toEqual(expected);
    expect(fast.engine).toEqual({ name: 'caffe', precision: 'f32', reason: expect.stringContaining('NaN or infinite') });
    expect(verdicts().map((file) => readFileSync(file, 'utf8'))).toEqual([expect.stringMatching(/^differed: /)]);
    expect(await fast.forward({ data })).toEqual(expected);
    await Promise.all([fast.dispose(), plain.dispose()]);
  });

  test.each([
    ['Log', ''],
    ['Power', 'power_param { power: 0.5 }'],
  ])('%s of negative numbers, once it has been trusted: Caffe does that run, and the plan the next', async (type, settings) => {
    const layers = `${convolution('one', 'data', 1)} ${then(type, 'one', settings)} ${then('ReLU', type)} ${convolution('two', 'ReLU', 0.01)}`;
    for (const engine of ['auto', 'onednn'] as const) {
      const { fast, caffe: plain } = await bothEngines(input + layers, { engine });
      const runs: [Float32Array, 'onednn' | 'caffe'][] = [
        [positive, 'onednn'],
        [data, 'caffe'],
        [positive, 'onednn'],
      ];
      for (const [values, name] of runs) {
        const [found, expected] = [await fast.forward({ data: values }), await plain.forward({ data: values })];
        expect(fast.engine.name).toBe(name);
        expect(expected.two?.data.some(Number.isNaN)).toBe(name === 'caffe');
        if (name === 'onednn') expectClose(found, expected);
        else expect(found).toEqual(expected);
        expect(fast.engine.reason).toBe(name === 'onednn' ? undefined : `Layer '${type}' gives NaN or infinite values.`);
      }
      await Promise.all([fast.dispose(), plain.dispose()]);
    }
  });
});

describe('options', () => {
  test('CAFFE_NODE_ENGINE is the default', async () => {
    process.env.CAFFE_NODE_ENGINE = 'caffe';
    const net = await Net.from(BRANCHED);
    expect(net.engine).toMatchObject({ name: 'caffe' });
    // There it does not insist.
    process.env.CAFFE_NODE_ENGINE = 'onednn';
    if (caffe.features.onednn) {
      const inPlace = 'layer { name: "relu" type: "ReLU" bottom: "data" top: "data" }';
      const left = await Net.from(`layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 3 } } } ${inPlace}`);
      expect(left.engine).toMatchObject({ name: 'caffe', reason: expect.stringContaining('in place') });
      await left.dispose();
      const planned = await Net.from(BRANCHED);
      await planned.forward({ data: IMAGES });
      expect(planned.engine.name).toBe('onednn');
      await planned.dispose();
    }
    process.env.CAFFE_NODE_ENGINE = 'tensorflow';
    expect(await failureOf(Net.from(BRANCHED))).toMatchObject({
      code: 'ERR_CAFFE_INPUT',
      message: expect.stringContaining('CAFFE_NODE_ENGINE'),
    });
    process.env.CAFFE_NODE_ENGINE = '';
    await (await Net.from(BRANCHED)).dispose();
    await net.dispose();
  });

  test.each([
    [{ engine: 'tensorflow' }, 'ERR_CAFFE_INPUT'],
    [{ engine: null }, 'ERR_CAFFE_INPUT'],
    [{ precision: 'int4' }, 'ERR_CAFFE_INPUT'],
    [{ engine: 'caffe', precision: 'bf16' }, 'ERR_CAFFE_INPUT'],
    [{ engine: 'onednn', phase: 'train' }, 'ERR_CAFFE_INPUT'],
  ])('%j is refused', async (options, code) => {
    expect(await failureOf(Net.from(BRANCHED, options as never))).toMatchObject({ code });
  });

  test('a net that can have no plan is refused where one is asked for', async () => {
    const text =
      'layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 3 } } } layer { name: "relu" type: "ReLU" bottom: "data" top: "data" }';
    const failure = await failureOf(Net.from(text, { engine: 'onednn' }));
    expect(failure).toMatchObject({ code: 'ERR_CAFFE_UNSUPPORTED', ...(caffe.features.onednn && { layer: 'relu' }) });
  });

  (caffe.features.bf16 ? test : test.skip)('bf16 answers within a hundredth', async () => {
    const { fast, caffe } = await bothEngines(BRANCHED, { engine: 'auto' });
    const half = await Net.from(BRANCHED, { weights: await caffe.toBuffer(), precision: 'bf16' });
    expectClose(await half.forward({ data: IMAGES }), await caffe.forward({ data: IMAGES }), 2);
    expect(half.engine).toEqual({ name: 'onednn', precision: 'bf16' });
    expect(half.plan?.precision).toBe('bf16');
    await Promise.all([fast, caffe, half].map((net) => net.dispose()));
  });
});
