/** What a net lacks or has twice, as a whole. */
import { readsDataset } from '../network/data-settings';
import type { Graph } from '../network/graph';
import { isLoss } from '../network/layer-types';
import type { Layer, Network } from '../network/network';
import type { Report } from './finding';
import { distinctStates, type NetInState } from './states';

type Tell = (report: Report) => void;

/** Reports a training net without a loss, and a net that nothing brings data into. */
export function checkComplete(graph: Graph, { state }: NetInState, tell: Tell): void {
  const [first] = graph.layers;
  if (!first) return;
  const sources = graph.layers.filter((layer) => layer.bottoms.length === 0);
  if (sources.length === 0 && graph.inputs.length === 0) {
    const message = 'Nothing brings data into the net: it has neither a data layer nor an input.';
    tell({
      severity: 'error',
      code: 'no-data',
      at: first.field.start,
      message,
      fix: 'Add data layers (prototxt.toTrainVal does) or Input layers.',
    });
  }
  if (state.phase === 'TRAIN' && sources.some(readsDataset) && !graph.layers.some(isLoss)) {
    const message = 'The net reads a dataset for training and has no loss: nothing would be learned.';
    const last = graph.layers.at(-1) ?? first;
    tell({
      severity: 'warning',
      code: 'no-loss',
      at: last.field.start,
      message,
      fix: 'Add a loss layer: SoftmaxWithLoss for classes.',
      layer: last.name,
    });
  }
  checkNames(graph.layers, tell);
}

/** Caffe finds weights by the name of their layer. */
function checkNames(layers: readonly Layer[], tell: Tell): void {
  const seen = new Set<string>();
  for (const { name, message, field } of layers) {
    if (name !== '' && seen.has(name)) {
      const at = message.fieldsNamed('name')[0]?.start ?? field.start;
      const text = `Another layer is called '${name}', too: weights are copied and saved by the names of layers.`;
      tell({ severity: 'warning', code: 'duplicate-name', at, message: text, fix: 'Give one of them another name.', layer: name });
    }
    seen.add(name);
  }
}

/** Reports layers whose rules fit none of the states in which the file makes nets. */
export function checkBuilt(network: Network, tell: Tell): void {
  const built = new Set(distinctStates(network).flatMap(({ layers }) => layers));
  for (const layer of network.layers) {
    if (built.has(layer)) continue;
    const at = layer.message.fieldsNamed('include', 'exclude')[0]?.start ?? layer.field.start;
    const message = `Layer '${layer.name}' is in no net of this file: its rules fit neither training nor test, at level 0.`;
    const fix = 'Correct its rules, or check the state that they mean, by phase, level and stages.';
    tell({ severity: 'info', code: 'never-built', at, message, fix, layer: layer.name });
  }
}
