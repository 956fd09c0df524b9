/** What Caffe takes without a word and then crashes on, hangs in, or computes nonsense from: refused, and the process goes on. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { Net } from '../lib/net';
import { parse } from '../lib/prototxt';
import { Solver } from '../lib/solver';
import { failureOf } from './support/failure';
import { temporaryFolder } from './support/folders';
import { LINEAR, TINY } from './support/networks';

const folder = temporaryFolder();

afterEach(async () => {
  const net = await Net.from(LINEAR);
  expect((await net.forward({ data: [1, 2, 3] })).fc?.data[0]).toBe(6.5);
  await net.dispose();
});

const input = (name: string, ...shape: number[]) =>
  `layer { name: "${name}" type: "Input" top: "${name}" input_param { shape { ${shape.map((extent) => `dim: ${extent}`).join(' ')} } } }\n`;
const layer = (type: string, bottoms: string[], tops: string[], params = '') =>
  `layer { name: "x" type: "${type}" ${bottoms.map((name) => `bottom: "${name}"`).join(' ')} ${tops.map((name) => `top: "${name}"`).join(' ')} ${params} }\n`;
const image = input('a', 2, 3, 8, 8);
const one = (type: string, params = '') => image + layer(type, ['a'], ['x'], params);

describe('settings', () => {
  test.each([
    ['a dropout_ratio of 2', one('Dropout', 'dropout_param { dropout_ratio: 2 }'), 'dropout_ratio: 2'],
    ['a dropout_ratio that is no number', one('Dropout', 'dropout_param { dropout_ratio: nan }'), 'dropout_ratio'],
    ['a stride of 0', one('Convolution', 'convolution_param { num_output: 1 kernel_size: 3 stride: 0 }'), 'stride: 0'],
    ['a pooling stride of 0', one('Pooling', 'pooling_param { kernel_size: 2 stride: 0 }'), 'stride: 0'],
    ['a group of 0', one('Deconvolution', 'convolution_param { num_output: 1 kernel_size: 3 group: 0 }'), 'group: 0'],
    ['a number beyond int', one('Convolution', 'convolution_param { num_output: 4294967295 kernel_size: 1 }'), '4294967295'],
    ['a legacy extent of 0', layer('DummyData', [], ['x'], 'dummy_data_param { num: 0 channels: 1 height: 1 width: 1 }'), 'num: 0'],
    ['extents cut to 32 bits', layer('Parameter', [], ['x'], 'parameter_param { shape { dim: 4294967297 } }'), '2^31'],
    ['extents to reshape to cut to 32 bits', one('Reshape', 'reshape_param { shape { dim: 4294967296 } }'), 'dim: 4294967296'],
    [
      'uniform numbers without end',
      one('InnerProduct', 'inner_product_param { num_output: 1 weight_filler { type: "uniform" min: -inf max: inf } }'),
      'uniform',
    ],
    [
      'uniform numbers at the end of floats',
      one('InnerProduct', 'inner_product_param { num_output: 1 weight_filler { type: "uniform" min: 3.4028235e38 max: 3.4028235e38 } }'),
      'uniform',
    ],
    ['a pyramid of 2^31 levels', one('SPP', 'spp_param { pyramid_height: 2147483647 }'), 'pyramid_height'],
    ['a number of axes that overflows', one('Scale', 'scale_param { num_axes: 2147483647 }'), 'num_axes'],
    [
      'an LSTM whose gates overflow',
      input('a', 2, 2, 3) + input('b', 2, 2) + layer('LSTM', ['a', 'b'], ['x'], 'recurrent_param { num_output: 1073741825 }'),
      'num_output',
    ],
    ['a sum in place', image + input('b', 2, 3, 8, 8) + layer('Eltwise', ['a', 'b'], ['a']), 'overwrite'],
    ['more propagate_down than bottoms', one('ReLU', 'propagate_down: true propagate_down: true'), 'propagate_down'],
    ['fewer shapes than inputs', `input: "a" input: "b" input_shape { dim: 1 } ${layer('ReLU', ['a'], ['x'])}`, '2 inputs'],
    [
      'fewer extents than inputs',
      `input: "a" input: "b" input_dim: 1 input_dim: 1 input_dim: 1 input_dim: 1 ${layer('ReLU', ['a'], ['x'])}`,
      '2 inputs',
    ],
  ])('%s', async (_, text, words) => {
    const failure = await failureOf(Net.from(text, { phase: 'train' }));
    expect(failure.code).toBe('ERR_CAFFE_PROTOTXT');
    expect(failure.message).toContain(words);
    expect(await failureOf(Solver.from(`net_param { ${text} } base_lr: 1 lr_policy: "fixed"`))).toMatchObject({
      code: 'ERR_CAFFE_PROTOTXT',
      message: failure.message,
    });
  });

  test('of a layer of another phase are its own business', async () => {
    const net = await Net.from(`${image}${layer('Dropout', ['a'], ['x'], 'dropout_param { dropout_ratio: 2 } include { phase: TRAIN }')}`);
    expect((await net.forward()).a?.shape).toEqual([2, 3, 8, 8]);
    await net.dispose();
  });
});

describe('shapes', () => {
  test.each([
    ['a tile whose size overflows', image + layer('Tile', ['a'], ['x'], 'tile_param { tiles: 1431655766 }')],
    [
      'columns whose number overflows',
      input('a', 1, 4, 65536, 1) + layer('Im2col', ['a'], ['x'], 'convolution_param { kernel_h: 32768 kernel_w: 32768 pad_w: 32768 }'),
    ],
    ['a dilation that overflows', one('Convolution', 'convolution_param { num_output: 1 kernel_size: 3 dilation: 2147483647 }')],
    ['an inferred extent of 65536 × 65536', one('Reshape', 'reshape_param { shape { dim: 65536 dim: 65536 dim: -1 } }')],
    ['a kernel larger than its bottom', one('Convolution', 'convolution_param { num_output: 1 kernel_size: 9 }')],
    ['a last pooling window outside', image + layer('Pooling', ['a'], ['x'], 'pooling_param { kernel_size: 1 stride: 5 }')],
    ['a slice without extent', image + layer('Slice', ['a'], ['x', 'y'], 'slice_param { slice_point: 3 }')],
    ['weights of 2^31 values', one('InnerProduct', 'inner_product_param { num_output: 100000000 }')],
    [
      'a column buffer of 2^31 values',
      input('a', 1, 100, 4000, 4000) + layer('Convolution', ['a'], ['x'], 'convolution_param { num_output: 1 kernel_size: 3 }'),
    ],
    [
      'gates that overflow',
      input('a', 1, 1, 1073741825) + input('b', 1, 1, 4) + input('c', 1, 1) + layer('LSTMUnit', ['a', 'b', 'c'], ['x', 'y']),
    ],
    [
      'a sequence too long to unroll',
      input('a', 1000000, 1, 1) + input('b', 1000000, 1) + layer('RNN', ['a', 'b'], ['x'], 'recurrent_param { num_output: 1 }'),
    ],
    ['labels without a shape', `${image}layer { name: "b" type: "Input" top: "b" } ${layer('Accuracy', ['a', 'b'], ['x'])}`],
    ['more bins than rows', one('SPP', 'spp_param { pyramid_height: 5 }')],
    ['fewer labels than pairs', input('a', 4, 5) + input('b', 4, 5) + input('c', 1) + layer('ContrastiveLoss', ['a', 'b', 'c'], ['x'])],
  ])('%s', async (_, text) => {
    expect(await failureOf(Net.from(text))).toMatchObject({ code: 'ERR_CAFFE_SHAPE', layer: 'x' });
  });

  test.each([
    ['more channels than slopes', input('a', 1, 3, 2) + layer('PReLU', ['a'], ['x']), [1, 4, 2]],
    ['fewer values than ArgMax wants', input('a', 2, 5) + layer('ArgMax', ['a'], ['x'], 'argmax_param { top_k: 4 }'), [2, 3]],
    ['an axis that ArgMax has lost', input('a', 2, 3, 4) + layer('ArgMax', ['a'], ['x'], 'argmax_param { axis: 2 }'), [2, 3]],
    [
      'another number of axes for Im2col',
      input('a', 1, 3, 6, 6) + layer('Im2col', ['a'], ['x'], 'convolution_param { kernel_size: 3 }'),
      [1, 3, 6, 6, 6],
    ],
    [
      'more axes than Crop has offsets',
      input('a', 2, 5, 5) + input('b', 2, 3, 3) + layer('Crop', ['a', 'b'], ['x'], 'crop_param { axis: 1 offset: 1 offset: 1 }'),
      [2, 5, 5, 5],
    ],
    [
      'a pooled bottom smaller than the kernel',
      input('a', 1, 1, 6, 6) + layer('Pooling', ['a'], ['x'], 'pooling_param { kernel_size: 4 }'),
      [1, 1, 2, 2],
    ],
  ])('that come later: %s', async (_, text, shape) => {
    const net = await Net.from(text);
    const before = await net.forward();
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
    expect(await failureOf(net.forward({ a: { shape, data } }))).toMatchObject({ code: 'ERR_CAFFE_SHAPE', layer: 'x' });
    expect(await net.forward()).toEqual(before);
    await net.dispose();
  });

  test('a larger batch of pairs than ContrastiveLoss was set up for', async () => {
    const text = input('a', 1, 2) + input('b', 1, 2) + input('c', 1) + layer('ContrastiveLoss', ['a', 'b', 'c'], ['x']);
    const net = await Net.from(`force_backward: true ${text}`);
    const pairs = (value: number) => ({ shape: [500, 2], data: new Float32Array(1000).fill(value) });
    const similar = { shape: [500], data: new Float32Array(500).fill(1) };
    const { x } = await net.forward({ a: pairs(3), b: pairs(1), c: similar });
    expect(x?.data[0]).toBeCloseTo(4, 5); // (2² + 2²) / 2 for each pair
    await net.backward();
    expect(net.blobs.a?.diff[999]).toBeCloseTo(2 / 500, 6);
    await net.dispose();
  });

  test('a Filter that selects nothing, below a Reshape', async () => {
    const net = await Net.from(
      `force_backward: true ${input('a', 2, 3)}${input('b', 2)}${layer('Filter', ['a', 'b'], ['x'])}
       layer { name: "y" type: "Reshape" bottom: "x" top: "y" reshape_param { shape { dim: 0 dim: -1 } } }`,
    );
    expect(await failureOf(net.forward())).toMatchObject({ code: 'ERR_CAFFE_SHAPE', layer: 'y' });
    expect(await failureOf(net.reshape())).toMatchObject({ code: 'ERR_CAFFE_SHAPE', layer: 'y' });
    expect(await failureOf(net.backward())).toMatchObject({ code: 'ERR_CAFFE_SHAPE' });
    net.blobs.b?.data.fill(1);
    expect((await net.forward()).y?.shape).toEqual([2, 3]);
    await net.dispose();
  });
});

describe('values used as indices', () => {
  const scores = input('a', 4, 5) + input('b', 4);
  const nets: [string, string, number][] = [
    ['SoftmaxWithLoss', scores + layer('SoftmaxWithLoss', ['a', 'b'], ['x']), 5],
    ['HingeLoss', scores + layer('HingeLoss', ['a', 'b'], ['x']), 5],
    ['MultinomialLogisticLoss', scores + layer('MultinomialLogisticLoss', ['a', 'b'], ['x']), 5],
    ['InfogainLoss', scores + input('c', 5, 5) + layer('InfogainLoss', ['a', 'b', 'c'], ['x']), 5],
    ['Accuracy', scores + layer('Accuracy', ['a', 'b'], ['x', 'y']), 5],
    ['Embed', input('b', 4) + layer('Embed', ['b'], ['x'], 'embed_param { num_output: 2 input_dim: 5 }'), 5],
    ['BatchReindex', scores + layer('BatchReindex', ['a', 'b'], ['x']), 4],
  ];
  const WRONG = [-1, 1e9, -1e9, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 2 ** 31];

  test.each(nets)('%s: out of range, forward and backward, and in range again', async (_, text, count) => {
    const net = await Net.from(`force_backward: true ${text}`, { phase: 'train' });
    for (const wrong of [...WRONG, count]) {
      net.blobs.b?.data.fill(wrong);
      expect(await failureOf(net.forward())).toMatchObject({ code: 'ERR_CAFFE_INPUT', layer: 'x' });
      if (!text.includes('Accuracy')) expect(await failureOf(net.backward())).toMatchObject({ code: 'ERR_CAFFE_INPUT', layer: 'x' });
    }
    net.blobs.b?.data.fill(count - 1);
    expect((await net.forward()).x?.data.every(Number.isFinite)).toBe(true);
    await net.dispose();
  });

  test('a label out of range in a training', async () => {
    const solver = await Solver.from(`net_param { ${TINY} } base_lr: 0.1 lr_policy: "fixed"`);
    solver.net.blobs.label?.data.fill(3);
    expect(await failureOf(solver.step(2))).toMatchObject({ code: 'ERR_CAFFE_INPUT', layer: 'loss' });
    solver.net.blobs.label?.data.fill(2);
    expect((await solver.step(2)).loss).toBeLessThan(2);
    await solver.dispose();
  });

  test('a label to be ignored is no class, and is ignored', async () => {
    for (const [type, params] of [
      ['SoftmaxWithLoss', 'loss_param { ignore_label: 255 }'],
      ['Accuracy', 'accuracy_param { ignore_label: 255 }'],
    ] as const) {
      const net = await Net.from(scores + layer(type, ['a', 'b'], ['x'], params));
      net.blobs.b?.data.fill(255);
      expect((await net.forward()).x?.data[0]).toBe(0);
      await net.dispose();
    }
  });

  test('InfogainLoss ignores a negative label in both directions, as it does any other', async () => {
    const run = async (ignored: number, normalization: string) => {
      const text = input('a', 2, 5, 1, 2) + input('b', 2, 1, 1, 2) + input('c', 5, 5);
      const params = `loss_param { ignore_label: ${ignored} normalization: ${normalization} }`;
      const bias = 'layer { name: "s" type: "Bias" bottom: "a" top: "s" }'; // something to learn
      const net = await Net.from(text + bias + layer('InfogainLoss', ['s', 'b', 'c'], ['x'], params));
      const matrix = Array.from({ length: 25 }, (_, i) => (i % 6 === 0 ? 1 : 0.1));
      const scores = Array.from({ length: 20 }, (_, i) => Math.sin(i));
      const { x } = await net.forward({ a: scores, b: [0, ignored, 2, ignored], c: matrix });
      await net.backward();
      const diff = [...(net.blobs.s?.diff ?? [])];
      await net.dispose();
      return { loss: x?.data[0], diff };
    };
    for (const normalization of ['VALID', 'FULL', 'BATCH_SIZE', 'NONE']) {
      const [negative, other] = await Promise.all([run(-1, normalization), run(4, normalization)]);
      expect(negative.loss).toBe(other.loss);
      for (const [i, value] of negative.diff.entries()) expect(value).toBeCloseTo(other.diff[i] ?? Number.NaN, 6);
      expect(other.diff.filter((value) => value !== 0)).toHaveLength(10);
    }
  });

  test('a mask that was changed, or holds no place at all', async () => {
    const net = await Net.from(
      `force_backward: true ${input('a', 1, 1, 4, 4)}${layer('Pooling', ['a'], ['x', 'mask'], 'pooling_param { kernel_size: 2 stride: 2 }')}`,
    );
    for (const wrong of [16, -1, 1e9, Number.NaN, 0.5]) {
      await net.forward();
      net.blobs.mask?.data.fill(wrong);
      expect(await failureOf(net.backward())).toMatchObject({ code: 'ERR_CAFFE_INPUT', layer: 'x' });
    }
    await net.forward();
    await net.backward();
    await net.dispose();
  });
});

describe('weights in the text of a network', () => {
  const linear = (blobs: string) => LINEAR.replace('top: "fc"', `top: "fc" ${blobs}`);
  const weights = 'blobs { shape { dim: 2 dim: 3 } data: 1 data: 1 data: 1 data: 2 data: 2 data: 2 }';

  test('are those that the net begins with', async () => {
    const text = linear(`${weights} blobs { shape { dim: 2 } data: 0 data: 1 }`);
    const net = await Net.from(text);
    expect([...((await net.forward({ data: [1, 2, 3] })).fc?.data ?? [])]).toEqual([6, 13]);
    const solver = await Solver.from(`net_param { ${text} } base_lr: 1 lr_policy: "fixed"`);
    expect([...(solver.net.params.fc?.[0]?.data ?? [])]).toEqual([1, 1, 1, 2, 2, 2]);
    await Promise.all([net.dispose(), solver.dispose()]);
  });

  test.each([
    ['one parameter of two', weights],
    ['of another shape', `${weights.replace('dim: 2 dim: 3', 'dim: 3 dim: 2')} blobs { shape { dim: 2 } data: 0 data: 1 }`],
    ['with fewer values than their shape', `${weights} blobs { shape { dim: 2 } data: 0 }`],
    ['for a BatchNorm, which counts on three', undefined],
  ])('%s, are refused', async (_, blobs) => {
    const text = blobs ? linear(blobs) : one('BatchNorm', 'blobs { shape { dim: 3 } data: 1 data: 1 data: 1 }');
    expect(await failureOf(Net.from(text))).toMatchObject({ code: 'ERR_CAFFE_WEIGHTS', layer: blobs ? 'fc' : 'x' });
    expect(await failureOf(Solver.from(`net_param { ${text} } base_lr: 1 lr_policy: "fixed"`))).toMatchObject({
      code: 'ERR_CAFFE_WEIGHTS',
    });
  });
});

describe('files that layers read and write', () => {
  const write = (data: number[][], label: number[], file: string) =>
    Net.from(
      `${input('data', data.length, data[0]?.length ?? 1)}${input('label', label.length)}${layer('HDF5Output', ['data', 'label'], [], `hdf5_output_param { file_name: "${file}" }`)}`,
    ).then(async (net) => {
      await net.forward({ data: data.flat(), label });
      await net.forward({ data: data.flat(), label }); // the second batch replaces the first
      await net.dispose();
    });
  const reader = (list: string, batch: number) =>
    layer('HDF5Data', [], ['data', 'label'], `hdf5_data_param { source: "${list}" batch_size: ${batch} }`);

  test('HDF5Output writes what HDF5Data reads, row by row, file by file', async () => {
    await write(
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
      [0, 1, 2],
      folder('a.h5'),
    );
    await write([[7, 8]], [3], folder('b.h5'));
    writeFileSync(folder('list.txt'), `${folder('a.h5')}\n${folder('b.h5')}\n`);
    const net = await Net.from(reader(folder('list.txt'), 3));
    expect([...((await net.forward()).data?.data ?? [])]).toEqual([1, 2, 3, 4, 5, 6]);
    net.blobs.data?.reshape(1, 1); // Caffe would write a batch of three into it
    const { data, label } = await net.forward();
    expect([...(data?.data ?? [])]).toEqual([7, 8, 1, 2, 3, 4]);
    expect([...(label?.data ?? [])]).toEqual([3, 0, 1]);
    await net.dispose();
  });

  test('a second file with rows of another shape is refused, and the first goes on', async () => {
    await write(
      [
        [1, 2],
        [3, 4],
      ],
      [0, 1],
      folder('narrow.h5'),
    );
    await write(
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
      [0, 1],
      folder('wide.h5'),
    );
    writeFileSync(folder('mixed.txt'), `${folder('narrow.h5')} ${folder('wide.h5')}`);
    const net = await Net.from(reader(folder('mixed.txt'), 2));
    for (let round = 0; round < 2; round++) {
      expect(await failureOf(net.forward())).toMatchObject({ code: 'ERR_CAFFE_DATASET', layer: 'x', file: folder('wide.h5') });
      expect([...((await net.forward()).data?.data ?? [])]).toEqual([1, 2, 3, 4]);
    }
    await net.dispose();
  });

  test.each(['no HDF5 at all', 'a folder', 'a FIFO', 'nothing'])('%s, as a list or as a file of HDF5Data', async (kind) => {
    const file = folder(kind.replaceAll(' ', '-'));
    if (kind === 'no HDF5 at all') writeFileSync(file, 'text');
    if (kind === 'a folder') mkdirSync(file);
    if (kind === 'a FIFO') execFileSync('mkfifo', [file]);
    writeFileSync(folder('bad.txt'), file);
    expect((await failureOf(Net.from(reader(file, 1)))).layer).toBe('x');
    expect((await failureOf(Net.from(reader(folder('bad.txt'), 1)))).layer).toBe('x');
  });

  test('HDF5Output where nothing can be written', async () => {
    for (const file of ['/dev/full/a', folder('missing/a.h5'), folder()]) {
      expect(await failureOf(write([[1]], [0], file))).toMatchObject({ code: 'ERR_CAFFE_FILE', layer: 'x' });
    }
  });

  test.each(['a matrix for InfogainLoss', 'a mean file for MemoryData'])('%s that is none', async (what) => {
    const text = (file: string) =>
      what.includes('matrix')
        ? input('a', 4, 5) + input('b', 4) + layer('InfogainLoss', ['a', 'b'], ['x'], `infogain_loss_param { source: "${file}" }`)
        : layer(
            'MemoryData',
            [],
            ['x', 'y'],
            `memory_data_param { batch_size: 1 channels: 1 height: 1 width: 1 } transform_param { mean_file: "${file}" }`,
          );
    // A BlobProto whose shape says 2^31 - 1 values, and that holds none.
    writeFileSync(folder('huge'), Buffer.from([0x3a, 0x07, 0x0a, 0x05, 0xff, 0xff, 0xff, 0xff, 0x07]));
    execFileSync('mkfifo', [folder(what)]);
    for (const file of [folder('absent'), folder(), folder(what), folder('huge')]) {
      expect(await failureOf(Net.from(text(file)))).toMatchObject({ code: 'ERR_CAFFE_FILE', layer: 'x' });
    }
  });
});

describe('runs', () => {
  test('blobs that share memory, reshaped to what they had before', async () => {
    const net = await Net.from(`force_backward: true ${input('a', 1, 3)}${layer('Flatten', ['a'], ['x'])}`);
    for (let round = 0; round < 3; round++) {
      for (const blob of [net.blobs.x, net.blobs.a]) {
        blob?.reshape(1, 100_000); // now the blob believes that it has this much, whatever it shares afterwards
        blob?.data.fill(7);
        blob?.diff.fill(7);
        net.blobs.a?.reshape(1, 3);
        net.blobs.a?.data.fill(2);
        expect([...((await net.forward()).x?.data ?? [])]).toEqual([2, 2, 2]);
        await net.backward();
      }
      net.blobs.a?.reshape(1, 50_000);
      await net.reshape();
      expect(net.blobs.x?.data).toHaveLength(50_000);
      net.blobs.x?.data.fill(1);
      net.blobs.a?.diff.fill(1);
    }
    await net.dispose();
  });

  test('an end before the start', async () => {
    const net = await Net.from(TINY);
    expect(await failureOf(net.forward({}, { start: 'fc', end: 'conv1' }))).toMatchObject({ code: 'ERR_CAFFE_INPUT' });
    expect(await failureOf(net.backward({}, { start: 'conv1', end: 'fc' }))).toMatchObject({ code: 'ERR_CAFFE_INPUT' });
    await net.dispose();
  });

  test('a negative number of steps', async () => {
    const solver = await Solver.from(`net_param { ${TINY} } base_lr: 0.1 lr_policy: "fixed"`);
    for (const steps of [-1, 0.5, Number.NaN, 2 ** 31])
      expect(await failureOf(solver.step(steps))).toMatchObject({ code: 'ERR_CAFFE_INPUT' });
    expect((await solver.step()).iteration).toBe(1);
    await solver.dispose();
  });

  test('layers and blobs without names, of the same name, and of names that objects have', async () => {
    const product = (name: string, bottom: string, top: string) =>
      `layer { name: "${name}" type: "InnerProduct" bottom: "${bottom}" top: "${top}" inner_product_param { num_output: 2 } }`;
    const net = await Net.from(
      `layer { type: "Input" top: "" input_param { shape { dim: 1 dim: 2 } } }
       ${product('same', '', 'a')} ${product('same', 'a', 'b')} ${product('', 'b', 'c')} ${product('__proto__', 'c', 'constructor')}`,
    );
    expect(Object.keys(await net.forward())).toEqual(['constructor']);
    expect(Object.keys(net.params)).toEqual(['same', '', '__proto__']);
    await net.dispose();
  });
});

describe('nested text', () => {
  const DEPTH = 100_000;
  const nested = (open: string) => open.repeat(DEPTH) + '}'.repeat(DEPTH);
  test.each([
    ['of a field that does not exist', nested('nothing { ')],
    ['of layers in layers', nested('layer { ')],
    ['that is never closed', 'layer { '.repeat(DEPTH)],
    ['of angles', '<'.repeat(DEPTH)],
    ['of brackets', `layer { top: ${'['.repeat(DEPTH)} }`],
  ])('%s is refused by both parsers', async (_, text) => {
    expect(await failureOf(Net.from(text))).toMatchObject({ code: 'ERR_CAFFE_PROTOTXT' });
    expect(await failureOf(Solver.from(`net_param { ${text} }`))).toMatchObject({ code: 'ERR_CAFFE_PROTOTXT' });
    const run = async () => parse(text);
    await run().catch((error) => expect(error.code).toBe('ERR_CAFFE_PROTOTXT'));
  });
});
