import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { CaffeError } from '../../lib/errors';

const MODELS = path.resolve(__dirname, '../../../shared/models');

/** `describe` for tests on the published networks; where those are absent, one skipped test that says so. */
export function describeModels(title: string, tests: () => void): void {
  if (existsSync(MODELS)) describe(title, tests);
  else test.skip(`${title}: skipped, ${MODELS} is absent`, () => {});
}

/** The text of a published file, e.g. `seed/alexnet-original`. */
export function model(name: string): string {
  return readFileSync(path.join(MODELS, `${name}.prototxt`), 'utf8');
}

/** The path of published weights, e.g. `squeezenet/squeezenet`. */
export function weightsOf(name: string): string {
  return path.join(MODELS, `${name}.caffemodel`);
}

/** The names of all published prototxt files, for {@link model}. */
export function modelNames(): string[] {
  return readdirSync(MODELS, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.prototxt'))
    .map((file) => file.slice(0, -'.prototxt'.length))
    .sort();
}

/** The CaffeError that `action` throws. */
export function errorOf(action: () => unknown): CaffeError {
  try {
    action();
  } catch (error) {
    if (error instanceof CaffeError) return error;
    throw error;
  }
  throw new Error('Nothing was thrown.');
}

/** The lines in which two texts differ: `-` only in the first, `+` only in the second, as sets. */
export function changedLines(before: string, after: string): string[] {
  const [old, now] = [before.split('\n'), after.split('\n')];
  const removed = old.filter((line) => count(old, line) > count(now, line));
  const added = now.filter((line) => count(now, line) > count(old, line));
  return [...new Set([...removed.map((line) => `-${line.trim()}`), ...added.map((line) => `+${line.trim()}`)])];
}

function count(lines: readonly string[], wanted: string): number {
  return lines.filter((line) => line === wanted).length;
}
