/** What the check says of a layer against what the linked Caffe makes of it. */
import fc from 'fast-check';
import { caffe } from '../../lib/caffe';
import { Net } from '../../lib/net';
import { check } from '../../lib/prototxt';
import { enumOf, fieldNames, fieldOf, type MessageName } from '../../lib/prototxt/schema/messages';
import { casesOf, pairsOf, TEMPLATES } from '../support/layer-cases';

/** Random nets of each type. */
const RUNS = Number(process.env.RUNS ?? 60);

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

/** What a field may be set to: mostly what a layer takes, and what is just outside. */
function valueText(type: string): fc.Arbitrary<string> {
  const names = enumOf(type);
  if (names) return fc.constantFrom(...Object.keys(names));
  if (type === 'uint32') return fc.integer({ min: 0, max: 6 }).map(String);
  if (type === 'int32') return fc.integer({ min: -4, max: 4 }).map(String);
  if (type === 'int64') return fc.integer({ min: -1, max: 6 }).map(String);
  if (type === 'float' || type === 'double') return fc.constantFrom('-1', '0', '0.5', '1', '2', 'inf');
  if (type === 'bool') return fc.constantFrom('true', 'false');
  if (type === 'BlobShape')
    return fc.array(valueText('int64'), { maxLength: 4 }).map((dims) => `{ ${dims.map((dim) => `dim: ${dim}`).join(' ')} }`);
  const fillers = fc.constantFrom('constant', 'gaussian', 'uniform', 'xavier', 'msra', 'bilinear', 'positive_unitball');
  if (type === 'FillerParameter') return fillers.map((name) => `{ type: "${name}" }`);
  return fc.constantFrom('"x"', '""');
}

/** Some fields of a message, repeated ones up to three times. */
function settingsOf(message: MessageName): fc.Arbitrary<string> {
  const fields = fieldNames(message).map((name) => {
    const { type, repeated } = fieldOf(message, name) ?? { type: '', repeated: false };
    const values = fc.array(valueText(type), { minLength: 1, maxLength: repeated ? 3 : 1 });
    return values.map((all) => all.map((value) => `${name}${value.startsWith('{') ? ' ' : ': '}${value}`).join(' '));
  });
  return fc.tuple(...fields.map((field) => fc.option(field, { nil: '', freq: 2 }))).map((texts) => texts.filter((text) => text).join(' '));
}

/** A layer of a type over inputs of random shapes, those of its template as often as not. */
function layerOf(type: string): fc.Arbitrary<string> {
  const { bottoms, tops, params } = TEMPLATES[type] ?? { bottoms: [], tops: 1, params: {} };
  const extent = fc.integer({ min: 1, max: 6 });
  const shapes = fc.tuple(...bottoms.map((shape) => fc.oneof(fc.constant(shape), fc.constant(shape), fc.array(extent, { maxLength: 5 }))));
  const alike = fc.array(extent, { maxLength: 5 }).map((shape) => bottoms.map(() => shape));
  const settings = Object.entries(params).map(([field, usual]) => {
    const message = fieldOf('LayerParameter', field)?.type as MessageName;
    return fc.oneof(settingsOf(message), settingsOf(message), fc.constant(usual)).map((text) => `${field} { ${text} }`);
  });
  return fc
    .tuple(fc.oneof(shapes, alike), fc.tuple(...settings), fc.integer({ min: 0, max: 9 }), fc.boolean())
    .map(([own, messages, chance, inPlace]) => {
      const inputs = own.map(
        (shape, i) =>
          `layer { name: "i${i}" type: "Input" top: "b${i}" input_param { shape { ${shape.map((dim) => `dim: ${dim}`).join(' ')} } } }\n`,
      );
      const count = Math.max(0, tops + (chance === 0 ? 1 : chance === 1 ? -1 : 0));
      const names = Array.from({ length: count }, (_, i) => (inPlace && chance > 7 && i === 0 && own.length > 0 ? 'b0' : `t${i}`));
      const wires = [...own.map((_, i) => `bottom: "b${i}"`), ...names.map((name) => `top: "${name}"`)];
      return `${inputs.join('')}layer { name: "x" type: "${type}" ${wires.join(' ')} ${messages.join(' ')} }`;
    });
}

test.each([...caffe.layerTypes])('%s: random settings over random shapes', async (type) => {
  await fc.assert(
    fc.asyncProperty(layerOf(type), fc.constantFrom('train', 'test'), async (text, phase) => {
      expect(await disagreement(text, phase)).toBeUndefined();
    }),
    { numRuns: RUNS },
  );
});

/** Layers with one bottom or two, and their settings. */
const PARTS: readonly (readonly [type: string, bottoms: number, params: string])[] = [
  ['Convolution', 1, 'convolution_param { num_output: 3 kernel_size: 3 pad: 1 }'],
  ['Pooling', 1, 'pooling_param { kernel_size: 2 stride: 2 }'],
  ['ReLU', 1, ''],
  ['Flatten', 1, ''],
  ['InnerProduct', 1, 'inner_product_param { num_output: 3 } param { name: "shared" }'],
  ['Concat', 2, ''],
  ['Eltwise', 2, 'eltwise_param { operation: PROD }'],
  ['SoftmaxWithLoss', 2, ''],
  ['Split', 1, ''],
  ['Silence', 1, ''],
];

/** Nets of layers that read and write one of a few blobs, mostly one that is there. */
const wiredNet = fc
  .array(fc.tuple(fc.nat(PARTS.length - 1), fc.nat(20), fc.nat(20), fc.nat(9), fc.boolean()), { minLength: 1, maxLength: 8 })
  .map((layers) => {
    const blobs = ['data', 'label'];
    const lines = layers.map(([part, first, second, chance, weighted], index) => {
      const [type, count, params] = PARTS[part] ?? ['ReLU', 1, ''];
      const pick = (choice: number) => (chance === 0 ? `b${choice}` : (blobs[choice % blobs.length] ?? ''));
      const bottoms = [first, second].slice(0, count).map(pick);
      const top = chance < 3 ? (bottoms[0] ?? '') : chance === 9 ? pick(second) : `b${index}`;
      if (type !== 'Silence') blobs.push(top);
      const wires = [...bottoms.map((blob) => `bottom: "${blob}"`), ...(type === 'Silence' ? [] : [`top: "${top}"`])];
      return `layer { name: "l${index}" type: "${type}" ${wires.join(' ')} ${params} ${weighted && chance === 5 ? 'loss_weight: 1' : ''} }`;
    });
    const inputs =
      'layer { name: "in" type: "Input" top: "data" top: "label" input_param { shape { dim: 2 dim: 3 dim: 6 dim: 6 } shape { dim: 2 } } }';
    return [inputs, ...lines].join('\n');
  });

test('random wiring', async () => {
  await fc.assert(
    fc.asyncProperty(wiredNet, fc.constantFrom('train', 'test'), async (text, phase) => {
      expect(await disagreement(text, phase)).toBeUndefined();
    }),
    { numRuns: 10 * RUNS },
  );
});
