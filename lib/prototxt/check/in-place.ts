/** Layers that work in place: whether they may, and what it does to the values and gradients of others. */
import type { Graph, Version } from '../network/graph';
import type { Layer } from '../network/network';
import { worksInPlace } from '../shapes/table';
import type { Report } from './finding';
import { SHARES_MEMORY } from './memory';
import { placeOf } from './wiring';

type Tell = (report: Report) => void;

/** Types whose gradient is computed from their own output, which a layer in place behind them overwrites. */
const READS_OWN_TOP = new Set(['ELU', 'Exp', 'MVN', 'Sigmoid', 'Softmax', 'Swish', 'TanH']);

/** Types whose gradient is computed from what they overwrite themselves when they work in place: their input, or the gradient above. */
const READS_OWN_BOTTOM = new Set(['BNLL', 'Clip', 'Eltwise', 'LRN', 'Log', 'MVN', 'Power']);

/** @param trains whether gradients are computed. */
export function checkInPlace(graph: Graph, trains: boolean, tell: Tell): void {
  for (const layer of graph.layers) {
    layer.tops.forEach((blob, index) => {
      if (!layer.bottoms.includes(blob)) return;
      const at = placeOf(layer, 'top', index);
      const report = (severity: Report['severity'], code: Report['code'], message: string, fix = 'Give its top a name of its own.') => {
        tell({ severity, code, at, message, fix, layer: layer.name, blob });
      };
      if (!worksInPlace(layer)) {
        report(
          'error',
          'in-place',
          `Layer '${layer.name}' has the blob '${blob}' as bottom and top, and a layer of type ${layer.type} cannot work in place.`,
        );
      } else if (layer.bottoms[index] === blob) {
        const version = graph.bottoms(layer)[index];
        if (version) checkOverwriting(graph, layer, version, trains, report);
      }
    });
  }
}

type Blame = (severity: Report['severity'], code: Report['code'], message: string, fix?: string) => void;

function checkOverwriting(graph: Graph, layer: Layer, version: Version, trains: boolean, report: Blame): void {
  const { blob, writer } = version;
  const others = version.readers.filter((reader) => reader.layer !== layer).map((reader) => `layer '${reader.layer.name}'`);
  const isLoss = writer?.lossWeights[writer.tops.indexOf(blob)] ? ['the loss'] : [];
  const conflicts = [...others, ...isLoss];
  if (conflicts.length > 0 || version.readers.length > 1) {
    const who = conflicts.length > 0 ? conflicts.join(' and ') : 'it itself a second time';
    report(
      'error',
      'in-place',
      `Layer '${layer.name}' works in place on the blob '${blob}', which ${who} reads too.`,
      `Give its top a name of its own, or let the others read '${blob}' after it.`,
    );
    return;
  }
  const sharer = sharerOf(graph, version);
  if (sharer) {
    report(
      'warning',
      'in-place-shared',
      `Layer '${layer.name}' works in place on '${blob}', whose memory layer '${sharer.name}' reads too: it sees the changed values.`,
    );
  }
  if (!trains) return;
  if (READS_OWN_BOTTOM.has(layer.type)) {
    report(
      'warning',
      'in-place-gradient',
      `Layer '${layer.name}' works in place, but the gradient of ${layer.type} needs the values that it overwrites.`,
    );
  }
  if (writer && readsOwnTop(writer)) {
    report(
      'warning',
      'in-place-gradient',
      `Layer '${layer.name}' works in place on the output of '${writer.name}', whose gradient (${writer.type}) needs the values that it overwrites.`,
    );
  }
}

/** Also a normalization over channels, which cannot work in place for that reason. */
function readsOwnTop(layer: Layer): boolean {
  return READS_OWN_TOP.has(layer.type) || (layer.type === 'LRN' && !worksInPlace(layer));
}

/** Another layer that reads memory which a blob shares: with what Flatten, Reshape or Split made it of, or with what else they made of that. */
function sharerOf(graph: Graph, version: Version): Layer | undefined {
  let origin = version;
  for (let below = bottomInMemory(graph, origin); below; below = bottomInMemory(graph, origin)) origin = below;
  const waiting = origin === version ? [] : [origin];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    for (const reader of next.readers) {
      if (!SHARES_MEMORY.has(reader.layer.type)) return reader.layer;
      waiting.push(...graph.tops(reader.layer).filter((top) => top !== version));
    }
  }
  return undefined;
}

/** The blob in whose memory another one lies. */
function bottomInMemory(graph: Graph, { writer }: Version): Version | undefined {
  return writer && SHARES_MEMORY.has(writer.type) ? graph.bottoms(writer)[0] : undefined;
}
