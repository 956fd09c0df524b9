const FEW = 8;
const MOST_MISTAKES = 3;

/** The hint for a name that does not exist: the one that was probably meant, or what there is if that is little. */
export function suggestion(name: string, known: readonly string[]): string | undefined {
  const nearest = nearestTo(name, known);
  if (nearest !== undefined) return `Did you mean '${nearest}'?`;
  return known.length > 0 && known.length <= FEW ? `There is: ${known.join(', ')}.` : undefined;
}

/** The known name nearest in spelling, when it is near enough: half of the letters of a short name, three of a long one. */
export function nearestTo(name: string, known: readonly string[]): string | undefined {
  let nearest: string | undefined;
  let least = Math.min(MOST_MISTAKES, Math.ceil(name.length / 2)) + 1;
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < least) [nearest, least] = [candidate, distance];
  }
  return nearest;
}

/** Letters to insert, remove or replace to get from one word to the other (Levenshtein). */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 0; i < from.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < to.length; j++) {
      const replaced = (row[j] ?? 0) + Number(from[i] !== to[j]);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
