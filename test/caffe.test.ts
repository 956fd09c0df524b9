/** The engine's own settings and facts: threads, mode, seed and log of one environment, and what `caffe.features` claims. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { caffe, type LogMessage } from '../lib/caffe';
import { Net } from '../lib/net';
import { runChild } from './support/child';
import { failureOf } from './support/failure';
import { LINEAR, TINY } from './support/networks';

/** Draws anew in each forward pass of the train phase. */
const DROPOUT = `
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 64 } } }
layer { name: "drop" type: "Dropout" bottom: "data" top: "drop" }`;

async function drawn(net: Net): Promise<number[]> {
  const { drop } = await net.forward({ data: new Float32Array(64).fill(1) });
  return Array.from(drop?.data ?? []);
}

const dataLayer = (backend: string) =>
  Net.from(`layer { name: "data" type: "Data" top: "data" data_param { source: "nowhere" batch_size: 1 backend: ${backend} } }`);

describe('layerTypes', () => {
  test('are what the linked Caffe registers, with our own', async () => {
    const types = caffe.layerTypes;
    expect(types).toEqual([...types].sort());
    for (const type of ['Convolution', 'Data', 'InnerProduct', 'SoftmaxWithLoss', 'LSTM', 'MemoryData']) expect(types).toContain(type);
    const failure = await failureOf(Net.from('layer { name: "x" type: "Nonsense" top: "x" }'));
    for (const type of types) expect(failure.message).toContain(type);
  });
});

describe('features', () => {
  test('are those of the Caffe that the addon was built with', () => {
    const cache = readFileSync(path.join(process.env.CAFFE_NODE_PREBUILD ?? path.join(__dirname, '..'), 'build/CMakeCache.txt'), 'utf8');
    const prefix = /^CAFFE_NODE_PREFIX:\w+=(.*)$/m.exec(cache)?.[1] ?? '';
    const built = JSON.parse(readFileSync(path.join(prefix, 'caffe.json'), 'utf8'));
    expect(caffe.version).toBe(built.version);
    expect(caffe.features).toMatchObject({ source: built.source, blas: built.blas, cuda: built.flavour === 'cuda' });
    expect(caffe.features.opencl).toBe(built.flavour === 'opencl');
    expect(caffe.features.recovers).toBe(built.glog === 'throwing');
    expect(Object.isFrozen(caffe.features)).toBe(true);
  });

  test('are borne out by what the linked Caffe does', async () => {
    expect(caffe.layerTypes.includes('HDF5Output')).toBe(caffe.features.hdf5);
    const lmdb = await failureOf(dataLayer('LMDB'));
    expect(lmdb.code).toBe(caffe.features.lmdb ? 'ERR_CAFFE_DATASET' : 'ERR_CAFFE_UNSUPPORTED');
    const leveldb = await failureOf(dataLayer('LEVELDB'));
    expect(leveldb.message).toMatch(/LevelDB|LEVELDB/i);
    if (!caffe.features.cuda) expect(await caffe.devices()).toEqual([]);
  });
});

describe('setMode', () => {
  afterEach(() => caffe.setMode('cpu'));

  test("'cpu' goes on working", async () => {
    caffe.setMode('cpu');
    const net = await Net.from(LINEAR);
    expect((await net.forward({ data: [1, 2, 3] })).fc?.data[0]).toBe(6.5);
    await net.dispose();
  });

  test("'gpu' is refused by a Caffe for the CPU, and runs go on there", async () => {
    if (caffe.features.cuda) return;
    expect(() => caffe.setMode('gpu')).toThrow(expect.objectContaining({ code: 'ERR_CAFFE_UNSUPPORTED', hint: expect.any(String) }));
    const net = await Net.from(LINEAR);
    expect((await net.forward({ data: [1, 2, 3] })).fc?.data[0]).toBe(6.5);
    await net.dispose();
  });

  test.each([
    ['another mode', 'tpu', 0],
    ['no mode', undefined, 0],
    ['a negative device', 'cpu', -1],
    ['half a device', 'gpu', 0.5],
    ['a device of 2^31', 'gpu', 2 ** 31],
  ])('%s is refused', (_, mode, device) => {
    expect(() => caffe.setMode(mode as 'cpu', device)).toThrow(expect.objectContaining({ code: 'ERR_CAFFE_INPUT' }));
  });
});

