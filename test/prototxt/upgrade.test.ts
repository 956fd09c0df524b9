import { Net } from '../../lib/net';
import { parse, upgrade } from '../../lib/prototxt';
import { failureOf } from '../support/failure';

const V1 = `
name: "old"
input: "data" input_dim: 1 input_dim: 3 input_dim: 8 input_dim: 8
layers { name: "conv" type: CONVOLUTION bottom: "data" top: "conv" blobs_lr: 1 blobs_lr: 2 convolution_param { num_output: 2 kernel_size: 3 } }
layers { name: "prob" type: SOFTMAX bottom: "conv" top: "prob" }
`;
const V0 = `
name: "older"
input: "data" input_dim: 1 input_dim: 3 input_dim: 8 input_dim: 8
layers { layer { name: "conv" type: "conv" num_output: 2 kernelsize: 3 } bottom: "data" top: "conv" }
`;

describe('upgrade', () => {
  test('makes V1 layers new, and the result runs', async () => {
    const { text, from } = await upgrade(V1);
    expect(from).toBe('v1');
    expect(text).toContain('type: "Convolution"');
    expect(text).not.toContain('layers {');
    const net = await Net.from(text);
    expect((await net.forward()).prob?.shape).toEqual([1, 2, 6, 6]);
    await net.dispose();
  });

  test('makes V0 layers new', async () => {
    const { text, from } = await upgrade(parse(V0));
    expect(from).toBe('v0');
    expect(text).toContain('kernel_size: 3');
  });

  test('leaves a new network as it is', async () => {
    const { text, from } = await upgrade('layer { name: "a" type: "Input" top: "a" }');
    expect(from).toBe('v2');
    expect(text).toContain('type: "Input"');
  });

  test('refuses a syntax error with its place, and works afterwards', async () => {
    expect(await failureOf(upgrade('name: "x"\nlayer {'))).toMatchObject({ code: 'ERR_CAFFE_PROTOTXT', line: 2 });
    expect((await upgrade(V1)).from).toBe('v1');
  });
});
