/** Layers that give the values of their bottom other axes. */
import type { Inferred, LayerSetup, Rule } from './rule';
import { countOf, MOST } from './shape';

function flatten(layer: LayerSetup): Inferred {
  const param = layer.settings('flatten_param');
  const bottom = layer.bottom(0);
  const first = layer.axisOf(0, param.number('axis'), param.at('axis'));
  const last = layer.axisOf(0, param.number('end_axis'), param.at('end_axis'));
  layer.require(
    first <= last + 1,
    `flattens from axis ${first} to axis ${last}`,
    'Set end_axis to one that is not before axis.',
    param.at('end_axis', 'axis'),
  );
  return { tops: [[...bottom.slice(0, first), countOf(bottom, first, last + 1), ...bottom.slice(last + 1)]] };
}

function reshape(layer: LayerSetup): Inferred {
  const param = layer.settings('reshape_param');
  const extents = param.message('shape').numbers('dim');
  const at = param.message('shape').at('dim');
  for (const extent of extents) {
    layer.require(
      extent >= -1 && extent <= MOST,
      `has dim: ${extent}`,
      'Write an extent, 0 to keep that of the bottom, or -1 to infer it.',
      at,
    );
  }
  layer.require(extents.filter((extent) => extent === -1).length <= 1, 'has several dim: -1', 'Leave one of them to be inferred.', at);
  const axes = param.number('num_axes');
  layer.require(
    axes >= -1 && axes <= 32,
    `has num_axes: ${axes}`,
    'Set num_axes to the number of axes to replace; -1: all to the end.',
    param.at('num_axes'),
  );
  const bottom = layer.bottom(0);
  const first = param.number('axis') < 0 ? param.number('axis') + bottom.length + 1 : param.number('axis');
  const end = axes === -1 ? bottom.length : first + axes;
  const inside = first >= 0 && first <= bottom.length && end <= bottom.length;
  layer.require(
    inside,
    `replaces axes from ${param.number('axis')} on, which ${layer.describeBottom(0)} does not have`,
    'Lower axis or num_axes.',
    param.at('axis', 'num_axes'),
    'shape',
  );
  const copied = extents.map((extent, index) => {
    layer.require(
      extent !== 0 || first + index < bottom.length,
      `has a dim: 0 where ${layer.describeBottom(0)} has no axis to keep`,
      'Write the extent.',
      at,
      'shape',
    );
    return extent === 0 ? (bottom[first + index] ?? 0) : extent;
  });
  const known = [...bottom.slice(0, first), ...copied.filter((extent) => extent !== -1), ...bottom.slice(end)];
  layer.requireCountable(countOf(known), 'a top');
  const inferred = countOf(bottom) / countOf(known);
  const top = [...bottom.slice(0, first), ...copied.map((extent) => (extent === -1 ? inferred : extent)), ...bottom.slice(end)];
  const fix = 'Make the product of all extents that of the bottom, or leave one as -1.';
  layer.require(
    Number.isInteger(inferred) && countOf(top) === countOf(bottom),
    `makes ${countOf(bottom)} values into ${top.map((extent) => (Number.isInteger(extent) ? extent : '?')).join('×')}`,
    fix,
    at,
    'shape',
  );
  return { tops: [top] };
}

function tile(layer: LayerSetup): Inferred {
  const param = layer.settings('tile_param');
  const tiles = layer.requireCount(param, 'tiles', 'Set tiles to the number of copies.');
  const axis = layer.axisOf(0, param.number('axis'), param.at('axis'));
  const top = layer.bottom(0).map((extent, index) => (index === axis ? extent * tiles : extent));
  layer.requireCountable(countOf(top), 'a top');
  return { tops: [top] };
}

function reduction(layer: LayerSetup): Inferred {
  const param = layer.settings('reduction_param');
  return { tops: [layer.bottom(0).slice(0, layer.axisOf(0, param.number('axis'), param.at('axis')))] };
}

function argMax(layer: LayerSetup): Inferred {
  const param = layer.settings('argmax_param');
  const most = param.number('top_k');
  layer.require(most >= 1, `has top_k: ${most}`, 'Set top_k to 1 or more.', param.at('top_k'));
  const bottom = layer.requireAxes(0, 1, Number.POSITIVE_INFINITY);
  const axis = param.has('axis') ? layer.axisOf(0, param.number('axis'), param.at('axis')) : undefined;
  const values = axis === undefined ? countOf(bottom, 1) : (bottom[axis] ?? 0);
  layer.require(most <= values, `is asked for the ${most} largest of ${values} values`, 'Lower top_k.', param.at('top_k'), 'shape');
  if (axis !== undefined) return { tops: [bottom.map((extent, index) => (index === axis ? most : extent))] };
  const ones = Array.from({ length: Math.max(3, bottom.length) - 3 }, () => 1);
  return { tops: [[bottom[0] ?? 0, param.flag('out_max_val') ? 2 : 1, most, ...ones]] };
}

export const AXES: Readonly<Record<string, Rule>> = {
  ArgMax: argMax,
  Flatten: flatten,
  Reduction: reduction,
  Reshape: reshape,
  Tile: tile,
};
