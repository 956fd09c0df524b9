/** Operations that change weights with the network. */
import type { Command } from 'commander';
import { writeFileWhole } from '../../files';
import { action, type Context } from '../command';
import { inputs, list } from '../options';
import { addOperation, finish, inText, type OutputOptions } from './operation';

interface FoldCommandOptions extends OutputOptions {
  weights: string;
  outputWeights: string;
}

export function addFold(prototxt: Command): void {
  addOperation(prototxt, 'fold', 'fold BatchNorm, Scale and Bias into the layers beside them, with the weights')
    .requiredOption('--weights <file>', 'the weights of the network: .caffemodel or .caffemodel.h5')
    .requiredOption('--output-weights <file>', '.caffemodel to write')
    .action(action(foldFile));
}

async function foldFile(context: Context, file: string, { weights, outputWeights, ...options }: FoldCommandOptions): Promise<void> {
  const { foldBatchNorm } = await import('../../prototxt/fold/index.js');
  const { source, made } = await inText(file, async (text) => ({
    source: text,
    made: await foldBatchNorm(text, { weights, signal: context.signal }),
  }));
  const { weights: bytes, ...folded } = made;
  const result = { ...folded, outputWeights };
  await writeFileWhole(outputWeights, bytes);
  const notes = [
    ...result.folded.map(({ layer, type, into }) => `${layer} (${type}) → ${into}`),
    ...result.kept.map(({ layer, type, reason }) => `kept: ${layer} (${type}): ${reason}`),
  ];
  if (notes.length === 0) notes.push('nothing to do: no BatchNorm, Scale or Bias');
  await finish(context, file, options, source, { result, notes });
}

interface ExtractCommandOptions extends OutputOptions {
  from?: string[];
  to?: string[];
  input?: Record<string, number[]>;
  weights?: string;
  outputWeights?: string;
}

export function addExtract(prototxt: Command): void {
  addOperation(prototxt, 'extract', 'make a network of the part between some blobs and others, with its weights')
    .option('--from <blobs>', 'the blobs to begin with, divided by commas; without, where the network begins', list)
    .option('--to <blobs>', 'the blobs to end with; without, its outputs', list)
    .option('--input <name=shape>', 'the shape of a blob to begin with; may be repeated. Without, what it is in the network', inputs)
    .option('--weights <file>', 'the weights of the network: .caffemodel or .caffemodel.h5')
    .option('--output-weights <file>', '.caffemodel to write; needs --weights')
    .action(action(extractFile));
}

async function extractFile(context: Context, file: string, { outputWeights, ...options }: ExtractCommandOptions): Promise<void> {
  const { from, to, input, weights } = options;
  if ((weights === undefined) !== (outputWeights === undefined)) context.refuse('--weights and --output-weights need each other.');
  const { extract } = await import('../../prototxt/transform/extract.js');
  const { source, made } = await inText(file, async (text) => ({ source: text, made: await extract(text, { from, to, input, weights }) }));
  const { weights: bytes, ...extracted } = made;
  if (bytes && outputWeights !== undefined) await writeFileWhole(outputWeights, bytes);
  const result = { ...extracted, ...(bytes && { outputWeights }) };
  const notes = [
    ...result.inputs.map(({ blob, shape, from: place }) => `input ${blob}: ${shape.join('×')} (${place})`),
    `kept: ${namesText(result.kept)}`,
    `removed: ${namesText(result.removed)}`,
    `outputs: ${result.outputs.join(', ')}`,
    ...(weights !== undefined && !bytes ? ['no weights written: the part has none'] : []),
  ];
  await finish(context, file, options, source, { result, notes });
}

/** Few names as they are, of many their number. */
function namesText(names: readonly string[]): string {
  const FEW = 8;
  if (names.length === 0) return 'nothing';
  return names.length <= FEW ? names.join(', ') : `${names.length} layers, from ${names[0]} to ${names.at(-1)}`;
}
