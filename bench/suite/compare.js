const { readFloats } = require('./floats');

/**
 * How far from stock Caffe's a probability, and the loss or a gradient's length (relative), may be before an engine counts as broken. With 8
 * bits bf16 is off by hundredths where several classes are likely; what was found is in the report.
 */
const PROBABILITIES = { f32: 1e-4, bf16: 4e-2 };
const STEPS = { f32: 2e-3, bf16: 0.25 };
const TOLERANCES = { forward: PROBABILITIES, load: PROBABILITIES, classify: PROBABILITIES, train: STEPS };

/**
 * Whether an engine computes what the reference does.
 *
 * @param {string} expected file of the reference's floats.
 * @param {string} actual   file of the engine's.
 * @param job `task`, `precision`, `batch`.
 * @returns `{ error }`, the largest difference, and `reason` where it is too large.
 */
function compareOutputs(expected, actual, { task, precision, batch }) {
  const [reference, values] = [readFloats(expected), readFloats(actual)];
  if (reference.length !== values.length) return { error: Infinity, reason: `${values.length} values instead of ${reference.length}` };
  const tolerance = TOLERANCES[task][precision];
  return task === 'train' ? compareSteps(reference, values, tolerance) : compareProbabilities(reference, values, tolerance, batch);
}

function compareSteps(reference, values, tolerance) {
  const error = largest(reference, values, (a, b) => Math.abs(a - b) / Math.max(Math.abs(a), 1e-12));
  return judged(error, tolerance, 'the loss or the updates of the first two iterations differ by');
}

function compareProbabilities(reference, values, tolerance, batch) {
  const classes = reference.length / batch;
  let error = 0;
  for (let item = 0; item < batch; item++) {
    const [expected, actual] = [reference, values].map((all) => probabilities(all.subarray(item * classes, (item + 1) * classes)));
    error = Math.max(
      error,
      largest(expected, actual, (a, b) => Math.abs(a - b)),
    );
    // The best class may be another one only where the reference has the two as close as that.
    const lead = Math.max(...expected) - expected[actual.indexOf(Math.max(...actual))];
    if (!(lead <= tolerance)) return { error, reason: `the best class of image ${item} is another one` };
  }
  return judged(error, tolerance, 'probabilities differ by');
}

function judged(error, tolerance, what) {
  // NaN is no agreement either.
  return error <= tolerance ? { error } : { error, reason: `${what} ${error.toPrecision(3)}, more than ${tolerance}` };
}

function largest(reference, values, difference) {
  let most = 0;
  for (let index = 0; index < reference.length; index++) {
    const one = difference(reference[index], values[index]);
    if (!(one <= most)) most = one;
    if (Number.isNaN(most)) return most;
  }
  return most;
}

/** Of a network that ends with its softmax the values themselves. */
function probabilities(row) {
  const sum = row.reduce((total, value) => total + value, 0);
  if (Math.abs(sum - 1) < 1e-2 && row.every((value) => value >= 0)) return row;
  const most = Math.max(...row);
  const powers = row.map((value) => Math.exp(value - most));
  const total = powers.reduce((all, power) => all + power, 0);
  return powers.map((power) => power / total);
}

module.exports = { compareOutputs };
