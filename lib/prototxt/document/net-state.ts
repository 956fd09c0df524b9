/** The state of a net, as options give it. */
import { readTexts } from '../../given';
import { inputError } from '../input-error';
import type { Network } from '../network/network';
import type { MessageNode } from '../text/nodes';
import type { NetState } from './rules';

export interface StateOptions {
  readonly phase: 'train' | 'test';
  /** Default: what the file's own `state` says, or 0. */
  readonly level?: number;
  /** Added to those of the file's own `state`. Default none. */
  readonly stages?: readonly string[];
}

/** {@link StateOptions} as plain data. */
export interface ReadState {
  readonly phase: NetState['phase'];
  readonly level: number | undefined;
  readonly stages: readonly string[];
}

/** @throws {CaffeError} ERR_CAFFE_INPUT for values that are no phase, level or stages. */
export function readState({ phase, level, stages = [] }: StateOptions): ReadState {
  if (phase !== 'train' && phase !== 'test') throw inputError('phase', "'train' or 'test'", phase);
  if (level !== undefined && !isLevel(level)) throw inputError('level', 'a whole number of 32 bits', level);
  return { phase: phase === 'train' ? 'TRAIN' : 'TEST', level, stages: readTexts(stages, "'stages'") };
}

/** The state in which Caffe builds a network: what is given, over what its file says. */
export function stateOf(network: Network, given: ReadState): NetState {
  return stateIn(network.document.root, given);
}

/** The same for a file of which nothing else is read. */
export function stateIn(root: MessageNode, { phase, level, stages }: ReadState): NetState {
  const own = root.message('state');
  return { phase, level: level ?? own?.number('level') ?? 0, stages: [...(own?.strings('stage') ?? []), ...stages] };
}

function isLevel(level: number): boolean {
  return Number.isInteger(level) && level >= -(2 ** 31) && level < 2 ** 31;
}
