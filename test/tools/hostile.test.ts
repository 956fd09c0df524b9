/** What callers may give in place of options: each tool refuses it with a CaffeError, leaves nothing behind, and works the next time. */
import { writeFile } from 'node:fs/promises';
import { Net } from '../../lib/net';
import {
  computeImageMean,
  convertImageset,
  drawNet,
  extractFeatures,
  openSolver,
  parseLog,
  streamFeatures,
  testNet,
  timeNet,
  timePlan,
} from '../../lib/tools';
import { imageOf, writeDatabase } from '../support/databases';
import { failureOf } from '../support/failure';
import { namesIn, temporaryFolder } from '../support/folders';
import { LINEAR } from '../support/networks';
import { picture } from '../support/training';

const at = temporaryFolder();

beforeAll(async () => {
  await writeDatabase(at('db'), [imageOf(0), imageOf(1)]);
  await picture(at('one.png'), 'red', 1);
  await writeFile(at('solver.prototxt'), `net_param { ${LINEAR} } base_lr: 0.01 lr_policy: "fixed"`);
  const net = await Net.from(LINEAR);
  await net.save(at('linear.caffemodel'));
  await net.dispose();
});

type Options = Record<string, unknown>;

async function featuresOf(options: unknown): Promise<void> {
  for await (const { fc } of streamFeatures(options as never)) expect(fc?.data).toHaveLength(2);
}

/** Each tool with options that it takes, and how to call it with others. */
const TOOLS: Record<string, { good: () => Options; call: (options: unknown) => Promise<unknown> }> = {
  timePlan: { good: () => ({ iterations: 1 }), call: (options) => timePlan(LINEAR, options as never) },
  timeNet: { good: () => ({ iterations: 1 }), call: (options) => timeNet(LINEAR, options as never) },
  testNet: { good: () => ({ iterations: 1 }), call: (options) => testNet(LINEAR, at('linear.caffemodel'), options as never) },
  streamFeatures: { good: () => ({ network: LINEAR, weights: [], blobs: ['fc'], batches: 1 }), call: featuresOf },
  extractFeatures: {
    good: () => ({ network: LINEAR, weights: [], blobs: ['fc'], batches: 1, outputs: [at(`features${Math.random()}`)] }),
    call: (options) => extractFeatures(options as never),
  },
  computeImageMean: { good: () => ({}), call: (options) => computeImageMean(at('db'), at('mean'), options as never) },
  convertImageset: {
    good: () => ({ root: at(), list: [{ file: 'one.png', label: 0 }], output: at(`images${Math.random()}`) }),
    call: (options) => convertImageset(options as never),
  },
};

const throws = (): never => {
  throw new Error('thrown on purpose');
};

/** By name, what to call a tool with, made of options that it takes. */
const HOSTILE: [string, (good: Options) => unknown, string][] = [
  ['null', () => null, 'ERR_CAFFE_INPUT'],
  ['a number', () => 7, 'ERR_CAFFE_INPUT'],
  ['a text', () => 'options', 'ERR_CAFFE_INPUT'],
  ['an array', () => [], 'ERR_CAFFE_INPUT'],
  ['a getter that throws', (good) => Object.defineProperty({ ...good }, 'signal', { get: throws }), 'ERR_CAFFE_INPUT'],
  ['a Proxy that throws', (good) => new Proxy(good, { get: throws }), 'ERR_CAFFE_INPUT'],
  ['a revoked Proxy', (good) => revoked(good), 'ERR_CAFFE_INPUT'],
  ['a signal that is none', (good) => ({ ...good, signal: {} }), 'ERR_CAFFE_INPUT'],
  ['a signal that was aborted', (good) => ({ ...good, signal: AbortSignal.abort() }), 'ERR_CAFFE_ABORTED'],
  ['an onProgress that is no function', (good) => ({ ...good, onProgress: 'print' }), 'ERR_CAFFE_INPUT'],
  ['an onProgress that throws', (good) => ({ ...good, onProgress: throws }), 'ERR_CAFFE_CALLBACK'],
  ['an onProgress that rejects', (good) => ({ ...good, onProgress: async () => throws() }), 'ERR_CAFFE_CALLBACK'],
];

function revoked(target: object): object {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

describe.each(Object.entries(TOOLS))('%s', (_, { good, call }) => {
  test.each(HOSTILE)('refuses %s', async (_name, hostile, code) => {
    const before = await namesIn(at());
    expect(await failureOf(call(hostile(good())))).toMatchObject({ code });
    expect(await namesIn(at())).toEqual(before);
    await call(good());
  });
});

test.each<[string, () => Promise<unknown>]>([
  ['no database', () => computeImageMean(Symbol('path') as never)],
  ['a path with NUL', () => computeImageMean('a\0b')],
  ['an output with NUL', () => computeImageMean(at('db'), 'a\0b')],
  ['a network whose text throws', () => timeNet({ toString: throws } as never)],
  ['a network that is a number', () => drawNet(5 as never)],
  ['stages that are no texts', () => openSolver(at('solver.prototxt'), { stages: [5] as never })],
  ['a solver that is an object', () => openSolver({} as never)],
  ['a year that is none', () => parseLog('I0101 00:00:00.0 1 a:1] x\n', { year: Number.NaN })],
  ['options of a log that are none', () => parseLog('I0101 00:00:00.0 1 a:1] x\n', null as never)],
  ['options of a drawing that are none', () => drawNet(LINEAR, { format: throws as never })],
  [
    'a list with a getter that throws',
    () => convertImageset({ list: [Object.defineProperty({}, 'file', { get: throws })] as never, output: at('x') }),
  ],
  ['a root that is an object', () => convertImageset({ root: {} as never, list: [], output: at('x') })],
  ['a size with holes', () => convertImageset({ resize: new Array(2) as never, list: [], output: at('x') })],
  ['blobs that are no array', () => featuresOf({ network: LINEAR, weights: [], blobs: 'fc', batches: 1 })],
  ['inputs that cannot be iterated', () => featuresOf({ network: LINEAR, weights: [], blobs: ['fc'], inputs: 5 })],
  ['inputs with an item that is none', () => featuresOf({ network: LINEAR, weights: [], blobs: ['fc'], inputs: [{ nothing: [1] }] })],
])('%s is refused with ERR_CAFFE_INPUT', async (_, work) => {
  expect(await failureOf(work())).toMatchObject({ code: 'ERR_CAFFE_INPUT' });
});

test("what the caller's iterator throws says so; no more of it is asked for than `batches`", async () => {
  function* broken() {
    yield { data: [1, 2, 3] };
    throws();
  }
  const features = { network: LINEAR, weights: [], blobs: ['fc'] };
  expect(await failureOf(featuresOf({ ...features, inputs: broken() }))).toMatchObject({ code: 'ERR_CAFFE_CALLBACK' });
  await featuresOf({ ...features, inputs: broken(), batches: 1 });
});
