/** One layer of Caffe's while it is turned into nodes: what those who know its type see of it. */
import { CaffeError } from '../errors';
import { viewOf } from '../io/blobproto';
import type { Layer } from '../prototxt/network/network';
import { type Inferred, LayerSetup } from '../prototxt/shapes/rule';
import type { Settings } from '../prototxt/shapes/settings';
import { countOf, isSame, type Shape, textOfShape } from '../prototxt/shapes/shape';
import { ruleOf, topCountOf } from '../prototxt/shapes/table';
import type { WeightsLayer } from '../prototxt/transform/weights-message';
import type { GraphBuilder } from './graph-builder';
import type { Attributes, Value } from './model';

/** Thrown for a layer, or a setting of one, that ONNX has nothing for. The message goes on from "Layer 'pool1' (Pooling): ". */
export class Inexpressible extends Error {}

/** Thrown for what can be expressed only where the size of the batch is known. */
export class NeedsFixedBatch extends Error {}

/** The extents of a blob, with -1 for one that follows the batch. */
export type Extents = readonly number[];

/** What a layer reads. */
export interface Bottom {
  readonly value: Value;
  readonly shape: Shape;
  readonly extents: Extents;
}

/** What is known of a layer from outside. */
export interface LayerFacts {
  readonly layer: Layer;
  readonly bottoms: readonly Bottom[];
  readonly tops: readonly Extents[];
  /** The shapes of its parameters. */
  readonly params: readonly Shape[];
  readonly weights: WeightsLayer | undefined;
}

/** Makes the nodes of a layer; gives one value for each top. */
export type Exporter = (layer: ExportLayer) => Value[];

export class ExportLayer {
  private readonly setup: LayerSetup;

  constructor(
    private readonly graph: GraphBuilder,
    private readonly facts: LayerFacts,
  ) {
    const shapes = facts.bottoms.map(({ shape }) => shape);
    this.setup = new LayerSetup(facts.layer, shapes, topCountOf(facts.layer), () => {});
  }

  get type(): string {
    return this.facts.layer.type;
  }

  get bottoms(): Value[] {
    return this.facts.bottoms.map(({ value }) => value);
  }

  get topCount(): number {
    return this.facts.tops.length;
  }

  bottom(index = 0): Value {
    return this.facts.bottoms[index]?.value as Value; // their number was checked with the net
  }

  /** As Caffe has it; what follows the batch is that of one batch of many. */
  shape(bottom = 0): Shape {
    return this.setup.bottom(bottom);
  }

  extents(bottom = 0): Extents {
    return this.facts.bottoms[bottom]?.extents ?? [];
  }

  topExtents(index = 0): Extents {
    return this.facts.tops[index] ?? [];
  }

  settings(field: string): Settings {
    return this.setup.settings(field);
  }

  /** An axis of a bottom, counted from the front. */
  axis(settings: Settings, name = 'axis', bottom = 0): number {
    return this.setup.axisOf(bottom, settings.number(name));
  }

  /** The windows of a layer that has some. */
  get windows(): NonNullable<Inferred['windows']> {
    return ruleOf(this.type)?.(this.setup).windows ?? [];
  }

  /** The extent of one axis of a bottom. @throws {NeedsFixedBatch} when it follows the batch. */
  extent(axis: number, bottom = 0): number {
    return requireFixed(this.extents(bottom)[axis] ?? 1);
  }

  node(type: string, inputs: readonly Value[], attributes: Attributes = {}): Value {
    return this.nodes(type, inputs, attributes, 1)[0] as Value;
  }

  nodes(type: string, inputs: readonly Value[], attributes: Attributes, outputs: number): Value[] {
    for (const value of Object.values(attributes)) if (typeof value === 'object' && 'float' in value) requireFinite(value.float);
    const { name } = this.facts.layer;
    return this.graph.add(name, type, inputs, attributes, `Caffe's layer '${name}' (${this.type})`, outputs);
  }

  /** @throws {NeedsFixedBatch} when more than one extent follows the batch. */
  reshape(value: Value, extents: Extents): Value {
    if (extents.filter((extent) => extent < 0).length > 1) throw new NeedsFixedBatch();
    return this.node('Reshape', [value, this.integers('shape', extents)]);
  }

  /** @param what goes behind the layer's name. */
  floats(what: string, values: readonly number[] | Float32Array, shape: Shape = [values.length]): Value {
    return this.graph.constant(`${this.facts.layer.name}.${what}`, shape, Float32Array.from(values));
  }

  scalar(what: string, value: number): Value {
    return this.floats(what, [requireFinite(value)], []);
  }

  integers(what: string, values: readonly number[]): Value {
    return this.graph.constant(`${this.facts.layer.name}.${what}`, [values.length], BigInt64Array.from(values.map(BigInt)));
  }

  /** A parameter as a constant. @param shape other than Caffe's, for as many values. */
  weights(index: number, what: string, shape: Shape = this.paramShape(index)): Value {
    return this.graph.constant(`${this.facts.layer.name}.${what}`, shape, this.values(index));
  }

  paramShape(index: number): Shape {
    return this.facts.params[index] ?? [];
  }

  get paramCount(): number {
    return this.facts.params.length;
  }

  /** The values of a parameter. @throws {CaffeError} ERR_CAFFE_WEIGHTS where the weights do not hold it. */
  values(index: number): Float32Array {
    const { layer, weights } = this.facts;
    const what = `Parameter ${index} of layer '${layer.name}'`;
    const blob = weights?.blobs?.[index];
    if (!blob) {
      throw new CaffeError('ERR_CAFFE_WEIGHTS', `The weights do not hold parameter ${index} of layer '${layer.name}' (${layer.type}).`, {
        layer: layer.name,
        hint: 'Are these the weights of this network?',
      });
    }
    const { data, shape } = reading(layer, () => viewOf(blob, what, 'data'));
    const wanted = this.paramShape(index);
    if (isShapeOf(wanted, shape)) return data;
    const found = `has the shape ${textOfShape(wanted)}; in the weights it is ${textOfShape(shape)}`;
    throw new CaffeError('ERR_CAFFE_WEIGHTS', `${what} ${found}.`, { layer: layer.name, hint: 'Are these the weights of this network?' });
  }
}

function reading<Result>(layer: Layer, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof CaffeError)) throw error;
    const hint = 'The weights are damaged: fetch them again.';
    throw new CaffeError('ERR_CAFFE_WEIGHTS', error.message, { layer: layer.name, hint, cause: error });
  }
}

/** Files of Caffe's first versions store every blob with four extents, ones in front. */
function isShapeOf(wanted: Shape, stored: Shape): boolean {
  const missing = stored.length === 4 ? Math.max(0, 4 - wanted.length) : 0;
  return isSame(stored, [...Array.from({ length: missing }, () => 1), ...wanted]);
}

/** @throws {Inexpressible} for a setting that is no number: what runtimes do with it differs. */
function requireFinite(value: number): number {
  if (Number.isFinite(value)) return value;
  throw new Inexpressible(`one of its settings is, or makes, ${value}`);
}

/** @throws {NeedsFixedBatch} for the extent of an axis that follows the batch. */
export function requireFixed(extent: number): number {
  if (extent < 0) throw new NeedsFixedBatch();
  return extent;
}

/** The extents of some axes as one. */
export function joined(extents: Extents): number {
  return extents.some((extent) => extent < 0) ? -1 : countOf(extents);
}
