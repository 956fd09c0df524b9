import { Net } from '../../lib/net';
import { testNet } from '../../lib/tools';
import { imageOf, writeDatabase } from '../support/databases';
import { failureOf } from '../support/failure';
import { temporaryFolder } from '../support/folders';

const at = temporaryFolder();

/** Five images in batches of two, a classifier with two outputs, and two losses, one of which counts double. */
const network = () => `
name: "scored"
layer { name: "data" type: "Data" top: "data" top: "label" data_param { source: "${at('db')}" backend: LMDB batch_size: 2 }
  transform_param { scale: 0.004 } }
layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc"
  inner_product_param { num_output: 2 weight_filler { type: "gaussian" std: 0.1 } } }
layer { name: "accuracy" type: "Accuracy" bottom: "fc" bottom: "label" top: "accuracy" }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" top: "loss" loss_weight: 2 }
layer { name: "size" type: "Reduction" bottom: "fc" top: "size" loss_weight: 0.5 reduction_param { operation: SUMSQ } }
`;

beforeAll(async () => {
  await writeDatabase(
    at('db'),
    Array.from({ length: 5 }, (_, index) => imageOf(index)),
  );
  const net = await Net.from(network());
  await net.save(at('net.caffemodel'));
  await net.dispose();
});

/** The outputs of `count` batches, by the net itself. */
async function batchesOf(count: number) {
  const net = await Net.from(network(), { weights: at('net.caffemodel') });
  const batches = [];
  for (let batch = 0; batch < count; batch++) batches.push(await net.forward());
  await net.dispose();
  return batches.map(({ accuracy, loss, size }) => [accuracy, loss, size].map((one) => one?.data[0] ?? Number.NaN));
}

describe('testNet', () => {
  test('gives the outputs of each batch, their means, and the loss', async () => {
    const expected = await batchesOf(4); // the data begins anew in the third
    const progress: unknown[] = [];
    const result = await testNet(network(), at('net.caffemodel'), {
      iterations: 4,
      onProgress: ({ done, total, outputs }) => progress.push([done, total, outputs.loss?.data[0]]),
    });
    expect(Object.keys(result.outputs)).toEqual(['accuracy', 'loss', 'size']);
    expect(result.batches.map((batch) => ['accuracy', 'loss', 'size'].map((name) => batch[name]?.data[0]))).toEqual(expected);
    expect(progress).toEqual(expected.map(([, loss], batch) => [batch + 1, 4, loss]));
    const mean = (index: number) => expected.reduce((sum, values) => sum + (values[index] ?? 0), 0) / 4;
    ['accuracy', 'loss', 'size'].forEach((name, index) => {
      expect(result.outputs[name]?.data[0]).toBeCloseTo(mean(index), 6);
    });
    expect(result.lossWeights).toEqual(Object.assign(Object.create(null), { accuracy: 0, loss: 2, size: 0.5 }));
    expect(result.loss).toBeCloseTo(2 * mean(1) + 0.5 * mean(2), 5);
  });

  test('averages each value of an output by itself', async () => {
    const feature = network().replace(/layer \{ name: "(accuracy|loss|size)".*\n/g, '');
    const result = await testNet(feature, at('net.caffemodel'), { iterations: 2 });
    const values = result.batches.map((batch) => batch.fc?.data ?? new Float32Array());
    expect(result.outputs.fc?.shape).toEqual([2, 2]);
    result.outputs.fc?.data.forEach((value, index) => {
      expect(value).toBeCloseTo(((values[0]?.[index] ?? 0) + (values[1]?.[index] ?? 0)) / 2, 6);
    });
    expect(result.loss).toBe(0);
  });

  test.each([
    ['no iterations', () => testNet(network(), at('net.caffemodel'), { iterations: 0 }), 'ERR_CAFFE_INPUT'],
    ['no weights', () => testNet(network(), undefined as unknown as string), 'ERR_CAFFE_INPUT'],
    ['weights that are not there', () => testNet(network(), at('other.caffemodel')), 'ERR_CAFFE_FILE'],
    ['data that is not there', () => testNet(network().replace(at('db'), at('nodb')), at('net.caffemodel')), 'ERR_CAFFE_DATASET'],
    ['an aborted signal', () => testNet(network(), at('net.caffemodel'), { signal: AbortSignal.abort() }), 'ERR_CAFFE_ABORTED'],
  ])('refuses %s', async (_, work, code) => {
    expect(await failureOf(work())).toMatchObject({ code });
    expect((await testNet(network(), at('net.caffemodel'), { iterations: 1 })).batches).toHaveLength(1);
  });

  test('says so when outputs change their shape', async () => {
    await writeDatabase(at('mixed'), [imageOf(0), imageOf(1, { height: 6 })]);
    const mixed = `layer { name: "data" type: "Data" top: "data" data_param { source: "${at('mixed')}" backend: LMDB batch_size: 1 } }
      layer { name: "double" type: "Power" bottom: "data" top: "double" power_param { scale: 2 } }`;
    expect(await failureOf(testNet(mixed, [], { iterations: 2 }))).toMatchObject({ code: 'ERR_CAFFE_SHAPE', blob: 'double' });
  });
});
