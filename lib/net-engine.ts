/** The engines that run networks: Caffe itself, and the fast engine, which compiles a network into a plan of oneDNN's primitives. */
import path from 'node:path';
import { cacheFolder } from './cache-folder';
import { CaffeError, describe } from './errors';
import { type NativeEngine, type NativeLayer, type NativeNet, native, type Phase } from './native';
import { recordOf } from './record';

/** What a caller may choose. */
export type Engine = 'auto' | 'caffe' | 'onednn';
export type Precision = 'f32' | 'bf16';

export interface EngineOptions {
  /**
   * What computes whole forward runs of a network of the test phase, and the iterations of a solver. 'onednn': the fast engine. 'auto': the
   * fast engine, once its answer to the first input has agreed with Caffe's (of a solver: its gradients), and Caffe where it does not.
   * 'caffe': Caffe, layer by layer. Default: what the environment variable CAFFE_NODE_ENGINE says ('onednn' there refuses no network),
   * else 'auto'.
   */
  engine?: Engine;
  /** What the fast engine computes with. 'bf16' needs a processor with AVX512-BF16 or AMX, and keeps 8 bits of each number. Default 'f32'. */
  precision?: Precision;
  /**
   * Whether parameters that a plan has copies of leave the memory: into files without names in the cache folder, from which they are read
   * again when somebody asks for them, or for a plan of another shape. Parameters that other nets share, or that a view looks at, stay.
   * Default false.
   */
  releaseOriginals?: boolean;
}

/** What computes the forward runs of a net. */
export interface NetEngine {
  readonly name: 'caffe' | 'onednn';
  readonly precision: Precision;
  /** Why Caffe computed the last run, or will compute them all; absent with 'onednn'. */
  readonly reason?: string;
}

/** A step of a plan: one primitive, or one layer of Caffe. */
export interface PlanStep {
  /** The layers that it computes. */
  readonly layers: readonly string[];
  /** Their types. */
  readonly types: readonly string[];
  readonly engine: 'caffe' | 'onednn';
  /** Which implementation: 'jit_wino:avx512_core'. */
  readonly primitive: string;
  /** The layout of what it writes: 'nChw16c'. */
  readonly format: string;
  /** Its time in the last run that was timed; 0 before. */
  readonly milliseconds: number;
}

/** What the fast engine made of a net, for the shapes of its last run. */
export interface NetPlan {
  readonly precision: Precision;
  readonly threads: number;
  /** The shapes that the plan is for, by input; no prototype. */
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  /** The blobs that it computes. */
  readonly blobs: readonly string[];
  readonly steps: readonly PlanStep[];
  /** Memory of its own: buffers and prepared weights. */
  readonly bytes: number;
}

/** The names of {@link EngineOptions}, for whoever reads options. */
export const ENGINE_OPTIONS = ['engine', 'precision', 'releaseOriginals'] as const;

const ENGINES: readonly Engine[] = ['auto', 'caffe', 'onednn'];
const PRECISIONS: readonly Precision[] = ['f32', 'bf16'];

/**
 * Options as the addon takes them.
 *
 * @param phase of the net that they are for; of a solver's test nets 'test'.
 * @throws {CaffeError} ERR_CAFFE_INPUT for options that are none, or contradict each other; ERR_CAFFE_UNSUPPORTED for what this build or
 *   this processor cannot do.
 */
export function engineRequest(options: EngineOptions, phase: Phase = 'test'): NativeEngine {
  const { engine, precision = 'f32', releaseOriginals = false } = options;
  const name = engine === undefined ? defaultEngine() : checked(engine, ENGINES, "'engine'");
  checked(precision, PRECISIONS, "'precision'");
  if (typeof releaseOriginals !== 'boolean') {
    throw new CaffeError('ERR_CAFFE_INPUT', `'releaseOriginals' must be true or false; ${describe(releaseOriginals)} was given.`);
  }
  if (engine === 'onednn' && phase === 'train') {
    throw new CaffeError('ERR_CAFFE_INPUT', "engine: 'onednn' is for networks of the phase 'test'; 'train' was given.", {
      hint: "Leave the engine at 'auto': Caffe runs a net of the phase 'train', and a solver has a plan of its own.",
    });
  }
  if (name === 'onednn') requireEngine("engine: 'onednn'");
  if (precision === 'bf16') requireBf16(name);
  const insists = engine !== undefined;
  return { name: name === 'onednn' && !insists ? 'trust' : name, precision, releaseOriginals, cache: planFolder() };
}

/** What computes a net's forward runs. */
export function engineOf(net: NativeNet): NetEngine {
  const { reason, ...engine } = net.engine();
  return reason === '' ? engine : { ...engine, reason };
}

/** The plan of a net's last run, with the names of its layers. */
export function planOf(net: NativeNet, layers: readonly NativeLayer[]): NetPlan | null {
  const plan = net.plan();
  if (plan === null) return null;
  const { inputs, wanted, steps, ...facts } = plan;
  return {
    ...facts,
    inputs: recordOf(Object.entries(inputs)),
    blobs: wanted,
    steps: steps.map((step) => ({
      ...step,
      layers: step.layers.map((layer) => layers[layer]?.name ?? ''),
      types: step.layers.map((layer) => layers[layer]?.type ?? ''),
    })),
  };
}

function defaultEngine(): Engine {
  const { CAFFE_NODE_ENGINE: name } = process.env;
  return name ? checked(name as Engine, ENGINES, 'The environment variable CAFFE_NODE_ENGINE') : 'auto';
}

function checked<Name extends string>(name: Name, names: readonly Name[], what: string): Name {
  if (names.includes(name)) return name;
  throw new CaffeError('ERR_CAFFE_INPUT', `${what} must be one of ${names.join(', ')}; ${describe(name)} was given.`);
}

function requireEngine(what: string): void {
  if (native.features.onednn) return;
  throw new CaffeError('ERR_CAFFE_UNSUPPORTED', `${what} needs a build of caffe-node with oneDNN; this one has none.`, {
    hint: 'Install oneDNN (libdnnl-dev) and run `npm run build`; or leave the engine to be Caffe.',
  });
}

function requireBf16(engine: Engine): void {
  if (engine === 'caffe') {
    throw new CaffeError('ERR_CAFFE_INPUT', "precision: 'bf16' is the fast engine's; Caffe computes with float32.", {
      hint: "Use engine: 'auto' or 'onednn'.",
    });
  }
  requireEngine("precision: 'bf16'");
  if (native.features.bf16) return;
  throw new CaffeError('ERR_CAFFE_UNSUPPORTED', "precision: 'bf16' needs a processor with AVX512-BF16 or AMX; this one has neither.", {
    hint: "Use precision: 'f32'.",
  });
}

/** Where it is kept what was found out about plans; nowhere for a user without a home. */
function planFolder(): string {
  try {
    return path.join(cacheFolder(), 'plans', packageVersion);
  } catch {
    return '';
  }
}

const { version: packageVersion } = require('../package.json') as { version: string };
