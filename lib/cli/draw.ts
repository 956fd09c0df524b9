import type { Command } from 'commander';
import type { DrawDirection } from '../prototxt/draw/draw';
import { action, type Context } from './command';
import { addStateOptions, choice, count, inputs, type StateOptions } from './options';
import { readInput, writeOutput } from './text';

interface DrawCommandOptions extends StateOptions {
  format?: 'dot' | 'svg';
  phase?: 'train' | 'test';
  rankdir: DrawDirection;
  learningRates?: boolean;
  sizes?: boolean;
  batch?: number;
  input?: Record<string, number[]>;
}

export function addDraw(program: Command): void {
  const command = program
    .command('draw')
    .argument('<network>', 'prototxt file; - reads standard input')
    .argument('[output]', 'file to write; without, standard output')
    .description("draw a network as SVG, or in Graphviz's language (draw_net)")
    .addOption(choice('--format <format>', 'dot or svg; without, what the extension of the output says', ['dot', 'svg']))
    .addOption(choice('--phase <phase>', 'draw the layers of this phase only', ['train', 'test']))
    .addOption(choice('--rankdir <direction>', 'where the network runs to', ['LR', 'TB', 'BT', 'RL']).default('LR'))
    .option('--learning-rates', 'write the multipliers of learning rates on the layers')
    .option('--sizes', 'write shapes, parameters and costs; without, for SVG only')
    .option('--no-sizes', 'leave them out')
    .option('--batch <n>', 'items of each batch, in place of what the file says', count)
    .option('--input <name=shape>', 'the shape of what a data layer reads: data=64,1,28,28; may be repeated', inputs);
  addStateOptions(command).action(action(drawFile));
}

async function drawFile(
  { report }: Context,
  network: string,
  output: string | undefined,
  { stage: stages, input, ...options }: DrawCommandOptions,
): Promise<void> {
  const format = options.format ?? (output?.toLowerCase().endsWith('.svg') ? 'svg' : 'dot');
  const drawing = await drawText(await readInput(network), { ...options, stages, inputs: input, format });
  if (await writeOutput(output, drawing)) report({}, `${output}: ${format}`);
  else report({}, drawing);
}

/** Without the addon where it can be done without: only files of Caffe's first versions need it. */
async function drawText(text: string, options: Parameters<typeof import('../prototxt/draw/draw').draw>[1]): Promise<string> {
  if (/^\s*layers\s*[:{]/m.test(text)) return (await import('../tools/draw-net.js')).drawNet(text, options);
  return (await import('../prototxt/draw/draw.js')).draw(text, options);
}
