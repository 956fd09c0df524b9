import type { ResizeMode } from '../pixels';

/** How images are stored. `png` and `none` (raw) keep every pixel; `jpeg` (quality 90) is smaller, and its losses are trained with. */
export const ENCODINGS = ['png', 'jpeg', 'none'] as const;
export type Encoding = (typeof ENCODINGS)[number];

export const SET_NAMES = ['train', 'validation', 'test'] as const;
export type SetName = (typeof SET_NAMES)[number];

/** Numbers of images. */
export type Counts = Record<SetName, number>;

/** A file that was left out. */
export interface SkippedFile {
  file: string;
  reason: string;
}

/** A set of labelled images, ready to train with, and where it lies. All of it but `path` is kept in its dataset.json. */
export interface Dataset {
  /** The folder, absolute. */
  readonly path: string;
  /** The folder of photographs that it was made from, absolute. */
  readonly source: string;
  /** Class names; the position is the class's index. */
  readonly labels: readonly string[];
  readonly counts: Readonly<Counts>;
  /** In the order of the labels. */
  readonly perClass: readonly ({ label: string } & Counts)[];
  /** [height, width] of every image, in pixels. */
  readonly size: readonly [number, number];
  /** 3: colour, 1: grey. */
  readonly channels: 1 | 3;
  readonly resizeMode: ResizeMode;
  /** How pixels were interpolated when resizing. */
  readonly resampler: string;
  /** What transparent pixels were laid on. */
  readonly alpha: 'white';
  /** Whether the orientation in EXIF data was applied. */
  readonly exif: boolean;
  readonly encoding: Encoding;
  /** Mean colour of the training images, 0 to 255, in Caffe's order (blue, green, red). The mean image is the file mean.binaryproto. */
  readonly mean: readonly number[];
  /** Of the random order in which images were split and stored. */
  readonly seed: number;
  /** Files of the source that could not be used. */
  readonly skipped: readonly SkippedFile[];
  /** Classes left out because they have too few images. */
  readonly dropped: readonly { label: string; images: number }[];
}

/** The files of a dataset folder (DESIGN, section 4), by the names DIGITS gives them. */
export const DATASET_FILES = {
  labels: 'labels.txt',
  mean: 'mean.binaryproto',
  meanPicture: 'mean.jpg',
  record: 'dataset.json',
} as const;

/** The database of each set, and the list of its images: `path label` per line, in the order of the database. */
export const SET_FILES: Readonly<Record<SetName, { database: string; list: string }>> = {
  train: { database: 'train_db', list: 'train.txt' },
  validation: { database: 'val_db', list: 'val.txt' },
  test: { database: 'test_db', list: 'test.txt' },
};

/** The key of an image in its database: they sort in the order in which the images are stored. */
export function keyOf(index: number, label: number): string {
  return `${String(index).padStart(8, '0')}_${label}`;
}
