/** Folded nets against those before, both computed by Caffe. */

import fc from 'fast-check';
import { decodeMessage } from '../../lib/io';
import { Net } from '../../lib/net';
import * as networks from '../../lib/networks';
import { foldBatchNorm, layers as L, netSpec, params as P, parseNet, type Top } from '../../lib/prototxt';
import { failureOf } from '../support/failure';
import { temporaryFolder } from '../support/folders';
import { relativeError } from '../support/shared';
import { fillAsTrained, randomValues } from '../support/trained';
import { randomNets, rows } from './random-net';
import { changedLines } from './shared';

const at = temporaryFolder();
const { input, norm, relu, scale } = rows;
const conv = (name: string, bottom: string, more = '') =>
  `layer { name: "${name}" type: "Convolution" bottom: "${bottom}" top: "${name}" convolution_param { num_output: 4 kernel_size: 3 ${more} } }\n`;

/** Folds a net with parameters as if it was trained, and checks that it computes the same as before. */
async function fold(text: string, seed = 1) {
  const net = fillAsTrained(await Net.from(text), seed);
  const weights = await net.toBuffer();
  const result = await foldBatchNorm(text, { weights });
  const folded = await Net.from(result.text);
  const report = await folded.copyFrom(result.weights);
  expect(report).toMatchObject({ missing: [], unused: [], mismatched: [] });
  const inputs = Object.fromEntries(net.inputs.map((name) => [name, randomValues(net.blobs[name]?.count ?? 0, seed)]));
  const [before, after] = await Promise.all([net.forward(inputs), folded.forward(inputs)]);
  expect(Object.keys(after)).toEqual(Object.keys(before));
  for (const [name, { data }] of Object.entries(before)) expect(relativeError(after[name]?.data ?? [], data)).toBeLessThan(1e-5);
  await Promise.all([net.dispose(), folded.dispose()]);
  return { ...result, weights, folded: result.folded.map(({ layer, into }) => `${layer} → ${into}`) };
}

const reasons = (kept: { layer: string; reason: string }[]) => Object.fromEntries(kept.map(({ layer, reason }) => [layer, reason]));

/** What a random net has that has weights. */
const HAS_WEIGHTS = /type: "(Convolution|Deconvolution|InnerProduct|BatchNorm|Scale|Bias)"/;

