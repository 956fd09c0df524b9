/** Networks for the tests of the engines, and the two engines side by side. */
import { caffe, type LogMessage } from '../../lib/caffe';
import { Net, type NetOptions } from '../../lib/net';
import type { Tensors } from '../../lib/tensor';

/** Two convolutions, a branch, an in-place activation, probabilities. */
export const BRANCHED = `
name: "branched"
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 dim: 12 dim: 12 } } }
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
  convolution_param { num_output: 8 kernel_size: 3 pad: 1 weight_filler { type: "xavier" } bias_filler { type: "constant" value: 0.1 } } }
layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }
layer { name: "left" type: "Convolution" bottom: "conv1" top: "left"
  convolution_param { num_output: 8 kernel_size: 1 weight_filler { type: "xavier" } } }
layer { name: "right" type: "Pooling" bottom: "conv1" top: "right" pooling_param { pool: MAX kernel_size: 3 stride: 1 pad: 1 } }
layer { name: "both" type: "Concat" bottom: "left" bottom: "right" top: "both" }
layer { name: "fc" type: "InnerProduct" bottom: "both" top: "fc" inner_product_param { num_output: 5 weight_filler { type: "xavier" } } }
layer { name: "prob" type: "Softmax" bottom: "fc" top: "prob" }
`;

/** The net in the fast engine, and the same net, with its own copy of the same parameters, in Caffe. */
export async function bothEngines(text: string, options: NetOptions = {}): Promise<{ fast: Net; caffe: Net }> {
  const caffe = await Net.from(text, { ...options, engine: 'caffe' });
  const weights = Object.keys(caffe.params).length > 0 ? await caffe.toBuffer() : undefined;
  const fast = await Net.from(text, { engine: 'onednn', ...options, weights });
  return { fast, caffe };
}

/** Repeatable values between -1 and 1. */
export function noise(count: number, seed = 1): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    return (state / 2 ** 30 - 1) as number;
  });
}

export function expectClose(found: Tensors, expected: Tensors, digits = 4): void {
  expect(Object.keys(found)).toEqual(Object.keys(expected));
  for (const [name, { shape, data }] of Object.entries(expected)) {
    expect(found[name]?.shape).toEqual(shape);
    const worst = data.reduce((most, value, index) => Math.max(most, Math.abs(value - (found[name]?.data[index] ?? Number.NaN))), 0);
    expect(worst).toBeLessThan(10 ** -digits);
  }
}

/** By what the plan of the net computes its layers of a type. */
export const primitivesOf = (net: Net, type: string): string[] =>
  net.plan?.steps.filter(({ types }) => types.includes(type)).map(({ primitive }) => primitive) ?? [];

/** What is logged as a warning meanwhile. */
export async function warningsOf(body: () => Promise<unknown>): Promise<string[]> {
  const lines: string[] = [];
  const listen = ({ level, message }: LogMessage) => level === 'warning' && lines.push(message);
  caffe.on('log', listen);
  await body();
  await new Promise((resolve) => setImmediate(resolve));
  caffe.off('log', listen);
  return lines;
}
