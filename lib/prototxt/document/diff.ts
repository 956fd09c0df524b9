import { Changes } from './changes';
import { documentOf, type PrototxtSource } from './document';

/**
 * What two files differ in: `[...diff(before, after)]` as data, `diff(before, after).unified({ name })` as a unified diff.
 *
 * @throws {CaffeError} ERR_CAFFE_PROTOTXT for text that does not parse.
 */
export function diff(before: PrototxtSource, after: PrototxtSource): Changes {
  return new Changes(documentOf(before).root, documentOf(after).root);
}
