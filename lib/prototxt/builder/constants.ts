import { CaffeError } from '../../errors';
import { ENUMS } from '../schema/schema';
import { suggestion } from '../suggest';

type Enums = typeof ENUMS;
type OwnerOf<Enum> = Enum extends `${infer Owner}Parameter.${string}` ? Owner : never;
type NamesOf<Owner extends string> = {
  [Enum in keyof Enums]: Enum extends `${Owner}Parameter.${string}` ? keyof Enums[Enum] : never;
}[keyof Enums];

/** By message without its ending 'Parameter': the names of its constants. */
export type Constants = { readonly [Owner in OwnerOf<keyof Enums>]: { readonly [Name in NamesOf<Owner>]: Name } };

/**
 * pycaffe's `P`: the constants of caffe.proto, `params.Pooling.MAX`. Here they are their own names, 'MAX'.
 *
 * @throws {CaffeError} ERR_CAFFE_INPUT for a name that caffe.proto does not have.
 */
export const params: Constants = new Proxy(Object.create(null), {
  get: (_, message) => (typeof message === 'string' ? constantsOf(message) : undefined),
});

function constantsOf(message: string): Readonly<Record<string, string>> {
  const prefix = `${message}Parameter.`;
  const names = Object.entries(ENUMS).flatMap(([type, values]) => (type.startsWith(prefix) ? Object.keys(values) : []));
  return new Proxy(Object.fromEntries(names.map((name) => [name, name])), {
    get: (known, name) => {
      if (typeof name !== 'string' || Object.hasOwn(known, name)) return Reflect.get(known, name);
      throw new CaffeError('ERR_CAFFE_INPUT', `${message}Parameter has no constant '${name}'.`, { hint: suggestion(name, names) });
    },
  });
}
