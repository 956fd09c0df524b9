/** A drawing as a picture, laid out and written by us: Graphviz is not needed. */
import type { DrawDirection } from './draw';
import type { Drawing, DrawnNode } from './draw-graph';
import { order, shift } from './draw-positions';
import { type Cell, type Route, rank } from './draw-ranks';

/** In pixels. */
const FONT_SIZE = 12;
const LETTER = 7.2;
const LINE = 15;
const PADDING = 9;
const GAP = 22;
const RANK_GAP = 34;
const MARGIN = 20;
const POINT = 14;
/** Of the extent that the corners of an octagon are cut from. */
const MOST_CUT = 26;
/** Of the line above all. */
const CAPTION = 26;

interface Size {
  width: number;
  height: number;
}
interface Point {
  x: number;
  y: number;
}

/** A direction, as the axes of the picture: ranks follow each other along one of them, cells of a rank across it. */
class Axes {
  readonly horizontal: boolean;
  private readonly reversed: boolean;

  constructor(direction: DrawDirection) {
    this.horizontal = direction === 'LR' || direction === 'RL';
    this.reversed = direction === 'BT' || direction === 'RL';
  }

  along(size: Size): number {
    return this.horizontal ? size.width : size.height;
  }

  across(size: Size): number {
    return this.horizontal ? size.height : size.width;
  }

  point(along: number, across: number, length: number): Point {
    const at = this.reversed ? length - along : along;
    return this.horizontal ? { x: at, y: across } : { x: across, y: at };
  }
}

/** Where everything lies. */
interface Layout {
  size: Size;
  nodes: Map<DrawnNode, Point>;
  /** Where edges pass a rank, straight: they bend only in the room between ranks, where no node is in the way. */
  passages: Map<Cell, readonly Point[]>;
  routes: readonly Route[];
}

