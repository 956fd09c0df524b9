import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as networks from '../../lib/networks';
import { caffeNode } from '../support/command';
import { namesIn, temporaryFolder } from '../support/folders';

const at = temporaryFolder();
const FILES = ['deploy.prototxt', 'solver.prototxt', 'train_val.prototxt'];
/** Makes loading the addon an error. */
const withoutAddon = {
  env: { NODE_OPTIONS: `--require ${path.resolve(__dirname, '../children/without-addon.js')}` },
};

test('the list, for people and for machines', async () => {
  const { code, stdout } = await caffeNode(['networks'], withoutAddon);
  expect(code).toBe(0);
  const lines = stdout.trim().split('\n');
  expect(lines).toHaveLength(networks.list().length + 1);
  expect(lines.find((line) => line.startsWith('vgg-16'))).toMatch(/^vgg-16 +2014 +138 M +15470 M +3×224×224 +1000 +VGG-16$/);
  const listed = await caffeNode(['networks', 'list', '--json'], withoutAddon);
  expect(JSON.parse(listed.stdout)).toEqual(JSON.parse(JSON.stringify(networks.list())));
});

test('three files, by default in a folder of the name of the network', async () => {
  const { code, stdout } = await caffeNode(['networks', 'get', 'lenet'], { ...withoutAddon, cwd: at() });
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: ['train_val', 'deploy', 'solver'].map((name) => `lenet/${name}.prototxt\n`).join(''),
  });
  expect(await namesIn(at('lenet'))).toEqual(FILES);
  expect(await readFile(at('lenet/train_val.prototxt'), 'utf8')).toBe(networks.get('lenet').trainVal);
});

test('the choices', async () => {
  const choices = ['--classes', '5', '--size', '48x64', '--channels', '1', '--batch-size', '8'];
  const { stdout } = await caffeNode(['networks', 'get', 'squeezenet', ...choices, '--output', at('mine'), '--json'], withoutAddon);
  expect(JSON.parse(stdout)).toEqual({
    name: 'squeezenet',
    files: ['train_val', 'deploy', 'solver'].map((name) => at(`mine/${name}.prototxt`)),
  });
  const { trainVal, deploy, solver } = networks.get('squeezenet', { classes: 5, size: [48, 64], channels: 1, batchSize: 8 });
  expect(await readFile(at('mine/train_val.prototxt'), 'utf8')).toBe(trainVal);
  expect(await readFile(at('mine/deploy.prototxt'), 'utf8')).toBe(deploy);
  expect(await readFile(at('mine/solver.prototxt'), 'utf8')).toBe(solver);
});

test('files that are there stay as they are, unless they are to be replaced', async () => {
  const get = (...more: string[]) => caffeNode(['networks', 'get', 'small', '--output', at('kept'), ...more], withoutAddon);
  await get();
  await writeFile(at('kept/solver.prototxt'), 'base_lr: 1');
  expect(await get('--classes', '2')).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('add --overwrite') });
  expect(await readFile(at('kept/solver.prototxt'), 'utf8')).toBe('base_lr: 1');
  expect(await get('--classes', '2', '--overwrite')).toMatchObject({ code: 0 });
  expect(await readFile(at('kept/solver.prototxt'), 'utf8')).toBe(networks.get('small').solver);
});

test.each([
  ['a name that there is not', ['get', 'alexnte'], 1, "Did you mean 'alexnet'?"],
  ['pictures that are too small', ['get', 'googlenet', '--size', '32'], 1, 'at least 47×47, not of 32×32'],
  ['no classes', ['get', 'lenet', '--classes', '0'], 2, 'whole number from 1'],
  ['no name', ['get'], 2, "missing required argument 'name'"],
])('%s', async (_, args, code, message) => {
  const result = await caffeNode(['networks', ...args], { ...withoutAddon, cwd: at() });
  expect(result).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(message) });
});
