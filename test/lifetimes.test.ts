import { runChild } from './support/child';

const run = (way: string) => runChild('lifetimes.js', way);

describe('a process that uses the addon ends in good order when it', () => {
  test.each([
    'returns without disposing anything',
    'returns while a view of a disposed net is kept',
    'terminates a worker in the middle of a run',
    'terminates workers that train, beside runs of its own',
    'runs in workers that end by themselves',
    'runs a worker that calls process.exit in the middle of a run',
    'runs a worker that throws in the middle of a run',
    'hands tensors to a worker and back',
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

  test('is ended by a signal in the middle of a run', async () => {
    expect(await run('kills itself by a signal in the middle of a run')).toEqual({ code: null, signal: 'SIGTERM', stdout: '', stderr: '' });
  });

  test('leaves a rejection unhandled in the middle of a run', async () => {
    const { code, signal, stderr } = await run('leaves a rejection unhandled in the middle of a run');
    expect({ code, signal }).toEqual({ code: 1, signal: null });
    expect(stderr).toContain('ERR_CAFFE_FATAL');
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
