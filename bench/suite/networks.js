/** The networks that are measured: their files, written for each batch size into a temporary folder, and their weights. */
const { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } = require('node:fs');
const path = require('node:path');
const { caffe, createDataset, exportOnnx, Net, prototxt } = require('../..');
const { writeFloats } = require('./floats');
const { photographFolder, photographInput } = require('./photographs');

const root = path.join(__dirname, '../..');
const models = path.join(root, '../shared/models');

const NETWORKS = {
  squeezenet: {
    deploy: path.join(models, 'squeezenet/SqueezeNet_deploy.prototxt'),
    trainVal: path.join(models, 'squeezenet/SqueezeNet_trainval.prototxt'),
    weights: path.join(models, 'squeezenet/squeezenet.caffemodel'),
  },
  alexnet: { deploy: path.join(models, 'bvlc_alexnet/deploy.prototxt'), trainVal: path.join(models, 'bvlc_alexnet/train_val.prototxt') },
  // Without a file for training: its losses are three, and what is compared is one.
  googlenet: { deploy: path.join(models, 'bvlc_googlenet/deploy.prototxt') },
  small: { deploy: path.join(root, 'prototxt/small/deploy.prototxt'), trainVal: path.join(root, 'prototxt/small/train_val.prototxt') },
};

/** The scores of a network with random weights spread as widely as those of a trained one, so that a wrong one shows in the probabilities. */
const SPREAD_OF_SCORES = 2;

class Networks {
  /** @param {string} folder for what is written. */
  constructor(folder) {
    this.folder = folder;
    this.weights = new Map();
    this.inputs = new Map();
  }

  trains(name) {
    return NETWORKS[name].trainVal !== undefined;
  }

  /**
   * The network for deployment with this batch: `net`, `weights`, `onnx`, `input` (files), `shape`, `multiplyAdds` of one run.
   *
   * @param options `onnx`: whether it is wanted for onnxruntime, too.
   */
  async deployed(name, batch, { onnx }) {
    const { text, shape } = deployText(name, batch);
    const net = this.write(`${name}-${batch}.prototxt`, text);
    const { multiplyAdds } = prototxt.check(text).totals;
    const weights = await this.weightsOf(name);
    return { net, weights, ...(onnx && { onnx: await this.onnxOf(net, weights) }), input: await this.inputOf(shape), shape, multiplyAdds };
  }

  /**
   * A solver for the network with this batch, whose data and labels lie in memory: `net` (the solver), `weights`, `input`.
   *
   * @param dropout false: nothing is dropped, since no two engines draw the same.
   */
  async trained(name, batch, { dropout }) {
    const { shape } = deployText(name, batch);
    const kind = dropout ? 'train' : 'compare';
    const { text, classes } = trainingText(readFileSync(NETWORKS[name].trainVal, 'utf8'), shape, dropout);
    const net = this.write(`${name}-${kind}-${batch}.prototxt`, text);
    const solver = this.write(`${name}-${kind}-${batch}-solver.prototxt`, solverText(net));
    const labels = Array.from({ length: batch }, (_, index) => (37 * index) % classes);
    return { net: solver, weights: await this.weightsOf(name), input: await this.inputOf(shape, labels) };
  }

  /** The same, reading a dataset of photographs by its data layer, with their random crops and mirror images. */
  async trainedOnDataset(name, batch) {
    const { shape } = deployText(name, batch);
    const [, , crop] = shape;
    const dataset = await this.dataset(sizeFor(crop));
    const data = { batchSize: batch, meanFile: path.join(dataset, 'mean.binaryproto') };
    const { text } = prototxt.toTrainVal(readFileSync(NETWORKS[name].trainVal, 'utf8'), {
      train: { ...data, source: path.join(dataset, 'train_db'), cropSize: crop, mirror: true },
      validation: { ...data, source: path.join(dataset, 'val_db'), cropSize: crop },
    });
    const net = this.write(`${name}-dataset-${batch}.prototxt`, withoutAccuracy(prototxt.select(text, { phase: 'train' }).text));
    return {
      net: this.write(`${name}-dataset-${batch}-solver.prototxt`, solverText(net)),
      weights: await this.weightsOf(name),
      input: '-',
    };
  }

  /** A dataset folder of the photographs, made once for each size. */
  async dataset(size) {
    const folder = path.join(this.folder, `dataset-${size}`);
    // As pixels: stock Caffe, built without OpenCV, decodes no images.
    if (!existsSync(folder)) await createDataset(photographFolder, { output: folder, size, encoding: 'none' });
    return folder;
  }

  /** The network as a trained model, for classifying images of any size: the `net` is its folder, the `size` that to which they are resized. */
  async model(name) {
    const { text, shape } = deployText(name, 1);
    const weights = await this.weightsOf(name);
    const folder = path.join(this.folder, `${name}-model`);
    const crop = shape[2];
    const size = [sizeFor(crop), sizeFor(crop)];
    mkdirSync(folder, { recursive: true });
    const files = {
      'deploy.prototxt': text,
      'labels.txt': `${Array.from({ length: classesOf(text) }, (_, index) => index).join('\n')}\n`,
      'info.json': JSON.stringify({ 'snapshot file': 'snapshot_iter_1.caffemodel', preprocessing: preprocessingOf(size, crop) }),
    };
    for (const [file, content] of Object.entries(files)) writeFileSync(path.join(folder, file), content);
    copyFileSync(weights, path.join(folder, 'snapshot_iter_1.caffemodel'));
    return { net: folder, size };
  }

