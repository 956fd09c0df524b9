/** The first steps of a layered drawing (Sugiyama's): a rank for every node, and long edges cut into pieces from rank to rank. */
import type { Drawing, DrawnEdge, DrawnNode } from './draw-graph';

/** What takes a place in a rank: a node with the in-place layers beside it, or the point where a long edge passes. */
export interface Cell {
  readonly rank: number;
  /** Empty for a point. */
  readonly nodes: readonly DrawnNode[];
  readonly above: Cell[];
  readonly below: Cell[];
}

/** An edge and the cells it touches, from the lower rank to the higher. */
export interface Route {
  readonly edge: DrawnEdge;
  readonly cells: readonly Cell[];
}

export interface Ranking {
  /** In each rank, cells in the order in which they were found. */
  readonly ranks: Cell[][];
  readonly routes: readonly Route[];
}

export function rank(drawing: Drawing): Ranking {
  const rankOf = ranksOf(drawing);
  const ranks: Cell[][] = [];
  const addCell = (nodes: readonly DrawnNode[], rank: number): Cell => {
    const cell: Cell = { rank, nodes, above: [], below: [] };
    const row = ranks[rank] ?? [];
    ranks[rank] = row;
    row.push(cell);
    return cell;
  };

  const neurons = neuronsByBlob(drawing);
  const cellOf = new Map<DrawnNode, Cell>();
  for (const node of drawing.nodes) {
    if (node.kind !== 'neuron') cellOf.set(node, addCell([node, ...(neurons.get(node) ?? [])], rankOf.get(node) ?? 0));
  }
  const routes = drawing.edges.flatMap((edge): Route[] => {
    const [from, to] = [cellOf.get(edge.from), cellOf.get(edge.to)];
    if (!from || !to) return []; // a neuron's: it stands beside its blob
    const [low, high] = from.rank < to.rank ? [from, to] : [to, from];
    const points = Array.from({ length: high.rank - low.rank - 1 }, (_, index) => addCell([], low.rank + index + 1));
    const cells = [low, ...points, high];
    for (let index = 1; index < cells.length; index++) connect(cells[index - 1] as Cell, cells[index] as Cell);
    return [{ edge, cells }];
  });
  return { ranks: Array.from(ranks, (row) => row ?? []), routes };
}

function connect(above: Cell, below: Cell): void {
  above.below.push(below);
  below.above.push(above);
}

function neuronsByBlob({ edges }: Drawing): Map<DrawnNode, DrawnNode[]> {
  const neurons = new Map<DrawnNode, DrawnNode[]>();
  for (const { from, to } of edges) {
    if (to.kind === 'neuron') neurons.set(from, [...(neurons.get(from) ?? []), to]);
  }
  return neurons;
}

/**
 * Layers have even ranks and blobs odd ones, each below what it comes from. Blobs that are written again keep their rank, so that
 * there is no way round in circles.
 */
function ranksOf({ nodes, edges }: Drawing): Map<DrawnNode, number> {
  const bottoms = groupBy(edges, ({ to }) => to);
  const tops = groupBy(edges, ({ from }) => from);
  const ranks = new Map<DrawnNode, number>();
  for (const node of nodes) {
    if (node.kind !== 'layer') continue;
    const sources = (bottoms.get(node) ?? []).map(({ from }) => from);
    for (const blob of sources) if (!ranks.has(blob)) ranks.set(blob, 1);
    const own = sources.length === 0 ? 0 : 1 + Math.max(...sources.map((blob) => ranks.get(blob) ?? 1));
    ranks.set(node, own);
    for (const { to } of tops.get(node) ?? []) if (!ranks.has(to)) ranks.set(to, own + 1);
  }
  for (const node of nodes) if (node.kind === 'blob' && !ranks.has(node)) ranks.set(node, 1); // read in place only
  bringInputsNear({ bottoms, tops, nodes }, ranks);
  return ranks;
}

type Neighbours = { nodes: readonly DrawnNode[]; bottoms: Map<DrawnNode, DrawnEdge[]>; tops: Map<DrawnNode, DrawnEdge[]> };

/** A blob that comes from nowhere, or from a layer that makes nothing else, stands just above the first layer that reads it. */
function bringInputsNear({ nodes, bottoms, tops }: Neighbours, ranks: Map<DrawnNode, number>): void {
  for (const blob of nodes) {
    const readers = (tops.get(blob) ?? []).filter(({ to }) => to.kind === 'layer');
    const writers = (bottoms.get(blob) ?? []).map(({ from }) => from).filter(({ kind }) => kind === 'layer');
    const isInput = writers.every((layer) => !bottoms.has(layer) && tops.get(layer)?.length === 1);
    if (blob.kind !== 'blob' || readers.length === 0 || !isInput) continue;
    const rank = Math.min(...readers.map(({ to }) => ranks.get(to) ?? 0)) - 1;
    ranks.set(blob, rank);
    for (const layer of writers) ranks.set(layer, rank - 1);
  }
}

function groupBy<Item, Key>(items: readonly Item[], keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}
