/**
 * The only file that sees the addon: its typed surface and the loader. Everything below is plain data; checks, defaults and friendly
 * messages live above, the addon checks again only what memory safety needs. Every function that returns a promise runs off the main thread.
 */
import path from 'node:path';
import { currentCallback, enterCallback } from './callbacks';
import { CaffeError, messageOf } from './errors';

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

export interface NativeNetRequest {
  model: NativeModel;
  phase: Phase;
  level: number;
  stages: string[];
  weights: (string | Uint8Array)[];
  /** Relative sources inside the network file are meant relative to this folder; empty: the working directory. */
  basePath: string;
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
}

export interface NativeStep {
  iteration: number;
  loss: number;
  smoothedLoss: number;
  learningRate: number;
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
  dispose(): Promise<void>;
}

/** Protobuf messages of caffe.proto as plain objects: snake_case fields, enums as their names, bytes as Uint8Array, int64 as number. */
export interface NativeMessages {
  /** @throws ERR_CAFFE_PROTOTXT with line and column. */
  fromText(type: string, text: string): Record<string, unknown>;
  toText(type: string, value: object): string;
  fromBinary(type: string, bytes: Uint8Array): Record<string, unknown>;
  toBinary(type: string, value: object): Buffer;
  /** fromBinary and toBinary with protobuf's work off the main thread. */
  decode(type: string, bytes: Uint8Array): Promise<Record<string, unknown>>;
  encode(type: string, value: object): Promise<Buffer>;
  /** Names of the types, e.g. 'NetParameter'. */
  types(): string[];
}

/** One image for a dataset: the pixels as they will be read back, and the bytes to store. */
export interface NativeDatasetItem {
  key: string;
  label: number;
  height: number;
  width: number;
  /** 1 or 3. */
  channels: number;
  /** Raw RGB (or grey) pixels, row by row, interleaved; they go into the mean. */
  pixels: Uint8Array;
  /** The PNG or JPEG file to store; absent: the pixels are stored raw, as BGR planes. */
  encoded?: Uint8Array;
}

/** An entry of a database that need not be like the others: one of `pixels`, `encoded` and `floats` is given. */
export interface NativeRecord {
  key: string;
  label: number;
  channels: number;
  height: number;
  width: number;
  /** Raw RGB (or grey) pixels, row by row, interleaved; they are stored as BGR planes. */
  pixels?: Uint8Array;
  /** A PNG or JPEG file. */
  encoded?: Uint8Array;
  /** Planes of values, such as the features of an image. */
  floats?: Float32Array;
}

export interface NativeDatabaseWriter {
  put(items: NativeDatasetItem[]): Promise<void>;
  /** Entries of any sizes, which do not count in the mean. */
  putRecords(records: NativeRecord[]): Promise<void>;
  /** Mean over all items put so far; shape [1, C, H, W], BGR. */
  mean(): Promise<Tensor>;
  close(): Promise<void>;
}

export interface NativeDatum {
  key: string;
  label: number;
  height: number;
  width: number;
  channels: number;
  encoded: boolean;
  data: Uint8Array;
  /** The values of a datum of floats. */
  floats?: Float32Array;
}

export interface NativeDatabaseReader {
  readonly count: number;
  read(start: number, count: number): Promise<NativeDatum[]>;
  close(): Promise<void>;
}

