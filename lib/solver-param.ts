/** `solver.param`: what the caller wrote, and a way to change what Caffe reads anew in each iteration. */
import { CaffeError } from './errors';
import type { NativeSolver } from './native';
import type { SolverParameter } from './prototxt';

/**
 * Reads like a plain object (`{ ...param }` makes one). A field that is set is checked and counts from the next iteration on, also
 * while the solver steps.
 *
 * @throws {CaffeError} ERR_CAFFE_INPUT, from the assignment, for a field that cannot be changed or a value that it does not take.
 */
export function liveParameter(solver: NativeSolver): SolverParameter {
  const fields = solver.param;
  for (const value of Object.values(fields)) freeze(value);
  return new Proxy(fields, {
    set(target, name, value) {
      if (typeof name === 'symbol' || value === undefined) throw notSet(String(name));
      const changed = solver.change({ [name]: value });
      for (const one of Object.values(changed)) freeze(one);
      Object.assign(target, changed);
      return true;
    },
    deleteProperty(_, name) {
      throw notSet(String(name));
    },
    defineProperty(_, name) {
      throw notSet(String(name));
    },
    setPrototypeOf() {
      throw notSet('The prototype');
    },
    preventExtensions() {
      throw notSet('The whole');
    },
  });
}

/** A change below the first level would reach nobody: it fails. */
function freeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return;
  for (const part of Object.values(value)) freeze(part);
  Object.freeze(value);
}

function notSet(name: string): CaffeError {
  return new CaffeError('ERR_CAFFE_INPUT', `'${name}' of a solver's parameters can only be set to a value.`, {
    hint: 'Assign numbers, texts or arrays to its fields, as in `solver.param.max_iter = 10`.',
  });
}
