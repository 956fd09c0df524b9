import fc from 'fast-check';
import { CaffeError } from '../../lib/errors';
import { freeze, inspect, parse, parseNet, retarget, setLearningRates, toDeploy, toTrainVal } from '../../lib/prototxt';

const OPERATIONS: ((text: string) => unknown)[] = [
  (text) => parse(retarget(text, { classes: 3 }).text),
  (text) => parse(freeze(text, { except: [] }).text),
  (text) => parse(setLearningRates(text, { layers: ['a'], factor: 2 })),
  (text) => parse(toDeploy(text, { input: { a: [1, 3] } }).text),
  (text) => parse(toTrainVal(text, { train: { source: 't' }, validation: { source: 'v' }, classes: 2 }).text),
  inspect,
  parseNet,
];

const gap = fc.constantFrom(' ', '\n', ' # c\n', '\n\n', '\n  ', '\r\n\t');
const blob = fc.constantFrom('a', 'b', 'c', 'label');
const types = fc.constantFrom(
  'InnerProduct',
  'Convolution',
  'ReLU',
  'Dropout',
  'Softmax',
  'SoftmaxWithLoss',
  'Accuracy',
  'Data',
  'Input',
  'DummyData',
);
const field = fc.oneof(
  fc.tuple(fc.constantFrom('name', 'bottom', 'top'), blob).map(([name, value]) => `${name}: "${value}"`),
  types.map((type) => `type: '${type}'`),
  fc.constantFrom(
    'include { phase: TRAIN }',
    'include { stage: "val" }',
    'exclude { stage: "deploy" }',
    'inner_product_param { num_output: 5 }',
    'convolution_param { }',
    'param { lr_mult: 2 }',
    'loss_weight: 0.5',
    'accuracy_param { top_k: 5 }',
    'transform_param { mirror: true }',
    'bottom: 5',
  ),
);
const layer = fc
  .tuple(
    types,
    blob,
    blob,
    fc.array(
      fc.tuple(gap, field).map((parts) => parts.join('')),
      { maxLength: 4 },
    ),
    gap,
  )
  .map(([type, bottom, top, rest, end]) => `layer { name: "a" type: "${type}" bottom: "${bottom}" top: "${top}"${rest.join('')}${end}}`);
const networks = fc
  .array(
    fc.tuple(layer, gap).map((parts) => parts.join('')),
    { maxLength: 6 },
  )
  .map((layers) => layers.join(''));

/** The text is well-formed, so only a bad edit could bring one. */
const SYNTAX_ERROR = /: (Found|Unexpected) |not closed|runs into/;

test('no network, however strange, brings anything but a result that parses or a CaffeError', () => {
  fc.assert(
    fc.property(networks, fc.constantFrom(...OPERATIONS), (text, operation) => {
      try {
        operation(text);
      } catch (error) {
        expect(error).toBeInstanceOf(CaffeError);
        expect((error as CaffeError).message).not.toMatch(SYNTAX_ERROR);
      }
    }),
    { numRuns: 1000 },
  );
});