/** The mean of the images of a database, summed up piece by piece. */
export interface NativeImageMean {
  /** Entries of the database. */
  readonly count: number;
  /** Adds up to `count` further images; resolves with how many there are so far. */
  add(count: number, stop?: NativeStopFlag): Promise<number>;
  /** Shape [1, C, H, W], planes as they are stored, encoded images as BGR. */
  mean(): Promise<Tensor>;
  close(): Promise<void>;
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

/** What Caffe's transform_param says, for images outside a net: the very code of our Data layer. */
export interface NativePixelTransform {
  /** Side of the centre crop; 0: none. */
  crop: number;
  scale: number;
  /** One per channel in BGR order, or one for all, or empty. */
  meanValues: number[];
  /** Shape [1, C, H, W], BGR; cropped like the image. */
  meanImage?: Tensor;
}

/** 8-bit pixels, row by row, the channels side by side (RGB, or grey) unless said otherwise. */
export interface NativePixels {
  height: number;
  width: number;
  /** 1 or 3. */
  channels: number;
  pixels: Uint8Array;
}

/** Pixels as a caller has them. */
export interface NativeFrame {
  /** Of floats, 0 is black and 1 is white. */
  data: Uint8Array | Uint8ClampedArray | Float32Array;
  height: number;
  width: number;
  /** 1 grey, 2 grey and alpha, 3 colour, 4 colour and alpha. */
  channels: number;
  bgr: boolean;
  /** Elements of `data` from the beginning of a row to that of the next. */
  stride: number;
}

export interface NativeTransformerSpec {
  /** [height, width] of the net's input: the image is resized to it when it differs. */
  size: [number, number];
  transpose?: number[];
  channelSwap?: number[];
  rawScale?: number;
  mean?: Tensor;
  inputScale?: number;
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

export interface Native {
  initialize(parts: { CaffeError: typeof CaffeError; enterCallback: typeof enterCallback; currentCallback: typeof currentCallback }): void;
  readonly version: string;
  readonly features: Readonly<Record<string, string | boolean>>;
  layerTypes(): string[];
  /** What makes a layer of type JavaScript; for a class that is not registered it gives the names that are. */
  setLayerHost(create: (facts: NativeLayerFacts) => NativeLayerDriver | string[]): void;
  setThreads(count: number): void;
  setLanes(count: number): void;
  setRandomSeed(seed: number): void;
  /** The CUDA device of the jobs from now on; null: the CPU. */
  setGpu(device: number | null): void;
  devices(): Promise<{ index: number; name: string; memory: number }[]>;
  /** Severity 0 info, 1 warning, 2 error, from the lowest given on; null stops. */
  setLogListener(listener: ((severity: number, file: string, line: number, message: string) => void) | null, lowestSeverity: number): void;
  StopFlag: new () => NativeStopFlag;
  loadNet(request: NativeNetRequest): Promise<NativeNet>;
  attachNet(ticket: NativeTicket): Promise<NativeNet>;
  /** Bytes outside the heap that the garbage collector was told of; process.memoryUsage() shows those of array buffers only. */
  externalMemory(): number;
  /** Whether this is a native net, and no imitation of one. */
  isNet(value: unknown): value is NativeNet;
  loadSolver(request: NativeSolverRequest): Promise<NativeSolver>;
  /** Whether this is a native solver, and no imitation of one. */
  isSolver(value: unknown): value is NativeSolver;
  /** The text after Caffe's own upgrade, and the version it came from. */
  upgradeNet(text: string): Promise<{ text: string; from: 'v0' | 'v1' | 'v2' }>;
  /** From file to file, written whole; resolves with the version it came from. */
  upgradeNetBinary(input: string, output: string): Promise<'v0' | 'v1' | 'v2'>;
  upgradeSolver(text: string): Promise<{ text: string; upgraded: boolean }>;
  openNetTiming(request: NativeNetRequest): Promise<NativeNetTiming>;
  messages: NativeMessages;
  /** A new LMDB at a path that must not exist. */
  createDatabase(path: string): Promise<NativeDatabaseWriter>;
  openDatabase(path: string): Promise<NativeDatabaseReader>;
  openImageMean(path: string): Promise<NativeImageMean>;
  /**
   * Images of one size into one batch: BGR planes, cropped, mean subtracted, scaled. Shape [N, C, H, W], of the centre of each image; with
   * `oversample` [10 N, C, H, W]: the corners and the centre, then the same mirrored.
   */
  transformPixels(images: NativePixels[], transform: NativePixelTransform, oversample?: boolean): Promise<Tensor>;
  /** JPEG or PNG bytes as our Data layer decodes them. */
  decodeImage(bytes: Uint8Array): Promise<NativePixels>;
  /** The same as planes: blue, green, red. */
  decodePlanes(bytes: Uint8Array): Promise<NativePixels>;
  /** Shape [H, W, 3 (RGB) or 1], 0 to 1, alpha laid on white; resized as by `resize` where a size is given. The frame is copied before the call returns. */
  frameImage(frame: NativeFrame, color: boolean, size?: [number, number]): Promise<Tensor>;
  /** The same in 8 bits: floats are rounded. A grey frame stays grey. */
  framePixels(frame: NativeFrame): Promise<NativePixels>;
  /** pycaffe's Transformer and io functions on [H, W, C] images. */
  preprocess(image: Tensor, spec: NativeTransformerSpec): Promise<Tensor>;
  /** Shape [N, C, H, W]. */
  preprocessBatch(images: Tensor[], spec: NativeTransformerSpec): Promise<Tensor>;
  deprocess(tensor: Tensor, spec: NativeTransformerSpec): Promise<Tensor>;
  resize(image: Tensor, size: [number, number], order: 0 | 1): Promise<Tensor>;
  oversample(images: Tensor[], crop: [number, number]): Promise<Tensor>;
}

// node-gyp-build has no types.
const loadAddon: (root: string) => unknown = require('node-gyp-build');

/** Loads a local build first, then the prebuilt binary of the package, and hands our error class over. */
function load(): Native {
  try {
    const addon = loadAddon(path.join(__dirname, '..')) as Native;
    addon.initialize({ CaffeError, enterCallback, currentCallback });
    return addon;
  } catch (error) {
    throw new CaffeError('ERR_CAFFE_LOAD', `The native part of caffe-node could not be loaded: ${messageOf(error)}`, {
      hint:
        `There is no working binary for ${process.platform}-${process.arch}, Node ${process.versions.node}. ` +
        'In a checkout, run "npm run build"; see docs/setup.md for building against your own Caffe.',
      cause: error,
    });
  }
}

export const native: Native = load();
