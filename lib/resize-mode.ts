/** The four ways in which DIGITS makes an image of any proportions fit a given size, as plain geometry. */

/**
 * - `squash`: width and height are scaled separately; nothing is lost, proportions change.
 * - `crop`: scaled until the image covers the size, then cut out of the centre.
 * - `fill`: scaled until the image fits into the size, then padded on both sides.
 * - `half_crop`: half-way between the last two: the longer side is cut, the shorter one padded.
 */
export const RESIZE_MODES = ['squash', 'crop', 'fill', 'half_crop'] as const;
export type ResizeMode = (typeof RESIZE_MODES)[number];

export interface Extent {
  height: number;
  width: number;
}

/** What happens to an image, in this order; all in pixels. */
export interface ResizePlan {
  /** The size to scale to. */
  scaled: Extent;
  /** What is kept of the scaled image. */
  kept: Extent & { top: number; left: number };
  /** What is added around it. */
  padding: { top: number; bottom: number; left: number; right: number };
}

/** Scale, cut and padding that bring an image of the size `from` to exactly `to`, rounded as DIGITS does. */
export function planResize(from: Extent, to: Extent, mode: ResizeMode): ResizePlan {
  const scaled = scaledExtent(from, to, mode);
  const kept = { height: Math.min(scaled.height, to.height), width: Math.min(scaled.width, to.width) };
  const [top, bottom] = halves(to.height - kept.height);
  const [left, right] = halves(to.width - kept.width);
  return {
    scaled,
    kept: { ...kept, top: Math.round((scaled.height - kept.height) / 2), left: Math.round((scaled.width - kept.width) / 2) },
    padding: { top, bottom, left, right },
  };
}

function scaledExtent(from: Extent, to: Extent, mode: ResizeMode): Extent {
  if (mode === 'squash') return { ...to };
  const factor = scaleFactor(to.height / from.height, to.width / from.width, mode);
  return { height: scaledSide(from.height, to.height, factor), width: scaledSide(from.width, to.width, factor) };
}

function scaleFactor(vertical: number, horizontal: number, mode: Exclude<ResizeMode, 'squash'>): number {
  switch (mode) {
    case 'crop':
      return Math.max(vertical, horizontal);
    case 'fill':
      return Math.min(vertical, horizontal);
    case 'half_crop':
      // DIGITS takes the mean of the ratios of old to new size, not of the factors.
      return 2 / (1 / vertical + 1 / horizontal);
  }
}

/** An odd rest to be padded is made even by one more pixel of image, so that the image lies exactly in the centre. */
function scaledSide(from: number, to: number, factor: number): number {
  const side = Math.max(1, Math.round(from * factor));
  return side < to && (to - side) % 2 === 1 ? side + 1 : side;
}

function halves(total: number): [number, number] {
  const first = Math.floor(total / 2);
  return [first, total - first];
}
