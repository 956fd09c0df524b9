/**
 * Pooling and LRN in bf16, where the channels of a place may lie together: between convolutions that change nothing, on values that a
 * bf16 has exactly, so that nothing but the layer itself can be off.
 */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { caffe } from '../../lib/caffe';
import { Net } from '../../lib/net';
import { noise, primitivesOf } from '../support/engine';
import { count, dims, layer } from '../support/engine-nets';
import { BARE, bothWays, deviations, dispose, drawnNet, withLoss } from '../support/planned-training';

const RUNS = Number(process.env.RUNS ?? 40);
const HAS_TILES = readFileSync('/proc/cpuinfo', 'utf8').includes('amx_bf16') && !process.env.ONEDNN_MAX_CPU_ISA;
/** Half of the distance between neighbours, relative to the value, and what a root is off. */
const ROUNDING = 2 ** -8 + 2e-4;

const threads = caffe.threads;
afterAll(() => caffe.setThreads(threads));

interface Drawn {
  readonly shape: readonly [number, number, number, number];
  readonly type: string;
  readonly settings: string;
}

const identity = (channels: number, bottom: string, top: string) =>
  layer('Convolution', top, [bottom], [top], `convolution_param { num_output: ${channels} kernel_size: 1 bias_term: false }`);
const identityWeights = (channels: number) =>
  Float32Array.from({ length: channels ** 2 }, (_, index) => (index % (channels + 1) === 0 ? 1 : 0));

function netOf({ shape, type, settings }: Drawn): string {
  const input = layer('Input', 'data', [], ['data'], `input_param { shape { ${dims(shape)} } }`);
  const [before, behind] = [identity(shape[1], 'data', 'before'), identity(shape[1], 'layer', 'result')];
  return input + before + layer(type, 'layer', ['before'], ['layer'], settings) + behind;
}

async function run(drawn: Drawn, engine: 'caffe' | 'onednn', data: Float32Array) {
  const net = await Net.from(netOf(drawn), { engine, precision: engine === 'caffe' ? 'f32' : 'bf16' });
  for (const name of ['before', 'result']) net.params[name]?.[0]?.set(identityWeights(drawn.shape[1]));
  const { result } = await net.forward({ data });
  const [primitive] = primitivesOf(net, drawn.type);
  await net.dispose();
  return { values: result?.data ?? new Float32Array(), primitive };
}

/** The farthest that a value is off, relative to itself. */
async function compare(drawn: Drawn, seed: number, primitive: string): Promise<number> {
  caffe.setThreads(1 + (seed % 3));
  const data = noise(count(drawn.shape), seed).map((value) => Math.round(value * 100));
  const found = await run(drawn, 'onednn', data);
  const { values: right } = await run(drawn, 'caffe', data);
  if (HAS_TILES) expect(found.primitive).toBe(primitive);
  expect(found.values).toHaveLength(right.length);
  return right.reduce((most, value, index) => {
    const off = Math.abs(value - (found.values[index] ?? Number.NaN));
    return off === 0 ? most : Math.max(most, off / Math.abs(value));
  }, 0);
}

const upTo = (most: number, least = 1) => fc.integer({ min: least, max: most });
const shapes = fc.tuple(upTo(4), fc.oneof(upTo(40, 2), upTo(300, 2)), upTo(12, 4), upTo(12, 4));

const pooling: fc.Arbitrary<Drawn> = fc
  .tuple(shapes, upTo(4), upTo(4), upTo(3), upTo(3), upTo(3, 0), fc.boolean())
  .map(([shape, kernelY, kernelX, strideY, strideX, pad, global]) => {
    const [padY, padX] = [Math.min(pad, kernelY - 1), Math.min(pad, kernelX - 1)];
    const windows = `kernel_h: ${kernelY} kernel_w: ${kernelX} stride_h: ${Math.min(strideY, kernelY)} stride_w: ${Math.min(strideX, kernelX)} pad_h: ${padY} pad_w: ${padX}`;
    return { shape, type: 'Pooling', settings: `pooling_param { pool: MAX ${global ? 'global_pooling: true' : windows} }` };
  });

const lrn: fc.Arbitrary<Drawn> = fc
  .tuple(shapes, fc.constantFrom(1, 3, 5, 5, 9, 31), fc.constantFrom(1e-4, 1, 0), fc.constantFrom(1, 2, 0.5))
  .map(([shape, size, alpha, k]) => {
    return { shape, type: 'LRN', settings: `lrn_param { local_size: ${size} alpha: ${alpha} beta: 0.75 k: ${k} }` };
  });

