/**
 * Works on several items at a time and yields the results in the order of the items. No more than `atOnce` items are under way or
 * done and not yet taken, so memory stays bounded however slow the consumer is. Whoever leaves the loop waits for those under way.
 */
export async function* mapInOrder<Item, Result>(
  items: Iterable<Item>,
  atOnce: number,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result, void, void> {
  const underWay: Promise<Result>[] = [];
  try {
    for (const item of items) {
      if (underWay.length === atOnce) yield await (underWay.shift() as Promise<Result>);
      underWay.push(started(work, item));
    }
    while (underWay.length > 0) yield await (underWay.shift() as Promise<Result>);
  } finally {
    await Promise.allSettled(underWay);
  }
}

function started<Item, Result>(work: (item: Item) => Promise<Result>, item: Item): Promise<Result> {
  const result = work(item);
  result.catch(() => {}); // reported when its turn comes, which may be long after it failed
  return result;
}
