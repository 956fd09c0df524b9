/** The commands that transform prototxt files: texts from files and standard input, reports for people and machines. */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseNet } from '../../lib/prototxt';
import { caffeNode } from '../support/command';
import { temporaryFolder } from '../support/folders';
import { TINY } from '../support/networks';

const at = temporaryFolder();
const withoutAddon = path.resolve(__dirname, '../children/without-addon.js');

/** A command on standard input, with the addon out of reach. */
function run(args: string[], input = TINY) {
  return caffeNode(['prototxt', ...args], { cwd: at(), input, env: { NODE_OPTIONS: `--require ${withoutAddon}` } });
}

async function json(args: string[], input?: string) {
  const { code, stdout, stderr } = await run([...args, '--json'], input);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout);
}

describe('every operation', () => {
  test('writes the text to standard output and what it did to standard error', async () => {
    const { code, stdout, stderr } = await run(['retarget', '-', '--classes', '2']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'fc → fc_retrain: 3 → 2 outputs\n' });
    expect(stdout).toBe(TINY.replaceAll('"fc"', '"fc_retrain"').replace('num_output: 3', 'num_output: 2'));
  });

  test('writes a whole file where it is told to, which may be the one it reads', async () => {
    await writeFile(at('net.prototxt'), TINY);
    const { code, stdout } = await run(['retarget', 'net.prototxt', '--classes', '2', '--output', 'net.prototxt']);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'net.prototxt\n' });
    expect(await readFile(at('net.prototxt'), 'utf8')).toContain('num_output: 2');
    const again = await json(['retarget', 'net.prototxt', '--classes', '2', '--output', 'net.prototxt']);
    expect(again).toEqual({ output: 'net.prototxt', heads: [], removed: [] });
  });

  test('shows what is different where it is asked to', async () => {
    const shown = await run(['retarget', '-', '--classes', '2', '--diff']);
    expect(shown).toMatchObject({ code: 0, stderr: 'fc → fc_retrain: 3 → 2 outputs\n' });
    expect(shown.stdout).toMatch(/^--- a\/net\.prototxt\n\+\+\+ b\/net\.prototxt\n@@ /);
    expect(shown.stdout).toMatch(/^-layer \{ name: "fc" .*\n(-.*\n)*\+layer \{ name: "fc_retrain" /m);
    const both = await run(['retarget', '-', '--classes', '2', '--diff', '--output', 'both.prototxt']);
    expect(both.stdout).toContain('+++ b/both.prototxt');
    expect(await readFile(at('both.prototxt'), 'utf8')).toContain('"fc_retrain"');
    expect((await run(['retarget', 'both.prototxt', '--classes', '3', '--diff'])).stdout).toContain('--- a/both.prototxt');
    expect((await run(['retarget', '-', '--classes', '3', '--diff'])).stdout).toBe('');
    expect((await json(['retarget', '-', '--classes', '2', '--diff'])).diff).toContain('+++ b/net.prototxt');
  });

  test('names the file in an error, and leaves the output alone', async () => {
    await writeFile(at('kept.prototxt'), 'kept');
    const { code, stdout, stderr } = await run(['freeze', '-', '--layers', 'conv2', '--output', 'kept.prototxt']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toBe("caffe-node: 'standard input': Network 'tiny' has no layer 'conv2'.\nDid you mean 'conv1'?\n");
    expect(await readFile(at('kept.prototxt'), 'utf8')).toBe('kept');
  });

  test('takes nothing for a network without layers, and a solver for what it is', async () => {
    const empty = await run(['retarget', '-', '--classes', '2'], '');
    expect(empty).toMatchObject({ code: 1, stderr: expect.stringContaining('It has no layers.') });
    const solver = await run(['retarget', '-', '--classes', '2'], 'net: "a.prototxt"\n');
    expect(solver).toMatchObject({ code: 1, stderr: expect.stringContaining('Its network is a.prototxt.') });
  });
});

test('retarget', async () => {
  const { heads, text } = await json(['retarget', '-', '--classes', 'fc=5', '--learning-rate-factor', '10']);
  expect(heads).toEqual([{ from: 'fc', to: 'fc_retrain', outputs: [3, 5] }]);
  expect(text).toContain('param { lr_mult: 10 decay_mult: 1 }');
  expect((await json(['retarget', '-', '--classes', '2', '--keep-names'])).heads[0].to).toBe('fc');
  expect((await json(['retarget', '-', '--classes', '2', '--heads', 'conv1', '--keep-names', 'conv1'])).heads[0]).toMatchObject({
    to: 'conv1',
  });
  expect((await run(['retarget', '-', '--classes', '3'])).stderr).toBe('nothing to do: all heads fit\n');
});

test('freeze and unfreeze', async () => {
  const frozen = await run(['freeze', '-', '--layers', 'conv*,fc', '--except', 'fc']);
  expect(frozen).toMatchObject({ code: 0, stderr: 'conv1: 1/1, 1/1 → 0/0, 0/0\n' });
  expect((await run(['freeze', '-', '--types', 'Convolution'], frozen.stdout)).stderr).toBe('nothing to do: frozen already: conv1\n');
  const thawed = await run(['unfreeze', '-', '--multipliers', '0.5/1,1/0'], frozen.stdout);
  expect(thawed).toMatchObject({ code: 0, stderr: 'conv1: 0/0, 0/0 → 0.5/1, 1/0\n' });
  expect((await run(['unfreeze', '-', '--through', 'pool1'], thawed.stdout)).stderr).toBe('nothing to do: none of the layers is frozen\n');
});

test('train-val, deploy and select', async () => {
  const made = await run([
    'train-val',
    '-',
    '--train',
    'a',
    '--validation',
    'b',
    '--batch-size',
    '4',
    '--mean-values',
    '1.5,2',
    '--mirror',
  ]);
  expect(made).toMatchObject({ code: 0, stderr: 'data: data, labels: label, in the place of data, label\nremoved: label\n' });
  expect(made.stdout).toMatch(
    /phase: TRAIN[^}]*\}\s*transform_param \{\s*mirror: true\s*mean_value: 1.5\s*mean_value: 2\s*\}\s*data_param \{\s*source: "a"\s*batch_size: 4/,
  );
  const back = await run(['deploy', '-', '--input', 'data=1,2,6,6'], made.stdout);
  expect(back).toMatchObject({
    code: 0,
    stderr: 'input data: 1×2×6×6 (given)\nadded: prob (Softmax), in the place of loss\nremoved: loss\noutputs: prob\n',
  });
  expect((await json(['deploy', '-'])).inputs).toEqual([{ blob: 'data', shape: [8, 2, 6, 6], from: "Input layer 'data'" }]);
  const sized = await run(['deploy', '-'], made.stdout);
  expect(sized).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('does not say its size') });
  const train = await run(['select', '-', '--phase', 'train'], made.stdout);
  expect(train).toMatchObject({ code: 0, stderr: 'removed: data\n' });
  expect(train.stdout).not.toContain('include');
  expect((await json(['select', '-', '--phase', 'test', '--stage', 'x,y', '--level', '-1', '--keep-rules'])).removed).toEqual([]);
});

