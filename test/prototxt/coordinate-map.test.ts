/** pycaffe's own cases (python/caffe/test/test_coord_map.py), and the map against what a convolution really does. */
import { Net } from '../../lib/net';
import { coordinateMap, cropBetween } from '../../lib/prototxt';

interface Settings {
  kernel?: number[];
  stride?: number[];
  pad?: number[];
  pool?: number;
  deconvolutionStride?: number;
  deconvolutionPad?: number;
}

const each = (name: string, values: readonly number[]) => values.map((value) => `${name}: ${value}`).join(' ');

/** A convolution, a pooling and a deconvolution over it. */
function network(settings: Settings = {}, more = ''): string {
  const { kernel = [3], stride = [1], pad = [0], pool = 2, deconvolutionStride = 2, deconvolutionPad = 0 } = settings;
  return `
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 1 dim: 100 dim: 100 } } }
layer { name: "aux" type: "Input" top: "aux" input_param { shape { dim: 2 dim: 1 dim: 20 dim: 20 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
  convolution_param { num_output: 10 ${each('kernel_size', kernel)} ${each('stride', stride)} ${each('pad', pad)} } }
layer { name: "pool" type: "Pooling" bottom: "conv" top: "pool" pooling_param { kernel_size: ${pool} stride: ${pool} } }
layer { name: "deconv" type: "Deconvolution" bottom: "pool" top: "deconv"
  convolution_param { num_output: 10 kernel_size: ${deconvolutionStride * 2} stride: ${deconvolutionStride} pad: ${deconvolutionPad} } }
${more}`;
}

const conv1x1 = (bottom: string, top: string) =>
  `layer { name: "${top}" type: "Convolution" bottom: "${bottom}" top: "${top}" convolution_param { num_output: 10 kernel_size: 1 } }`;

