/**
 * Shows a training while it runs.
 *
 * @param run     what `train` returned.
 * @param display of display.js.
 * @returns the model.
 */
async function watchTraining(run, display) {
  let bar = display.bar(1);
  try {
    for await (const event of run) bar = show(event, bar, display);
  } finally {
    bar.stop();
  }
  return run;
}

/** Shows one event; gives the bar to go on with. */
function show(event, bar, display) {
  switch (event.type) {
    case 'search':
      bar.update(event.iteration, `looking for a learning rate: ${decimal(event.learningRate)}, loss ${decimal(event.loss)}`, event.total);
      return bar;
    case 'start':
      bar.stop();
      describeStart(event, display);
      return display.bar(event.plan.iterations);
    case 'iteration':
      bar.update(event.iteration, `epoch ${event.epoch.toFixed(1)}, loss ${decimal(event.loss)}, ${Math.round(event.eta)} s left`);
      return bar;
    case 'validation':
      bar.note(`  epoch ${event.epoch.toFixed(1).padStart(4)}: ${scores(event)}`);
      return bar;
    case 'warning':
      bar.note(`  note: ${event.message}`);
      return bar;
    case 'end':
      bar.stop();
      display.line(`  ${event.reason}; best snapshot: iteration ${event.best.iteration}`);
      return bar;
    default:
      return bar;
  }
}

function describeStart({ plan, heads, weights, learningRate }, display) {
  const { images, iterations, epochs, batchSize } = plan;
  display.line(`  ${images.train} images, batches of ${batchSize}: ${iterations} iterations for ${epochs} epochs`);
  for (const head of heads) display.line(`  classifier ${describeHead(head)}`);
  if (weights) display.line(`  ${weights.copied.length} layers start from the weights, new: ${weights.missing.join(', ') || 'none'}`);
  const found = learningRate.curve ? `, found by a range test of ${learningRate.curve.length} iterations` : '';
  display.line(`  learning rate ${decimal(learningRate.value)}${found}`);
}

function describeHead({ from, to, outputs: [before, now] }) {
  const name = from === to ? to : `${from} → ${to}`;
  return before === undefined ? `${name}, ${now} outputs` : `${name}, ${before} → ${now} outputs`;
}

function scores({ accuracy, loss }) {
  return `${(100 * accuracy).toFixed(1)} % of the validation images right, loss ${decimal(loss)}`;
}

/** Three digits that mean something. */
function decimal(value) {
  return value >= 1e-3 ? String(Number(value.toPrecision(3))) : value.toExponential(1);
}

module.exports = { watchTraining };
