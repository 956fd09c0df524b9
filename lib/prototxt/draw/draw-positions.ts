/** The later steps of a layered drawing: cells ordered so that few edges cross, and shifted so that edges run straight. */
import type { Cell } from './draw-ranks';

const ORDERING_SWEEPS = 12;
const SHIFTING_SWEEPS = 24;

/** Orders each rank in place by the mean place of its neighbours, downwards and upwards in turn. */
export function order(ranks: Cell[][]): void {
  let best = ranks.map((row) => [...row]);
  let least = crossings(best);
  for (let sweep = 0; sweep < ORDERING_SWEEPS && least > 0; sweep++) {
    const downwards = sweep % 2 === 0;
    const rows = downwards ? ranks : [...ranks].reverse();
    for (const row of rows) sortByNeighbours(row, placesIn(ranks), downwards ? 'above' : 'below');
    const found = crossings(ranks);
    if (found >= least) continue;
    least = found;
    best = ranks.map((row) => [...row]);
  }
  best.forEach((row, index) => {
    ranks[index] = row;
  });
}

function placesIn(ranks: readonly Cell[][]): Map<Cell, number> {
  return new Map(ranks.flatMap((row) => row.map((cell, place) => [cell, place] as const)));
}

function sortByNeighbours(row: Cell[], places: ReadonlyMap<Cell, number>, side: 'above' | 'below'): void {
  const wanted = new Map(
    row.map((cell, place) => {
      const neighbours = cell[side].map((other) => places.get(other) ?? 0);
      return [cell, neighbours.length === 0 ? place : mean(neighbours)];
    }),
  );
  row.sort((one, other) => (wanted.get(one) ?? 0) - (wanted.get(other) ?? 0));
}

function crossings(ranks: readonly Cell[][]): number {
  const places = placesIn(ranks);
  let count = 0;
  for (const row of ranks) {
    const ends = row.flatMap((cell) => cell.below.map((other) => places.get(other) ?? 0).sort((a, b) => a - b));
    for (let i = 0; i < ends.length; i++) {
      for (let j = i + 1; j < ends.length; j++) if ((ends[j] as number) < (ends[i] as number)) count++;
    }
  }
  return count;
}

/**
 * Finds for each cell the place of its middle across the direction of the net: as near as possible to its neighbours in the ranks
 * before and behind, in the order of its rank, without overlap.
 *
 * @param extentOf the room that a cell takes, with the gap to the next.
 * @param anchorOf where in the cell its edges end, from its middle.
 */
export function shift(ranks: readonly Cell[][], extentOf: (cell: Cell) => number, anchorOf: (cell: Cell) => number): Map<Cell, number> {
  const middles = new Map<Cell, number>();
  for (const row of ranks) place(row, extentOf, () => 0, middles);
  for (let sweep = 0; sweep < SHIFTING_SWEEPS; sweep++) {
    const downwards = sweep % 2 === 0;
    const wanted = (cell: Cell) => {
      const neighbours = downwards ? cell.above : cell.below;
      const all = neighbours.length === 0 ? [...cell.above, ...cell.below] : neighbours;
      if (all.length === 0) return middles.get(cell) ?? 0;
      return mean(all.map((other) => (middles.get(other) ?? 0) + anchorOf(other))) - anchorOf(cell);
    };
    for (const row of downwards ? ranks : [...ranks].reverse()) place(row, extentOf, wanted, middles);
  }
  return middles;
}

/** A run of cells that touch each other, and the mean of where its first one should be. */
interface Block {
  cells: number;
  sum: number;
}

/**
 * Places the cells of a rank at the least squared distance from where they should be. With the room before each cell taken off, the
 * order is all that has to be kept: an isotonic regression, solved by pooling neighbours that are out of order.
 */
function place(row: readonly Cell[], extentOf: (cell: Cell) => number, wanted: (cell: Cell) => number, middles: Map<Cell, number>): void {
  const offsets: number[] = [];
  let offset = 0;
  row.forEach((cell, index) => {
    const before = row[index - 1];
    if (before) offset += (extentOf(before) + extentOf(cell)) / 2;
    offsets.push(offset);
  });
  const blocks: Block[] = [];
  row.forEach((cell, index) => {
    blocks.push({ cells: 1, sum: wanted(cell) - (offsets[index] ?? 0) });
    for (let [before, last] = blocks.slice(-2); before && last && middleOf(before) > middleOf(last); [before, last] = blocks.slice(-2)) {
      blocks.splice(-2, 2, { cells: before.cells + last.cells, sum: before.sum + last.sum });
    }
  });
  const starts = blocks.flatMap((block) => Array.from({ length: block.cells }, () => middleOf(block)));
  row.forEach((cell, index) => {
    middles.set(cell, (starts[index] ?? 0) + (offsets[index] ?? 0));
  });
}

function middleOf({ cells, sum }: Block): number {
  return sum / cells;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
