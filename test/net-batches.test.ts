import { CaffeError } from '../lib/errors';
import { Net } from '../lib/net';
import type { Tensor } from '../lib/tensor';
import { failureOf } from './support/failure';
import { LINEAR, TINY } from './support/networks';

/** Batches of 4 items of 3 values and a label; `sum` is [4, 1], `total` a scalar for the whole batch. */
const BATCHED = `
name: "batched" force_backward: true
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 4 dim: 3 } } }
layer { name: "label" type: "Input" top: "label" input_param { shape { dim: 4 } } }
layer { name: "sum" type: "InnerProduct" bottom: "data" top: "sum"
  inner_product_param { num_output: 1 weight_filler { type: "constant" value: 1 } } }
layer { name: "total" type: "Reduction" bottom: "label" top: "total" reduction_param { operation: SUM } loss_weight: 1 }
`;

/** Item i is [i, i, i], its label i. */
function items(count: number): { data: Tensor; label: Float32Array } {
  return {
    data: { shape: [count, 3], data: Float32Array.from({ length: 3 * count }, (_, index) => Math.floor(index / 3)) },
    label: Float32Array.from({ length: count }, (_, index) => index),
  };
}

const sums = (count: number) => Array.from({ length: count }, (_, index) => 3 * index);

/** Items that note how they were used. */
function watched(count: number, ending?: Error) {
  const notes = { given: 0, returned: false };
  async function* give() {
    try {
      for (let index = 0; index < count; index++) {
        notes.given++;
        yield [index, index, index];
      }
      if (ending) throw ending;
    } finally {
      notes.returned = true;
    }
  }
  return { notes, items: give() };
}

const soon = () => new Promise((resolve) => setTimeout(resolve, 20));

describe('forwardAll', () => {
  let net: Net;
  beforeAll(async () => {
    net = await Net.from(BATCHED);
  });
  afterEach(async () => {
    const { sum } = await net.forward({ data: items(4).data, label: items(4).label });
    expect(Array.from(sum?.data ?? [])).toEqual(sums(4));
  });
  afterAll(() => net.dispose());

  test.each([0, 1, 3, 4, 5, 8, 11])('%i items', async (count) => {
    const { sum, total } = await net.forwardAll(items(count));
    expect(sum?.shape).toEqual([count, 1]);
    expect(Array.from(sum?.data ?? [])).toEqual(sums(count));
    // No item axis: one value per batch.
    expect(total?.shape).toEqual([Math.ceil(count / 4)]);
    expect(total?.data.reduce((one, other) => one + other, 0)).toBe(sums(count).reduce((one, other) => one + other / 3, 0));
  });

  test('the padding is zeros, whatever the batch before held', async () => {
    const { total } = await net.forwardAll(items(5));
    expect(Array.from(total?.data ?? [])).toEqual([6, 4]);
  });

  test('further blobs, and bare values', async () => {
    const { data, label } = items(6);
    const outputs = await net.forwardAll({ data: Array.from(data.data), label: Array.from(label) }, { blobs: ['data'] });
    expect(outputs.data).toEqual(data);
    expect(Object.keys(outputs).sort()).toEqual(['data', 'sum', 'total']);
  });

  test('arrays of items, generators and asynchronous ones, and items as tensors', async () => {
    function* labels() {
      for (let index = 0; index < 6; index++) yield index;
    }
    const expected = sums(6);
    const arrays = Array.from({ length: 6 }, (_, index) => Float32Array.of(index, index, index));
    const tensors = arrays.map((data, index) => ({ shape: index % 2 ? [3] : [1, 3], data }));
    for (const data of [arrays, tensors, watched(6).items, arrays.map((array) => Array.from(array))]) {
      const { sum } = await net.forwardAll({ data, label: labels() });
      expect(Array.from(sum?.data ?? [])).toEqual(expected);
    }
  });

  test('another batch size after a reshape', async () => {
    net.blobs.data?.reshape(2, 3);
    net.blobs.label?.reshape(2);
    await net.reshape();
    const { total, sum } = await net.forwardAll(items(5));
    expect(Array.from(sum?.data ?? [])).toEqual(sums(5));
    expect(total?.shape).toEqual([3]);
    net.blobs.data?.reshape(4, 3);
    net.blobs.label?.reshape(4);
  });

  test('waits for the runs before it', async () => {
    const before = net.forward({ data: { shape: [4, 3], data: new Float32Array(12) } });
    const { sum } = await net.forwardAll(items(5));
    expect(Array.from(sum?.data ?? [])).toEqual(sums(5));
    expect((await before).sum?.data[3]).toBe(0);
  });

  test.each<[string, () => Record<string, unknown>, string]>([
    ['an input is forgotten', () => ({ data: items(4).data }), "no items for 'label'"],
    ['nothing is given', () => ({}), "no items for 'data', 'label'"],
    ['a name is unknown', () => ({ ...items(4), image: [1] }), "'image'"],
    ['the numbers of items differ', () => ({ data: items(4).data, label: items(5).label }), "'data' has 4 items, but 'label' has 5"],
    ['values do not make whole items', () => ({ ...items(4), data: [1, 2, 3, 4] }), 'an item of shape 3 takes 3'],
    ['an item has too few values', () => ({ ...items(2), data: [[1, 2, 3], [1]] }), "Item 1 of 'data'"],
    ['an item has another shape', () => ({ ...items(1), data: [{ shape: [3, 1], data: new Float32Array(3) }] }), '3×1'],
    ['an item is no item', () => ({ ...items(2), data: [[1, 2, 3], null] }), "Item 1 of 'data'"],
    ['items are a text', () => ({ ...items(2), data: 'abc' }), 'abc'],
    ['items are of another type', () => ({ ...items(1), label: new Uint8Array(1) }), 'Uint8Array'],
    ['items are nothing', () => ({ ...items(2), data: undefined }), 'undefined'],
    ['a stream ends early', () => ({ data: watched(6).items, label: items(7).label }), "fewer items of 'data' than of 'label'"],
    ['a stream ends late', () => ({ data: watched(8).items, label: items(4).label }), "fewer items of 'label' than of 'data'"],
    ['an iterable has no iterator', () => ({ ...items(1), data: { [Symbol.iterator]: () => ({}) } }), "Item 0 of 'data'"],
  ])('is refused when %s', async (_, inputs, message) => {
    const failure = await failureOf(net.forwardAll(inputs() as never));
    expect(failure.code).toBe('ERR_CAFFE_INPUT');
    expect(failure.message).toContain(message);
  });

  test('an iterable that throws, and one that hands out a failure of ours', async () => {
    const ending = new Error('the camera was unplugged');
    const thrown = await failureOf(net.forwardAll({ data: watched(5, ending).items, label: items(9).label }));
    expect(thrown).toMatchObject({ code: 'ERR_CAFFE_INPUT', blob: 'data', cause: ending });
    const ours = new CaffeError('ERR_CAFFE_IMAGE', 'no image');
    expect(await failureOf(net.forwardAll({ data: watched(5, ours).items, label: items(9).label }))).toBe(ours);
  });

  test('options that are none', async () => {
    for (const options of [null, { blobs: 'data' }, { blobs: ['nowhere'] }, { signal: {} }, { blobs: [5] }]) {
      expect((await failureOf(net.forwardAll(items(2), options as never))).code).toBe('ERR_CAFFE_INPUT');
    }
  });
});

