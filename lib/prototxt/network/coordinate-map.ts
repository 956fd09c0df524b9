/** How positions in one blob relate to positions in another: pycaffe's coord_map, which aligns crops in fully convolutional networks. */
import { CaffeError } from '../../errors';
import type { PrototxtSource } from '../document/document';
import { netState } from '../document/rules';
import { inputError } from '../input-error';
import type { MessageNode } from '../text/nodes';
import { Graph } from './graph';
import { type Layer, readNetwork } from './network';

/** Position x in the first blob is position `scale · x + offset` in the second; one entry for all spatial axes, or one for each. */
export interface CoordinateMap {
  /** The last axis that is not spatial, 1 as a rule: the channels. Undefined where no layer between the blobs has spatial axes. */
  readonly axis: number | undefined;
  readonly scale: readonly number[];
  readonly offset: readonly number[];
}

export interface CoordinateMapOptions {
  /** The phase whose layers are looked at. Default 'test'. */
  phase?: 'train' | 'test';
}

const IDENTITY: CoordinateMap = { axis: undefined, scale: [1], offset: [0] };

/** Layers that keep positions where they are: pycaffe's list, and what has come to Caffe since. */
const PASS_THROUGH = new Set(
  'AbsVal BatchNorm Bias BNLL Clip Dropout Eltwise ELU Exp LRN Log MVN Power PReLU ReLU Scale Sigmoid Split Swish TanH Threshold'.split(
    ' ',
  ),
);

/**
 * The map from positions in the blob `from` to positions in the blob `to`, over the nearest layer that both come from.
 *
 * @throws {CaffeError} ERR_CAFFE_INPUT for a blob the network does not have; ERR_CAFFE_UNSUPPORTED when no layers with spatial axes
 *   connect the two, or layers on the way disagree about the axis; ERR_CAFFE_PROTOTXT for text that does not parse.
 */
export function coordinateMap(source: PrototxtSource, from: string, to: string, options: CoordinateMapOptions = {}): CoordinateMap {
  const { phase = 'test' } = options;
  if (phase !== 'train' && phase !== 'test') throw inputError('phase', "'train' or 'test'", phase);
  const network = readNetwork(source);
  const graph = new Graph(network.layersIn(netState(phase === 'train' ? 'TRAIN' : 'TEST')));
  const fromMaps = mapsInto(graph, blobNamed(graph, from));
  for (const [blob, map] of mapsInto(graph, blobNamed(graph, to))) {
    const other = fromMaps.get(blob);
    if (other) return compose(map, inverse(other));
  }
  throw new CaffeError('ERR_CAFFE_UNSUPPORTED', `'${from}' and '${to}' are not connected by layers that keep or scale positions.`, {
    hint: 'Fully connected layers, reshapes and global pooling leave no positions.',
  });
}

/**
 * The parameters of a Crop layer that cuts `from` to the size of `to`, aligned with it: pycaffe's coord_map.crop.
 *
 * @throws {CaffeError} as {@link coordinateMap}; ERR_CAFFE_UNSUPPORTED when the two have different scales, or `from` begins inside `to`, or
 *   between its positions.
 */
export function cropBetween(
  source: PrototxtSource,
  from: string,
  to: string,
  options: CoordinateMapOptions = {},
): { axis: number; offset: number[] } {
  const { axis, scale, offset } = coordinateMap(source, from, to, options);
  const refuse = (why: string) => new CaffeError('ERR_CAFFE_UNSUPPORTED', `'${from}' cannot be cropped to '${to}': ${why}.`);
  if (axis === undefined) throw refuse('no layer between them has spatial axes');
  if (scale.some((value) => value !== 1)) throw refuse(`one of its steps is ${scale.join('×')} of the other's`);
  if (offset.some((value) => value > 0)) throw refuse(`it begins ${offset.join('×')} inside of it`);
  if (!offset.every(Number.isInteger))
    throw refuse(`it begins ${offset.map((value) => -value).join('×')} in front of it, between two positions`);
  return { axis: axis + 1, offset: offset.map((value) => Math.abs(value)) };
}

/** One writing of a blob: a layer that works in place writes it anew. */
type Writing = string;
const inputWriting = (blob: string): Writing => `input ${blob}`;

interface Place {
  readonly writing: Writing;
  /** Undefined for an input of the network that no layer writes. */
  readonly layer: Layer | undefined;
}

function placeOf(graph: Graph, layer: Layer | undefined, blob: string): Place {
  return { layer, writing: layer ? `${graph.layers.indexOf(layer)} ${blob}` : inputWriting(blob) };
}

function blobNamed(graph: Graph, blob: string): Place {
  const writer = graph.layers.findLast((layer) => layer.tops.includes(blob));
  if (!writer && !graph.missing.some((missing) => missing.blob === blob)) {
    throw inputError('a blob', 'the name of a blob of the network', blob, { blob });
  }
  return placeOf(graph, writer, blob);
}