export function toSvg(drawing: Drawing, name: string, direction: DrawDirection): string {
  const axes = new Axes(direction);
  const layout = layOut(drawing, axes);
  const { caption = '' } = drawing;
  const [width, height] = [Math.max(layout.size.width, caption.length * LETTER + 2 * MARGIN), layout.size.height + (caption ? CAPTION : 0)];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ` +
      `font-family="Helvetica, Arial, sans-serif" font-size="${FONT_SIZE}">`,
    `<title>${escaped(name)}</title>`,
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto-start-reverse">' +
      '<path d="M0 0L8 4L0 8z"/></marker></defs>',
    `<rect width="${width}" height="${height}" fill="white"/>`,
    ...(caption
      ? [`<text x="${MARGIN}" y="${MARGIN + FONT_SIZE}" fill="#555">${escaped(caption)}</text>`, `<g transform="translate(0 ${CAPTION})">`]
      : []),
    ...layout.routes.map((route) => routeElement(route, layout, axes)),
    ...neuronLinks(drawing, layout, axes),
    ...drawing.nodes.flatMap((node) => nodeElements(node, layout.nodes.get(node) ?? { x: 0, y: 0 })),
    ...layout.routes.map((route) => labelElement(route, layout, axes)),
    caption ? '</g>' : '',
    '</svg>\n',
  ]
    .filter((element) => element !== '')
    .join('\n');
}

function layOut(drawing: Drawing, axes: Axes): Layout {
  const { ranks, routes } = rank(drawing);
  order(ranks);
  const middles = shift(
    ranks,
    (cell) => cellExtent(cell, axes) + GAP,
    (cell) => anchorOf(cell, axes),
  );
  const [left, right] = bordersOf(middles, axes);
  const gap = rankGap(drawing, axes);
  const lengths = ranks.map((row) => rankLength(row, axes));
  const length = lengths.reduce((sum, one) => sum + one + gap, 2 * MARGIN - gap);
  const breadth = right - left + 2 * MARGIN;
  const [width, height] = axes.horizontal ? [length, breadth] : [breadth, length];

  const layout: Layout = { size: { width: Math.ceil(width), height: Math.ceil(height) }, nodes: new Map(), passages: new Map(), routes };
  let along = MARGIN;
  ranks.forEach((row, index) => {
    const own = lengths[index] ?? 0;
    for (const cell of row) {
      const start = (middles.get(cell) ?? 0) - cellExtent(cell, axes) / 2 - left + MARGIN;
      placeNodes(layout, cell, start, (across) => axes.point(along + own / 2, across, length), axes);
      if (cell.nodes.length > 0) continue;
      const across = start + POINT / 2;
      layout.passages.set(cell, [axes.point(along, across, length), axes.point(along + own, across, length)]);
    }
    along += own + gap;
  });
  return layout;
}

/** Puts the nodes of a cell beside each other. */
function placeNodes(layout: Layout, cell: Cell, start: number, pointAt: (across: number) => Point, axes: Axes): void {
  let across = start;
  for (const node of cell.nodes) {
    const extent = axes.across(sizeOf(node));
    layout.nodes.set(node, pointAt(across + extent / 2));
    across += extent + GAP;
  }
}

/** The outermost places that cells take. */
function bordersOf(middles: ReadonlyMap<Cell, number>, axes: Axes): [number, number] {
  let [left, right] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const [cell, middle] of middles) {
    const half = cellExtent(cell, axes) / 2;
    left = Math.min(left, middle - half);
    right = Math.max(right, middle + half);
  }
  return [left, right];
}

function rankLength(row: readonly Cell[], axes: Axes): number {
  return row.reduce((most, cell) => Math.max(most, ...cell.nodes.map((node) => axes.along(sizeOf(node)))), 0);
}

function cellExtent(cell: Cell, axes: Axes): number {
  if (cell.nodes.length === 0) return POINT;
  return cell.nodes.reduce((sum, node) => sum + axes.across(sizeOf(node)) + GAP, -GAP);
}

/** From the middle of a cell to that of its first node, which its edges belong to. */
function anchorOf(cell: Cell, axes: Axes): number {
  const [first] = cell.nodes;
  return first ? (axes.across(sizeOf(first)) - cellExtent(cell, axes)) / 2 : 0;
}

/** Between ranks that follow each other in width the labels of edges need room. */
function rankGap({ edges }: Drawing, { horizontal }: Axes): number {
  const letters = horizontal ? edges.reduce((most, { label }) => Math.max(most, label.length), 0) : 0;
  return RANK_GAP + letters * LETTER;
}

function sizeOf({ label }: DrawnNode): Size {
  const letters = label.reduce((most, line) => Math.max(most, line.length), 1);
  return { width: Math.round(letters * LETTER + 2 * PADDING), height: label.length * LINE + PADDING };
}

/** The points of an edge in the direction in which the values flow: the borders of its nodes, and the points where it passes. */
function pointsOf({ edge, cells }: Route, layout: Layout, axes: Axes): Point[] {
  const passed = cells.slice(1, -1).flatMap((cell) => layout.passages.get(cell) ?? []);
  const forwards = cells[0]?.nodes.includes(edge.from);
  const [from, to] = [layout.nodes.get(edge.from) as Point, layout.nodes.get(edge.to) as Point];
  const ordered = forwards ? passed : passed.reverse();
  return [border(edge.from, from, to, axes), ...ordered, border(edge.to, to, from, axes)];
}

/** The point of a node's border that faces another point along the axis of the ranks. */
function border(node: DrawnNode, at: Point, other: Point, { horizontal }: Axes): Point {
  const { width, height } = sizeOf(node);
  if (horizontal) return { x: at.x + (Math.sign(other.x - at.x) * width) / 2, y: at.y };
  return { x: at.x, y: at.y + (Math.sign(other.y - at.y) * height) / 2 };
}

function routeElement(route: Route, layout: Layout, axes: Axes): string {
  const points = pointsOf(route, layout, axes);
  let path = `M${text(points[0] as Point)}`;
  for (let index = 1; index < points.length; index++) {
    const [from, to] = [points[index - 1] as Point, points[index] as Point];
    const [first, second] = axes.horizontal
      ? [
          { x: (from.x + to.x) / 2, y: from.y },
          { x: (from.x + to.x) / 2, y: to.y },
        ]
      : [
          { x: from.x, y: (from.y + to.y) / 2 },
          { x: to.x, y: (from.y + to.y) / 2 },
        ];
    path += `C${text(first)} ${text(second)} ${text(to)}`;
  }
  return `<path d="${path}" fill="none" stroke="#444" marker-end="url(#arrow)"/>`;
}

/** Arrows to and fro between a blob and the layers that work on it in place. */
function neuronLinks({ edges }: Drawing, layout: Layout, axes: Axes): string[] {
  return edges.flatMap(({ from, to }) => {
    if (to.kind !== 'neuron') return [];
    const [blob, neuron] = [layout.nodes.get(from) as Point, layout.nodes.get(to) as Point];
    const half = axes.across(sizeOf(to)) / 2;
    const end = axes.horizontal ? { x: neuron.x, y: neuron.y - half } : { x: neuron.x - half, y: neuron.y };
    const start = axes.horizontal ? { x: neuron.x, y: end.y - GAP } : { x: end.x - GAP, y: neuron.y };
    const nearest = axes.horizontal ? { x: blob.x, y: start.y } : { x: start.x, y: blob.y };
    return [`<path d="M${text(nearest)}L${text(end)}" stroke="#444" marker-start="url(#arrow)" marker-end="url(#arrow)"/>`];
  });
}

function nodeElements(node: DrawnNode, { x, y }: Point): string[] {
  const { width, height } = sizeOf(node);
  const [left, top] = [x - width / 2, y - height / 2];
  const style = `fill="${node.colour}" stroke="#222"`;
  const outline =
    node.kind === 'blob'
      ? `<polygon points="${octagon(left, top, width, height)}" ${style}/>`
      : `<rect x="${number(left)}" y="${number(top)}" width="${width}" height="${height}" rx="4" ${style}/>`;
  const lines = node.label.map((line, index) => {
    const baseline = top + PADDING / 2 + LINE * (index + 0.78);
    const weight = index === 0 && node.kind !== 'blob' ? ' font-weight="bold"' : '';
    return `<text x="${number(x)}" y="${number(baseline)}" text-anchor="middle"${weight}>${escaped(line)}</text>`;
  });
  return [outline, ...lines];
}

function labelElement(route: Route, layout: Layout, axes: Axes): string {
  const { label } = route.edge;
  if (label === '') return '';
  const [from, to] = pointsOf(route, layout, axes) as [Point, Point];
  // Nearer to the layer: the edges of several layers meet at the blob.
  const at = { x: from.x + (to.x - from.x) * 0.4, y: from.y + (to.y - from.y) * 0.4 };
  const halo = 'stroke="white" stroke-width="3" paint-order="stroke"';
  const anchor = axes.horizontal ? ' text-anchor="middle"' : '';
  return `<text x="${number(at.x + (axes.horizontal ? 0 : 4))}" y="${number(at.y + 4)}" fill="#555" ${halo}${anchor}>${escaped(label)}</text>`;
}

function octagon(left: number, top: number, width: number, height: number): string {
  const cut = Math.min(width, height, MOST_CUT) * 0.3;
  const [right, bottom] = [left + width, top + height];
  const corners: [number, number][] = [
    [left + cut, top],
    [right - cut, top],
    [right, top + cut],
    [right, bottom - cut],
    [right - cut, bottom],
    [left + cut, bottom],
    [left, bottom - cut],
    [left, top + cut],
  ];
  return corners.map(([x, y]) => `${number(x)},${number(y)}`).join(' ');
}

function text({ x, y }: Point): string {
  return `${number(x)} ${number(y)}`;
}

function number(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function escaped(value: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return value.replace(/[&<>"]/g, (letter) => entities[letter] ?? letter);
}
