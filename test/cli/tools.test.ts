import { readFile, writeFile } from 'node:fs/promises';
import sharp from 'sharp';
import { caffe } from '../../lib/caffe';
import { readMeanImage } from '../../lib/mean-image';
import { Net } from '../../lib/net';
import { caffeNode, start, untilPrinted } from '../support/command';
import { imageOf, readDatabase, writeDatabase } from '../support/databases';
import { namesIn, temporaryFolder } from '../support/folders';

const at = temporaryFolder();

const network = () => `
name: "scored"
layer { name: "data" type: "Data" top: "data" top: "label" data_param { source: "${at('db')}" backend: LMDB batch_size: 2 } }
layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc" inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" top: "loss" loss_weight: 2 }
layer { name: "extra" type: "Power" bottom: "fc" top: "extra" include { stage: "more" } }
`;

beforeAll(async () => {
  await writeDatabase(
    at('db'),
    Array.from({ length: 4 }, (_, index) => imageOf(index)),
  );
  await writeFile(at('net.prototxt'), network());
  const net = await Net.from(network());
  await net.save(at('net.caffemodel'));
  await net.dispose();
});

const json = async (args: string[]) => {
  const { code, stdout, stderr } = await caffeNode([...args, '--json'], { cwd: at() });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout);
};
const text = async (args: string[]) => {
  const { code, stdout, stderr } = await caffeNode(args, { cwd: at() });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
};

test('time', async () => {
  const timing = await json(['time', 'net.prototxt', '--iterations', '2', '--weights', 'net.caffemodel', '--stage', 'more']);
  expect(timing).toMatchObject({ iterations: 2, forward: { mean: expect.any(Number) }, total: { min: expect.any(Number) } });
  expect(timing.layers.map(({ name }: { name: string }) => name)).toContain('extra');
  const shown = await text(['time', 'net.prototxt', '--iterations', '1', '--phase', 'test']);
  expect(shown).toMatch(/^layer +type +forward +least +backward +least$/m);
  expect(shown).toMatch(/^fc +InnerProduct( +\d+\.\d{3}){4}$/m);
});

(caffe.features.onednn ? test : test.skip)('time of the fast engine', async () => {
  const timing = await json(['time', 'net.prototxt', '--engine', 'onednn', '--iterations', '2', '--weights', 'net.caffemodel']);
  expect(timing).toMatchObject({ iterations: 2, precision: 'f32', inputs: { data: [2, 3, 4, 5] }, forward: { mean: expect.any(Number) } });
  expect(timing.steps.flatMap(({ layers }: { layers: string[] }) => layers)).toEqual(expect.arrayContaining(['fc', 'loss']));
  const shown = await text(['time', 'net.prototxt', '--layers', '--iterations', '1']);
  expect(shown).toMatch(/^layers +types +implementation +layout +forward +least$/m);
  expect(shown).toMatch(/^loss +SoftmaxWithLoss +Caffe .*( +\d+\.\d{3}){2}$/m);
  expect(shown).toMatch(/The plan takes \d+\.\d MiB\./);
  for (const wrong of [
    ['--precision', 'bf16'],
    ['--layers', '--phase', 'train'],
  ]) {
    expect(await caffeNode(['time', 'net.prototxt', ...wrong], { cwd: at() })).toMatchObject({ code: 2, stdout: '' });
  }
});

test('test', async () => {
  const result = await json(['test', 'net.prototxt', 'net.caffemodel', '--iterations', '2']);
  expect(result).toMatchObject({ iterations: 2, lossWeights: { loss: 2 }, outputs: { loss: { shape: [], data: [expect.any(Number)] } } });
  expect(result.loss).toBeCloseTo(2 * result.outputs.loss.data[0], 4);
  const lines = (await text(['test', 'net.prototxt', 'net.caffemodel', '--iterations', '2'])).trim().split('\n');
  expect(lines).toHaveLength(4);
  expect(lines[1]).toMatch(/^Batch 1, loss = [\d.e+-]+$/);
  expect(lines[2]).toMatch(/^Loss: [\d.e+-]+$/);
  expect(lines[3]).toMatch(/^loss = [\d.e+-]+ \(\* 2 = [\d.e+-]+ loss\)$/);
});

test('extract-features', async () => {
  const blobs = ['--blobs', 'fc,data', '--outputs', 'fc_db,data_db', '--batches', '2'];
  expect(await text(['extract-features', 'net.prototxt', 'net.caffemodel', ...blobs])).toBe(
    `fc: 4 items in ${at('fc_db')}\ndata: 4 items in ${at('data_db')}\n`,
  );
  expect((await readDatabase(at('fc_db'))).map(({ key }) => key)).toEqual(['0000000000', '0000000001', '0000000002', '0000000003']);
});

