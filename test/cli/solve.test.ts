import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { parseLog } from '../../lib/tools';
import { caffeNode, start, untilPrinted } from '../support/command';
import { namesIn, temporaryFolder } from '../support/folders';
import { TINY } from '../support/networks';

const at = temporaryFolder();

/** TINY with data of its own. */
const NET = TINY.replace(
  'type: "Input" top: "data" input_param { shape { dim: 8 dim: 2 dim: 6 dim: 6 } }',
  'type: "DummyData" top: "data" dummy_data_param { shape { dim: 8 dim: 2 dim: 6 dim: 6 } data_filler { type: "gaussian" std: 1 } }',
).replace(
  'type: "Input" top: "label" input_param { shape { dim: 8 } }',
  'type: "DummyData" top: "label" dummy_data_param { shape { dim: 8 } data_filler { type: "constant" value: 1 } }',
);
const ENDLESS = 100_000_000;

beforeAll(async () => {
  await writeFile(at('net.prototxt'), NET);
  await writeFile(at('staged.prototxt'), NET.replace('name: "relu1"', 'name: "relu1" include { stage: "wet" min_level: 2 }'));
});

async function solver(name: string, iterations: number, settings = 'display: 1', net = 'net.prototxt'): Promise<string> {
  const text = `net: "${net}" base_lr: 0.01 lr_policy: "fixed" max_iter: ${iterations} random_seed: 1 snapshot_prefix: "${name}" ${settings}`;
  await writeFile(at(`${name}.prototxt`), text);
  return `${name}.prototxt`;
}

