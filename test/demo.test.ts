import { spawnSync } from 'node:child_process';
import path from 'node:path';

const demo = path.join(__dirname, '..', 'scripts', 'demo');

/** Runs the demo to its end; only what ends before anything is loaded. */
function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [demo, ...args], { encoding: 'utf8' });
  return { status, stdout, stderr };
}

test('--help shows the usage', () => {
  const { status, stdout } = run('--help');
  expect(status).toBe(0);
  for (const option of ['--data', '--network', '--weights', '--samples', '--output', '--epochs', '--learning-rate', '--json']) {
    expect(stdout).toContain(option);
  }
});

test.each([
  [['--colour', 'red'], "'--colour'"],
  [['--epochs', 'many'], '--epochs is a number above 0'],
  [['--epochs', '0'], '--epochs is a number above 0'],
  [['--learning-rate', '-1'], '--learning-rate'],
  [['--data', 'pictures'], '--data needs --network, --weights, --samples'],
  [['pictures'], 'pictures'],
])('%j is a mistake of usage', (args, message) => {
  const { status, stderr } = run(...args);
  expect(status).toBe(2);
  expect(stderr).toContain(message);
  expect(stderr).toContain('Usage: npm run demo');
});
