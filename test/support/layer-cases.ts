/** Misconfigured layers of every type of the linked Caffe, made from its schema: each a network that Caffe must refuse or run. */
import { ENUMS, MESSAGES } from '../../lib/prototxt/schema/schema';

export interface LayerCase {
  name: string;
  type: string;
  text: string;
}

/** A layer that works: the shapes of its bottoms, the number of its tops, and its parameters as prototxt. */
interface Template {
  bottoms: number[][];
  tops: number;
  params: Record<string, string>;
}

const IMAGE = [2, 3, 6, 6];
const SCORES = [4, 5];
const LABELS = [4];

const layer = (bottoms: number[][], tops: number, params: Record<string, string> = {}): Template => ({ bottoms, tops, params });
const neuron = (params: Record<string, string> = {}): Template => layer([IMAGE], 1, params);
const KERNEL = 'num_output: 4 kernel_size: 3 pad: 1 weight_filler { type: "xavier" }';
const UNITS = 'num_output: 3 weight_filler { type: "xavier" }';

export const TEMPLATES: Record<string, Template> = {
  AbsVal: neuron(),
  Accuracy: layer([SCORES, LABELS], 1, { accuracy_param: 'top_k: 1' }),
  ArgMax: layer([SCORES], 1, { argmax_param: 'top_k: 2' }),
  BNLL: neuron(),
  BatchNorm: neuron({ batch_norm_param: '' }),
  BatchReindex: layer([SCORES, [3]], 1),
  Bias: neuron({ bias_param: 'axis: 1' }),
  Clip: neuron({ clip_param: 'min: 0 max: 1' }),
  Concat: layer([IMAGE, IMAGE], 1, { concat_param: 'axis: 1' }),
  ContrastiveLoss: layer([SCORES, SCORES, LABELS], 1, { contrastive_loss_param: 'margin: 1' }),
  Convolution: neuron({ convolution_param: KERNEL }),
  Crop: layer([IMAGE, [2, 3, 4, 4]], 1, { crop_param: 'axis: 2 offset: 1' }),
  Data: layer([], 2, { data_param: 'source: "nowhere" batch_size: 2 backend: LMDB' }),
  Deconvolution: neuron({ convolution_param: KERNEL }),
  Dropout: neuron({ dropout_param: 'dropout_ratio: 0.5' }),
  DummyData: layer([], 1, { dummy_data_param: 'shape { dim: 2 dim: 3 } data_filler { type: "uniform" min: 0 max: 1 }' }),
  ELU: neuron({ elu_param: 'alpha: 1' }),
  Eltwise: layer([IMAGE, IMAGE], 1, { eltwise_param: 'operation: SUM' }),
  Embed: layer([LABELS], 1, { embed_param: `input_dim: 5 ${UNITS}` }),
  EuclideanLoss: layer([SCORES, SCORES], 1),
  Exp: neuron({ exp_param: 'base: 2' }),
  Filter: layer([SCORES, LABELS], 1),
  Flatten: layer([IMAGE], 1, { flatten_param: 'axis: 1' }),
  HDF5Data: layer([], 1, { hdf5_data_param: 'source: "nowhere" batch_size: 2' }),
  HDF5Output: layer([SCORES, LABELS], 0, { hdf5_output_param: 'file_name: "/nowhere/a.h5"' }),
  HingeLoss: layer([SCORES, LABELS], 1, { hinge_loss_param: 'norm: L1' }),
  Im2col: neuron({ convolution_param: 'kernel_size: 3' }),
  InfogainLoss: layer([SCORES, LABELS, [5, 5]], 1, { infogain_loss_param: 'axis: 1', loss_param: '' }),
  InnerProduct: layer([IMAGE], 1, { inner_product_param: UNITS }),
  Input: layer([], 1, { input_param: 'shape { dim: 2 dim: 3 }' }),
  JavaScript: neuron({ python_param: 'layer: "Same"' }),
  LRN: neuron({ lrn_param: 'local_size: 3' }),
  LSTM: layer(
    [
      [3, 2, 4],
      [3, 2],
    ],
    1,
    { recurrent_param: UNITS },
  ),
  LSTMUnit: layer(
    [
      [1, 2, 3],
      [1, 2, 12],
      [1, 2],
    ],
    2,
  ),
  Log: neuron({ log_param: 'base: 2' }),
  MVN: neuron({ mvn_param: '' }),
  MemoryData: layer([], 2, { memory_data_param: 'batch_size: 2 channels: 3 height: 4 width: 4' }),
  MultinomialLogisticLoss: layer([SCORES, LABELS], 1),
  PReLU: neuron({ prelu_param: '' }),
  Parameter: layer([], 1, { parameter_param: 'shape { dim: 2 dim: 3 }' }),
  Pooling: neuron({ pooling_param: 'kernel_size: 3 stride: 2' }),
  Power: neuron({ power_param: 'power: 2 shift: 1' }),
  Python: neuron({ python_param: 'module: "layers" layer: "Same"' }),
  RNN: layer(
    [
      [3, 2, 4],
      [3, 2],
    ],
    1,
    { recurrent_param: UNITS },
  ),
  ReLU: neuron({ relu_param: 'negative_slope: 0.1' }),
  Reduction: layer([IMAGE], 1, { reduction_param: 'axis: 1' }),
  Reshape: layer([IMAGE], 1, { reshape_param: 'shape { dim: 0 dim: -1 }' }),
  SPP: neuron({ spp_param: 'pyramid_height: 2' }),
  Scale: neuron({ scale_param: 'axis: 1 bias_term: true' }),
  Sigmoid: neuron({ sigmoid_param: '' }),
  SigmoidCrossEntropyLoss: layer([SCORES, SCORES], 1, { loss_param: '' }),
  Silence: layer([IMAGE], 0),
  Slice: layer([IMAGE], 2, { slice_param: 'axis: 1 slice_point: 1' }),
  Softmax: neuron({ softmax_param: 'axis: 1' }),
  SoftmaxWithLoss: layer([SCORES, LABELS], 1, { softmax_param: 'axis: 1', loss_param: '' }),
  Split: layer([IMAGE], 2),
  Swish: neuron({ swish_param: 'beta: 1' }),
  TanH: neuron({ tanh_param: '' }),
  Threshold: neuron({ threshold_param: 'threshold: 0.5' }),
  Tile: layer([IMAGE], 1, { tile_param: 'axis: 1 tiles: 2' }),
};

