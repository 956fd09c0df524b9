/** ONNX export: a network and its weights as one file that other runtimes read. */
import path from 'node:path';
import { throwIfAborted } from '../abort';
import { readOptions, requirePath } from '../given';
import type { ModelLike } from '../model';
import type { Weights } from '../net-sources';
import { inputError } from '../prototxt/input-error';
import { readWeightsFile, type WeightsFile } from '../prototxt/transform/weights-message';
import { deployedNetwork, ShapedNetwork } from './deployed';
import { writeModel } from './file';
import { onnxGraph } from './graph';
import { encodeModel, type Port } from './model';
import { type OnnxNetwork, withSource } from './source';

export type { OnnxNetwork } from './source';

const { name: producer, version }: { name: string; version: string } = require('../../package.json');

/** Of ONNX's default operators: read by onnxruntime from 1.6 on and by OpenCV 4.6. */
const OPSET = 13;

export interface ExportOnnxOptions {
  /** The file to write, `….onnx`; one that is there is replaced. */
  output: string;
  /** Items of each batch. Default: left open as `N`, where the network permits it; otherwise what the network says. */
  batch?: number;
  /** Shapes of inputs in place of those that the network says, e.g. `{ data: [1, 3, 227, 227] }`. */
  input?: Readonly<Record<string, readonly number[]>>;
  signal?: AbortSignal;
}

/** An input or output of an exported network. */
export interface OnnxPort {
  /** Caffe's blob; an output that a layer wrote over an input, in place, is called by the blob and the layer: `data@relu1`. */
  name: string;
  /** 'N' is the open size of the batch; undefined: known only when it runs. */
  shape: (number | string | undefined)[];
}

export interface OnnxExport {
  /** Absolute path of the file. */
  path: string;
  /** In bytes. */
  size: number;
  /** Version of the operators in it. */
  opset: number;
  inputs: OnnxPort[];
  outputs: OnnxPort[];
}

/**
 * Writes a network with its weights as an ONNX file, for other runtimes. Inputs, outputs and what is between bear the names of Caffe's blobs;
 * values are float32 in Caffe's order. It gives what Caffe gives in the TEST phase, to about 1e-5; a network for training is deployed as
 * `prototxt.toDeploy` does. The labels of a model and the record of its preprocessing, which is not in the graph, are in the file's
 * metadata as JSON: `labels`, `preprocessing`, and for a mean image `mean_image`.
 *
 * @param model a model, an archive, the path of either, or a network with its weights.
 * @throws {CaffeError} ERR_CAFFE_UNSUPPORTED, before anything is written, naming the layers that ONNX has nothing for, or for a file of 2 GiB
 *   and more; ERR_CAFFE_WEIGHTS for weights that are not those of the network; ERR_CAFFE_INPUT for options out of range, or the shape of an
 *   input that nothing tells; ERR_CAFFE_PROTOTXT or ERR_CAFFE_SHAPE for a network that Caffe would refuse; ERR_CAFFE_FILE; ERR_CAFFE_ABORTED;
 *   as `openModel`.
 */
export async function exportOnnx(model: ModelLike | OnnxNetwork, options: ExportOnnxOptions): Promise<OnnxExport> {
  const { output, batch, input = {}, signal } = readOptions(options, ['output', 'batch', 'input', 'signal']);
  const file = path.resolve(requirePath(output, "'output', the file to write,"));
  if (batch !== undefined && !(Number.isInteger(batch) && batch >= 1 && batch < 2 ** 31)) {
    throw inputError('batch', 'a whole number from 1', batch);
  }
  throwIfAborted(signal);
  return withSource(model, async ({ text, weights, metadata }) => {
    const shaped = ShapedNetwork.of(await deployedNetwork(text, input), input, batch);
    const graph = await onnxGraph(shaped, await readAll(weights), signal);
    const name = shaped.network.name || 'network';
    const encoded = encodeModel({ name, producer: { name: producer, version }, opset: OPSET, metadata, ...graph });
    await writeModel(file, encoded, signal);
    return { path: file, size: encoded.length, opset: OPSET, inputs: graph.inputs.map(portOf), outputs: graph.outputs.map(portOf) };
  });
}

/** Of several files, what later ones hold of a layer counts. */
async function readAll(weights: readonly Weights[]): Promise<WeightsFile> {
  const files: WeightsFile[] = [];
  for (const one of weights) files.push(await readWeightsFile(one));
  return { layer: files.flatMap(({ layer }) => layer) };
}

function portOf({ value, shape }: Port): OnnxPort {
  return { name: value.name, shape: [...shape] };
}
