/** Layers that shift and scale: by statistics, by parameters, or by another blob. */
import type { Exporter, ExportLayer } from '../layer';
import type { Value } from '../model';

/** With the statistics that it has gathered, stored as sums with their weight (batch_norm_layer.cpp); or those of each batch. */
const batchNorm: Exporter = (layer) => {
  const param = layer.settings('batch_norm_param');
  const eps = param.number('eps');
  if (param.has('use_global_stats') && !param.flag('use_global_stats')) {
    const axes = layer.shape().flatMap((_, axis) => (axis === 1 ? [] : [axis]));
    const { centred, variance } = statistics(layer, layer.bottom(), axes);
    const deviation = layer.node('Sqrt', [layer.node('Add', [variance, layer.scalar('eps', eps)])]);
    return [layer.node('Div', [centred, deviation])];
  }
  const weight = layer.values(2)[0] ?? 0;
  const share = weight === 0 ? 0 : 1 / weight;
  const [mean, variance] = [0, 1].map((index) => layer.values(index).map((sum) => sum * share)) as [Float32Array, Float32Array];
  const constants = [
    layer.floats('scale', new Float32Array(mean.length).fill(1)),
    layer.floats('shift', new Float32Array(mean.length)),
    layer.floats('mean', mean),
    layer.floats('variance', variance),
  ];
  return [layer.node('BatchNormalization', [layer.bottom(), ...constants], { epsilon: { float: eps } })];
};

/** (x - mean) / (deviation + eps), for each channel or over all of an item. It makes four axes of whatever it gets. */
const varianceNorm: Exporter = (layer) => {
  const param = layer.settings('mvn_param');
  const bottom = layer.shape().length === 4 ? layer.bottom() : layer.reshape(layer.bottom(), layer.topExtents());
  const { centred, variance } = statistics(layer, bottom, param.flag('across_channels') ? [1, 2, 3] : [2, 3]);
  if (!param.flag('normalize_variance')) return [centred];
  const deviation = layer.node('Add', [layer.node('Sqrt', [variance]), layer.scalar('eps', param.number('eps'))]);
  return [layer.node('Div', [centred, deviation])];
};

function statistics(layer: ExportLayer, value: Value, axes: readonly number[]): { centred: Value; variance: Value } {
  const centred = layer.node('Sub', [value, layer.node('ReduceMean', [value], { axes, keepdims: 1 })]);
  return { centred, variance: layer.node('ReduceMean', [layer.node('Mul', [centred, centred])], { axes, keepdims: 1 }) };
}

/** x · factor, of parameters or of the second bottom, and a bias where it has one. */
const scale: Exporter = (layer) => {
  const param = layer.settings('scale_param');
  const product = layer.node('Mul', [layer.bottom(), laidOver(layer, 'scale_param', 'scale')]);
  if (!param.flag('bias_term')) return [product];
  const index = layer.paramCount - 1;
  return [layer.node('Add', [product, layer.weights(index, 'bias', spread(layer, layer.paramShape(index), layer.axis(param)))])];
};

const bias: Exporter = (layer) => [layer.node('Add', [layer.bottom(), laidOver(layer, 'bias_param', 'bias')])];

/** The factor or summand, with ones behind for the axes that follow it: ONNX aligns shapes at their ends. */
function laidOver(layer: ExportLayer, field: string, what: string): Value {
  const axis = layer.bottoms.length > 1 && layer.shape(1).length === 0 ? 0 : layer.axis(layer.settings(field));
  if (layer.bottoms.length === 1) return layer.weights(0, what, spread(layer, layer.paramShape(0), axis));
  const extents = layer.extents(1);
  const wide = spread(layer, extents, axis);
  return wide.length === extents.length ? layer.bottom(1) : layer.reshape(layer.bottom(1), wide);
}

function spread(layer: ExportLayer, extents: readonly number[], axis: number): number[] {
  const behind = extents.length === 0 ? 0 : layer.shape().length - axis - extents.length;
  return [...extents, ...Array.from({ length: behind }, () => 1)];
}

export const NORMALIZATIONS: Readonly<Record<string, Exporter>> = {
  BatchNorm: batchNorm,
  Bias: bias,
  MVN: varianceNorm,
  Scale: scale,
};
