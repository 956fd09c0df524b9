const { findEngines } = require('./engines');
const { describeMachine, measurePeak } = require('./machine');
const { Networks } = require('./networks');
const { photographs } = require('./photographs');
const { geometricMean, round } = require('./statistics');
const { tasks } = require('./tasks');

/**
 * Runs all that the options ask for.
 *
 * @param options of arguments.js, with `folder` for files that are needed meanwhile.
 * @param say     takes lines to be shown as the measurement goes on.
 * @returns what `--json` writes.
 */
async function runSuite(options, say) {
  const machine = describeMachine();
  const { engines, skipped } = findEngines(options.engines);
  const versions = Object.fromEntries(engines.map(({ engine, version }) => [engine, version]));
  for (const { engine, reason } of skipped) say(`skipped: ${engine}: ${reason}`);
  const report = { machine, versions, settings: settingsOf(options), skipped, refused: [], peak: [], results: [], modes: [], plans: [] };
  if (engines.some(({ engine }) => engine === 'stock-caffe')) {
    for (const threads of options.threads) report.peak.push(await measurePeak(threads, options));
    say(`peak: ${report.peak.map(({ threads, gflops }) => `${gflops} GFlop/s with ${threads} thread(s)`).join(', ')}`);
  }
  const networks = new Networks(options.folder);
  for (const task of options.tasks) {
    const able = engines.filter((engine) => engine.tasks.includes(task));
    for await (const { title, results, refused, modes = [], plans = [] } of tasks[task]({ engines: able, networks, options })) {
      say(`\n${title}`);
      for (const result of results) say(lineOf(result));
      for (const { engine, reason } of refused) say(`  REFUSED: ${engine}: ${reason}`);
      for (const one of modes) say(modeLineOf(one));
      for (const one of plans) say(planLineOf(one));
      report.modes.push(...modes);
      report.plans.push(...plans);
      report.results.push(...results);
      report.refused.push(...refused.map((one) => ({ task: title, ...one })));
    }
  }
  report.ratios = meanRatios(report.results);
  return report;
}

function settingsOf({ folder, help, json, ...settings }) {
  return { ...settings, input: photographs().length > 0 ? 'photographs' : 'noise' };
}

function lineOf({ engine, precision, ms, spread, peakMiB, ratios, decodeMs, forwardMs, share }) {
  const name = precision === 'f32' ? engine : `${engine} ${precision}`;
  const versus = Object.entries(ratios).map(([other, ratio]) => `${ratio.toFixed(2)}× ${other}`);
  if (share) versus.push(`decoding alone ${decodeMs} ms, the network alone ${forwardMs} ms, reached ${(100 * share).toFixed(0)} %`);
  return `  ${name.padEnd(14)} ${ms.toFixed(2).padStart(9)} ms  ± ${spread.toFixed(2).padEnd(8)} ${peakMiB.toFixed(0).padStart(6)} MiB   ${versus.join('  ')}`;
}

function modeLineOf({ engine, lanes, threads, batch, ms, rate }) {
  return `  ${engine.padEnd(14)} ${lanes} × ${threads} threads, batch ${batch}: ${ms.toFixed(2).padStart(9)} ms   ${rate.toFixed(1)} images/s`;
}

function planLineOf({ engine, precision, ms, planMs }) {
  const name = precision === 'f32' ? engine : `${engine} ${precision}`;
  return `  ${name.padEnd(14)} ${ms.toFixed(2).padStart(9)} ms, of which the plan ${planMs.toFixed(2)} ms: ${(100 * (ms / planMs - 1)).toFixed(1)} % more`;
}

/** What the targets are stated in: the geometric mean of the ratios at batch 1 and 8 (a training step has one batch only). */
function meanRatios(results) {
  const groups = new Map();
  for (const { net, task, engine, precision, threads, batch, data, ratios } of results) {
    if (data === 'dataset' || (task !== 'train' && batch !== 1 && batch !== 8)) continue;
    for (const [against, ratio] of Object.entries(ratios)) {
      const key = { net, task, engine, precision, threads, against };
      const name = JSON.stringify(key);
      if (!groups.has(name)) groups.set(name, { ...key, values: [] });
      groups.get(name).values.push(ratio);
    }
  }
  return [...groups.values()].map(({ values, ...key }) => ({ ...key, ratio: round(geometricMean(values)), over: values.length }));
}

module.exports = { runSuite };
