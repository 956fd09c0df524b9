const { mkdtempSync } = require('node:fs');
const path = require('node:path');
const { compareOutputs } = require('./compare');
const { EngineError, EngineProcess } = require('./engine-process');
const { summaryOf, median, round } = require('./statistics');

/** The engine whose outputs are right by definition, where it is there. */
const REFERENCE = ['stock-caffe', 'caffe'];

/**
 * Measures engines at the same job, each in a process of its own: all are loaded, their first outputs compared, then they run in turn,
 * forwards and backwards, so that whatever else the machine does meets all of them.
 *
 * @param engines of engines.js.
 * @param job     `task`, `batch` and what an engine's `command` takes, but for `output`; `network`, its name.
 * @param options `rounds`, `seconds`, `folder` for the outputs.
 * @param compared true where they were compared before, and this job's outputs depend on chance.
 * @returns `results`, one for each engine that agreed, and `refused`, `{ engine, reason }` of the others.
 */
async function measureTogether(engines, job, options, { compared = false } = {}) {
  const started = startAll(engines, job, options.folder);
  try {
    const refused = await loadAll(started);
    if (!compared) refused.push(...compareAll(started, job));
    const measured = started.filter(({ name }) => refused.every(({ engine }) => engine !== name));
    await alternate(measured, options);
    for (const one of measured) one.memory = one.process.memory();
    return { results: measured.map((one) => resultOf(one, measured, job)), refused };
  } finally {
    await Promise.all(started.map(({ process }) => process.stop()));
  }
}

/** Whether engines agree, without measuring them. @returns as `refused` of measureTogether. */
async function compareOnly(engines, job, { folder }) {
  const started = startAll(engines, job, folder);
  try {
    const refused = await loadAll(started);
    return [...refused, ...compareAll(started, job)];
  } finally {
    await Promise.all(started.map(({ process }) => process.stop()));
  }
}

/**
 * Measures engines at classifying photographs, as measureTogether does.
 *
 * @returns rows whose times are those of one photograph, with `decodeMs` and `forwardMs`, the same of decoding and of the network alone, and
 *   `share`, what of the slower one's speed is reached.
 */
async function measureClassifying(engines, job, { rounds, folder }) {
  const started = startAll(engines, job, folder);
  try {
    const refused = await loadAll(started);
    refused.push(...compareAll(started, job));
    const measured = started.filter(({ name }) => refused.every(({ engine }) => engine !== name));
    for (const one of measured) one.answers = [];
    await inTurn(measured, rounds, async (one) => one.answers.push(await one.process.measure()));
    const results = measured.map((one) => {
      const each = (key) => one.answers.map((answer) => answer[key] / job.photographs.length);
      one.times = each('ms');
      one.memory = one.process.memory();
      const [decodeMs, forwardMs] = [median(each('decodeMs')), median(each('forwardMs'))];
      const shares = one.answers.map((answer) => Math.max(answer.decodeMs, answer.forwardMs) / answer.ms);
      return { one, extra: { decodeMs: round(decodeMs), forwardMs: round(forwardMs), share: round(median(shares)) } };
    });
    return { results: results.map(({ one, extra }) => ({ ...resultOf(one, measured, job), ...extra })), refused };
  } finally {
    await Promise.all(started.map(({ process }) => process.stop()));
  }
}

/** Runs the engine's plan with a clock around each step. @returns as the process of bench/peers/plan.js answers, medians over the rounds. */
async function measurePlan(engine, job, { rounds, seconds, folder }) {
  const [started] = startAll([engine], job, folder);
  try {
    await started.process.load();
    const { ms } = await started.process.measure('0 3');
    const answers = [];
    for (let index = 0; index < rounds; index++) answers.push(await started.process.measure(`0 ${Math.ceil((1000 * seconds) / ms)}`));
    const middle = (key) => round(median(answers.map(key)));
    const steps = answers[0].steps.map((step, index) => ({ ...step, ms: middle((answer) => answer.steps[index].ms) }));
    return { ms: middle((answer) => answer.ms), planMs: middle((answer) => answer.planMs), steps };
  } finally {
    await started.process.stop();
  }
}

/** One engine in several ways (`jobs`), in turn. @returns for each of them the milliseconds of a run. */
async function measureModes(engine, jobs, { rounds, seconds, folder }) {
  const started = jobs.map((job) => ({ ...startAll([engine], job, folder)[0], job }));
  try {
    for (const one of started) await one.process.load();
    for (const one of started) one.count = Math.max(1, Math.ceil((1000 * seconds) / (await one.process.measure('0 3')).ms));
    await inTurn(started, rounds, async (one) => one.times.push((await one.process.measure(`0 ${one.count}`)).ms));
    return started.map(({ times }) => round(median(times)));
  } finally {
    await Promise.all(started.map(({ process }) => process.stop()));
  }
}

