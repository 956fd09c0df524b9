import { readFileSync } from 'node:fs';
import { caffe } from '../../lib/caffe';
import { Net } from '../../lib/net';
import { ownCaches } from '../support/cache';
import { bothEngines, expectClose, noise } from '../support/engine';

const newCache = ownCaches();
let cache = '';
beforeAll(() => {
  cache = newCache();
});

/** 1.5 MiB of weights in a convolution, whose plan keeps them in another layout. */
const WIDE = `
name: "wide"
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 256 dim: 6 dim: 6 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
  convolution_param { num_output: 170 kernel_size: 3 pad: 1 weight_filler { type: "xavier" } } }
layer { name: "pool" type: "Pooling" bottom: "conv" top: "pool" pooling_param { pool: AVE global_pooling: true } }`;
const COUNT = 256 * 36;

const filesInMemory = () =>
  readFileSync('/proc/self/maps', 'utf8')
    .split('\n')
    .filter((line) => line.includes('/parameters-')).length;

/** Jest takes seconds for as many values. */
const same = (found: Float32Array | undefined, expected: Float32Array) =>
  found?.length === expected.length && expected.every((value, index) => value === found[index]);

(caffe.features.onednn ? describe : describe.skip)('releaseOriginals', () => {
  test('moves what a plan has copies of out of memory, and nothing else is different', async () => {
    const { fast, caffe } = await bothEngines(WIDE, { engine: 'onednn', releaseOriginals: true });
    const data = noise(COUNT);
    const weights = (await caffe.params.conv?.[0]?.read())?.data ?? new Float32Array(0);
    expectClose(await fast.forward({ data }), await caffe.forward({ data }));
    expect(filesInMemory()).toBe(1);
    expect(same(fast.params.conv?.[0]?.data, weights)).toBe(true);
    expect((await fast.toBuffer()).equals(await caffe.toBuffer())).toBe(true);
    // Another plan, Caffe itself, other values, the first plan again.
    for (const items of [2, 1]) {
      const more = { data: { shape: [items, 256, 6, 6], data: noise(items * COUNT, 2) } };
      expectClose(await fast.forward(more), await caffe.forward(more));
    }
    expectClose(await fast.forward({ data }, { end: 'pool' }), await caffe.forward({ data }));
    for (const net of [fast, caffe]) net.params.conv?.[0]?.set(weights.map((weight) => 2 * weight));
    expectClose(await fast.forward({ data }), await caffe.forward({ data }));
    await fast.params.conv?.[0]?.scale(0.5);
    expect(same((await fast.params.conv?.[0]?.read())?.data, weights)).toBe(true);
    const copy = await Net.from(WIDE, { weights: await fast.toBuffer() });
    expect(same(copy.params.conv?.[0]?.data, weights)).toBe(true);
    await Promise.all([fast, caffe, copy].map((net) => net.dispose()));
  });

  test('leaves what others use where it is, and goes without a folder', async () => {
    const before = filesInMemory();
    const shared = await Net.from(WIDE, { engine: 'onednn', releaseOriginals: true });
    const other = await Net.from(WIDE, { engine: 'caffe' });
    other.shareWith(shared);
    await shared.forward({ data: noise(COUNT) });
    expect(filesInMemory()).toBe(before);
    process.env.CAFFE_NODE_CACHE = '/dev/null';
    const { fast, caffe } = await bothEngines(WIDE, { engine: 'onednn', releaseOriginals: true });
    process.env.CAFFE_NODE_CACHE = cache;
    expectClose(await fast.forward({ data: noise(COUNT) }), await caffe.forward({ data: noise(COUNT) }));
    expect(filesInMemory()).toBe(before);
    await Promise.all([shared, other, fast, caffe].map((net) => net.dispose()));
  });
});
