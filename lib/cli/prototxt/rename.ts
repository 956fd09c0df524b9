import type { Command } from 'commander';
import { pairs } from '../options';
import { addOperation, operation } from './operation';

interface RenameFlags {
  names?: Record<string, string>;
  layers?: Record<string, string>;
  blobs?: Record<string, string>;
}

export function addRename(prototxt: Command): void {
  addOperation(prototxt, 'rename', 'rename layers and blobs with all references to them')
    .option('--names <pairs>', 'layers and the blobs called like them: fc8=seals; several divided by commas', pairs)
    .option('--layers <pairs>', 'layers only', pairs)
    .option('--blobs <pairs>', 'blobs only', pairs)
    .action(operation(renameText));
}

async function renameText(text: string, { names, layers, blobs }: RenameFlags) {
  const { rename } = await import('../../prototxt/document/rename.js');
  const result = rename(text, { names, layers, blobs });
  const notes = result.renamed.map(
    ({ kind, from, to, count }) => `${kind} ${from} → ${to}, in ${count} ${count === 1 ? 'place' : 'places'}`,
  );
  return { result, notes: notes.length > 0 ? notes : ['nothing to do'] };
}
