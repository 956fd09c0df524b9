import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { caffeNode } from '../support/command';
import { namesIn, temporaryFolder } from '../support/folders';
import { LINEAR, TINY } from '../support/networks';

const at = temporaryFolder();
const root = path.resolve(__dirname, '../..');
/** Makes loading the addon an error. */
const withoutAddon = { env: { NODE_OPTIONS: `--require ${path.join(root, 'test/children/without-addon.js')}` } };

const COMMANDS = [
  'dataset',
  'train',
  'classify',
  'deploy',
  'export',
  'solve',
  'test',
  'time',
  'extract-features',
  'compute-image-mean',
  'convert-imageset',
  'networks',
  'prototxt',
  'draw',
  'upgrade',
  'parse-log',
  'fetch',
  'info',
];

beforeAll(async () => {
  await writeFile(at('linear.prototxt'), LINEAR);
  await writeFile(at('broken.prototxt'), 'layer {\n  name: }');
});

describe('without the addon', () => {
  test('help, and the version', async () => {
    const { code, stdout, stderr } = await caffeNode(['--help'], withoutAddon);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const command of COMMANDS) expect(stdout).toMatch(new RegExp(`^ {2}${command} `, 'm'));
    const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
    expect(await caffeNode(['--version'], withoutAddon)).toMatchObject({ code: 0, stdout: `${version}\n` });
  });

  test.each(COMMANDS)('the help of %s', async (command) => {
    expect(await caffeNode([command, '--help'], withoutAddon)).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringContaining(`caffe-node ${command}`),
    });
  });

  test.each([
    ['no command', [], 'Usage:'],
    ['an unknown command', ['tain'], "unknown command 'tain'"],
    ['an unknown option', ['time', 'net', '--fast'], "unknown option '--fast'"],
    ['a missing argument', ['time'], "missing required argument 'network'"],
    ['a missing option', ['train', 'dataset', 'model'], "'--network <network>' not specified"],
    ['one argument too many', ['info', 'more'], 'too many arguments'],
    ['a count of 0', ['time', 'net', '--iterations', '0'], 'whole number from 1'],
    ['a count that is no number', ['test', 'net', 'weights', '--iterations', 'many'], 'whole number from 1'],
    ['a phase that does not exist', ['time', 'net', '--phase', 'deploy'], 'Allowed choices are train, test'],
    ['a list with gaps', ['test', 'net', 'a,,b'], 'divided by commas'],
    ['a size of three numbers', ['dataset', 'a', 'b', '--size', '1x2x3'], 'height and width'],
    ['a mean of words', ['train', 'a', 'b', '--network', 'c', '--mean', 'x,y'], 'image, pixel, none'],
    ['half a size', ['convert-imageset', 'a', 'b', 'c', '--resize-width', '3'], 'need each other'],
    ['snapshot and weights', ['solve', 'a', '--snapshot', 'b', '--weights', 'c'], 'exclude each other'],
    ['an input without a shape', ['prototxt', 'deploy', 'a', '--input', 'data'], 'data=1,3,227,227'],
    ['a snapshot that is none', ['deploy', 'a', 'b', '--snapshot', 'first'], 'best, last, or'],
  ])('%s is a mistake of usage', async (_, args, message) => {
    const { code, stdout, stderr } = await caffeNode(args, withoutAddon);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/^ {4}at /m);
  });

  test('prototxt and draw', async () => {
    const input = TINY;
    const retargeted = await caffeNode(['prototxt', 'retarget', '-', '--classes', '2', '--rename', 'fc=seals'], { ...withoutAddon, input });
    expect(retargeted).toMatchObject({ code: 0, stderr: 'fc → seals: 3 → 2 outputs\n' });
    expect(retargeted.stdout).toContain('name: "seals"');
    expect(retargeted.stdout).toContain('num_output: 2');

    expect(
      await caffeNode(['prototxt', 'freeze', '-', '--through', 'conv1', '--output', at('frozen.prototxt')], { ...withoutAddon, input }),
    ).toMatchObject({
      code: 0,
      stdout: `${at('frozen.prototxt')}\n`,
    });
    expect(await readFile(at('frozen.prototxt'), 'utf8')).toMatch(/conv1[^}]*lr_mult: 0/);

    const deployed = await caffeNode(['prototxt', 'deploy', '-', '--input', 'data=1,2,6,6'], { ...withoutAddon, input });
    expect(deployed.stdout).toContain('name: "prob"');
    const checked = await caffeNode(['prototxt', 'check', at('linear.prototxt')], withoutAddon);
    expect(checked).toMatchObject({
      code: 0,
      stdout: `${at('linear.prototxt')}: network 'linear', no mistakes found\n  test: 2 layers, 8 parameters, 6 multiply-adds, 52 B for a batch of 1\n`,
    });
    const solver = await caffeNode(['prototxt', 'check', '-'], {
      ...withoutAddon,
      input: 'net: "x" base_lr: 1 lr_policy: "fxed" max_iter: 9',
    });
    expect(solver).toMatchObject({
      code: 1,
      stderr: '',
      stdout: `-:1:21: error: It has lr_policy: "fxed", which Caffe does not have.
  1 | net: "x" base_lr: 1 lr_policy: "fxed" max_iter: 9
    |                     ^
  fix: Did you mean 'fixed'?
-: a solver, 1 error
`,
    });
    const broken = await caffeNode(['prototxt', 'check', '-', '--json', '--batch', '3'], { ...withoutAddon, input: `${input} layer {` });
    expect(broken).toMatchObject({ code: 1, stderr: '' });
    expect(JSON.parse(broken.stdout)).toMatchObject({ ok: false, findings: [{ code: 'syntax', severity: 'error' }] });
    const summary = await caffeNode(['prototxt', 'summary', '-', '--input', 'data=5,2,6,6'], { ...withoutAddon, input });
    expect(summary).toMatchObject({ code: 0, stderr: '' });
    expect(summary.stdout).toMatch(/^conv1 +Convolution +3\+1 4 +data → conv1 +5×4×6×6 +76 /m);

    expect((await caffeNode(['draw', at('linear.prototxt')], withoutAddon)).stdout).toMatch(/^digraph "linear" \{/);
    expect(await caffeNode(['draw', '-', at('net.svg'), '--rankdir', 'TB'], { ...withoutAddon, input })).toMatchObject({ code: 0 });
    expect(await readFile(at('net.svg'), 'utf8')).toMatch(/^<svg /);
    const sizes = await caffeNode(['draw', '-', '--sizes', '--input', 'data=5,2,6,6'], { ...withoutAddon, input });
    expect(sizes.stdout).toContain('label="conv1\\n5×4×6×6"');
  });
});

