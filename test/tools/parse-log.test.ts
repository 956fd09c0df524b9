import { utimes, writeFile } from 'node:fs/promises';
import { Solver } from '../../lib/solver';
import { caffeLog, type LogRow, logCsv, parseLog } from '../../lib/tools';
import { general } from '../../lib/tools/general';
import { failureOf } from '../support/failure';
import { temporaryFolder } from '../support/folders';
import { TINY } from '../support/networks';
import { wave } from '../support/shared';

const at = temporaryFolder();

/** In the formats of Caffe's solver.cpp and sgd_solver.cpp, over a New Year. */
const LOG = `I1231 23:58:50.101112  4242 caffe.cpp:217] Using GPUs 0
I1231 23:58:50.500112  4242 caffe.cpp:248] Starting Optimization
I1231 23:58:50.500250  4242 solver.cpp:272] Solving LeNet
I1231 23:58:50.500260  4242 solver.cpp:273] Learning Rate Policy: inv
I1231 23:58:50.501000  4242 solver.cpp:330] Iteration 0, Testing net (#0)
I1231 23:58:52.750500  4242 solver.cpp:397]     Test net output #0: accuracy = 0.0946
I1231 23:58:52.750550  4242 solver.cpp:397]     Test net output #1: loss = 2.40118 (* 1 = 2.40118 loss)
I1231 23:58:52.791111  4242 solver.cpp:218] Iteration 0 (-1.4013e-45 iter/s, 2.29s/100 iters), loss = 2.36829
I1231 23:58:52.791150  4242 solver.cpp:237]     Train net output #0: loss = 2.36829 (* 1 = 2.36829 loss)
I1231 23:58:52.791190  4242 sgd_solver.cpp:105] Iteration 0, lr = 0.01
I1231 23:59:30.000001  4242 solver.cpp:218] Iteration 100 (2.68767 iter/s, 37.2088s/100 iters), loss = 0.213
I1231 23:59:30.000101  4242 solver.cpp:237]     Train net output #0: loss = 0.213 (* 1 = 0.213 loss)
I1231 23:59:30.000201  4242 sgd_solver.cpp:105] Iteration 100, lr = 0.00992565
I1231 23:59:45.000000  4242 sgd_solver.cpp:50] MultiStep Status: Iteration 150, step = 1
this line is none of glog's
I0101 00:00:10.250000  4242 solver.cpp:218] Iteration 200 (2.48 iter/s, 40.25s/100 iters), loss = 1.5e-05
I0101 00:00:10.250100  4242 solver.cpp:237]     Train net output #0: loss = 1.5e-05 (* 1 = 1.5e-05 loss)
I0101 00:00:10.250200  4242 sgd_solver.cpp:105] Iteration 200, lr = 9.8e-05
I0101 00:00:50.000000  4242 solver.cpp:447] Snapshotting to binary proto file lenet_iter_300.caffemodel
I0101 00:00:51.000000  4242 solver.cpp:330] Iteration 300, Testing net (#0)
I0101 00:00:53.125000  4242 solver.cpp:397]     Test net output #0: accuracy = 0.9881
I0101 00:00:53.125100  4242 solver.cpp:397]     Test net output #1: loss = 0.0371 (* 1 = 0.0371 loss)
I0101 00:00:53.125200  4242 solver.cpp:315] Optimization Done.
`;