/** How a field of a type can be wrong, as prototxt values. */
const WRONG: Record<string, string[]> = {
  uint32: ['0', '65537', '1431655766', '2147483647', '4294967295'],
  int32: ['-9', '9', '1431655766', '2147483647', '-2147483648'],
  int64: ['-1', '0', '1099511627776', '4294967297'],
  float: ['-1', '0', '2', 'nan', 'inf', '-3.4e38'],
  bool: ['true', 'false'],
  string: ['""', '"/dev"', '"\\000"'],
};

/** A filler, a shape: messages inside parameters. */
const WRONG_MESSAGES: Record<string, string[]> = {
  FillerParameter: [
    'type: "no such filler"',
    'type: "uniform" min: 2 max: 1',
    'type: "uniform" min: -inf max: inf',
    'type: "uniform" min: 3.4028235e38 max: 3.4028235e38',
    'type: "gaussian" std: -1',
    'type: "gaussian" sparse: 1000',
    'type: "bilinear"',
    'type: "positive_unitball"',
    'type: "xavier" variance_norm: AVERAGE sparse: 3',
  ],
  BlobShape: [
    '',
    'dim: -2',
    'dim: 0 dim: 0 dim: 0',
    'dim: 1099511627776',
    'dim: 4294967297',
    'dim: 65536 dim: 65536 dim: -1',
    'dim: 1 '.repeat(33),
  ],
};

function wrongValues(kind: string, field: string): string[] {
  if (kind in ENUMS) return [...Object.keys(ENUMS[kind as keyof typeof ENUMS]), 'NO_SUCH_NAME'].map((value) => `${field}: ${value}`);
  if (kind in WRONG_MESSAGES) return (WRONG_MESSAGES[kind] ?? []).map((value) => `${field} { ${value} }`);
  return (WRONG[kind] ?? []).map((value) => `${field}: ${value}`);
}

interface Change {
  bottoms?: number[][];
  tops?: number;
  inPlace?: boolean;
  params?: Record<string, string>;
  more?: string;
}

/** The network of a template with one change; the layer is 'x'. */
function networkOf(type: string, template: Template, change: Change): string {
  const bottoms = change.bottoms ?? template.bottoms;
  const inputs = bottoms.map((shape, i) => {
    const dims = shape.map((extent) => `dim: ${extent}`).join(' ');
    return `layer { name: "input${i}" type: "Input" top: "b${i}" input_param { shape { ${dims} } } }`;
  });
  const tops = Array.from({ length: change.tops ?? template.tops }, (_, i) => (change.inPlace && i < bottoms.length ? `b${i}` : `t${i}`));
  const lines = [
    ...bottoms.map((_, i) => `bottom: "b${i}"`),
    ...tops.map((top) => `top: "${top}"`),
    ...Object.entries({ ...template.params, ...change.params }).map(([name, fields]) => `${name} { ${fields} }`),
    change.more ?? '',
  ];
  return `force_backward: true\n${inputs.join('\n')}\nlayer { name: "x" type: "${type}" ${lines.join(' ')} }`;
}

