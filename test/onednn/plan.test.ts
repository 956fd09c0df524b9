/** Whole networks by a plan of the fast engine, beside the same networks in Caffe. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { caffe } from '../../lib/caffe';
import { Net, type NetOptions } from '../../lib/net';
import type { Tensor, Tensors } from '../../lib/tensor';
import { expectClose, noise } from '../support/engine';
import { failureOf } from '../support/failure';
import { describeShared, shared } from '../support/shared';

const describeEngine = caffe.features.onednn ? describe : describe.skip;
const testBf16 = caffe.features.bf16 ? test : test.skip;

/** Values for all parameters that keep what goes through the layers within bounds: of a BatchNorm its sums, and what to divide them by. */
function fill(net: Net): void {
  const types = new Map(net.layers.map(({ name, type }) => [name, type]));
  let seed = 1;
  for (const [layer, blobs] of Object.entries(net.params)) {
    blobs.forEach((blob, index) => {
      const random = noise(blob.data.length, seed++);
      const spread = Math.sqrt(6 / (blob.data.length / (blob.shape[0] ?? 1)));
      if (types.get(layer) === 'BatchNorm') {
        if (index === 2) blob.set([2]);
        else blob.set(random.map((value) => (index === 0 ? value / 4 : 1 + value / 2)));
      } else if (types.get(layer) === 'Scale') blob.set(random.map((value) => (index === 0 ? 1 : 0) + value / 4));
      else blob.set(random.map((value) => value * (index === 0 ? spread : 0.1)));
    });
  }
}

/** The network in both engines, with the same random parameters. */
async function filled(text: string, options: NetOptions = {}): Promise<{ fast: Net; caffe: Net }> {
  const source = await Net.from(text, { engine: 'caffe' });
  fill(source);
  const weights = await source.toBuffer();
  const fast = await Net.from(text, { engine: 'onednn', ...options, weights });
  return { fast, caffe: source };
}

/** Smaller images than the network is for: the suite has a minute. */
function withInput(text: string, shape: readonly number[]): string {
  const dims = shape.map((extent) => `dim: ${extent}`).join(' ');
  return text.replace(/input_param\s*\{\s*shape\s*:?\s*\{[^}]*\}\s*\}/, `input_param { shape { ${dims} } }`);
}

const network = (name: string) => readFileSync(path.join(__dirname, '../../prototxt', name, 'deploy.prototxt'), 'utf8');
const probabilities = (scores?: Tensor) => {
  const powers = Array.from(scores?.data ?? [], Math.exp);
  const sum = powers.reduce((all, power) => all + power, 0);
  return powers.map((power) => power / sum);
};
const best = ({ prob }: Tensors) => prob?.data.indexOf(Math.max(...prob.data));

describeEngine('networks', () => {
  test.each([
    ['squeezenet', 80],
    ['googlenet', 224],
    ['resnet-18', 224],
    ['mobilenet', 64],
    ['cifar10-quick', 32],
  ])('%s computes what Caffe does, for one image and several', async (name, size) => {
    const { fast, caffe } = await filled(withInput(network(name), [1, 3, size, size]));
    const input = fast.inputs[0] ?? '';
    for (const items of [1, 2]) {
      const images = { [input]: { shape: [items, 3, size, size], data: noise(items * 3 * size * size, items) } };
      expectClose(await fast.forward(images), await caffe.forward(images), 5);
    }
    expect(fast.plan?.steps.filter((step) => step.engine === 'caffe')).toEqual([]);
    await Promise.all([fast.dispose(), caffe.dispose()]);
  });
});

describeShared('SqueezeNet with its published weights', () => {
  const files = {
    model: path.join(shared, 'models/squeezenet/SqueezeNet_deploy.prototxt'),
    weights: path.join(shared, 'models/squeezenet/squeezenet.caffemodel'),
  };
  const images = (items: number) => ({
    shape: [items, 3, 227, 227],
    data: noise(items * 3 * 227 * 227, items).map((value) => value * 100),
  });

  testBf16('bf16 is within a hundredth, with the same class', async () => {
    const exact = await Net.load(files.model, { weights: files.weights, engine: 'caffe' });
    const rounded = await Net.load(files.model, { weights: files.weights, engine: 'onednn', precision: 'bf16' });
    const input = exact.inputs[0] ?? '';
    const [expected, found] = await Promise.all([exact.forward({ [input]: images(1) }), rounded.forward({ [input]: images(1) })]);
    const [output = ''] = exact.outputs;
    const [right, close] = [probabilities(expected[output]), probabilities(found[output])];
    const worst = Math.max(...right.map((value, index) => Math.abs(value - (close[index] ?? Number.NaN))));
    expect(worst).toBeLessThan(0.01);
    expect(worst).toBeGreaterThan(0);
    expect(close.indexOf(Math.max(...close))).toBe(right.indexOf(Math.max(...right)));
    await Promise.all([exact.dispose(), rounded.dispose()]);
  });
});