describe('what stands behind a convolution', () => {
  test('in place: goes, and the convolution gets a bias', async () => {
    const text = `# a net
${input(2, 3, 6, 6)}
# the first convolution
layer {
  name: "conv1"
  type: "Convolution"
  bottom: "data"
  top: "conv1"
  convolution_param {
    num_output: 4
    kernel_size: 3
    bias_term: false # as usual before a BatchNorm
  }
}
# normalised
${norm('bn1', 'conv1')}
${scale('scale1', 'conv1')}
${relu('relu1', 'conv1')}`;
    const { text: folded, folded: list, kept } = await fold(text);
    expect(list).toEqual(['bn1 → conv1', 'scale1 → conv1']);
    expect(kept).toEqual([]);
    expect(changedLines(text, folded)).toEqual([
      '-',
      '-bias_term: false # as usual before a BatchNorm',
      '-# normalised',
      `-${norm('bn1', 'conv1').trim()}`,
      `-${scale('scale1', 'conv1').trim()}`,
      '+bias_term: true # as usual before a BatchNorm',
    ]);
  });

  test('out of place: the convolution takes over the name of the blob', async () => {
    const text =
      input(2, 3, 6, 6) +
      conv('conv1', 'data') +
      norm('bn1', 'conv1', 'bn1') +
      scale('scale1', 'bn1', 'scaled') +
      relu('relu1', 'scaled', 'out');
    const result = await fold(text);
    expect(result.text).toBe(
      input(2, 3, 6, 6) + conv('conv1', 'data').replace('top: "conv1"', 'top: "scaled"') + relu('relu1', 'scaled', 'out'),
    );
  });

  test('as the output of the net', async () => {
    const result = await fold(input(1, 3, 6, 6) + conv('conv1', 'data') + norm('bn1', 'conv1', 'result'));
    expect(result.text).toContain('top: "result"');
  });

  test('alone: a BatchNorm, a Scale without bias, a Bias; behind layers with learning rates of their own', async () => {
    const bias = 'layer { name: "bias3" type: "Bias" bottom: "conv3" top: "conv3" }\n';
    const text =
      input(1, 3, 9, 9) +
      conv('conv1', 'data') +
      norm('bn1', 'conv1') +
      conv('conv2', 'conv1', 'bias_term: false') +
      scale('scale2', 'conv2', 'conv2', '') +
      conv('conv3', 'conv2', 'bias_term: false') +
      bias;
    expect((await fold(text.replaceAll('convolution_param', 'param { lr_mult: 1 decay_mult: 1 } convolution_param'))).folded).toEqual([
      'bn1 → conv1',
      'scale2 → conv2',
      'bias3 → conv3',
    ]);
  });

  test.each([
    ['groups', conv('conv1', 'data', 'group: 2 pad: 1 stride: 2')],
    ['a Deconvolution', conv('conv1', 'data', 'stride: 2 pad: 1').replace('Convolution', 'Deconvolution')],
    ['a Deconvolution with groups', conv('conv1', 'data', 'group: 2 bias_term: false').replace('Convolution', 'Deconvolution')],
    ['an InnerProduct', 'layer { name: "conv1" type: "InnerProduct" bottom: "data" top: "conv1" inner_product_param { num_output: 4 } }\n'],
    [
      'a transposed InnerProduct',
      'layer { name: "conv1" type: "InnerProduct" bottom: "data" top: "conv1" inner_product_param { num_output: 4 transpose: true bias_term: false } }\n',
    ],
  ])('%s', async (_, layer) => {
    const result = await fold(input(3, 4, 6, 6) + layer + norm('bn1', 'conv1') + scale('scale1', 'conv1'));
    expect(result.folded).toEqual(['bn1 → conv1', 'scale1 → conv1']);
  });

  test('its own eps, and statistics that were never gathered', async () => {
    const text = input(1, 3, 6, 6) + conv('conv1', 'data') + norm('bn1', 'conv1', 'conv1', 'batch_norm_param { eps: 0.1 }');
    await fold(text);
    const net = fillAsTrained(await Net.from(text));
    net.params.bn1?.[2]?.set([0]);
    const result = await foldBatchNorm(text, { weights: await net.toBuffer() });
    const folded = await Net.from(result.text, { weights: result.weights });
    const data = randomValues(108, 3);
    const [before, after] = await Promise.all([net.forward({ data }), folded.forward({ data })]);
    expect(relativeError(after.conv1?.data ?? [], before.conv1?.data ?? [])).toBeLessThan(1e-5);
    await Promise.all([net.dispose(), folded.dispose()]);
  });
});

describe('what stands before a convolution', () => {
  const rows = norm('bn0', 'data', 'bn0') + scale('scale0', 'bn0', 'scale0');

  test('goes where nothing is padded', async () => {
    const { text, folded } = await fold(input(2, 4, 6, 6) + rows + conv('conv1', 'scale0', 'group: 2'));
    expect(folded).toEqual(['bn0 → conv1', 'scale0 → conv1']);
    expect(text).toContain('bottom: "data" top: "conv1"');
  });

  test('goes into an InnerProduct, transposed or not', async () => {
    for (const transpose of [false, true]) {
      const product = `layer { name: "ip" type: "InnerProduct" bottom: "scale0" top: "ip" inner_product_param { num_output: 5 transpose: ${transpose} } }\n`;
      expect((await fold(input(2, 4, 3, 3) + rows + product)).folded).toEqual(['bn0 → ip', 'scale0 → ip']);
    }
  });

  test('stays where zeros are padded, unless it shifts nothing', async () => {
    const padded = await fold(input(2, 3, 6, 6) + rows + conv('conv1', 'scale0', 'pad: 1'));
    expect(padded.folded).toEqual([]);
    expect(reasons(padded.kept)).toMatchObject({ scale0: expect.stringContaining('pads with zeros') });
    const unshifted = await fold(input(2, 3, 6, 6) + scale('scale0', 'data', 'data', '') + conv('conv1', 'data', 'pad: 1'));
    expect(unshifted.folded).toEqual(['scale0 → conv1']);
  });

  test('stays before a Deconvolution', async () => {
    const result = await fold(input(2, 4, 6, 6) + norm('bn0', 'data') + conv('conv1', 'data').replace('Convolution', 'Deconvolution'));
    expect(reasons(result.kept).bn0).toContain('Deconvolution');
  });

  test('goes from between two convolutions into both', async () => {
    const text =
      input(2, 3, 9, 9) +
      conv('conv1', 'data') +
      norm('bn1', 'conv1') +
      scale('scale1', 'conv1') +
      relu('relu1', 'conv1') +
      norm('bn2', 'conv1') +
      conv('conv2', 'conv1') +
      scale('scale2', 'conv2');
    expect((await fold(text)).folded).toEqual(['bn1 → conv1', 'scale1 → conv1', 'bn2 → conv2', 'scale2 → conv2']);
  });
});

