/** The extents of a blob. A scalar has none. */
export type Shape = readonly number[];

/** As far as Caffe counts: in int. */
export const MOST = 2 ** 31 - 1;

/** The number of values from one axis up to another; that of all by default. */
export function countOf(shape: Shape, first = 0, end = shape.length): number {
  let count = 1;
  for (let axis = first; axis < end; axis++) count *= shape[axis] ?? 1;
  return count;
}

export function isSame(first: Shape, second: Shape): boolean {
  return first.length === second.length && first.every((extent, axis) => extent === second[axis]);
}

/** As people write it: 2×3×227×227. */
export function textOfShape(shape: Shape): string {
  return shape.length === 0 ? 'scalar' : shape.join('×');
}
