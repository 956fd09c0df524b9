import { writeFile } from 'node:fs/promises';
import { openSolver } from '../../lib/tools';
import { failureOf } from '../support/failure';
import { temporaryFolder } from '../support/folders';
import { TINY } from '../support/networks';

const at = temporaryFolder();
const NET = TINY.replace('name: "relu1"', 'name: "relu1" include { stage: "wet" min_level: 2 }');

beforeAll(async () => {
  await writeFile(at('net.prototxt'), NET);
  const settings = `net: "${at('net.prototxt')}" base_lr: 0.01 lr_policy: "fixed" max_iter: 3`;
  await writeFile(at('solver.prototxt'), settings);
  await writeFile(at('staged.prototxt'), `${settings} train_state { level: 2 stage: "dry" }`);
  await writeFile(at('weighted.prototxt'), `${settings} weights: "${at('nowhere.caffemodel')}"`);
  await writeFile(at('wrong.prototxt'), 'base_lr: fast');
});

const layersOf = async (name: string, options?: Parameters<typeof openSolver>[1]) => {
  const solver = await openSolver(at(name), options);
  const names = solver.net.layers.map((layer) => layer.name);
  await solver.dispose();
  return names;
};

describe('openSolver', () => {
  test('level and stages go to the train net, beside what the file says', async () => {
    expect(await layersOf('solver.prototxt')).not.toContain('relu1');
    expect(await layersOf('solver.prototxt', { stages: ['wet'] })).not.toContain('relu1');
    expect(await layersOf('solver.prototxt', { level: 2, stages: ['wet'] })).toContain('relu1');
    expect(await layersOf('staged.prototxt', { stages: ['wet'] })).toContain('relu1');
    expect(await layersOf('staged.prototxt', { level: 1, stages: ['wet'] })).not.toContain('relu1');
  });

  test('weights take the place of those in the file; snapshots keep the name of the file', async () => {
    const first = await openSolver(at('solver.prototxt'), { stages: ['dry'] });
    const { model } = await first.snapshot();
    expect(model).toBe(at('solver_iter_0.caffemodel'));
    const second = await openSolver(at('weighted.prototxt'), { weights: model });
    expect(second.net.params.fc?.[0]?.data).toEqual(first.net.params.fc?.[0]?.data);
    await Promise.all([first.dispose(), second.dispose()]);
    expect(await failureOf(openSolver(at('weighted.prototxt')))).toMatchObject({ code: 'ERR_CAFFE_FILE' });
  });

  test('the engine is that of the iterations, and refused where it is none', async () => {
    for (const options of [{}, { level: 1 }]) {
      const solver = await openSolver(at('solver.prototxt'), { engine: 'caffe', ...options });
      expect(solver.net.engine).toMatchObject({ name: 'caffe', reason: expect.stringContaining("'caffe'") });
      await solver.dispose();
      expect(await failureOf(openSolver(at('solver.prototxt'), { engine: 'caffe', precision: 'bf16', ...options }))).toMatchObject({
        code: 'ERR_CAFFE_INPUT',
      });
    }
  });

  test.each([
    ['a file that is not there', 'nowhere.prototxt', 'ERR_CAFFE_FILE'],
    ['a file that is no solver', 'wrong.prototxt', 'ERR_CAFFE_PROTOTXT'],
  ])('refuses %s, with and without options', async (_, name, code) => {
    for (const options of [{}, { level: 1 }]) {
      expect(await failureOf(openSolver(at(name), options))).toMatchObject({ code, file: at(name) });
    }
  });
});
