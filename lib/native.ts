/**
 * The only file that sees the addon: its functions and the loader; native-nets.ts and native-data.ts hold the types of what they take
 * and give. All of it is plain data; checks, defaults and friendly messages live above, the addon checks again only what memory safety
 * needs. Every function that returns a promise runs off the main thread.
 */
import path from 'node:path';
import { currentCallback, enterCallback } from './callbacks';
import { CaffeError, messageOf } from './errors';
import type {
  NativeDatabaseReader,
  NativeDatabaseWriter,
  NativeFrame,
  NativeImageMean,
  NativeMessages,
  NativePixels,
  NativePixelTransform,
  NativeTransformerSpec,
} from './native-data';
import type {
  NativeEngine,
  NativeLayerDriver,
  NativeLayerFacts,
  NativeNet,
  NativeNetRequest,
  NativeNetTiming,
  NativeSolver,
  NativeSolverRequest,
  NativeStopFlag,
  NativeTicket,
  Tensor,
} from './native-nets';

export type * from './native-data';
export type * from './native-nets';

export interface Native {
  initialize(parts: { CaffeError: typeof CaffeError; enterCallback: typeof enterCallback; currentCallback: typeof currentCallback }): void;
  readonly version: string;
  readonly features: Readonly<Record<string, string | boolean>>;
  layerTypes(): string[];
  /** What makes a layer of type JavaScript; for a class that is not registered it gives the names that are. */
  setLayerHost(create: (facts: NativeLayerFacts) => NativeLayerDriver | string[]): void;
  setThreads(count: number): void;
  setLanes(count: number): void;
  threads(): number;
  lanes(): number;
  /** The default number of threads on a machine whose root folder is given, for a process that may use these logical processors. */
  usableCores(processors: number[], root: string): number;
  setRandomSeed(seed: number): void;
  /** The CUDA device of the jobs from now on; null: the CPU. */
  setGpu(device: number | null): void;
  devices(): Promise<{ index: number; name: string; memory: number }[]>;
  /** Severity 0 info, 1 warning, 2 error, from the lowest given on; null stops. */
  setLogListener(listener: ((severity: number, file: string, line: number, message: string) => void) | null, lowestSeverity: number): void;
  StopFlag: new () => NativeStopFlag;
  loadNet(request: NativeNetRequest): Promise<NativeNet>;
  attachNet(ticket: NativeTicket, engine: NativeEngine): Promise<NativeNet>;
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
  /** A NetParameter of any format that nets take their weights from: its path, or its bytes. */
  readWeights(weights: string | Uint8Array): Promise<Record<string, unknown>>;
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
