/** Convolution, Deconvolution and InnerProduct as what they are: products with weights, and how another layer goes into these. */
import type { BlobProto } from '../../io/blobproto';
import type { Layer } from '../network/network';
import { type Affine, parameterOf, Unfit } from './affine';

const PARAMS: ReadonlyMap<string, string> = new Map([
  ['Convolution', 'convolution_param'],
  ['Deconvolution', 'convolution_param'],
  ['InnerProduct', 'inner_product_param'],
]);

/** Float32's greatest, and what is rounded to it. */
const MOST = 2 ** 128 - 2 ** 103;

/** A product with its weights, while others are folded into it. */
export interface Product {
  readonly layer: Layer;
  readonly outputs: number;
  readonly weights: Float64Array;
  /** Zeros where the layer has none yet. */
  readonly bias: Float64Array;
  readonly hadBias: boolean;
  readonly shape: readonly number[];
}

/** Weights that belong to one output and one input channel lie together, piece by piece. */
interface Pieces {
  readonly size: number;
  output(piece: number): number;
  input(piece: number): number;
}

export function isProduct({ type }: Layer): boolean {
  return PARAMS.has(type);
}

/** Name of the message that a product's settings are in. */
export function productParam({ type }: Layer): string {
  return PARAMS.get(type) ?? '';
}

/** Checks what needs no weights. @throws {Unfit} */
export function requireProduct(layer: Layer): void {
  if ((settings(layer)?.number('axis') ?? 1) !== 1) throw new Unfit(`'${layer.name}' does not have its channels on axis 1`);
  if (layer.bottoms.length > 1) throw new Unfit(`'${layer.name}' has several inputs and outputs`);
}

/** @throws {Unfit} when the weights are not those of this layer. */
export function productOf(layer: Layer, blobs: readonly BlobProto[]): Product {
  const [weights, bias] = blobs.map((_, index) => parameterOf(layer, blobs, index));
  const hadBias = settings(layer)?.boolean('bias_term') ?? true;
  const outputs = settings(layer)?.number('num_output') ?? 0;
  const fits = weights && outputsIn(layer, weights.shape) === outputs && (bias?.data.length ?? outputs) === outputs;
  if (!fits || blobs.length !== 1 + Number(hadBias)) throw new Unfit(`the weights do not hold the parameters of '${layer.name}'`);
  return {
    layer,
    outputs,
    weights: new Float64Array(weights.data),
    bias: bias ? new Float64Array(bias.data) : new Float64Array(outputs),
    hadBias,
    shape: weights.shape,
  };
}

/** How many outputs weights of this shape make: Convolution [outputs, inputs / group, …], Deconvolution [inputs, outputs / group, …]. */
function outputsIn(layer: Layer, shape: readonly number[]): number | undefined {
  if (layer.type === 'Convolution') return shape[0];
  if (layer.type === 'Deconvolution') return (shape[1] ?? 0) * groupOf(layer);
  return shape.at(settings(layer)?.boolean('transpose') ? -1 : -2);
}

/** The blobs of a product, in the order of Caffe. */
export function blobsOf({ weights, bias, shape, outputs }: Product): BlobProto[] {
  return [
    { shape: { dim: shape }, data: new Float32Array(weights) },
    { shape: { dim: [outputs] }, data: new Float32Array(bias) },
  ];
}

/** a(Wx + b) + c = (aW)x + (ab + c). @throws {Unfit} */
export function foldBehind(product: Product, { factor, shift }: Affine): Product {
  if (factor.length !== product.outputs)
    throw new Unfit(`it has ${factor.length} channels, '${product.layer.name}' has ${product.outputs}`);
  const { size, output } = piecesOf(product);
  const weights = product.weights.slice();
  forEachPiece(weights, size, (start, piece) => {
    const scale = factor[output(piece)] ?? 0;
    for (let index = start; index < start + size; index++) weights[index] = (weights[index] ?? 0) * scale;
  });
  const bias = product.bias.map((value, channel) => value * (factor[channel] ?? 0) + (shift[channel] ?? 0));
  return checkedFinite({ ...product, weights, bias });
}

