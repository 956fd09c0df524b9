/** A network as an ONNX graph. */
import { setImmediate } from 'node:timers/promises';
import { throwIfAborted } from '../abort';
import { CaffeError } from '../errors';
import type { Version } from '../prototxt/network/graph';
import type { Layer } from '../prototxt/network/network';
import { storedLayer, type WeightsFile, type WeightsLayer } from '../prototxt/transform/weights-message';
import { isInput, type ShapedNetwork } from './deployed';
import { GraphBuilder } from './graph-builder';
import { type Bottom, ExportLayer, Inexpressible, type LayerFacts, NeedsFixedBatch } from './layer';
import { exporterOf } from './layers';
import type { Extent, Initializer, Node, Port, Value } from './model';

/** What the open extent of a batch is called. */
export const BATCH = 'N';

export interface OnnxGraph {
  readonly nodes: readonly Node[];
  readonly initializers: readonly Initializer[];
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
}

/**
 * @throws {CaffeError} ERR_CAFFE_UNSUPPORTED with all layers that ONNX has nothing for; ERR_CAFFE_WEIGHTS for weights that are missing
 *   or of other shapes; ERR_CAFFE_ABORTED.
 */
export async function onnxGraph(shaped: ShapedNetwork, weights: WeightsFile, signal?: AbortSignal): Promise<OnnxGraph> {
  try {
    return await new GraphExport(shaped, weights).run(signal);
  } catch (error) {
    if (error instanceof NeedsFixedBatch && shaped.hasOpenBatch) return onnxGraph(shaped.fixed(), weights, signal);
    throw error;
  }
}

class GraphExport {
  private readonly builder = new GraphBuilder();
  private readonly values = new Map<Version, Value>();
  private readonly refusals: { layer: Layer; reason: string }[] = [];

  constructor(
    private readonly shaped: ShapedNetwork,
    private readonly weights: WeightsFile,
  ) {}

  async run(signal: AbortSignal | undefined): Promise<OnnxGraph> {
    const { graph } = this.shaped;
    for (const layer of graph.layers) {
      throwIfAborted(signal);
      await setImmediate(); // weights are copied: others have their turn between two layers
      if (isInput(layer)) for (const version of graph.tops(layer)) this.values.set(version, { name: '' });
      else this.add(layer);
    }
    this.requireAll();
    const outputs = this.outputs();
    if (outputs.length === 0) throw new CaffeError('ERR_CAFFE_UNSUPPORTED', 'The network has no outputs: no layer writes what none reads.');
    this.builder.nameAll(this.blobNames(outputs));
    return {
      nodes: this.builder.nodes,
      initializers: this.builder.initializers,
      inputs: this.readInputs().map((version) => this.port(version, this.valueOf(version))),
      outputs: outputs.map(([version, value]) => this.port(version, value)),
    };
  }

  private add(layer: Layer): void {
    const { graph } = this.shaped;
    const values = this.exported(layer);
    graph.tops(layer).forEach((version, index) => {
      this.values.set(version, values[index] ?? { name: '' });
    });
  }

  /** The values of a layer's tops; none, with a refusal, for one that ONNX has nothing for. */
  private exported(layer: Layer): Value[] {
    try {
      const exporter = exporterOf(layer.type);
      const facts = this.factsOf(layer);
      // Behind a layer that is refused, shapes may not be known.
      return facts ? exporter(new ExportLayer(this.builder, facts)) : [];
    } catch (error) {
      if (!(error instanceof Inexpressible)) throw error;
      this.refusals.push({ layer, reason: error.message });
      return [];
    }
  }

