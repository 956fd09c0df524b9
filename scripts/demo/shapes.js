/** The shapes of the drawings, as closed outlines; an outline inside another one is a hole. All have the area 1 and their centre of gravity at 0, 0. */

/** @typedef {[number, number]} Point  x to the right, y down */
/** @typedef {Point[]} Outline */

/** @type {Record<string, Outline[]>} */
const SHAPES = {
  circle: [polygon(64)],
  square: [square()],
  triangle: [polygon(3)],
  star: [polygon(10, (i) => (i % 2 === 0 ? 1 : 0.42))],
  cross: [cross(0.32)],
  heart: [heart()],
  arrow: [arrow()],
  ring: [polygon(64), polygon(64, () => 0.6).reverse()],
  crescent: [crescent()],
};
for (const [name, outlines] of Object.entries(SHAPES)) SHAPES[name] = normalised(outlines);

/**
 * Corners around the centre.
 *
 * @param {number} corners
 * @param {(corner: number) => number} radius
 * @returns {Outline}
 */
function polygon(corners, radius = () => 1) {
  return Array.from({ length: corners }, (_, i) => onCircle((2 * Math.PI * i) / corners, radius(i)));
}

/** @param {number} angle in radians, 0 is up @param {number} radius @returns {Point} */
function onCircle(angle, radius = 1) {
  return [radius * Math.sin(angle), -radius * Math.cos(angle)];
}

/** @returns {Outline} */
function square() {
  return [
    [-1, -1],
    [1, -1],
    [1, 1],
    [-1, 1],
  ];
}

/** @param {number} arm half the width of an arm @returns {Outline} */
function cross(arm) {
  return [
    [-arm, -1],
    [arm, -1],
    [arm, -arm],
    [1, -arm],
    [1, arm],
    [arm, arm],
    [arm, 1],
    [-arm, 1],
    [-arm, arm],
    [-1, arm],
    [-1, -arm],
    [-arm, -arm],
  ];
}

/** @returns {Outline} */
function heart() {
  return Array.from({ length: 64 }, (_, i) => {
    const t = (2 * Math.PI * i) / 64;
    return [16 * Math.sin(t) ** 3, -(13 * Math.cos(t) - 5 * Math.cos(2 * t) - 2 * Math.cos(3 * t) - Math.cos(4 * t))];
  });
}

/** @returns {Outline} */
function arrow() {
  return [
    [0, -1],
    [0.75, -0.1],
    [0.28, -0.1],
    [0.28, 1],
    [-0.28, 1],
    [-0.28, -0.1],
    [-0.75, -0.1],
  ];
}

/** The outer three quarters of a circle, and a flatter arc back. @returns {Outline} */
function crescent() {
  const outer = Array.from({ length: 49 }, (_, i) => onCircle(Math.PI * (0.25 + (1.5 * i) / 48)));
  const [x, y] = outer[0];
  const radius = Math.hypot(x, y + 0.45);
  const from = Math.atan2(x, -(y + 0.45));
  const inner = Array.from({ length: 33 }, (_, i) => onCircle(2 * Math.PI - from + ((2 * from - 2 * Math.PI) * i) / 32, radius));
  return [...outer, .../** @type {Outline} */ (inner.map(([innerX, innerY]) => [innerX, innerY - 0.45]))];
}

/** @param {Outline[]} outlines @returns {Outline[]} */
function normalised(outlines) {
  const { area, x, y } = outlines
    .map(gravity)
    .reduce((sum, part) => ({ area: sum.area + part.area, x: sum.x + part.x, y: sum.y + part.y }));
  const side = Math.sqrt(Math.abs(area));
  return outlines.map((outline) => outline.map(([px, py]) => [(px - x / area) / side, (py - y / area) / side]));
}

/** Area (negative when the corners go round the other way), and area × centre of gravity. @param {Outline} outline */
function gravity(outline) {
  const sum = { area: 0, x: 0, y: 0 };
  outline.forEach(([x1, y1], i) => {
    const [x2, y2] = outline[(i + 1) % outline.length];
    const twice = x1 * y2 - x2 * y1;
    sum.area += twice / 2;
    sum.x += ((x1 + x2) * twice) / 6;
    sum.y += ((y1 + y2) * twice) / 6;
  });
  return sum;
}

/** Distance of the farthest corner from the centre. @param {Outline[]} outlines */
function reachOf(outlines) {
  return Math.max(...outlines.flat().map(([x, y]) => Math.hypot(x, y)));
}

module.exports = { SHAPES, reachOf };
