import type { Command } from 'commander';
import type { Dataset, DatasetOptions } from '../dataset';
import { RESIZE_MODES } from '../resize-mode';
import { action, type Context } from './command';
import { choice, count, fromZero, integerFrom, json, size } from './options';

interface DatasetCommandOptions
  extends Pick<DatasetOptions, 'size' | 'resizeMode' | 'encoding' | 'validation' | 'test' | 'seed' | 'minimum'> {
  grey?: boolean;
  overwrite?: boolean;
}

export function addDataset(program: Command): void {
  program
    .command('dataset')
    .argument('<source>', 'folder with one subfolder of images for each class')
    .argument('<output>', 'the dataset folder to write')
    .description('make a dataset from a folder of photographs')
    .option('--size <pixels>', 'side of the images, or height and width: 240x320', size, [256, 256])
    .addOption(choice('--resize-mode <mode>', 'how images are brought to this size', RESIZE_MODES).default('squash'))
    .option('--grey', 'store grey images')
    .addOption(choice('--encoding <kind>', 'how images are stored', ['png', 'jpeg', 'none']).default('png'))
    .option('--validation <percent>', 'share of the images to validate with', fromZero, 25)
    .option('--test <percent>', 'share of the images for a test set', fromZero, 0)
    .option('--minimum <n>', 'least images of a class; smaller ones are left out', count)
    .option('--seed <n>', 'of the random order', integerFrom(0))
    .option('--overwrite', 'replace a dataset that is there already')
    .addOption(json())
    .action(action(dataset));
}

async function dataset({ signal, progress, report }: Context, source: string, output: string, options: DatasetCommandOptions) {
  const { createDataset } = await import('../dataset/index.js');
  const { grey, ...others } = options;
  const made = await createDataset(source, {
    ...others,
    output,
    channels: grey ? 1 : 3,
    signal,
    onProgress: ({ done, total, stage, file }) => progress.update(done, total, `${stage}: ${file}`),
  });
  report(made, asText(made));
}

function asText({ path, labels, counts, skipped, dropped }: Dataset): string {
  const lines = [
    `${path}: ${counts.train} images to train, ${counts.validation} to validate, ${counts.test} to test`,
    `${labels.length} classes: ${labels.join(', ')}`,
    ...dropped.map(({ label, images }) => `  left out: class '${label}' with ${images} images`),
    ...skipped.map(({ reason }) => `  left out: ${reason}`),
  ];
  return lines.join('\n');
}
