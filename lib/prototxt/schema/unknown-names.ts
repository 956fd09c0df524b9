import { nearestTo, suggestion } from '../suggest';
import { forkWithField, forkWithValue } from './forks';
import { enumOf, fieldNames, fieldOf, isMessageName, type MessageName } from './messages';

/** What is known about a name that the linked Caffe does not have. */
export interface UnknownName {
  /** What was probably meant: `num_output` for `num_outputs`. */
  suggestion?: string;
  /** The message inside the layer where a field of this name belongs: `convolution_param` for `num_output` outside of it. */
  place?: string;
  /** The branch of Caffe that has it: `Intel's Caffe`. */
  fork?: string;
  /** What to do about it. */
  hint: string;
}

/** About a field that a message does not have. */
export function unknownField(message: MessageName, name: string): UnknownName {
  const fork = forkWithField(message, name);
  const places = message === 'LayerParameter' && fork === undefined ? placesOf(name) : [];
  const [place] = places;
  if (place === undefined) return unknownName(fork, name, fieldNames(message));
  const where = places.length === 1 ? place : `own parameters, for instance ${place}`;
  return { place, hint: `Write it inside the layer's ${where}: ${place} { ${name}: … }.` };
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

/** The messages inside a layer that have a field of this name. */
function placesOf(name: string): string[] {
  return fieldNames('LayerParameter').filter((field) => {
    const type = fieldOf('LayerParameter', field)?.type ?? '';
    return field.endsWith('_param') && isMessageName(type) && fieldOf(type, name) !== undefined;
  });
}
