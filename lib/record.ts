/** Records keyed by names from a file have no prototype: 'constructor' is a name like any other. */
export function recordOf<T>(entries: Iterable<readonly [string, T]>): Record<string, T> {
  return Object.assign(Object.create(null), Object.fromEntries(entries));
}