const run = (args: string[]) => caffeNode(args, { cwd: at() });
const eventsIn = (stdout: string) =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('solve', () => {
  test('trains to max_iter, with lines at the display interval, and a snapshot', async () => {
    const { code, stdout, stderr } = await run(['solve', await solver('plain', 5, 'display: 2')]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.match(/^iteration \d+/gm)).toEqual(['iteration 1', 'iteration 3', 'iteration 5']);
    expect(stdout).toMatch(
      /^snapshot: plain_iter_5\.caffemodel, plain_iter_5\.solverstate\nfinished after 5 iterations, loss [\d.e-]+\n$/m,
    );
    expect(existsSync(at('plain_iter_5.solverstate'))).toBe(true);
  });

  test('writes events for machines', async () => {
    const { stdout } = await run(['solve', await solver('machine', 3), '--json']);
    const events = eventsIn(stdout);
    expect(events.filter(({ type }) => type === 'iteration').map(({ iteration }) => iteration)).toEqual([1, 2, 3]);
    expect(events[0]).toMatchObject({ learningRate: expect.closeTo(0.01), outputs: { loss: { shape: [], data: [expect.any(Number)] } } });
    expect(events.at(-1)).toMatchObject({
      type: 'end',
      reason: 'finished',
      iteration: 3,
      snapshot: { model: 'machine_iter_3.caffemodel' },
    });
  });

  test('goes on from a snapshot, and starts from weights', async () => {
    await run(['solve', await solver('first', 4)]);
    const longer = await solver('longer', 6);
    const resumed = eventsIn((await run(['solve', longer, '--snapshot', 'first_iter_4.solverstate', '--json'])).stdout);
    const straight = eventsIn((await run(['solve', await solver('straight', 6), '--json'])).stdout);
    expect(resumed.filter(({ type }) => type === 'iteration').map(({ iteration }) => iteration)).toEqual([5, 6]);
    expect(resumed.at(-1).loss).toBe(straight.at(-1).loss);

    // Weights of the command line take the place of those in the file, which are not there.
    const weighted = await solver('weighted', 1, 'weights: "nowhere.caffemodel"');
    const [started] = eventsIn((await run(['solve', weighted, '--weights', 'straight_iter_6.caffemodel', '--json'])).stdout);
    const [fresh] = straight;
    expect(started.loss).toBeLessThan(fresh.loss);
    expect((await run(['solve', weighted])).code).toBe(1);
  });

  test('level and stages choose layers', async () => {
    const file = await solver('leveled', 1, '', 'staged.prototxt');
    const lossWith = async (...args: string[]) => eventsIn((await run(['solve', file, '--json', ...args])).stdout)[0].loss;
    const [without, level, both] = [await lossWith(), await lossWith('--stage', 'wet'), await lossWith('--stage', 'wet', '--level', '2')];
    expect(level).toBe(without);
    expect(both).not.toBe(without);
  });

  test("writes Caffe's own log", async () => {
    const { code, stdout, stderr } = await run(['solve', await solver('logged', 5, 'display: 2'), '--log', 'caffe']);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    const { train } = await parseLog(stderr);
    expect(train.map(({ iteration }) => iteration)).toEqual([0, 2, 4]);
    expect(stderr).toContain('Optimization Done.');
  });

  test('tells of tests, snapshots, and debug information; and logs the first two as Caffe does', async () => {
    const settings = 'display: 1 test_iter: 2 test_interval: 2 snapshot: 2 test_compute_loss: true debug_info: true';
    const { code, stdout } = await run(['solve', await solver('tested', 4, settings)]);
    expect(code).toBe(0);
    expect(stdout.match(/^(iteration \d+(, test net \d)?|snapshot|finished|debug)/gm)?.filter((line) => line !== 'debug')).toEqual([
      'iteration 0, test net 0',
      'iteration 1',
      'snapshot',
      'iteration 2',
      'iteration 2, test net 0',
      'iteration 3',
      'snapshot',
      'iteration 4',
      'iteration 4, test net 0',
      'finished',
    ]);
    expect(stdout).toMatch(/^iteration 4, test net 0: loss = [\d.e-]+$/m);
    expect(stdout).toMatch(/^debug: iteration \d, \d+ entries, data \(.*\), diff \(.*\)$/m);

    const { stderr } = await run(['solve', 'tested.prototxt', '--log', 'caffe']);
    const { train, test } = await parseLog(stderr);
    expect(train.map(({ iteration }) => iteration)).toEqual([0, 1, 2, 3]);
    expect(test.map(({ iteration }) => iteration)).toEqual([0, 2, 4]);
    expect(stderr.match(/Test loss: /g)).toHaveLength(3);
    expect(stderr.match(/Snapshotting solver state to binary proto file tested_iter_\d\.solverstate/g)).toHaveLength(2);
  });

  test('Ctrl-C finishes the iteration and leaves a snapshot to go on from', async () => {
    const running = start(['solve', await solver('broken-off', ENDLESS), '--json'], { cwd: at() });
    await untilPrinted(running, /"iteration":3,/);
    running.child.kill('SIGINT');
    const { code, signal, stdout, stderr } = await running.finished;
    expect({ code, signal, stderr }).toEqual({ code: 130, signal: null, stderr: '' });
    const end = eventsIn(stdout).at(-1);
    expect(end).toMatchObject({ type: 'end', reason: 'stopped' });
    expect((await namesIn(at())).filter((name) => name.includes('tmp'))).toEqual([]);

    const last = await solver('goes-on', end.iteration + 2);
    const resumed = eventsIn((await run(['solve', last, '--snapshot', end.snapshot.state, '--json'])).stdout);
    expect(resumed.at(-1)).toMatchObject({ reason: 'finished', iteration: end.iteration + 2 });
  });

  test('SIGTERM does the same, with 143', async () => {
    const running = start(['solve', await solver('terminated', ENDLESS)], { cwd: at() });
    await untilPrinted(running, /iteration 2:/);
    running.child.kill('SIGTERM');
    const { code, stdout } = await running.finished;
    expect(code).toBe(143);
    const [, state = ''] = /snapshot: \S+, (\S+)\n$/.exec(stdout) ?? [];
    expect(existsSync(at(state))).toBe(true);
  });

  test('SIGHUP writes a snapshot and goes on; other effects can be chosen', async () => {
    const running = start(['solve', await solver('hung-up', ENDLESS)], { cwd: at() });
    await untilPrinted(running, /iteration 2:/);
    running.child.kill('SIGHUP');
    await untilPrinted(running, /snapshot: hung-up_iter_\d+\.caffemodel/);
    const [, iteration = ''] = /snapshot: hung-up_iter_(\d+)/.exec(running.printed.stdout) ?? [];
    await untilPrinted(running, new RegExp(`iteration ${Number(iteration) + 5}:`));
    running.child.kill('SIGINT');
    expect((await running.finished).code).toBe(130);
    expect(existsSync(at(`hung-up_iter_${iteration}.solverstate`))).toBe(true);

    const effects = ['--sigint-effect', 'snapshot', '--sighup-effect', 'stop'];
    const other = start(['solve', await solver('effects', ENDLESS), ...effects], { cwd: at() });
    await untilPrinted(other, /iteration 2:/);
    other.child.kill('SIGINT');
    await untilPrinted(other, /snapshot: effects_iter_/);
    other.child.kill('SIGHUP');
    expect((await other.finished).stdout).toContain('stopped after');
  });

  test('a reader that has seen enough (| head) ends it with a snapshot, quietly', async () => {
    const running = start(['solve', await solver('head', ENDLESS)], { cwd: at() });
    await untilPrinted(running, /iteration 2:/);
    running.child.stdout?.destroy();
    expect(await running.finished).toMatchObject({ code: 141, signal: null, stderr: '' });
    expect((await namesIn(at())).some((name) => /^head_iter_\d+\.solverstate$/.test(name))).toBe(true);
  });

  test('a divergence is a failure', async () => {
    const { code, stderr } = await run(['solve', await solver('wild', 1000, 'display: 0').then((file) => wild(file))]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^caffe-node: The loss became (nan|inf)/im);
  });
});

/** The same solver with an absurd learning rate. */
async function wild(file: string): Promise<string> {
  await writeFile(at(file), `net: "net.prototxt" base_lr: 1e30 lr_policy: "fixed" max_iter: 1000 snapshot_prefix: "wild"`);
  return file;
}