/** `fields` with `wrong` in the place of the same field, or added. */
function withField(fields: string, field: string, wrong: string): string {
  const kept = fields.replace(new RegExp(`\\b${field}(: \\S+| \\{[^}]*\\})`, 'g'), '');
  return `${kept} ${wrong}`.trim();
}

function structuralChanges(template: Template): Record<string, Change> {
  const { bottoms, tops } = template;
  const changes: Record<string, Change> = {
    'as it should be': {},
    'a bottom more': { bottoms: [...bottoms, LABELS] },
    'five bottoms more': { bottoms: [...bottoms, IMAGE, IMAGE, IMAGE, IMAGE, IMAGE] },
    'a top more': { tops: tops + 1 },
    'nine tops': { tops: 9 },
    'no tops': { tops: 0 },
    'three times propagate_down': { more: 'propagate_down: true '.repeat(bottoms.length === 3 ? 4 : 3) },
    'propagate_down to every bottom': { more: 'propagate_down: true '.repeat(bottoms.length) },
    'ten loss weights': { more: 'loss_weight: 1 '.repeat(10) },
    'a loss weight that is no number': { more: 'loss_weight: nan '.repeat(tops) },
    'nine params': { more: 'param { lr_mult: 1 } '.repeat(9) },
    'params of one name': { more: 'param { name: "p" } param { name: "p" share_mode: PERMISSIVE }' },
    'weights of one value in its text': { more: 'blobs { shape { dim: 1 } data: 1 }' },
    'weights that lack values in its text': { more: 'blobs { shape { dim: 100000 dim: 20000 } }' },
    'include and exclude rules': { more: 'include { phase: TRAIN } exclude { phase: TEST }' },
  };
  if (bottoms.length === 0) return changes;
  return {
    ...changes,
    'no bottom': { bottoms: [] },
    'a bottom less': { bottoms: bottoms.slice(1) },
    'in place': { inPlace: true },
    'scalar bottoms': { bottoms: bottoms.map(() => []) },
    'bottoms of one axis': { bottoms: bottoms.map(() => [4]) },
    'bottoms of six axes': { bottoms: bottoms.map(() => [1, 2, 1, 2, 1, 2]) },
    'bottoms of one value': { bottoms: bottoms.map((shape) => shape.map(() => 1)) },
    'a first bottom of another rank': { bottoms: [[4, 5, 1, 1, 1], ...bottoms.slice(1)] },
    'a last bottom of other extents': { bottoms: [...bottoms.slice(0, -1), [7, 11]] },
    'a first bottom of 65537 columns': { bottoms: [[4, 65537], ...bottoms.slice(1)] },
  };
}

function fieldChanges(template: Template): Record<string, Change> {
  const changes: Record<string, Change> = {};
  for (const [param, fields] of Object.entries(template.params)) {
    const kind = MESSAGES.LayerParameter[param as keyof typeof MESSAGES.LayerParameter] as keyof typeof MESSAGES;
    changes[`an empty ${param}`] = { params: { [param]: '' } };
    for (const [field, declared] of Object.entries(MESSAGES[kind] as Record<string, string>)) {
      for (const wrong of wrongValues(declared.replace('[]', ''), field)) {
        changes[`${param}.${wrong}`] = { params: { [param]: withField(fields, field, wrong) } };
        if (!declared.endsWith('[]')) continue;
        changes[`${param}.${wrong} four times`] = { params: { [param]: withField(fields, field, `${wrong} `.repeat(4)) } };
      }
    }
  }
  return changes;
}

function changesOf(type: string): { template: Template; changes: Record<string, Change> } {
  const template = TEMPLATES[type];
  if (!template) throw new Error(`no template for the layer type ${type}: write one, with the checks that it needs`);
  return { template, changes: { ...structuralChanges(template), ...fieldChanges(template) } };
}

/** All cases of a type: one mistake each. */
export function casesOf(type: string): LayerCase[] {
  const { template, changes } = changesOf(type);
  return Object.entries(changes).map(([name, change]) => ({ name: `${type}: ${name}`, type, text: networkOf(type, template, change) }));
}

/** Cases with two mistakes at once, picked by chance, but the same ones each time. */
export function pairsOf(type: string, count: number): LayerCase[] {
  const { template, changes } = changesOf(type);
  const names = Object.keys(changes);
  let state = type.length;
  const pick = (): string => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return names[(state >> 8) % names.length] ?? '';
  };
  return Array.from({ length: count }, () => {
    const [first, second] = [pick(), pick()];
    const [one, other] = [changes[first], changes[second]];
    const both: Change = {
      ...one,
      ...other,
      params: { ...one?.params, ...other?.params },
      more: `${one?.more ?? ''} ${other?.more ?? ''}`,
    };
    return { name: `${type}: ${first}, and ${second}`, type, text: networkOf(type, template, both) };
  });
}
