/** Networks in code: built, loaded and run. net-spec-pycaffe.test.ts compares with pycaffe. */
import { Net } from '../../lib/net';
import { assignProto, layers as L, NetSpec, netSpec, params as P, parseNet, type Top, toNetParameter } from '../../lib/prototxt';
import { errorOf } from './shared';

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

  test('modules are plain functions: a fire module, a residual block', async () => {
    const relu = (top: Top) => L.ReLU(top, { in_place: true });
    const fire = (bottom: Top, squeeze: number, expand: number) => {
      const squeezed = relu(L.Convolution(bottom, { num_output: squeeze, kernel_size: 1 }));
      const one = relu(L.Convolution(squeezed, { num_output: expand, kernel_size: 1 }));
      return L.Concat(one, relu(L.Convolution(squeezed, { num_output: expand, kernel_size: 3, pad: 1 })));
    };
    const residual = (bottom: Top, outputs: number) => {
      const normalized = (top: Top) => L.Scale(L.BatchNorm(top, { in_place: true }), { bias_term: true, in_place: true });
      const convolved = (top: Top) => normalized(L.Convolution(top, { num_output: outputs, kernel_size: 3, pad: 1, bias_term: false }));
      return relu(L.Eltwise(bottom, convolved(relu(convolved(bottom)))));
    };
    const n = netSpec();
    n.data = L.Input({ shape: { dim: [1, 4, 8, 8] } });
    n.fire = fire(residual(n.data, 4), 2, 3);
    const { layer = [] } = n.toNetParameter();
    expect(layer.map(({ name }) => name)).toEqual([
      ...['data', 'Convolution1', 'BatchNorm1', 'Scale1', 'ReLU1', 'Convolution2', 'BatchNorm2', 'Scale2', 'Eltwise1', 'ReLU2'],
      ...['Convolution3', 'ReLU3', 'Convolution4', 'ReLU4', 'Convolution5', 'ReLU5', 'fire'],
    ]);
    const net = await Net.from(n.toPrototxt());
    expect((await net.forward({ data: new Float32Array(256) })).fire?.shape).toEqual([1, 6, 8, 8]);
    await net.dispose();
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
    const own = L.JavaScript(n.data, { layer: 'Swirl', param_str: '{"turns":2}' }).toNetParameter();
    expect(own.layer?.[1]).toMatchObject({ type: 'JavaScript', python_param: { layer: 'Swirl', param_str: '{"turns":2}' } });
  });

  test('names of every form, and what was assigned', () => {
    const n = new NetSpec('names');
    const data = L.Input({ shape: { dim: 3 } });
    n['in/put 1'] = data;
    Reflect.set(n, 'constructor', L.ReLU(data));
    n.data = n.tops.get('constructor');
    expect([...n.tops.keys()]).toEqual(['in/put 1', 'constructor', 'data']);
    expect(n.tops.get('in/put 1')).toBe(data);
    expect('data' in n && !('toString' in n)).toBe(true);
    n.slip = data;
    delete n.slip;
    delete n.slip;
    expect(n.toNetParameter()).toMatchObject({
      name: 'names',
      layer: [{ name: 'in/put 1' }, { name: 'data', bottom: ['in/put 1'], top: ['data'] }],
    });
  });

  test('automatic names pass over those that are given', () => {
    const n = netSpec();
    n.ReLU1 = L.Input({ shape: { dim: 3 } });
    n.out = L.ReLU(L.ReLU(L.ReLU(n.ReLU1)));
    expect(n.toNetParameter().layer?.map(({ name }) => name)).toEqual(['ReLU1', 'ReLU2', 'ReLU3', 'out']);
  });

  test('a name, and settings in a message of their own beside short ones', () => {
    const top = L.Convolution(L.Input({ shape: { dim: 3 } }), {
      name: 'c',
      num_output: 2,
      convolution_param: { kernel_size: 3, group: 2 },
    });
    expect(top.toNetParameter().layer?.[1]).toEqual({
      ...{ name: 'c', type: 'Convolution', bottom: ['Input1'], top: ['Convolution1'] },
      convolution_param: { kernel_size: [3], group: 2, num_output: 2 },
    });
  });

  test('deeper than any stack', () => {
    let top = L.Input({ shape: { dim: 3 } });
    for (let i = 0; i < 20_000; i++) top = L.ReLU(top, { in_place: true });
    const { layer = [] } = toNetParameter(top);
    expect([layer.length, layer.at(-1)?.name]).toEqual([20_001, 'ReLU20000']);
  });

  test('layers of other Caffes, with fields of any kind, where they are asked for', () => {
    const n = netSpec();
    n.data = L.Input({ shape: { dim: [1, 3, 8, 8] } });
    n.box = L.PriorBox?.(n.data, { prior_box_param: { min_size: [30, 60], code_type: { $enum: 'CENTER_SIZE' } }, loss_weight: 0 });
    n.norm = L.BatchNorm(n.data, { engine: 'MKLDNN', eps: 0.1 } as object);
    expect(errorOf(() => n.toPrototxt())).toMatchObject({
      message: "A layer of type PriorBox has no field 'prior_box_param'.",
      hint: "It belongs to the SSD branch; { unknown: 'keep' } keeps it.",
    });
    const text = n.toPrototxt({ unknown: 'keep' });
    expect(parseNet(text, { unknown: 'keep' }).layer?.slice(1)).toEqual([
      {
        ...{ name: 'box', type: 'PriorBox', bottom: ['data'], top: ['box'], loss_weight: [0] },
        prior_box_param: { min_size: [30, 60], code_type: { $enum: 'CENTER_SIZE' } },
      },
      { ...{ name: 'norm', type: 'BatchNorm', bottom: ['data'], top: ['norm'], engine: 'MKLDNN' }, batch_norm_param: { eps: 0.1 } },
    ]);
    expect(n.toNetParameter({ unknown: 'keep' })).toEqual(parseNet(text, { unknown: 'keep' }));
  });

  test('assignProto makes messages of what may be given without brackets', () => {
    expect(assignProto('ConvolutionParameter', { num_output: 2, kernel_size: 3, pad: [1, 2], weight_filler: { std: 1 } })).toEqual({
      ...{ num_output: 2, kernel_size: [3], pad: [1, 2], weight_filler: { std: 1 } },
    });
    expect(assignProto('NetParameter', { layer: { bottom: 'a', include: { stage: 'x' } }, name: undefined })).toEqual({
      layer: [{ bottom: ['a'], include: [{ stage: ['x'] }] }],
    });
  });
});

