/** From a folder of photographs to what a network is trained with. */
export { createDataset } from './create';
export { type Counts, DATASET_FILES, type Dataset, type Encoding, SET_FILES, type SetName, type SkippedFile } from './dataset';
export { openDataset } from './open';
export type { DatasetOptions, DatasetProgress } from './options';
