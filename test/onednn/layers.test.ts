/** The fast engine against Caffe's own layers: random layers of every type, alone, and between convolutions, in place where it can be. */
import fc from 'fast-check';
import { caffe } from '../../lib/caffe';
import { Net, type Precision } from '../../lib/net';
import { noise } from '../support/engine';
import { ENGINE_LAYERS, type EngineLayer, LARGE_LAYERS } from '../support/engine-layers';
import { count, dims, fill, layer } from '../support/engine-nets';

const describeEngine = caffe.features.onednn ? describe : describe.skip;
/** Random layers of each type, in each surrounding. */
const RUNS = Number(process.env.RUNS ?? 12);
/** Of the largest value: what different orders of the same sums leave, and numbers of 8 bits. */
const TOLERANCES: Readonly<Record<Precision, number>> = { f32: 2e-5, bf16: 0.05 };

const input = (name: string, shape: readonly number[]) => layer('Input', name, [], [name], `input_param { shape { ${dims(shape)} } }`);
const convolution = (bottom: string, top: string, outputs: number) =>
  layer(
    'Convolution',
    top,
    [bottom],
    [top],
    `convolution_param { num_output: ${outputs} kernel_size: 1 weight_filler { type: "gaussian" } }`,
  );

/** The layer as the whole net. */
function alone({ type, bottoms, tops, settings }: EngineLayer): string {
  const from = bottoms.map((_, index) => `in${index}`);
  const own = Array.from({ length: tops }, (_, index) => `out${index}`);
  return [...from.map((name, index) => input(name, bottoms[index] ?? [])), layer(type, 'layer', from, own, settings)].join('');
}

/** The layer between convolutions, wherever it has images: it reads and writes what lies as convolutions like it. */
function between({ type, bottoms, tops, settings, inPlace }: EngineLayer): string {
  const made = bottoms.map((shape, index) => {
    if (shape.length !== 4) return input(`in${index}`, shape);
    const [items = 1, channels = 1, height = 1, width = 1] = shape;
    return input(`image${index}`, [items, 3, height, width]) + convolution(`image${index}`, `in${index}`, channels);
  });
  const from = bottoms.map((_, index) => `in${index}`);
  const own = inPlace && bottoms[0]?.length === 4 ? from.slice(0, 1) : Array.from({ length: tops }, (_, index) => `out${index}`);
  return [...made, layer(type, 'layer', from, own, settings)].join('');
}

/** Convolutions behind those tops of a net that are images. */
function withConvolutions(text: string, outputs: readonly { name: string; shape: readonly number[] }[]): string {
  const images = outputs.filter(({ shape }) => shape.length === 4 && count(shape) > 0);
  return text + images.map(({ name }) => convolution(name, `${name}-read`, 5)).join('');
}

type Values = Readonly<Record<string, { data: ArrayLike<number>; shape: readonly number[] }>>;

function expectSame(found: Values, expected: Values, tolerance: number): void {
  expect(Object.keys(found)).toEqual(Object.keys(expected));
  for (const [name, { shape, data }] of Object.entries(expected)) {
    const own = found[name];
    expect(own?.shape).toEqual(shape);
    const values = Array.from(data);
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
    const worst = values.reduce((most, value, index) => Math.max(most, Math.abs(value - (own?.data[index] ?? Number.NaN))), 0);
    expect(worst / largest).toBeLessThan(tolerance);
  }
}

/** Runs the net in both engines, and again with other parameters. */
async function compare(text: string, { type, inCaffe }: EngineLayer, seed: number, precision: Precision = 'f32'): Promise<void> {
  const plain = await Net.from(text, { engine: 'caffe' });
  fill(plain, seed);
  const fast = await Net.from(text, { engine: 'onednn', precision });
  fill(fast, seed);
  for (const round of [seed, seed + 1]) {
    const feeds = Object.fromEntries(plain.inputs.map((name, index) => [name, noise(plain.blobs[name]?.count ?? 0, round + index)]));
    expectSame(await fast.forward(feeds), await plain.forward(feeds), TOLERANCES[precision]);
    expect(fast.engine).toEqual({ name: 'onednn', precision });
    const byCaffe = fast.plan?.steps.filter(({ engine }) => engine === 'caffe').flatMap(({ types }) => types);
    expect(byCaffe).toEqual(inCaffe ? [type] : []);
    fill(plain, seed + 7);
    fill(fast, seed + 7);
  }
  await Promise.all([plain.dispose(), fast.dispose()]);
}

async function compareBetween(drawn: EngineLayer, seed: number, precision?: Precision): Promise<void> {
  const text = between(drawn);
  const net = await Net.from(text, { engine: 'caffe' });
  const outputs = net.outputs.map((name) => ({ name, shape: net.blobs[name]?.shape ?? [] }));
  await net.dispose();
  await compare(withConvolutions(text, outputs), drawn, seed, precision);
}

const seeds = fc.integer({ min: 1, max: 1000 });

describeEngine.each(Object.entries(ENGINE_LAYERS))('%s', (_, layers) => {
  test('alone', async () => {
    await fc.assert(
      fc.asyncProperty(layers, seeds, (drawn, seed) => compare(alone(drawn), drawn, seed)),
      { numRuns: RUNS },
    );
  });

  test('between convolutions', async () => {
    await fc.assert(
      fc.asyncProperty(layers, seeds, (drawn, seed) => compareBetween(drawn, seed)),
      { numRuns: RUNS },
    );
  });

  (caffe.features.bf16 ? test : test.skip)('with bf16', async () => {
    // Where a maximum is may change with the rounding.
    const values = layers.filter(({ type, tops }) => type !== 'Pooling' || tops === 1);
    await fc.assert(
      fc.asyncProperty(values, seeds, (drawn, seed) => compareBetween(drawn, seed, 'bf16')),
      { numRuns: Math.ceil(RUNS / 3) },
    );
  });
});

// Such batches go through the layers image by image.
describeEngine('large images', () => {
  test.each(LARGE_LAYERS.map((layer) => [`${layer.type} ${layer.settings}`, layer] as const))('%s', (_, layer) => compareBetween(layer, 1));
});
