const TRAILING_NUMBER = /^(.*?)(\d+)$/s;
const NUMBERED_BRANCH = /^([^/]*\d)([a-z]?)(\/.*)$/s;
const RETRAIN = '_retrain';

/**
 * The name of the classifier that takes the place of another. A trailing number is raised (`fc8` → `fc9`); a numbered branch
 * gets a letter (`loss1/classifier` → `loss1a/classifier` → `loss1b/classifier`); otherwise `_retrain` is added.
 *
 * @param taken names in use, which the result is not.
 */
export function successorOf(name: string, taken: ReadonlySet<string>): string {
  let successor = next(name);
  while (taken.has(successor)) successor = next(successor);
  return successor;
}

function next(name: string): string {
  return raiseNumber(name) ?? raiseLetter(name) ?? (name.endsWith(RETRAIN) ? `${name}2` : name + RETRAIN);
}

function raiseNumber(name: string): string | undefined {
  const [, stem, digits] = TRAILING_NUMBER.exec(name) ?? [];
  if (stem === undefined || digits === undefined) return undefined;
  return stem + String(BigInt(digits) + 1n).padStart(digits.length, '0');
}

function raiseLetter(name: string): string | undefined {
  const [, branch, letter, rest] = NUMBERED_BRANCH.exec(name) ?? [];
  if (branch === undefined || letter === undefined || letter === 'z') return undefined;
  return branch + (letter ? String.fromCharCode(letter.charCodeAt(0) + 1) : 'a') + rest;
}
