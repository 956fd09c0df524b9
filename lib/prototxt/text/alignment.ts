/** Which items of two sequences belong together: of lines of text, of fields of a message. */

/** A stretch in which two sequences differ: from `start` to `end` in each, `end` excluded. */
export interface Difference {
  readonly before: { readonly start: number; readonly end: number };
  readonly after: { readonly start: number; readonly end: number };
}

type Range = Difference;

/** Where no item is unique, stretches are compared item by item up to this product of their lengths; longer ones count as replaced. */
const MOST_COMPARISONS = 250_000;
/** How often a stretch is divided at its unique items. Texts made to be awkward would need thousands. */
const DEEPEST = 50;

/**
 * The differences between two sequences, in order; what lies between them is the same in both. Items that each sequence has once divide
 * them (patience diff), so that layers are compared with layers and not brace with brace; it takes linear time but for the sorting.
 */
export function differences(before: readonly string[], after: readonly string[]): Difference[] {
  const found: Difference[] = [];
  const numbers = new Map<string, number>();
  const numbered = (items: readonly string[]) =>
    items.map((item) => {
      const known = numbers.get(item);
      if (known !== undefined) return known;
      numbers.set(item, numbers.size);
      return numbers.size - 1;
    });
  const whole = { before: { start: 0, end: before.length }, after: { start: 0, end: after.length } };
  compare(numbered(before), numbered(after), whole, 0, found);
  return found;
}

function compare(before: readonly number[], after: readonly number[], range: Range, depth: number, found: Difference[]): void {
  const rest = withoutCommonEnds(before, after, range);
  const lengths = [rest.before.end - rest.before.start, rest.after.end - rest.after.start] as const;
  if (lengths[0] === 0 && lengths[1] === 0) return;
  const anchors = lengths[0] === 0 || lengths[1] === 0 || depth === DEEPEST ? [] : anchorsIn(before, after, rest);
  if (anchors.length === 0) {
    if (lengths[0] * lengths[1] === 0 || lengths[0] * lengths[1] > MOST_COMPARISONS) found.push(rest);
    else found.push(...longestCommon(before, after, rest));
    return;
  }
  let [first, second] = [rest.before.start, rest.after.start];
  for (const [one, other] of [...anchors, [rest.before.end, rest.after.end] as const]) {
    compare(before, after, { before: { start: first, end: one }, after: { start: second, end: other } }, depth + 1, found);
    [first, second] = [one + 1, other + 1];
  }
}

function withoutCommonEnds(before: readonly number[], after: readonly number[], range: Range): Range {
  let [first, second] = [range.before.start, range.after.start];
  let [firstEnd, secondEnd] = [range.before.end, range.after.end];
  while (first < firstEnd && second < secondEnd && before[first] === after[second]) [first, second] = [first + 1, second + 1];
  while (first < firstEnd && second < secondEnd && before[firstEnd - 1] === after[secondEnd - 1]) {
    [firstEnd, secondEnd] = [firstEnd - 1, secondEnd - 1];
  }
  return { before: { start: first, end: firstEnd }, after: { start: second, end: secondEnd } };
}

/** Pairs of items that each stretch has once, as many as keep their order in both. */
function anchorsIn(before: readonly number[], after: readonly number[], range: Range): [number, number][] {
  const places = uniquePlaces(before, range.before);
  const pairs: [number, number][] = [];
  for (const [item, second] of uniquePlaces(after, range.after)) {
    const first = places.get(item);
    if (first !== undefined && first >= 0 && second >= 0) pairs.push([first, second]);
  }
  return longestIncreasing(pairs);
}

/** The place of each item in a stretch; -1 for one that it has more than once. */
function uniquePlaces(items: readonly number[], { start, end }: Range['before']): Map<number, number> {
  const places = new Map<number, number>();
  for (let at = start; at < end; at++) {
    const item = items[at] as number;
    places.set(item, places.has(item) ? -1 : at);
  }
  return places;
}

/** Of pairs in the order of their second numbers, the most whose first numbers rise as well. */
function longestIncreasing(pairs: readonly [number, number][]): [number, number][] {
  const tails: number[] = []; // of the sequences of each length, the index of the least last pair
  const previous: number[] = [];
  const firstOf = (index: number | undefined) => pairs[index ?? -1]?.[0] ?? -1;
  pairs.forEach(([first], index) => {
    let [low, high] = [0, tails.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (firstOf(tails[middle]) < first) low = middle + 1;
      else high = middle;
    }
    previous[index] = tails[low - 1] ?? -1;
    tails[low] = index;
  });
  const chosen: [number, number][] = [];
  for (let index = tails.at(-1) ?? -1; index >= 0; index = previous[index] ?? -1) chosen.push(pairs[index] as [number, number]);
  return chosen.reverse();
}

/** The differences around a longest common subsequence, by the table of its lengths. */
function longestCommon(before: readonly number[], after: readonly number[], range: Range): Difference[] {
  const { before: one, after: other } = range;
  const width = other.end - other.start + 1;
  const lengths = new Uint32Array((one.end - one.start + 1) * width); // of what follows each pair of places
  const lengthAt = (first: number, second: number) => lengths[(first - one.start) * width + second - other.start] ?? 0;
  for (let first = one.end - 1; first >= one.start; first--) {
    for (let second = other.end - 1; second >= other.start; second--) {
      const same = before[first] === after[second];
      const length = same ? lengthAt(first + 1, second + 1) + 1 : Math.max(lengthAt(first + 1, second), lengthAt(first, second + 1));
      lengths[(first - one.start) * width + second - other.start] = length;
    }
  }
  return walk(before, after, range, lengthAt);
}

function walk(
  before: readonly number[],
  after: readonly number[],
  { before: one, after: other }: Range,
  lengthAt: (first: number, second: number) => number,
): Difference[] {
  const found: Difference[] = [];
  let [first, second] = [one.start, other.start];
  let [firstStart, secondStart] = [first, second];
  const close = () => {
    if (first > firstStart || second > secondStart) {
      found.push({ before: { start: firstStart, end: first }, after: { start: secondStart, end: second } });
    }
  };
  while (first < one.end && second < other.end) {
    if (before[first] === after[second]) {
      close();
      [first, second] = [first + 1, second + 1];
      [firstStart, secondStart] = [first, second];
    } else if (lengthAt(first + 1, second) >= lengthAt(first, second + 1)) first++;
    else second++;
  }
  [first, second] = [one.end, other.end];
  close();
  return found;
}