/**
 * W(ax + c) + b = (Wa)x + (Wc + b). The margin that a convolution pads with is 0 for it, not c: then this holds only where c is 0.
 *
 * @throws {Unfit}
 */
export function foldBefore(product: Product, { factor, shift }: Affine): Product {
  if (product.layer.type === 'Deconvolution') throw new Unfit(`'${product.layer.name}' behind it is a Deconvolution, whose margins differ`);
  if (isPadded(product.layer) && shift.some((value) => value !== 0)) {
    throw new Unfit(`'${product.layer.name}' behind it pads with zeros, which are no longer zeros when the shift comes later`);
  }
  const channels = factor.length;
  const { size, output, input } = piecesOf(product, channels);
  const bias = product.bias.slice();
  const weights = product.weights.slice();
  forEachPiece(weights, size, (start, piece) => {
    const to = output(piece);
    const channel = input(piece);
    const scale = factor[channel] ?? 0;
    let sum = 0;
    for (let index = start; index < start + size; index++) {
      const value = weights[index] ?? 0;
      sum += value;
      weights[index] = value * scale;
    }
    bias[to] = (bias[to] ?? 0) + sum * (shift[channel] ?? 0);
  });
  return checkedFinite({ ...product, weights, bias });
}

function forEachPiece(weights: Float64Array, size: number, visit: (start: number, piece: number) => void): void {
  for (let piece = 0; piece * size < weights.length; piece++) visit(piece * size, piece);
}

/**
 * @param channels of what is to go before the product; left out for what goes behind it.
 * @throws {Unfit} when the product takes another number of them.
 */
function piecesOf({ layer, weights, outputs, shape }: Product, channels?: number): Pieces {
  if (layer.type === 'InnerProduct') return innerProductPieces(layer, weights.length / outputs, outputs, channels ?? 1);
  const [rows = 0, columns = 0] = shape;
  if (layer.type === 'Convolution' && channels === undefined) {
    return { size: weights.length / rows, output: (piece) => piece, input: () => 0 };
  }
  const size = weights.length / (rows * columns);
  const row = (piece: number) => Math.floor(piece / columns);
  const column = (piece: number) => Math.floor(row(piece) / (rows / groupOf(layer))) * columns + (piece % columns);
  if (layer.type === 'Deconvolution') return { size, output: column, input: row };
  if (channels !== undefined && channels !== columns * groupOf(layer)) throw misfit(layer, channels);
  return { size, output: row, input: column };
}

/** Each channel brings as many values as it has places, one behind the other. */
function innerProductPieces(layer: Layer, inputs: number, outputs: number, channels: number): Pieces {
  if (inputs % channels !== 0) throw misfit(layer, channels);
  const places = inputs / channels;
  if (settings(layer)?.boolean('transpose')) {
    return { size: 1, output: (piece) => piece % outputs, input: (piece) => Math.floor(piece / outputs / places) };
  }
  return { size: places, output: (piece) => Math.floor(piece / channels), input: (piece) => piece % channels };
}

function misfit(layer: Layer, channels: number): Unfit {
  return new Unfit(`'${layer.name}' behind it does not take its ${channels} channels`);
}

function isPadded(layer: Layer): boolean {
  return ['pad', 'pad_h', 'pad_w'].some((name) =>
    settings(layer)
      ?.numbers(name)
      .some((pad) => pad !== 0),
  );
}

function checkedFinite(product: Product): Product {
  if (isStorable(product.weights) && isStorable(product.bias)) return product;
  throw new Unfit(`the weights of '${product.layer.name}' would not be finite`);
}

/** Whether 32 bits hold all values. A loop, as there may be millions. */
function isStorable(values: Float64Array): boolean {
  for (let index = 0; index < values.length; index++) {
    if (!(Math.abs(values[index] ?? 0) < MOST)) return false;
  }
  return true;
}

function groupOf(layer: Layer): number {
  return settings(layer)?.number('group') ?? 1;
}

function settings(layer: Layer) {
  return layer.message.message(productParam(layer));
}
