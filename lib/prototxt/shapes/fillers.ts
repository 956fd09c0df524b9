/** What fillers refuse to fill. */
import { fieldOf, type MessageName } from '../schema/messages';
import type { LayerSetup } from './rule';
import { Settings } from './settings';
import { type Shape, textOfShape } from './shape';

const FILLERS = ['constant', 'gaussian', 'positive_unitball', 'uniform', 'xavier', 'msra', 'bilinear'];
/** The largest number of a float. */
const MOST_FLOAT = 3.4028234663852886e38;

/** Checks the filler of a parameter. @param field the filler's name in `settings`. */
export function fillBlob(layer: LayerSetup, settings: Settings, field: string, shape: Shape): void {
  if (!settings.has(field)) return;
  checkFiller(layer, settings.message(field), shape);
}

export function checkFiller(layer: LayerSetup, filler: Settings, shape: Shape): void {
  const type = filler.text('type');
  const at = filler.at('type');
  const require = (holds: boolean, what: string, fix: string, where = at) => layer.require(holds, what, fix, where, 'filler');
  require(FILLERS.includes(type), `has a filler of type '${type}', which Caffe does not have`, `Use one of ${FILLERS.join(', ')}.`);
  const sparse = filler.number('sparse');
  if (type !== 'gaussian') {
    require(sparse ===
      -1, `has a filler of type '${type}' with sparse: ${sparse}`, 'Remove sparse: only gaussian can be sparse.', filler.at('sparse'));
  }
  if (type === 'gaussian') {
    require(filler.number('std') > 0, `has a gaussian filler with std: ${filler.number('std')}`, 'Set std above 0.', filler.at('std'));
    const most = shape[0] ?? 0;
    const fix = `Set sparse to the mean number of weights that are not 0, at most ${most}.`;
    require(sparse >= -1 &&
      (sparse === -1 || sparse <= most), `has a gaussian filler with sparse: ${sparse} for ${most} outputs`, fix, filler.at('sparse'));
  }
  const perOutput = ['positive_unitball', 'xavier', 'msra'].includes(type);
  require(shape.length > 0 || !perOutput, `fills a scalar with ${type}`, 'Use constant.');
  if (type === 'bilinear') {
    const square = shape.length === 4 && shape[2] === shape[3];
    require(square, `has a bilinear filler for weights of shape ${textOfShape(shape)}`, 'Use it for square kernels only, as upsampling has them.');
  }
}

/** Checks all uniform fillers of a layer, also those that it does not use: the addon refuses them, whatever they are for. */
export function checkRanges(layer: LayerSetup): void {
  for (const { name, value } of layer.layer.message.fields) {
    if (value.kind !== 'message' || !name.endsWith('_param')) continue;
    const type = fieldOf('LayerParameter', name)?.type as MessageName;
    for (const field of value.fields) {
      if (field.value.kind !== 'message' || fieldOf(type, field.name)?.type !== 'FillerParameter') continue;
      const filler = new Settings('FillerParameter', field.value, field.value.start);
      if (filler.text('type') === 'uniform') requireRange(layer, filler);
    }
  }
}

/** Boost draws until a number lies below the upper limit: between limits that are not finite none ever does. */
function requireRange(layer: LayerSetup, filler: Settings): void {
  const [min, max] = [filler.number('min'), filler.number('max')];
  const drawable = Number.isFinite(min) && max < MOST_FLOAT && Math.abs(max - min) <= MOST_FLOAT && min <= max;
  layer.require(
    drawable,
    `has a uniform filler from ${min} to ${max}`,
    'Give it two finite numbers, the smaller one as min.',
    filler.at('min', 'max'),
    'filler',
  );
}
