import type { Command } from 'commander';
import { action, type Context } from '../command';
import { addReader, inText } from './operation';

export function addCheck(prototxt: Command): void {
  addReader(prototxt, 'check', 'check the fields of a network against caffe.proto')
    .option('--solver', 'the file is a solver')
    .action(action(checkFile));
}

async function checkFile({ report }: Context, file: string, { solver }: { solver?: boolean }): Promise<void> {
  const { parseNet, parseSolver } = await import('../../prototxt/parse-message.js');
  if (solver) {
    const { type = 'SGD' } = await inText(file, async (text) => parseSolver(text));
    report({ type }, `${file}: a solver of type ${type}`);
    return;
  }
  const { name = '', layer = [], layers = [] } = await inText(file, async (text) => parseNet(text));
  const count = layer.length + layers.length;
  report({ name, layers: count }, `${file}: network '${name}' with ${count} layers`);
}
