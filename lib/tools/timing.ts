/** Times of something that was done several times. */

/** Over all iterations, in milliseconds. */
export interface Timing {
  mean: number;
  min: number;
}

export function timingOf(times: readonly number[]): Timing {
  return {
    mean: times.reduce((sum, time) => sum + time, 0) / times.length,
    min: times.reduce((least, time) => Math.min(least, time), Number.POSITIVE_INFINITY),
  };
}
