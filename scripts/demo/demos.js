const path = require('node:path');
const { drawDataset, drawSamples } = require('./drawings');
const { createStopwatch } = require('./stopwatch');
const { classifySamples, makeDataset, packModel, trainModel } = require('./workflow');

/** Drawn pictures: enough of them to learn shapes from, small enough for two minutes on two cores. */
const NETWORK = 'small';
const SIZE = 64;
const FIRST = { name: 'shapes', classes: ['square', 'triangle', 'star', 'cross', 'ring'], perClass: 200, epochs: 8 };
const SECOND = { name: 'circles-and-arrows', classes: ['circle', 'arrow'], perClass: 160, epochs: 10 };

/** From nothing, on drawings. */
const FIRST_RATE = 0.02;
const FIRST_POLICY = { type: 'multistep', percents: [60, 85], gamma: 0.3 };

/** Fewer than train's own 30: a network that knows photographs needs no more to learn classes that are new to it. */
const PHOTOGRAPH_EPOCHS = 12;
/** Half of what SqueezeNet's file says: the few photographs that people have make few steps in an epoch. */
const PHOTOGRAPH_BATCH = 16;
/** In so few epochs the learning rate has to stay up for longer than by train's own policy. */
const FINE_TUNING_POLICY = { type: 'step', percent: 75 };

/**
 * Draws two sets of pictures, trains a small network on the first and fine-tunes it onto the second.
 *
 * @param display of display.js.
 * @param options of arguments.js, with `signal`.
 * @returns what `--json` writes.
 */
async function runDrawnDemo(display, { output, epochs, learningRate, signal }) {
  const seconds = createStopwatch();
  const job = { output, size: SIZE, signal, seconds };
  const first = await draw(display, FIRST, job);
  const fromNothing = { network: NETWORK, epochs: FIRST.epochs, learningRate: FIRST_RATE, learningRatePolicy: FIRST_POLICY };
  const { model } = await learn(display, { ...job, ...FIRST, data: first, settings: fromNothing });

  const second = await draw(display, SECOND, job);
  const samples = path.join(output, 'samples');
  await drawSamples(samples, { classes: SECOND.classes, size: SIZE });
  const settings = {
    network: NETWORK,
    weights: model,
    epochs: epochs ?? SECOND.epochs,
    learningRate,
    learningRatePolicy: FINE_TUNING_POLICY,
  };
  return fineTune(display, { ...job, ...SECOND, data: second, samples, settings });
}

/** Fine-tunes the user's network on the user's photographs. */
async function runPhotographDemo(display, { photographs, output, epochs = PHOTOGRAPH_EPOCHS, learningRate, signal }) {
  const { data, samples, network, weights } = photographs;
  const name = path.basename(path.resolve(data));
  const settings = { network, weights, epochs, batchSize: PHOTOGRAPH_BATCH, learningRate, learningRatePolicy: FINE_TUNING_POLICY };
  return fineTune(display, { name, data, samples, output, settings, signal, seconds: createStopwatch() });
}

async function draw(display, { name, classes, perClass }, { output, size, seconds }) {
  const folder = path.join(output, name);
  display.heading(`Drawing ${perClass} pictures each of ${classes.join(', ')}`);
  await seconds.of('draw', () => drawDataset(folder, { classes, perClass, size }));
  return folder;
}

/** The path of the whole package: photographs, dataset, model, archive, answers. */
async function fineTune(display, job) {
  const { name, output, samples, seconds } = job;
  const { dataset, model } = await learn(display, job);
  const archive = await seconds.of('deploy', () => packModel(display, model, path.join(output, `${name}.tar.gz`)));
  const results = await seconds.of('classify', () => classifySamples(display, archive, samples));
  const { accuracy, loss } = model.metrics;
  return { dataset: dataset.counts, validation: { accuracy, loss }, samples: results, seconds: seconds.all };
}

async function learn(display, { name, data, output, size, settings, signal, seconds }) {
  const folder = (kind) => path.join(output, `${name}-${kind}`);
  const dataset = await seconds.of('dataset', () => makeDataset(display, data, { output: folder('dataset'), size, signal }));
  const model = await seconds.of('train', () => trainModel(display, { dataset, output: folder('model'), signal, ...settings }));
  return { dataset, model };
}

module.exports = { runDrawnDemo, runPhotographDemo };
