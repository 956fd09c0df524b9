/** Convolutions, and what else has their windows. */
import { fillBlob } from './fillers';
import { type Inferred, type LayerSetup, type Rule, reachOf, type Window } from './rule';
import type { Settings } from './settings';
import { countOf, MOST } from './shape';

/** Convolution, and Deconvolution, which is its transpose. */
function convolution(transposed: boolean): Rule {
  return (layer) => {
    const param = layer.settings('convolution_param');
    const outputs = layer.requireOutputs(param, 'convolution_param');
    layer.requirePositive(param, 'group');
    requireWindows(layer, param);
    const bottom = layer.requireSameShapes();
    const axis = layer.axisOf(0, param.number('axis'), param.at('axis'));
    const windows = windowsOf(layer, param, bottom.length - axis - 1, transposed);
    const channels = bottom[axis] ?? 0;
    const group = param.number('group');
    requireGroups(layer, param, channels, outputs);
    const [rows, columns] = transposed ? [channels, outputs / group] : [outputs, channels / group];
    const weights = [rows, columns, ...windows.map(({ kernel }) => kernel)];
    layer.requireCountable(countOf(weights), 'weights');
    const extents = windows.map((window, index) => (transposed ? spread : walk)(layer, param, window, bottom[axis + 1 + index] ?? 0));
    const top = [...bottom.slice(0, axis), outputs, ...extents];
    const positions = transposed ? countOf(bottom, axis + 1) : countOf(extents);
    layer.requireCountable(countOf(top), 'a top');
    layer.requireCountable((transposed ? outputs : channels) * countOf(weights, 2) * positions, 'a column buffer');
    fillBlob(layer, param, 'weight_filler', weights);
    const bias = param.flag('bias_term') ? [[outputs]] : [];
    if (bias[0]) fillBlob(layer, param, 'bias_filler', bias[0]);
    return {
      tops: layer.layer.tops.map(() => top),
      params: [weights, ...bias],
      multiplyAdds: layer.bottomCount * countOf(bottom, 0, axis) * countOf(weights) * positions,
      windows,
    };
  };
}

function im2col(layer: LayerSetup): Inferred {
  const param = layer.settings('convolution_param');
  requireWindows(layer, param);
  const bottom = layer.bottom(0);
  const axis = layer.axisOf(0, param.number('axis'), param.at('axis'));
  layer.require(bottom.length > axis + 1, `needs a spatial axis; it gets ${layer.describeBottom(0)}`, 'Give it images.', layer.at, 'shape');
  const windows = windowsOf(layer, param, bottom.length - axis - 1, false);
  const extents = windows.map((window, index) => walk(layer, param, window, bottom[axis + 1 + index] ?? 0));
  const channels = (bottom[axis] ?? 0) * countOf(windows.map(({ kernel }) => kernel));
  const top = [...bottom.slice(0, axis), channels, ...extents];
  layer.requireCountable(countOf(top), 'a top');
  return { tops: [top], windows };
}

function requireGroups(layer: LayerSetup, param: Settings, channels: number, outputs: number): void {
  const group = param.number('group');
  const fix = `Set group to a number that divides both ${channels} channels and ${outputs} outputs.`;
  layer.require(
    channels % group === 0,
    `cuts ${channels} channels into ${group} groups, which does not come out even`,
    fix,
    param.at('group'),
  );
  layer.require(
    outputs % group === 0,
    `cuts ${outputs} outputs into ${group} groups, which does not come out even`,
    fix,
    param.at('group'),
  );
}

/** What has to hold for windows whatever the bottom. */
function requireWindows(layer: LayerSetup, param: Settings): void {
  layer.requirePositive(param, 'kernel_size', 'stride', 'dilation');
  for (const [field, single] of [
    ['kernel', 'kernel_size'],
    ['stride', 'stride'],
    ['pad', 'pad'],
  ] as const) {
    const [vertical, horizontal] = [`${field}_h`, `${field}_w`];
    if (!param.has(vertical) && !param.has(horizontal)) continue;
    const at = param.at(vertical, horizontal);
    layer.require(
      !param.has(single),
      `has ${single} beside ${field}_h or ${field}_w`,
      `Keep ${single}, or ${vertical} and ${horizontal}.`,
      at,
    );
    if (field === 'pad') continue;
    const both = param.number(vertical) >= 1 && param.number(horizontal) >= 1;
    layer.require(
      both,
      `has ${vertical}: ${param.number(vertical)} and ${horizontal}: ${param.number(horizontal)}; both are needed, and at least 1`,
      `Set both ${vertical} and ${horizontal}.`,
      at,
    );
  }
}

