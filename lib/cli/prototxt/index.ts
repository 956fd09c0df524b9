import type { Command } from 'commander';
import { addAllInOne } from './all-in-one';
import { addCheck, addSummary } from './check';
import { addEdits } from './edit';
import { addDiff, addFormat } from './format';
import { addFreeze, addUnfreeze } from './freeze';
import { addGet } from './get';
import { addFromJson, addToJson } from './json';
import { addDeploy, addSelect, addTrainVal } from './phases';
import { addRename } from './rename';
import { addRetarget } from './retarget';
import { addUpgrade } from './upgrade';
import { addExtract, addFold } from './weights';

/** In the order in which the help lists them. */
const OPERATIONS = [
  addRetarget,
  addFreeze,
  addUnfreeze,
  addTrainVal,
  addDeploy,
  addAllInOne,
  addSelect,
  addFold,
  addExtract,
  addUpgrade,
  addCheck,
  addSummary,
  addToJson,
  addFromJson,
  addGet,
  addEdits,
  addRename,
  addFormat,
  addDiff,
];

/** The operations on prototxt files. They take `-` for standard input, and write to standard output unless told otherwise. */
export function addPrototxt(program: Command): void {
  const prototxt = program.command('prototxt').description('read and change network files');
  for (const add of OPERATIONS) add(prototxt);
}
