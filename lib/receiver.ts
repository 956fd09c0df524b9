import { types } from 'node:util';
import { CaffeError } from './errors';

type Method = (this: unknown, ...values: unknown[]) => unknown;

/**
 * Makes the methods and accessors of a class refuse an object of another class, as one has who takes a method off its object, with
 * ERR_CAFFE_INPUT: otherwise they would fail on whatever they touch first, each in its own way. Asynchronous ones reject.
 *
 * @param isOwn     whether the class's constructor made this; a `#field in value`, which nobody can imitate.
 * @param promising methods that give a promise without being async functions.
 */
export function guardReceivers(
  type: { readonly name: string; readonly prototype: object },
  isOwn: (value: object) => boolean,
  promising: readonly PropertyKey[] = [],
): void {
  const guard = (method: Method, key: PropertyKey): Method => {
    // Of an asynchronous generator Node says that it is an asynchronous function, too.
    const isGenerator = types.isGeneratorFunction(method);
    const isAsync = types.isAsyncFunction(method) || promising.includes(key);
    return function guarded(this: unknown, ...values) {
      if (typeof this === 'object' && this !== null && isOwn(this)) return method.apply(this, values);
      const error = foreignReceiver(type.name, String(key));
      if (isGenerator) return failing(error);
      if (isAsync) return Promise.reject(error);
      throw error;
    };
  };
  for (const key of Reflect.ownKeys(type.prototype)) {
    const property = Object.getOwnPropertyDescriptor(type.prototype, key);
    if (!property || key === 'constructor') continue;
    for (const part of ['value', 'get', 'set'] as const) {
      const method: unknown = property[part];
      if (typeof method === 'function')
        property[part] = Object.defineProperty(guard(method as Method, key), 'name', { value: String(key) });
    }
    Object.defineProperty(type.prototype, key, property);
  }
}

/** What a generator gives that cannot begin. */
async function* failing(error: CaffeError): AsyncGenerator<never> {
  yield Promise.reject(error);
}

/** What a constructor says that is not for callers. `way`: what to call in its place. */
export function notConstructed(type: string, way: string): CaffeError {
  return new CaffeError('ERR_CAFFE_INPUT', `A ${type} is not constructed but opened.`, { hint: `Use ${way}.` });
}

function foreignReceiver(type: string, method: string): CaffeError {
  return new CaffeError('ERR_CAFFE_INPUT', `${type}'s '${method}' was called on something that is no ${type}.`, {
    hint: `Call it on the object it belongs to, or bind it: object.${method}.bind(object).`,
  });
}
