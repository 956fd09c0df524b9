/** The fixtures beside the project; tests that need them are skipped, with a word, where they are absent. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

export const shared = path.resolve(__dirname, '../../../shared');
export const sharedIsPresent = existsSync(shared);
if (!sharedIsPresent) console.warn(`${shared} is absent: the tests that compare with pycaffe are skipped.`);

/** `describe` for tests that need ../shared. */
export const describeShared = sharedIsPresent ? describe : describe.skip;

export function golden<T>(name: string): T {
  return JSON.parse(readFileSync(path.join(shared, 'goldens/pycaffe', name), 'utf8')) as T;
}

export function goldenFloats(name: string): Float32Array {
  const bytes = readFileSync(path.join(shared, 'goldens/pycaffe', name));
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

/** The goldens' inputs: value i is (sin(k·(i+1))+1)/2. */
export function wave(count: number, k: number): Float32Array {
  return Float32Array.from({ length: count }, (_, index) => (Math.sin(k * (index + 1)) + 1) / 2);
}

/** Largest difference, relative to the largest value expected. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let difference = 0;
  let scale = 1e-12;
  for (let index = 0; index < expected.length; index++) {
    difference = Math.max(difference, Math.abs((actual[index] ?? Number.NaN) - (expected[index] ?? 0)));
    scale = Math.max(scale, Math.abs(expected[index] ?? 0));
  }
  return difference / scale;
}
