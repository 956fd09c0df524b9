/** What pycaffe's draw.py writes on the layers and edges of a drawing, and in which colours. */
import type { Layer } from '../network/network';
import { multipliersOf } from '../network/params';
import type { MessageNode } from '../text/nodes';

const COLOURS: Readonly<Record<string, string>> = {
  Convolution: '#FF5050',
  Deconvolution: '#FF5050',
  Pooling: '#FF9900',
  InnerProduct: '#CC33FF',
};
const OTHER_COLOUR = '#6495ED';
export const NEURON_COLOUR = '#90EE90';
export const BLOB_COLOUR = '#E0E0E0';

const LEARNING = new Set(['Convolution', 'Deconvolution', 'InnerProduct']);

export function colourOf(layer: Layer): string {
  return COLOURS[layer.type] ?? OTHER_COLOUR;
}

/** What a label tells beside name, type and window. */
export interface LabelOptions {
  /** Whether it names the multipliers of learning rates. */
  readonly learningRates: boolean;
  /** Lines of parameters and costs; with them the window takes one line, for a picture that fits on a page. */
  readonly sizes?: readonly string[];
}

/** The lines of a layer's label: its name, its type, and what its type has of kernel, stride and padding. */
export function labelOf(layer: Layer, { learningRates, sizes }: LabelOptions): string[] {
  const label = [layer.name, `(${typeOf(layer)})`];
  const window = windowTextsOf(layer);
  if (window && sizes) label.push(windowLine(window));
  else if (window) label.push(`kernel size: ${window.kernel}`, `stride: ${window.stride}`, `pad: ${window.pad}`);
  if (learningRates && LEARNING.has(layer.type)) label.push(...ratesOf(layer));
  return [...label, ...(sizes ?? [])];
}

/** 3, stride 2, pad 1: what is not said is 1 and 0. */
function windowLine({ kernel, stride, pad }: WindowTexts): string {
  const parts = [`kernel ${kernel}`, stride === '1' ? '' : `stride ${stride}`, pad === '0' ? '' : `pad ${pad}`];
  return parts.filter((part) => part !== '').join(', ');
}

/** What goes into a layer's tops: the size of a batch, or the number of outputs; empty where the file leaves it open. */
export function edgeLabelOf({ type, message }: Layer): string {
  switch (type) {
    case 'Data':
      return batchLabel(message.message('data_param')?.number('batch_size'));
    case 'Convolution':
    case 'Deconvolution':
      return String(message.message('convolution_param')?.number('num_output') ?? '');
    case 'InnerProduct':
      return String(message.message('inner_product_param')?.number('num_output') ?? '');
    default:
      return '';
  }
}

function batchLabel(size: number | undefined): string {
  return size === undefined ? '' : `Batch ${size}`;
}

function typeOf({ type, message }: Layer): string {
  if (type !== 'Pooling') return type;
  const [method] = message.message('pooling_param')?.values('pool') ?? [];
  const names = ['MAX', 'AVE', 'STOCHASTIC'];
  const name = method?.kind === 'name' ? method.value : names[method?.kind === 'number' ? method.value : 0];
  return `${type} ${name ?? 'MAX'}`;
}

/** The window of a layer, as texts. */
export interface WindowTexts {
  kernel: string;
  stride: string;
  pad: string;
}

/** The window of a convolution or pooling. */
export function windowTextsOf({ type, message }: Layer): WindowTexts | undefined {
  if (type === 'Pooling') {
    const param = message.message('pooling_param');
    const kernel = param?.boolean('global_pooling') ? 'global' : extentOf(param, 'kernel', 'kernel_size', 0);
    return { kernel, stride: extentOf(param, 'stride', 'stride', 1), pad: extentOf(param, 'pad', 'pad', 0) };
  }
  if (type !== 'Convolution' && type !== 'Deconvolution') return undefined;
  const param = message.message('convolution_param');
  return {
    kernel: extentOf(param, 'kernel', 'kernel_size', 1),
    stride: extentOf(param, 'stride', 'stride', 1),
    pad: extentOf(param, 'pad', 'pad', 0),
  };
}

/** One number, or height and width (or more axes) where they differ: `3x5`. */
function extentOf(param: MessageNode | undefined, prefix: string, field: string, fallback: number): string {
  const height = param?.number(`${prefix}_h`);
  const width = param?.number(`${prefix}_w`);
  const given = height !== undefined || width !== undefined ? [height ?? 0, width ?? 0] : (param?.numbers(field) ?? []);
  const extents = given.length === 0 ? [fallback] : given;
  return extents.every((extent) => extent === extents[0]) ? String(extents[0]) : extents.join('x');
}

function ratesOf(layer: Layer): string[] {
  const [weights, bias] = multipliersOf(layer).map(({ learning }) => learning);
  const rates = [weights ?? 1, bias ?? 1];
  return rates.every((rate) => rate === 0) ? [] : [`lr mult: ${rates.map((rate) => rate.toFixed(1)).join(', ')}`];
}