describe('what stays, and why', () => {
  test.each<[string, string, RegExp]>([
    [
      'a convolution that others read',
      conv('conv1', 'data') + norm('bn1', 'conv1', 'bn1') + relu('relu1', 'conv1', 'relu1'),
      /'relu1' reads what 'conv1' gives as well/,
    ],
    [
      'a BatchNorm behind an activation',
      conv('conv1', 'data') + relu('relu1', 'conv1') + norm('bn1', 'conv1'),
      /'relu1' \(ReLU\) in front of it cannot take it; no layer with weights is behind it/,
    ],
    [
      'a BatchNorm before an activation',
      norm('bn1', 'data') + relu('relu1', 'data'),
      /'data' \(Input\) in front.*; 'relu1' \(ReLU\) behind it cannot take it/,
    ],
    [
      'shared parameters',
      conv('conv1', 'data').replace('convolution_param', 'param { name: "w" } convolution_param') +
        conv('conv2', 'data').replace('convolution_param', 'param { name: "w" } convolution_param') +
        norm('bn1', 'conv1'),
      /'conv1' shares its parameters/,
    ],
    [
      'statistics of the batch',
      conv('conv1', 'data') + norm('bn1', 'conv1', 'conv1', 'batch_norm_param { use_global_stats: false }'),
      /statistics of each batch/,
    ],
    ['a Scale of the whole item', conv('conv1', 'data') + scale('bn1', 'conv1', 'conv1', 'num_axes: -1'), /not work on channels/],
    ['a Scale of another axis', conv('conv1', 'data') + scale('bn1', 'conv1', 'conv1', 'axis: 2'), /not work on channels/],
    [
      'a convolution with several inputs',
      conv('conv1', 'data').replace('top: "conv1"', 'bottom: "data" top: "conv1" top: "twin"') + norm('bn1', 'conv1'),
      /several inputs/,
    ],
    [
      'an output that is a loss',
      conv('conv1', 'data').replace('convolution_param', 'loss_weight: 1 convolution_param') + norm('bn1', 'conv1', 'bn1'),
      /is a loss/,
    ],
    [
      'weights in the text',
      conv('conv1', 'data') +
        norm(
          'bn1',
          'conv1',
          'conv1',
          'blobs { shape { dim: 4 } data: [1, 2, 3, 4] } blobs { shape { dim: 4 } data: [1, 2, 3, 4] } blobs { shape { dim: 1 } data: 1 }',
        ),
      /the text holds weights of 'bn1'/,
    ],
    ['another phase', conv('conv1', 'data') + norm('bn1', 'conv1', 'conv1', 'include { phase: TEST }'), /not in the same phases/],
    [
      'one layer for each phase',
      conv('conv1', 'data') +
        norm('bn1', 'conv1', 'conv1', 'include { phase: TEST }') +
        norm('bn1', 'conv1', 'conv1', 'include { phase: TRAIN }'),
      /several layers 'bn1'/,
    ],
  ])('%s', async (_, rest, reason) => {
    const text = input(2, 3, 6, 6) + rest;
    const result = await fold(text);
    expect(result.text).toBe(text);
    expect(result.kept[0]).toEqual({ layer: 'bn1', type: expect.any(String), reason: expect.stringMatching(reason) });
    expect(result.folded).toEqual([]);
  });

  test('what the weights do not hold', async () => {
    const text = input(1, 3, 6, 6) + conv('conv1', 'data') + norm('bn1', 'conv1') + scale('scale1', 'conv1');
    const without = await Net.from(text.replace('"bn1"', '"other"'));
    const { kept, folded } = await foldBatchNorm(text, { weights: await without.toBuffer() });
    expect(folded).toEqual([]);
    expect(reasons(kept)).toEqual({ bn1: expect.stringContaining('no statistics'), scale1: expect.stringContaining("'bn1'") });
    const others = await Net.from(input(1, 3, 6, 6) + conv('else', 'data'));
    expect(await failureOf(foldBatchNorm(text, { weights: await others.toBuffer() }))).toMatchObject({ code: 'ERR_CAFFE_WEIGHTS' });
    const wider = await Net.from(text.replace('num_output: 4', 'num_output: 8'));
    expect(reasons((await foldBatchNorm(text, { weights: await wider.toBuffer() })).kept).bn1).toContain("parameters of 'conv1'");
    await Promise.all([without.dispose(), others.dispose(), wider.dispose()]);
  });

  test('what would not be finite', async () => {
    const text = input(1, 3, 6, 6) + conv('conv1', 'data') + norm('bn1', 'conv1') + conv('conv2', 'conv1') + scale('scale2', 'conv2');
    const net = fillAsTrained(await Net.from(text));
    net.params.bn1?.[1]?.set([-2000, 1, 1, 1]);
    net.params.scale2?.[0]?.set([3e38, 1, 1, 1]);
    net.params.conv2?.[0]?.set(new Float32Array(144).fill(1e3));
    const { kept } = await foldBatchNorm(text, { weights: await net.toBuffer() });
    expect(reasons(kept)).toEqual({ bn1: expect.stringContaining('not finite'), scale2: expect.stringContaining('would not be finite') });
    await net.dispose();
  });
});

