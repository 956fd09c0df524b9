/** The addon's typed surface, see native.ts: nets, solvers, layers in JavaScript. */

export type Phase = 'train' | 'test';

/** Row-major float32 values in Caffe's order (N, C, H, W). */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}
export type Tensors = Record<string, Tensor>;

/** Stops a job at its next layer or iteration. */
export interface NativeStopFlag {
  set(): void;
}

/** A network as the file or the caller gives it. */
export type NativeModel = { path: string } | { text: string } | { bytes: Uint8Array };

/** What runs a net, and how. */
export interface NativeEngine {
  /** 'onednn' insists on a plan; 'trust' takes it where there can be one, as 'auto', but without comparing. */
  name: 'auto' | 'caffe' | 'onednn' | 'trust';
  precision: 'f32' | 'bf16';
  releaseOriginals: boolean;
  /** The folder that keeps what is found out about plans; empty for none. */
  cache: string;
}

export interface NativeNetRequest {
  model: NativeModel;
  phase: Phase;
  level: number;
  stages: string[];
  weights: (string | Uint8Array)[];
  /** Relative sources inside the network file are meant relative to this folder; empty: the working directory. */
  basePath: string;
  /** Absent: Caffe. */
  engine?: NativeEngine;
}

export interface NativeLayer {
  name: string;
  type: string;
  bottoms: string[];
  tops: string[];
  /** The layer and place that each parameter belongs to; the layer's own, unless it is shared by `param { name: … }`. */
  params: { layer: number; index: number }[];
  lossWeights: number[];
}

/** Bytes. */
export interface NativeBlobBytes {
  data: number;
  diff: number;
}

/** What `share` gives: plain data. */
export interface NativeTicket {
  process: string;
  id: number;
}

/** What was done with each layer of a weights file. */
export interface CopyReport {
  /** Layers whose parameters were taken over. */
  copied: string[];
  /** Layers with parameters that the file does not hold: they keep what they had. */
  missing: string[];
  /** Layers of the file that the net does not have. */
  unused: string[];
  /** Layers of the file that were taken over under another name. */
  renamed: { from: string; to: string }[];
  /** Layers left out because their shapes differ (only when not strict). */
  mismatched: { layer: string; index: number; file: number[]; net: number[] }[];
}

export interface NativeCopyRequest {
  weights: string | Uint8Array;
  strict: boolean;
  ignore: string[];
  rename: Record<string, string>;
}

export interface NativeRunRequest {
  /** Without a shape the values take the one that the blob has when the run begins. */
  feeds: { name: string; shape?: number[]; data: Float32Array }[];
  /** Layer indices, both included. */
  first: number;
  last: number;
  fetch: string[];
  /** Whether a plan puts a clock around each of its steps. */
  timed?: boolean;
  stop?: NativeStopFlag;
}

export interface NativeBlob {
  readonly shape: number[];
  readonly count: number;
  view(what: 'data' | 'diff'): Float32Array;
  set(what: 'data' | 'diff', values: Float32Array): void;
  reshape(shape: number[]): void;
  read(what: 'data' | 'diff'): Promise<Tensor>;
  asum(what: 'data' | 'diff'): Promise<number>;
  sumsq(what: 'data' | 'diff'): Promise<number>;
  scale(what: 'data' | 'diff', factor: number): Promise<number>;
}

export interface NativeNetFacts {
  name: string;
  phase: Phase;
  inputs: string[];
  outputs: string[];
  blobNames: string[];
  layers: NativeLayer[];
}

/** A plan, for the shapes of the last run. */
export interface NativePlan {
  precision: 'f32' | 'bf16';
  threads: number;
  inputs: Record<string, number[]>;
  wanted: string[];
  steps: { layers: number[]; engine: 'caffe' | 'onednn'; primitive: string; format: string; milliseconds: number }[];
  bytes: number;
}

export interface NativeNet {
  readonly facts: NativeNetFacts;
  readonly busy: boolean;
  blob(name: string): NativeBlob;
  param(layer: number, index: number): NativeBlob;
  forward(request: NativeRunRequest): Promise<Tensors>;
  /** Feeds are diffs of tops; fetches are diffs. `first` ≥ `last`: backward goes down. */
  backward(request: NativeRunRequest): Promise<Tensors>;
  reshape(): Promise<void>;
  copyFrom(request: NativeCopyRequest): Promise<CopyReport>;
  /** The shapes of blobs, after the runs that were asked for before. */
  shapes(names: string[]): Promise<number[][]>;
  /** Bytes held: by blob in the order of `blobNames`, by parameter of each layer. Memory in use twice counts once in the total. */
  memory(): { blobs: NativeBlobBytes[]; params: NativeBlobBytes[][]; total: number };
  /** What computes forward runs; a reason where it is Caffe, else an empty text. */
  engine(): { name: 'caffe' | 'onednn'; precision: 'f32' | 'bf16'; reason: string };
  /** The plan of the last run; null where Caffe computed it. */
  plan(): NativePlan | null;
  /** Calls back with [layer, backward ? 1 : 0, after ? 1 : 0, …]. The listener is held weakly. */
  listen(listener: (events: number[]) => void, forward: boolean, backward: boolean): void;
  /** Items and labels for a first layer of type MemoryData. */
  setItems(items: { data: Tensor; labels: Float32Array }): Promise<void>;
  shareWith(other: NativeNet): void;
  share(): NativeTicket;
  save(path: string, options: { format: 'binaryproto' | 'hdf5'; diffs: boolean }): Promise<void>;
  toBuffer(): Promise<Buffer>;
  toPrototxt(): string;
  clearParamDiffs(): void;
  /** Sends every Data layer of the net back to the given item; 0 is the first of the first epoch. */
  rewind(item: number): Promise<void>;
  dispose(): Promise<void>;
}

