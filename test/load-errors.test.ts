/** Why a net could not be built: Caffe says what did not hold, the hint says where in the text, and how to mend it. */
import { writeFileSync } from 'node:fs';
import { Net } from '../lib/net';
import { Solver } from '../lib/solver';
import { failureOf } from './support/failure';
import { temporaryFolder } from './support/folders';
import { LINEAR } from './support/networks';

const at = temporaryFolder();
const DATA = 'layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 dim: 8 dim: 8 } } }\n';
const x = (type: string, params = '', bottom = 'data') =>
  `${DATA}layer { name: "x" type: "${type}" bottom: "${bottom}" top: "x" ${params} }`;
const conv = (settings: string) => x('Convolution', `convolution_param { ${settings} }`);

test.each([
  [x('ReLU', '', 'dta'), "Line 2, column 40: Layer 'x' reads the blob 'dta', which nothing writes. Did you mean 'data'?"],
  [x('RELU'), "Line 2, column 19: Layer 'x' is of type 'RELU', which Caffe does not have. Did you mean 'ReLU'?"],
  [
    conv('num_output: 4 kernel_size: 1 group: 2'),
    "Line 2, column 112: Layer 'x' cuts 3 channels into 2 groups, which does not come out even. Set group to a number that divides both 3 channels and 4 outputs.",
  ],
  [
    x('Softmax', 'softmax_param { axis: 7 }'),
    "Line 2, column 75: Layer 'x' works on axis 7, which 'data' of shape 2×3×8×8 does not have. Give it a bottom with more axes, or set axis to one of those it has.",
  ],
  [
    x('ReLU', 'relu_param { engine: CUDNN }'),
    "Line 2, column 19: Layer 'x' has engine: CUDNN: a Caffe without CUDA refuses it. Remove engine: Caffe takes the best that it has.",
  ],
])('a check of Caffe: %#', async (text, hint) => {
  const failure = await failureOf(Net.from(text));
  expect(failure).toMatchObject({ code: 'ERR_CAFFE_FATAL', hint, file: expect.stringMatching(/^(src|include)\/caffe/) });
  writeFileSync(at('net.prototxt'), text);
  expect(await failureOf(Net.load(at('net.prototxt')))).toMatchObject({ message: failure.message, hint });
  expect(await failureOf(Solver.from(`net_param { ${text} } base_lr: 1 lr_policy: "fixed"`))).toMatchObject({ code: 'ERR_CAFFE_FATAL' });
  const solver = await failureOf(Solver.from('net: "net.prototxt" base_lr: 1 lr_policy: "fixed"', { basePath: at() }));
  expect(solver.hint).toBe(hint.replace('Line', "'net.prototxt', line"));
});

test('what this package refuses gets its place, and keeps its own hint', async () => {
  expect(await failureOf(Net.from(conv('num_output: 4 kernel_size: 11')))).toMatchObject({
    code: 'ERR_CAFFE_SHAPE',
    layer: 'x',
    line: 2,
    column: 97,
    hint: 'Use a smaller kernel, more padding, or larger inputs.',
  });
  expect(await failureOf(Solver.from(`net_param { ${LINEAR} }\nbase_lr: 1\nlr_policy: "stpe"`))).toMatchObject({ line: 8, column: 1 });
});

test('a field that does not exist gets the one that was meant', async () => {
  expect(await failureOf(Net.from('layer { nmae: "x" }'))).toMatchObject({ line: 1, hint: "Did you mean 'name'?" });
  expect(await failureOf(Solver.from('base_lr: 1 lr_polcy: "fixed"'))).toMatchObject({ hint: "Did you mean 'lr_policy'?" });
});

test('the phase decides, and what has nothing to do with the text stays as it is', async () => {
  const text = `${DATA}layer { name: "x" type: "ReLU" bottom: "typo" top: "x" include { phase: TRAIN } }
layer { name: "y" type: "HDF5Data" top: "y" hdf5_data_param { source: "nowhere" batch_size: 1 } }`;
  expect((await failureOf(Net.from(text, { phase: 'train' }))).hint).toContain("Layer 'x' reads the blob 'typo'");
  const other = await failureOf(Net.from(text, { phase: 'test' }));
  expect(other).toMatchObject({ layer: 'y' });
  expect(other.hint ?? '').not.toContain('typo');
  const weights = await failureOf(Net.from(LINEAR, { weights: at('nowhere.caffemodel') }));
  expect(weights.code).toBe('ERR_CAFFE_FILE');
});

test('a text that is not looked at again because of its length fails all the same', async () => {
  const text = `${x('ReLU', '', 'dta')}\n#${' '.repeat(5 * 2 ** 20)}`;
  expect((await failureOf(Net.from(text))).hint).toContain('No layer above produces this blob');
});

test('what protobuf refuses is shown: the line, with a caret under the place', async () => {
  const failure = await failureOf(Net.from('name: "x"\n\tlayer { nmae: "conv" }\n'));
  expect(failure).toMatchObject({ code: 'ERR_CAFFE_PROTOTXT', line: 2, hint: "Did you mean 'name'?" });
  expect(failure.message.split('\n').slice(1)).toEqual(['  2 | \tlayer { nmae: "conv" }', '    | \t        ^']);
});
