const { parseArgs } = require('node:util');

const USAGE = `Usage: npm run demo
       npm run demo -- --data DIR --network FILE --weights FILE --samples DIR [options]

Without arguments: draws two small sets of pictures, trains a small network on the first, fine-tunes it onto the second,
packs it into one file and classifies six pictures it has never seen. With arguments: fine-tunes your network on your photographs.

  --data DIR           a folder with one folder of images for each class
  --network FILE       the network: prototxt, as published (train_val) or all-in-one
  --weights FILE       its trained weights: .caffemodel
  --samples DIR        images to classify, named after their class: dolphin1.jpg

  --output DIR         where everything is written            (demo-output)
  --epochs N           passes over the training images        (12)
  --learning-rate R    the rate to begin with                 (found by a range test)
  --json FILE          writes the results for machines, too
  --help               shows this`;

const REQUIRED = ['data', 'network', 'weights', 'samples'];
const OPTIONS = {
  data: { type: 'string' },
  network: { type: 'string' },
  weights: { type: 'string' },
  samples: { type: 'string' },
  output: { type: 'string' },
  epochs: { type: 'string' },
  'learning-rate': { type: 'string' },
  json: { type: 'string' },
  help: { type: 'boolean' },
};

/** What the user typed cannot be meant; its message says why. */
class UsageError extends Error {}

/**
 * Reads the command line.
 *
 * @param {string[]} args as typed, without node and script.
 * @returns `photographs` (data, network, weights, samples) is undefined for the drawn demo; numbers are numbers.
 * @throws {UsageError}
 */
function parseArguments(args) {
  const values = parse(args);
  const given = REQUIRED.filter((name) => values[name] !== undefined);
  const missing = REQUIRED.filter((name) => values[name] === undefined);
  if (given.length > 0 && missing.length > 0) {
    throw new UsageError(`--${given[0]} needs ${missing.map((name) => `--${name}`).join(', ')} as well.`);
  }
  return {
    help: values.help === true,
    photographs: given.length > 0 ? pick(values, REQUIRED) : undefined,
    output: values.output ?? 'demo-output',
    epochs: positive(values, 'epochs'),
    learningRate: positive(values, 'learning-rate'),
    json: values.json,
  };
}

function parse(args) {
  try {
    return parseArgs({ args, options: OPTIONS }).values;
  } catch (error) {
    throw new UsageError(error.message);
  }
}

function positive(values, name) {
  if (values[name] === undefined) return undefined;
  const number = Number(values[name]);
  if (Number.isFinite(number) && number > 0) return number;
  throw new UsageError(`--${name} is a number above 0; found '${values[name]}'.`);
}

function pick(values, names) {
  return Object.fromEntries(names.map((name) => [name, values[name]]));
}

module.exports = { parseArguments, USAGE, UsageError };
