/** The steps of the workflow, each with what it shows. */
const fs = require('node:fs/promises');
const path = require('node:path');
const { classify, createDataset, deploy, train } = require('../..');
const { table } = require('./display');
const { watchTraining } = require('./training-report');

/** The same every time: a demo that is repeated should show the same. */
const SEED = 1;

async function makeDataset(display, source, options) {
  display.heading(`Making a dataset of ${path.relative('', source)}`);
  const bar = display.bar(1);
  const onProgress = ({ done, total, stage }) => bar.update(done, `${stage}: ${done} of ${total} images`, total);
  try {
    const dataset = await createDataset(source, { overwrite: true, seed: SEED, onProgress, ...options });
    bar.stop();
    const { counts, labels, skipped } = dataset;
    display.line(`  ${labels.join(', ')}: ${counts.train} images to train with, ${counts.validation} to validate`);
    for (const { file, reason } of skipped) display.line(`  left out: ${file} (${reason})`);
    return dataset;
  } finally {
    bar.stop();
  }
}

async function trainModel(display, settings) {
  display.heading(settings.weights === undefined ? 'Training from nothing' : 'Fine-tuning');
  return watchTraining(train({ overwrite: true, seed: SEED, ...settings }), display);
}

async function packModel(display, model, output) {
  display.heading('Packing the best snapshot');
  const archive = await deploy(model, { output });
  const { size } = await fs.stat(archive.path);
  display.line(`  ${path.relative('', archive.path)}: ${archive.files.length} files, ${(size / 2 ** 20).toFixed(1)} MiB`);
  return archive;
}

async function classifySamples(display, archive, folder) {
  display.heading('Classifying pictures it has never seen');
  const files = (await fs.readdir(folder)).filter((file) => /\.(jpe?g|png)$/i.test(file)).sort();
  const paths = files.map((file) => path.join(folder, file));
  const predictions = await classify(archive, paths, { top: 1 });
  const results = predictions.map(([{ label, probability }], index) => ({ file: files[index], label, probability }));
  display.line(answers(results));
  return results;
}

function answers(results) {
  const rows = results.map((result) => [
    result.file,
    result.label,
    `${(100 * result.probability).toFixed(2)} %`,
    isRight(result) ? 'right' : 'wrong',
  ]);
  const right = results.filter(isRight).length;
  return `${table([['picture', 'class', 'probability', ''], ...rows])}\n\n  ${right} of ${results.length} right`;
}

/** Samples are named after their class (dolphin1.jpg); labels have blanks where names of files and folders have `_`. */
function isRight({ file, label }) {
  return path.parse(file).name.replace(/\d+$/, '').replaceAll('_', ' ').trim() === label;
}

module.exports = { classifySamples, makeDataset, packModel, trainModel };
