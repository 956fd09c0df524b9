/** The process's side of the conversation that suite/engine-process.js describes, for engines that are reached from Node. */
const readline = require('node:readline');

/** @param work `load()`, `first()`, which writes the output, and `run()`; or instead of that `measure(count)`, which gives an answer of its own. */
async function serve({ load, first, run, measure }) {
  const answer = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
  answer({ ready: true });
  for await (const line of readline.createInterface({ input: process.stdin })) {
    if (line === 'load') {
      answer({ loadMs: await millisecondsOf(load), firstMs: await millisecondsOf(first) });
      continue;
    }
    const [warmUps, count] = line.split(' ').map(Number);
    if (measure) {
      answer(await measure(count));
      continue;
    }
    for (let index = 0; index < warmUps; index++) await run();
    const ms = await millisecondsOf(async () => {
      for (let index = 0; index < count; index++) await run();
    });
    answer({ ms });
  }
}

async function millisecondsOf(work) {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

module.exports = { serve };
