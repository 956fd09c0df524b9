/** The fuzzers themselves, for a few seconds from a fixed seed; `npm run fuzz` runs them for as long as one likes. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';

const root = path.resolve(__dirname, '..');
const fuzz = (...args: string[]) => spawnSync(process.execPath, [path.join(root, 'fuzz'), ...args], { cwd: root, encoding: 'utf8' });

test('altered files and texts are refused or accepted, and the process computes on', () => {
  const { status, stdout, stderr } = fuzz('--target', 'api', '--seconds', '6', '--seed', '7');
  expect({ status, stdout: status === 0 ? '' : stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
  const [, executions, outcomes] = /^api: (\d+) inputs in \d+ s: (.*)$/m.exec(stdout) ?? [];
  expect(Number(executions)).toBeGreaterThan(0);
  expect(Object.keys(JSON.parse(outcomes ?? '{}'))).not.toContain('wrong');
});

test.each([
  [['--target', 'nothing'], 'There is no target nothing.'],
  [['--seconds', '0'], '--seconds takes an integer from 1.'],
  [['--fast', '1'], 'Unknown argument: --fast.'],
])('%j is refused', (args, message) => {
  const { status, stderr } = fuzz(...args);
  expect(status).toBe(2);
  expect(stderr).toContain(message);
});

const hasClang =
  spawnSync('clang++', ['-x', 'c++', '-fsanitize=fuzzer,address', '-', '-o', '/dev/null'], {
    input: 'extern "C" int LLVMFuzzerTestOneInput(const unsigned char*, unsigned long) { return 0; }',
  }).status === 0;
if (!hasClang) console.warn('clang++ with libFuzzer is absent: the fuzz targets in C++ are skipped.');

(hasClang ? test : test.skip)(
  'a parser in C++',
  () => {
    const { status, stdout, stderr } = fuzz('--target', 'hdf5', '--seconds', '3', '--seed', '7');
    expect({ status, stdout: status === 0 ? '' : stdout, stderr: status === 0 ? '' : stderr }).toEqual({
      status: 0,
      stdout: '',
      stderr: '',
    });
    expect(Number(/^hdf5: (\d+) inputs/m.exec(stdout)?.[1])).toBeGreaterThan(0);
  },
  300_000,
);
