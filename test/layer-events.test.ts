import { Net } from '../lib/net';
import { runChild } from './support/child';
import { failureOf } from './support/failure';
import { LINEAR, TINY } from './support/networks';

const NAMES = ['data', 'label', 'conv1', 'relu1', 'pool1', 'fc', 'loss'];

test('each layer is told of before and after it runs, in the order of the run, before its promise settles', async () => {
  const net = await Net.from(TINY);
  const seen: string[] = [];
  const stop = net.onForward(({ index, name, type, moment }) => {
    expect(net.layers[index]).toMatchObject({ name, type });
    seen.push(`${moment} ${name}`);
  });
  await net.forward();
  const whole = NAMES.flatMap((name) => [`before ${name}`, `after ${name}`]);
  expect(seen.splice(0)).toEqual(whole);
  await net.forward({}, { start: 'pool1', end: 'fc' });
  expect(seen.splice(0)).toEqual(['before pool1', 'after pool1', 'before fc', 'after fc']);
  await net.backward();
  expect(seen).toEqual([]);
  stop();
  stop();
  await net.forward();
  expect(seen).toEqual([]);
  await net.dispose();
});

test('backward runs are told of from top to bottom, to listeners of their own', async () => {
  const net = await Net.from(TINY);
  await net.forward();
  const seen: string[] = [];
  net.onBackward(({ name, moment }) => void (moment === 'after' && seen.push(name)));
  net.onBackward(({ name, moment }) => void (moment === 'after' && seen.push(`${name} again`)));
  await net.backward();
  expect(seen).toEqual([...NAMES].reverse().flatMap((name) => [name, `${name} again`]));
  await net.dispose();
});

test('a layer that fails is entered, but not left', async () => {
  const net = await Net.from(TINY);
  const seen: string[] = [];
  net.onForward(({ name, moment }) => void (name === 'loss' && seen.push(moment)));
  await failureOf(net.forward({ label: new Float32Array(8).fill(7) }));
  expect(seen.filter((moment) => moment === 'after')).toEqual([]);
  await net.forward({ label: new Float32Array(8) });
  expect(seen.at(-1)).toBe('after');
  await net.dispose();
});

test('a listener may listen in the middle, run the net itself, and be no function', async () => {
  const net = await Net.from(LINEAR);
  let runs = 0;
  let inner: Promise<unknown> | undefined;
  const stop = net.onForward(({ name, moment }) => {
    if (name !== 'fc' || moment !== 'after') return;
    runs++;
    inner ??= net.forward({ data: [2, 2, 2] });
  });
  await net.forward({ data: [1, 1, 1] });
  await inner;
  expect(runs).toBe(2);
  stop();
  for (const listener of [undefined, null, 5, {}]) {
    expect(() => net.onForward(listener as never)).toThrow(expect.objectContaining({ code: 'ERR_CAFFE_INPUT' }));
  }
  await net.dispose();
});

test('what a listener throws is an uncaught error of the process; the run and the other listeners go on', async () => {
  const { code, stdout, stderr } = await runChild('layer-events.js', 'throws');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout.trim().split('\n').sort()).toEqual(['caught: thrown on purpose', 'finished: 6.5', 'heard: 4']);
});

test('a main thread that does not keep up loses the oldest events, and the run does not wait', async () => {
  const { code, stdout, stderr } = await runChild('layer-events.js', 'falls behind');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(JSON.parse(stdout)).toEqual({ all: true, last: 'after fc' });
});

test('a listener does not keep its net from the garbage collector', async () => {
  const { code, stdout, stderr } = await runChild('layer-events.js', 'forgets its net', ['--expose-gc']);
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'collected\n', stderr: '' });
});
