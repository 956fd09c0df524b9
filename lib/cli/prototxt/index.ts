import type { Command } from 'commander';
import { addAllInOne } from './all-in-one';
import { addCheck, addSummary } from './check';
import { addFreeze, addUnfreeze } from './freeze';
import { addFromJson, addToJson } from './json';
import { addDeploy, addSelect, addTrainVal } from './phases';
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
];

/** The operations on prototxt files. They take `-` for standard input, and write to standard output unless told otherwise. */
export function addPrototxt(program: Command): void {
  const prototxt = program.command('prototxt').description('read and change network files');
  for (const add of OPERATIONS) add(prototxt);
}
