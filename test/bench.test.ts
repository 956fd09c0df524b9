import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { temporaryFolder } from './support/folders';
import { sharedIsPresent } from './support/shared';

const at = temporaryFolder();
const bench = path.join(__dirname, '..', 'bench');

/** Runs the suite to its end, with no OpenCV to be found. */
function run(...args: string[]) {
  const env = { ...process.env, PYTHON: '/nowhere/python3' };
  const { status, stdout, stderr } = spawnSync(process.execPath, [bench, ...args], { encoding: 'utf8', env });
  return { status, stdout, stderr };
}

test('--help shows the usage', () => {
  const { status, stdout } = run('--help');
  expect(status).toBe(0);
  for (const option of ['--json', '--quick', '--nets', '--tasks', '--engines', '--batches', '--threads', '--rounds', '--seconds']) {
    expect(stdout).toContain(option);
  }
});

test.each([
  [['--speed', '9'], "'--speed'"],
  [['--nets', 'lenet'], '--nets takes squeezenet, alexnet, googlenet, small'],
  [['--nets', ''], '--nets takes'],
  [['--engines', 'onednn,tensorflow'], "found 'tensorflow'"],
  [['--tasks', 'sleep'], '--tasks takes'],
  [['--batches', '1,many'], '--batches is a whole number from 1'],
  [['--threads', '0'], '--threads is a whole number from 1'],
  [['--rounds', '1.5'], '--rounds is a whole number from 1'],
  [['--seconds=-1'], '--seconds is a number above 0'],
  [['small'], 'small'],
])('%j is a mistake of usage', (args, message) => {
  const { status, stderr } = run(...args);
  expect(status).toBe(2);
  expect(stderr).toContain(message);
  expect(stderr).toContain('Usage: npm run bench');
});

describe('the suite on the small network', () => {
  const file = () => at('bench.json');
  let report: {
    machine: object;
    skipped: { engine: string; reason: string }[];
    refused: object[];
    results: Record<string, string | number | object>[];
    ratios: { net: string; task: string; against: string; ratio: number }[];
  };

  beforeAll(() => {
    const { status, stdout, stderr } = run(
      ...['--nets', 'small', '--batches', '1,3', '--train-batch', '4', '--threads', '1', '--rounds', '2'],
      ...['--seconds', '0.01', '--json', file()],
    );
    expect({ status, stdout, stderr }).toMatchObject({ status: 0, stderr: '' });
    report = JSON.parse(readFileSync(file(), 'utf8'));
  }, 300_000);

  test('measures each task with each engine that is there', () => {
    const present = new Set(report.results.map(({ engine }) => engine));
    expect(present).toContain('caffe');
    for (const [task, batches] of Object.entries({ forward: [1, 3], train: sharedIsPresent ? [4, 4] : [4], load: [1] })) {
      const rows = report.results.filter((result) => result.task === task && result.engine === 'caffe');
      expect(rows.map(({ batch }) => batch)).toEqual(batches);
    }
    for (const result of report.results) {
      expect(result).toMatchObject({ net: 'small', threads: 1, rounds: 2, precision: expect.stringMatching(/^(f32|bf16)$/) });
      for (const figure of ['ms', 'min', 'max', 'peakMiB']) expect(result[figure]).toBeGreaterThan(0);
      expect(result.spread).toBeGreaterThanOrEqual(0);
    }
    expect(report.refused).toEqual([]);
  });

  (sharedIsPresent ? test : test.skip)('classifies photographs, beside decoding alone and the network alone', () => {
    const [row] = report.results.filter(({ task, engine }) => task === 'classify' && engine === 'caffe');
    expect(row).toMatchObject({ batch: 10 });
    for (const figure of ['ms', 'decodeMs', 'forwardMs', 'share']) expect(row?.[figure]).toBeGreaterThan(0);
  });

  test('skips what is not installed, by name', () => {
    expect(report.skipped).toContainEqual({ engine: 'opencv', reason: expect.stringContaining('python3-opencv') });
  });

  test('compares in pairs', () => {
    const engines = new Set(report.results.filter(({ task }) => task === 'forward').map(({ engine }) => engine));
    if (engines.size === 1) return;
    for (const { ratio } of report.ratios) expect(ratio).toBeGreaterThan(0);
    expect(report.ratios.length).toBeGreaterThan(0);
  });

  test('makes a picture and tables for the documentation', () => {
    mkdirSync(at('docs'));
    copyFileSync(path.join(__dirname, '../docs/performance.md'), at('docs/performance.md'));
    const { status, stderr } = spawnSync(process.execPath, [path.join(bench, 'report.js'), file(), at('docs')], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const page = readFileSync(at('docs/performance.md'), 'utf8');
    expect(page).toContain('![Images a second of each engine](performance.svg)');
    expect(page).toMatch(/\| Small, batch 3, 1 thread \|/);
    expect(page).not.toMatch(/undefined|NaN/);
    const picture = readFileSync(at('docs/performance.svg'), 'utf8');
    expect(picture).toMatch(/^<svg [^>]*viewBox/);
    expect(picture.match(/<rect /g)).toHaveLength(report.results.filter(({ task, batch }) => task === 'forward' && batch === 1).length);
  });
});

describe('outputs that differ', () => {
  const { compareOutputs } = require('../bench/suite/compare');
  const { writeFloats } = require('../bench/suite/floats');
  const compare = (expected: number[], actual: number[], job: object) => {
    writeFloats(at('expected'), expected);
    writeFloats(at('actual'), actual);
    return compareOutputs(at('expected'), at('actual'), job).reason;
  };
  const forward = { task: 'forward', precision: 'f32', batch: 1 };

  test.each([
    ['the same probabilities', [0.1, 0.2, 0.7], [0.1, 0.2, 0.7], forward, undefined],
    ['within the tolerance', [0.1, 0.2, 0.7], [0.10005, 0.2, 0.69995], forward, undefined],
    ['beyond it', [0.1, 0.2, 0.7], [0.101, 0.2, 0.699], forward, /probabilities differ by 0.00100/],
    ['bf16 may be further off', [0.1, 0.2, 0.7], [0.12, 0.2, 0.68], { ...forward, precision: 'bf16' }, undefined],
    ['another best class', [0.1, 0.2, 0.7], [0.1, 0.7, 0.2], { ...forward, precision: 'bf16' }, /another one/],
    ['scores are compared as probabilities', [10, 20, 30], [11, 21, 31], forward, undefined],
    ['NaN', [0.1, 0.2, 0.7], [Number.NaN, 0.2, 0.7], forward, /differ|another/],
    ['too few values', [0.1, 0.2, 0.7], [0.1, 0.2], forward, /2 values instead of 3/],
    ['the second item', [0.1, 0.9, 0.1, 0.9], [0.1, 0.9, 0.2, 0.8], { ...forward, batch: 2 }, /differ by 0.100/],
    ['a loss', [2, 0.5, 2, 0.5], [2, 0.5, 2.1, 0.5], { task: 'train', precision: 'f32', batch: 4 }, /differ by 0.0500/],
  ])('%s', (_, expected, actual, job, reason) => {
    const found = compare(expected, actual, job);
    if (reason) expect(found).toMatch(reason);
    else expect(found).toBeUndefined();
  });
});
