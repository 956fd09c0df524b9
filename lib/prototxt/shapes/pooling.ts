/** Layers that gather values under a window: pooling, pyramids, normalization. */
import type { Inferred, LayerSetup, Rule, Window } from './rule';
import type { Settings } from './settings';
import { countOf, MOST, type Shape } from './shape';

function pooling(layer: LayerSetup): Inferred {
  const param = layer.settings('pooling_param');
  const isGlobal = param.flag('global_pooling');
  requirePoolingWindow(layer, param, isGlobal);
  const bottom = layer.requireAxes(0, 4);
  const windows = poolingWindows(param, isGlobal ? [bottom[2] ?? 0, bottom[3] ?? 0] : undefined);
  const extents = windows.map((window, index) => pooledExtent(layer, param, window, bottom[2 + index] ?? 0, isGlobal));
  const top = [bottom[0] ?? 0, bottom[1] ?? 0, ...extents];
  return { tops: layer.layer.tops.map(() => top), windows };
}

function requirePoolingWindow(layer: LayerSetup, param: Settings, isGlobal: boolean): void {
  const kernels = ['kernel_size', 'kernel_h', 'kernel_w'];
  if (isGlobal) {
    layer.require(!kernels.some((name) => param.has(name)), 'has global_pooling and a kernel', 'Remove the kernel.', param.at(...kernels));
  } else {
    const both = param.has('kernel_h') && param.has('kernel_w');
    const fix = 'Set kernel_size, or both kernel_h and kernel_w.';
    layer.require(param.has('kernel_size') || both, 'has no kernel', fix, param.at('kernel_h', 'kernel_w'));
    layer.require(!param.has('kernel_size') || !both, 'has kernel_size beside kernel_h and kernel_w', fix, param.at('kernel_size'));
    layer.requirePositive(param, ...(param.has('kernel_size') ? ['kernel_size'] : ['kernel_h', 'kernel_w']));
  }
  for (const name of ['pad', 'stride']) {
    const [vertical, horizontal] = [`${name}_h`, `${name}_w`];
    if (!param.has(vertical) && !param.has(horizontal)) continue;
    const holds = !param.has(name) && param.has(vertical) && param.has(horizontal);
    layer.require(
      holds,
      `needs ${name}, or both ${vertical} and ${horizontal}`,
      `Set ${name} alone, or both ${vertical} and ${horizontal}.`,
      param.at(vertical, horizontal),
    );
  }
  layer.requirePositive(param, 'stride', 'stride_h', 'stride_w');
  const windows = poolingWindows(param, isGlobal ? [MOST, MOST] : undefined);
  const plain = windows.every(({ pad, stride }) => pad === 0 && stride === 1);
  layer.require(
    !isGlobal || plain,
    'has global_pooling with a pad or a stride',
    'Remove pad and stride.',
    param.at('pad', 'pad_h', 'stride', 'stride_h'),
  );
  if (windows.every(({ pad }) => pad === 0)) return;
  const at = param.at('pad', 'pad_h');
  layer.require(param.choice('pool') !== 'STOCHASTIC', 'pads a stochastic pooling', 'Remove pad: only MAX and AVE can be padded.', at);
  for (const { pad, kernel } of windows) {
    layer.require(pad < kernel, `has a pad of ${pad} with a kernel of ${kernel}`, 'Use a pad smaller than the kernel.', at);
  }
}

function poolingWindows(param: Settings, whole?: readonly number[]): [Window, Window] {
  const value = (name: string, single: string, axis: 'h' | 'w') => param.number(param.has(`${name}_h`) ? `${name}_${axis}` : single);
  const window = (axis: 'h' | 'w', extent: number | undefined): Window => ({
    kernel: extent ?? (param.has('kernel_size') ? param.number('kernel_size') : param.number(`kernel_${axis}`)),
    stride: value('stride', 'stride', axis),
    pad: value('pad', 'pad', axis),
    dilation: 1,
  });
  return [window('h', whole?.[0]), window('w', whole?.[1])];
}

