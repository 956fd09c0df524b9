/** Runs of a net: what the caller asks for, checked by name and turned into indices. */
import { CaffeError, describe } from './errors';
import { readEntries, readOptions, readTexts } from './given';
import type { NativeNetFacts, NativeRunRequest } from './native';
import { feedOf, type TensorLike } from './tensor';

export interface RunOptions {
  /** Name of the first layer that runs. Default: the first of the net (forward), the last (backward). */
  start?: string;
  /** Name of the last layer that runs, included. Default: the last of the net (forward), the first (backward). */
  end?: string;
  /** Further blobs to return beside the outputs. */
  blobs?: string[];
  /** Whether a forward run by the fast engine puts a clock around each of its steps, for `net.plan`. Default false. */
  timed?: boolean;
  /** Aborts before the next layer. */
  signal?: AbortSignal;
}

/** A run as plain data, and what may stop it. */
export interface PlannedRun {
  readonly request: Omit<NativeRunRequest, 'stop'>;
  readonly signal: AbortSignal | undefined;
}

const RUN_OPTIONS = ['start', 'end', 'blobs', 'timed', 'signal'] as const;

/** As pycaffe: a forward run gives the outputs of the net, or the tops of the layer it was told to end with. */
export function planForward(net: NativeNetFacts, inputs: Record<string, TensorLike>, options: RunOptions): PlannedRun {
  const { start, end, blobs = [], timed = false, signal } = readOptions(options, RUN_OPTIONS);
  if (typeof timed !== 'boolean') {
    throw new CaffeError('ERR_CAFFE_INPUT', `'timed' must be true or false; ${describe(timed)} was given.`);
  }
  const feeds = readEntries(inputs, 'The inputs').map(([name, value]) => {
    if (!net.inputs.includes(name)) throw unknownName(net, 'an input', name, net.inputs);
    return { name, ...feedOf(value, `Input '${name}'`, name) };
  });
  const first = layerIndex(net, start, 0);
  const last = layerIndex(net, end, net.layers.length - 1);
  if (first > last) throw wrongOrder(start, end, 'above');
  const outputs = end === undefined ? net.outputs : (net.layers[last]?.tops ?? []);
  return { request: { feeds, first, last, fetch: withBlobs(net, outputs, blobs), timed }, signal };
}

/** As pycaffe: a backward run gives the diffs of the inputs, or of the bottoms of the layer it was told to end with. */
export function planBackward(net: NativeNetFacts, diffs: Record<string, TensorLike>, options: RunOptions): PlannedRun {
  const { start, end, blobs = [], signal } = readOptions(options, RUN_OPTIONS);
  const feeds = readEntries(diffs, 'The diffs').map(([name, value]) => {
    if (!net.blobNames.includes(name)) throw unknownName(net, 'a blob', name, net.blobNames);
    return { name, ...feedOf(value, `The diff of '${name}'`, name) };
  });
  const first = layerIndex(net, start, net.layers.length - 1);
  const last = layerIndex(net, end, 0);
  if (first < last) throw wrongOrder(start, end, 'below');
  const bottoms = end === undefined ? net.inputs : (net.layers[last]?.bottoms ?? []);
  return { request: { feeds, first, last, fetch: withBlobs(net, bottoms, blobs) }, signal };
}

/** Names of blobs and further ones that the caller asks for, each once. */
export function withBlobs(net: NativeNetFacts, names: readonly string[], further: readonly string[], what = "'blobs'"): string[] {
  const added = readTexts(further, what);
  for (const name of added) if (!net.blobNames.includes(name)) throw unknownName(net, 'a blob', name, net.blobNames);
  return [...new Set([...names, ...added])];
}

/** @throws {CaffeError} ERR_CAFFE_INPUT when the net has no such layer. */
export function requireLayer(net: NativeNetFacts, name: string): number {
  const index = net.layers.findIndex((layer) => layer.name === name);
  if (index >= 0) return index;
  throw unknownName(
    net,
    'a layer',
    name,
    net.layers.map((layer) => layer.name),
  );
}

export function unknownName(net: NativeNetFacts, what: string, name: string, known: readonly string[]): CaffeError {
  const shown = known.length > 12 ? `${known.slice(0, 12).join(', ')} …` : known.join(', ');
  return new CaffeError('ERR_CAFFE_INPUT', `${describe(name)} is not ${what} of '${net.name}'.`, {
    hint: known.length === 0 ? 'It has none.' : `It has: ${shown}.`,
  });
}

function layerIndex(net: NativeNetFacts, name: string | undefined, otherwise: number): number {
  return name === undefined ? otherwise : requireLayer(net, name);
}

function wrongOrder(start: string | undefined, end: string | undefined, side: 'above' | 'below'): CaffeError {
  return new CaffeError('ERR_CAFFE_INPUT', `The layer '${end}' to end with must lie ${side} '${start}', to start with.`);
}