const input = (...shape: number[]) =>
  `layer { name: "data" type: "Input" top: "data" input_param { shape { ${shape.map((extent) => `dim: ${extent}`).join(' ')} } } }`;
const layer = (type: string, name: string, bottom: string, settings = '', top = name) =>
  `layer { name: "${name}" type: "${type}" bottom: "${bottom}" top: "${top}" ${settings} }\n`;
const convolution = (name: string, bottom: string, settings: string) =>
  layer('Convolution', name, bottom, `convolution_param { ${settings} }`);

/** Both engines agree on the net, whose parameters are random, for batches of one and of four. */
async function expectAgreement(text: string, shape: readonly number[], digits = 4): Promise<Net> {
  const { fast, caffe } = await filled(text);
  for (const items of [1, 4]) {
    const full = [items, ...shape];
    const data = noise(
      full.reduce((all, extent) => all * extent, 1),
      items,
    );
    expectClose(await fast.forward({ data: { shape: full, data } }), await caffe.forward({ data: { shape: full, data } }), digits);
  }
  await caffe.dispose();
  return fast;
}

describeEngine('what layers are made into', () => {
  test('BatchNorm, Scale and Bias go into the weights before them, the activation with them', async () => {
    const net = await expectAgreement(
      input(1, 5, 9, 9) +
        convolution('conv', 'data', 'num_output: 20 kernel_size: 3 bias_term: false') +
        layer('BatchNorm', 'norm', 'conv', '', 'conv') +
        layer('Scale', 'scale', 'conv', 'scale_param { bias_term: true }', 'conv') +
        layer('Bias', 'bias', 'conv', '', 'conv') +
        layer('ELU', 'elu', 'conv', '', 'conv') +
        layer('InnerProduct', 'fc', 'conv', 'inner_product_param { num_output: 7 transpose: true }') +
        layer('Scale', 'scale2', 'fc'),
      [5, 9, 9],
    );
    const steps = net.plan?.steps.map((step) => step.layers) ?? [];
    expect(steps).toContainEqual(['conv', 'norm', 'scale', 'bias', 'elu']);
    expect(steps).toContainEqual(['fc', 'scale2']);
    await net.dispose();
  });

  test('what was folded is folded anew when one of its parameters changes', async () => {
    const { fast, caffe } = await filled(
      input(1, 4, 6, 6) + convolution('conv', 'data', 'num_output: 16 kernel_size: 3') + layer('Scale', 'scale', 'conv', '', 'conv'),
    );
    const images = { data: noise(144) };
    await fast.forward(images);
    for (const layer of ['conv', 'scale']) {
      for (const net of [fast, caffe]) {
        const blob = net.params[layer]?.[0];
        blob?.set(noise(blob.data.length, 99));
      }
      expectClose(await fast.forward(images), await caffe.forward(images));
    }
    await Promise.all([fast.dispose(), caffe.dispose()]);
  });

  test('a blob between a convolution and what would be folded keeps its own values where it is asked for', async () => {
    const { fast, caffe } = await filled(
      input(1, 4, 6, 6) +
        convolution('conv', 'data', 'num_output: 16 kernel_size: 3') +
        layer('Scale', 'scale', 'conv') +
        layer('ReLU', 'relu', 'scale'),
    );
    const images = { data: noise(144) };
    expectClose(await fast.forward(images), await caffe.forward(images));
    const options = { blobs: ['conv', 'scale'] };
    expectClose(await fast.forward(images, options), await caffe.forward(images, options));
    await Promise.all([fast.dispose(), caffe.dispose()]);
  });

  test.each(['pad: 1', 'pad_h: 2 pad_w: 0', 'pad_h: 0 pad_w: 3'])('a padded convolution with a kernel of 1: %s', async (padding) => {
    const text =
      input(1, 20, 5, 7) +
      convolution('conv', 'data', `num_output: 37 kernel_size: 1 ${padding}`) +
      layer('Sigmoid', 'sigmoid', 'conv', '', 'conv');
    const net = await expectAgreement(text + convolution('next', 'conv', 'num_output: 3 kernel_size: 2'), [20, 5, 7]);
    expect(net.plan?.steps.some((step) => step.engine === 'caffe')).toBe(false);
    await net.dispose();
  });

  test.each([
    ['groups', 'num_output: 12 kernel_size: 3 group: 4'],
    ['groups as wide as a vector', 'num_output: 64 kernel_size: 3 pad: 1 group: 2'],
    ['channels by themselves', 'num_output: 32 kernel_size: 3 pad: 1 group: 32'],
    ['dilation', 'num_output: 20 kernel_size: 3 dilation: 2'],
    ['other strides and padding each way', 'num_output: 20 kernel_h: 3 kernel_w: 2 stride_h: 2 stride_w: 1 pad_h: 0 pad_w: 2'],
  ])('convolutions: %s', async (_, settings) => {
    const text =
      input(1, 32, 10, 9) +
      convolution('first', 'data', settings) +
      layer('ReLU', 'relu', 'first', 'relu_param { negative_slope: 0.1 }', 'first');
    const net = await expectAgreement(text, [32, 10, 9]);
    await net.dispose();
  });

  test('a branch whose channels are no whole blocks, concatenated twice, and a blob that two layers read in place of each other', async () => {
    const net = await expectAgreement(
      input(1, 3, 8, 8) +
        convolution('a', 'data', 'num_output: 20 kernel_size: 1') +
        convolution('b', 'data', 'num_output: 16 kernel_size: 1') +
        'layer { name: "ab" type: "Concat" bottom: "a" bottom: "b" top: "ab" }\n' +
        'layer { name: "again" type: "Concat" bottom: "b" bottom: "b" bottom: "ab" top: "again" }\n' +
        layer('ReLU', 'relu', 'b', '', 'activated') +
        layer('TanH', 'tanh', 'again', '', 'again'),
      [3, 8, 8],
    );
    await net.dispose();
  });

  test.each([false, true])('a fully connected layer for few items and many, weights transposed: %s', async (transpose) => {
    const settings = `inner_product_param { num_output: 37 transpose: ${transpose} }`;
    const { fast, caffe } = await filled(
      input(1, 5, 3, 3) +
        layer('InnerProduct', 'fc', 'data', settings) +
        layer('ReLU', 'relu', 'fc', '', 'fc') +
        layer('TanH', 'tanh', 'fc'),
    );
    for (const items of [1, 2, 16, 17, 64, 65]) {
      const data = { shape: [items, 5, 3, 3], data: noise(items * 45, items) };
      expectClose(await fast.forward({ data }), await caffe.forward({ data }), 5);
    }
    for (const net of [fast, caffe]) net.params.fc?.[0]?.set(noise(37 * 45, 3));
    const data = { shape: [2, 5, 3, 3], data: noise(90) };
    expectClose(await fast.forward({ data }), await caffe.forward({ data }), 5);
    await Promise.all([fast.dispose(), caffe.dispose()]);
  });

  test('layers that disturb each other in shared memory are refused, and left to Caffe', async () => {
    const text =
      input(1, 2, 3, 3) +
      'layer { name: "split" type: "Split" bottom: "data" top: "left" top: "right" }\n' +
      layer('Power', 'power', 'left', 'power_param { shift: 1 }', 'left') +
      layer('Power', 'read', 'right', 'power_param { scale: 2 }');
    const images = { data: noise(18) };
    const strict = await Net.from(text, { engine: 'onednn' });
    expect(await failureOf(strict.forward(images))).toMatchObject({ code: 'ERR_CAFFE_UNSUPPORTED', layer: 'power' });
    const auto = await Net.from(text, { engine: 'auto' });
    const plain = await Net.from(text, { engine: 'caffe' });
    expectClose(await auto.forward(images), await plain.forward(images));
    await Promise.all([strict.dispose(), auto.dispose(), plain.dispose()]);
  });

  testBf16('bf16 keeps probabilities within a hundredth, through every kind of step', async () => {
    const text = `${withInput(network('googlenet'), [1, 3, 224, 224])}`;
    const { fast, caffe } = await filled(text, { precision: 'bf16' });
    const images = { [fast.inputs[0] ?? '']: { shape: [2, 3, 224, 224], data: noise(2 * 3 * 224 * 224) } };
    const [found, expected] = [await fast.forward(images), await caffe.forward(images)];
    expectClose(found, expected, 2);
    expect(best(found)).toBe(best(expected));
    await Promise.all([fast.dispose(), caffe.dispose()]);
  });
});