export interface NativeSolverRequest {
  solver: NativeModel;
  basePath: string;
  weights: (string | Uint8Array)[];
  /** Absent: Caffe. */
  engine?: NativeEngine;
}

export interface NativeStep {
  iteration: number;
  loss: number;
  smoothedLoss: number;
  learningRate: number;
  waiting: number;
  outputs: Tensors;
  /** The loss is NaN or infinite; the steps after this iteration were not taken. */
  diverged: boolean;
}

/** Told while a solver steps. */
export interface NativeStepListeners {
  event(event: NativeSolverEvent): void;
  /** Before the first forward pass of each iteration, which waits for the promise; the net is lent. */
  start?(): Promise<void>;
  /** Between the backward pass and the update, likewise. */
  gradientsReady?(): Promise<void>;
}

export type NativeSolverEvent =
  | { type: 'test'; iteration: number; index: number; outputs: Tensors; loss?: number }
  | { type: 'snapshot'; iteration: number; model: string; state: string }
  | { type: 'debug'; iteration: number; entries: NativeDebugEntry[]; data: NativeNorms; diff: NativeNorms };

export interface NativeDebugEntry {
  phase: 'forward' | 'backward' | 'update';
  layer: string;
  /** A top (forward) or a bottom (backward); absent for a parameter. */
  blob?: string;
  /** Index of the layer's parameter; absent for a blob. */
  param?: number;
  /** Mean absolute value. */
  data?: number;
  diff?: number;
}

export interface NativeNorms {
  l1: number;
  l2: number;
}

export interface NativeSolver {
  readonly type: string;
  readonly iteration: number;
  readonly learningRate: number;
  readonly net: NativeNet;
  readonly testNets: NativeNet[];
  /** A copy, as the caller wrote it and changed it since. */
  readonly param: Record<string, unknown>;
  /** Sets fields that Caffe reads anew in each iteration, and returns them; needs no idle solver. */
  change(fields: Record<string, unknown>): Record<string, unknown>;
  step(count: number, stop: NativeStopFlag | undefined, listeners: NativeStepListeners): Promise<NativeStep>;
  test(index: number, stop?: NativeStopFlag): Promise<NativeSolverEvent & { type: 'test' }>;
  snapshot(): Promise<NativeSolverEvent & { type: 'snapshot' }>;
  restore(path: string): Promise<void>;
  applyUpdate(): Promise<void>;
  /** The same by Caffe's own code, for whoever compares them. */
  applyCaffesUpdate(): Promise<void>;
  dispose(): Promise<void>;
}

/** A layer of a net that is written in JavaScript, as the network file has it. */
export interface NativeLayerFacts {
  name: string;
  phase: Phase;
  /** Empty when the file names none. */
  module: string;
  layer: string;
  paramString: string;
  bottoms: string[];
  tops: string[];
}

/** The blobs of a JavaScript layer while one of its methods runs; every function throws ERR_CAFFE_BUSY afterwards. */
export interface NativeLayerCall {
  count(list: 'bottoms' | 'tops' | 'params'): number;
  shape(list: 'bottoms' | 'tops' | 'params', index: number): number[];
  view(list: 'bottoms' | 'tops' | 'params', index: number, what: 'data' | 'diff'): Float32Array;
  reshape(list: 'bottoms' | 'tops' | 'params', index: number, shape: number[]): void;
  /** The index of the parameter. */
  addParam(shape: number[]): number;
}

/** Runs the methods of a JavaScript layer for the addon. */
export interface NativeLayerDriver {
  readonly hasBackward: boolean;
  run(method: 'setup' | 'reshape' | 'forward' | 'backward', call: NativeLayerCall, propagateDown: boolean[]): unknown;
}

/** One iteration in milliseconds; arrays by layer index. */
export interface NativeIterationTimes {
  forward: number[];
  backward: number[];
  forwardTotal: number;
  backwardTotal: number;
}

/** A net with a clock around each layer. */
export interface NativeNetTiming {
  readonly layers: { name: string; type: string }[];
  run(stop?: NativeStopFlag): Promise<NativeIterationTimes>;
  close(): Promise<void>;
}
