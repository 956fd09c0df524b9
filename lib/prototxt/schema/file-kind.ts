/** What a prototxt file is: a network or a solver. */

import type { FieldNode, MessageNode } from '../text/nodes';
import { fieldOf } from './messages';

/** The first field of a file that only a solver has; undefined for a file with layers, and one that may be either. */
export function solverField(root: MessageNode): FieldNode | undefined {
  if (root.fieldsNamed('layer', 'layers').length > 0) return undefined;
  return root.fields.find(({ name }) => fieldOf('SolverParameter', name) && !fieldOf('NetParameter', name));
}
