import { type Command, InvalidArgumentError } from 'commander';
import { action, type Context } from './command';
import { count, list } from './options';
import { readInput, writeOutput } from './text';

interface OutputOption {
  output?: string;
}

/** The operations on prototxt files. They take `-` for standard input, and write to standard output unless told otherwise. */
export function addPrototxt(program: Command): void {
  const prototxt = program.command('prototxt').description('read and change network files');
  const add = (name: string, description: string) =>
    prototxt
      .command(name)
      .argument('<file>', 'prototxt file; - reads standard input')
      .description(description)
      .option('--output <file>', 'file to write; without, standard output');

  add('retarget', 'give the classifiers another number of outputs, and new names')
    .requiredOption('--classes <n>', 'number of outputs', count)
    .option('--rename <pairs>', 'names to give in place of the usual ones: fc8=seals', pairs)
    .action(action(retargetFile));
  add('freeze', 'set learning rates of layers to 0')
    .option('--through <layer>', 'the last layer to freeze, in file order')
    .option('--except <layers>', 'layers that go on learning, divided by commas', list)
    .action(action(freezeFile));
  add('deploy', 'make the network for deployment of one for training')
    .requiredOption('--input <name=shape>', 'an input: data=1,3,227,227; may be repeated', inputs)
    .action(action(deployFile));
  add('upgrade', "bring a file of Caffe's earlier versions up to date").action(action(upgradeFile));
  prototxt
    .command('check')
    .argument('<file>', 'prototxt file; - reads standard input')
    .description('check the fields of a network against caffe.proto')
    .option('--solver', 'the file is a solver')
    .action(action(checkFile));
}

async function retargetFile(
  context: Context,
  file: string,
  { output, ...options }: OutputOption & { classes: number; rename?: Record<string, string> },
): Promise<void> {
  const { retarget } = await import('../prototxt/retarget.js');
  await finish(context, output, retarget(await readInput(file), options).text);
}

async function freezeFile(context: Context, file: string, { output, ...options }: OutputOption & { through?: string; except?: string[] }) {
  const { freeze } = await import('../prototxt/freeze.js');
  await finish(context, output, freeze(await readInput(file), options).text);
}

async function deployFile(context: Context, file: string, { output, input }: OutputOption & { input: Record<string, number[]> }) {
  const { toDeploy } = await import('../prototxt/deploy.js');
  await finish(context, output, toDeploy(await readInput(file), { input }).text);
}

async function upgradeFile(context: Context, file: string, { output }: OutputOption): Promise<void> {
  const { upgrade } = await import('../prototxt/upgrade.js');
  await finish(context, output, (await upgrade(await readInput(file))).text);
}

async function checkFile({ report }: Context, file: string, { solver }: { solver?: boolean }): Promise<void> {
  const { parseNet, parseSolver } = await import('../prototxt/parse-message.js');
  const text = await readInput(file);
  if (solver) {
    const { type = 'SGD' } = parseSolver(text);
    report({}, `${file}: a solver of type ${type}`);
    return;
  }
  const { name = '', layer = [], layers = [] } = parseNet(text);
  report({}, `${file}: network '${name}' with ${layer.length + layers.length} layers`);
}

async function finish({ report }: Context, output: string | undefined, text: string): Promise<void> {
  const written = await writeOutput(output, text);
  report({}, written ? `${output}\n` : text);
}

function pairs(text: string): Record<string, string> {
  return Object.fromEntries(
    list(text).map((pair) => {
      const [from, to, ...others] = pair.split('=');
      if (!from || !to || others.length > 0) throw new InvalidArgumentError('It must be a list of pairs: fc8=seals,fc9=colours.');
      return [from, to];
    }),
  );
}

function inputs(text: string, former: Record<string, number[]> = {}): Record<string, number[]> {
  const [name, shape, ...others] = text.split('=');
  if (!name || !shape || others.length > 0) throw new InvalidArgumentError('It must be a name and a shape: data=1,3,227,227.');
  return { ...former, [name]: list(shape).map(count) };
}