describe('setRandomSeed', () => {
  test('makes fillers and dropout repeatable, whatever other nets do in between', async () => {
    caffe.setRandomSeed(7);
    const alone = await Net.from(DROPOUT, { phase: 'train' });
    const expected = [await drawn(alone), await drawn(alone)];
    expect(expected[0]).not.toEqual(expected[1]);

    caffe.setRandomSeed(7);
    const net = await Net.from(DROPOUT, { phase: 'train' });
    const other = await Net.from(DROPOUT, { phase: 'train' });
    const first = await drawn(net);
    const others = [await drawn(other), await drawn(other), await drawn(other)];
    expect([first, await drawn(net)]).toEqual(expected);
    expect(others).not.toContainEqual(expected[0]);
    await Promise.all([alone, net, other].map((one) => one.dispose()));
  });

  test('gives the same weights again', async () => {
    const weights = [];
    for (let round = 0; round < 2; round++) {
      caffe.setRandomSeed(3);
      const net = await Net.from(TINY);
      weights.push(await net.toBuffer());
      await net.dispose();
    }
    expect(weights[0]?.equals(weights[1] as Buffer)).toBe(true);
  });

  test.each([[-1], [2 ** 32], [0.5], [Number.NaN], ['7'], [undefined], [7n]])('%p is refused', (seed) => {
    expect(() => caffe.setRandomSeed(seed as number)).toThrow(expect.objectContaining({ code: 'ERR_CAFFE_INPUT' }));
  });
});

describe('the log', () => {
  async function lines(work: () => Promise<unknown>): Promise<LogMessage[]> {
    const messages: LogMessage[] = [];
    const listener = (message: LogMessage) => messages.push(message);
    caffe.on('log', listener);
    try {
      await work();
    } finally {
      caffe.off('log', listener);
      caffe.setLogLevel('info');
    }
    return messages;
  }
  const load = async () => (await Net.from(LINEAR)).dispose();

  test('comes structured, with paths of Caffe’s repository, while somebody listens', async () => {
    const messages = await lines(load);
    expect(messages).toContainEqual({
      level: 'info',
      file: expect.stringMatching(/^(src|include)\/caffe\//),
      line: expect.any(Number),
      message: expect.stringContaining('Creating Layer fc'),
    });
    expect(messages.length).toBe((await lines(load)).length);
  });

  test('is told from the level on that was asked for', async () => {
    const messages = await lines(async () => {
      caffe.setLogLevel('error');
      await load();
    });
    expect(messages).toEqual([]);
  });

  test('what is no level, event or listener is refused', () => {
    const refused = expect.objectContaining({ code: 'ERR_CAFFE_INPUT' });
    expect(() => caffe.setLogLevel('loud' as 'info')).toThrow(refused);
    expect(() => caffe.on('logs' as 'log', () => {})).toThrow(refused);
    expect(() => caffe.on('log', undefined as unknown as () => void)).toThrow(refused);
    expect(() => caffe.off('log', 3 as unknown as () => void)).toThrow(refused);
  });
});

describe('setThreads and setLanes', () => {
  const engines = ['caffe', ...(caffe.features.onednn ? ['onednn'] : [])];
  test.each(engines)('the threads of a run are as many as setThreads said: BLAS, OpenMP, oneDNN; engine %s', async (engine) => {
    expect(await runChild('engine.js', ['counts threads', engine])).toEqual({ code: 0, signal: null, stdout: '0 2 4\n', stderr: '' });
  });

  test('lanes share them evenly, and each has one at least', async () => {
    expect(await runChild('engine.js', 'shares threads')).toEqual({ code: 0, signal: null, stdout: '0 0 2 4\n', stderr: '' });
  });

  test('what was set can be read', () => {
    const { threads, lanes } = caffe;
    expect(lanes).toBe(1);
    caffe.setThreads(7);
    caffe.setLanes(3);
    expect([caffe.threads, caffe.lanes]).toEqual([7, 3]);
    caffe.setThreads(threads);
    caffe.setLanes(lanes);
    expect([caffe.threads, caffe.lanes]).toEqual([threads, 1]);
  });

  test('an environment has settings, seed and log of its own', async () => {
    expect(await runChild('engine.js', 'a worker of its own')).toEqual({ code: 0, signal: null, stdout: 'apart\n', stderr: '' });
  });

  test('nets on several lanes run side by side, and give what they give alone', async () => {
    caffe.setLanes(3);
    try {
      const nets = await Promise.all(Array.from({ length: 6 }, () => Net.from(LINEAR)));
      const runs = nets.flatMap((net, index) => [1, 2].map((factor) => net.forward({ data: [index * factor, 0, 0] })));
      const values = (await Promise.all(runs)).map(({ fc }) => fc?.data[0]);
      expect(values).toEqual(nets.flatMap((_, index) => [index + 0.5, 2 * index + 0.5]));
      await Promise.all(nets.map((net) => net.dispose()));
    } finally {
      caffe.setLanes(1);
    }
  });

  test.each([[0], [-1], [1.5], [1025], [Number.NaN], ['2'], [null]])('%p is refused', (count) => {
    const refused = expect.objectContaining({ code: 'ERR_CAFFE_INPUT' });
    expect(() => caffe.setThreads(count as number)).toThrow(refused);
    expect(() => caffe.setLanes(count as number)).toThrow(refused);
  });
});
