import type { Command } from 'commander';
import { addOperation, operation } from './operation';

export function addUpgrade(prototxt: Command): void {
  addOperation(prototxt, 'upgrade', "bring a file of Caffe's earlier versions up to date").action(operation(upgradeText));
}

async function upgradeText(text: string) {
  const { upgrade } = await import('../../prototxt/upgrade.js');
  const result = await upgrade(text);
  return { result, notes: [result.from === 'v2' ? 'in the latest format already, printed anew' : `upgraded from ${result.from}`] };
}
