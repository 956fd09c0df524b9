import type { Command } from 'commander';
import { action, type Context } from './command';
import { choice, count, integerFrom, json } from './options';

interface ImagesetOptions {
  grey?: boolean;
  gray?: boolean;
  shuffle?: boolean;
  seed?: number;
  resizeHeight?: number;
  resizeWidth?: number;
  checkSize?: boolean;
  encoded?: boolean;
  encodeType?: 'png' | 'jpg';
  backend?: string;
}

export function addConvertImageset(program: Command): void {
  program
    .command('convert-imageset')
    .argument('<root>', 'folder that the paths of the list are relative to')
    .argument('<list>', 'text file with "path label" on each line')
    .argument('<output>', 'the LMDB to write')
    .description('store listed images in a database (convert_imageset)')
    .option('--grey', 'store grey images')
    .option('--gray', 'the same')
    .option('--shuffle', 'store the images in random order')
    .option('--seed <n>', 'of the random order', integerFrom(0))
    .option('--resize-height <pixels>', 'height to resize to; needs --resize-width', count)
    .option('--resize-width <pixels>', 'width to resize to; needs --resize-height', count)
    .option('--check-size', 'refuse images of different sizes')
    .option('--encoded', 'store image files in place of pixels')
    .addOption(choice('--encode-type <type>', 'what to encode as; implies --encoded', ['png', 'jpg']))
    .option('--backend <name>', 'only lmdb')
    .addOption(json())
    .action(action(convert));
}

async function convert(context: Context, root: string, list: string, output: string, options: ImagesetOptions): Promise<void> {
  const { signal, progress, report, refuse } = context;
  const { grey, gray, resizeHeight: height, resizeWidth: width, ...others } = options;
  if ((height === undefined) !== (width === undefined)) refuse('--resize-height and --resize-width need each other.');
  const { convertImageset } = await import('../tools/convert-imageset.js');
  const result = await convertImageset({
    ...others,
    root,
    list,
    output,
    grey: grey || gray,
    resize: height !== undefined && width !== undefined ? [height, width] : undefined,
    signal,
    onProgress: ({ done, total, file }) => progress.update(done, total, file),
  });
  const skipped = result.skipped.map(({ reason }) => `  left out: ${reason}\n`).join('');
  report(result, `${result.count} images in ${result.path}\n${skipped}`);
}