describe('forwardBatches', () => {
  test('streams: no more than two batches of items are ever read', async () => {
    const net = await Net.from(BATCHED);
    const { notes, items: data } = watched(40);
    let batches = 0;
    for await (const { sum, total } of net.forwardBatches({ data, label: items(40).label })) {
      batches++;
      expect(notes.given).toBeLessThanOrEqual(4 * (batches + 1));
      expect(sum?.shape).toEqual([4, 1]);
      expect(total?.shape).toEqual([]);
    }
    expect(batches).toBe(10);
    expect(notes.returned).toBe(true);
    await net.dispose();
  });

  test('leaving the loop ends the iterables, even one that would wait for ever', async () => {
    const net = await Net.from(BATCHED);
    const { notes, items: data } = watched(100);
    let returned = false;
    const label = {
      [Symbol.asyncIterator]() {
        let given = 0;
        return {
          next: () => (given++ < 4 ? Promise.resolve({ value: 1, done: false }) : new Promise<never>(() => {})),
          async return() {
            returned = true;
            return { value: undefined, done: true as const };
          },
        };
      },
    };
    for await (const { sum } of net.forwardBatches({ data, label })) {
      expect(sum?.shape).toEqual([4, 1]);
      break;
    }
    await soon();
    expect([notes.returned, returned]).toEqual([true, true]);
    expect(notes.given).toBeLessThan(13);
    expect((await net.forwardAll(items(1))).sum?.shape).toEqual([1, 1]);
    await net.dispose();
  });

  test('batches before a failure are handed out, then all iterables are ended', async () => {
    const net = await Net.from(BATCHED);
    const { notes, items: label } = watched(100);
    const numbers = (async function* () {
      for await (const [first] of label) yield first ?? 0;
    })();
    const seen: number[] = [];
    const loop = async () => {
      for await (const { sum } of net.forwardBatches({ data: watched(6, new Error('enough')).items, label: numbers }))
        seen.push(sum?.data.length ?? 0);
    };
    expect((await failureOf(loop())).message).toContain('enough');
    expect(seen).toEqual([4]);
    expect(notes.returned).toBe(true);
    await net.dispose();
  });

  test('is left by an abort, also while it waits for an item', async () => {
    const net = await Net.from(BATCHED);
    const never = (async function* () {
      yield [1, 1, 1];
      await new Promise(() => {});
    })();
    const controller = new AbortController();
    const reason = new Error('closed');
    const run = net.forwardAll({ data: never, label: items(9).label }, { signal: controller.signal });
    await soon();
    controller.abort(reason);
    expect(await failureOf(run)).toMatchObject({ code: 'ERR_CAFFE_ABORTED', name: 'AbortError', cause: reason });
    expect(await failureOf(net.forwardAll(items(3), { signal: controller.signal }))).toMatchObject({ code: 'ERR_CAFFE_ABORTED' });
    expect((await net.forwardAll(items(3))).sum?.shape).toEqual([3, 1]);
    await net.dispose();
    expect(await failureOf(net.forwardAll(items(3)))).toMatchObject({ code: 'ERR_CAFFE_DISPOSED' });
  });

  test('a net without inputs, and inputs of different batch sizes', async () => {
    const dummy = await Net.from('layer { name: "d" type: "DummyData" top: "d" dummy_data_param { shape { dim: 2 dim: 2 } } }');
    expect((await failureOf(dummy.forwardAll({}))).hint).toContain('forward()');
    const uneven = await Net.from(BATCHED.replace('shape { dim: 4 } }', 'shape { dim: 5 } }'));
    expect((await failureOf(uneven.forwardAll(items(5)))).message).toContain("4 items of 'data', but 5 of 'label'");
    await Promise.all([dummy.dispose(), uneven.dispose()]);
  });
});