  async weightsOf(name) {
    if (!this.weights.has(name)) this.weights.set(name, NETWORKS[name].weights ?? (await this.randomWeights(name)));
    return this.weights.get(name);
  }

  /** From a fixed seed, such that values neither grow nor vanish on the way up (He's initialization). */
  async randomWeights(name) {
    const { text, shape } = deployText(name, 1);
    caffe.setRandomSeed(1);
    const net = await Net.from(withFillers(text));
    const last = net.layers.findLast(({ params }) => params.length > 0);
    const [scores] = last.tops;
    const outputs = await net.forward({ [net.inputs[0]]: await photographInput(shape) }, { blobs: [scores] });
    const factor = SPREAD_OF_SCORES / deviationOf(outputs[scores].data);
    for (const parameter of last.params) parameter.set(parameter.data.map((value) => value * factor));
    const file = path.join(this.folder, `${name}.caffemodel`);
    await net.save(file);
    await net.dispose();
    return file;
  }

  async onnxOf(network, weights) {
    const output = network.replace(/\.prototxt$/, '.onnx');
    await exportOnnx({ network, weights }, { output });
    return output;
  }

  async inputOf(shape, labels = []) {
    const key = [...shape, ...(labels.length > 0 ? ['labels'] : [])].join('x');
    if (!this.inputs.has(key)) {
      const file = path.join(this.folder, `input-${key}`);
      writeFloats(file, [...(await photographInput(shape)), ...labels]);
      this.inputs.set(key, file);
    }
    return this.inputs.get(key);
  }

  write(name, text) {
    const file = path.join(this.folder, name);
    writeFileSync(file, text);
    return file;
  }
}

function deployText(name, batch) {
  const { deploy } = NETWORKS[name];
  if (!existsSync(deploy)) throw new Error(`${deploy} is not there: the networks to measure lie in ../shared beside the project.`);
  const source = readFileSync(deploy, 'utf8');
  const [input] = prototxt.toDeploy(source).inputs;
  const shape = [batch, ...input.shape.slice(1)];
  // toDeploy would add a softmax to SqueezeNet, which is published without.
  return { text: withBatch(source, shape), shape };
}

/** The deploy file with this shape of input, whether it has a layer for it or is of the time before. */
function withBatch(source, shape) {
  const document = prototxt.parse(source);
  const [input] = document.layers({ type: 'Input' });
  return document
    .edit((edits) => {
      if (input) edits.set(input, 'input_param.shape', [{ dim: shape }]);
      else edits.set('input_dim', shape);
    })
    .toString();
}

function withFillers(text) {
  const document = prototxt.parse(text);
  return document
    .edit((edits) => {
      for (const layer of document.layers({ type: /^(Convolution|InnerProduct)$/ })) {
        const settings = layer.get('type') === 'Convolution' ? 'convolution_param' : 'inner_product_param';
        edits.set(layer, `${settings}.weight_filler`, { type: 'msra' });
      }
    })
    .toString();
}

/** The size that images are resized to before they are cropped: 256 for 227, as these networks are trained. */
const sizeFor = (crop) => Math.round(crop * 1.128);

/** The loss is then the net's first output. */
function withoutAccuracy(text) {
  const document = prototxt.parse(text);
  return document
    .edit((edits) => {
      for (const layer of document.layers({ type: 'Accuracy' })) edits.remove(layer);
    })
    .toString();
}

/** The network of the training phase, fed from memory. */
function trainingText(trainVal, shape, dropout) {
  const document = prototxt.parse(withoutAccuracy(prototxt.select(trainVal, { phase: 'train' }).text));
  const edited = document.edit((edits) => {
    for (const layer of document.layers({ type: 'Data' })) edits.remove(layer);
    if (!dropout) for (const layer of document.layers({ type: 'Dropout' })) edits.set(layer, 'dropout_param.dropout_ratio', 0);
  });
  return { text: `${inputLayer('data', shape)}${inputLayer('label', shape.slice(0, 1))}${edited}`, classes: classesOf(trainVal) };
}

/** What the last of the layers with weights gives. */
function classesOf(text) {
  const head = prototxt
    .parse(text)
    .layers({ type: /^(Convolution|InnerProduct)$/ })
    .at(-1);
  return head.get('inner_product_param.num_output') ?? head.get('convolution_param.num_output');
}

const preprocessingOf = (size, crop) => ({
  size,
  resizeMode: 'squash',
  resampler: 'bilinear',
  crop,
  mean: [104, 117, 123],
  channelOrder: 'BGR',
  scale: 1,
  alpha: 'white',
  exif: true,
});

const inputLayer = (name, shape) =>
  `layer { name: "${name}" type: "Input" top: "${name}" input_param { shape { ${shape.map((extent) => `dim: ${extent}`).join(' ')} } } }\n`;

/** A rate so small that the loss stays where it is, however long it is measured: a network that has learned everything is another one. */
const solverText = (net) =>
  `net: "${net}"\nbase_lr: 1e-06\nlr_policy: "fixed"\nmomentum: 0.9\nweight_decay: 0.0005\nmax_iter: 1000000\nrandom_seed: 1\nsolver_mode: CPU\n`;

function deviationOf(values) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}

module.exports = { Networks };
