/** What is measured, each as a generator of one comparison after the other: `{ results, refused }` with `title`, to be shown as it comes. */
const { readFileSync } = require('node:fs');
const { prototxt } = require('../..');
const { compareOnly, measureClassifying, measureLoading, measureModes, measurePlan, measureTogether } = require('./measure');
const { photographs } = require('./photographs');
const { round } = require('./statistics');

async function* forward({ engines, networks, options }) {
  for (const [network, threads] of pairs(options.nets, options.threads)) {
    for (const batch of options.batches) {
      const { multiplyAdds, ...files } = await networks.deployed(network, batch, { onnx: runsOnnx(engines) });
      const job = { task: 'forward', network, batch, threads, ...files };
      const { results, refused } = await measureTogether(engines, job, options);
      const rows = results.map((result) => ({ ...result, gflops: gflopsOf(multiplyAdds, result.ms) }));
      yield { title: titleOf(job), results: rows, refused };
    }
  }
}

/** With the data in memory, after a comparison without dropout; then with the photographs read as training reads them. */
async function* train({ engines, networks, options }) {
  const trained = options.nets.filter((name) => networks.trains(name));
  for (const [network, threads] of pairs(trained, options.threads)) {
    const job = { task: 'train', network, batch: options.trainBatch, threads };
    const refused = await compareOnly(engines, { ...job, ...(await networks.trained(network, job.batch, { dropout: false })) }, options);
    const agreeing = engines.filter(({ name }) => refused.every(({ engine }) => engine !== name));
    const measure = async (files) => (await measureTogether(agreeing, { ...job, ...files }, options, { compared: true })).results;
    yield { title: titleOf(job), results: await measure(await networks.trained(network, job.batch, { dropout: true })), refused };
    if (photographs().length === 0) continue;
    const rows = await measure(await networks.trainedOnDataset(network, job.batch));
    yield { title: `${titleOf(job)}, from a dataset`, results: rows.map((row) => ({ ...row, data: 'dataset' })), refused: [] };
  }
}

/** From files to the first answer, since engines differ in what they leave for the first run. */
async function* load({ engines, networks, options }) {
  const threads = Math.max(...options.threads);
  for (const network of options.nets) {
    const { multiplyAdds, ...files } = await networks.deployed(network, 1, { onnx: runsOnnx(engines) });
    const job = { task: 'load', network, batch: 1, threads, ...files };
    yield { title: titleOf(job), ...(await measureLoading(engines, job, options)) };
  }
}

/** A folder of photographs from the files to the answers, in the batches that classify makes. */
async function* classify({ engines, networks, options }) {
  const files = photographs();
  if (files.length === 0) return;
  const list = Array.from({ length: options.images }, (_, index) => files[index % files.length]);
  for (const [network, threads] of pairs(options.nets, options.threads)) {
    const job = { task: 'classify', network, batch: 10, threads, photographs: list, ...(await networks.model(network)) };
    yield { title: titleOf(job), ...(await measureClassifying(engines, job, options)) };
  }
}

/** All threads for one net, or a net for each: the answer to one image as soon as possible, or as many images as possible. */
async function* modes({ engines, networks, options }) {
  const most = Math.max(...options.threads);
  const ways = pairs([1, 8], [...new Set([1, most])]);
  for (const network of options.nets) {
    const jobs = [];
    for (const [batch, lanes] of ways) {
      const { multiplyAdds, ...files } = await networks.deployed(network, batch, { onnx: false });
      jobs.push({ task: 'modes', network, batch, lanes, threads: most / lanes, ...files });
    }
    const rows = [];
    for (const engine of engines) {
      const times = await measureModes(engine, jobs, options);
      for (const [index, { batch, lanes, threads }] of jobs.entries()) {
        const ms = times[index];
        rows.push({
          net: network,
          engine: engine.engine,
          precision: engine.precision,
          batch,
          lanes,
          threads,
          ms,
          rate: round((1000 * batch * lanes) / ms),
        });
      }
    }
    yield { title: `modes: ${network}`, results: [], refused: [], modes: rows };
  }
}

/** Our plans from within: the time of each step, and what a run costs over them, seen from JavaScript. */
async function* plan({ engines, networks, options }) {
  for (const [network, threads] of pairs(options.nets, options.threads)) {
    for (const batch of options.batches.filter((size) => size <= 8)) {
      const { multiplyAdds, ...files } = await networks.deployed(network, batch, { onnx: false });
      const job = { task: 'plan', network, batch, threads, ...files };
      const plans = [];
      for (const engine of engines) {
        const { steps, ...times } = await measurePlan(engine, job, options);
        plans.push({
          net: network,
          engine: engine.engine,
          precision: engine.precision,
          threads,
          batch,
          ...times,
          steps: withRates(steps, files.net),
        });
      }
      yield { title: titleOf(job), results: [], refused: [], plans };
    }
  }
}

/** With the operations a second of each step. */
function withRates(steps, net) {
  const costs = new Map(prototxt.check(readFileSync(net, 'utf8')).layers.map(({ name, multiplyAdds }) => [name, multiplyAdds]));
  return steps.map((step) => ({
    ...step,
    gflops: gflopsOf(
      step.layers.reduce((sum, name) => sum + (costs.get(name) ?? 0), 0),
      step.ms,
    ),
  }));
}

const runsOnnx = (engines) => engines.some(({ engine }) => engine === 'onnxruntime');

const pairs = (first, second) => first.flatMap((a) => second.map((b) => [a, b]));

const titleOf = ({ task, network, batch, threads }) => `${task}: ${network}, batch ${batch}, ${threads} thread${threads === 1 ? '' : 's'}`;

/** A multiply-add is two operations. */
const gflopsOf = (multiplyAdds, ms) => round((2 * multiplyAdds) / ms / 1e6);

module.exports = { tasks: { forward, train, load, classify, modes, plan } };
