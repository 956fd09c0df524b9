import { CaffeError } from '../../lib/errors';

/** The rejection of a promise, which must be a CaffeError. */
export async function failureOf(promise: Promise<unknown>): Promise<CaffeError> {
  const failure = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(CaffeError);
  return failure as CaffeError;
}
