/** Who reads what from whom: blobs that nobody writes, that two write, that nobody reads. */
import type { Graph } from '../network/graph';
import { isLoss, isMeasure } from '../network/layer-types';
import type { Layer, Network } from '../network/network';
import { aritiesOf, asksForCuda, knownTypes, needsOpenCv, ruleOf, topCountOf } from '../shapes/table';
import { suggestion } from '../suggest';
import type { Report } from './finding';

type Tell = (report: Report) => void;

/** Where a layer names its bottom or top of an index. */
export function placeOf(layer: Layer, field: 'bottom' | 'top', index: number): number {
  return layer.message.values(field)[index]?.start ?? layer.field.start;
}

/**
 * Reports what is wrong with the connections of layers.
 *
 * @param more types that the caller's Caffe has beside those of BVLC's.
 * @returns the layers with another number of bottoms or tops than their type takes: no rule can be asked for their shapes.
 */
export function checkWiring(network: Network, graph: Graph, more: ReadonlySet<string>, tell: Tell): Set<Layer> {
  const unsound = new Set<Layer>();
  const written = new Map<string, Layer | undefined>(graph.inputs.map(({ blob }) => [blob, undefined]));
  let writers: Writers | undefined;
  let missing = 0;
  for (const layer of graph.layers) {
    const blame: Blame = (report) => tell({ ...report, layer: layer.name });
    graph.bottoms(layer).forEach((version, index) => {
      if (version) return;
      missing++;
      writers ??= { inThisNet: writersOf(graph.layers), anywhere: writersOf(network.layers) };
      blame(missingBottom(layer, index, writers, missing <= MOST_SUGGESTIONS ? [...written.keys()] : []));
    });
    checkTops(layer, written, blame);
    checkType(layer, more, blame);
    checkCounts(layer, (report) => {
      unsound.add(layer);
      blame(report);
    });
  }
  return unsound;
}

/** Names are compared with all others: a file in which this many are wrong is wrong as a whole. */
const MOST_SUGGESTIONS = 50;

type Finding = Omit<Report, 'layer'>;
type Blame = (report: Finding) => void;

/** The first layer that writes each blob. */
function writersOf(layers: readonly Layer[]): ReadonlyMap<string, Layer> {
  return new Map(layers.toReversed().flatMap((layer) => layer.tops.map((top) => [top, layer])));
}

interface Writers {
  readonly inThisNet: ReadonlyMap<string, Layer>;
  readonly anywhere: ReadonlyMap<string, Layer>;
}

/** @param known blobs that are there, to suggest one. */
function missingBottom(layer: Layer, index: number, writers: Writers, known: readonly string[]): Finding {
  const blob = layer.bottoms[index] ?? '';
  const later = writers.inThisNet.get(blob);
  const elsewhere = writers.anywhere.get(blob);
  const [why, fix] = later
    ? [`which layer '${later.name}' writes further down`, `Move layer '${later.name}' in front of it.`]
    : elsewhere
      ? [`which layer '${elsewhere.name}' writes in other phases or stages only`, 'Let the rules of both layers agree.']
      : ['which nothing writes', suggestion(blob, known) ?? 'Write it by a layer above, or read another blob.'];
  const message = `Layer '${layer.name}' reads the blob '${blob}', ${why}.`;
  return { severity: 'error', code: 'unknown-bottom', at: placeOf(layer, 'bottom', index), message, fix, blob };
}

function checkTops(layer: Layer, written: Map<string, Layer | undefined>, blame: Blame): void {
  layer.tops.forEach((blob, index) => {
    const inPlace = layer.bottoms[index] === blob;
    if (written.has(blob) && !inPlace) {
      const other = written.get(blob);
      const message = `Layer '${layer.name}' writes the blob '${blob}', which ${other ? `layer '${other.name}'` : 'an input of the net'} has written.`;
      blame({
        severity: 'error',
        code: 'duplicate-top',
        at: placeOf(layer, 'top', index),
        message,
        fix: 'Give one of the two another name.',
        blob,
      });
    }
    written.set(blob, layer);
  });
}

function checkType(layer: Layer, more: ReadonlySet<string>, blame: Blame): void {
  const { name, type } = layer;
  const at = layer.message.fieldsNamed('type')[0]?.start ?? layer.field.start;
  if (needsOpenCv(type) && !more.has(type)) {
    const message = `Layer '${name}' is of type '${type}', which needs OpenCV: the Caffe of this package is built without.`;
    blame({ severity: 'warning', code: 'unavailable', at, message, fix: 'Use a Data layer on a dataset that createDataset makes.' });
  }
  if (asksForCuda(layer)) {
    const message = `Layer '${name}' has engine: CUDNN: a Caffe without CUDA refuses it.`;
    blame({ severity: 'warning', code: 'unavailable', at, message, fix: 'Remove engine: Caffe takes the best that it has.' });
  }
  if (ruleOf(type) || more.has(type)) return;
  const message = type === '' ? `Layer '${name}' has no type.` : `Layer '${name}' is of type '${type}', which Caffe does not have.`;
  const known = suggestion(type, [...knownTypes(), ...more]) ?? 'If your own Caffe has it, name it in layerTypes.';
  const fix = type === '' ? 'Set type.' : known;
  blame({ severity: 'error', code: 'unknown-type', at, message, fix });
}

function checkCounts(layer: Layer, blame: Blame): void {
  if (!ruleOf(layer.type)) return;
  const [bottoms, tops] = aritiesOf(layer);
  const count = (field: 'bottom' | 'top', found: number, [least, most]: readonly [number, number]) => {
    if (found >= least && found <= most) return;
    const wanted = least === most ? `${least}` : most === Number.POSITIVE_INFINITY ? `at least ${least}` : `${least} to ${most}`;
    const message = `Layer '${layer.name}' has ${found} ${field}s; ${layer.type} takes ${wanted}.`;
    const at = placeOf(layer, field, Math.min(most, found - 1));
    blame({
      severity: 'error',
      code: field === 'bottom' ? 'bottom-count' : 'top-count',
      at,
      message,
      fix: `Give it ${wanted} ${field}${wanted === '1' ? '' : 's'}.`,
    });
  };
  count('bottom', layer.bottoms.length, bottoms);
  count('top', topCountOf(layer), tops);
  const pairs = layer.type === 'Convolution' || layer.type === 'Deconvolution';
  if (pairs && layer.bottoms.length !== layer.tops.length) count('top', layer.tops.length, [layer.bottoms.length, layer.bottoms.length]);
}

/** Blobs of a training net that lead nowhere. Those of a net without a loss are its results. */
export function checkUnused(graph: Graph, tell: Tell): void {
  if (!graph.layers.some(isLoss)) return;
  for (const { blob, layer } of graph.outputs) {
    if (isMeasure(layer)) continue;
    const index = layer.tops.lastIndexOf(blob);
    const message = `Nothing reads the blob '${blob}' of layer '${layer.name}'.`;
    const fix = 'Remove the layer, or silence the blob with a Silence layer; Caffe prints it as an output.';
    tell({ severity: 'info', code: 'unused-top', at: placeOf(layer, 'top', index), message, fix, layer: layer.name, blob });
  }
}
