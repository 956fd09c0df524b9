/** The plan's own Winograd against Caffe, for whatever convolution it can compute: chosen by the file of the tuning, as it is where it is the fastest. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { caffe } from '../../lib/caffe';
import { Net } from '../../lib/net';
import { ownCaches } from '../support/cache';
import { expectClose, noise, primitivesOf } from '../support/engine';
import { count, dims, fill, layer } from '../support/engine-nets';

const RUNS = Number(process.env.RUNS ?? 40);
const CHOICE = 'own winograd';

const threads = caffe.threads;
afterAll(() => caffe.setThreads(threads));
const newCache = ownCaches();

/** Has the next plan use Winograd for what the last one looked for the fastest algorithm of; how often it can. */
function chooseWinograd(cache: string): number {
  const plans = path.join(cache, 'plans');
  let chosen = 0;
  for (const version of readdirSync(plans)) {
    for (const name of readdirSync(path.join(plans, version)).filter((name) => name.startsWith('tuning-'))) {
      const file = path.join(plans, version, name);
      const lines = readFileSync(file, 'utf8')
        .split('\n')
        .map((line) => {
          if (!line.includes(CHOICE)) return line;
          chosen++;
          return line.slice(0, line.lastIndexOf('\t') + 1) + CHOICE;
        });
      writeFileSync(file, lines.join('\n'));
    }
  }
  return chosen;
}

interface Images {
  readonly shape: readonly number[];
  readonly settings: string;
  /** The layers behind it, which become part of it. */
  readonly behind: string;
}

const netOf = ({ shape, settings, behind }: Images) =>
  layer('Input', 'data', [], ['data'], `input_param { shape { ${dims(shape)} } }`) +
  layer('Convolution', 'conv', ['data'], ['conv'], `convolution_param { ${settings} }`) +
  behind;

/** Compares them, and again with other parameters. */
async function compare(images: Images, seed: number, inThreads: number): Promise<void> {
  const cache = newCache();
  caffe.setThreads(inThreads);
  const text = netOf(images);
  const slow = await Net.from(text, { engine: 'caffe' });
  const feeds = { data: noise(count(images.shape), seed) };
  const tuned = await Net.from(text, { engine: 'onednn' });
  await tuned.forward(feeds);
  await tuned.dispose();
  chooseWinograd(cache); // unless oneDNN has nothing else
  const fast = await Net.from(text, { engine: 'onednn' });
  for (const round of [seed, seed + 1]) {
    fill(slow, round);
    fill(fast, round);
    const expected = await slow.forward(feeds);
    const largest = Object.values(expected)[0]?.data.reduce((most, value) => Math.max(most, Math.abs(value)), 1) ?? 1;
    const scaled = (outputs: typeof expected) =>
      Object.fromEntries(
        Object.entries(outputs).map(([name, { shape, data }]) => [name, { shape, data: data.map((value) => value / largest) }]),
      );
    expectClose(scaled(await fast.forward(feeds)), scaled(expected), 4.5);
    expect(primitivesOf(fast, 'Convolution')).toContain('winograd:avx512');
  }
  await Promise.all([slow.dispose(), fast.dispose()]);
}

const relu = (slope: number) => layer('ReLU', 'relu', ['conv'], ['conv'], `relu_param { negative_slope: ${slope} }`);
const normalised =
  layer('BatchNorm', 'norm', ['conv'], ['conv'], '') + layer('Scale', 'scale', ['conv'], ['conv'], 'scale_param { bias_term: true }');
const behind = fc.constantFrom('', relu(0), relu(0.25), normalised, normalised + relu(0));

const extent = (most: number, least = 1) => fc.integer({ min: least, max: most });

/** With a stride of 1, on channels in blocks: in groups of whole vectors, or in one of any number. */
const dense: fc.Arbitrary<Images> = fc
  .record({
    items: extent(3),
    groups: fc.constantFrom(1, 1, 2, 3),
    inputs: extent(70, 5),
    outputs: extent(150),
    kernel: fc.constantFrom(3, 3, 4, 5),
    pad: fc.tuple(extent(5, 0), extent(5, 0)),
    size: fc.tuple(extent(33, 6), extent(33, 6)),
    bias: fc.boolean(),
    behind,
  })
  .map(({ items, groups, inputs, outputs, kernel, pad, size, bias, behind }) => {
    const whole = (channels: number) => (groups === 1 ? channels : groups * 16 * Math.ceil(channels / 48));
    const settings = `num_output: ${whole(outputs)} group: ${groups} kernel_size: ${kernel} pad_h: ${pad[0]} pad_w: ${pad[1]} bias_term: ${bias}`;
    return { shape: [items, whole(inputs), ...size], settings, behind };
  });

/** On images in Caffe's order, whose values are sorted by the taps that meet them. */
const strided: fc.Arbitrary<Images> = fc
  .record({
    items: extent(3),
    inputs: extent(4),
    outputs: extent(100),
    window: fc.constantFrom([3, 1], [4, 1], [5, 1], [5, 2], [6, 2], [7, 2], [8, 2], [7, 3], [10, 2], [11, 4], [12, 4]),
    pad: fc.tuple(extent(4, 0), extent(4, 0)),
    size: fc.tuple(extent(60, 12), extent(60, 12)),
    bias: fc.boolean(),
    behind,
  })
  .map(({ items, inputs, outputs, window: [kernel, stride], pad, size, bias, behind }) => {
    const settings = `num_output: ${outputs} kernel_size: ${kernel} stride: ${stride} pad_h: ${pad[0]} pad_w: ${pad[1]} bias_term: ${bias}`;
    return { shape: [items, inputs, ...size], settings, behind };
  });

const wide = caffe.features.onednn && readFileSync('/proc/cpuinfo', 'utf8').includes('avx512vl') && !process.env.ONEDNN_MAX_CPU_ISA;

(wide ? describe : describe.skip)("the plan's own Winograd computes what Caffe does", () => {
  test.each([
    ['a stride of 1', dense],
    ['images in the order of Caffe', strided],
  ])('with %s', async (_, layers) => {
    await fc.assert(
      fc.asyncProperty(layers, extent(1000), extent(3), (images, seed, inThreads) => compare(images, seed, inThreads)),
      { numRuns: RUNS },
    );
  });

  test('and is no choice for a convolution that it cannot compute', async () => {
    const cache = newCache();
    const images = { shape: [1, 16, 9, 9], behind: '' };
    for (const settings of [
      'kernel_size: 2',
      'kernel_size: 6',
      'kernel_h: 3 kernel_w: 5',
      'kernel_size: 3 dilation: 2',
      'kernel_size: 5 stride: 2',
    ]) {
      const net = await Net.from(netOf({ ...images, settings: `num_output: 16 ${settings}` }), { engine: 'onednn' });
      await net.forward({ data: noise(count(images.shape)) });
      expect(chooseWinograd(cache)).toBe(0);
      await net.dispose();
    }
  });
});
