import { forkWithField, forkWithValue } from './forks';
import { enumOf, fieldNames, type MessageName } from './messages';
import { nearestTo, suggestion } from './suggest';

/** What is known about a name that the linked Caffe does not have. */
export interface UnknownName {
  /** What was probably meant: `num_output` for `num_outputs`. */
  suggestion?: string;
  /** The branch of Caffe that has it: `Intel's Caffe`. */
  fork?: string;
  /** What to do about it. */
  hint: string;
}

/** About a field that a message does not have. */
export function unknownField(message: MessageName, name: string): UnknownName {
  return unknownName(forkWithField(message, name), name, fieldNames(message));
}

/** About a value that an enum does not have. */
export function unknownValue(type: string, value: string): UnknownName {
  return unknownName(forkWithValue(value), value, Object.keys(enumOf(type) ?? {}));
}

function unknownName(fork: string | undefined, name: string, known: readonly string[]): UnknownName {
  if (fork !== undefined) return { fork, hint: `It belongs to ${fork}; { unknown: 'keep' } keeps it.` };
  const nearest = nearestTo(name, known);
  const hint = suggestion(name, known) ?? "If it belongs to another Caffe, { unknown: 'keep' } keeps it.";
  return nearest === undefined ? { hint } : { suggestion: nearest, hint };
}
