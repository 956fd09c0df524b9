// Whether a training with bf16 learns what one with f32 does: SqueezeNet is fine-tuned on photographs of two classes, from the same seeds
// in both precisions, and its accuracy on the validation images is printed. Validations compute with f32.
//   node bench/convergence.js [seeds] [epochs]
const { mkdtempSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');
const { createDataset, train } = require('..');
const { median, models } = require('./common');

const seeds = Number(process.argv[2] ?? 5);
const epochs = Number(process.argv[3] ?? 8);
const PHOTOGRAPHS = process.env.CAFFE_NODE_PHOTOGRAPHS ?? path.join(__dirname, '../../shared/datasets/dolphins-and-seahorses');
/** As the demo trains: so few photographs make few steps of larger batches, in which the rate has to stay up for long. */
const SETTINGS = { batchSize: 16, learningRatePolicy: { type: 'step', percent: 75 }, snapshotEvery: epochs };

async function accuracyOf(settings) {
  const run = train({ ...SETTINGS, ...settings, epochs, overwrite: true });
  const engines = new Set();
  let last;
  let iterations = 0;
  for await (const event of run) {
    if (event.type === 'iteration') {
      engines.add(event.engine);
      iterations = event.iteration;
    }
    if (event.type === 'validation') last = event;
  }
  await (await run).dispose();
  return { engines: [...engines].join(', '), iterations, accuracy: last.accuracy, loss: last.loss };
}

async function main() {
  const folder = mkdtempSync(path.join(tmpdir(), 'caffe-node-convergence-'));
  try {
    const { weights, deploy } = models();
    const network = path.join(path.dirname(deploy), 'SqueezeNet_trainval.prototxt');
    const dataset = await createDataset(PHOTOGRAPHS, { output: path.join(folder, 'dataset'), seed: 1 });
    const { train: images, validation } = dataset.counts;
    console.log(`${images} photographs to train, ${validation} to validate`);
    const all = { f32: [], bf16: [] };
    for (let seed = 1; seed <= seeds; seed++) {
      for (const precision of Object.keys(all)) {
        const result = await accuracyOf({
          dataset,
          network,
          weights,
          seed,
          engine: 'onednn',
          precision,
          output: path.join(folder, 'model'),
        });
        all[precision].push(result.accuracy);
        const { accuracy, loss, iterations, engines } = result;
        console.log(
          `seed ${seed}, ${precision.padEnd(4)}: ${(100 * accuracy).toFixed(1).padStart(5)} %, loss ${loss.toFixed(3)} (${iterations} iterations, ${engines})`,
        );
      }
    }
    for (const [precision, found] of Object.entries(all)) {
      const mean = found.reduce((sum, accuracy) => sum + accuracy, 0) / found.length;
      console.log(`${precision.padEnd(4)}: mean ${(100 * mean).toFixed(1)} %, median ${(100 * median(found)).toFixed(1)} %`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

main();
