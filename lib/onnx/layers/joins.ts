/** Layers that join, cut or pick blobs. */
import type { Settings } from '../../prototxt/shapes/settings';
import type { Exporter, ExportLayer } from '../layer';
import type { Value } from '../model';

const concat: Exporter = (layer) => {
  const axis = joinedAxis(layer, layer.settings('concat_param'), 'concat_dim');
  return [layer.bottoms.length === 1 ? layer.bottom() : layer.node('Concat', layer.bottoms, { axis })];
};

/** By Slice for each part: runtimes read Split's sizes in different ways. */
const slice: Exporter = (layer) => {
  const axis = joinedAxis(layer, layer.settings('slice_param'), 'slice_dim');
  if (layer.topCount === 1) return [layer.bottom()];
  layer.extent(axis); // must be known
  let start = 0;
  return Array.from({ length: layer.topCount }, (_, top) => {
    const end = start + (layer.topExtents(top)[axis] ?? 0);
    const part = cut(layer, layer.bottom(), [{ axis, start, end }]);
    start = end;
    return part;
  });
};

/** `axis`, or the name it had in old files. */
function joinedAxis(layer: ExportLayer, param: Settings, oldName: string): number {
  return layer.axis(param, param.has(oldName) ? oldName : 'axis');
}

interface Cut {
  readonly axis: number;
  readonly start: number;
  readonly end: number;
}

function cut(layer: ExportLayer, value: Value, cuts: readonly Cut[]): Value {
  const integers = (['start', 'end', 'axis'] as const).map((what) =>
    layer.integers(
      what,
      cuts.map((one) => one[what]),
    ),
  );
  return layer.node('Slice', [value, ...integers]);
}

const split: Exporter = (layer) => Array.from({ length: layer.topCount }, () => layer.bottom());

/** The extents of the second bottom from an axis on, at an offset. */
const crop: Exporter = (layer) => {
  const param = layer.settings('crop_param');
  const axis = layer.axis(param);
  const offsets = param.numbers('offset');
  const cuts = layer.shape().flatMap((_, index): Cut[] => {
    if (index < axis) return [];
    layer.extent(index); // must be known, as the one it is cropped to
    const start = offsets[offsets.length === 1 ? 0 : index - axis] ?? 0;
    return [{ axis: index, start, end: start + layer.extent(index, 1) }];
  });
  return [cut(layer, layer.bottom(), cuts)];
};

const eltwise: Exporter = (layer) => {
  const param = layer.settings('eltwise_param');
  const operation = param.choice('operation');
  if (operation === 'MAX') return [layer.node('Max', layer.bottoms)];
  if (operation === 'PROD') return [inTurn(layer, 'Mul', layer.bottoms)];
  const coefficients = param.numbers('coeff');
  const terms = layer.bottoms.map((bottom, index) => {
    const coefficient = coefficients[index] ?? 1;
    return coefficient === 1 ? bottom : layer.node('Mul', [bottom, layer.scalar('coefficient', coefficient)]);
  });
  return [inTurn(layer, 'Add', terms)];
};

function inTurn(layer: ExportLayer, type: string, values: readonly Value[]): Value {
  return values.reduce((result, value) => layer.node(type, [result, value]));
}

export const JOINS: Readonly<Record<string, Exporter>> = {
  Concat: concat,
  Crop: crop,
  Eltwise: eltwise,
  Silence: () => [],
  Slice: slice,
  Split: split,
};
