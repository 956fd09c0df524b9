// What fuzzing starts from: small files of every kind, made by the package itself.
const fs = require('node:fs');
const path = require('node:path');
const sharp = require('sharp');
const { Net, Solver } = require('..');
const { native } = require('../dist/native');
const texts = require('./texts');

const SIDE = 6;
const pixels = (channels) => Uint8Array.from({ length: SIDE * SIDE * channels }, (_, index) => index * 37);
const image = (channels) => sharp(pixels(channels), { raw: { width: SIDE, height: SIDE, channels } });

async function images() {
  return {
    'rgb.png': await image(3).png({ palette: false }).toBuffer(),
    'palette.png': await image(3).png({ palette: true }).toBuffer(),
    'alpha.png': await image(4).png({ palette: false }).toBuffer(),
    'interlaced.png': await image(3).png({ progressive: true, palette: false }).toBuffer(),
    'deep.png': await image(3).toColourspace('rgb16').png().toBuffer(),
    'grey.png': await image(1).toColourspace('b-w').png().toBuffer(),
    'rgb.jpg': await image(3).jpeg().toBuffer(),
    'progressive.jpg': await image(3).jpeg({ progressive: true }).toBuffer(),
    'grey.jpg': await image(1).toColourspace('b-w').jpeg().toBuffer(),
    'cmyk.jpg': await image(3).toColourspace('cmyk').jpeg().toBuffer(),
  };
}

/** Datums, each with a byte before it that chooses what is done with it. */
function datums(files) {
  const datum = (choice, value) => Buffer.concat([Buffer.from([choice]), native.messages.toBinary('Datum', value)]);
  const raw = { channels: 3, height: SIDE, width: SIDE, label: 1, data: pixels(3) };
  return {
    raw: datum(5, raw),
    floats: datum(19, { channels: 1, height: 2, width: 2, label: 1, float_data: [1, 2, 3, 4] }),
    png: datum(44, { encoded: true, label: 1, data: files['rgb.png'] }),
    jpeg: datum(12, { encoded: true, label: 1, data: files['grey.jpg'] }),
  };
}

async function database(folder, count) {
  const writer = await native.createDatabase(folder);
  const entry = (index) => ({
    key: `${index}`.padStart(8, '0'),
    label: index % 3,
    height: SIDE,
    width: SIDE,
    channels: 3,
    pixels: pixels(3),
  });
  await writer.put(Array.from({ length: count }, (_, index) => entry(index)));
  await writer.put([{ ...entry(count), encoded: new Uint8Array(5000) }]);
  await writer.close();
  return fs.readFileSync(path.join(folder, 'data.mdb'));
}

/** Weights and states of a small solver in both formats. */
async function snapshots(folder) {
  const taken = {};
  for (const format of ['BINARYPROTO', 'HDF5']) {
    const solver = await Solver.from(`${texts.solver}\nsnapshot_format: ${format} snapshot_prefix: "${path.join(folder, format)}"`);
    await solver.step(2);
    const { model, state } = await solver.snapshot();
    taken[format] = { model: fs.readFileSync(model), state: fs.readFileSync(state) };
    await solver.dispose();
  }
  return taken;
}

/** @returns {Promise<Record<string, Record<string, Buffer>>>} files by the kind of input, then by name */
async function makeSeeds(folder) {
  fs.mkdirSync(folder, { recursive: true });
  const [files, { BINARYPROTO, HDF5 }] = [await images(), await snapshots(folder)];
  const net = await Net.from(texts.networks.small);
  const mean = native.messages.toBinary('BlobProto', {
    shape: { dim: [1, 3, 2, 2] },
    data: Array.from({ length: 12 }, (_, index) => index),
  });
  await net.dispose();
  const networks = Object.fromEntries(
    Object.entries({ ...texts.networks, ...texts.published() }).map(([name, text]) => [name, Buffer.from(text)]),
  );
  return {
    image: files,
    datum: datums(files),
    lmdb: { small: await database(path.join(folder, 'small'), 4), larger: await database(path.join(folder, 'larger'), 60) },
    hdf5: { weights: HDF5.model, state: HDF5.state },
    mean: { mean },
    message: { weights: BINARYPROTO.model, state: BINARYPROTO.state, mean, ...datums(files) },
    prototxt: { ...networks, solver: Buffer.from(texts.solver) },
    network: networks,
    solver: { solver: Buffer.from(texts.solver) },
    weights: { binary: BINARYPROTO.model, hdf5: HDF5.model },
    state: { binary: BINARYPROTO.state, hdf5: HDF5.state },
  };
}

module.exports = { makeSeeds };
