/** What holds for every transformation of every network that is sound, in whatever notation and layout it is written. */
import fc from 'fast-check';
import { Net } from '../../lib/net';
import { freeze, retarget, select, toAllInOne, toDeploy, toTrainVal, unfreeze, upgrade } from '../../lib/prototxt';

const DATA =
  'type: "Data" top: "data" top: "label" transform_param { crop_size: 8 } data_param { source: "s" batch_size: 2 backend: LMDB }';
const sources = fc.constantFrom(
  `layer { name: "data" ${DATA} include { phase: TRAIN } }\nlayer { name: "data" ${DATA} include { phase: TEST } } # for testing\n`,
  `layer { name: "data" ${DATA} }\n`,
  `layer {\n  name: "train-data" ${DATA}\n  include { stage: "train" }\n}\nlayer { name: "val-data" ${DATA} include { stage: "val" } }\n`,
  'layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 dim: 8 dim: 8 } } }\nlayer { name: "label" type: "Input" top: "label" input_param { shape { dim: 2 } } }\n',
  'input: "data" # pictures\ninput_dim: [2, 3, 8, 8]\ninput: "label"\ninput_dim: [2, 1, 1, 1]\n',
);
const gap = fc.constantFrom('\n', '\n\n', ' # note\n', '\n# above\n', '\r\n', ' ');
const kind = fc.constantFrom(
  'type: "Convolution" convolution_param { num_output: 2 kernel_size: 1 }',
  "type: 'ReLU'",
  'type: "BatchNorm" param { lr_mult: 0 } param { lr_mult: 0 } param { lr_mult: 0 }',
  'type: "Pooling"\n  pooling_param <\n    kernel_size: 1\n  >\n ',
  'type: "Dropout" include { phase: TRAIN }',
  'type: "Scale", exclude { min_level: 3 };',
);

/** Layers one behind the other; those that are not always there work in place. */
const chains = fc.array(fc.tuple(kind, fc.boolean(), gap), { maxLength: 4 }).map((layers) => {
  let blob = 'data';
  const texts = layers.map(([type, inPlace, space], index) => {
    const bottom = blob;
    if (blob === 'data' || !(/include|exclude/.test(type) || (inPlace && !/Convolution|Pooling/.test(type)))) blob = `m${index}`;
    const always = blob === bottom ? type : type.replace(/(include|exclude) \{[^}]*\};?/, '');
    return `layer { name: "l${index}" bottom: "${bottom}" top: "${blob}" ${always} }${space}`;
  });
  return { text: texts.join(''), blob };
});

const INNER = (name: string, bottom: string, rest = '') =>
  `layer {\n  name: "${name}"\n  type: "InnerProduct"\n  bottom: "${bottom}"\n  top: "${name}"\n${rest}  inner_product_param { num_output: 6 }\n}\n`;
const ends = fc.record({
  head: fc.constantFrom('fc8', 'loss1/classifier', 'scores'),
  params: fc.constantFrom('', '  param { lr_mult: 1 decay_mult: 1 }\n  param { lr_mult: 2 decay_mult: 0 }\n'),
  rectified: fc.boolean(),
  auxiliary: fc.boolean(),
  accuracy: fc.constantFrom('', 'accuracy_param { top_k: 5 } '),
  softmax: fc.boolean(),
});

const networks = fc.record({ source: sources, chain: chains, end: ends }).map(({ source, chain, end }) => {
  const { head, params, rectified, auxiliary, accuracy, softmax } = end;
  const aux = `${INNER('aux', chain.blob)}layer { name: "auxloss" type: "SoftmaxWithLoss" bottom: "aux" bottom: "label" top: "auxloss" loss_weight: 0.3 }\n`;
  const staged = source.includes('stage');
  const tail = [
    auxiliary && !staged ? aux : '',
    INNER(head, chain.blob, params),
    rectified ? `layer { name: "cut" type: "ReLU" bottom: "${head}" top: "${head}" }\n` : '',
    `layer { name: "accuracy" type: "Accuracy" bottom: "${head}" bottom: "label" top: "accuracy" ${accuracy}include { ${staged ? 'stage: "val"' : 'phase: TEST'} } }\n`,
    `layer { name: "loss" type: "SoftmaxWithLoss" bottom: "${head}" bottom: "label" top: "loss"${staged ? ' exclude { stage: "deploy" }' : ''} }\n`,
    softmax || staged
      ? `layer { name: "prob" type: "Softmax" bottom: "${head}" top: "prob"${staged ? ' include { stage: "deploy" }' : ''} }\n`
      : '',
  ];
  return { text: `name: "net"\n# first\n${source}${chain.text}${tail.join('')}`, chain: chain.text };
});

const SETS = { train: { source: 'a', batchSize: 2 }, validation: { source: 'b', batchSize: 2 } };
const OPERATIONS: Record<string, (text: string) => string> = {
  retarget: (text) => retarget(text, { classes: 3, learningRateFactor: 10 }).text,
  toTrainVal: (text) => toTrainVal(text, SETS).text,
  toDeploy: (text) => toDeploy(text).text,
  toAllInOne: (text) => toAllInOne(text).text,
  select: (text) => select(text, { phase: 'test', stages: ['val'] }).text,
  'select with its rules': (text) => select(text, { phase: 'train', stages: ['train'], keepRules: true }).text,
  freeze: (text) => freeze(text, { except: [], batchNormStatistics: true }).text,
  unfreeze: (text) => unfreeze(text, { batchNormStatistics: true }).text,
};

test.each(Object.entries(OPERATIONS))('%s: a second time changes nothing', (_, operation) => {
  fc.assert(
    fc.property(networks, ({ text }) => {
      const once = operation(text);
      expect(operation(once)).toBe(once);
    }),
    { numRuns: 200 },
  );
});

test.each(['retarget', 'toAllInOne'])('%s leaves the layers between data and classifier as they are', (name) => {
  fc.assert(
    fc.property(networks, ({ text, chain }) => expect(OPERATIONS[name]?.(text)).toContain(chain.trimEnd())),
    { numRuns: 200 },
  );
});

test('what is made for deployment loads, is fed by data alone and gives probabilities', async () => {
  await fc.assert(
    fc.asyncProperty(networks, fc.constantFrom('toTrainVal', 'toAllInOne', 'retarget'), async ({ text }, first) => {
      const deployed = toDeploy(OPERATIONS[first]?.(text) ?? '', { input: { data: [1, 3, 8, 8] } });
      const net = await Net.from(deployed.text);
      expect(net.inputs).toEqual(['data']);
      expect(net.outputs).toEqual(deployed.outputs);
      const { prob } = await net.forward();
      expect(prob?.data.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 4);
      await net.dispose();
    }),
    { numRuns: 60 },
  );
});

test('upgrade changes nothing but the inputs and BatchNorms of old', async () => {
  await fc.assert(
    fc.asyncProperty(networks, async ({ text, chain }) => {
      const { text: upgraded, old } = await upgrade(text);
      expect(upgraded === text).toBe(old.length === 0);
      if (!chain.includes('BatchNorm')) expect(upgraded).toContain(chain);
      expect((await upgrade(upgraded)).text).toBe(upgraded);
    }),
    { numRuns: 200 },
  );
});
