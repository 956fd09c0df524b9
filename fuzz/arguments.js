const { SetupError } = require('../scripts/setup/error');

const USAGE = `npm run fuzz -- [--seconds N] [--target NAME]… [--seed N]
  --seconds N    for all targets together; default 60
  --target NAME  only this one; may be given several times
  --seed N       repeats an earlier run; default: by chance, and printed
Targets: `;

/** @returns {{ seconds: number, targets: string[], seed: number }} */
function parseArguments(args, known) {
  const wrong = (message) => new SetupError(message, { hint: `Usage: ${USAGE}${known.join(', ')}`, exitCode: 2 });
  const options = { seconds: 60, targets: [], seed: Math.floor(Math.random() * 2 ** 31) };
  for (let index = 0; index < args.length; index += 2) {
    const [name, value] = args.slice(index, index + 2);
    if (name === '--target') {
      if (!known.includes(value)) throw wrong(`There is no target ${value ?? 'without a name'}.`);
      options.targets.push(value);
    } else if (name === '--seconds' || name === '--seed') {
      const number = Number(value);
      const least = name === '--seconds' ? 1 : 0;
      if (!Number.isInteger(number) || number < least || number >= 2 ** 31) throw wrong(`${name} takes an integer from ${least}.`);
      options[name.slice(2)] = number;
    } else {
      throw wrong(`Unknown argument: ${name}.`);
    }
  }
  if (options.targets.length === 0) options.targets = known;
  return options;
}

module.exports = { parseArguments };
