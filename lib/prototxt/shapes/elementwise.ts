/** Layers whose top has the shape of their bottom. */
import { fillBlob } from './fillers';
import type { Inferred, LayerSetup, Rule } from './rule';
import type { Settings } from './settings';
import { countOf, type Shape } from './shape';

function neuron(layer: LayerSetup): Inferred {
  return { tops: [layer.bottom(0)] };
}

function dropout(layer: LayerSetup): Inferred {
  const param = layer.settings('dropout_param');
  const ratio = param.number('dropout_ratio');
  layer.require(
    ratio >= 0 && ratio < 1,
    `has dropout_ratio: ${ratio}; it must be at least 0 and below 1`,
    'Set dropout_ratio to the part of values to drop.',
    param.at('dropout_ratio'),
  );
  return neuron(layer);
}

/** Exp and Log take a base, -1 for e. */
function powers(field: string): Rule {
  return (layer) => {
    const param = layer.settings(field);
    const base = param.number('base');
    const [logarithm, isLog] = [base === -1 ? 1 : Math.log(Math.fround(base)), field === 'log_param'];
    const holds = (base === -1 || base > 0) && Number.isFinite(logarithm) && !(isLog && logarithm === 0);
    layer.require(holds, `has base: ${base}`, 'Set base above 0 (for Log not to 1), or leave it out for e.', param.at('base'));
    return neuron(layer);
  };
}

function softmax(layer: LayerSetup): Inferred {
  const param = layer.settings('softmax_param');
  layer.axisOf(0, param.number('axis'), param.at('axis'));
  return neuron(layer);
}

function batchNorm(layer: LayerSetup): Inferred {
  for (const param of layer.layer.message.messages('param').slice(0, 3)) {
    const learns = (param.number('lr_mult') ?? 1) !== 0;
    layer.require(
      !learns,
      'learns its statistics: lr_mult must be 0 for each of its param blocks',
      'Set lr_mult: 0, or remove the param blocks.',
      param.start,
      'param-blocks',
    );
  }
  const bottom = layer.requireAxes(0, 2, Number.POSITIVE_INFINITY);
  const channels = bottom[1] ?? 0;
  return { tops: [bottom], params: [[channels], [channels], [1]] };
}

function rectifierWithSlopes(layer: LayerSetup): Inferred {
  const param = layer.settings('prelu_param');
  const bottom = layer.requireAxes(0, 2, 4);
  const slopes = param.flag('channel_shared') ? [] : [bottom[1] ?? 0];
  fillBlob(layer, param, 'filler', slopes);
  return { tops: [bottom], params: [slopes] };
}

function varianceNorm(layer: LayerSetup): Inferred {
  const bottom = layer.requireAxes(0, 0, 4);
  return { tops: [[0, 1, 2, 3].map((axis) => bottom[axis] ?? 1)] };
}

/** Bias, and Scale, which may have a bias within it. */
function broadcast(type: 'bias' | 'scale'): Rule {
  return (layer) => {
    const param = layer.settings(`${type}_param`);
    const bottom = layer.bottom(0);
    const learned = layer.bottomCount === 1 ? learnedShape(layer, param, param.number('num_axes'), `${type}`) : undefined;
    const factor = learned ?? layer.bottom(1);
    requireFits(layer, param, factor);
    if (learned) fillBlob(layer, param, 'filler', learned);
    const withBias = type === 'scale' && param.flag('bias_term');
    const bias = withBias ? learnedShape(layer, param, learned ? param.number('num_axes') : factor.length, 'bias') : undefined;
    if (bias) fillBlob(layer, param, 'bias_filler', bias);
    return { tops: [bottom], params: [learned, bias].filter((shape) => shape !== undefined) };
  };
}

/** The shape of a parameter that spans some axes of the bottom. */
function learnedShape(layer: LayerSetup, param: Settings, axes: number, what: string): Shape {
  const bottom = layer.bottom(0);
  const at = param.at('num_axes', 'axis');
  const axis = layer.axisOf(0, param.number('axis'), param.at('axis'));
  layer.require(
    axes >= -1 && axes <= 32,
    `has num_axes: ${axes}`,
    'Set num_axes to the number of axes that the parameter spans; -1: all to the end.',
    at,
  );
  layer.require(
    axis + axes <= bottom.length,
    `has a ${what} of ${axes} axes from axis ${axis}, beyond ${layer.describeBottom(0)}`,
    'Lower num_axes or axis.',
    at,
    'shape',
  );
  return axes === -1 ? bottom.slice(axis) : bottom.slice(axis, axis + axes);
}

/** The second bottom must have the extents of the first, from the axis on. */
function requireFits(layer: LayerSetup, param: Settings, factor: Shape): void {
  if (layer.bottomCount === 1 || factor.length === 0) return;
  const bottom = layer.bottom(0);
  const axis = layer.axisOf(0, param.number('axis'), param.at('axis'));
  const fits = axis + factor.length <= bottom.length && factor.every((extent, index) => extent === bottom[axis + index]);
  layer.require(
    fits,
    `lays ${layer.describeBottom(1)} over ${layer.describeBottom(0)} from axis ${axis}, which does not fit`,
    'Set axis to the one where both have the same extents.',
    param.at('axis'),
    'shape',
  );
}

/** One unit of an LSTM: cells, gates and where sequences go on. */
export function lstmUnit(layer: LayerSetup): Inferred {
  const cells = layer.requireAxes(0, 3);
  const gates = layer.requireAxes(1, 3);
  const goesOn = layer.requireAxes(2, 2);
  const streams = cells[1];
  const fits = [cells, gates, goesOn].every((shape) => shape[0] === 1 && shape[1] === streams) && gates[2] === 4 * (cells[2] ?? 0);
  layer.require(
    fits,
    `gets ${[0, 1, 2].map((index) => layer.describeBottom(index)).join(', ')}; it takes 1×N×D, 1×N×4D and 1×N`,
    'Give all three the same number of streams, and the gates four values for each cell.',
    layer.at,
    'shape',
  );
  layer.requireCountable(countOf(gates), 'gates');
  return { tops: [cells, cells] };
}

export const ELEMENTWISE: Readonly<Record<string, Rule>> = {
  AbsVal: neuron,
  BNLL: neuron,
  BatchNorm: batchNorm,
  Bias: broadcast('bias'),
  Clip: neuron,
  Dropout: dropout,
  ELU: neuron,
  Exp: powers('exp_param'),
  LSTMUnit: lstmUnit,
  Log: powers('log_param'),
  MVN: varianceNorm,
  PReLU: rectifierWithSlopes,
  Power: neuron,
  ReLU: neuron,
  Scale: broadcast('scale'),
  Sigmoid: neuron,
  Softmax: softmax,
  Swish: neuron,
  TanH: neuron,
  Threshold: neuron,
};