  /** Undefined where the shapes of its bottoms are not known. */
  private factsOf(layer: Layer): LayerFacts | undefined {
    const { shaped } = this;
    const bottoms: Bottom[] = [];
    for (const version of shaped.graph.bottoms(layer)) {
      const shape = version && shaped.shape(version);
      if (!shape) return undefined;
      bottoms.push({ value: this.valueOf(version), shape, extents: shaped.extents(version) });
    }
    return {
      layer,
      bottoms,
      tops: shaped.graph.tops(layer).map((version) => shaped.extents(version)),
      params: shaped.params(layer),
      weights: this.storedFor(layer),
    };
  }

  private storedFor(layer: Layer): WeightsLayer | undefined {
    return storedLayer(this.shaped.network, this.weights, layer);
  }

  private valueOf(version: Version): Value {
    return this.values.get(version) ?? { name: '' };
  }

  private requireAll(): void {
    const [first, ...others] = this.refusals;
    if (!first) return;
    const lines = this.refusals.map(({ layer, reason }) => `'${layer.name}' (${layer.type}): ${reason}`);
    const what = others.length === 0 ? 'A layer' : `${this.refusals.length} layers`;
    throw new CaffeError('ERR_CAFFE_UNSUPPORTED', `${what} cannot be expressed in ONNX: ${lines.join('; ')}.`, {
      layer: first.layer.name,
      hint: 'Export the part of the network that can be, with prototxt.extract, or replace these layers.',
    });
  }

  /** The inputs that something is made of: runtimes want values for all that a file names. */
  private readInputs(): Version[] {
    const read = new Set(this.builder.nodes.flatMap(({ inputs }) => inputs));
    return this.shaped.inputs.filter((version) => read.has(this.valueOf(version)));
  }

  /** What layers write and nobody reads, each by a value of its own. */
  private outputs(): [Version, Value][] {
    const { graph, inputs } = this.shaped;
    const taken = new Set(inputs.map((version) => this.valueOf(version)));
    const written = graph.layers.filter((layer) => !isInput(layer)).flatMap((layer) => graph.tops(layer));
    const versions = written.filter(({ readers }) => readers.length === 0);
    return versions.map((version) => {
      const value = this.valueOf(version);
      const own = taken.has(value) ? this.copied(version, value) : value;
      taken.add(own);
      return [version, own];
    });
  }

  private copied({ writer, blob }: Version, value: Value): Value {
    const doc = `Caffe's blob '${blob}'`;
    return this.builder.add(writer?.name ?? blob, 'Identity', [value], {}, doc)[0] as Value;
  }

  /** Every value of a blob with its name: outputs first, then what blobs are in the end, then what they were before layers worked in place. */
  private blobNames(outputs: readonly [Version, Value][]): [Value, string][] {
    const { graph, inputs } = this.shaped;
    const versions = graph.layers.flatMap((layer) => graph.tops(layer));
    const last = new Map([...versions, ...inputs].map((version) => [version.blob, version]));
    const isLast = (version: Version) => last.get(version.blob) === version;
    const nameOf = (version: Version) => (isLast(version) ? version.blob : `${version.blob}@${version.writer?.name}`);
    const ranked = [
      ...inputs.map((version): [Value, string] => [this.valueOf(version), version.blob]),
      ...outputs.map(([version, value]): [Value, string] => [value, nameOf(version)]),
      ...versions.filter(isLast).map((version): [Value, string] => [this.valueOf(version), version.blob]),
      ...versions.map((version): [Value, string] => [this.valueOf(version), nameOf(version)]),
    ];
    const named = new Map<Value, string>();
    for (const [value, name] of ranked) if (!named.has(value)) named.set(value, name);
    return [...named];
  }

  private port(version: Version, value: Value): Port {
    const shape = this.shaped.shape(version) ?? [];
    const extents = this.shaped.extents(version);
    const batch = this.shaped.shape(this.shaped.inputs[0] ?? version)?.[0];
    // Another multiple of the batch has no name of its own.
    const open = (axis: number): Extent => (shape[axis] === batch ? BATCH : undefined);
    return { value, shape: extents.map((extent, axis) => (extent < 0 ? open(axis) : extent)) };
  }
}
