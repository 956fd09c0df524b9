const { existsSync, readdirSync } = require('node:fs');
const path = require('node:path');
const { loadImage, Transformer } = require('../..');

const photographFolder = path.join(__dirname, '../../../shared/datasets/dolphins-and-seahorses');

/** The photographs beside the project, or none where it stands alone. */
function photographs() {
  if (!existsSync(photographFolder)) return [];
  return readdirSync(photographFolder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => readdirSync(path.join(photographFolder, name)).map((file) => path.join(photographFolder, name, file)))
    .sort();
}

/** A network's input: photographs as it takes them (BGR, less the usual mean), from the beginning again where there are too few. */
async function photographInput(shape) {
  const [batch] = shape;
  const files = photographs();
  if (files.length === 0) return noise(shape.reduce((count, extent) => count * extent, 1));
  const transformer = new Transformer(
    { data: shape },
    { data: { transpose: [2, 0, 1], channelSwap: [2, 1, 0], rawScale: 255, mean: [104, 117, 123] } },
  );
  // Neighbours in the list are of one class: every seventh, so that a small batch has both.
  const images = Array.from({ length: batch }, (_, index) => loadImage(files[(7 * index) % files.length]));
  return (await transformer.preprocessBatch('data', await Promise.all(images))).data;
}

/** In place of photographs: the same range, from a fixed seed (xorshift). */
function noise(count) {
  let state = 2463534242;
  return Float32Array.from({ length: count }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return ((state >>> 0) / 2 ** 32) * 255 - 115;
  });
}

module.exports = { photographFolder, photographInput, photographs };
