import type { Command } from 'commander';
import type { FreezeOptions } from '../../prototxt/freeze';
import { list } from '../options';
import { addOperation, operation } from './operation';

export function addFreeze(prototxt: Command): void {
  addOperation(prototxt, 'freeze', 'set learning rates of layers to 0')
    .option('--through <layer>', 'the last layer to freeze, in file order')
    .option('--except <layers>', 'layers that go on learning, divided by commas', list)
    .action(operation(freezeText));
}

async function freezeText(text: string, options: FreezeOptions) {
  const { freeze } = await import('../../prototxt/freeze.js');
  const result = freeze(text, options);
  return { result, notes: [`frozen: ${result.frozen.join(', ') || 'nothing'}`] };
}
