import type { Command } from 'commander';
import type { AllInOneOptions } from '../../prototxt/transform/all-in-one';
import { addOperation, inText, operation } from './operation';
import { addedText, removedText } from './phases';

export function addAllInOne(prototxt: Command): void {
  addOperation(prototxt, 'all-in-one', 'make one file of the networks for training and deployment, as DIGITS takes it')
    .option('--deploy <file>', 'the network for deployment; without, it is made of the other')
    .option('--open-outputs', 'leave the number of outputs of the classifiers to DIGITS')
    .action(operation(allInOneText));
}

async function allInOneText(trainVal: string, { deploy: file, ...options }: AllInOneOptions & { deploy?: string }) {
  const { toAllInOne } = await import('../../prototxt/transform/all-in-one.js');
  const deploy = file === undefined ? undefined : await inText(file, async (text) => text);
  const result = toAllInOne({ trainVal, deploy }, options);
  const notes = [
    ...result.added.map(addedText),
    ...result.rules.map(({ layer, rule }) => `${layer}: ${rule}`),
    ...result.opened.map((name) => `${name}: number of outputs left open`),
    ...removedText(result.removed),
  ];
  return { result, notes: notes.length > 0 ? notes : ['nothing to do: it is all-in-one already'] };
}
