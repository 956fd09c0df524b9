const { existsSync } = require('node:fs');
const path = require('node:path');

/** The middle value. */
function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/** SqueezeNet's files, from ../shared beside the project or the folder named by CAFFE_NODE_MODELS. */
function models() {
  const folder = process.env.CAFFE_NODE_MODELS ?? path.join(__dirname, '../../shared/models/squeezenet');
  const deploy = path.join(folder, 'SqueezeNet_deploy.prototxt');
  if (!existsSync(deploy)) throw new Error(`${deploy} is not there: set CAFFE_NODE_MODELS to a folder with SqueezeNet's files.`);
  return { deploy, weights: path.join(folder, 'squeezenet.caffemodel') };
}

module.exports = { median, models };