test.each([
  [
    'mean values that are words',
    ['train-val', '-', '--train', 'a', '--validation', 'b', '--mean-values', 'blue'],
    'numbers divided by commas',
  ],
  ['a state without a phase', ['select', '-', '--stage', 'val'], "'--phase <phase>' not specified"],
  ['numbers that are none', ['retarget', '-', '--classes', 'fc=many'], 'whole number from 1'],
  ['pairs that are none', ['retarget', '-', '--classes', '2', '--rename', 'fc'], 'list of pairs'],
  ['multipliers that are no pairs', ['unfreeze', '-', '--multipliers', '1,2'], 'pairs of lr_mult and decay_mult'],
])('%s are a mistake of usage', async (_, args, message) => {
  expect(await run(args)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(message) });
});

describe('JSON', () => {
  const SSD = 'layer { type: "PriorBox" prior_box_param { min_size: 30 code_type: CENTER_SIZE } }';

  test('there and back', async () => {
    const there = await run(['to-json', '-'], TINY);
    expect(there).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(there.stdout)).toEqual(parseNet(TINY));
    const back = await run(['from-json', '-'], there.stdout);
    expect(back).toMatchObject({ code: 0, stderr: '' });
    expect(await json(['to-json', '-'], back.stdout)).toEqual(JSON.parse(there.stdout));
  });

  test('of solvers, and to a file', async () => {
    const { stdout } = await run(['from-json', '-', '--solver', '--output', 'solver.prototxt'], '{ "base_lr": 0.1, "solver_mode": "CPU" }');
    expect(stdout).toBe('solver.prototxt\n');
    expect(await readFile(at('solver.prototxt'), 'utf8')).toBe('base_lr: 0.1\nsolver_mode: CPU\n');
    expect(await json(['to-json', 'solver.prototxt', '--solver'])).toEqual({ base_lr: 0.1, solver_mode: 'CPU' });
  });

  test('with the fields of other Caffes where they are asked for', async () => {
    expect(await run(['to-json', '-'], SSD)).toMatchObject({ code: 1, stderr: expect.stringContaining('It belongs to the SSD branch') });
    const kept = await run(['to-json', '-', '--keep-unknown'], SSD);
    const box = { min_size: 30, code_type: { $enum: 'CENTER_SIZE' } };
    expect(JSON.parse(kept.stdout)).toEqual({ layer: [{ type: 'PriorBox', prior_box_param: box }] });
    const { stdout } = await run(['from-json', '-', '--keep-unknown'], kept.stdout);
    expect(stdout).toContain('code_type: CENTER_SIZE\n');
  });

  test.each([
    [['to-json', '-', '--solver'], 'base_lr: inf', "JSON has no number for 'base_lr': Infinity."],
    [['from-json', '-'], '{ name: 1 }', 'It is no JSON'],
    [['from-json', '-'], '{ "name": 1 }', "'net.name' takes a string; found 1."],
    [['from-json', '-'], '', 'It is no JSON'],
    [['to-json', '-'], 'layer {', 'expected a field name'],
  ])('%p of %j', async (args, input, message) => {
    expect(await run(args, input)).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining(message) });
  });
});
