/**
 * Draws the images that the demo learns from: shapes in any place, pose, size and colour, on backgrounds of any colour. Colours, sizes
 * and areas are drawn from the same ranges for all classes, so that only the shape tells them apart.
 */
const { mkdir, writeFile } = require('node:fs/promises');
const path = require('node:path');
const sharp = require('sharp');
const { between, randomFrom } = require('./random');
const { reachOf, SHAPES } = require('./shapes');

/** The classes that can be drawn. */
const CLASSES = Object.freeze(Object.keys(SHAPES));

/** Share of the image that a shape covers. */
const AREA = { from: 0.08, to: 0.16 };
/** Share of the image's side that stays empty at its edges, so that a centre crop takes nothing of a shape away. */
const MARGIN = 1 / 16;
/** Degrees to either side of upright. */
const TILT = 25;
/** Least difference in brightness, 0 to 255, between a shape and what is behind it. */
const CONTRAST = 70;
/** Strength of the grain, as the standard deviation of the pixels, 0 to 255. */
const GRAIN = 8;

/**
 * @typedef {object} DrawingOptions
 * @property {string[]} classes   names among {@link CLASSES}
 * @property {number} perClass    images of each class
 * @property {number} [seed]      the same seed gives the same files; default 0
 * @property {number} [size]      side of the square images in pixels; default 64
 */

/**
 * Draws a folder of photographs, so to speak: `<folder>/<class>/<class>_0001.png` …
 *
 * @param {string} folder
 * @param {DrawingOptions} options
 * @returns {Promise<string[]>} the files, class by class
 */
function drawDataset(folder, options) {
  return drawAll(options, 'dataset', (name, number) => path.join(folder, name, `${name}_${String(number).padStart(4, '0')}.png`));
}

/**
 * Draws single images, none of which is in a dataset of the same seed: `<folder>/<class>1.png` …
 *
 * @param {string} folder
 * @param {Omit<DrawingOptions, 'perClass'> & { perClass?: number }} options `perClass` is 3 by default
 * @returns {Promise<string[]>} the files, class by class
 */
function drawSamples(folder, options) {
  return drawAll({ perClass: 3, ...options }, 'samples', (name, number) => path.join(folder, `${name}${number}.png`));
}

/**
 * @param {DrawingOptions} options
 * @param {string} purpose  drawings for another purpose are other drawings
 * @param {(name: string, number: number) => string} fileOf
 */
async function drawAll({ classes, perClass, seed = 0, size = 64 }, purpose, fileOf) {
  const files = [];
  for (const name of classes) {
    for (let number = 1; number <= perClass; number++) {
      const file = fileOf(name, number);
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, await draw(name, size, randomFrom(`${seed} ${purpose} ${name} ${number}`)));
      files.push(file);
    }
  }
  return files;
}

/**
 * @param {string} name         of the class
 * @param {number} size         side in pixels
 * @param {() => number} random
 * @returns {Promise<Buffer>}   a PNG file
 */
async function draw(name, size, random) {
  const pixels = await sharp(Buffer.from(svgOf(name, size, random)))
    .removeAlpha()
    .raw()
    .toBuffer();
  addGrain(pixels, random);
  return sharp(pixels, { raw: { width: size, height: size, channels: 3 } })
    .png()
    .toBuffer();
}

/** @param {string} name @param {number} size @param {() => number} random */
function svgOf(name, size, random) {
  const outlines = SHAPES[name];
  if (!outlines) throw new Error(`'${name}' cannot be drawn; known are: ${CLASSES.join(', ')}.`);
  const scale = Math.sqrt(between(random, AREA.from, AREA.to));
  const reach = Math.min(0.5, reachOf(outlines) * scale + MARGIN);
  const place = [between(random, reach, 1 - reach), between(random, reach, 1 - reach)].map((at) => at * size);
  const { shape, edge, behind, beyond } = colours(random);
  const data = outlines.map(
    (outline) => `M${outline.map((point) => point.map((x) => (x * scale * size).toFixed(3)).join(' ')).join('L')}Z`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${size}" height="${size}">
    <linearGradient id="background" gradientTransform="rotate(${between(random, 0, 90)})">
      <stop offset="0" stop-color="${behind}"/><stop offset="1" stop-color="${beyond}"/>
    </linearGradient>
    <rect width="100%" height="100%" fill="url(#background)"/>
    <path transform="translate(${place.join(' ')}) rotate(${between(random, -TILT, TILT)})" d="${data.join('')}" fill-rule="evenodd"
      fill="${shape}" stroke="${edge}" stroke-width="${between(random, 0, 0.03) * size}" stroke-linejoin="round"/>
  </svg>`;
}

/** Two colours that differ in brightness, either of them in front; the background fades and the edge differs a little. @param {() => number} random */
function colours(random) {
  const [shape, behind] = contrastingPair(random);
  return {
    shape: css(shape),
    edge: css(varied(shape, 25, random)),
    behind: css(behind),
    beyond: css(varied(behind, 25, random)),
  };
}

/** @param {() => number} random */
function contrastingPair(random) {
  for (;;) {
    const pair = [0, 1].map(() => [0, 1, 2].map(() => between(random, 20, 235)));
    if (Math.abs(brightness(pair[0]) - brightness(pair[1])) >= CONTRAST) return pair;
  }
}

/** @param {number[]} rgb */
function brightness([red, green, blue]) {
  return 0.299 * red + 0.587 * green + 0.114 * blue;
}

/** @param {number[]} rgb @param {number} most @param {() => number} random */
function varied(rgb, most, random) {
  return rgb.map((value) => Math.min(255, Math.max(0, value + between(random, -most, most))));
}

/** @param {number[]} rgb */
function css(rgb) {
  return `rgb(${rgb.map(Math.round).join(',')})`;
}

/** Adds noise that is nearly normal: the sum of three even ones. @param {Buffer} pixels @param {() => number} random */
function addGrain(pixels, random) {
  for (let i = 0; i < pixels.length; i++) {
    const noise = (random() + random() + random() - 1.5) * 2 * GRAIN;
    pixels[i] = Math.min(255, Math.max(0, Math.round(pixels[i] + noise)));
  }
}

module.exports = { CLASSES, drawDataset, drawSamples };
