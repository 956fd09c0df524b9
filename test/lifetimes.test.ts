import { spawn } from 'node:child_process';
import path from 'node:path';

interface Outcome {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

function run(way: string): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [path.join(__dirname, 'children/lifetimes.js'), way], { stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (data) => {
      stdout += data;
    });
    child.stderr.on('data', (data) => {
      stderr += data;
    });
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}

describe('a process that uses the addon ends in good order when it', () => {
  test.each([
    'returns without disposing anything',
    'returns while a view of a disposed net is kept',
    'terminates a worker in the middle of a run',
    'runs in workers that end by themselves',
    'spawns processes during runs',
  ])('%s', async (way) => {
    expect(await run(way)).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
  });

  test('calls process.exit in the middle of a run', async () => {
    expect(await run('calls process.exit in the middle of a run')).toMatchObject({ code: 7, signal: null, stderr: '' });
  });

  test('throws in the middle of a run', async () => {
    const { code, signal, stderr } = await run('throws in the middle of a run');
    expect({ code, signal }).toEqual({ code: 1, signal: null });
    expect(stderr).toContain('thrown on purpose');
    expect(stderr).not.toMatch(/terminate|core dumped|FATAL ERROR/);
  });

  test('aborts a run', async () => {
    const { code, stdout } = await run('aborts a run');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ERR_CAFFE_ABORTED/);
  });

  test('trains with an absurd learning rate', async () => {
    expect(await run('leaves a training diverging')).toMatchObject({ code: 0, signal: null, stdout: 'ERR_CAFFE_DIVERGED\n' });
  });
});
