/** Exports networks and compares what onnxruntime makes of them with what Caffe does. */
import { Net } from '../../lib/net';
import type { ExportOnnxOptions } from '../../lib/onnx';
import { exportOnnx, type OnnxExport } from '../../lib/onnx';
import type { Tensor } from '../../lib/tensor';
import { onnxRuntime } from './onnx-runtime';
import { relativeError } from './shared';
import { fillAsTrained, randomValues } from './trained';

export interface Comparison {
  exported: OnnxExport;
  /** Largest difference over all outputs and batches, relative to the largest value of its output. */
  error: number;
}

export interface ComparisonOptions extends Partial<ExportOnnxOptions> {
  seed?: number;
  /** What the network is fed, where it is not numbers from -1 to 1. */
  values?: (count: number, seed: number) => Float32Array;
  /** Sizes of batches beside the network's own, where the batch is open. Default: one more. */
  batches?: number[];
}

/** @returns a function that exports a network with parameters as if it was trained, and compares; for the tests of a file. */
export function onnxEquality(file: string): (text: string, options?: ComparisonOptions) => Promise<Comparison> {
  const run = onnxRuntime();
  return async (text, { seed = 1, values = randomValues, batches, ...options } = {}) => {
    const net = fillAsTrained(await Net.from(text, { engine: 'caffe' }), seed);
    try {
      const exported = await exportOnnx({ network: text, weights: await net.toBuffer() }, { output: file, ...options });
      let error = 0;
      for (const inputs of feeds(net, exported, values, seed, batches)) {
        const ours = await net.forward(inputs);
        const { tensors, outputs } = await run(file, inputs);
        expect(outputs).toEqual(exported.outputs.map(({ name }) => name));
        for (const [name, { shape, data }] of Object.entries(ours)) {
          // What is written over an input cannot bear its name.
          const theirs = tensors[name] ?? (tensors[outputs.find((output) => output.startsWith(`${name}@`)) ?? ''] as Tensor);
          expect({ name, shape: theirs.shape }).toEqual({ name, shape });
          error = Math.max(error, relativeError(theirs.data, data));
        }
      }
      return { exported, error };
    } finally {
      await net.dispose();
    }
  };
}

function* feeds(
  net: Net,
  { inputs }: OnnxExport,
  values: (count: number, seed: number) => Float32Array,
  seed: number,
  batches?: number[],
): Generator<Record<string, Tensor>> {
  const own = net.inputs.map((name): [string, number[]] => [name, [...(net.blobs[name]?.shape ?? [])]]);
  const size = own[0]?.[1][0] ?? 1;
  const isOpen = inputs.every(({ shape }) => shape[0] === 'N');
  for (const batch of isOpen ? (batches ?? [size, size + 1]) : [size]) {
    yield Object.fromEntries(
      own.map(([name, extents], index) => {
        const shape = isOpen ? [batch, ...extents.slice(1)] : extents;
        const count = shape.reduce((product, extent) => product * extent, 1);
        return [name, { shape, data: values(count, seed + 7 * index + batch) }];
      }),
    );
  }
}