describe('weights', () => {
  const text = input(1, 3, 6, 6) + conv('conv1', 'data', 'bias_term: false') + norm('bn1', 'conv1', 'bn1') + scale('scale1', 'bn1', 'bn1');

  test('of a file, of HDF5, of bytes', async () => {
    const net = fillAsTrained(await Net.from(text));
    await Promise.all([net.save(at('net.caffemodel')), net.save(at('net.h5'), { format: 'hdf5' })]);
    const folded = await Promise.all(
      [at('net.caffemodel'), at('net.h5'), await net.toBuffer()].map((weights) => foldBatchNorm(text, { weights })),
    );
    const nets = await Promise.all(folded.map((result) => Net.from(result.text, { weights: result.weights })));
    const [first, ...others] = nets.map((one) => one.params.conv1?.map(({ data }) => data));
    expect(others).toEqual([first, first]);
    await Promise.all([net, ...nets].map((one) => one.dispose()));
  });

  test('say of their layers what is true now', async () => {
    const { weights, text: after } = await foldBatchNorm(text, { weights: await fillAsTrained(await Net.from(text)).toBuffer() });
    const { layer } = await decodeMessage('NetParameter', weights);
    expect(layer).toMatchObject([
      { name: 'data' },
      {
        name: 'conv1',
        bottom: ['data'],
        top: ['bn1'],
        convolution_param: { bias_term: true, num_output: 4 },
        blobs: [{ shape: { dim: [4, 3, 3, 3] } }, { shape: { dim: [4] } }],
      },
    ]);
    expect(await foldBatchNorm(after, { weights })).toMatchObject({ text: after, folded: [], kept: [] });
  });

  test('an abort', async () => {
    const weights = await (await Net.from(text)).toBuffer();
    expect((await failureOf(foldBatchNorm(text, { weights, signal: AbortSignal.abort() }))).code).toBe('ERR_CAFFE_ABORTED');
  });
});

