/** The nets that a file makes: one for each state in which it is meant to be built. */

import type { NetState } from '../document/rules';
import { isLoss } from '../network/layer-types';
import { isActive, type Layer, type Network, rulesOf } from '../network/network';

/** A net as Caffe builds it in one state, and how findings call that. */
export interface NetInState {
  readonly state: NetState;
  readonly name: string;
  readonly layers: readonly Layer[];
}

/** A file of more variants than that is looked at in the first of them; the others can be named. */
const MOST_STAGE_SETS = 16;

/** 'train', 'test, stage val': how a state is called. */
export function nameOfState({ phase, level, stages }: NetState): string {
  const parts = [phase.toLowerCase(), ...stages.map((stage) => `stage ${stage}`), ...(level === 0 ? [] : [`level ${level}`])];
  return parts.join(', ');
}

/** One state that the caller names. */
export function stateNamed(network: Network, state: NetState): NetInState {
  return { state, name: nameOfState(state), layers: network.layersIn(state) };
}

/**
 * The states that a file is meant for: training, test and, where stages tell them apart, deployment. A state whose layers are those of
 * another is not looked at twice; one in which nothing brings data in is not meant, unless there is no other.
 */
export function statesOf(network: Network): NetInState[] {
  const states = distinctStates(network);
  const meant = states.filter(({ layers }) => network.inputs.length > 0 || layers.some((layer) => layer.bottoms.length === 0));
  return meant.length > 0 ? meant : states.slice(0, 1);
}

/** Every state that makes another net; where training and test make the same, test for one without a loss. */
export function distinctStates(network: Network): NetInState[] {
  const distinct = new Map<string, NetInState>();
  for (const state of candidates(network)) {
    const checked = stateNamed(network, state);
    const key = network.layers.map((layer) => Number(isActive(layer, state))).join('');
    if (!distinct.has(key) || !checked.layers.some(isLoss)) distinct.set(key, checked);
  }
  return [...distinct.values()];
}

function candidates(network: Network): NetState[] {
  const { trainState, testState, deployState } = network;
  if (network.isAllInOne) return [trainState, testState, ...(network.hasDeployStage ? [deployState] : [])];
  const named = new Map(rulesOf(network.layers).map(({ stages }) => [stages.join('\n'), stages]));
  const sets = [[], ...named.values()].slice(0, MOST_STAGE_SETS);
  return (['TRAIN', 'TEST'] as const).flatMap((phase) => sets.map((stages) => ({ phase, level: 0, stages })));
}
