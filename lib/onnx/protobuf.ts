/** Protobuf's wire format, as far as ONNX files need it: https://protobuf.dev/programming-guides/encoding/ */

const VARINT = 0;
const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;

/** In bytes: few enough to stop in between. */
const CHUNK = 2 ** 22;

/** A message as it is written: its fields in the order of the calls. Large values are not copied. */
export class MessageWriter {
  readonly parts: Uint8Array[] = [];
  /** In bytes. */
  length = 0;

  integer(field: number, value: number): this {
    return this.add(tag(field, VARINT), varint(value));
  }

  /** In 32 bits. */
  float(field: number, value: number): this {
    const bytes = Buffer.alloc(4);
    bytes.writeFloatLE(value);
    return this.add(tag(field, FIXED_32), bytes);
  }

  bytes(field: number, value: Uint8Array): this {
    return this.add(tag(field, LENGTH_DELIMITED), varint(value.length), value);
  }

  text(field: number, value: string): this {
    return this.bytes(field, Buffer.from(value, 'utf8'));
  }

  message(field: number, { length, parts }: MessageWriter): this {
    this.add(tag(field, LENGTH_DELIMITED), varint(length));
    for (const part of parts) this.add(part);
    return this;
  }

  /** The message in pieces of a size to be written at once. */
  *chunks(): Generator<Uint8Array> {
    let small: Uint8Array[] = [];
    let length = 0;
    for (const part of this.parts) {
      if (length + part.length > CHUNK) {
        yield Buffer.concat(small);
        [small, length] = [[], 0];
      }
      if (part.length > CHUNK) yield* pieces(part);
      else {
        small.push(part);
        length += part.length;
      }
    }
    yield Buffer.concat(small);
  }

  private add(...parts: Uint8Array[]): this {
    for (const part of parts) {
      this.parts.push(part);
      this.length += part.length;
    }
    return this;
  }
}

function tag(field: number, wireType: number): Uint8Array {
  return varint(field * 8 + wireType);
}

/** Seven bits a byte, the lowest first; negative numbers as 64 bits of two's complement. */
function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

function* pieces(part: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < part.length; start += CHUNK) yield part.subarray(start, start + CHUNK);
}
