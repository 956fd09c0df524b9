import { readFile, writeFile } from 'node:fs/promises';
import { native } from '../../lib/native';
import { Net } from '../../lib/net';
import { upgradeNetBinaryFile, upgradeNetFile, upgradeSolverFile } from '../../lib/tools';
import { failureOf } from '../support/failure';
import { namesIn, temporaryFolder } from '../support/folders';

const at = temporaryFolder();

const V1 = `
name: "old"
input: "data" input_dim: 1 input_dim: 1 input_dim: 3 input_dim: 3
layers { name: "conv" type: CONVOLUTION bottom: "data" top: "conv" blobs_lr: 1 blobs_lr: 2
  convolution_param { num_output: 1 kernel_size: 3 } }
`;

/** The old network with weights in it: a conv that adds nine values up, and 0.5. */
function oldWeights(): Buffer {
  const net = native.messages.fromText('NetParameter', V1) as { layers: object[] };
  const blobs = [
    { num: 1, channels: 1, height: 3, width: 3, data: new Array(9).fill(1) },
    { num: 1, channels: 1, height: 1, width: 1, data: [0.5] },
  ];
  return native.messages.toBinary('NetParameter', { ...net, layers: [{ ...net.layers[0], blobs }] });
}

test('a network file is upgraded, also in its own place, and runs', async () => {
  await writeFile(at('v1.prototxt'), V1);
  expect(await upgradeNetFile(at('v1.prototxt'), at('v2.prototxt'))).toEqual({ from: 'v1' });
  const text = await readFile(at('v2.prototxt'), 'utf8');
  expect(text).toContain('type: "Convolution"');
  expect(await upgradeNetFile(at('v2.prototxt'), at('v2.prototxt'))).toEqual({ from: 'v2' });
  const net = await Net.load(at('v2.prototxt'));
  expect((await net.forward({ data: new Float32Array(9) })).conv?.shape).toEqual([1, 1, 1, 1]);
  await net.dispose();
});

test('a network in binary form is upgraded with its weights', async () => {
  await writeFile(at('v1.caffemodel'), oldWeights());
  expect(await upgradeNetBinaryFile(at('v1.caffemodel'), at('v2.caffemodel'))).toEqual({ from: 'v1' });
  const upgraded = native.messages.fromBinary('NetParameter', await readFile(at('v2.caffemodel')));
  expect(upgraded).not.toHaveProperty('layers');
  expect(upgraded).toMatchObject({
    layer: [{ type: 'Input' }, { name: 'conv', type: 'Convolution', param: [{ lr_mult: 1 }, { lr_mult: 2 }] }],
  });
  const net = await Net.from(V1, { weights: at('v2.caffemodel') });
  expect([...((await net.forward({ data: Float32Array.from([1, 2, 3, 4, 5, 6, 7, 8, 9]) })).conv?.data ?? [])]).toEqual([45.5]);
  await net.dispose();
  expect(await upgradeNetBinaryFile(at('v2.caffemodel'), at('again.caffemodel'))).toEqual({ from: 'v2' });
});

test('a solver gets its type by name', async () => {
  await writeFile(at('solver.prototxt'), 'net: "net.prototxt" base_lr: 0.1 solver_type: ADAM');
  expect(await upgradeSolverFile(at('solver.prototxt'), at('new.prototxt'))).toEqual({ upgraded: true });
  expect(await readFile(at('new.prototxt'), 'utf8')).toBe('base_lr: 0.1\nnet: "net.prototxt"\ntype: "Adam"\n');
  expect(await upgradeSolverFile(at('new.prototxt'), at('newer.prototxt'))).toEqual({ upgraded: false });
});

test('inputs that have no shapes are refused, in text, in binary form and in weights', async () => {
  const text = 'input: "a" input: "b" input: "c" input_shape { dim: 1 } layer { name: "r" type: "ReLU" bottom: "a" top: "b" }';
  const refused = { code: 'ERR_CAFFE_PROTOTXT', message: expect.stringContaining('names 3 inputs and has shapes for 1') };
  await writeFile(at('shapes.prototxt'), text);
  expect(await failureOf(upgradeNetFile(at('shapes.prototxt'), at('none')))).toMatchObject(refused);
  const binary = native.messages.toBinary('NetParameter', native.messages.fromText('NetParameter', text));
  await writeFile(at('shapes.caffemodel'), binary);
  expect(await failureOf(upgradeNetBinaryFile(at('shapes.caffemodel'), at('none')))).toMatchObject(refused);
  const net = await Net.from('layer { name: "a" type: "Input" top: "a" input_param { shape { dim: 1 } } }');
  expect(await failureOf(net.copyFrom(binary))).toMatchObject(refused);
  await net.dispose();
});

describe('a file that cannot be upgraded is refused, and nothing is written', () => {
  test.each([
    ['a network that is not there', () => upgradeNetFile(at('nowhere'), at('out')), 'ERR_CAFFE_FILE'],
    ['weights that are not there', () => upgradeNetBinaryFile(at('nowhere'), at('out')), 'ERR_CAFFE_FILE'],
    ['a solver that is a folder', () => upgradeSolverFile(at(), at('out')), 'ERR_CAFFE_FILE'],
    ['weights that are something else', () => upgradeNetBinaryFile(at('wrong'), at('out')), 'ERR_CAFFE_INPUT'],
    ['an output that cannot be made', () => upgradeSolverFile(at('good'), at('wrong', 'out')), 'ERR_CAFFE_FILE'],
    ['weights to an output that cannot be made', () => upgradeNetBinaryFile(at('v1.caffemodel'), at('wrong', 'out')), 'ERR_CAFFE_FILE'],
    ['no output', () => upgradeNetFile(at('good'), undefined as unknown as string), 'ERR_CAFFE_INPUT'],
  ])('%s', async (_, work, code) => {
    await writeFile(at('wrong'), 'this is no protobuf message at all');
    await writeFile(at('good'), 'base_lr: 1');
    const before = await namesIn(at());
    expect(await failureOf(work())).toMatchObject({ code });
    expect(await namesIn(at())).toEqual(before);
  });

  test.each([
    ['network', upgradeNetFile],
    ['solver', upgradeSolverFile],
  ])('text that is no %s, with file, line and column', async (_, upgrade) => {
    await writeFile(at('syntax'), '\n  name: }');
    const failure = await failureOf(upgrade(at('syntax'), at('out')));
    expect(failure).toMatchObject({ code: 'ERR_CAFFE_PROTOTXT', file: at('syntax'), line: 2 });
    expect(failure.column).toBeGreaterThan(0);
    expect(await namesIn(at())).not.toContain('out');
  });

  test('a solver with both notations', async () => {
    await writeFile(at('both'), 'solver_type: ADAM type: "Adam"');
    expect(await failureOf(upgradeSolverFile(at('both'), at('out')))).toMatchObject({ code: 'ERR_CAFFE_FATAL' });
    expect(await namesIn(at())).not.toContain('out');
  });
});
