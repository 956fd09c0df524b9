/** In place or not: where a check warns, the linked Caffe computes other values or gradients, and where it does not, the same. */
import { Net } from '../../lib/net';
import { check } from '../../lib/prototxt';

const DATA = 'layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 dim: 4 dim: 4 } } }\n';
const LABEL = 'layer { name: "label" type: "Input" top: "label" input_param { shape { dim: 2 dim: 3 dim: 4 dim: 4 } } }\n';
/** A layer that learns, so that there is something to propagate to. */
const BEGIN = 'layer { name: "begin" type: "Scale" bottom: "data" top: "a" scale_param { filler { type: "constant" value: 0.9 } } }\n';
const LOSS = 'layer { name: "loss" type: "EuclideanLoss" bottom: "END" bottom: "label" top: "loss" }\n';
const VALUES = Array.from({ length: 96 }, (_, index) => 0.2 + Math.abs(Math.sin(1.7 * (index + 1))) * (index % 5 === 0 ? -1 : 1));

/** Layers that may work in place, with settings under which they change their values. */
const TYPES: Record<string, string> = {
  BNLL: '',
  BatchNorm: '',
  Bias: 'bias_param { filler { type: "constant" value: 0.3 } }',
  Clip: 'clip_param { min: -0.3 max: 0.6 }',
  ELU: 'elu_param { alpha: 0.7 }',
  Exp: 'exp_param { scale: 0.5 }',
  LRN: 'lrn_param { local_size: 3 alpha: 2 norm_region: WITHIN_CHANNEL }',
  Log: 'log_param { shift: 2 }',
  MVN: '',
  PReLU: '',
  Power: 'power_param { power: 2 shift: 2 }',
  ReLU: 'relu_param { negative_slope: 0.2 }',
  Scale: 'scale_param { bias_term: true filler { type: "constant" value: 1.5 } bias_filler { type: "constant" value: 0.4 } }',
  Sigmoid: '',
  Softmax: '',
  Swish: '',
  TanH: '',
};
const FOLLOWER = TYPES.Scale;

function layer(name: string, type: string, bottom: string, top: string, params = ''): string {
  return `layer { name: "${name}" type: "${type}" bottom: "${bottom}" top: "${top}" ${params} }\n`;
}

/** The loss, and the gradients of the first layer and of the blob below. */
async function resultsOf(text: string): Promise<number[]> {
  const net = await Net.from(`force_backward: true ${text}`, { phase: 'train' });
  const { loss } = await net.forward({ data: VALUES, label: VALUES.map((value) => value / 3) });
  const { data } = await net.backward();
  await net.dispose();
  return [...(loss?.data ?? []), ...(data?.data ?? [])];
}

function differ(first: readonly number[], second: readonly number[]): boolean {
  return first.some((value, index) => Math.abs(value - (second[index] ?? Number.NaN)) > 1e-4 * Math.max(1, Math.abs(value)));
}

const warningsOf = (text: string) =>
  check(text, { phase: 'train' })
    .findings.filter(({ code }) => code.startsWith('in-place'))
    .map(({ code, severity }) => `${severity}: ${code}`);

/** @param make the part between the first layer and the loss: from blob 'a', with the name of the blob that the layer in question writes. */
async function expectTruth(make: (top: string) => string, end: (top: string) => string): Promise<void> {
  const build = (top: string) => DATA + LABEL + BEGIN + make(top) + LOSS.replace('END', end(top));
  const [apart, inPlace] = [build('x'), build('a')];
  expect(check(apart, { phase: 'train' }).ok).toBe(true);
  const broken = differ(await resultsOf(apart), await resultsOf(inPlace));
  expect(warningsOf(apart)).toEqual([]);
  expect(warningsOf(inPlace).length > 0).toBe(broken);
}

test.each(Object.entries(TYPES))('%s in place', async (type, params) => {
  await expectTruth(
    (top) => layer('x', type, 'a', top, params),
    (top) => top,
  );
});

test.each([...Object.entries(TYPES), ['LRN', 'lrn_param { local_size: 3 alpha: 2 }']])(
  'a layer in place behind %s, %#',
  async (type, params) => {
    const below = layer('below', type, 'a', 'b', params);
    const build = (top: string) => DATA + LABEL + BEGIN + below + layer('x', 'Scale', 'b', top, FOLLOWER) + LOSS.replace('END', top);
    const [apart, inPlace] = [build('x'), build('b')];
    const broken = differ(await resultsOf(apart), await resultsOf(inPlace));
    expect(warningsOf(apart)).toEqual([]);
    expect(warningsOf(inPlace).length > 0).toBe(broken);
  },
);

test('a Power that only scales, and a product, in place', async () => {
  await expectTruth(
    (top) => layer('x', 'Power', 'a', top, FOLLOWER),
    (top) => top,
  );
  const other = layer('other', 'Bias', 'data', 'other', TYPES.Bias);
  const product = (top: string) =>
    `${other}layer { name: "x" type: "Eltwise" bottom: "a" bottom: "other" top: "${top}" eltwise_param { operation: PROD } }\n`;
  await expectTruth(product, (top) => top);
});

test('a layer in place behind a plain one, twice', async () => {
  const relu = layer('r', 'ReLU', 'a', 'a') + layer('d', 'Bias', 'a', 'a', TYPES.Bias);
  expect(warningsOf(DATA + LABEL + BEGIN + relu + LOSS.replace('END', 'a'))).toEqual([]);
});

describe('memory that several blobs share', () => {
  const flat = layer('f', 'Reshape', 'a', 'f', 'reshape_param { shape { dim: 0 dim: -1 } }');
  const back = (bottom: string) => layer('g', 'Reshape', bottom, 'g', 'reshape_param { shape { dim: 2 dim: 3 dim: 4 dim: 4 } }');
  const sum = (first: string, second: string) =>
    `layer { name: "sum" type: "Eltwise" bottom: "${first}" bottom: "${second}" top: "sum" }\n`;

  test.each([
    ['a Reshape of what another layer reads', (top: string) => flat + layer('x', 'TanH', 'f', top) + back(top) + sum('g', 'a'), 'f', true],
    [
      'a Reshape that alone reads it',
      (top: string) => flat + layer('x', 'TanH', 'f', top) + back(top) + layer('sum', 'Power', 'g', 'sum'),
      'f',
      false,
    ],
    [
      'an output of a Split',
      (top: string) => `layer { name: "s" type: "Split" bottom: "a" top: "s" top: "t" }\n${layer('x', 'TanH', 's', top)}${sum(top, 't')}`,
      's',
      true,
    ],
  ])('%s', async (_, make, inPlaceTop, changed) => {
    const build = (top: string) => DATA + LABEL + BEGIN + make(top) + LOSS.replace('END', 'sum');
    const [apart, inPlace] = [build('x'), build(inPlaceTop)];
    expect(differ(await resultsOf(apart), await resultsOf(inPlace))).toBe(changed);
    expect(warningsOf(inPlace)).toEqual(changed ? ['warning: in-place-shared'] : []);
    expect(warningsOf(apart)).toEqual([]);
  });
});
