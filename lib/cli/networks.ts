import path from 'node:path';
import type { Command } from 'commander';
import { CaffeError } from '../errors';
import { writeFileWhole } from '../files';
import { exists } from '../model-files';
import type { NetworkChoices, NetworkFiles, NetworkInfo, NetworkName } from '../networks';
import { table } from '../text-table';
import { action, type Context } from './command';
import { count, json, size } from './options';

interface GetOptions extends NetworkChoices {
  output?: string;
  overwrite?: boolean;
}

export function addNetworks(program: Command): void {
  const networks = program.command('networks').description('the networks that ship with the package');
  networks.command('list', { isDefault: true }).description('list them').addOption(json()).action(action(listNetworks));
  networks
    .command('get')
    .argument('<name>', 'its name in the list')
    .description('write train_val.prototxt, deploy.prototxt and solver.prototxt')
    .option('--classes <n>', 'number of classes', count)
    .option('--size <pixels>', 'side of the pictures, or height and width: 240x320', size)
    .option('--channels <n>', 'channels of the pictures: 3 for colour, 1 for grey', count)
    .option('--batch-size <n>', 'pictures in a training batch', count)
    .option('--output <folder>', 'folder to write to; without, one of the name of the network')
    .option('--overwrite', 'replace files that are there already')
    .addOption(json())
    .action(action(getNetwork));
}

async function listNetworks({ report }: Context): Promise<void> {
  const { list } = await import('../networks/index.js');
  const infos = list();
  report(infos, table([['Name', 'Year', 'Parameters', 'Multiply-adds', 'Input', 'Classes', ''], ...infos.map(row)], [1, 2, 3, 5]));
}

function row({ name, title, paper, parameters, multiplyAdds, input, classes }: NetworkInfo): string[] {
  const millions = (value: number) => `${(value / 1e6).toFixed(value < 1e8 ? 2 : 0)} M`;
  return [name, String(paper?.year ?? ''), millions(parameters), millions(multiplyAdds), input.join('×'), String(classes), title];
}

async function getNetwork({ report }: Context, name: NetworkName, { output = name, overwrite = false, ...choices }: GetOptions) {
  const { get } = await import('../networks/index.js');
  const files = filesOf(get(name, choices), output);
  if (!overwrite) await refuseToOverwrite(Object.keys(files));
  for (const [file, text] of Object.entries(files)) await writeFileWhole(file, text);
  report({ name, files: Object.keys(files) }, Object.keys(files).join('\n'));
}

function filesOf({ trainVal, deploy, solver }: NetworkFiles, folder: string): Record<string, string> {
  return {
    [path.join(folder, 'train_val.prototxt')]: trainVal,
    [path.join(folder, 'deploy.prototxt')]: deploy,
    [path.join(folder, 'solver.prototxt')]: solver,
  };
}

async function refuseToOverwrite(files: readonly string[]): Promise<void> {
  for (const file of files) {
    if (!(await exists(file))) continue;
    throw new CaffeError('ERR_CAFFE_FILE', `'${file}' is there already.`, { file, hint: 'Choose another --output, or add --overwrite.' });
  }
}
