/** Drawings of networks, as pycaffe's draw.py makes them, for Graphviz or to look at as they are. */
import { CaffeError } from '../../errors';
import { readOptions, readTexts } from '../../given';
import type { PrototxtSource } from '../document/document';
import { inputError } from '../input-error';
import { readNetwork } from '../network/network';
import { toDot } from './draw-dot';
import { drawingOf } from './draw-graph';
import { Sizes } from './draw-sizes';
import { toSvg } from './draw-svg';

/** Where the net runs to: left to right, top to bottom, and the reverse of both. */
export type DrawDirection = 'LR' | 'TB' | 'BT' | 'RL';

export interface DrawOptions {
  /** 'dot': Graphviz's language (default); 'svg': a picture. */
  format?: 'dot' | 'svg';
  /** Draws the layers of this phase. Default: all layers of the file. */
  phase?: 'train' | 'test';
  /** With `phase`: the level of the state. Default 0. */
  level?: number;
  /** With `phase`: the stages of the state. Default none. */
  stages?: readonly string[];
  /** Default 'LR', as pycaffe's. */
  rankdir?: DrawDirection;
  /** Writes the multipliers of learning rates on the layers that have some. Default false. */
  learningRates?: boolean;
  /**
   * Writes the shapes of blobs, and the parameters and multiply-adds of layers, as far as the text tells them. Default: true for 'svg',
   * false for 'dot', which then is as pycaffe writes it.
   */
  sizes?: boolean;
  /** With `sizes`: items of each batch, in place of what the file says. */
  batch?: number;
  /** With `sizes`: shapes of what data layers bring in, as {@link check} takes them. */
  inputs?: Readonly<Record<string, readonly number[]>>;
}

const FORMATS = ['dot', 'svg'];
const DIRECTIONS = ['LR', 'TB', 'BT', 'RL'];

/**
 * Draws a network: layers in the colours of their kinds with kernel, stride and padding, blobs as octagons, layers that work in place
 * beside their blob, and on the edges the numbers of outputs; with `sizes` shapes, parameters and costs in their place.
 *
 * @throws {CaffeError} ERR_CAFFE_PROTOTXT for text that does not parse or has no layers; ERR_CAFFE_INPUT for an option out of range;
 *   ERR_CAFFE_UNSUPPORTED for the notation of Caffe's first versions.
 */
export function draw(source: PrototxtSource, options?: DrawOptions): string {
  const given = readOptions(options, ['format', 'phase', 'level', 'stages', 'rankdir', 'learningRates', 'sizes', 'batch', 'inputs']);
  const { format = 'dot', phase, level = 0, rankdir = 'LR', learningRates = false, sizes = format === 'svg', batch, inputs } = given;
  const stages = given.stages === undefined ? [] : readTexts(given.stages, "'stages'");
  if (!Number.isInteger(level)) throw inputError('level', 'a whole number', level);
  if (!FORMATS.includes(format)) throw inputError('format', FORMATS.join(' or '), format);
  if (!DIRECTIONS.includes(rankdir)) throw inputError('rankdir', DIRECTIONS.join(', '), rankdir);
  if (phase !== undefined && phase !== 'train' && phase !== 'test') throw inputError('phase', "'train' or 'test'", phase);
  if (typeof learningRates !== 'boolean') throw inputError('learningRates', 'true or false', learningRates);
  if (typeof sizes !== 'boolean') throw inputError('sizes', 'true or false', sizes);
  const network = readNetwork(source);
  if (network.layers.length === 0) {
    throw new CaffeError('ERR_CAFFE_PROTOTXT', 'The network has no layers.', { hint: 'Is this a solver, or another kind of file?' });
  }
  const layers = phase ? network.layersIn({ phase: phase === 'train' ? 'TRAIN' : 'TEST', level, stages }) : network.layers;
  const told = sizes ? new Sizes(network.document, { phase, level, stages, batch, inputs }) : undefined;
  const drawing = drawingOf(layers, learningRates, told);
  const name = network.name || 'Net';
  return format === 'svg' ? toSvg(drawing, name, rankdir) : toDot(drawing, name, rankdir);
}
