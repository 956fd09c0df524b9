import { type Exporter, type ExportLayer, joined, requireFixed } from '../layer';
import { DATA, type Value } from '../model';

/** What the largest values along an axis are, and where; each makes its nodes when it is asked for. */
interface Largest {
  values(): Value;
  numbers(): Value;
}

/** The largest values along an axis, or of each item: their numbers, their values, or both. */
export const argMax: Exporter = (layer) => {
  const param = layer.settings('argmax_param');
  const count = param.number('top_k');
  const withValues = param.flag('out_max_val');
  if (param.has('axis')) {
    const axis = layer.axis(param);
    const largest = largestAlong(layer, layer.bottom(), axis, layer.extent(axis), count);
    return [withValues ? largest.values() : largest.numbers()];
  }
  const [items = 1, ...others] = layer.extents();
  const extent = requireFixed(joined(others));
  const largest = largestAlong(layer, layer.reshape(layer.bottom(), [items, extent]), 1, extent, count);
  const result = withValues ? layer.node('Concat', [largest.numbers(), largest.values()], { axis: 1 }) : largest.numbers();
  return [layer.reshape(result, layer.topExtents())];
};

/** Of equal values Caffe takes the last first. */
function largestAlong(layer: ExportLayer, bottom: Value, axis: number, extent: number, count: number): Largest {
  if (count > 1) return severalLargest(layer, bottom, axis, extent, count);
  return {
    values: () => layer.node('ReduceMax', [bottom], { axes: [axis], keepdims: 1 }),
    numbers: () => asFloats(layer, layer.node('ArgMax', [bottom], { axis, keepdims: 1, select_last_index: 1 })),
  };
}

/** TopK takes the first of equal values first: so it looks at them from behind. */
function severalLargest(layer: ExportLayer, bottom: Value, axis: number, extent: number, count: number): Largest {
  const single = (what: string, value: number) => layer.integers(what, [value]);
  const backwards = [single('start', -1), single('end', -extent - 1), single('axis', axis), single('step', -1)];
  const reversed = layer.node('Slice', [bottom, ...backwards]);
  const [values, places] = layer.nodes('TopK', [reversed, single('count', count)], { axis }, 2) as [Value, Value];
  return {
    values: () => values,
    numbers: () => layer.node('Sub', [layer.scalar('last', extent - 1), asFloats(layer, places)]),
  };
}

function asFloats(layer: ExportLayer, value: Value): Value {
  return layer.node('Cast', [value], { to: DATA.FLOAT });
}