describe('what is wrong is refused with its name, by the compiler where it can be, and by the call', () => {
  const data = L.Input({ shape: { dim: 3 } });
  const make = (type: string, settings: object) => L[type]?.(data, { ...settings }) as Top;
  const mistakes: [message: string, hint: string | undefined, make: () => Top][] = [
    // @ts-expect-error
    ["no field 'num_outputs'", "Did you mean 'num_output'?", () => L.InnerProduct(data, { num_outputs: 3 })],
    // @ts-expect-error
    ["'net.layer[1].inner_product_param.num_output' takes a whole number", undefined, () => L.InnerProduct(data, { num_output: 'three' })],
    // @ts-expect-error
    ["FillerParameter has no field 'tpye'", "Did you mean 'type'?", () => L.InnerProduct(data, { weight_filler: { tpye: 'xavier' } })],
    // @ts-expect-error
    ["no field 'inplace'", undefined, () => L.ReLU(data, { inplace: true })],
    // @ts-expect-error
    ["no field 'stride'", 'There is: negative_slope, engine.', () => L.ReLU(data, { stride: 2 })],
    // @ts-expect-error
    ["no field 'loss_weigth'", "Did you mean 'loss_weight'?", () => L.Convolution(data, { loss_weigth: 2 })],
    // @ts-expect-error
    ["'net.layer[1].pooling_param.pool' takes one of MAX, AVE, STOCHASTIC", undefined, () => L.Pooling(data, { pool: P.Eltwise.SUM })],
    // @ts-expect-error
    ["include[0].phase' takes one of TRAIN, TEST", "Did you mean 'TRAIN'?", () => L.ReLU(data, { include: { phase: 'train' } })],
    // @ts-expect-error
    ["a ClipParameter must have 'max'", undefined, () => L.Clip(data, { min: 0 })],
    // @ts-expect-error
    ["'net.layer[1].loss_weight[0]' takes a number", undefined, () => L.ReLU(data, { loss_weight: '1' })],
    // @ts-expect-error
    ['Bottom 0 of layers.ReLU must be a top', undefined, () => L.ReLU('data')],
    // @ts-expect-error
    ["'ntop' takes a whole number from 0 to 1000", undefined, () => L.Silence(data, { ntop: '0' })],
    // @ts-expect-error
    ["'in_place' takes true or false", undefined, () => L.ReLU(data, { in_place: 1 })],
    // @ts-expect-error
    ["'top' is no setting of layers.ReLU", undefined, () => L.ReLU(data, { top: 'relu' })],
    // @ts-expect-error
    ["PoolingParameter has no constant 'MIX'", "Did you mean 'MAX'?", () => L.Pooling(data, { pool: P.Pooling.MIX })],
    ["Convolutoin has no field 'num_output'", 'Did you mean a layer of type Convolution?', () => make('Convolutoin', { num_output: 2 })],
    [
      "PriorBox has no field 'prior_box_param'",
      "It belongs to the SSD branch; { unknown: 'keep' } keeps it.",
      () => make('PriorBox', { prior_box_param: {} }),
    ],
    ['Bottom 0 of layers.Silence must be a top; [', undefined, () => L.Silence([data] as never)],
    ['Bottom 1 of layers.Eltwise must be a top; undefined', undefined, () => L.Eltwise(data, netSpec().typo)],
    ['a layer without tops, Silence', undefined, () => L.ReLU(L.Silence(data, { ntop: 0 }))],
    ["'convolution_param' takes an object", undefined, () => L.Convolution(data, { pad: 1, convolution_param: 'x' } as never)],
    ['ntop', undefined, () => L.Silence(data, { ntop: -1 })],
  ];
  test.each(mistakes)('%s', (message, hint, make) => {
    const error = errorOf(() => make().toPrototxt());
    expect(error.code).toBe('ERR_CAFFE_INPUT');
    expect(error.message).toContain(message);
    if (hint) expect(error.hint).toBe(hint);
    expect(L.ReLU(data).toPrototxt()).toContain('"ReLU1"');
  });

  test('what is assigned to a spec, or made a message', () => {
    const n = netSpec();
    const assign = (name: string, value: unknown) => errorOf(() => Reflect.set(n, name, value)).message;
    expect(assign('data', {})).toContain("'data' takes a top");
    expect(errorOf(() => Reflect.set(n, 'label', undefined)).hint).toContain('ntop: 2');
    for (const name of ['toPrototxt', 'toNetParameter', 'tops']) expect(assign(name, data)).toContain('a free name');
    // @ts-expect-error
    expect(errorOf(() => assignProto('ConvolutionParameter', { kernel: 3 })).message).toBe("ConvolutionParameter has no field 'kernel'.");
    // @ts-expect-error
    expect(errorOf(() => assignProto('Convolution', {})).message).toContain('the name of a message');
    expect(errorOf(() => toNetParameter(data, {} as never)).message).toContain('tops');
    expect(toNetParameter()).toEqual({ layer: [] });
  });
});
