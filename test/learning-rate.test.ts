import { chooseRate, findLearningRate, MOST_STEPS, type RangePoint } from '../lib/train/learning-rate';
import { failureOf } from './support/failure';

/** A curve of the given smoothed losses, over rates that double. */
function curve(...losses: number[]): RangePoint[] {
  return losses.map((loss, index) => ({ learningRate: 1e-6 * 2 ** index, loss, smoothedLoss: loss }));
}

describe('the choice', () => {
  test('is the rate four fifths of the way down', () => {
    expect(chooseRate(curve(2, 2, 1.5, 1, 0.5, 0.3, 0.1, 0.1, 0.05, 5))).toBe(3.2e-5); // down from 2 to 0.05: 0.44 is passed at the sixth point
  });

  test('stays a third away from the minimum', () => {
    expect(chooseRate(curve(2, 2, 2, 2, 0.1, 5))).toBe(5.3e-6);
  });

  test('does not depend on how long the loss stays low before it explodes', () => {
    const falling = [2, 1.6, 1.2, 0.8, 0.4, 0.3, 0.25, 0.2];
    expect(chooseRate(curve(...falling, 0.2, 0.2, 0.2, 9))).toBe(chooseRate(curve(...falling, 9)));
  });

  test('is a tenth of the minimum where the loss hardly falls: the weights fit already', () => {
    expect(chooseRate(curve(0.1, 0.09, 0.08, 0.085, 3))).toBe(4e-7);
  });

  test('looks at the highest loss before the lowest, not at the explosion', () => {
    expect(chooseRate(curve(1, 2, 1, 0.5, 0.2, 0.19, 0.18, 80))).toBe(8e-6);
  });
});

describe('the search', () => {
  /** A loss that falls while the rate is right and explodes above `limit`. */
  const losses = (limit: number) => {
    let loss = 2;
    return async (rate: number) => {
      loss = rate > limit ? loss * 10 : loss * (1 - Math.min(0.3, rate * 1e4));
      return loss;
    };
  };

  test('raises the rate until the loss explodes', async () => {
    const { value, curve: points } = await findLearningRate(losses(1e-3));
    const rates = points?.map(({ learningRate }) => learningRate) ?? [];
    expect(rates[0]).toBe(1e-7);
    expect(rates[1]).toBeCloseTo(1.33e-7, 12);
    expect(rates.at(-1)).toBeGreaterThan(1e-3);
    expect(rates.length).toBeLessThan(MOST_STEPS);
    expect(value).toBeGreaterThan(1e-6);
    expect(value).toBeLessThan(1e-3);
  });

  test('ends where the loss is no longer a number', async () => {
    const step = async (rate: number) => (rate > 1e-5 ? Number.NaN : 1);
    const { curve: points } = await findLearningRate(step);
    expect(points?.at(-1)?.learningRate).toBeLessThanOrEqual(1e-5);
  });

  test('ends when the watcher has seen enough', async () => {
    const seen: number[] = [];
    const watch = (_: RangePoint, iteration: number) => seen.push(iteration) < 3;
    await findLearningRate(async () => 1, watch);
    expect(seen).toEqual([1, 2, 3]);
  });

  test('takes a limited number of steps when nothing explodes', async () => {
    const step = jest.fn(async () => 1);
    await findLearningRate(step);
    expect(step).toHaveBeenCalledTimes(MOST_STEPS);
  });

  test('a network that is broken from the beginning is an error', async () => {
    const failure = await failureOf(findLearningRate(async () => Number.NaN));
    expect(failure).toMatchObject({ code: 'ERR_CAFFE_DIVERGED', hint: expect.stringContaining('weights') });
  });
});
