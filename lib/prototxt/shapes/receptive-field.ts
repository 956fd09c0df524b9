/** Which part of the input a value depends on. */
import { type Inferred, reachOf, type Window } from './rule';
import type { Shape } from './shape';

/**
 * The part of the input that a blob's values see, along each spatial axis of the input (height and width, for pictures). Its value at
 * position x sees the input from `offset + x · stride` to `offset + x · stride + size - 1`.
 */
export interface ReceptiveField {
  readonly size: readonly number[];
  readonly stride: readonly number[];
  /** Below 0 where windows begin in the padding. */
  readonly offset: readonly number[];
}

/** That of an input: each value sees itself. Undefined for blobs without spatial axes. */
export function ownField(shape: Shape | undefined): ReceptiveField | undefined {
  if (!shape || shape.length < 3) return undefined;
  const axes = shape.slice(2);
  return { size: axes.map(() => 1), stride: axes.map(() => 1), offset: axes.map(() => 0) };
}

/** That of a layer's tops. */
export function fieldAbove(
  fields: readonly (ReceptiveField | undefined)[],
  bottom: Shape | undefined,
  top: Shape | undefined,
  { windows, offset }: Inferred,
): ReceptiveField | undefined {
  const below = unionOf(fields);
  if (!below || !top || top.length === 0) return undefined;
  const spatial = bottom?.slice(2) ?? [];
  if (windows?.length === below.size.length) return overWindows(below, windows);
  if (offset?.length === below.size.length)
    return { ...below, offset: below.offset.map((start, axis) => start + (offset[axis] ?? 0) * at(below.stride, axis)) };
  // Without spatial axes of its own, each value sees all that the bottom's see together.
  return top.length < 3 && spatial.length === below.size.length
    ? overWindows(
        below,
        spatial.map((kernel) => ({ kernel, stride: 1, pad: 0, dilation: 1 })),
      )
    : below;
}

function overWindows(below: ReceptiveField, windows: readonly Window[]): ReceptiveField {
  const steps = windows.map((window) => {
    const { stride, pad, transposed } = window;
    const reach = reachOf(window);
    // A value of a deconvolution gathers from as many positions as windows lie over it.
    return transposed
      ? { taps: Math.ceil(reach / stride), step: 1 / stride, back: (reach - 1 - pad) / stride }
      : { taps: reach, step: stride, back: pad };
  });
  return {
    size: steps.map(({ taps }, axis) => at(below.size, axis) + (taps - 1) * at(below.stride, axis)),
    stride: steps.map(({ step }, axis) => at(below.stride, axis) * step),
    offset: steps.map(({ back }, axis) => at(below.offset, axis) - back * at(below.stride, axis)),
  };
}

/** What several bottoms see together. */
function unionOf(fields: readonly (ReceptiveField | undefined)[]): ReceptiveField | undefined {
  const [first, ...others] = fields.filter((field) => field !== undefined);
  return others.reduce((union, field) => {
    if (!union || field.size.length !== union.size.length) return union;
    const offset = union.offset.map((start, axis) => Math.min(start, at(field.offset, axis)));
    const end = (one: ReceptiveField, axis: number) => at(one.offset, axis) + at(one.size, axis);
    return {
      size: offset.map((start, axis) => Math.max(end(union, axis), end(field, axis)) - start),
      stride: union.stride.map((stride, axis) => Math.max(stride, at(field.stride, axis))),
      offset,
    };
  }, first);
}

function at(values: readonly number[], axis: number): number {
  return values[axis] ?? 0;
}
