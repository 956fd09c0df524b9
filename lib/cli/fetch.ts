import type { Command } from 'commander';
import type { FetchedModel, FetchProgress } from '../fetch-model';
import { action, type Context } from './command';
import { integerFrom, json } from './options';

interface FetchCommandOptions {
  sha1?: string;
  sha256?: string;
  cache?: string;
  unverified?: boolean;
  retries?: number;
}

export function addFetch(program: Command): void {
  program
    .command('fetch')
    .argument('<model>', 'address of a model, or its Model-Zoo readme, or the folder of that')
    .description('fetch the weights of a published model, and verify them (download_model_binary.py)')
    .option('--sha1 <checksum>', 'what the file must be; without, what the readme says')
    .option('--sha256 <checksum>', 'the same')
    .option('--unverified', 'fetch a file of which no checksum is known')
    .option('--cache <folder>', 'where to keep it; without, in the cache of the user')
    .option('--retries <n>', 'attempts in a row that may bring nothing', integerFrom(0))
    .addOption(json())
    .action(action(fetchFile));
}

async function fetchFile({ signal, progress, report }: Context, model: string, options: FetchCommandOptions): Promise<void> {
  const { fetchModel } = await import('../fetch-model/index.js');
  const onProgress = ({ stage, received, total }: FetchProgress) =>
    progress.update(megabytes(received), total === undefined ? undefined : megabytes(total), `MB  ${stage}`);
  const fetched = await fetchModel(model, { ...options, signal, onProgress });
  report(fetched, asText(fetched));
}

function asText({ path, name, size, sha1, fromCache, license, network }: FetchedModel): string {
  const lines = [
    path,
    `  ${name}: ${megabytes(size)} MB, SHA-1 ${sha1}${fromCache ? ', was there already' : ''}`,
    ...(license === undefined ? [] : [`  license: ${license}`]),
    ...Object.values(network).map((file) => `  beside the readme: ${file}`),
  ];
  return lines.join('\n');
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1e5) / 10;
}
