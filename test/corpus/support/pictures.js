// Pictures and what is made of them: sets, models, archives.
const { mkdirSync, writeFileSync } = require('node:fs');
const path = require('node:path');
const sharp = require('sharp');
const { createDataset, deploy, train } = require('../../..');

const SIDE = 8;
const COLOURS = { blue: [40, 60, 200], red: [210, 50, 40] };

const NETWORK = `name: "tiny"
layer { name: "train-data" type: "Data" top: "data" top: "label" data_param { batch_size: 4 } include { stage: "train" } }
layer { name: "val-data" type: "Data" top: "data" top: "label" data_param { batch_size: 2 } include { stage: "val" } }
layer { name: "scale" type: "Power" bottom: "data" top: "scaled" power_param { scale: 0.01 } }
layer { name: "fc2" type: "InnerProduct" bottom: "scaled" top: "fc2" inner_product_param { weight_filler { type: "xavier" } } }
layer { name: "accuracy" type: "Accuracy" bottom: "fc2" bottom: "label" top: "accuracy" include { stage: "val" } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc2" bottom: "label" top: "loss" exclude { stage: "deploy" } }
layer { name: "softmax" type: "Softmax" bottom: "fc2" top: "softmax" include { stage: "deploy" } }`;

/** The bytes of a picture of one colour with grain; another `number` is another picture. */
function picture(colour, number = 0, format = 'png') {
  const [base] = [COLOURS[colour]];
  const pixels = Uint8Array.from({ length: SIDE * SIDE * 3 }, (_, index) => base[index % 3] + ((index * 7919 + number * 104729) % 31));
  return sharp(pixels, { raw: { width: SIDE, height: SIDE, channels: 3 } })
    .toFormat(format)
    .toBuffer();
}

/** A folder with one subfolder of six pictures for each colour. */
async function pictureFolder(folder) {
  for (const colour of Object.keys(COLOURS)) {
    mkdirSync(path.join(folder, colour), { recursive: true });
    for (let number = 0; number < 6; number++) writeFileSync(path.join(folder, colour, `${number}.png`), await picture(colour, number));
  }
  return folder;
}

/** A folder of pictures and a dataset of it. */
async function dataset(folder) {
  const pictures = await pictureFolder(path.join(folder, 'pictures'));
  return { pictures, dataset: await createDataset(pictures, { output: path.join(folder, 'dataset'), size: SIDE }) };
}

/** A dataset, a model trained on it, and an archive of that. */
async function model(folder) {
  const made = await dataset(folder);
  const trained = await train({ dataset: made.dataset, network: NETWORK, output: path.join(folder, 'model'), epochs: 2, seed: 1 });
  return { ...made, model: trained, archive: await deploy(trained, { output: path.join(folder, 'model.tar.gz') }) };
}

module.exports = { NETWORK, SIDE, dataset, model, picture, pictureFolder };
