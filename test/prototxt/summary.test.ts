import { prototxt } from '../../lib';
import { describeModels, errorOf, model } from './shared';

const { summary } = prototxt;

const NET = `name: "two"
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 dim: 8 dim: 8 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
  convolution_param { num_output: 6 kernel_h: 3 kernel_w: 5 stride: 2 pad: 1 group: 3 } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "fc" type: "InnerProduct" bottom: "conv" top: "fc" inner_product_param { num_output: 1000 } }
layer { name: "quiet" type: "Silence" bottom: "fc" }
`;

test('a table of the layers, and what they cost together', () => {
  expect(summary(NET)).toBe(
    `two (test, batches of 2)

Layer  Type          Settings     Bottoms → tops  Output   Parameters  Multiply-adds  Sees
data   Input                      data            2×3×8×8
conv   Convolution   3x5/2+1 6/3  data → conv     2×6×4×3          96         1.08 k  3×5
relu   ReLU                       conv → conv     2×6×4×3                             3×5
fc     InnerProduct  1000         conv → fc       2×1000       73,000           72 k  9
quiet  Silence                    fc

Layers         5
Parameters     73,096 (286 KiB)
Multiply-adds  73.1 k per item, 146 k per batch
Memory         295 KiB: activations 9.88 KiB + parameters 286 KiB
`,
  );
});

test('what is not known is a question mark', () => {
  const text = summary(
    'layer { name: "d" type: "Data" top: "data" data_param { source: "x" backend: LMDB batch_size: 2 } } layer { name: "r" type: "ReLU" bottom: "data" top: "r" }',
  );
  expect(text).toMatch(/^r +ReLU +data → r +\? +\? +\?$/m);
  expect(text).toContain('Not all shapes are known');
  expect(summary(NET, { batch: 16 })).toContain('two (test, batches of 16)');
});

test.each([
  ['', 'ERR_CAFFE_PROTOTXT', 'The network has no layers.'],
  ['layer {', 'ERR_CAFFE_PROTOTXT', 'Line 1'],
  ['base_lr: 1 net: "x"', 'ERR_CAFFE_PROTOTXT', 'This is a solver; it holds no network.'],
  ['layers { name: "x" type: RELU }', 'ERR_CAFFE_UNSUPPORTED', 'notation of'],
])('%s has no summary', (text, code, message) => {
  const error = errorOf(() => summary(text));
  expect(error.code).toBe(code);
  expect(error.message).toContain(message);
});

describeModels('published networks', () => {
  test('train_val files show the training net; the phase chooses', () => {
    const text = model('bvlc_reference_caffenet/train_val');
    expect(summary(text)).toContain('CaffeNet (train, batches of 256)');
    expect(summary(text, { phase: 'test' })).toMatch(/^accuracy +Accuracy +fc8, label → accuracy +scalar/m);
    expect(summary(text)).toMatch(/^conv2 +Convolution +5\+2 256\/2 +norm1 → conv2 +256×256×27×27 +307,456 +224 M +51$/m);
  });
});
