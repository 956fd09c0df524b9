const { parseArgs } = require('node:util');

const NETS = ['squeezenet', 'alexnet', 'googlenet', 'small'];
const TASKS = ['forward', 'train', 'load', 'classify', 'modes', 'plan'];
const ENGINES = ['onednn', 'caffe', 'stock-caffe', 'opencv', 'onnxruntime'];

const USAGE = `Usage: npm run bench -- [options]

Measures this package beside stock Caffe, OpenCV and onnxruntime: the same networks, weights and input, outputs compared first.

  --json FILE          writes the results for machines, too
  --quick              fewer rounds, batches of 1 and 8: for a first look
  --nets LIST          of ${NETS.join(', ')}                   (the first three)
  --tasks LIST         of ${TASKS.join(', ')}                  (all)
  --engines LIST       of ${ENGINES.join(', ')}   (all)
  --batches LIST       images in a forward run                                     (1,8,32)
  --train-batch N      images in a training step                                   (16)
  --threads LIST       of each engine                                              (1,2)
  --rounds N           measurements of each engine, in turn with the others        (7; with --quick 3)
  --seconds S          that a measurement lasts at least                           (0.3; with --quick 0.15)
  --images N           photographs to classify                                     (100)
  --help               shows this`;

const OPTIONS = {
  json: { type: 'string' },
  quick: { type: 'boolean' },
  nets: { type: 'string' },
  tasks: { type: 'string' },
  engines: { type: 'string' },
  batches: { type: 'string' },
  'train-batch': { type: 'string' },
  threads: { type: 'string' },
  rounds: { type: 'string' },
  seconds: { type: 'string' },
  images: { type: 'string' },
  help: { type: 'boolean' },
};

/** What the user typed cannot be meant; its message says why. */
class UsageError extends Error {}

/** @param {string[]} args as typed. @throws {UsageError} */
function parseArguments(args) {
  const given = parse(args);
  const quick = given.quick === true;
  return {
    help: given.help === true,
    json: given.json,
    nets: listOf(given, 'nets', NETS) ?? NETS.slice(0, 3),
    tasks: listOf(given, 'tasks', TASKS) ?? TASKS,
    engines: listOf(given, 'engines', ENGINES) ?? ENGINES,
    batches: countsOf(given, 'batches') ?? (quick ? [1, 8] : [1, 8, 32]),
    trainBatch: numberOf(given, 'train-batch', isCount) ?? 16,
    images: numberOf(given, 'images', isCount) ?? 100,
    threads: countsOf(given, 'threads') ?? [1, 2],
    rounds: numberOf(given, 'rounds', isCount) ?? (quick ? 3 : 7),
    seconds: numberOf(given, 'seconds', isPositive) ?? (quick ? 0.15 : 0.3),
  };
}

function parse(args) {
  try {
    return parseArgs({ args, options: OPTIONS }).values;
  } catch (error) {
    throw new UsageError(error.message);
  }
}

const isCount = { holds: (value) => Number.isInteger(value) && value >= 1 && value <= 1024, says: 'a whole number from 1 to 1024' };
const isPositive = { holds: (value) => Number.isFinite(value) && value > 0, says: 'a number above 0' };

function numberOf(given, name, { holds, says }) {
  if (given[name] === undefined) return undefined;
  const number = Number(given[name]);
  if (given[name].trim() !== '' && holds(number)) return number;
  throw new UsageError(`--${name} is ${says}; found '${given[name]}'.`);
}

const itemsOf = (text) => [...new Set(text.split(',').map((item) => item.trim()))];

function listOf(given, name, known) {
  if (given[name] === undefined) return undefined;
  const items = itemsOf(given[name]);
  const wrong = items.find((item) => !known.includes(item));
  if (wrong === undefined) return items;
  throw new UsageError(`--${name} takes ${known.join(', ')}; found '${wrong}'.`);
}

function countsOf(given, name) {
  if (given[name] === undefined) return undefined;
  return itemsOf(given[name]).map((item) => numberOf({ [name]: item }, name, isCount));
}

module.exports = { parseArguments, USAGE, UsageError };
