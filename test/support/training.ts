/** Something small to train: pictures of plain colours with grain, which a network learns in a few iterations. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import { createDataset, type Dataset } from '../../lib/dataset';

const COLOURS: Record<string, [number, number, number]> = { blue: [40, 60, 200], green: [50, 190, 70], red: [210, 50, 40] };
const SIDE = 16;

/** A network for them, all-in-one as DIGITS writes networks; its classifier is `fc2`. */
export const TINY_NETWORK = `
name: "tiny"
layer { name: "train-data" type: "Data" top: "data" top: "label" data_param { batch_size: 8 } include { stage: "train" } }
layer { name: "val-data" type: "Data" top: "data" top: "label" data_param { batch_size: 4 } include { stage: "val" } }
layer { name: "scale" type: "Power" bottom: "data" top: "scaled" power_param { scale: 0.01 } }
layer { name: "conv1" type: "Convolution" bottom: "scaled" top: "conv1"
  convolution_param { num_output: 6 kernel_size: 3 stride: 2 weight_filler { type: "xavier" } } }
layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }
layer { name: "fc2" type: "InnerProduct" bottom: "conv1" top: "fc2" inner_product_param { weight_filler { type: "xavier" } } }
layer { name: "accuracy" type: "Accuracy" bottom: "fc2" bottom: "label" top: "accuracy" include { stage: "val" } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc2" bottom: "label" top: "loss" exclude { stage: "deploy" } }
layer { name: "softmax" type: "Softmax" bottom: "fc2" top: "softmax" include { stage: "deploy" } }
`;

/** A PNG of one colour with grain; another `number` is another picture. */
export async function picture(file: string, colour: string, number: number): Promise<string> {
  const base = COLOURS[colour] ?? [128, 128, 128];
  const grain = (i: number) => ((i * 7919 + number * 104729) % 61) - 30;
  const pixels = Uint8Array.from({ length: SIDE * SIDE * 3 }, (_, i) => Math.min(255, Math.max(0, (base[i % 3] ?? 0) + grain(i))));
  await mkdir(path.dirname(file), { recursive: true });
  await sharp(pixels, { raw: { width: SIDE, height: SIDE, channels: 3 } })
    .png()
    .toFile(file);
  return file;
}

/** Draws a folder of pictures and makes a dataset of it: of each colour 15 to train and 5 to validate with. */
export async function colourDataset(folder: string, colours = ['blue', 'green', 'red']): Promise<Dataset> {
  for (const colour of colours) {
    for (let number = 0; number < 20; number++) await picture(path.join(folder, 'pictures', colour, `${number}.png`), colour, number);
  }
  return createDataset(path.join(folder, 'pictures'), { output: path.join(folder, 'dataset'), size: SIDE });
}
