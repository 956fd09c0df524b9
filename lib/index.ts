/** The public API of caffe-node. */
import * as io from './io';
import * as networks from './networks';
import * as prototxt from './prototxt';

export type { Blob } from './blob';
export { caffe, type Device, type Features, type LogMessage } from './caffe';
export {
  Classifier,
  type ClassifierImage,
  type ClassifierNetwork,
  type ClassifierOptions,
  type ClassifyImageOptions,
  type PredictOptions,
} from './classifier';
export { type ClassifyOptions, classify, type Prediction } from './classify';
export { createDataset, type Dataset, type DatasetOptions, type DatasetProgress, openDataset } from './dataset';
export { type Archive, type DeployOptions, deploy } from './deploy';
export { type Detection, Detector, type DetectorNetwork, type DetectorOptions, type DetectorWindow, type ImageWindows } from './detector';
export { CaffeError, type CaffeErrorCode, type CaffeErrorDetails } from './errors';
export { type FetchedModel, type FetchOptions, type FetchProgress, fetchModel, type ModelRecord, type NetworkFiles } from './fetch-model';
export { type ImageTensor, type LoadImageOptions, loadImage, oversample, resizeImage } from './image';
export type { BlobProto, BlobProtoVector, Datum, DatumArray } from './io';
export { JavaScriptLayer, type JavaScriptLayerClass, type LayerBlob, type LayerMethods, registerLayer } from './javascript-layer';
export { type Model, type ModelLike, openModel, type Snapshot } from './model';
export type { ClassMetrics, Metrics } from './model-info';
export {
  type BackwardBatchOptions,
  type BatchOptions,
  type BlobMemory,
  type CopyOptions,
  type CopyReport,
  type Engine,
  type EngineOptions,
  type ForwardBackward,
  type Item,
  type Items,
  type Layer,
  type LayerEvent,
  type LayerListener,
  Net,
  type NetEngine,
  type NetHandle,
  type NetMemory,
  type NetOptions,
  type NetPlan,
  type Phase,
  type PlanStep,
  type Precision,
  type RunOptions,
  type Weights,
} from './net';
export { type ExportOnnxOptions, exportOnnx, type OnnxExport, type OnnxNetwork, type OnnxPort } from './onnx';
export type { ImageSource, RawFrame, ResizeMode } from './pixels';
export type { Preprocessing } from './preprocessing';
export type { Run } from './run';
export {
  type DebugEntry,
  type DebugEvent,
  type IterationEvent,
  type SnapshotEvent,
  type SolveResult,
  Solver,
  type SolverEvent,
  type SolverOptions,
  type SolverParameter,
  type StepResult,
  type TestEvent,
} from './solver';
export type { Tensor, TensorLike } from './tensor';
export * from './tools';
export {
  type EndReason,
  type LearningRateChoice,
  type LearningRatePolicy,
  type MeanOption,
  type RangePoint,
  type RetargetedHead,
  type SolverType,
  type TrainingEvent,
  type TrainingPlan,
  type TrainingWarning,
  type TrainOptions,
  train,
} from './train';
export { type Mean, Transformer, type TransformerSettings } from './transformer';
export { io, networks, prototxt };
