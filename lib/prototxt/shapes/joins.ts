/** Layers that join, cut or pick blobs. */
import type { Inferred, LayerSetup, Rule } from './rule';
import type { Settings } from './settings';
import { countOf, type Shape } from './shape';

function concat(layer: LayerSetup): Inferred {
  const axis = joinedAxis(layer, layer.settings('concat_param'), 'concat_dim');
  const bottoms = layer.allBottoms();
  const first = layer.bottom(0);
  bottoms.forEach((bottom, index) => {
    const fits = bottom.length === first.length && bottom.every((extent, other) => other === axis || extent === first[other]);
    if (fits) return;
    const what = `joins ${layer.describeBottom(0)} and ${layer.describeBottom(index)} along axis ${axis}`;
    layer.refuse('shape', what, `Make all extents but that of axis ${axis} the same, e.g. by other pads or strides.`);
  });
  const joined = bottoms.reduce((sum, bottom) => sum + (bottom[axis] ?? 0), 0);
  layer.requireCountable(
    bottoms.reduce((sum, bottom) => sum + countOf(bottom), 0),
    'a top',
  );
  return { tops: [first.map((extent, index) => (index === axis ? joined : extent))] };
}

/** `axis`, or the name it had in old files, which takes no negative numbers. */
function joinedAxis(layer: LayerSetup, param: Settings, oldName: string): number {
  const both = param.has('axis') && param.has(oldName);
  layer.require(!both, `has axis and ${oldName}`, 'Keep axis.', param.at(oldName));
  const name = param.has(oldName) ? oldName : 'axis';
  return layer.axisOf(0, param.number(name), param.at(name));
}

function slice(layer: LayerSetup): Inferred {
  const param = layer.settings('slice_param');
  const points = param.numbers('slice_point');
  const at = param.at('slice_point');
  const tops = layer.topCount;
  layer.require(
    points.length === 0 || points.length === tops - 1,
    `has ${points.length} × slice_point and ${tops} tops`,
    `Give ${tops - 1} slice points, or none for equal parts.`,
    at,
  );
  const bottom = layer.bottom(0);
  const axis = joinedAxis(layer, param, 'slice_dim');
  const extent = bottom[axis] ?? 0;
  if (points.length === 0) {
    layer.require(
      extent % tops === 0,
      `cuts an extent of ${extent} into ${tops} equal parts`,
      'Give slice points, or another number of tops.',
      layer.at,
      'shape',
    );
  }
  const borders = [
    0,
    ...(points.length > 0 ? points : Array.from({ length: tops - 1 }, (_, index) => ((index + 1) * extent) / tops)),
    extent,
  ];
  const parts = borders.slice(1).map((border, index) => border - (borders[index] ?? 0));
  layer.require(
    parts.every((part) => part > 0),
    `cuts an extent of ${extent} at ${points.join(', ')}`,
    'Give slice points in ascending order, inside the extent.',
    at,
    'shape',
  );
  return { tops: parts.map((part) => bottom.map((own, index) => (index === axis ? part : own))) };
}

function eltwise(layer: LayerSetup): Inferred {
  const param = layer.settings('eltwise_param');
  const coefficients = param.count('coeff');
  const fix = 'Give one coeff for each bottom, or none.';
  layer.require(
    coefficients === 0 || coefficients === layer.bottomCount,
    `has ${coefficients} × coeff and ${layer.bottomCount} bottoms`,
    fix,
    param.at('coeff'),
  );
  layer.require(
    coefficients === 0 || param.choice('operation') !== 'PROD',
    'has coeff for a product',
    'Remove coeff: it goes with operation: SUM.',
    param.at('coeff'),
  );
  return { tops: [layer.requireSameShapes()] };
}

function crop(layer: LayerSetup): Inferred {
  const param = layer.settings('crop_param');
  const bottom = layer.bottom(0);
  const size = layer.bottom(1);
  const axis = layer.axisOf(0, param.number('axis'), param.at('axis'));
  const offsets = param.numbers('offset');
  const cropped = bottom.length - axis;
  layer.require(
    offsets.length <= 1 || offsets.length === cropped,
    `has ${offsets.length} offsets and crops ${cropped} axes`,
    'Give one offset for each of them, or one for all.',
    param.at('offset'),
  );
  const top = bottom.map((extent, index) => (index < axis ? extent : (size[index] ?? 0)));
  const offset = top.map((_, index) => (index < axis ? 0 : (offsets[offsets.length === 1 ? 0 : index - axis] ?? 0)));
  const fits = bottom.every(
    (extent, index) => index < axis || (index < size.length && extent - (offset[index] ?? 0) >= (size[index] ?? 0)),
  );
  layer.require(
    fits,
    `crops ${layer.describeBottom(0)} to ${layer.describeBottom(1)} at offset ${offset.slice(axis).join(', ')}, which lies outside`,
    'Use smaller offsets; prototxt.cropBetween works them out.',
    param.at('offset', 'axis'),
    'shape',
  );
  return { tops: [top], offset: offset.slice(2) };
}

function split(layer: LayerSetup): Inferred {
  const bottom = layer.bottom(0);
  return { tops: layer.layer.tops.map(() => bottom) };
}

function silence(): Inferred {
  return { tops: [] };
}

function filter(layer: LayerSetup): Inferred {
  const bottoms = layer.allBottoms();
  const last = bottoms.length - 1;
  const selector = layer.requireAxes(last, 1, Number.POSITIVE_INFINITY);
  layer.require(
    layer.topCount === last,
    `has ${last} bottoms to filter and ${layer.topCount} tops`,
    'Give it one top for each bottom but the last, which selects.',
    layer.at,
    'top-count',
  );
  layer.require(
    countOf(selector, 1) === 1,
    `selects by ${layer.describeBottom(last)}; it takes one value for each item`,
    'Give it a selector of shape N×1×1×1.',
    layer.at,
    'shape',
  );
  bottoms.forEach((bottom, index) => {
    const fits = bottom.length > 0 && bottom[0] === selector[0];
    layer.require(
      fits,
      `filters ${layer.describeBottom(index)} by ${layer.describeBottom(last)}`,
      'Give all bottoms the same number of items.',
      layer.at,
      'shape',
    );
  });
  // All of them: how many it selects depends on the values.
  return { tops: bottoms.slice(0, last).map((bottom): Shape => [bottoms[0]?.[0] ?? 0, ...bottom.slice(1)]) };
}

function batchReindex(layer: LayerSetup): Inferred {
  const indices = layer.requireAxes(1, 1);
  return { tops: [[indices[0] ?? 0, ...layer.bottom(0).slice(1)]] };
}

export const JOINS: Readonly<Record<string, Rule>> = {
  BatchReindex: batchReindex,
  Concat: concat,
  Crop: crop,
  Eltwise: eltwise,
  Filter: filter,
  Silence: silence,
  Slice: slice,
  Split: split,
};