function windowsOf(layer: LayerSetup, param: Settings, axes: number, transposed: boolean): Window[] {
  const kernels = valuesFor(layer, param, axes, 'kernel_size', 'kernel');
  const strides = valuesFor(layer, param, axes, 'stride', 'stride', 1);
  const pads = valuesFor(layer, param, axes, 'pad', 'pad', 0);
  const dilations = valuesFor(layer, param, axes, 'dilation', undefined, 1);
  return kernels.map((kernel, axis) => ({
    kernel,
    stride: strides[axis] ?? 1,
    pad: pads[axis] ?? 0,
    dilation: dilations[axis] ?? 1,
    ...(transposed && { transposed }),
  }));
}

/** A setting for each spatial axis: given once for all, for each, or as `_h` and `_w`. */
function valuesFor(layer: LayerSetup, param: Settings, axes: number, name: string, pair: string | undefined, otherwise?: number): number[] {
  if (pair && (param.has(`${pair}_h`) || param.has(`${pair}_w`))) {
    layer.require(
      axes === 2,
      `has ${pair}_h and ${pair}_w, and ${axes} spatial axes`,
      `Write ${name} once for each axis.`,
      param.at(`${pair}_h`, `${pair}_w`),
    );
    return [param.number(`${pair}_h`), param.number(`${pair}_w`)];
  }
  const values = param.numbers(name);
  const fits = values.length === 1 || values.length === axes || (values.length === 0 && otherwise !== undefined);
  const fix =
    values.length === 0
      ? `Set ${name} in ${layer.layer.type === 'Pooling' ? 'pooling_param' : 'convolution_param'}.`
      : `Give ${name} once, or ${axes} times.`;
  layer.require(
    fits,
    values.length === 0 ? `has no ${name}` : `has ${values.length} × ${name} and ${axes} spatial axes`,
    fix,
    param.at(name),
  );
  return Array.from({ length: axes }, (_, axis) => values[values.length === 1 ? 0 : axis] ?? otherwise ?? 0);
}

/** The extent of the output where a window walks over `extent` values. Caffe divides as C does: towards 0. */
function walk(layer: LayerSetup, param: Settings, window: Window, extent: number): number {
  const padded = extent + 2 * window.pad;
  const reach = reachOf(window);
  const at = param.at('kernel_size', 'kernel_h', 'dilation');
  layer.require(
    Math.max(padded + window.stride, reach) <= MOST,
    'has windows that reach beyond what Caffe can count',
    'Use smaller windows.',
    at,
    'too-large',
  );
  const steps = Math.trunc((padded - reach) / window.stride) + 1;
  layer.require(
    steps >= 1,
    `has a window of ${reach}; its bottom, padded, is ${padded} there`,
    'Use a smaller kernel, more padding, or larger inputs.',
    at,
    'window',
  );
  return steps;
}

/** The extent of the output where a window is laid down for each of `extent` values. */
function spread(layer: LayerSetup, param: Settings, window: Window, extent: number): number {
  const whole = window.stride * (extent - 1) + reachOf(window);
  const at = param.at('pad', 'pad_h');
  layer.require(
    Math.max(whole, 2 * window.pad) <= MOST,
    'has windows that reach beyond what Caffe can count',
    'Use smaller windows.',
    at,
    'too-large',
  );
  layer.require(whole > 2 * window.pad, `pads ${2 * window.pad} of an output of ${whole}`, 'Use less padding.', at, 'window');
  return whole - 2 * window.pad;
}

export const CONVOLUTIONS: Readonly<Record<string, Rule>> = {
  Convolution: convolution(false),
  Deconvolution: convolution(true),
  Im2col: im2col,
};