/**
 * How long each engine takes from its files to its first output: in a fresh process each time, in turn.
 *
 * @returns as measureTogether, with `loadMs` and `firstMs`, the parts; and `coldMs` for ours, when nothing is known yet of which
 *   algorithms are fastest.
 */
async function measureLoading(engines, job, { rounds, folder }) {
  const measured = engines.map((engine) => ({ engine, name: engine.name, times: [], loads: [], cold: [] }));
  const loadOnce = async (engine, cache) => {
    const [one] = startAll([engine], job, folder, cache);
    const loaded = await one.process.load();
    const memory = one.process.memory();
    await one.process.stop();
    return { loaded, memory, output: one.output, ms: loaded.loadMs + loaded.firstMs };
  };
  await inTurn(measured, rounds, async (one) => {
    if (one.engine.engine === 'onednn') one.cold.push((await loadOnce(one.engine, mkdtempSync(path.join(folder, 'cache-')))).ms);
    const { ms, ...rest } = await loadOnce(one.engine);
    Object.assign(one, rest);
    one.times.push(ms);
    one.loads.push(rest.loaded);
  });
  const results = measured.map((one) => ({
    ...resultOf(one, measured, job),
    loadMs: round(median(one.loads.map(({ loadMs }) => loadMs))),
    firstMs: round(median(one.loads.map(({ firstMs }) => firstMs))),
    ...(one.cold.length > 0 && { coldMs: round(median(one.cold)) }),
  }));
  return { results, refused: compareAll(measured, job) };
}

/** What ours finds out is kept for the whole measurement, and not where the user's is. */
function startAll(engines, job, folder, cache = path.join(folder, 'cache')) {
  return engines.map((engine) => {
    const output = path.join(folder, `output-${engine.name.replace(' ', '-')}`);
    const command = engine.command(engine, { ...job, output });
    return { engine, name: engine.name, output, times: [], process: new EngineProcess({ name: engine.name, command, cache }) };
  });
}

/** Loads them one after the other. @returns those that could not be, with what they said. */
async function loadAll(started) {
  const refused = [];
  for (const one of started) {
    try {
      one.loaded = await one.process.load();
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      refused.push({ engine: one.name, reason: error.message });
    }
  }
  return refused;
}

/** Notes how far each engine's outputs are from the reference's. @returns those for which that is too far. */
function compareAll(started, job) {
  const loaded = started.filter((one) => one.loaded);
  const reference = REFERENCE.map((name) => loaded.find((one) => one.name === name)).find(Boolean);
  if (!reference) return [];
  const refused = [];
  for (const one of loaded.filter((other) => other !== reference)) {
    const { error, reason } = compareOutputs(reference.output, one.output, { ...job, precision: one.engine.precision });
    one.error = error;
    if (reason !== undefined) refused.push({ engine: one.name, error, reason });
  }
  return refused;
}

async function alternate(measured, { rounds, seconds }) {
  for (const one of measured) one.run = await one.process.calibrate(1000 * seconds);
  await inTurn(measured, rounds, async (one) => one.times.push(await one.process.time(one.run.count, one.run.expected)));
}

/** Each of them once a round, one after the other, and in the next round from the last to the first. */
async function inTurn(measured, rounds, work) {
  for (let index = 0; index < rounds; index++) {
    for (const one of index % 2 === 0 ? measured : [...measured].reverse()) await work(one);
  }
}

/** One row of the report. `netMiB`: what the network adds to its process, loading included, and while it runs. `error`: how far its outputs are
 * from stock Caffe's. `ratios`: how many times faster it is than each other engine, the median over the rounds. */
function resultOf({ engine, name, times, loaded, memory, error }, measured, { network, task, threads, batch }) {
  const others = measured.filter((other) => other.name !== name && other.times.length > 0);
  return {
    net: network,
    task,
    engine: engine.engine,
    precision: engine.precision,
    threads,
    batch,
    ...summaryOf(times),
    peakMiB: round(memory.peak),
    netMiB: { peak: round(memory.peak - loaded.baseMiB), resident: round(memory.resident - loaded.baseMiB) },
    ...(error !== undefined && { error: round(error) }),
    ratios: Object.fromEntries(others.map((other) => [other.name, round(median(times.map((ms, index) => other.times[index] / ms)))])),
  };
}

module.exports = { compareOnly, measureClassifying, measureLoading, measureModes, measurePlan, measureTogether };