describe('a failure', () => {
  test('says what is wrong and what to do about it, without a stack', async () => {
    const missing = await caffeNode(['time', at('nowhere.prototxt')]);
    expect(missing).toEqual({
      code: 1,
      signal: null,
      stdout: '',
      stderr: `caffe-node: '${at('nowhere.prototxt')}' cannot be read: No such file or directory.\nCheck the path.\n`,
    });
  });

  test('is JSON for machines', async () => {
    const { code, stdout, stderr } = await caffeNode(['time', at('broken.prototxt'), '--json']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'ERR_CAFFE_PROTOTXT', file: at('broken.prototxt'), line: 2 } });
  });

  test.each([
    ['draw', ['draw', '/nonexistent/net.prototxt', 'OUT']],
    ['draw, broken', ['draw', 'broken.prototxt', 'OUT']],
    ['prototxt', ['prototxt', 'retarget', 'broken.prototxt', '--classes', '2', '--output', 'OUT']],
    ['prototxt upgrade', ['prototxt', 'upgrade', 'broken.prototxt', '--output', 'OUT']],
    ['prototxt check', ['prototxt', 'check', 'nowhere.prototxt']],
    ['prototxt summary', ['prototxt', 'summary', 'broken.prototxt']],
    ['upgrade', ['upgrade', 'net', 'broken.prototxt', 'OUT']],
    ['test', ['test', 'linear.prototxt', 'nowhere.caffemodel']],
    ['extract-features', ['extract-features', 'linear.prototxt', 'no.caffemodel', '--blobs', 'fc', '--outputs', 'OUT', '--batches', '1']],
    ['compute-image-mean', ['compute-image-mean', 'nowhere', 'OUT']],
    ['convert-imageset', ['convert-imageset', '.', 'nowhere.txt', 'OUT']],
    ['convert-imageset to LevelDB', ['convert-imageset', '.', 'linear.prototxt', 'OUT', '--backend', 'leveldb']],
    ['parse-log', ['parse-log', 'linear.prototxt', 'OUT']],
    ['solve', ['solve', 'broken.prototxt']],
    ['dataset', ['dataset', 'nowhere', 'OUT']],
    ['train', ['train', 'nowhere', 'OUT', '--network', 'small']],
    ['classify', ['classify', 'nowhere', 'cat.jpg']],
    ['deploy', ['deploy', 'nowhere', 'OUT']],
    ['fetch', ['fetch', 'nowhere', '--cache', 'OUT']],
  ])('of %s has exit code 1 and leaves nothing behind', async (_, args) => {
    const before = await namesIn(at());
    const { code, stdout, stderr } = await caffeNode(args, { cwd: at() });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^caffe-node: ./);
    expect(stderr).not.toMatch(/^ {4}at /m);
    expect(await namesIn(at())).toEqual(before);
  });
});
