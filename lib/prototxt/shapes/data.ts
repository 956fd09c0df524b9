/** Layers that bring values in, or write them out. */
import { readSettings } from '../network/data-settings';
import { checkFiller } from './fillers';
import type { Inferred, LayerSetup, Rule } from './rule';
import type { Settings } from './settings';
import { countOf, type Shape } from './shape';

/** Colour pictures have as many; what a database holds only opening it would tell. */
const COLOUR_CHANNELS = 3;

function input(layer: LayerSetup): Inferred {
  const shapes = layer.settings('input_param').messages('shape');
  const tops = layer.topCount;
  layer.require(
    shapes.length <= 1 || shapes.length === tops,
    `has ${shapes.length} shapes and ${tops} tops`,
    'Give it one shape for each top, or one for all.',
    shapes[0]?.at(),
  );
  if (shapes.length === 0) return unknown(layer);
  return { tops: layer.layer.tops.map((_, top) => extentsOf(layer, shapes[shapes.length === 1 ? 0 : top])) };
}

function extentsOf(layer: LayerSetup, shape: Settings | undefined): Shape {
  const extents = shape?.numbers('dim') ?? [];
  for (const extent of extents) layer.require(extent >= 1, `has dim: ${extent}`, 'Write an extent from 1.', shape?.at('dim'));
  layer.require(extents.length <= 32, `has a blob of ${extents.length} axes`, 'A blob has at most 32 axes.', shape?.at('dim'));
  layer.requireCountable(countOf(extents), 'a blob');
  return extents;
}

function parameter(layer: LayerSetup): Inferred {
  const shape = extentsOf(layer, layer.settings('parameter_param').message('shape'));
  return { tops: [shape], params: [shape] };
}

function dummyData(layer: LayerSetup): Inferred {
  const param = layer.settings('dummy_data_param');
  const tops = layer.topCount;
  const once = (name: string, optional = false) => {
    const count = param.count(name);
    const holds = count === 1 || count === tops || (optional && count === 0);
    layer.require(holds, `has ${count} × ${name} and ${tops} tops`, `Give ${name} once, or once for each top.`, param.at(name));
  };
  once('data_filler', true);
  const legacy = ['num', 'channels', 'height', 'width'];
  const isLegacy = legacy.some((name) => param.has(name));
  layer.require(!isLegacy || !param.has('shape'), `has shape beside ${legacy.join(', ')}`, 'Keep shape.', param.at(...legacy));
  for (const name of isLegacy ? legacy : ['shape']) once(name);
  layer.requirePositive(param, ...legacy);
  const shapes = param.messages('shape');
  const fillers = param.messages('data_filler');
  return {
    tops: layer.layer.tops.map((_, top) => {
      const number = (name: string) => param.numbers(name)[param.count(name) === 1 ? 0 : top] ?? 0;
      const shape = isLegacy ? legacy.map(number) : extentsOf(layer, shapes[shapes.length === 1 ? 0 : top]);
      layer.requireCountable(countOf(shape), 'a blob');
      const filler = fillers[fillers.length === 1 ? 0 : top];
      if (filler) checkFiller(layer, filler, shape);
      return shape;
    }),
  };
}

function memoryData(layer: LayerSetup): Inferred {
  const param = layer.settings('memory_data_param');
  const names = ['batch_size', 'channels', 'height', 'width'];
  const shape = names.map((name) => layer.requireCount(param, name, `Set ${name} in memory_data_param.`));
  layer.requireCountable(countOf(shape), 'a blob');
  return { tops: [shape, [param.number('batch_size')]] };
}

/** A database: its pictures are as large as they are, unless they are cropped. */
function data(layer: LayerSetup): Inferred {
  const param = layer.settings('data_param');
  requireSource(layer, param, 'data_param', 'the folder of an LMDB');
  const found = param.has('backend')
    ? 'reads a LevelDB; only LMDB is supported'
    : 'does not say in which format its dataset is: Caffe takes it for a LevelDB, which is not supported';
  const isLmdb = param.choice('backend') === 'LMDB' || !param.has('source');
  layer.expect(isLmdb, found, 'Write backend: LMDB in data_param.', param.at('backend'));
  requireBatch(layer, param);
  requireTransform(layer);
  return pictures(layer, param.number('batch_size'), readSettings(layer.layer).cropSize);
}

