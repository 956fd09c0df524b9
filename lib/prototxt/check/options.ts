/** What a check is told beside the text. */
import { readArray, readEntries, readOptions, readTexts } from '../../given';
import { inputError } from '../input-error';
import type { Shape } from '../shapes/shape';

export interface CheckOptions {
  /** Looks at the net of this phase only. Default: every state that the file is meant for. */
  phase?: 'train' | 'test';
  /** With `phase`: the level of the state. Default 0. */
  level?: number;
  /** With `phase`: the stages of the state. Default none. */
  stages?: readonly string[];
  /** Items of each batch, in place of what the file says. */
  batch?: number;
  /** Shapes of blobs that data layers bring in, or that a template leaves to be brought in: `{ data: [64, 3, 227, 227] }`. */
  inputs?: Readonly<Record<string, readonly number[]>>;
  /** Types of layers that your Caffe has beside BVLC's. Their shapes are not known. */
  layerTypes?: readonly string[];
}

/** The options, read and checked. */
export interface Given extends Omit<CheckOptions, 'inputs' | 'layerTypes'> {
  readonly inputs: ReadonlyMap<string, Shape>;
  readonly types: ReadonlySet<string>;
}

const OPTIONS = ['phase', 'level', 'stages', 'batch', 'inputs', 'layerTypes'] as const;

/** @throws {CaffeError} ERR_CAFFE_INPUT for options that are none. */
export function readGiven(options: CheckOptions | undefined): Given {
  const { phase, level, stages, batch, inputs, layerTypes } = readOptions(options, OPTIONS);
  if (phase !== undefined && phase !== 'train' && phase !== 'test') throw inputError('phase', "'train' or 'test'", phase);
  if (level !== undefined && !Number.isInteger(level)) throw inputError('level', 'a whole number', level);
  if (batch !== undefined && !isExtent(batch)) throw inputError('batch', 'a whole number from 1', batch);
  const shapes = inputs === undefined ? [] : readEntries(inputs, "'inputs'");
  return {
    phase,
    level,
    stages: stages === undefined ? undefined : readTexts(stages, "'stages'"),
    batch,
    inputs: new Map(shapes.map(([name, shape]) => [name, readShape(name, shape)])),
    types: new Set(layerTypes === undefined ? [] : readTexts(layerTypes, "'layerTypes'")),
  };
}

function readShape(name: string, shape: readonly number[]): Shape {
  const extents = readArray(shape, `'inputs.${name}'`);
  for (const extent of extents) if (!isExtent(extent)) throw inputError(`inputs.${name}`, 'whole numbers from 1', extent);
  return extents;
}

function isExtent(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value < 2 ** 31;
}