describe('nets', () => {
  test('the small one that ships', async () => {
    const text = networks.get('small', { classes: 3 }).deploy;
    const { folded, kept } = await fold(text);
    const normalising = (parseNet(text).layer ?? []).filter(({ type }) => type === 'BatchNorm' || type === 'Scale');
    expect(folded).toHaveLength(normalising.length);
    expect(kept).toEqual([]);
  });

  const normalised = (bottom: Top, settings: Record<string, unknown>): Top => {
    const product = L.Convolution(bottom, { bias_term: false, ...settings });
    return L.Scale(L.BatchNorm(product, { in_place: true }), { bias_term: true, in_place: true });
  };
  const active = (bottom: Top) => L.ReLU(bottom, { in_place: true });

  test('one like ResNet', async () => {
    const n = netSpec('residual');
    n.data = L.Input({ shape: { dim: [2, 3, 32, 32] } });
    n.conv1 = active(normalised(n.data, { num_output: 8, kernel_size: 7, stride: 2, pad: 3 }));
    n.pool1 = L.Pooling(n.conv1, { pool: P.Pooling.MAX, kernel_size: 3, stride: 2 });
    let last: Top = n.pool1;
    for (const [block, width] of [8, 16, 16].entries()) {
      const narrow = active(normalised(last, { num_output: width, kernel_size: 1 }));
      const middle = active(normalised(narrow, { num_output: width, kernel_size: 3, pad: 1 }));
      const wide = normalised(middle, { num_output: 2 * width, kernel_size: 1 });
      const shortcut = block === 2 ? last : normalised(last, { num_output: 2 * width, kernel_size: 1 });
      last = active(L.Eltwise(shortcut, wide));
    }
    n.pool5 = L.Pooling(last, { pool: P.Pooling.AVE, global_pooling: true });
    n.fc = L.InnerProduct(n.pool5, { num_output: 10 });
    n.prob = L.Softmax(n.fc);
    const { folded, kept, text } = await fold(n.toPrototxt());
    expect(folded).toHaveLength(24);
    expect(kept).toEqual([]);
    expect(text).not.toMatch(/BatchNorm|Scale/);
  });

  test('one like MobileNet, whose convolutions are depthwise', async () => {
    const n = netSpec('mobile');
    n.data = L.Input({ shape: { dim: [2, 3, 24, 24] } });
    let last = active(normalised(n.data, { num_output: 8, kernel_size: 3, stride: 2, pad: 1 }));
    for (const [width, wider] of [
      [8, 16],
      [16, 32],
    ] as const) {
      last = active(normalised(last, { num_output: width, group: width, kernel_size: 3, pad: 1 }));
      last = active(normalised(last, { num_output: wider, kernel_size: 1 }));
    }
    n.out = last;
    const { folded, kept } = await fold(n.toPrototxt());
    expect(folded).toHaveLength(10);
    expect(kept).toEqual([]);
  });

  test('pre-activated ones, where only the last of each block can go', async () => {
    const before = (name: string, bottom: string) =>
      norm(`${name}/bn`, bottom, `${name}/bn`) + scale(`${name}/scale`, `${name}/bn`) + relu(`${name}/relu`, `${name}/bn`);
    const sum = 'layer { name: "sum" type: "Eltwise" bottom: "data" bottom: "conv2" top: "sum" }\n';
    const text =
      input(2, 4, 6, 6) +
      before('one', 'data') +
      conv('conv1', 'one/bn', 'pad: 1') +
      before('two', 'conv1') +
      conv('conv2', 'two/bn', 'pad: 1') +
      sum;
    const { folded, kept } = await fold(text);
    expect(folded).toEqual(['two/bn → conv1', 'two/scale → conv1']);
    expect(kept.map(({ layer }) => layer)).toEqual(['one/bn', 'one/scale']);
  });

  test('of any make', async () => {
    await fc.assert(
      fc.asyncProperty(randomNets, fc.nat(1000), async (text, seed) => {
        fc.pre(HAS_WEIGHTS.test(text)); // weights for a net without any are refused
        await fold(text, seed);
      }),
      { numRuns: 60 },
    );
  });
});
