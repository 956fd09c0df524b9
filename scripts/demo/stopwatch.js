/** Seconds spent on each step of the demo, and on all of it. */
function createStopwatch() {
  const begun = performance.now();
  const all = {};
  return {
    /** Times `work`; a step that comes again adds up. */
    async of(step, work) {
      const start = performance.now();
      const result = await work();
      all[step] = rounded((all[step] ?? 0) + secondsSince(start));
      all.total = rounded(secondsSince(begun));
      return result;
    },
    all,
  };
}

function secondsSince(start) {
  return (performance.now() - start) / 1000;
}

function rounded(seconds) {
  return Number(seconds.toFixed(2));
}

module.exports = { createStopwatch };
