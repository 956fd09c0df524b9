import type { Command } from 'commander';
import type { OldPart } from '../../prototxt/transform/upgrade';
import { addOperation, operation } from './operation';

export function addUpgrade(prototxt: Command): void {
  addOperation(prototxt, 'upgrade', "bring a network or a solver of Caffe's earlier versions up to date").action(operation(upgradeText));
}

async function upgradeText(text: string) {
  const { upgrade } = await import('../../prototxt/transform/upgrade.js');
  const result = await upgrade(text);
  const anew = result.keepsLayout ? [] : ['printed anew by Caffe, without comments'];
  const notes = [...result.old.map(oldText), ...anew];
  return { result, notes: notes.length > 0 ? notes : ['nothing to do: it is up to date'] };
}

function oldText({ line, layer, fields }: OldPart): string {
  return `line ${line}${layer === undefined ? '' : `, layer '${layer}'`}: ${fields.join(', ')}`;
}
