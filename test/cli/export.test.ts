import { writeFile } from 'node:fs/promises';
import { Net } from '../../lib/net';
import { caffeNode } from '../support/command';
import { namesIn, temporaryFolder } from '../support/folders';
import { TINY, TINY_DEPLOY } from '../support/networks';

const at = temporaryFolder();
const run = (...args: string[]) => caffeNode(['export', ...args], { cwd: at() });

beforeAll(async () => {
  await writeFile(at('deploy.prototxt'), TINY_DEPLOY);
  await writeFile(at('train.prototxt'), TINY);
  for (const [text, name] of [
    [TINY_DEPLOY, 'deploy'],
    [TINY, 'train'],
  ] as const) {
    const net = await Net.from(text);
    await net.save(at(`${name}.caffemodel`));
    await net.dispose();
  }
});

test('a network with its weights, with the batch open or fixed', async () => {
  const { code, stdout, stderr } = await run('deploy.prototxt', '--weights', 'deploy.caffemodel', '--onnx', 'net.onnx');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(new RegExp(`^${at('net.onnx')}: opset 13, \\d+ bytes\ninput data: N×3×8×8\noutput prob: N×5\n$`));
  const fixed = await run('deploy.prototxt', '--weights', 'deploy.caffemodel', '--onnx', 'net.onnx', '--batch', '4', '--json');
  expect(JSON.parse(fixed.stdout)).toMatchObject({ path: at('net.onnx'), inputs: [{ shape: [4, 3, 8, 8] }], outputs: [{ shape: [4, 5] }] });
});

test('a network for training, with the shape of its input', async () => {
  const result = await run('train.prototxt', '--weights', 'train.caffemodel', '--onnx', 'train.onnx', '--input', 'data=2,2,6,6');
  expect(result).toMatchObject({ code: 0, stdout: expect.stringContaining('input data: N×2×6×6\noutput prob: N×3\n') });
});

test('what cannot be exported is said, and leaves nothing', async () => {
  const layer = 'layer { name: "spp" type: "SPP" bottom: "conv1" top: "spp" spp_param { pyramid_height: 2 } }';
  await writeFile(at('spp.prototxt'), TINY_DEPLOY + layer);
  const before = await namesIn(at());
  const refused = await run('spp.prototxt', '--weights', 'deploy.caffemodel', '--onnx', 'spp.onnx');
  expect(refused).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining("'spp' (SPP)") });
  expect(await run('deploy.prototxt', '--onnx', 'x.onnx')).toMatchObject({ code: 2, stderr: expect.stringContaining('--weights') });
  expect(await run('deploy.prototxt', '--weights', 'deploy.caffemodel')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--onnx'),
  });
  expect(await namesIn(at())).toEqual(before);
});
