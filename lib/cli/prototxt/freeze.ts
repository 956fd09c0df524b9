import { type Command, InvalidArgumentError } from 'commander';
import type { Multipliers } from '../../prototxt/network/params';
import type { FreezeOptions } from '../../prototxt/transform/freeze';
import type { RateChange } from '../../prototxt/transform/rate-changes';
import type { UnfreezeOptions } from '../../prototxt/transform/unfreeze';
import { fromZero, list } from '../options';
import { addOperation, operation } from './operation';

export function addFreeze(prototxt: Command): void {
  addSelection(addOperation(prototxt, 'freeze', 'keep layers from learning: their learning rates become 0'))
    .option('--batch-norm-statistics', 'have the BatchNorm layers among them keep their statistics')
    .action(operation(freezeText));
}

export function addUnfreeze(prototxt: Command): void {
  addSelection(addOperation(prototxt, 'unfreeze', 'have frozen layers learn again; all of them, unless told otherwise'))
    .option('--multipliers <pairs>', 'lr_mult/decay_mult of weights and bias (1/1,2/0)', multipliers)
    .option('--batch-norm-statistics', 'have the BatchNorm layers among them follow the batches')
    .action(operation(unfreezeText));
}

function addSelection(command: Command): Command {
  return command
    .option('--through <layer>', 'the last of the layers, in file order')
    .option('--layers <names>', "names, divided by commas; * stands for any characters: 'conv*'", list)
    .option('--types <types>', 'types, divided by commas', list)
    .option('--except <names>', 'layers to leave out, as for --layers', list);
}

async function freezeText(text: string, options: FreezeOptions) {
  const { freeze } = await import('../../prototxt/transform/freeze.js');
  const result = freeze(text, options);
  const statistics = result.statistics.map((name) => `${name}: keeps its statistics`);
  const notes = [...result.changed.map(changeText), ...statistics];
  return { result, notes: notes.length > 0 ? notes : [`nothing to do: frozen already: ${result.frozen.join(', ') || 'none'}`] };
}

async function unfreezeText(text: string, options: UnfreezeOptions) {
  const { unfreeze } = await import('../../prototxt/transform/unfreeze.js');
  const result = unfreeze(text, options);
  const statistics = result.statistics.map((name) => `${name}: follows the statistics of the batches`);
  const notes = [...result.changed.map(changeText), ...statistics];
  return { result, notes: notes.length > 0 ? notes : ['nothing to do: none of the layers is frozen'] };
}

/** conv1: 1/1, 2/0 → 0/0, 0/0 */
function changeText({ layer, before, after }: RateChange): string {
  const asText = (all: readonly Multipliers[]) => all.map(({ learning, decay }) => `${learning}/${decay}`).join(', ');
  return `${layer}: ${asText(before)} → ${asText(after)}`;
}

function multipliers(text: string): Multipliers[] {
  return list(text).map((pair) => {
    const [learning, decay, ...others] = pair.split('/');
    if (!learning || !decay || others.length > 0) throw new InvalidArgumentError('It must be pairs of lr_mult and decay_mult: 1/1,2/0.');
    return { learning: fromZero(learning), decay: fromZero(decay) };
  });
}
