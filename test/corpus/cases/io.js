// Classifier, Detector and caffe.io's conversions.
const path = require('node:path');
const { writeFileSync } = require('node:fs');
const { Classifier, Detector, io } = require('../../..');
const { each, throwingArray } = require('../support/hostile');
const { model, picture } = require('../support/pictures');

const INPUT = 'ERR_CAFFE_INPUT';
/** Of files and images that are not there, or not what they should be. */
const REFUSED = [
  INPUT,
  'ERR_CAFFE_SHAPE',
  'ERR_CAFFE_FILE',
  'ERR_CAFFE_IMAGE',
  'ERR_CAFFE_PROTOTXT',
  'ERR_CAFFE_MODEL',
  'ERR_CAFFE_UNSUPPORTED',
  'ERR_CAFFE_FATAL',
  'ERR_CAFFE_WEIGHTS',
];

/** A function's argument of every kind; some kinds are right. */
const junk = (name, use) => ({
  api: `io.${name}`,
  name: 'an argument of every wrong kind',
  code: [...REFUSED, 'none'],
  each: (fixture) => each((value) => use(value, fixture)),
});

const members = (type, prototype) =>
  Reflect.ownKeys(prototype)
    .filter((key) => key !== 'constructor')
    .map((key) => {
      const { value, get } = Object.getOwnPropertyDescriptor(prototype, key);
      const name = typeof key === 'symbol' ? '[Symbol.asyncDispose]' : key;
      return {
        api: `${type}#${name}`,
        name: 'without its object',
        code: INPUT,
        each: () => each(async (receiver) => (value ?? get).call(receiver)),
      };
    });

const conversions = Object.keys(io)
  .filter((name) => typeof io[name] === 'function' && !('prototype' in io[name]))
  .map((name) => ({
    api: `io.${name}`,
    name: 'arguments of every wrong kind',
    code: [...REFUSED, 'none'],
    each: ({ output }) =>
      each(async (value) => (name === 'saveMean' ? io.saveMean(path.join(output, 'x\0'), value) : io[name](value, value))),
  }));

const strict = [
  junk('datumToArray', (value) => io.datumToArray(value)),
  junk('blobprotoToArray', (value) => io.blobprotoToArray(value)),
  junk('arrayToDatum', (value) => io.arrayToDatum(value)),
  junk('loadMean', (value) => io.loadMean(value)),
  {
    api: 'io.loadMean',
    name: 'a mean image cut at every length',
    code: REFUSED,
    *each({ mean, folder }) {
      for (let length = 1; length < mean.length; length += 3) {
        writeFileSync(`${folder}/mean`, mean.subarray(0, length));
        yield [`${length} bytes`, () => io.loadMean(`${folder}/mean`)];
      }
    },
  },
];

const cases = [
  ...conversions,
  ...strict,
  {
    api: 'Classifier',
    name: 'constructed with something of every kind',
    sync: true,
    code: INPUT,
    each: () => each((value) => new Classifier(value)),
  },
  { api: 'Classifier.open', name: 'a model of every wrong kind', code: REFUSED, each: () => each((source) => Classifier.open(source)) },
  {
    api: 'Classifier#classify',
    name: 'an image of every wrong kind',
    code: REFUSED,
    each: ({ classifier }) => each((image) => classifier.classify([image])),
  },
  { api: 'Classifier#classify', name: 'images that throw', code: INPUT, run: ({ classifier }) => classifier.classify(throwingArray()) },
  {
    api: 'Classifier#predict',
    name: 'images of every wrong kind',
    code: REFUSED,
    each: ({ classifier }) => each((images) => classifier.predict(images), 'empty array'),
  },
  {
    api: 'Detector',
    name: 'constructed with something of every kind',
    sync: true,
    code: INPUT,
    each: () => each((value) => new Detector(value)),
  },
  { api: 'Detector.open', name: 'a network of every wrong kind', code: REFUSED, each: () => each((network) => Detector.open(network)) },
  ...members('Classifier', Classifier.prototype),
  ...members('Detector', Detector.prototype),
];

async function prepare(folder) {
  const made = await model(folder);
  const { readFileSync } = require('node:fs');
  return {
    ...made,
    mean: readFileSync(path.join(made.model.path, 'mean.binaryproto')),
    classifier: await Classifier.open(made.model),
    png: await picture('blue', 99),
  };
}

async function works({ classifier, png }) {
  const [best] = await classifier.classify(png);
  if (best.label !== 'blue') throw new Error(`the picture is taken for ${best.label}`);
}

module.exports = { prepare, works, release: ({ classifier }) => classifier.dispose(), cases };
