/** Operations that change weights with the network. */
import type { Command } from 'commander';
import { writeFileWhole } from '../../files';
import { action, type Context } from '../command';
import { addOperation, finish, inText } from './operation';

interface FoldCommandOptions {
  weights: string;
  output?: string;
  outputWeights: string;
}

export function addFold(prototxt: Command): void {
  addOperation(prototxt, 'fold', 'fold BatchNorm, Scale and Bias into the layers beside them, with the weights')
    .requiredOption('--weights <file>', 'the weights of the network: .caffemodel or .caffemodel.h5')
    .requiredOption('--output-weights <file>', '.caffemodel to write')
    .action(action(foldFile));
}

async function foldFile(context: Context, file: string, { weights, output, outputWeights }: FoldCommandOptions): Promise<void> {
  const { foldBatchNorm } = await import('../../prototxt/fold/index.js');
  const { weights: bytes, ...folded } = await inText(file, (text) => foldBatchNorm(text, { weights, signal: context.signal }));
  const result = { ...folded, outputWeights };
  await writeFileWhole(outputWeights, bytes);
  const notes = [
    ...result.folded.map(({ layer, type, into }) => `${layer} (${type}) → ${into}`),
    ...result.kept.map(({ layer, type, reason }) => `kept: ${layer} (${type}): ${reason}`),
  ];
  await finish(context, output, result, notes.length > 0 ? notes : ['nothing to do: no BatchNorm, Scale or Bias']);
}
