/** One net of a file: its connections, and the shapes and costs of its layers, worked out from bottom to top. */
import { readsDataset } from '../network/data-settings';
import { Graph, type Version } from '../network/graph';
import { isLoss, isSource } from '../network/layer-types';
import type { Layer, Network } from '../network/network';
import { checkRanges } from '../shapes/fillers';
import { fieldAbove, ownField, type ReceptiveField } from '../shapes/receptive-field';
import { type Inferred, LayerSetup, Refusal, UnknownBottom } from '../shapes/rule';
import { countOf, MOST, type Shape, textOfShape } from '../shapes/shape';
import { ruleOf, topCountOf } from '../shapes/table';
import type { Report } from './finding';
import { checkInPlace } from './in-place';
import { checkParameters } from './parameters';
import type { NetInState } from './states';
import { checkUnused, checkWiring } from './wiring';

/** What is known of one blob at one point of the run. */
export interface BlobFacts {
  readonly shape: Shape | undefined;
  readonly field: ReceptiveField | undefined;
}

const UNKNOWN: BlobFacts = { shape: undefined, field: undefined };

/** What is known of one layer. */
export interface LayerFacts {
  /** One for each top. */
  readonly tops: readonly BlobFacts[];
  /** Undefined where they are not known. */
  readonly params: readonly Shape[] | undefined;
  readonly multiplyAdds: number;
}

export interface NetOptions {
  /** Shapes that the caller gives to blobs which data layers bring in. */
  readonly inputs: ReadonlyMap<string, Shape>;
  /** Items of each batch, in place of what the file says. */
  readonly batch: number | undefined;
  /** Layer types beside BVLC's. */
  readonly types: ReadonlySet<string>;
}

/** A net that has been looked at. */
export class CheckedNet {
  readonly graph: Graph;
  readonly facts = new Map<Layer, LayerFacts>();
  private readonly blobs = new Map<Version, BlobFacts>();
  private readonly unsound: ReadonlySet<Layer>;
  /** Whether gradients are computed: in training, where there is a loss. */
  readonly trains: boolean;

  /** @param damaged layers of which the file has more than protobuf could read. */
  constructor(
    readonly network: Network,
    readonly checked: NetInState,
    damaged: ReadonlySet<Layer>,
    private readonly options: NetOptions,
    private readonly tell: (report: Report) => void,
  ) {
    const written = new Set([...network.inputs, ...checked.layers.flatMap((layer) => layer.tops)]);
    const missing = [...options.inputs.keys()].filter((name) => !written.has(name));
    this.graph = new Graph(checked.layers, [...network.inputs, ...missing]);
    this.trains = checked.state.phase === 'TRAIN' && checked.layers.some(isLoss);
    const shapes = oldInputShapes(network);
    for (const version of this.graph.inputs) this.blobs.set(version, this.brought(version.blob, shapes.get(version.blob)));
    this.unsound = new Set([...damaged, ...checkWiring(network, this.graph, options.types, tell)]);
    checkInPlace(this.graph, this.trains, tell);
    for (const layer of this.graph.layers) this.infer(layer);
    checkParameters(this.graph.layers, this.facts, tell);
    checkUnused(this.graph, tell);
  }

  /** What is known of a blob at one point. */
  of(version: Version | undefined): BlobFacts {
    return (version && this.blobs.get(version)) ?? UNKNOWN;
  }

  /** A blob that comes from outside: what the caller says counts more than what the file says. */
  private brought(blob: string, said: Shape | undefined): BlobFacts {
    const { inputs, batch } = this.options;
    const rebatched = batch === undefined || !said || said.length === 0 ? said : [batch, ...said.slice(1)];
    const shape = inputs.get(blob) ?? rebatched;
    return { shape, field: ownField(shape) };
  }

  private infer(layer: Layer): void {
    const bottoms = this.graph.bottoms(layer).map((version) => this.of(version));
    const inferred = this.unsound.has(layer) ? undefined : this.apply(layer, bottoms);
    const source = isSource(layer);
    const tops = layer.tops.map((blob, index) => {
      const shape = inferred?.tops[index];
      return source ? this.brought(blob, shape) : { shape, field: inferred && fieldOf(bottoms, shape, inferred) };
    });
    this.graph.tops(layer).forEach((version, index) => {
      this.blobs.set(version, tops[index] ?? UNKNOWN);
    });
    this.facts.set(layer, { tops, params: inferred && (inferred.params ?? []), multiplyAdds: inferred?.multiplyAdds ?? 0 });
    if (source && inferred) this.tellUnknown(layer, tops);
  }

  private apply(layer: Layer, bottoms: readonly BlobFacts[]): Inferred | undefined {
    const rule = ruleOf(layer.type);
    if (!rule) return undefined;
    const setup = new LayerSetup(
      layer,
      bottoms.map(({ shape }) => shape),
      topCountOf(layer),
      this.tell,
    );
    try {
      checkRanges(setup);
      const inferred = rule(setup);
      requireTops(setup, inferred);
      return inferred;
    } catch (error) {
      if (error instanceof Refusal) setup.report('error', error.code, error.message, error.fix, error.at);
      else if (!(error instanceof UnknownBottom)) throw error;
      return undefined;
    }
  }

  private tellUnknown(layer: Layer, tops: readonly BlobFacts[]): void {
    const index = tops.findIndex(({ shape }) => !shape);
    if (index === -1) return;
    const blob = layer.tops[index] ?? '';
    const who = layer.type === 'Input' ? 'Only who fills' : `Only the ${readsDataset(layer) ? 'dataset' : 'class'} of`;
    const message = `${who} layer '${layer.name}' tells the shape of '${blob}': what depends on it is not checked.`;
    const fix = `Give it: inputs: { '${blob}': [ … ] }, or --input ${blob}=…`;
    this.tell({ severity: 'info', code: 'unknown-shape', at: layer.field.start, message, fix, layer: layer.name, blob });
  }
}

function fieldOf(bottoms: readonly BlobFacts[], top: Shape | undefined, inferred: Inferred): ReceptiveField | undefined {
  const fields = bottoms.map(({ field }) => field);
  return fieldAbove(fields, bottoms[0]?.shape, top, inferred);
}

/** What Caffe asks of all tops. */
function requireTops(setup: LayerSetup, { tops }: Inferred): void {
  for (const shape of tops) {
    if (!shape) continue;
    const fix = 'Compare its settings with the shapes of its bottoms: a window or slice has no room there.';
    setup.require(
      shape.every((extent) => extent >= 1),
      `would hand on an empty blob, of shape ${textOfShape(shape)}`,
      fix,
      setup.at,
      'shape',
    );
    setup.require(
      countOf(shape) <= MOST,
      `would hand on ${countOf(shape)} values; Caffe counts to 2^31 - 1`,
      'Use smaller shapes, a smaller batch or fewer outputs.',
      setup.at,
      'too-large',
    );
  }
}

/** The shapes of inputs by the old fields `input_shape` and `input_dim`. */
function oldInputShapes({ inputs, root }: Network): Map<string, Shape> {
  const shapes = root.messages('input_shape').map((shape) => shape.numbers('dim'));
  const extents = shapes.length > 0 ? [] : root.numbers('input_dim');
  for (let at = 0; at + 3 < extents.length; at += 4) shapes.push(extents.slice(at, at + 4));
  return new Map(inputs.flatMap((name, index) => (shapes[index] ? [[name, shapes[index]]] : [])));
}
