import { type Command, InvalidArgumentError } from 'commander';
import { action, type Context } from './command';
import { count, json } from './options';

type Snapshot = 'best' | 'last' | number;

export function addDeploy(program: Command): void {
  program
    .command('deploy')
    .argument('<model>', 'model folder')
    .argument('<output>', 'archive to write, .tar.gz')
    .description('pack a model into one file')
    .option('--snapshot <which>', 'best, last, or the number of an iteration', snapshot, 'best')
    .addOption(json())
    .action(action(deployModel));
}

async function deployModel({ report }: Context, model: string, output: string, options: { snapshot: Snapshot }): Promise<void> {
  const { deploy } = await import('../deploy.js');
  const archive = await deploy(model, { output, ...options });
  report(archive, `${archive.path}\n${archive.files.map((file) => `  ${file}\n`).join('')}sha256 ${archive.sha256}`);
}

function snapshot(text: string): Snapshot {
  if (text === 'best' || text === 'last') return text;
  try {
    return count(text);
  } catch {
    throw new InvalidArgumentError('It must be best, last, or the number of an iteration.');
  }
}
