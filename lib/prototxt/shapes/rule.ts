/** What the rule of a layer type is given and what it gives: Caffe's LayerSetUp and Reshape, without the layer. */
import type { FindingCode, Report, Severity } from '../check/finding';
import type { Layer } from '../network/network';
import { fieldOf, type MessageName } from '../schema/messages';
import { Settings } from './settings';
import { countOf, isSame, MOST, type Shape, textOfShape } from './shape';

/** A window that slides over one axis of a bottom. */
export interface Window {
  readonly kernel: number;
  readonly stride: number;
  readonly pad: number;
  readonly dilation: number;
  /** Whether it spreads instead of gathering: a deconvolution's. */
  readonly transposed?: boolean;
}

/** How far a window reaches. */
export function reachOf({ kernel, dilation }: Window): number {
  return dilation * (kernel - 1) + 1;
}

/** What a rule works out. */
export interface Inferred {
  /** One for each top, the one that Caffe adds to a loss included; undefined where only running tells. */
  readonly tops: readonly (Shape | undefined)[];
  /** The parameter blobs, in Caffe's order. */
  readonly params?: readonly Shape[];
  /** Multiplications with an addition each, in matrix products, for one forward run. */
  readonly multiplyAdds?: number;
  /** For each spatial axis, of the layers that have windows. */
  readonly windows?: readonly Window[];
  /** Where its first value lies in its bottom, for each spatial axis: a Crop's. */
  readonly offset?: readonly number[];
}

export type Rule = (layer: LayerSetup) => Inferred;

/** Thrown by a rule: what Caffe refuses. */
export class Refusal extends Error {
  constructor(
    readonly code: FindingCode,
    message: string,
    readonly fix: string,
    readonly at: number,
  ) {
    super(message);
  }
}

/** Thrown by a rule that needs the shape of a bottom which nobody knows. */
export class UnknownBottom extends Error {}

const UNKNOWN = new UnknownBottom();

/** A layer about to be set up. A rule checks what it can before it asks for a bottom: those may be unknown. */
export class LayerSetup {
  constructor(
    readonly layer: Layer,
    private readonly bottoms: readonly (Shape | undefined)[],
    /** Tops that it has, with one that Caffe adds. */
    readonly topCount: number,
    private readonly tell: (report: Report) => void,
  ) {}

  get bottomCount(): number {
    return this.layer.bottoms.length;
  }

  /** @throws {UnknownBottom} */
  bottom(index: number): Shape {
    const shape = this.bottoms[index];
    if (!shape) throw UNKNOWN;
    return shape;
  }

  /** @throws {UnknownBottom} */
  allBottoms(): Shape[] {
    return this.bottoms.map((_, index) => this.bottom(index));
  }

  /** One message of the layer: `convolution_param`. */
  settings(field: string): Settings {
    const own = this.layer.message.fields.find((one) => one.name === field);
    const node = own?.value.kind === 'message' ? own.value : undefined;
    return new Settings(fieldOf('LayerParameter', field)?.type as MessageName, node, own?.start ?? this.at);
  }

  /** Where the layer stands. */
  get at(): number {
    return this.layer.field.start;
  }

  /** A message for people: 'data' of 1×3×8×8. */
  describeBottom(index: number): string {
    const shape = this.bottoms[index];
    return `'${this.layer.bottoms[index]}'${shape ? ` of shape ${textOfShape(shape)}` : ''}`;
  }

  /** Says something of the layer, and goes on. @param what goes on from "Layer 'conv1' ". */
  report(severity: Severity, code: FindingCode, what: string, fix: string, at: number = this.at): void {
    this.tell({ severity, code, at, message: `Layer '${this.layer.name}' ${what}.`, fix, layer: this.layer.name });
  }

  /** What Caffe refuses and shapes do not depend on. */
  expect(holds: boolean, what: string, fix: string, at?: number): void {
    if (!holds) this.report('error', 'setting', what, fix, at);
  }

  /** Ends the rule: Caffe refuses the layer. @param what goes on from "Layer 'conv1' ". */
  refuse(code: FindingCode, what: string, fix: string, at: number = this.at): never {
    throw new Refusal(code, what, fix, at);
  }

  /** @param at where the condition is written. */
  require(holds: boolean, what: string, fix: string, at?: number, code: FindingCode = 'setting'): void {
    if (!holds) this.refuse(code, what, fix, at);
  }

  /** Requires a setting to be from 1. */
  requirePositive(settings: Settings, ...names: string[]): void {
    for (const name of names) {
      for (const value of settings.numbers(name)) {
        this.require(value >= 1, `has ${name}: ${value}; at least 1 is needed`, `Set ${name} to 1 or more.`, settings.at(name));
      }
    }
  }

  /** Requires the number of outputs to be given, and countable. */
  requireOutputs(settings: Settings, field: string): number {
    const fix = `Set num_output in ${field} to the number of outputs; prototxt.retarget does it for classifiers.`;
    return this.requireCount(settings, 'num_output', fix);
  }

  /** Requires a setting that has no default to be given, from 1, and countable. */
  requireCount(settings: Settings, name: string, fix: string): number {
    const count = settings.number(name);
    const said = settings.has(name) ? `has ${name}: ${count}` : `has no ${name}`;
    this.require(count >= 1 && count <= MOST, said, fix, settings.at(name));
    return count;
  }

  /** An axis of a bottom, counted from the end where it is negative. */
  axisOf(bottom: number, axis: number, at?: number): number {
    const shape = this.bottom(bottom);
    const canonical = axis < 0 ? axis + shape.length : axis;
    if (canonical >= 0 && canonical < shape.length) return canonical;
    const what = `works on axis ${axis}, which ${this.describeBottom(bottom)} does not have`;
    return this.refuse('shape', what, 'Give it a bottom with more axes, or set axis to one of those it has.', at);
  }

  /** Requires a bottom of so many axes. */
  requireAxes(bottom: number, least: number, most = least): Shape {
    const shape = this.bottom(bottom);
    if (shape.length >= least && shape.length <= most) return shape;
    const wanted = least === most ? `${least}` : most === Number.POSITIVE_INFINITY ? `at least ${least}` : `${least} to ${most}`;
    const what = `takes bottoms of ${wanted} axes; it gets ${this.describeBottom(bottom)}`;
    return this.refuse('shape', what, 'Put the layer where its bottom has that many axes, or a Reshape or Flatten in front of it.');
  }

  /** Requires all bottoms to be of the shape of the first. */
  requireSameShapes(): Shape {
    const first = this.bottom(0);
    for (let index = 1; index < this.bottomCount; index++) {
      if (isSame(first, this.bottom(index))) continue;
      const what = `needs bottoms of one shape; it gets ${this.describeBottom(0)} and ${this.describeBottom(index)}`;
      this.refuse('shape', what, 'Make both the same, e.g. by the same kernels, strides and numbers of outputs in both branches.');
    }
    return first;
  }

  /** Requires a number of values that Caffe can count. */
  requireCountable(values: number, what: string): void {
    this.require(
      values <= MOST,
      `would need ${what} of ${values} values; Caffe counts to 2^31 - 1`,
      'Use smaller shapes, a smaller batch or fewer outputs.',
      this.at,
      'too-large',
    );
  }

  /** The extent that all of a bottom's axes from one on have together. */
  countFrom(bottom: number, axis: number): number {
    return countOf(this.bottom(bottom), axis);
  }
}
