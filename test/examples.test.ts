import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { io } from '../lib';
import { temporaryFolder } from './support/folders';
import { describeShared, golden, shared } from './support/shared';

const at = temporaryFolder();
const root = path.join(__dirname, '..');
/** Inside the checkout, so that 'caffe-node' means this package as it is built. */
const folder = path.join(root, 'build/compiled-examples');

const run = (...args: string[]) =>
  spawnSync(process.execPath, args, { encoding: 'utf8', env: { ...process.env, OMP_WAIT_POLICY: 'passive' } });

beforeAll(() => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const settings = {
    extends: '../../tsconfig.json',
    compilerOptions: { rootDir: '../../examples', outDir: '.', declaration: false, sourceMap: false },
    include: ['../../examples'],
  };
  writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify(settings));
  const { stdout, stderr, status } = run(path.join(root, 'node_modules/typescript/bin/tsc'), '-p', folder);
  expect({ text: stdout + stderr, status }).toEqual({ text: '', status: 0 });
});

describeShared("pycaffe's classification script", () => {
  test('finds the foxes in the cat, as pycaffe does', async () => {
    const [cat] = golden<{ top5: number[]; top5_probability: number[] }[]>('squeezenet.json');
    const pixels = 256 * 256;
    const mean = Float32Array.from({ length: 3 * pixels }, (_, i) => [104, 117, 123][Math.floor(i / pixels)] as number);
    writeFileSync(at('mean.binaryproto'), await io.arrayToBlobproto({ shape: [1, 3, 256, 256], data: mean }));
    const names = Array.from({ length: 1000 }, (_, i) => `n${String(i).padStart(8, '0')} class ${i}`);
    writeFileSync(at('labels.txt'), `${names.join('\n')}\n`);

    const models = path.join(shared, 'models/squeezenet');
    const { stdout, stderr, status } = run(
      path.join(folder, 'pycaffe-classification.js'),
      path.join(models, 'SqueezeNet_deploy.prototxt'),
      path.join(models, 'squeezenet.caffemodel'),
      at('mean.binaryproto'),
      at('labels.txt'),
      path.join(shared, 'datasets/images/cat.jpg'),
    );
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    const lines = stdout.trim().split('\n');
    expect(lines.map((line) => line.slice(line.indexOf(' ') + 1))).toEqual(cat?.top5.map((index) => names[index]));
    for (const [i, line] of lines.entries()) expect(Number.parseFloat(line)).toBeCloseTo(cat?.top5_probability[i] ?? 0, 3);
  });
});
