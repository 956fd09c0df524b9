import type { Command } from 'commander';
import type { RetargetOptions } from '../../prototxt/transform/retarget';
import { count, fromZero, list, pairs } from '../options';
import { addOperation, operation } from './operation';

export function addRetarget(prototxt: Command): void {
  addOperation(prototxt, 'retarget', 'give the classifiers another number of outputs, and new names')
    .requiredOption('--classes <n>', 'number of outputs, or one for each classifier: loss1/classifier=5,fc8=3', classes)
    .option('--heads <layers>', 'the classifiers to change, divided by commas; without, all that are found', list)
    .option('--rename <pairs>', 'names to give in place of the usual ones: fc8=seals', pairs)
    .option('--keep-names [layers]', 'keep the names of all classifiers, or of these', list)
    .option('--learning-rate-factor <n>', 'what their learning rates are multiplied with', fromZero)
    .action(operation(retargetText));
}

async function retargetText(text: string, options: RetargetOptions) {
  const { retarget } = await import('../../prototxt/transform/retarget.js');
  const result = retarget(text, options);
  const heads = result.heads.map(({ from, to, outputs: [before, now] }) => `${from} → ${to}: ${before ?? '?'} → ${now} outputs`);
  const removed = result.removed.map((name) => `${name}: removed, it would cut off the scores`);
  const notes = [...heads, ...removed];
  return { result, notes: notes.length > 0 ? notes : ['nothing to do: all heads fit'] };
}

function classes(text: string): number | Record<string, number> {
  if (!text.includes('=')) return count(text);
  return Object.fromEntries(Object.entries(pairs(text)).map(([name, number]) => [name, count(number)]));
}
