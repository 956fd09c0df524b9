import type { Command } from 'commander';
import { action, type Context } from './command';
import { addStateOptions, count, json, list, type StateOptions } from './options';

interface FeatureOptions extends StateOptions {
  blobs: string[];
  outputs: string[];
  batches: number;
  backend?: string;
}

export function addExtractFeatures(program: Command): void {
  const command = program
    .command('extract-features')
    .argument('<network>', 'prototxt file with a data layer')
    .argument('<weights>', 'trained parameters; several, divided by commas, are copied in order', list)
    .description('store the values of blobs in databases (extract_features)')
    .requiredOption('--blobs <names>', 'blobs to store, divided by commas', list)
    .requiredOption('--outputs <folders>', 'the LMDB to write for each of them', list)
    .requiredOption('--batches <n>', 'batches to run', count)
    .option('--backend <name>', 'only lmdb');
  addStateOptions(command).addOption(json()).action(action(extract));
}

async function extract({ signal, progress, report }: Context, network: string, weights: string[], options: FeatureOptions): Promise<void> {
  const { extractFeatures } = await import('../tools/extract-features.js');
  const { stage: stages, ...others } = options;
  const stored = await extractFeatures({
    ...others,
    network,
    weights,
    stages,
    signal,
    onProgress: ({ done, total }) => progress.update(done, total),
  });
  report(stored, stored.map(({ blob, path, count }) => `${blob}: ${count} items in ${path}\n`).join(''));
}
