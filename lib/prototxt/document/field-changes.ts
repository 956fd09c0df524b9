import { type Difference, differences } from '../text/alignment';
import { type FieldNode, type ItemNode, type MessageNode, ownName } from '../text/nodes';

/** One thing in which two documents differ. */
export interface Change {
  readonly kind: 'added' | 'removed' | 'changed' | 'moved';
  /** Where it is: in the document after the changes, or before them for what was removed. Layers are called by their names. */
  readonly path: string;
  /** Its line in that document, from 1. */
  readonly line: number;
  /** Its text before; undefined for what was added. */
  readonly before?: string;
  /** Its text after; undefined for what was removed. */
  readonly after?: string;
}

/** A field in one of the two documents. */
interface Entry {
  readonly field: FieldNode;
  /** What it is compared by: two entries of one key are the same field. */
  readonly key: string;
  readonly path: string;
  readonly line: number;
  readonly text: string;
}

type Pair = readonly [before: Entry, after: Entry];

/** The differences in what two messages say; notation, layout and comments do not count. What was removed comes first. */
export function fieldChanges(before: MessageNode, after: MessageNode, pathBefore = '', pathAfter = ''): Change[] {
  if (before.source.slice(before) === after.source.slice(after)) return [];
  const repeated = new Set([...repeatedNames(before), ...repeatedNames(after)]);
  const { pairs, removed, added, moved } = matched(entriesOf(before, repeated, pathBefore), entriesOf(after, repeated, pathAfter));
  const gone = removed.map(({ path, line, text }): Change => ({ kind: 'removed', path, line, before: text }));
  const there = [
    ...pairs.flatMap(changesOf),
    ...added.map(({ path, line, text }): Change => ({ kind: 'added', path, line, after: text })),
    ...moved.flatMap((pair): Change[] => [
      { kind: 'moved', path: pair[1].path, line: pair[1].line, before: pair[0].text, after: pair[1].text },
      ...changesOf(pair),
    ]),
  ];
  return [...gone, ...there.sort((a, b) => a.line - b.line)];
}

function changesOf([before, after]: Pair): Change[] {
  const [one, other] = [before.field.value, after.field.value];
  if (one.kind === 'message' && other.kind === 'message') return fieldChanges(one, other, before.path, after.path);
  if (before.text === after.text || meaningOf(before.field) === meaningOf(after.field)) return [];
  return [{ kind: 'changed', path: after.path, line: after.line, before: before.text, after: after.text }];
}

function repeatedNames(message: MessageNode): string[] {
  const seen = new Set<string>();
  return message.fields.map(({ name }) => name).filter((name) => seen.size === seen.add(name).size);
}

function entriesOf(message: MessageNode, repeated: ReadonlySet<string>, path: string): Entry[] {
  const { source } = message;
  const counts = new Map<string, number>();
  return message.fields.map((field) => {
    const { name, value } = field;
    const position = counts.get(name) ?? 0;
    counts.set(name, position + (value.kind === 'list' ? value.items.length : 1));
    const own = value.kind === 'list' ? undefined : ownName(value);
    const step = own !== undefined && message.positions(name, own).length === 1 ? namedStep(own) : undefined;
    const place = step ?? (repeated.has(name) ? `[${position}]` : '');
    const distinguished = own !== undefined ? `[${own}]` : repeated.has(name) && value.kind !== 'message' ? `: ${source.slice(value)}` : '';
    return {
      field,
      key: name + distinguished,
      path: `${path === '' ? '' : `${path}.`}${name}${place}`,
      line: source.locate(field.start).line,
      text: source.slice(field),
    };
  });
}

/** How a path says a name; undefined for one that it cannot. */
function namedStep(own: string): string | undefined {
  if (/^(?!-?\d+$)[^\]"'][^\]]*$/.test(own)) return `[${own}]`;
  return own.includes('"') ? undefined : `["${own}"]`;
}

/** Which entries were which before: by their keys and their order, then by what stands in their place, then anywhere else. */
function matched(before: readonly Entry[], after: readonly Entry[]) {
  const pairs: Pair[] = [];
  const removed: Entry[] = [];
  const added: Entry[] = [];
  const end: Difference = { before: { start: before.length, end: before.length }, after: { start: after.length, end: after.length } };
  let [first, second] = [0, 0];
  for (const gap of [
    ...differences(
      before.map(({ key }) => key),
      after.map(({ key }) => key),
    ),
    end,
  ]) {
    for (; first < gap.before.start; first++, second++) pairs.push([before[first], after[second]] as unknown as Pair);
    matchInPlace(before.slice(gap.before.start, gap.before.end), after.slice(gap.after.start, gap.after.end), { pairs, removed, added });
    [first, second] = [gap.before.end, gap.after.end];
  }
  return { pairs, ...withMoves(removed, added) };
}

/** In one place, a field that went and one of its name and type that came are the same field, changed. */
function matchInPlace(before: readonly Entry[], after: readonly Entry[], found: { pairs: Pair[]; removed: Entry[]; added: Entry[] }): void {
  const waiting = new Map<string, Entry[]>();
  for (const entry of [...before].reverse()) {
    const role = roleOf(entry);
    const others = waiting.get(role);
    if (others) others.push(entry);
    else waiting.set(role, [entry]);
  }
  for (const entry of after) {
    const former = waiting.get(roleOf(entry))?.pop();
    if (former) found.pairs.push([former, entry]);
    else found.added.push(entry);
  }
  for (const left of waiting.values()) for (const entry of left.reverse()) found.removed.push(entry);
}

function roleOf({ field: { name, value } }: Entry): string {
  const type = value.kind === 'message' && ownName(value) !== undefined ? value.values('type')[0] : undefined;
  return type === undefined || type.kind === 'message' ? name : `${name} ${String(type.value)}`;
}

function withMoves(removed: readonly Entry[], added: readonly Entry[]) {
  const gone = new Map(removed.filter(({ field }) => field.value.kind === 'message').map((entry) => [entry.key, entry]));
  const moved = added.flatMap((entry): Pair[] => {
    const former = gone.get(entry.key);
    gone.delete(entry.key);
    return former ? [[former, entry]] : [];
  });
  const both = new Set(moved.flat());
  return { moved, removed: removed.filter((entry) => !both.has(entry)), added: added.filter((entry) => !both.has(entry)) };
}

/** What a field says, whatever its notation. */
function meaningOf({ value }: FieldNode): string {
  return JSON.stringify(value.kind === 'list' ? value.items.map(plain) : plain(value));
}

function plain(item: ItemNode): unknown {
  if (item.kind === 'message') return item.fields.map((field) => [field.name, meaningOf(field)]);
  return [item.kind, typeof item.value === 'number' ? String(item.value) : item.value];
}