describe('forwardBackwardAll', () => {
  test('gives what one run over all items gives', async () => {
    const text = TINY.replace('SoftmaxWithLoss"', 'SoftmaxWithLoss" loss_param { normalization: NONE }');
    const [whole, cut] = await Promise.all([Net.from(text, { phase: 'train' }), Net.from(text, { phase: 'train' })]);
    await cut.copyFrom(await whole.toBuffer());
    const data = { shape: [8, 2, 6, 6], data: Float32Array.from({ length: 8 * 72 }, (_, index) => Math.sin(index)) };
    const label = Float32Array.from({ length: 8 }, (_, index) => index % 3);
    await whole.forward({ data, label });
    const expected = await whole.backward({}, { blobs: ['fc'] });

    await cut.forward({ data: { shape: [4, 2, 6, 6], data: data.data.slice(0, 288) }, label: { shape: [4], data: label.slice(0, 4) } });
    cut.clearParamDiffs();
    const { blobs, diffs } = await cut.forwardBackwardAll({ data, label }, { blobs: ['fc'], diffs: ['fc'] });
    expect(Object.keys(blobs).sort()).toEqual(['fc', 'loss']);
    expect(blobs.loss?.shape).toEqual([2]);
    expect(Object.keys(diffs).sort()).toEqual(['data', 'fc', 'label']);
    for (const name of ['data', 'fc']) {
      expect(diffs[name]?.shape).toEqual(expected[name]?.shape);
      expected[name]?.data.forEach((value, index) => {
        expect(diffs[name]?.data[index]).toBeCloseTo(value, 5);
      });
    }
    // Gradients of parameters add up over the batches.
    whole.params.fc?.[0]?.diff.forEach((value, index) => {
      expect(cut.params.fc?.[0]?.diff[index]).toBeCloseTo(value, 4);
    });
    await Promise.all([whole.dispose(), cut.dispose()]);
  });

  test('starts from the diffs of outputs, trimmed and padded as the items are', async () => {
    const net = await Net.from(BATCHED.replace(/layer \{ name: "total".*\n/, 'layer { name: "none" type: "Silence" bottom: "label" }\n'));
    const sum = Float32Array.of(1, 2, 3, 4, 5);
    const { diffs, blobs } = await net.forwardBackwardAll({ ...items(5), sum });
    expect(diffs.data).toEqual({ shape: [5, 3], data: Float32Array.of(1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5) });
    expect(blobs.sum?.shape).toEqual([5, 1]);
    const seen: (number[] | undefined)[] = [];
    for await (const batch of net.forwardBackwardBatches({ ...items(5), sum })) seen.push(batch.diffs.data?.shape as number[]);
    expect(seen).toEqual([
      [4, 3],
      [1, 3],
    ]);
    expect((await failureOf(net.forwardBackwardAll({ ...items(5), sum: [1] }))).message).toContain('items');
    await net.dispose();
  });
});

test('items that are promises, one of which fails', async () => {
  const net = await Net.from(LINEAR);
  const items = [Promise.resolve([1, 2, 3]), Promise.reject(new Error('no such file'))];
  items[1]?.catch(() => {});
  const failure = await failureOf(net.forwardAll({ data: items as never }));
  expect(failure).toMatchObject({ code: 'ERR_CAFFE_INPUT', cause: { message: 'no such file' } });
  expect((await net.forwardAll({ data: [Promise.resolve([1, 2, 3])] as never })).fc?.data[0]).toBe(6.5);
  await net.dispose();
});

test('a streaming method without its net gives an iterator that fails', async () => {
  const net = await Net.from(LINEAR);
  const { forwardBatches } = net;
  const iterator = forwardBatches.call(undefined as never, { data: [[1, 2, 3]] })[Symbol.asyncIterator]();
  expect(await failureOf(iterator.next())).toMatchObject({ code: 'ERR_CAFFE_INPUT' });
  await net.dispose();
});
