import { Net } from '../lib/net';
import { failureOf } from './support/failure';
import { LINEAR } from './support/networks';

/** Batches of 2 items of 1×2×2. */
const MEMORY = `
layer { name: "data" type: "MemoryData" top: "data" top: "label" memory_data_param { batch_size: 2 channels: 1 height: 2 width: 2 } }
layer { name: "sum" type: "Reduction" bottom: "data" top: "sum" reduction_param { operation: SUM axis: 1 } }
layer { name: "rest" type: "Silence" bottom: "label" }
`;

const items = (count: number, first = 0) => ({
  shape: [count, 1, 2, 2],
  data: Float32Array.from({ length: 4 * count }, (_, index) => first + Math.floor(index / 4)),
});

let net: Net;
beforeEach(async () => {
  net = await Net.from(MEMORY);
});
afterEach(async () => {
  await net.setInputArrays(items(2, 1), [0, 0]);
  expect(Array.from((await net.forward()).sum?.data ?? [])).toEqual([4, 8]);
  await net.dispose();
});

test('each run takes the next batch, and begins again after the last', async () => {
  await net.setInputArrays(items(6), Float32Array.of(0, 1, 2, 3, 4, 5));
  const seen: number[][] = [];
  for (let run = 0; run < 4; run++) {
    const { sum, label } = await net.forward({}, { blobs: ['label'] });
    seen.push([...(sum?.data ?? []), ...(label?.data ?? [])]);
  }
  expect(seen).toEqual([
    [0, 4, 0, 1],
    [8, 12, 2, 3],
    [16, 20, 4, 5],
    [0, 4, 0, 1],
  ]);
});

test('the arrays are copied, and may be replaced at any time', async () => {
  const data = items(4);
  await net.setInputArrays(data, { shape: [4, 1, 1, 1], data: new Float32Array(4) });
  data.data.fill(100);
  expect(Array.from((await net.forward()).sum?.data ?? [])).toEqual([0, 4]);
  const run = net.forward();
  const replaced = net.setInputArrays(items(2, 10), [0, 0]);
  const after = net.forward();
  expect(Array.from((await run).sum?.data ?? [])).toEqual([8, 12]);
  await replaced;
  expect(Array.from((await after).sum?.data ?? [])).toEqual([40, 44]);
  // Between a replacement and the next run the tops show the new items.
  await net.setInputArrays(items(2, 20), [7, 8]);
  expect(Array.from((await net.blobs.data?.read())?.data ?? []).slice(0, 4)).toEqual([20, 20, 20, 20]);
  expect(Array.from(net.blobs.label?.data ?? [])).toEqual([7, 8]);
});

test('tops of lent memory keep their shape', async () => {
  expect(() => net.blobs.data?.reshape(64, 1, 2, 2)).toThrow(expect.objectContaining({ code: 'ERR_CAFFE_SHAPE' }));
});

test.each<[string, unknown, unknown, string]>([
  ['no multiple of the batch', items(3), [0, 0, 0], 'ERR_CAFFE_INPUT'],
  ['no items', { shape: [0, 1, 2, 2], data: new Float32Array() }, [], 'ERR_CAFFE_INPUT'],
  ['too few labels', items(2), [0], 'ERR_CAFFE_INPUT'],
  ['another shape', { shape: [2, 2, 1, 2], data: new Float32Array(8) }, [0, 0], 'ERR_CAFFE_SHAPE'],
  ['two axes', { shape: [2, 4], data: new Float32Array(8) }, [0, 0], 'ERR_CAFFE_SHAPE'],
  ['bare values', new Float32Array(8), [0, 0], 'ERR_CAFFE_INPUT'],
  ['values that do not fill the shape', { shape: [2, 1, 2, 2], data: new Float32Array(7) }, [0, 0], 'ERR_CAFFE_INPUT'],
  ['nothing', undefined, undefined, 'ERR_CAFFE_INPUT'],
  ['labels of another type', items(2), new Uint8Array(2), 'ERR_CAFFE_INPUT'],
])('%s is refused, and the items before stay', async (_, data, labels, code) => {
  await net.setInputArrays(items(2, 5), [0, 0]);
  expect((await failureOf(net.setInputArrays(data as never, labels as never))).code).toBe(code);
  expect(Array.from((await net.forward()).sum?.data ?? [])).toEqual([20, 24]);
});

test('a run without items, and a net without such a layer', async () => {
  expect(await failureOf(net.forward())).toMatchObject({ layer: 'data', hint: expect.stringContaining('setInputArrays') });
  const linear = await Net.from(LINEAR);
  const failure = await failureOf(linear.setInputArrays(items(2), [0, 0]));
  expect(failure).toMatchObject({ code: 'ERR_CAFFE_INPUT', layer: 'data' });
  expect(failure.message).toContain('MemoryData');
  await linear.dispose();
});
