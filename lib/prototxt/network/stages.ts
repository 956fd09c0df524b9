/** The three networks of an all-in-one file, told apart by the stages that DIGITS builds them with. */

import { type NetState, netState } from '../document/rules';
import type { Edits } from '../text/edits';
import { isActive, type Layer, rulesOf } from './network';
import { messageSnippet } from './snippets';

export type Stage = 'train' | 'val' | 'deploy';

export const STAGES: readonly Stage[] = ['train', 'val', 'deploy'];

const STATES: Record<Stage, NetState> = {
  train: netState('TRAIN', 'train'),
  val: netState('TEST', 'val'),
  deploy: netState('TEST', 'deploy'),
};

/** Whether the rules of a layer say, in an all-in-one file, that it is in these networks and no other. */
export function isInJust(layer: Layer, stages: readonly Stage[]): boolean {
  return STAGES.every((stage) => isActive(layer, STATES[stage]) === stages.includes(stage));
}

export function namesStages(layer: Layer): boolean {
  return rulesOf([layer]).some((rule) => rule.stages.length > 0);
}

/** The rule that puts a layer into some of the networks, one or two: as a snippet. */
export function stageRule(stages: readonly Stage[], inline: boolean): string {
  const excluded = STAGES.filter((stage) => !stages.includes(stage));
  const [kind, [stage]] = stages.length === 1 ? ['include', stages] : ['exclude', excluded];
  return inline ? `${kind} { stage: "${stage}" }` : messageSnippet(kind, [`stage: "${stage}"`]);
}

/** Has the rules of a layer say that it is in these networks and no other; returns the rule in one line, or that it has none. */
export function setStages(edits: Edits, layer: Layer, stages: readonly Stage[]): string {
  const [first, ...others] = layer.message.fieldsNamed('include', 'exclude');
  for (const rule of others) edits.remove(rule);
  if (stages.length === STAGES.length) {
    if (first) edits.remove(first);
    return 'in all stages';
  }
  const snippet = stageRule(stages, edits.layout.inlineRules);
  if (first) edits.replaceField(first, snippet);
  else edits.append(layer.message, snippet);
  return stageRule(stages, true);
}
