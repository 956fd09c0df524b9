import { caffe } from '../../lib/caffe';
import { timePlan } from '../../lib/tools';
import { BRANCHED } from '../support/engine';
import { failureOf } from '../support/failure';

(caffe.features.onednn ? describe : describe.skip)('timePlan', () => {
  test('times each step of the plan', async () => {
    const progress: unknown[] = [];
    const timing = await timePlan(BRANCHED, { iterations: 3, onProgress: (one) => progress.push(one) });
    expect(timing).toMatchObject({ iterations: 3, precision: 'f32', inputs: { data: [2, 3, 12, 12] }, blobs: ['prob'] });
    expect(progress).toEqual([1, 2, 3].map((done) => ({ done, total: 3 })));
    expect(timing.steps.flatMap(({ layers }) => layers)).toEqual(expect.arrayContaining(['conv1', 'fc', 'prob']));
    expect(timing.steps.every(({ forward }) => forward.min >= 0 && forward.min <= forward.mean)).toBe(true);
    expect(timing.steps.reduce((sum, { forward }) => sum + forward.mean, 0)).toBeCloseTo(timing.forward.mean, 6);
    expect(timing.forward.min).toBeGreaterThan(0);
  });

  test('refuses a network that Caffe is left to run, and goes on', async () => {
    const text = BRANCHED.replace('bottom: "conv1" top: "left"', 'bottom: "conv1" top: "left" name: "other"');
    expect(await failureOf(timePlan(text, { iterations: 1 }))).toMatchObject({ code: 'ERR_CAFFE_PROTOTXT' });
    const inPlace = BRANCHED.replace(
      'layer { name: "conv1"',
      'layer { name: "in" type: "ReLU" bottom: "data" top: "data" } layer { name: "conv1"',
    );
    expect(await failureOf(timePlan(inPlace, { iterations: 1 }))).toMatchObject({ code: 'ERR_CAFFE_UNSUPPORTED', layer: 'in' });
    expect(await failureOf(timePlan(BRANCHED, { signal: AbortSignal.abort() }))).toMatchObject({ code: 'ERR_CAFFE_ABORTED' });
    expect((await timePlan(BRANCHED, { iterations: 1 })).iterations).toBe(1);
  });
});
