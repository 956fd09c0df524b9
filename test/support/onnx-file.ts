/** Reads what ONNX files hold, straight from the wire format: independent of how they are written. */
import { readFileSync } from 'node:fs';

type Field = bigint | Buffer;
type Message = Map<number, Field[]>;

export interface OnnxContents {
  irVersion: number;
  opset: number;
  producer: string;
  metadata: Record<string, string>;
  name: string;
  nodes: { name: string; type: string; inputs: string[]; outputs: string[]; doc: string }[];
  /** Bytes of each constant by its name. */
  initializers: Record<string, number>;
}

/** By the field numbers of onnx.proto3. */
export function onnxContents(file: string): OnnxContents {
  const model = fields(readFileSync(file));
  const [graph = new Map()] = messages(model, 7);
  return {
    irVersion: Number(model.get(1)?.[0]),
    opset: Number(messages(model, 8)[0]?.get(2)?.[0]),
    producer: text(model, 2),
    metadata: Object.fromEntries(messages(model, 14).map((entry) => [text(entry, 1), text(entry, 2)])),
    name: text(graph, 2),
    nodes: messages(graph, 1).map((node) => ({
      name: text(node, 3),
      type: text(node, 4),
      inputs: texts(node, 1),
      outputs: texts(node, 2),
      doc: text(node, 6),
    })),
    initializers: Object.fromEntries(messages(graph, 5).map((tensor) => [text(tensor, 8), (tensor.get(9) as [Buffer])[0].length])),
  };
}

function fields(bytes: Buffer): Message {
  const message: Message = new Map();
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes.readUInt8(at++);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const take = (length: number) => {
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const value = [varint, () => take(8), () => take(Number(varint())), undefined, undefined, () => take(4)][tag % 8]?.();
    if (value === undefined) throw new Error(`There is no wire type ${tag % 8}.`);
    message.set(tag >> 3, [...(message.get(tag >> 3) ?? []), value]);
  }
  return message;
}

function messages(message: Message, field: number): Message[] {
  return (message.get(field) ?? []).map((value) => fields(value as Buffer));
}

function texts(message: Message, field: number): string[] {
  return (message.get(field) ?? []).map((value) => (value as Buffer).toString('utf8'));
}

function text(message: Message, field: number): string {
  return texts(message, field)[0] ?? '';
}
