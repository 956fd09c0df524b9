import { documentOf, type PrototxtSource } from './document';
import type { Renamed, RenameOptions } from './renaming';

export interface RenameResult {
  readonly text: string;
  /** What has another name now, layers first. */
  readonly renamed: readonly Renamed[];
}

/**
 * Renames layers and blobs with every reference to them; everything else stays as it is, byte for byte. Names that are renamed at once may
 * be exchanged. Parameters shared by `param { name }` are left alone, since weights do not know those names. Weights know layers by
 * their names: those of a renamed layer are not found any more, unless `Net.copyFrom` is told so by its own `rename`.
 *
 * @throws {CaffeError} ERR_CAFFE_INPUT for a name that does not exist (with the one that was probably meant), a new one that is none, or
 *   one that another layer or blob has in the same phase; ERR_CAFFE_PROTOTXT for text that does not parse.
 */
export function rename(source: PrototxtSource, options: RenameOptions): RenameResult {
  let renamed: readonly Renamed[] = [];
  const document = documentOf(source).edit((edits) => {
    renamed = edits.rename(options);
  });
  return { text: document.toString(), renamed };
}