function pooledExtent(layer: LayerSetup, param: Settings, window: Window, extent: number, isGlobal: boolean): number {
  const { kernel, stride, pad } = window;
  const floor = param.choice('round_mode') === 'FLOOR';
  const clips = ['pad', 'pad_h', 'pad_w'].some((name) => param.number(name) > 0);
  const pooled = pooledTo(window, extent, floor, clips);
  if (isGlobal) return pooled;
  const steps = Math.trunc((extent + 2 * pad - kernel) / stride) + 1;
  const at = param.at('kernel_size', 'kernel_h');
  layer.require(
    steps >= 1 && pooled >= 1,
    `has a window of ${kernel}; its bottom, padded, is ${extent + 2 * pad} there`,
    'Use a smaller kernel, more padding, or larger inputs.',
    at,
    'window',
  );
  layer.require(
    extent + 2 * pad + stride <= MOST,
    'has windows that reach beyond what Caffe can count',
    'Use smaller windows.',
    at,
    'too-large',
  );
  const last = floor ? 0 : Math.trunc((extent + 2 * pad - kernel + stride - 1) / stride);
  const outside = param.choice('pool') === 'MAX' && !clips && last * stride >= extent;
  layer.require(
    !outside,
    `has strides of ${stride} and kernels of ${kernel}: the last window lies outside its bottom, which is ${extent} there`,
    'Use a stride no larger than the kernel, or round_mode: FLOOR.',
    param.at('stride', 'stride_h'),
    'window',
  );
  return pooled;
}

/** PoolingLayer::Reshape. @param clips whether the last window must begin inside the bottom: where anything is padded. */
function pooledTo({ kernel, stride, pad }: Window, extent: number, floor: boolean, clips: boolean): number {
  const pooled = (floor ? Math.floor : Math.ceil)((extent + 2 * pad - kernel) / stride) + 1;
  return clips && (pooled - 1) * stride >= extent + pad ? pooled - 1 : pooled;
}

/** Spatial pyramid pooling: level n cuts its bottom into 2^n bins in each direction. */
function pyramid(layer: LayerSetup): Inferred {
  const param = layer.settings('spp_param');
  const height = param.number('pyramid_height');
  layer.require(
    height >= 1 && height <= 31,
    `has pyramid_height: ${height}`,
    'Set pyramid_height to a number from 1 to 31.',
    param.at('pyramid_height'),
  );
  const [items = 0, channels = 0, ...extents] = layer.requireAxes(0, 4);
  let values = 0;
  for (let level = 0; level < height; level++)
    values += channels * countOf(extents.map((extent) => binsOf(layer, param, extent, 2 ** level)));
  // A pyramid of one level is a plain pooling.
  return {
    tops: [height === 1 ? [items, channels, 1, 1] : [items, values]],
    windows: extents.map((kernel) => ({ kernel, stride: 1, pad: 0, dilation: 1 })),
  };
}

function binsOf(layer: LayerSetup, param: Settings, extent: number, bins: number): number {
  const kernel = Math.ceil(extent / bins);
  const pad = Math.trunc((kernel * bins - extent + 1) / 2);
  const at = param.at('pyramid_height');
  layer.require(pad < kernel, `cannot cut ${extent} values into ${bins} bins`, 'Lower pyramid_height, or use larger inputs.', at, 'window');
  layer.require(
    pad === 0 || param.choice('pool') !== 'STOCHASTIC',
    `would pad a stochastic pooling to cut ${extent} values into ${bins} bins`,
    'Use pool: MAX or AVE.',
    at,
    'window',
  );
  return pooledTo({ kernel, stride: kernel, pad, dilation: 1 }, extent, false, pad > 0);
}

function normalization(layer: LayerSetup): Inferred {
  const param = layer.settings('lrn_param');
  const size = param.number('local_size');
  layer.require(
    size % 2 === 1 && size <= 65535,
    `has local_size: ${size}; an odd number up to 65535 is needed`,
    'Set local_size to an odd number.',
    param.at('local_size'),
  );
  const bottom: Shape = layer.requireAxes(0, 4);
  layer.requireCountable(((bottom[1] ?? 0) + size - 1) * countOf(bottom, 2), 'padded channels');
  if (param.choice('norm_region') !== 'WITHIN_CHANNEL') return { tops: [bottom] };
  const window = { kernel: size, stride: 1, pad: (size - 1) / 2, dilation: 1 };
  return { tops: [bottom], windows: [window, window] };
}

export const POOLINGS: Readonly<Record<string, Rule>> = {
  LRN: normalization,
  Pooling: pooling,
  SPP: pyramid,
};
