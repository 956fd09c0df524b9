/** pycaffe's own cases (python/caffe/test/test_net_spec.py), line by line, and what it does not test. */
import { Net } from '../../lib/net';
import { layers as L, type NetSpec, netSpec, params as P, parseNet } from '../../lib/prototxt';

function lenet(batchSize: number): NetSpec {
  const n = netSpec('LeNet');
  [n.data, n.label] = L.DummyData({
    shape: [{ dim: [batchSize, 1, 28, 28] }, { dim: [batchSize, 1, 1, 1] }],
    transform_param: { scale: 1 / 255 },
    ntop: 2,
  });
  n.conv1 = L.Convolution(n.data, { kernel_size: 5, num_output: 20, weight_filler: { type: 'xavier' } });
  n.pool1 = L.Pooling(n.conv1, { kernel_size: 2, stride: 2, pool: P.Pooling.MAX });
  n.conv2 = L.Convolution(n.pool1, { kernel_size: 5, num_output: 50, weight_filler: { type: 'xavier' } });
  n.pool2 = L.Pooling(n.conv2, { kernel_size: 2, stride: 2, pool: P.Pooling.MAX });
  n.ip1 = L.InnerProduct(n.pool2, { num_output: 500, weight_filler: { type: 'xavier' } });
  n.relu1 = L.ReLU(n.ip1, { in_place: true });
  n.ip2 = L.InnerProduct(n.relu1, { num_output: 10, weight_filler: { type: 'xavier' } });
  n.loss = L.SoftmaxWithLoss(n.ip2, n.label);
  return n;
}

/** The same with names by type and number. */
function anonymousLenet(batchSize: number): string {
  const [data, label] = L.DummyData({ shape: [{ dim: [batchSize, 1, 28, 28] }, { dim: [batchSize, 1, 1, 1] }], ntop: 2 });
  if (!data || !label) throw new Error('two tops were expected');
  const conv1 = L.Convolution(data, { kernel_size: 5, num_output: 20 });
  const pool1 = L.Pooling(conv1, { kernel_size: 2, stride: 2, pool: P.Pooling.MAX });
  const conv2 = L.Convolution(pool1, { kernel_size: 5, num_output: 50 });
  const pool2 = L.Pooling(conv2, { kernel_size: 2, stride: 2, pool: P.Pooling.MAX });
  const ip1 = L.InnerProduct(pool2, { num_output: 500 });
  const ip2 = L.InnerProduct(L.ReLU(ip1, { in_place: true }), { num_output: 10 });
  return L.SoftmaxWithLoss(ip2, label).toPrototxt();
}

describe('netSpec', () => {
  test('LeNet, named by its assignments, in place where asked, loads and runs', async () => {
    const text = lenet(5).toPrototxt();
    const { layer = [] } = parseNet(text);
    expect(layer.map(({ name }) => name)).toEqual(['data', 'conv1', 'pool1', 'conv2', 'pool2', 'ip1', 'relu1', 'ip2', 'loss']);
    expect(layer[6]).toMatchObject({ bottom: ['ip1'], top: ['ip1'] });
    expect(layer[1]).toMatchObject({ convolution_param: { num_output: 20, kernel_size: [5], weight_filler: { type: 'xavier' } } });
    const net = await Net.from(text);
    expect(net.name).toBe('LeNet');
    expect((await net.forward()).loss?.data[0]).toBeCloseTo(Math.log(10), 1);
    await net.dispose();
  });

  test('automatic names, by type and number', async () => {
    const net = await Net.from(anonymousLenet(5));
    expect(net.layers.map(({ name }) => name).filter((name) => !name.includes('split'))).toEqual([
      ...['DummyData1', 'Convolution1', 'Pooling1', 'Convolution2', 'Pooling2'],
      ...['InnerProduct1', 'ReLU1', 'InnerProduct2', 'SoftmaxWithLoss1'],
    ]);
    await net.dispose();
  });

  test('layers without tops', async () => {
    const n = netSpec();
    [n.data, n.data2] = L.DummyData({ shape: { dim: 3 }, ntop: 2 });
    n.silence_data = L.Silence(n.data, { ntop: 0 });
    n.silence_data2 = L.Silence(n.data2, { ntop: 0 });
    const net = await Net.from(n.toPrototxt());
    expect(net.layers.map(({ name }) => name)).toEqual(['data', 'silence_data', 'silence_data2']);
    expect(await net.forward()).toEqual({});
    await net.dispose();
  });

  test('modules are plain functions', () => {
    const n = netSpec();
    n.data = L.Input({ shape: { dim: [1, 3, 8, 8] } });
    const block = (bottom: typeof n.data, outputs: number) =>
      L.ReLU(L.Convolution(bottom, { num_output: outputs, kernel_size: 1 }), { in_place: true });
    n.out = block(block(n.data, 4), 2);
    const { layer = [] } = n.toNetParameter();
    expect(layer.map(({ name, type }) => [name, type])).toEqual([
      ['data', 'Input'],
      ['Convolution1', 'Convolution'],
      ['ReLU1', 'ReLU'],
      ['Convolution2', 'Convolution'],
      ['out', 'ReLU'],
    ]);
  });

  test('settings of layers that borrow the message of another, and of the layer itself', () => {
    const n = netSpec();
    n.data = L.Input({ shape: { dim: [1, 3, 8, 8] } });
    n.up = L.Deconvolution(n.data, { num_output: 3, kernel_size: 4, param: { lr_mult: 0 }, include: { phase: 'TEST' } });
    n.sum = L.Reduction(n.up, { operation: P.Reduction.SUM, loss_weight: 2 });
    expect(n.toNetParameter().layer?.slice(1)).toMatchObject([
      { param: [{ lr_mult: 0 }], include: [{ phase: 'TEST' }], convolution_param: { num_output: 3, kernel_size: [4] } },
      { loss_weight: [2], reduction_param: { operation: 'SUM' } },
    ]);
    expect(Object.keys(n)).toEqual(['data', 'up', 'sum']);
  });

  test('what is no bottom, no top, no field, no constant is refused with its name', () => {
    const refused = (message: string, hint?: string) =>
      expect.objectContaining({ code: 'ERR_CAFFE_INPUT', message: expect.stringContaining(message), ...(hint && { hint }) });
    const n = netSpec();
    const data = L.DummyData({ shape: { dim: 3 } });
    expect(() => L.Silence([data] as never, { ntop: 0 })).toThrow(refused('Bottom 0 of layers.Silence'));
    expect(() => L.Silence(data, { ntop: -1 })).toThrow(refused('ntop'));
    expect(() => {
      n.data = {} as never;
    }).toThrow(refused('data'));
    expect(() => {
      n.toPrototxt = data as never;
    }).toThrow(refused('toPrototxt'));
    expect(() => Reflect.get(P.Pooling, 'MIN')).toThrow(refused("'MIN'"));
    n.data = data;
    n.ip = L.InnerProduct(data, { num_outputs: 3 });
    expect(() => n.toPrototxt()).toThrow(refused("'num_outputs'", "Did you mean 'num_output'?"));
    n.ip = L.InnerProduct(data, { num_output: 'three' });
    expect(() => n.toPrototxt()).toThrow(refused('inner_product_param.num_output'));
    n.ip = L.InnerProduct(data, { num_output: 3 });
    expect(n.toPrototxt()).toContain('num_output: 3');
  });
});
