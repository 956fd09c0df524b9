/** What the check says of a layer against what the linked Caffe makes of it. */
import { caffe } from '../../lib/caffe';
import { Net } from '../../lib/net';
import { check } from '../../lib/prototxt';
import { casesOf, pairsOf } from '../support/layer-cases';

/** What the text does not tell: files that are not there, memory that is not, classes that nobody registered, how Caffe was built. */
const OUTSIDE = /ERR_CAFFE_(FILE|DATASET)|Out of memory|the layer class '|has unknown engine/;

async function disagreement(text: string, phase: 'train' | 'test'): Promise<string | undefined> {
  const { ok, findings, layers, blobs } = check(text, { phase });
  const errors = findings.filter(({ severity }) => severity === 'error');
  const said = errors.map(({ code, message }) => `${code}: ${message}`).join(' | ');
  let net: Net;
  try {
    net = await Net.from(text, { phase });
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    return ok && !OUTSIDE.test(`${code} ${message}`) ? `Caffe refuses it (${code}: ${message}); the check does not` : undefined;
  }
  try {
    // DummyData fills its tops in its first run.
    if (!ok && errors.every(({ code }) => code === 'filler'))
      await expect(net.forward()).rejects.toMatchObject({ code: 'ERR_CAFFE_FATAL' });
    else if (!ok) return `Caffe builds it; the check says: ${said}`;
    const shapes = (list: readonly { name: string; shape?: readonly number[] }[]) =>
      list.map(({ name, shape }) => `${name}: ${shape?.join('×') ?? '?'}`).join(', ');
    const own = blobs.filter(({ shape }) => shape);
    const theirs = own.map(({ name }) => ({ name, shape: net.blobs[name]?.shape }));
    if (shapes(own) !== shapes(theirs)) return `blobs: ${shapes(own)}; Caffe's: ${shapes(theirs)}`;
    for (const { name, params } of layers) {
      const [ownParams, caffeParams] = [
        params?.map((shape) => shape.join('×')),
        net.params[name]?.map(({ shape }) => shape.join('×')) ?? [],
      ];
      if (ownParams && ownParams.join() !== caffeParams.join()) return `params of ${name}: ${ownParams}; Caffe's: ${caffeParams}`;
    }
    return undefined;
  } finally {
    await net.dispose();
  }
}

test.each([...caffe.layerTypes])('%s: each setting wrong, and two at a time', async (type) => {
  const found: string[] = [];
  for (const { name, text } of [...casesOf(type), ...pairsOf(type, 60)]) {
    const problem = await disagreement(text, 'test');
    if (problem) found.push(`${name}\n${text}\n${problem}`);
  }
  expect(found).toEqual([]);
});
