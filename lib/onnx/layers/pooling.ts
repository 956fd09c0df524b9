/** Pooling, whose borders ONNX's runtimes round in ways of their own: here every window is given room by explicit pads. */
import type { Window } from '../../prototxt/shapes/rule';
import { type Exporter, type ExportLayer, Inexpressible } from '../layer';
import type { Value } from '../model';

const pooling: Exporter = (layer) => {
  const param = layer.settings('pooling_param');
  const method = param.choice('pool');
  if (method === 'STOCHASTIC') throw new Inexpressible('stochastic pooling has no counterpart in ONNX');
  if (layer.topCount > 1) throw new Inexpressible('its second top, the mask of the maxima, has no counterpart in ONNX');
  if (param.flag('global_pooling')) return [layer.node(method === 'MAX' ? 'GlobalMaxPool' : 'GlobalAveragePool', [layer.bottom()])];
  const windows = layer.windows.map((window, index) => ({
    ...window,
    end: endPad(window, layer.extent(2 + index), layer.topExtents()[2 + index] ?? 0),
  }));
  return [method === 'MAX' ? maximum(layer, windows) : average(layer, windows)];
};

/** A window with what it needs behind the image, so that the last one has as much room as the first; `pad` is in front. */
interface RoomyWindow extends Window {
  readonly end: number;
}

/** With this behind the image, as many windows fit as Caffe counts. */
function endPad({ kernel, stride, pad }: Window, extent: number, pooled: number): number {
  if ((pooled - 1) * stride >= extent + pad) throw new Inexpressible('its last window lies outside of what it pools');
  return Math.max(0, (pooled - 1) * stride + kernel - extent - pad);
}

/** What is padded is never the largest, in Caffe as in ONNX. */
function maximum(layer: ExportLayer, windows: readonly RoomyWindow[]): Value {
  return layer.node('MaxPool', [layer.bottom()], attributesOf(windows, { front: ({ pad }) => pad, behind: ({ end }) => end }));
}

/** Caffe counts the zeros it pads with, but nothing beyond: a window that reaches further is divided by less (pooling_layer.cpp). */
function average(layer: ExportLayer, windows: readonly RoomyWindow[]): Value {
  const isWithin = windows.every(({ end, pad }) => end <= pad);
  if (isWithin) {
    const attributes = attributesOf(windows, { front: ({ pad }) => pad, behind: ({ end }) => end });
    return layer.node('AveragePool', [layer.bottom()], { ...attributes, count_include_pad: 1 });
  }
  const counted = { front: ({ pad }: RoomyWindow) => pad, behind: ({ pad, end }: RoomyWindow) => Math.min(pad, end) };
  const beyond = { front: () => 0, behind: ({ pad, end }: RoomyWindow) => Math.max(0, end - pad) };
  const isPadded = windows.some(({ pad }) => pad > 0);
  const input = isPadded ? padded(layer, windows.map(counted.front), windows.map(counted.behind)) : layer.bottom();
  return layer.node('AveragePool', [input], attributesOf(windows, beyond));
}

interface Pads {
  front(window: RoomyWindow): number;
  behind(window: RoomyWindow): number;
}

function attributesOf(windows: readonly RoomyWindow[], { front, behind }: Pads) {
  return {
    kernel_shape: windows.map(({ kernel }) => kernel),
    strides: windows.map(({ stride }) => stride),
    pads: [...windows.map(front), ...windows.map(behind)],
  };
}

function padded(layer: ExportLayer, front: readonly number[], behind: readonly number[]): Value {
  return layer.node('Pad', [layer.bottom(), layer.integers('pads', [0, 0, ...front, 0, 0, ...behind])], { mode: 'constant' });
}

const normalization: Exporter = (layer) => {
  const param = layer.settings('lrn_param');
  const size = param.number('local_size');
  const [alpha, beta] = [param.number('alpha'), param.number('beta')];
  if (param.choice('norm_region') === 'WITHIN_CHANNEL') return [withinChannel(layer, size, alpha, beta)];
  const k = param.number('k');
  if (!(alpha > 0 && beta > 0 && k > 0)) throw new Inexpressible('runtimes take only an alpha, beta and k above 0');
  const attributes = { size, alpha: { float: alpha }, beta: { float: beta }, bias: { float: k } };
  return [layer.node('LRN', [layer.bottom()], attributes)];
};

/** x (1 + alpha · the average of x² around)^-beta: lrn_layer.cpp, which leaves k out here. */
function withinChannel(layer: ExportLayer, size: number, alpha: number, beta: number): Value {
  const bottom = layer.bottom();
  const pad = (size - 1) / 2;
  const squares = layer.node('Mul', [bottom, bottom]);
  const attributes = { kernel_shape: [size, size], strides: [1, 1], pads: [pad, pad, pad, pad], count_include_pad: 1 };
  const average = layer.node('AveragePool', [squares], attributes);
  const sum = layer.node('Add', [layer.node('Mul', [average, layer.scalar('alpha', alpha)]), layer.scalar('one', 1)]);
  return layer.node('Mul', [bottom, layer.node('Pow', [sum, layer.scalar('power', -beta)])]);
}

export const POOLINGS: Readonly<Record<string, Exporter>> = {
  LRN: normalization,
  Pooling: pooling,
};