describe('coordinateMap', () => {
  test('through convolution, pooling and deconvolution', () => {
    expect(coordinateMap(network(), 'deconv', 'data')).toEqual({ axis: 1, scale: [1], offset: [0] });
    expect(coordinateMap(network({ pool: 4, deconvolutionStride: 4 }), 'deconv', 'data')).toEqual({ axis: 1, scale: [1], offset: [-1] });
  });

  test('ReLU, also in place, and 1×1 convolutions change nothing', () => {
    const text = network({}, `layer { name: "relu" type: "ReLU" bottom: "deconv" top: "deconv" } ${conv1x1('deconv', 'conv1x1')}`);
    for (const blob of ['deconv', 'conv1x1']) expect(coordinateMap(text, blob, 'data')).toEqual({ axis: 1, scale: [1], offset: [0] });
  });

  test('padding of a convolution is taken off, that of a deconvolution added', () => {
    const offset = (settings: Settings) => coordinateMap(network(settings), 'deconv', 'data').offset;
    expect(offset({ pad: [7] })).toEqual([-7]);
    expect(offset({ deconvolutionPad: 7 })).toEqual([7]);
    expect(offset({ pad: [7], deconvolutionPad: 7 })).toEqual([0]);
  });

  test('several bottoms and tops of a layer have the same map', () => {
    const text = network(
      {},
      `layer { name: "two" type: "Convolution" bottom: "data" bottom: "aux" top: "c1" top: "c2" convolution_param { num_output: 1 kernel_size: 5 stride: 2 } }`,
    );
    expect(coordinateMap(text, 'c1', 'data')).toEqual(coordinateMap(text, 'c2', 'aux'));
    expect(coordinateMap(text, 'c1', 'data')).toEqual({ axis: 1, scale: [2], offset: [2] });
  });

  test('each axis by itself, as [3, 5] and as kernel_h and kernel_w', () => {
    const map = (settings: Settings) => coordinateMap(network(settings), 'deconv', 'data');
    const [narrow, wide] = [map({}), map({ kernel: [5], stride: [2], pad: [10] })];
    const both = map({ kernel: [3, 5], stride: [1, 2], pad: [0, 10] });
    expect(both.scale).toEqual([narrow.scale[0], wide.scale[0]]);
    expect(both.offset).toEqual([narrow.offset[0], wide.offset[0]]);
    const legacy = network().replace('kernel_size: 3 stride: 1 pad: 0', 'kernel_h: 3 kernel_w: 5 stride_h: 1 stride_w: 2 pad_w: 10');
    expect(coordinateMap(legacy, 'deconv', 'data')).toEqual(both);
  });

  test('a Crop moves the coordinates by its offset', () => {
    const text = network({}, 'layer { name: "crop" type: "Crop" bottom: "deconv" bottom: "data" top: "crop" crop_param { offset: 4 } }');
    expect(coordinateMap(text, 'crop', 'data')).toEqual({ axis: 1, scale: [1], offset: [4] });
  });

  test('between branches, over the blob both come from', () => {
    const text = network({}, conv1x1('data', 'branch'));
    expect(coordinateMap(text, 'pool', 'branch')).toEqual(coordinateMap(text, 'pool', 'data'));
  });

  test.each([
    [0, 1, 1],
    [1, 1, 1],
    [2, 1, 2],
    [1, 2, 1],
  ])('says where a convolution takes its values from: pad %i, stride %i, dilation %i', async (pad, stride, dilation) => {
    const text = `
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 1 dim: 1 dim: 24 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" convolution_param { num_output: 1 bias_term: false
  kernel_h: 1 kernel_w: 5 pad_w: ${pad} stride_w: ${stride} stride_h: 1 dilation: 1 dilation: ${dilation} } }`;
    const { scale, offset } = coordinateMap(text, 'conv', 'data');
    const net = await Net.from(text);
    net.params.conv?.[0]?.set([0, 0, 1, 0, 0]); // the middle of the kernel alone
    const { conv } = await net.forward({ data: Float32Array.from({ length: 24 }, (_, x) => 100 + x) });
    const position = 4;
    expect((conv?.data[position] ?? 0) - 100).toBe((scale[1] ?? 0) * position + (offset[1] ?? 0));
    await net.dispose();
  });

  test('what is not connected by positions is refused', () => {
    const text = network({}, 'layer { name: "ip" type: "InnerProduct" bottom: "deconv" top: "ip" inner_product_param { num_output: 10 } }');
    const unsupported = expect.objectContaining({ code: 'ERR_CAFFE_UNSUPPORTED' });
    expect(() => coordinateMap(text, 'ip', 'data')).toThrow(unsupported);
    expect(() => coordinateMap(text, 'aux', 'data')).toThrow(unsupported);
    expect(() => coordinateMap(text, 'nowhere', 'data')).toThrow(expect.objectContaining({ code: 'ERR_CAFFE_INPUT', blob: 'nowhere' }));
    expect(() => coordinateMap(text, 'ip', 'data', { phase: 'TEST' as 'test' })).toThrow(
      expect.objectContaining({ code: 'ERR_CAFFE_INPUT' }),
    );
  });
});

describe('cropBetween', () => {
  test('gives what a Crop layer takes, and Caffe accepts it', async () => {
    const text = network({ pad: [10] });
    expect(cropBetween(text, 'deconv', 'data')).toEqual({ axis: 2, offset: [10] });
    const net = await Net.from(
      network({ pad: [10] }, 'layer { name: "c" type: "Crop" bottom: "deconv" bottom: "data" top: "c" crop_param { axis: 2 offset: 10 } }'),
    );
    expect(net.blobs.c?.shape.slice(2)).toEqual([100, 100]);
    await net.dispose();
  });

  test.each([
    ['another scale', network({ pool: 3 })],
    ['an offset to the inside', network({ deconvolutionPad: 10 })],
    ['half a position', network({ kernel: [2] })],
  ])('%s is refused', (_, text) => {
    expect(() => cropBetween(text, 'deconv', 'data')).toThrow(expect.objectContaining({ code: 'ERR_CAFFE_UNSUPPORTED' }));
  });
});
