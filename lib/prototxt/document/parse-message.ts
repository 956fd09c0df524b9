import type { NetParameter, SolverParameter } from '../schema/caffe-proto';
import { readMessage } from '../schema/read-message';
import type { UnknownOptions } from '../schema/unknown-values';
import { documentOf, type PrototxtSource } from './document';

/**
 * A network definition as a plain object, checked against caffe.proto. Fields that the text does not mention are absent.
 *
 * @throws {CaffeError} ERR_CAFFE_PROTOTXT with line and column for a syntax error, an unknown field or value (with the one that was
 *                      probably meant, or the Caffe that has it, as a hint), a value of the wrong type, a second value where there is
 *                      only one, or a required field that is missing. A whole number of 64 bits must be one that JavaScript holds exactly.
 *                      ERR_CAFFE_INPUT for what is no source, and for the options.
 */
export function parseNet(source: PrototxtSource, options?: UnknownOptions): NetParameter {
  return readMessage(documentOf(source).root, 'NetParameter', options);
}

/**
 * A solver definition as a plain object; see {@link parseNet}.
 *
 * @throws {CaffeError} as {@link parseNet}.
 */
export function parseSolver(source: PrototxtSource, options?: UnknownOptions): SolverParameter {
  return readMessage(documentOf(source).root, 'SolverParameter', options);
}
