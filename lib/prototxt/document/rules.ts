import type { ItemNode, MessageNode } from '../text/nodes';
import { kindError } from '../text/nodes';

export type PhaseName = 'TRAIN' | 'TEST';

/** What a net is built for: caffe.proto's NetState. */
export interface NetState {
  readonly phase: PhaseName;
  readonly level: number;
  readonly stages: readonly string[];
}

/** A condition on the state: caffe.proto's NetStateRule. What is not given does not matter. */
export interface NetStateRule {
  readonly phase?: PhaseName;
  readonly minLevel?: number;
  readonly maxLevel?: number;
  /** All of these are required. */
  readonly stages: readonly string[];
  /** None of these may be there. */
  readonly notStages: readonly string[];
}

const PHASES: readonly PhaseName[] = ['TRAIN', 'TEST'];

/** The state of a net with the given phase and stages, at level 0 as Caffe's default. */
export function netState(phase: PhaseName, ...stages: string[]): NetState {
  return { phase, level: 0, stages };
}

/** @throws {CaffeError} ERR_CAFFE_PROTOTXT for a phase that does not exist or a value of the wrong kind. */
export function readRule(message: MessageNode): NetStateRule {
  return {
    phase: message.values('phase').map((value) => readPhase(message, value))[0],
    minLevel: message.number('min_level'),
    maxLevel: message.number('max_level'),
    stages: message.strings('stage'),
    notStages: message.strings('not_stage'),
  };
}

function readPhase(message: MessageNode, value: ItemNode): PhaseName {
  const phase = value.kind === 'number' ? PHASES[value.value] : PHASES.find((name) => value.kind === 'name' && value.value === name);
  if (!phase) throw kindError(message.source, 'phase', value, 'TRAIN or TEST');
  return phase;
}

/** Whether a state meets a rule, as `Net::StateMeetsRule` decides it. */
export function meets(state: NetState, rule: NetStateRule): boolean {
  return (
    (rule.phase === undefined || rule.phase === state.phase) &&
    state.level >= (rule.minLevel ?? Number.NEGATIVE_INFINITY) &&
    state.level <= (rule.maxLevel ?? Number.POSITIVE_INFINITY) &&
    rule.stages.every((stage) => state.stages.includes(stage)) &&
    !rule.notStages.some((stage) => state.stages.includes(stage))
  );
}

/** Whether Caffe builds a layer in a state. */
export function isActive(
  layer: { readonly include: readonly NetStateRule[]; readonly exclude: readonly NetStateRule[] },
  state: NetState,
): boolean {
  if (layer.include.length > 0) return layer.include.some((rule) => meets(state, rule));
  return !layer.exclude.some((rule) => meets(state, rule));
}

/**
 * Every state in which rules can tell layers apart: both phases, with each set of stages and each level that they name.
 *
 * @param stageSets further sets of stages.
 */
export function statesOf(rules: readonly NetStateRule[], stageSets: readonly (readonly string[])[] = []): NetState[] {
  const distinct = new Map([...stageSets, [], ...rules.map((rule) => rule.stages)].map((stages) => [JSON.stringify(stages), stages]));
  const levels = new Set([0, ...rules.flatMap((rule) => [rule.minLevel ?? 0, rule.maxLevel ?? 0])]);
  return PHASES.flatMap((phase) => [...distinct.values()].flatMap((stages) => [...levels].map((level) => ({ phase, level, stages }))));
}
