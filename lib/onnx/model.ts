/** An ONNX model as data, and its encoding: the messages of onnx.proto3 of which we need something. */
import { types } from 'node:util';
import { MessageWriter } from './protobuf';

/** What a node reads or writes. Named last, when it is known which blob of Caffe's it is. */
export interface Value {
  name: string;
}

/** A number is written as an integer, or as a float where it says so. */
export type Attribute = number | string | readonly number[] | { readonly float: number };
export type Attributes = Readonly<Record<string, Attribute>>;

export interface Node {
  name: string;
  readonly type: string;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly attributes: Attributes;
  readonly doc: string;
}

/** A constant: weights, or what a node takes as an input that is none of the data. */
export interface Initializer {
  readonly value: Value;
  readonly shape: readonly number[];
  readonly data: Float32Array | BigInt64Array;
}

/** An extent, the name of one that is open, or nothing known. */
export type Extent = number | string | undefined;

/** An input or output of the graph; all of them are float32. */
export interface Port {
  readonly value: Value;
  readonly shape: readonly Extent[];
}

export interface OnnxModel {
  readonly name: string;
  readonly producer: { readonly name: string; readonly version: string };
  readonly opset: number;
  readonly nodes: readonly Node[];
  readonly initializers: readonly Initializer[];
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** Of the file format; 7 came with opset 12 and is read by all that read opset 13. */
const IR_VERSION = 7;

/** AttributeProto.AttributeType */
const ATTRIBUTE = { FLOAT: 1, INT: 2, STRING: 3, INTS: 7 };
/** TensorProto.DataType */
export const DATA = { FLOAT: 1, INT64: 7 };

/** @returns the file's message; its parts refer to the weights. */
export function encodeModel({ producer, opset, metadata, ...graph }: OnnxModel): MessageWriter {
  const model = new MessageWriter()
    .integer(1, IR_VERSION)
    .text(2, producer.name)
    .text(3, producer.version)
    .message(7, encodeGraph(graph))
    .message(8, new MessageWriter().text(1, '').integer(2, opset));
  for (const [key, value] of Object.entries(metadata)) model.message(14, new MessageWriter().text(1, key).text(2, value));
  return model;
}

function encodeGraph({ name, nodes, initializers, inputs, outputs }: Omit<OnnxModel, 'producer' | 'opset' | 'metadata'>): MessageWriter {
  const graph = new MessageWriter();
  for (const node of nodes) graph.message(1, encodeNode(node));
  graph.text(2, name);
  for (const initializer of initializers) graph.message(5, encodeInitializer(initializer));
  for (const port of inputs) graph.message(11, encodePort(port));
  for (const port of outputs) graph.message(12, encodePort(port));
  return graph;
}

function encodeNode({ name, type, inputs, outputs, attributes, doc }: Node): MessageWriter {
  const node = new MessageWriter();
  for (const input of inputs) node.text(1, input.name);
  for (const output of outputs) node.text(2, output.name);
  node.text(3, name).text(4, type);
  for (const [key, value] of Object.entries(attributes)) node.message(5, encodeAttribute(key, value));
  return node.text(6, doc);
}

function encodeAttribute(name: string, value: Attribute): MessageWriter {
  const attribute = new MessageWriter().text(1, name);
  if (typeof value === 'number') return attribute.integer(3, value).integer(20, ATTRIBUTE.INT);
  if (typeof value === 'string') return attribute.text(4, value).integer(20, ATTRIBUTE.STRING);
  if ('float' in value) return attribute.float(2, value.float).integer(20, ATTRIBUTE.FLOAT);
  for (const integer of value) attribute.integer(8, integer);
  return attribute.integer(20, ATTRIBUTE.INTS);
}

function encodeInitializer({ value, shape, data }: Initializer): MessageWriter {
  const tensor = new MessageWriter();
  for (const extent of shape) tensor.integer(1, extent);
  tensor.integer(2, types.isFloat32Array(data) ? DATA.FLOAT : DATA.INT64);
  // Every platform that Node runs on with this package stores the lowest byte first, as ONNX does.
  return tensor.text(8, value.name).bytes(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

function encodePort({ value, shape }: Port): MessageWriter {
  const extents = new MessageWriter();
  for (const extent of shape) extents.message(1, encodeExtent(extent));
  const tensor = new MessageWriter().integer(1, DATA.FLOAT).message(2, extents);
  return new MessageWriter().text(1, value.name).message(2, new MessageWriter().message(1, tensor));
}

function encodeExtent(extent: Extent): MessageWriter {
  const dimension = new MessageWriter();
  if (typeof extent === 'number') dimension.integer(1, extent);
  if (typeof extent === 'string') dimension.text(2, extent);
  return dimension;
}