/** From one blob downwards: the map from each blob it comes from, nearest first. */
function mapsInto(graph: Graph, start: Place): Map<Writing, CoordinateMap> {
  const maps = new Map([[start.writing, IDENTITY]]);
  const frontier = [start];
  for (let place = frontier.shift(); place; place = frontier.shift()) {
    const { layer } = place;
    const step = layer && mapOf(layer);
    if (!layer || !step) continue;
    const map = compose(maps.get(place.writing) ?? IDENTITY, step);
    // The second bottom of a Crop only lends its size.
    const bottoms = layer.type === 'Crop' ? layer.bottoms.slice(0, 1) : layer.bottoms;
    bottoms.forEach((blob, bottom) => {
      const below = placeOf(graph, graph.producer(layer, bottom), blob);
      if (maps.has(below.writing)) return;
      maps.set(below.writing, map);
      frontier.push(below);
    });
  }
  return maps;
}

/** From positions in a layer's bottom to those in its top; undefined for layers that leave no positions. */
function mapOf(layer: Layer): CoordinateMap | undefined {
  if (PASS_THROUGH.has(layer.type)) return IDENTITY;
  if (layer.type === 'Crop') {
    const param = layer.message.message('crop_param');
    return { axis: (param?.number('axis') ?? 2) - 1, scale: [1], offset: orElse(param?.numbers('offset'), 0).map((value) => -value) };
  }
  const window = windowOf(layer);
  if (!window) return undefined;
  const { axis, stride, kernel, pad } = window;
  const middle = kernel.map((size) => (size - 1) / 2);
  if (layer.type === 'Deconvolution') return { axis, scale: stride, offset: pairwise(middle, pad, (a, b) => a - b) };
  const shift = pairwise(pad, middle, (a, b) => a - b);
  return { axis, scale: stride.map((value) => 1 / value), offset: pairwise(shift, stride, (a, b) => a / b) };
}

/** What slides over the bottom; the extent of a dilated kernel. */
function windowOf(layer: Layer): { axis: number; stride: number[]; kernel: number[]; pad: number[] } | undefined {
  const pooling = layer.type === 'Pooling';
  if (!pooling && !['Convolution', 'Deconvolution', 'Im2col'].includes(layer.type)) return undefined;
  const param = layer.message.message(pooling ? 'pooling_param' : 'convolution_param');
  if (!param || param.boolean('global_pooling')) return undefined;
  const sizes = each(param, 'kernel_size', 'kernel', undefined);
  if (sizes.length === 0) return undefined;
  const dilation = orElse(param.numbers('dilation'), 1);
  return {
    axis: (pooling ? undefined : param.number('axis')) ?? 1,
    kernel: pairwise(sizes, dilation, (size, step) => (size - 1) * step + 1),
    stride: each(param, 'stride', 'stride', 1),
    pad: each(param, 'pad', 'pad', 0),
  };
}

/** A setting for all spatial axes or for each, or by `_h` and `_w`. */
function each(param: MessageNode, name: string, legacy: string, otherwise: number | undefined): number[] {
  const [height, width] = [param.number(`${legacy}_h`), param.number(`${legacy}_w`)];
  if (height !== undefined || width !== undefined) return [height ?? otherwise ?? 0, width ?? otherwise ?? 0];
  return otherwise === undefined ? param.numbers(name) : orElse(param.numbers(name), otherwise);
}

function orElse(values: number[] | undefined, otherwise: number): number[] {
  return values && values.length > 0 ? values : [otherwise];
}

/** The map that does `next` and then `first`. */
function compose(first: CoordinateMap, next: CoordinateMap): CoordinateMap {
  if (first.axis !== undefined && next.axis !== undefined && first.axis !== next.axis) {
    throw new CaffeError(
      'ERR_CAFFE_UNSUPPORTED',
      `The layers between the blobs count positions from axis ${first.axis} and from ${next.axis}.`,
    );
  }
  return {
    axis: first.axis ?? next.axis,
    scale: pairwise(first.scale, next.scale, (a, b) => a * b),
    offset: pairwise(
      pairwise(first.scale, next.offset, (a, b) => a * b),
      first.offset,
      (a, b) => a + b,
    ),
  };
}

function inverse({ axis, scale, offset }: CoordinateMap): CoordinateMap {
  return { axis, scale: scale.map((value) => 1 / value), offset: pairwise(offset, scale, (b, a) => -b / a) };
}

/** As numpy pairs arrays: a single entry goes with every one of the other. */
function pairwise(left: readonly number[], right: readonly number[], combine: (left: number, right: number) => number): number[] {
  const length = Math.max(left.length, right.length);
  return Array.from({ length }, (_, i) => combine(left[left.length === 1 ? 0 : i] ?? 0, right[right.length === 1 ? 0 : i] ?? 0));
}
