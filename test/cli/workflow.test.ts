import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { openDataset } from '../../lib/dataset';
import { openModel } from '../../lib/model';
import { caffeNode, start, untilPrinted } from '../support/command';
import { namesIn, temporaryFolder } from '../support/folders';
import { picture, TINY_NETWORK } from '../support/training';

const at = temporaryFolder();
const SETTINGS = ['--network', 'network.prototxt', '--learning-rate', '0.05', '--seed', '1'];

beforeAll(async () => {
  for (const colour of ['blue', 'red']) {
    for (let number = 0; number < 12; number++) await picture(at('pictures', colour, `${number}.png`), colour, number);
  }
  await picture(at('sample.png'), 'red', 99);
  await writeFile(at('network.prototxt'), TINY_NETWORK);
});

const run = (args: string[]) => caffeNode(args, { cwd: at() });

test('dataset, train, deploy and classify', async () => {
  const made = await run(['dataset', 'pictures', 'dataset', '--size', '16']);
  expect(made).toMatchObject({ code: 0, stderr: '' });
  expect(made.stdout).toBe(`${at('dataset')}: 18 images to train, 6 to validate, 0 to test\n2 classes: blue, red\n`);
  expect(await openDataset(at('dataset'))).toMatchObject({ size: [16, 16], labels: ['blue', 'red'] });

  const trained = await run(['train', 'dataset', 'model', ...SETTINGS, '--epochs', '4']);
  expect(trained).toMatchObject({ code: 0, stderr: '' });
  expect(trained.stdout).toMatch(/^18 images, batches of 8: \d+ iterations for 4 epochs$/m);
  expect(trained.stdout).toMatch(/^epoch +4\.0: [\d.]+ % right, loss [\d.e-]+$/m);
  expect(trained.stdout).toMatch(/The model is in .*model; best snapshot: iteration \d+\n$/);
  expect((await openModel(at('model'))).labels).toEqual(['blue', 'red']);

  const packed = await run(['deploy', 'model', 'model.tar.gz', '--json']);
  const archive = JSON.parse(packed.stdout);
  expect(archive).toMatchObject({ path: at('model.tar.gz'), files: expect.arrayContaining(['deploy.prototxt', 'labels.txt']) });

  const shown = await run(['classify', 'model.tar.gz', 'sample.png', path.join('pictures', 'blue', '1.png'), '--top', '1']);
  expect(shown).toMatchObject({ code: 0, stderr: '' });
  expect(shown.stdout).toMatch(/^sample\.png\n +[\d.]+ % {2}red\npictures\/blue\/1\.png\n +[\d.]+ % {2}blue\n$/);
  const { stdout } = await run(['classify', 'model', 'sample.png', '--engine', 'caffe', '--json']);
  expect(JSON.parse(stdout)).toMatchObject({
    image: 'sample.png',
    predictions: [
      { label: 'red', index: 1 },
      { label: 'blue', index: 0 },
    ],
  });

  // More than are classified at a time, in their order.
  const names = Array.from({ length: 45 }, (_, index) => (index % 3 === 0 ? path.join('pictures', 'blue', '1.png') : 'sample.png'));
  const many = await run(['classify', 'model', ...names, '--top', '1', '--json']);
  const lines = many.stdout.trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line).predictions[0].label)).toEqual(names.map((name) => (name === 'sample.png' ? 'red' : 'blue')));

  const missing = await run(['classify', 'model', 'nowhere.png']);
  expect(missing).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining("'nowhere.png'") });
  expect(await run(['dataset', 'pictures', 'dataset'])).toMatchObject({ code: 1, stderr: expect.stringContaining('exists already') });
});

test('trains with the engine that is asked for', async () => {
  const trained = await run([
    'train',
    'dataset',
    'in-caffe',
    ...SETTINGS,
    '--epochs',
    '1',
    '--engine',
    'caffe',
    '--precision',
    'f32',
    '--json',
  ]);
  expect(trained).toMatchObject({ code: 0, stderr: '' });
  const engines = trained.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .flatMap((event) => (event.type === 'iteration' ? [event.engine] : []));
  expect(new Set(engines)).toEqual(new Set(['caffe']));
  const refused = await run(['train', 'dataset', 'refused', ...SETTINGS, '--engine', 'caffe', '--precision', 'bf16']);
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("'bf16' is the fast engine's") });
});

test('Ctrl-C in the middle of a training leaves its last snapshot', async () => {
  const running = start(['train', 'dataset', 'interrupted', ...SETTINGS, '--epochs', '100000', '--json'], { cwd: at() });
  await untilPrinted(running, /"iteration":6,/);
  running.child.kill('SIGINT');
  expect(await running.finished).toMatchObject({ code: 130, signal: null, stderr: '' });
  const { best } = await openModel(at('interrupted'));
  expect(existsSync(best.path)).toBe(true);
});

test('Ctrl-C in the middle of a dataset leaves nothing', async () => {
  const many = 400;
  for (let number = 0; number < many; number++) await picture(at('many', number % 2 ? 'a' : 'b', `${number}.png`), 'red', number);
  const before = await namesIn(at());
  const running = start(['dataset', 'many', 'unfinished', '--size', '2000'], { cwd: at() });
  while (!(await namesIn(at())).some((name) => name.startsWith('.unfinished'))) await new Promise(setImmediate);
  running.child.kill('SIGINT');
  expect(await running.finished).toMatchObject({ code: 130, signal: null, stdout: '' });
  expect(await namesIn(at())).toEqual(before);
});

// util-linux's `script` gives a command a terminal.
const hasTerminal = spawnSync('script', ['--version']).status === 0;
(hasTerminal ? test : test.skip)('shows bars on a terminal', () => {
  const command = path.resolve(__dirname, '../../dist/cli/index.js');
  const line = `'${process.execPath}' '${command}' dataset pictures shown --size 16`;
  const { stdout } = spawnSync('script', ['-qec', line, '/dev/null'], { cwd: at(), encoding: 'utf8', timeout: 60_000 });
  expect(stdout).toContain('░');
  expect(stdout).toContain('0/18');
  expect(stdout).toContain('18 images to train, 6 to validate, 0 to test');
});
