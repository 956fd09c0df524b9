/** Layers that do the same to every value. */
import { type Exporter, type ExportLayer, Inexpressible } from '../layer';
import { DATA, type Value } from '../model';

/** Those that ONNX has as they are. */
function same(type: string): Exporter {
  return (layer) => [layer.node(type, [layer.bottom()])];
}

const nothing: Exporter = (layer) => [layer.bottom()];

const rectifier: Exporter = (layer) => {
  const slope = layer.settings('relu_param').number('negative_slope');
  if (slope === 0) return [layer.node('Relu', [layer.bottom()])];
  return [layer.node('LeakyRelu', [layer.bottom()], { alpha: { float: slope } })];
};

/** Slopes for each channel: behind them, ones for the spatial axes. */
const rectifierWithSlopes: Exporter = (layer) => {
  const shared = layer.settings('prelu_param').flag('channel_shared');
  const ones = layer
    .shape()
    .slice(2)
    .map(() => 1);
  const slopes = layer.weights(0, 'slopes', shared ? [1] : [...layer.paramShape(0), ...ones]);
  return [layer.node('PRelu', [layer.bottom(), slopes])];
};

const exponentialUnit: Exporter = (layer) => {
  const alpha = layer.settings('elu_param').number('alpha');
  return [layer.node('Elu', [layer.bottom()], { alpha: { float: alpha } })];
};

const clip: Exporter = (layer) => {
  const param = layer.settings('clip_param');
  const [min, max] = [param.number('min'), param.number('max')];
  if (!(min <= max)) throw new Inexpressible(`its min, ${min}, is above its max, ${max}`);
  return [layer.node('Clip', [layer.bottom(), layer.scalar('min', min), layer.scalar('max', max)])];
};

/** x · sigmoid(beta x) */
const swish: Exporter = (layer) => {
  const beta = layer.settings('swish_param').number('beta');
  return [layer.node('Mul', [layer.bottom(), layer.node('Sigmoid', [scaled(layer, layer.bottom(), beta, 'beta')])])];
};

/** (shift + scale · x) ^ power */
const power: Exporter = (layer) => {
  const param = layer.settings('power_param');
  const base = shifted(layer, scaled(layer, layer.bottom(), param.number('scale')), param.number('shift'));
  const exponent = param.number('power');
  return [exponent === 1 ? base : layer.node('Pow', [base, layer.scalar('power', exponent)])];
};

/** base ^ (shift + scale · x) as e ^ (scale · ln base · x) · base ^ shift: exp_layer.cpp. */
const exponential: Exporter = (layer) => {
  const param = layer.settings('exp_param');
  const logarithm = logarithmOf(param.number('base'));
  const inner = scaled(layer, layer.bottom(), param.number('scale') * logarithm);
  return [scaled(layer, layer.node('Exp', [inner]), Math.exp(param.number('shift') * logarithm), 'factor')];
};

/** log (shift + scale · x) / log base */
const logarithm: Exporter = (layer) => {
  const param = layer.settings('log_param');
  const inner = shifted(layer, scaled(layer, layer.bottom(), param.number('scale')), param.number('shift'));
  return [scaled(layer, layer.node('Log', [inner]), 1 / logarithmOf(param.number('base')), 'factor')];
};

/** -1 stands for e. */
function logarithmOf(base: number): number {
  return base === -1 ? 1 : Math.log(base);
}

/** 1 where x is above the threshold, else 0. */
const threshold: Exporter = (layer) => {
  const least = layer.scalar('threshold', layer.settings('threshold_param').number('threshold'));
  return [layer.node('Cast', [layer.node('Greater', [layer.bottom(), least])], { to: DATA.FLOAT })];
};

function scaled(layer: ExportLayer, value: Value, factor: number, what = 'scale'): Value {
  return factor === 1 ? value : layer.node('Mul', [value, layer.scalar(what, factor)]);
}

function shifted(layer: ExportLayer, value: Value, shift: number): Value {
  return shift === 0 ? value : layer.node('Add', [value, layer.scalar('shift', shift)]);
}

export const ELEMENTWISE: Readonly<Record<string, Exporter>> = {
  AbsVal: same('Abs'),
  BNLL: same('Softplus'),
  Clip: clip,
  Dropout: nothing,
  ELU: exponentialUnit,
  Exp: exponential,
  Log: logarithm,
  PReLU: rectifierWithSlopes,
  Power: power,
  ReLU: rectifier,
  Sigmoid: same('Sigmoid'),
  Swish: swish,
  TanH: same('Tanh'),
  Threshold: threshold,
};
