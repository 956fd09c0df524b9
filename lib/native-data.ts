/** The addon's typed surface, see native.ts: messages, databases, images. */
import type { NativeStopFlag, Tensor } from './native-nets';

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
  /** The linked Caffe's caffe.proto as protobuf describes it: a FileDescriptorProto. */
  descriptor(): NativeProtoFile;
}

/** The messages and enums of a .proto file, or those declared inside a message; parts that are empty are absent. */
export interface NativeProtoFile {
  message_type?: NativeProtoMessage[];
  enum_type?: NativeProtoEnum[];
}

export interface NativeProtoMessage {
  name: string;
  field?: NativeProtoField[];
  nested_type?: NativeProtoMessage[];
  enum_type?: NativeProtoEnum[];
}

export interface NativeProtoField {
  name: string;
  number: number;
  label: 'LABEL_OPTIONAL' | 'LABEL_REQUIRED' | 'LABEL_REPEATED';
  /** TYPE_FLOAT, TYPE_MESSAGE … */
  type: string;
  /** The full name of a message or enum: '.caffe.PoolingParameter.PoolMethod'. */
  type_name?: string;
  /** As text. */
  default_value?: string;
  options?: { deprecated?: boolean };
}

export interface NativeProtoEnum {
  name: string;
  value: { name: string; number: number }[];
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
