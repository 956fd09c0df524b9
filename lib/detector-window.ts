/** The geometry of pycaffe's Detector: which part of an image a window and its context are, and where it lies in the network's input. */

import type { Box } from './crop';
import { CaffeError, describe } from './errors';
import { readArray } from './given';

/** [ymin, xmin, ymax, xmax] in pixels, whole numbers; ymax and xmax are the first row and column behind the window. */
export type DetectorWindow = readonly [ymin: number, xmin: number, ymax: number, xmax: number];

/** A part of the image, and where it goes, at which size. */
export interface Placement {
  source: Box;
  target: Box;
}

/**
 * @returns the window, read once.
 * @throws {CaffeError} ERR_CAFFE_INPUT unless it is four whole numbers, the first two not above the last two.
 */
export function checkedWindow(window: DetectorWindow, what: string): DetectorWindow {
  const numbers = readArray<unknown>(window, what);
  const [ymin, xmin, ymax, xmax] = numbers as number[];
  if (numbers.length === 4 && numbers.every(isCoordinate)) {
    const checked = [ymin, xmin, ymax, xmax] as DetectorWindow;
    if (checked[0] <= checked[2] && checked[1] <= checked[3]) return checked;
    throw new CaffeError('ERR_CAFFE_INPUT', `${what} is inverted: ${describe(checked)}.`, {
      hint: 'The order is [ymin, xmin, ymax, xmax].',
    });
  }
  throw new CaffeError('ERR_CAFFE_INPUT', `${what} must be [ymin, xmin, ymax, xmax], four whole numbers; ${describe(numbers)} was given.`);
}

/** Beyond any image, and far enough below 2^53 for exact arithmetic. */
const MOST = 2 ** 31;

function isCoordinate(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < MOST;
}

/**
 * The part of a window that lies inside the image.
 *
 * @throws {CaffeError} ERR_CAFFE_INPUT when no pixel does.
 */
export function clippedWindow(window: DetectorWindow, image: readonly [number, number], what: string): Box {
  return boxOf(clipped(window, image), window, what);
}

/**
 * The window enlarged around its centre, so that `contextPad` pixels on each side of the network's input are its surroundings. What of it
 * lies outside the image keeps its place in the input, empty. All roundings are pycaffe's: halves go to the even number.
 *
 * @param image [height, width] in pixels.
 * @param side  of the network's square input, in pixels.
 * @throws {CaffeError} ERR_CAFFE_INPUT when no pixel of it lies inside the image.
 */
export function placeWithContext(
  window: DetectorWindow,
  image: readonly [number, number],
  side: number,
  contextPad: number,
  what: string,
): Placement {
  const [ymin, xmin, ymax, xmax] = window;
  const scale = side / (side - 2 * contextPad);
  const halfHeight = (ymax - ymin + 1) / 2;
  const halfWidth = (xmax - xmin + 1) / 2;
  const box = [
    roundHalfEven(ymin + halfHeight - scale * halfHeight),
    roundHalfEven(xmin + halfWidth - scale * halfWidth),
    roundHalfEven(ymin + halfHeight + scale * halfHeight),
    roundHalfEven(xmin + halfWidth + scale * halfWidth),
  ] as const;
  const inside = clipped(box, image);
  const vertical = placeAlong([box[0], box[2]], [inside[0], inside[2]], side);
  const horizontal = placeAlong([box[1], box[3]], [inside[1], inside[3]], side);
  return {
    source: boxOf(inside, window, what),
    target: { top: vertical.pad, height: vertical.length, left: horizontal.pad, width: horizontal.length },
  };
}

/** Along one axis: pixels of the input before the image begins, and the pixels that it fills; 0 when less than half of one. */
function placeAlong([from, to]: [number, number], [first, last]: [number, number], side: number): { pad: number; length: number } {
  const scale = side / (to - from + 1);
  const pad = roundHalfEven(Math.max(0, -from) * scale);
  const length = roundHalfEven((last - first + 1) * scale);
  return { pad, length: Math.max(0, Math.min(length, side - pad)) };
}

function clipped(window: DetectorWindow, [height, width]: readonly [number, number]): DetectorWindow {
  const within = (value: number, most: number) => Math.min(Math.max(value, 0), most);
  return [within(window[0], height), within(window[1], width), within(window[2], height), within(window[3], width)];
}

function boxOf([top, left, bottom, right]: DetectorWindow, window: DetectorWindow, what: string): Box {
  if (bottom > top && right > left) return { top, left, height: bottom - top, width: right - left };
  throw new CaffeError('ERR_CAFFE_INPUT', `${what}, [${window.join(', ')}], holds no pixel of the image.`, {
    hint: 'Windows are [ymin, xmin, ymax, xmax] in pixels of the image, ymax and xmax excluded.',
  });
}

/** As Python and NumPy round. */
function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}