(caffe.features.bf16 ? describe : describe.skip)('in bf16', () => {
  test('maxima are those of Caffe, to the last bit', async () => {
    await fc.assert(
      fc.asyncProperty(pooling, upTo(1000), async (drawn, seed) => expect(await compare(drawn, seed, 'maxima:avx512')).toBe(0)),
      { numRuns: RUNS },
    );
  });

  test('LRN is that of Caffe, rounded', async () => {
    await fc.assert(
      fc.asyncProperty(lrn, upTo(1000), async (drawn, seed) =>
        expect(await compare(drawn, seed, 'lrn:avx512_bf16')).toBeLessThan(ROUNDING),
      ),
      { numRuns: RUNS },
    );
  });

  test('LRN of values whose squares pass the largest float32 stays finite, as the values of others do', async () => {
    const drawn: Drawn = { shape: [1, 40, 4, 4], type: 'LRN', settings: 'lrn_param { local_size: 5 alpha: 1 beta: 0.75 }' };
    const data = new Float32Array(count(drawn.shape)).fill(2 ** 100);
    const { values } = await run(drawn, 'onednn', data);
    expect(values.every((value) => Number.isFinite(value))).toBe(true);
    expect(await compare(drawn, 5, 'lrn:avx512_bf16')).toBeLessThan(ROUNDING);
  });

  test.each([
    [3, 2, 0, 96],
    [3, 1, 1, 40],
    [2, 2, 0, 17],
    [5, 3, 2, 200],
    [2, 3, 0, 33],
  ])(
    'the gradient of maxima over windows of %d, %d apart, padded by %d, of %d channels, is that of Caffe',
    async (kernel, stride, pad, channels) => {
      const shape = [3, channels, 11, 11] as const;
      const inputs = layer('Input', 'data', [], ['data', 'label'], `input_param { shape { ${dims(shape)} } shape { dim: 3 } }`);
      const pool = layer(
        'Pooling',
        'layer',
        ['before'],
        ['layer'],
        `pooling_param { kernel_size: ${kernel} stride: ${stride} pad: ${pad} }`,
      );
      const pair = await bothWays(inputs + withLoss(identity(channels, 'data', 'before') + pool, 'layer'), BARE, { precision: 'bf16' });
      // Few different numbers, so that windows have several maxima, of which the first counts.
      const data = noise(count(shape), 3).map((value) => Math.round(value * 6));
      for (const { net } of [pair.caffe, pair.planned]) {
        net.blobs.data?.set(data);
        net.params.before?.[0]?.set(identityWeights(channels));
      }
      await Promise.all([pair.caffe.step(1), pair.planned.step(1)]);
      if (HAS_TILES) expect(primitivesOf(pair.planned.net, 'Pooling')).toEqual(['ours', 'ours']);
      for (const off of Object.values(deviations(pair.planned.net, pair.caffe.net, 'diff'))) expect(off).toBeLessThan(0.01);
      await dispose(pair);
    },
  );

  test.each([
    [96, 5, 1],
    [40, 3, 0.1],
    [17, 9, 1],
  ])('the gradient of LRN over %d channels, by %d of them, is that of Caffe', async (channels, size, alpha) => {
    const convolution = layer(
      'Convolution',
      'before',
      ['data'],
      ['before'],
      `convolution_param { num_output: ${channels} kernel_size: 3 weight_filler { type: "xavier" } }`,
    );
    const lrn = layer('LRN', 'layer', ['before'], ['layer'], `lrn_param { local_size: ${size} alpha: ${alpha} beta: 0.75 }`);
    const net = drawnNet(withLoss(convolution + lrn, 'layer'), { batch: 3, channels: 3, size: 8 });
    const pair = await bothWays(net, BARE, { precision: 'bf16' });
    await Promise.all([pair.caffe.step(1), pair.planned.step(1)]);
    if (HAS_TILES) expect(primitivesOf(pair.planned.net, 'LRN')).toEqual(['ours', 'ours']);
    for (const off of Object.values(deviations(pair.planned.net, pair.caffe.net, 'diff'))) expect(off).toBeLessThan(0.02);
    await dispose(pair);
  });
});