function imageData(layer: LayerSetup): Inferred {
  const param = layer.settings('image_data_param');
  requireSource(layer, param, 'image_data_param', 'a text file that lists images and labels');
  requireBatch(layer, param);
  requireTransform(layer);
  const [height, width] = [param.number('new_height'), param.number('new_width')];
  const fix = 'Set both new_height and new_width, or neither.';
  layer.require(height > 0 === width > 0, `has new_height: ${height} and new_width: ${width}`, fix, param.at('new_height', 'new_width'));
  const crop = readSettings(layer.layer).cropSize || undefined;
  const size = crop ? [crop, crop] : height > 0 ? [height, width] : undefined;
  const channels = param.flag('is_color') ? COLOUR_CHANNELS : 1;
  return { tops: [size && [param.number('batch_size'), channels, ...size], [param.number('batch_size')]] };
}

function windowData(layer: LayerSetup): Inferred {
  const param = layer.settings('window_data_param');
  requireSource(layer, param, 'window_data_param', 'a window file');
  requireBatch(layer, param);
  requireTransform(layer);
  const crop = readSettings(layer.layer).cropSize ?? 0;
  layer.require(crop > 0, 'has no crop_size', 'Set crop_size in transform_param.', param.at());
  return pictures(layer, param.number('batch_size'), crop);
}

/** Images cut to a square; without a crop only the file knows. */
function pictures(layer: LayerSetup, batch: number, crop: number | undefined): Inferred {
  const transform = layer.settings('transform_param');
  const means = transform.count('mean_value');
  const [grey, colour] = [transform.flag('force_gray'), transform.flag('force_color')];
  if (crop && !grey && !colour && means < 2) {
    const fix = `Where they are grey, say so: inputs: { '${layer.layer.tops[0]}': [${batch}, 1, ${crop}, ${crop}] }, or force_gray: true.`;
    layer.report('info', 'assumed-shape', 'does not say how many channels its pictures have; three are assumed', fix);
  }
  const channels = grey ? 1 : colour || means < 2 ? COLOUR_CHANNELS : means;
  return { tops: [crop ? [batch, channels, crop, crop] : undefined, [batch]].slice(0, layer.topCount) };
}

function hdf5Data(layer: LayerSetup): Inferred {
  const param = layer.settings('hdf5_data_param');
  requireSource(layer, param, 'hdf5_data_param', 'a text file that lists HDF5 files');
  requireBatch(layer, param);
  layer.expect(
    !layer.layer.message.message('transform_param'),
    'has a transform_param; HDF5 is read as it is',
    'Remove transform_param.',
    layer.settings('transform_param').at(),
  );
  return unknown(layer);
}

function hdf5Output(layer: LayerSetup): Inferred {
  const param = layer.settings('hdf5_output_param');
  layer.expect(param.text('file_name') !== '', 'has no file_name', 'Set hdf5_output_param.file_name.', param.at());
  const [values, labels] = [layer.requireAxes(0, 0, 4), layer.requireAxes(1, 0, 4)];
  layer.require(
    (values[0] ?? 1) === (labels[0] ?? 1),
    `writes ${layer.describeBottom(0)} and ${layer.describeBottom(1)}`,
    'Give both the same number of items.',
    layer.at,
    'shape',
  );
  return { tops: [] };
}

/** A class of the caller's: only it knows the shapes of its tops. */
function userLayer(layer: LayerSetup): Inferred {
  const param = layer.settings('python_param');
  layer.require(
    param.text('layer') !== '',
    'names no class',
    'Write python_param { layer: "Name" }, as given to registerLayer.',
    param.at(),
  );
  return unknown(layer);
}

function unknown(layer: LayerSetup): Inferred {
  return { tops: layer.layer.tops.map(() => undefined) };
}

function requireSource(layer: LayerSetup, param: Settings, field: string, what: string): void {
  layer.expect(param.text('source') !== '', 'names no dataset', `Set ${field}.source to ${what}.`, param.at('source'));
}

function requireBatch(layer: LayerSetup, param: Settings): void {
  layer.requireCount(param, 'batch_size', 'Set batch_size to the number of items per iteration.');
}

function requireTransform(layer: LayerSetup): void {
  const transform = layer.settings('transform_param');
  const { meanFile } = readSettings(layer.layer);
  layer.expect(
    meanFile === undefined || !transform.has('mean_value'),
    'has both a mean_file and mean_value',
    'Keep one of the two.',
    transform.at('mean_value'),
  );
  layer.expect(
    !transform.flag('force_color') || !transform.flag('force_gray'),
    'forces images to be both colour and grey',
    'Keep one of force_color and force_gray.',
    transform.at('force_gray'),
  );
}

export const DATA: Readonly<Record<string, Rule>> = {
  Data: data,
  DummyData: dummyData,
  HDF5Data: hdf5Data,
  HDF5Output: hdf5Output,
  ImageData: imageData,
  Input: input,
  JavaScript: userLayer,
  MemoryData: memoryData,
  Parameter: parameter,
  Python: userLayer,
  WindowData: windowData,
};