describe('parseLog', () => {
  test('gives the rows, and the CSV that parse_log.py writes for this log', async () => {
    const { train, test } = await parseLog(LOG);
    expect(train).toHaveLength(3);
    expect(train[1]).toMatchObject({ iteration: 100, seconds: 39.499851, learningRate: 0.01, outputs: { loss: 0.213 } });
    expect(test[1]).toMatchObject({
      iteration: 300,
      seconds: 122.62475,
      learningRate: 9.8e-5,
      outputs: { accuracy: 0.9881, loss: 0.0371 },
    });
    // Written by parse_log.py of BVLC/caffe.
    expect(logCsv(train)).toBe(
      'NumIters,Seconds,LearningRate,loss\r\n0.0,2.2909,0.01,2.36829\r\n100.0,39.499851,0.01,0.213\r\n200.0,79.74985,0.00992565,1.5e-05\r\n',
    );
    expect(logCsv(test)).toBe(
      'NumIters,Seconds,LearningRate,accuracy,loss\r\n0.0,2.25025,9.8e-05,0.0946,2.40118\r\n300.0,122.62475,9.8e-05,0.9881,0.0371\r\n',
    );
    expect(logCsv(test, ';').split('\r\n')[0]).toBe('NumIters;Seconds;LearningRate;accuracy;loss');
  });

  test('reads a file, with Windows line breaks, and years in its times', async () => {
    const expected = await parseLog(LOG);
    await writeFile(at('caffe.INFO'), LOG.replaceAll('\n', '\r\n'));
    await utimes(at('caffe.INFO'), new Date(2020, 0, 1), new Date(2020, 0, 1));
    expect(await parseLog(at('caffe.INFO'))).toEqual(expected);
    await writeFile(at('new.INFO'), LOG.replaceAll(/^I1231/gm, 'I20231231').replaceAll(/^I0101/gm, 'I20240101'));
    expect(await parseLog(at('new.INFO'), { year: 1999 })).toEqual(expected);
  });

  test('a leap day counts where the year has one', async () => {
    const lines = LOG.replaceAll(/^I1231/gm, 'I0228').replaceAll(/^I0101/gm, 'I0301');
    const secondsIn = async (year: number) => (await parseLog(lines, { year })).train[2]?.seconds ?? 0;
    expect((await secondsIn(2024)) - (await secondsIn(2023))).toBe(86_400);
  });

  test('keeps a single row, values that are no numbers, and all rows of two test nets', async () => {
    const lines = LOG.split('\n');
    const until = (count: number) => lines.slice(0, count).join('\n');
    expect((await parseLog(until(7))).test).toEqual([expect.objectContaining({ iteration: 0, learningRate: Number.NaN })]);
    const diverged = await parseLog(LOG.replace('loss = 0.213 (', 'loss = nan (').replace('loss = 1.5e-05 (* 1', 'loss = -inf (* 1'));
    expect(diverged.train.map(({ outputs }) => outputs.loss)).toEqual([2.36829, Number.NaN, Number.NEGATIVE_INFINITY]);
    expect(logCsv(diverged.train)).toContain('100.0,39.499851,0.01,nan');

    const second = LOG.replace(/(.*Testing net \(#0\)\n)((.*Test net output.*\n)+)/g, '$1$2$1$2').replaceAll('= 0.0946', '= 0.1');
    expect((await parseLog(second)).test.map(({ iteration }) => iteration)).toEqual([0, 0, 300, 300]);
  });

  test('without a line that says Solving, time begins with the first line', async () => {
    const { train } = await parseLog(LOG.replace('Solving LeNet', ''));
    expect(train[0]?.seconds).toBeCloseTo(2.690038, 6);
  });

  test.each([
    ['a file that is not there', '/nonexistent/caffe.INFO', 'ERR_CAFFE_FILE'],
    ['a text that is no log', 'Lorem\nipsum\n', 'ERR_CAFFE_INPUT'],
    ['nothing', '', 'ERR_CAFFE_INPUT'],
    ['a number', 7 as unknown as string, 'ERR_CAFFE_INPUT'],
  ])('refuses %s', async (_, source, code) => {
    expect(await failureOf(parseLog(source))).toMatchObject({ code });
    expect((await parseLog(LOG)).train).toHaveLength(3);
  });
});

test('no rows are no CSV; names with delimiters are quoted', () => {
  expect(logCsv([])).toBe('');
  const row: LogRow = { iteration: 1e16, seconds: 0, learningRate: 1e-7, outputs: { 'a,"b"': Number.NEGATIVE_INFINITY } };
  expect(logCsv([row])).toBe('NumIters,Seconds,LearningRate,"a,""b"""\r\n1e+16,0.0,1e-07,-inf\r\n');
});

test.each([
  [0, '0'],
  [-0, '-0'],
  [100000, '100000'],
  [1234567, '1.23457e+06'],
  [999999.5, '1e+06'],
  [0.0001, '0.0001'],
  [0.00001234567, '1.23457e-05'],
  [-0.1234567, '-0.123457'],
  [1e-100, '1e-100'],
  [Number.NaN, 'nan'],
  [Number.NEGATIVE_INFINITY, '-inf'],
])('%d is written as C++ streams write it', (value, expected) => {
  expect(general(value)).toBe(expected);
});

test('caffeLog writes a training so that parseLog reads it back', async () => {
  const solver = await Solver.from(
    `net_param { ${TINY} } base_lr: 0.05 lr_policy: "step" gamma: 0.5 stepsize: 4 max_iter: 7 display: 2 random_seed: 3 snapshot_after_train: false
     average_loss: 2`,
  );
  solver.net.blobs.data?.set(wave(8 * 72, 1.7));
  solver.net.blobs.label?.set([0, 1, 2, 0, 1, 2, 0, 1]);
  let time = new Date(2026, 1, 3, 4, 5, 6, 78).getTime();
  const now = () => {
    time += 250;
    return new Date(time);
  };
  const log = caffeLog(solver, { now, thread: 99 });
  let text = log.begin();
  expect(text).toMatch(/^I0203 04:05:06\.\d{6} {4}99 solver\.cpp:272] Solving tiny\n.*Learning Rate Policy: step\n$/);
  const expected: { iteration: number; learningRate: number; loss: number }[] = [];
  const run = solver.solve();
  for await (const event of run) {
    text += log.event(event);
    if (event.type !== 'iteration' || event.iteration % 2 === 0) continue;
    expected.push({ iteration: event.iteration - 1, learningRate: event.learningRate, loss: event.outputs.loss?.data[0] ?? 0 });
  }
  text += log.event({ type: 'snapshot', model: 'a_iter_7.caffemodel', state: 'a_iter_7.solverstate' } as { type: string });
  const outputs = { loss: { shape: [], data: Float32Array.of(0.25) } };
  text += log.event({ type: 'test', iteration: 7, index: 0, outputs } as { type: string });
  text += log.event({ type: 'something-new' }) + log.end((await run).reason);
  await solver.dispose();

  expect(text).toMatch(/Iteration 2 \([\d.]+ iter\/s, [\d.]+s\/2 iters\), loss = /);
  expect(text).toContain('Snapshotting to binary proto file a_iter_7.caffemodel\n');
  expect(text).toMatch(/solver\.cpp:315] Optimization Done\.\n$/);
  const { train, test } = await parseLog(text, { year: 2026 });
  expect(train.map(({ iteration }) => iteration)).toEqual([0, 2, 4, 6]);
  train.forEach((row, index) => {
    const { iteration, loss } = expected[index] as (typeof expected)[number];
    expect(row).toMatchObject({ iteration, outputs: { loss: Number(loss.toPrecision(6)) } });
    // A row is written before its rate: it shows the one before, and the first shows that of the second.
    expect(row.learningRate).toBeCloseTo(expected[Math.max(0, index - 1)]?.learningRate ?? 0, 6);
  });
  expect(test).toEqual([expect.objectContaining({ iteration: 7, outputs: expect.objectContaining({ loss: 0.25 }) })]);
});
