/** What toDeploy makes of the published networks for training, against the networks for deployment that their authors published. */
import path from 'node:path';
import { Net } from '../../lib/net';
import { toDeploy } from '../../lib/prototxt';
import { model } from '../prototxt/shared';
import { describeShared, relativeError, shared } from '../support/shared';
import { fillAsTrained, narrow, randomValues } from '../support/trained';

/** Pixels with the mean of ImageNet subtracted are about that large. */
const image = (size: number) => randomValues(3 * size * size, 7).map((value) => 120 * value);

describeShared('for the same weights', () => {
  test.each([
    ['bvlc_alexnet', 227],
    ['bvlc_reference_caffenet', 227],
    ['bvlc_googlenet', 224],
  ])('what toDeploy makes of %s gives what its deploy.prototxt gives', async (name, size) => {
    // The published file takes ten crops of an image at a time.
    const published = fillAsTrained(await Net.from(narrow(model(`${name}/deploy`)).replace('dim: 10', 'dim: 1')));
    const { text, outputs } = toDeploy(narrow(model(`${name}/train_val`)));
    const deployed = await Net.from(text);
    expect(outputs).toEqual(['prob']);
    expect(deployed.outputs).toEqual(['prob']);
    expect(deployed.inputs).toEqual(['data']);
    const nothingElse = { missing: [], unused: [], renamed: [], mismatched: [] };
    expect(await deployed.copyFrom(await published.toBuffer())).toMatchObject(nothingElse);
    const data = image(size);
    const [expected, actual] = await Promise.all([published.forward({ data }), deployed.forward({ data })]);
    expect(actual.prob?.shape).toEqual([1, 1000]);
    expect(relativeError(actual.prob?.data ?? [], expected.prob?.data ?? [])).toBe(0);
    // A result that says something: not the same for each class.
    const probabilities = actual.prob?.data ?? new Float32Array();
    expect(Math.max(...probabilities)).toBeGreaterThan(4 * Math.min(...probabilities));
    expect(await published.copyFrom(await deployed.toBuffer())).toMatchObject(nothingElse);
    await Promise.all([published.dispose(), deployed.dispose()]);
  });

  test('what toDeploy makes of SqueezeNet gives what its deploy file gives, with a Softmax on top', async () => {
    const weights = path.join(shared, 'models/squeezenet/squeezenet.caffemodel');
    const published = await Net.from(model('squeezenet/SqueezeNet_deploy'), { weights });
    const deployed = await Net.from(toDeploy(model('squeezenet/SqueezeNet_trainval')).text);
    expect(await deployed.copyFrom(weights)).toMatchObject({ missing: [], mismatched: [] });
    const data = image(227);
    const [{ pool_final: scores }, { pool_final: same, prob }] = await Promise.all([
      published.forward({ data }),
      deployed.forward({ data }, { blobs: ['pool_final'] }),
    ]);
    expect(relativeError(same?.data ?? [], scores?.data ?? [])).toBe(0);
    const exponentials = Float64Array.from(scores?.data ?? [], Math.exp);
    const sum = exponentials.reduce((total, value) => total + value, 0);
    expect(
      relativeError(
        prob?.data ?? [],
        exponentials.map((value) => value / sum),
      ),
    ).toBeLessThan(1e-5);
    await Promise.all([published.dispose(), deployed.dispose()]);
  });
});
