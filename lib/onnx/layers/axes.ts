/** Layers that give the values of their bottom other axes, or work along some. */
import type { Exporter } from '../layer';

const softmax: Exporter = (layer) => [layer.node('Softmax', [layer.bottom()], { axis: layer.axis(layer.settings('softmax_param')) })];

const flatten: Exporter = (layer) => {
  const param = layer.settings('flatten_param');
  const isUsual = layer.axis(param) === 1 && layer.axis(param, 'end_axis') === layer.shape().length - 1;
  return [isUsual ? layer.node('Flatten', [layer.bottom()], { axis: 1 }) : layer.reshape(layer.bottom(), layer.topExtents())];
};

const reshape: Exporter = (layer) => [layer.reshape(layer.bottom(), layer.topExtents())];

const tile: Exporter = (layer) => {
  const param = layer.settings('tile_param');
  const axis = layer.axis(param);
  const repeats = layer.shape().map((_, index) => (index === axis ? param.number('tiles') : 1));
  return [layer.node('Tile', [layer.bottom(), layer.integers('repeats', repeats)])];
};

const REDUCTIONS: Readonly<Record<string, string>> = { ASUM: 'ReduceL1', MEAN: 'ReduceMean', SUM: 'ReduceSum', SUMSQ: 'ReduceSumSquare' };

/** All axes from one on into one value, and that times a coefficient. */
const reduction: Exporter = (layer) => {
  const param = layer.settings('reduction_param');
  const first = layer.axis(param);
  const axes = layer.shape().flatMap((_, axis) => (axis < first ? [] : [axis]));
  const type = REDUCTIONS[param.choice('operation')] ?? '';
  // ReduceSum alone takes its axes as an input already in this opset.
  const reduced =
    type === 'ReduceSum'
      ? layer.node(type, [layer.bottom(), layer.integers('axes', axes)], { keepdims: 0 })
      : layer.node(type, [layer.bottom()], { axes, keepdims: 0 });
  const coefficient = param.number('coeff');
  return [coefficient === 1 ? reduced : layer.node('Mul', [reduced, layer.scalar('coefficient', coefficient)])];
};

export const AXES: Readonly<Record<string, Exporter>> = {
  Flatten: flatten,
  Reduction: reduction,
  Reshape: reshape,
  Softmax: softmax,
  Tile: tile,
};
