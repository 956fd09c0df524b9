/** The commands that change weights with the network. */
import { readFile, writeFile } from 'node:fs/promises';
import { Net } from '../../lib/net';
import { caffeNode } from '../support/command';
import { namesIn, temporaryFolder } from '../support/folders';
import { relativeError } from '../support/shared';
import { fillAsTrained, randomValues } from '../support/trained';

const at = temporaryFolder();
const NET = `name: "normalized"
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 2 dim: 5 dim: 5 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" convolution_param { num_output: 3 kernel_size: 3 bias_term: false } }
layer { name: "bn" type: "BatchNorm" bottom: "conv" top: "conv" }
layer { name: "scale" type: "Scale" bottom: "conv" top: "conv" scale_param { bias_term: true } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "bn2" type: "BatchNorm" bottom: "conv" top: "bn2" }
layer { name: "fc" type: "InnerProduct" bottom: "conv" top: "fc" inner_product_param { num_output: 2 } }
`;
const data = randomValues(100, 1);
let net: Net;

beforeAll(async () => {
  net = fillAsTrained(await Net.from(NET));
  await net.save(at('net.caffemodel'));
  await writeFile(at('net.prototxt'), NET);
});
afterAll(() => net.dispose());

const run = (args: string[], input = '') => caffeNode(['prototxt', ...args], { cwd: at(), input });

/** The outputs of a net of two files. */
async function outputsOf(network: string, weights: string, blob: string, values: Float32Array): Promise<Record<string, Float32Array>> {
  const loaded = await Net.load(at(network), { weights: at(weights) });
  const outputs = await loaded.forward({ [blob]: values });
  await loaded.dispose();
  return Object.fromEntries(Object.entries(outputs).map(([name, tensor]) => [name, tensor.data]));
}

test('fold writes a network and its weights', async () => {
  const args = ['fold', '-', '--weights', 'net.caffemodel', '--output', 'folded.prototxt', '--output-weights', 'folded.caffemodel'];
  const { code, stdout, stderr } = await run(args, NET);
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'folded.prototxt\n' });
  expect(stderr).toMatch(
    /^bn \(BatchNorm\) → conv\nscale \(Scale\) → conv\nkept: bn2 \(BatchNorm\): 'relu' \(ReLU\) in front of it cannot take it;/,
  );
  const [before, after] = [await net.forward({ data }), await outputsOf('folded.prototxt', 'folded.caffemodel', 'data', data)];
  for (const name of ['fc', 'bn2']) expect(relativeError(after[name] ?? [], before[name]?.data ?? [])).toBeLessThan(1e-5);
  const folded = await readFile(at('folded.prototxt'), 'utf8');
  const again = await run([...args.slice(0, 6), '--output-weights', 'again.caffemodel', '--json'].toSpliced(1, 1, 'folded.prototxt'));
  expect(JSON.parse(again.stdout)).toMatchObject({ folded: [], outputWeights: 'again.caffemodel' });
  expect(await readFile(at('folded.prototxt'), 'utf8')).toBe(folded);
});

test('extract writes a part and its weights', async () => {
  const weights = ['--weights', 'net.caffemodel', '--output-weights', 'part.caffemodel'];
  const args = ['extract', 'net.prototxt', '--from', 'conv', '--to', 'fc', ...weights, '--output', 'part.prototxt'];
  const { code, stderr } = await run(args);
  expect({ code, stderr }).toEqual({
    code: 0,
    stderr: 'input conv: 2×3×3×3 (the network)\nkept: fc\nremoved: data, conv, bn, scale, relu, bn2\noutputs: fc\n',
  });
  const { fc, conv } = await net.forward({ data }, { blobs: ['conv'] });
  expect((await outputsOf('part.prototxt', 'part.caffemodel', 'conv', conv?.data ?? data)).fc).toEqual(fc?.data);

  const { stdout } = await run(['extract', '-', '--to', 'bn2', '--json'], NET);
  expect(JSON.parse(stdout)).toMatchObject({ inputs: [], outputs: ['bn2'], removed: ['fc'] });
  const shaped = await run(['extract', '-', '--from', 'conv', '--input', 'conv=1,3,3,3'], NET);
  expect(shaped.stdout).toContain('input_param { shape: { dim: 1 dim: 3 dim: 3 dim: 3 } }');
  const chain = Array.from({ length: 9 }, (_, i) => `layer { name: "l${i}" type: "ReLU" bottom: "b${i}" top: "b${i + 1}" }`).join('\n');
  const long = await run(['extract', '-', '--from', 'b0', '--input', 'b0=1', '--to', 'b9'], chain);
  expect(long.stderr).toBe('input b0: 1 (given)\nkept: 9 layers, from l0 to l8\nremoved: nothing\noutputs: b9\n');
  expect((await run([...args.slice(0, 4), '--weights', 'net.caffemodel'])).code).toBe(2);
});

test('what fails writes nothing', async () => {
  await writeFile(at('junk'), 'junk');
  const before = await namesIn(at());
  const outputs = ['--output', 'new.prototxt', '--output-weights', 'new.caffemodel'];
  for (const [file, weights] of [
    ['nowhere.prototxt', 'net.caffemodel'],
    ['junk', 'net.caffemodel'],
    ['net.prototxt', 'junk'],
    ['net.prototxt', 'nowhere'],
  ] as const) {
    const failed = await run(['fold', file, '--weights', weights, ...outputs]);
    expect(failed).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/^caffe-node: .+/) });
  }
  expect(await run(['fold', 'net.prototxt', '--weights', 'net.caffemodel'])).toMatchObject({ code: 2 });
  expect(await namesIn(at())).toEqual(before);
});
