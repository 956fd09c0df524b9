import type { Command } from 'commander';
import { general } from '../tools/general';
import { action, type Context } from './command';
import { json } from './options';

export function addComputeImageMean(program: Command): void {
  program
    .command('compute-image-mean <database> [output]')
    .description('compute the mean image of an LMDB, and write it as a .binaryproto file (compute_image_mean)')
    .addOption(json())
    .action(action(computeMean));
}

async function computeMean({ signal, progress, report }: Context, database: string, output: string | undefined): Promise<void> {
  const { computeImageMean } = await import('../tools/compute-image-mean.js');
  const onProgress = ({ done, total }: { done: number; total: number }) => progress.update(done, total);
  const { mean, channels, count } = await computeImageMean(database, output, { signal, onProgress });
  const [, , height, width] = mean.shape;
  const lines = [
    `${count} images of ${width}×${height}, ${channels.length} ${channels.length === 1 ? 'channel' : 'channels'}`,
    ...channels.map((value, channel) => `mean_value channel [${channel}]: ${general(value)}`),
    ...(output === undefined ? [] : [`Written to ${output}`]),
  ];
  report({ count, shape: mean.shape, channels, output }, lines.join('\n'));
}
