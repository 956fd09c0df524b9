/** The messages of caffe.proto as bytes and as plain objects: what caffe_pb2 is to pycaffe. */
import { types } from 'node:util';
import { CaffeError, describe } from '../errors';
import { reading } from '../given';
import { native } from '../native';

/**
 * Reads a message of caffe.proto from its bytes.
 *
 * @param type name in caffe.proto, e.g. 'BlobProto' or 'NetParameter'.
 * @returns the fields that are set, by their names in caffe.proto; no prototype. Enums are names, bytes Uint8Arrays, the numbers of blobs
 *   and datums Float32Arrays (Float64Arrays for doubles).
 * @throws {CaffeError} ERR_CAFFE_INPUT for bytes that are no such message, or a type that caffe.proto does not have.
 */
export async function decodeMessage(type: string, bytes: Uint8Array): Promise<Record<string, unknown>> {
  return reading('The message', () => {
    if (!isBytes(bytes)) {
      throw new CaffeError('ERR_CAFFE_INPUT', `A message must be given as its bytes (Buffer or Uint8Array); ${describe(bytes)} was given.`);
    }
    return native.messages.decode(type, bytes);
  });
}

/**
 * Writes a message of caffe.proto.
 *
 * @param type    name in caffe.proto, e.g. 'BlobProto' or 'NetParameter'.
 * @param message as {@link decodeMessage} gives it; repeated numbers may be arrays or typed arrays.
 * @throws {CaffeError} ERR_CAFFE_PROTOTXT for a field that the type does not have, or of another type, by name; ERR_CAFFE_INPUT for a type
 *   that caffe.proto does not have.
 */
export async function encodeMessage(type: string, message: object): Promise<Buffer> {
  return reading('The message', () => native.messages.encode(type, message));
}

/** The fields of a message of which the bytes or an object was given, each read once. */
export async function asMessage<Message extends object>(type: string, given: Uint8Array | Message): Promise<Message> {
  const fields = reading(`The ${type}`, () => {
    if (isBytes(given)) return undefined;
    if (typeof given === 'object' && given !== null && !ArrayBuffer.isView(given)) return { ...given };
    throw new CaffeError('ERR_CAFFE_INPUT', `A ${type} must be its bytes (Uint8Array) or its fields; ${describe(given)} was given.`);
  });
  return fields ?? ((await decodeMessage(type, given as Uint8Array)) as Message);
}

function isBytes(value: unknown): value is Uint8Array {
  return types.isUint8Array(value);
}