test('compute-image-mean', async () => {
  const shown = await text(['compute-image-mean', 'db', 'mean.binaryproto']);
  expect(shown).toMatch(/^4 images of 5×4, 3 channels\nmean_value channel \[0]: [\d.]+\n/);
  expect((await readMeanImage(at('mean.binaryproto'))).shape).toEqual([1, 3, 4, 5]);
  expect(await json(['compute-image-mean', 'db'])).toMatchObject({
    count: 4,
    shape: [1, 3, 4, 5],
    channels: [expect.any(Number), expect.any(Number), expect.any(Number)],
  });
});

test('convert-imageset', async () => {
  const picture = sharp(new Uint8Array(6 * 4 * 3).fill(77), { raw: { width: 6, height: 4, channels: 3 } });
  await picture.png().toFile(at('one.png'));
  await writeFile(at('list.txt'), 'one.png 5\nnone.png 6\n');
  const options = ['--resize-height', '2', '--resize-width', '3', '--gray'];
  const shown = await text(['convert-imageset', '.', 'list.txt', 'images', ...options]);
  expect(shown).toContain(`1 images in ${at('images')}\n  left out: `);
  expect(shown).toContain('none.png');
  expect(await readDatabase(at('images'))).toMatchObject([{ key: '00000000_one.png', label: 5, channels: 1, height: 2, width: 3 }]);
});

test('upgrade', async () => {
  await writeFile(at('v1.prototxt'), 'layers { name: "ip" type: INNER_PRODUCT bottom: "data" top: "ip" }');
  expect(await text(['upgrade', 'net', 'v1.prototxt', 'v2.prototxt'])).toBe('v2.prototxt: upgraded from v1\n');
  expect(await json(['upgrade', 'net-binary', 'net.caffemodel', 'same.caffemodel'])).toEqual({ from: 'v2', output: 'same.caffemodel' });
  await writeFile(at('old.prototxt'), 'solver_type: NESTEROV');
  expect(await json(['upgrade', 'solver', 'old.prototxt', 'new.prototxt'])).toEqual({ upgraded: true, output: 'new.prototxt' });
  expect(await readFile(at('new.prototxt'), 'utf8')).toBe('type: "Nesterov"\n');
  expect(await json(['prototxt', 'upgrade', 'v1.prototxt'])).toMatchObject({
    from: 'v1',
    text: expect.stringContaining('type: "InnerProduct"'),
  });
  expect(await text(['draw', 'v1.prototxt'])).toContain('InnerProduct');
});

test('parse-log', async () => {
  const log = [
    'I0203 10:00:00.000000 1 solver.cpp:272] Solving net',
    'I0203 10:00:01.500000 1 solver.cpp:218] Iteration 0 (0 iter/s, 0s/1 iters), loss = 2',
    'I0203 10:00:01.500000 1 solver.cpp:237]     Train net output #0: loss = 2 (* 1 = 2 loss)',
    'I0203 10:00:01.500000 1 sgd_solver.cpp:105] Iteration 0, lr = 0.01',
  ];
  await writeFile(at('caffe.log'), log.join('\n'));
  expect(await text(['parse-log', 'caffe.log', 'tables', '--delimiter', ';'])).toBe('tables/caffe.log.train\n');
  expect(await namesIn(at('tables'))).toEqual(['caffe.log.train']);
  expect(await readFile(at('tables/caffe.log.train'), 'utf8')).toBe('NumIters;Seconds;LearningRate;loss\r\n0.0;1.5;nan;2.0\r\n');
  expect(await text(['parse-log', 'caffe.log'])).toMatch(
    /^Train\niteration +seconds +learning rate +loss\n +0 +1\.5 +nan +2\n\nTest\nnone\n$/,
  );
  expect(await json(['parse-log', 'caffe.log'])).toMatchObject({ train: [{ iteration: 0, seconds: 1.5, outputs: { loss: 2 } }], test: [] });
});

test('info', async () => {
  const info = await json(['info']);
  expect(info).toMatchObject({
    version: caffe.version,
    features: caffe.features,
    layerTypes: caffe.layerTypes,
    threads: expect.any(Number),
    node: process.versions.node,
  });
  const shown = await text(['info']);
  expect(shown).toContain(`Caffe ${caffe.version}\n`);
  expect(shown).toMatch(/^lmdb: yes$/m);
  expect(shown).toMatch(/^\d+ threads?$/m);
});

test('Ctrl-C ends a command that has nothing to finish, with 130', async () => {
  const running = start(['test', 'net.prototxt', 'net.caffemodel', '--iterations', '100000000'], { cwd: at() });
  await untilPrinted(running, /Batch 3,/);
  running.child.kill('SIGINT');
  expect(await running.finished).toMatchObject({ code: 130, signal: null, stderr: '' });
});

test('a reader that has seen enough ends a command quietly, and leaves nothing behind', async () => {
  const before = await namesIn(at());
  const running = start(['test', 'net.prototxt', 'net.caffemodel', '--iterations', '100000000'], { cwd: at() });
  await untilPrinted(running, /Batch 3,/);
  running.child.stdout?.destroy();
  expect(await running.finished).toMatchObject({ code: 141, signal: null, stderr: '' });
  expect(await namesIn(at())).toEqual(before);
});
