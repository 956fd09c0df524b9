/**
 * The search for a learning rate: a range test. Starting from the weights, the rate rises geometrically with every iteration. The
 * loss falls, reaches a minimum and explodes. Where exactly it explodes is chance (the seed moves it twentyfold); where it falls is not.
 */
import { CaffeError } from '../errors';

/** One iteration of a range test. */
export interface RangePoint {
  learningRate: number;
  /** Loss of the batch, before the update with this rate. */
  loss: number;
  smoothedLoss: number;
}

export interface LearningRateChoice {
  /** The rate that training begins with. */
  value: number;
  /** The range test that found it; undefined when the rate was given. */
  curve?: RangePoint[];
}

/** Small enough to change nothing on any network. */
const FIRST_RATE = 1e-7;
/** At this pace the whole range, up to 2, takes the steps below. */
const GROWTH = 1.33;
export const MOST_STEPS = 60;
/** Share of the former value in the smoothed loss. */
const SMOOTHING = 0.8;
/** The loss has exploded once it is this many times its minimum. */
const EXPLOSION = 4;
/**
 * The chosen rate is the one at which the loss has come this part of its way down. SqueezeNet's on photographs of two new classes:
 * 2.3e-5 to 3e-5 over three seeds, against 9e-6 to 1.6e-4 for a tenth of the rate at the minimum.
 */
const DESCENT = 0.8;
/** In any case this far from the rate at the minimum, the last moment before the explosion. */
const DISTANCE = 3;
/** Weights that fit already have no way down: the loss does not even fall to this part. A tenth of the rate at the minimum is safe then. */
const CLEAR_FALL = 0.5;
const SAFE_PART = 0.1;

/**
 * Runs the test.
 *
 * @param step  takes one training step at a rate and resolves with the loss of its batch, which may be NaN or infinite.
 * @param watch is told of every point; false ends the test early.
 * @throws {CaffeError} ERR_CAFFE_DIVERGED when not even the first loss is a number.
 */
export async function findLearningRate(
  step: (learningRate: number) => Promise<number>,
  watch: (point: RangePoint, iteration: number) => boolean = () => true,
): Promise<LearningRateChoice> {
  const curve: RangePoint[] = [];
  for (let iteration = 1; iteration <= MOST_STEPS; iteration++) {
    const learningRate = FIRST_RATE * GROWTH ** (iteration - 1);
    const loss = await step(learningRate);
    if (!Number.isFinite(loss)) break;
    const point = { learningRate, loss, smoothedLoss: smoothed(curve.at(-1)?.smoothedLoss, loss) };
    curve.push(point);
    if (!watch(point, iteration) || hasExploded(curve)) break;
  }
  return { value: chooseRate(curve), curve };
}

/**
 * The rule, on smoothed losses: the rate four fifths of the way from the highest loss down to the lowest.
 *
 * @throws {CaffeError} ERR_CAFFE_DIVERGED for an empty curve.
 */
export function chooseRate(curve: readonly RangePoint[]): number {
  const lowest = extreme(curve, (point, other) => point.smoothedLoss < other.smoothedLoss);
  const highest = extreme(curve.slice(0, curve.indexOf(lowest) + 1), (point, other) => point.smoothedLoss > other.smoothedLoss);
  if (lowest.smoothedLoss > CLEAR_FALL * highest.smoothedLoss) return roundTo2Digits(lowest.learningRate * SAFE_PART);
  const level = highest.smoothedLoss - DESCENT * (highest.smoothedLoss - lowest.smoothedLoss);
  const way = curve.slice(curve.indexOf(highest));
  const descended = way.find((point) => point.smoothedLoss <= level) ?? lowest;
  return roundTo2Digits(Math.min(descended.learningRate, lowest.learningRate / DISTANCE));
}

/** The point that is before all others by some measure; of equals, the first. */
function extreme(curve: readonly RangePoint[], isBefore: (point: RangePoint, other: RangePoint) => boolean): RangePoint {
  const [first, ...rest] = curve;
  if (first) return rest.reduce((best, point) => (isBefore(point, best) ? point : best), first);
  throw new CaffeError('ERR_CAFFE_DIVERGED', 'The network gives a loss that is no number before any training.', {
    hint: 'The weights are damaged or of another network, or the input is scaled wrongly: check `mean` and the scale in the network file.',
  });
}

function smoothed(former: number | undefined, loss: number): number {
  return former === undefined ? loss : SMOOTHING * former + (1 - SMOOTHING) * loss;
}

function hasExploded(curve: readonly RangePoint[]): boolean {
  const lowest = Math.min(...curve.map((point) => point.smoothedLoss));
  return (curve.at(-1)?.smoothedLoss ?? 0) > EXPLOSION * lowest;
}

function roundTo2Digits(value: number): number {
  return Number(value.toPrecision(2));
}
