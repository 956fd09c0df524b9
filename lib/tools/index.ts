/** What the command-line tools of Caffe do, as functions. */
export { type CaffeLog, type CaffeLogOptions, caffeLog, type LoggedEvent } from './caffe-log';
export { computeImageMean, type ImageMean, type ImageMeanOptions } from './compute-image-mean';
export { type ConvertedImageset, type ConvertImagesetOptions, convertImageset, type ListedFile } from './convert-imageset';
export { drawNet } from './draw-net';
export { type ExtractedFeatures, type ExtractFeaturesOptions, extractFeatures } from './extract-features';
export { type FeatureOptions, streamFeatures } from './features';
export { logCsv } from './log-csv';
export { type OpenSolverOptions, openSolver } from './open-solver';
export type { ToolProgress } from './options';
export { type LogRow, type ParsedLog, parseLog } from './parse-log';
export type { NetworkLike } from './source';
export { type TestedNet, type TestNetOptions, testNet } from './test-net';
export { type LayerTiming, type NetTiming, type TimeNetOptions, type Timing, timeNet } from './time-net';
export { type PlanTiming, type StepTiming, type TimePlanOptions, timePlan } from './time-plan';
export { type NetworkVersion, upgradeNetBinaryFile, upgradeNetFile, upgradeSolverFile } from './upgrade-files';
