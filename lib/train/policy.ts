/** How the learning rate changes during training, in percent of the whole, as DIGITS says it; Caffe wants iterations. */

/**
 * `percent` and `percents` are in percent of all iterations (0 to 100).
 *
 * |type|rate at iteration i|
 * |-|-|
 * |fixed|base|
 * |step|base · gamma^(number of whole `percent`s passed)|
 * |multistep|base · gamma^(number of `percents` passed)|
 * |exp|base · gamma^(percent passed)|
 * |inv|base · (1 + gamma · percent passed)^(−power)|
 * |poly|base · (1 − part passed)^power|
 *
 * DIGITS's sigmoid is not among them: Caffe refuses the negative gamma that it needs to fall.
 */
export type LearningRatePolicy =
  | { type: 'fixed' }
  | { type: 'step'; percent?: number; gamma?: number }
  | { type: 'multistep'; percents?: readonly number[]; gamma?: number }
  | { type: 'exp'; gamma?: number }
  | { type: 'inv'; gamma?: number; power?: number }
  | { type: 'poly'; power?: number };

export const POLICY_TYPES: readonly LearningRatePolicy['type'][] = ['fixed', 'step', 'multistep', 'exp', 'inv', 'poly'];

/** The one that DIGITS's form offers first; the values of the others below are DIGITS's as well. */
export const DEFAULT_POLICY: LearningRatePolicy = { type: 'step', percent: 33, gamma: 0.1 };

/** The fields of a SolverParameter that make up a policy. */
export interface PolicyFields {
  lr_policy: string;
  gamma?: number;
  power?: number;
  stepsize?: number;
  stepvalue?: number[];
}

/**
 * Translates a policy for a training of so many iterations, by DIGITS's formulas.
 *
 * @param iterations all iterations of the training, from 1.
 */
export function policyFields(policy: LearningRatePolicy, iterations: number): PolicyFields {
  const onePercent = iterations / 100;
  const at = (percent: number) => Math.max(1, Math.ceil(percent * onePercent));
  switch (policy.type) {
    case 'fixed':
      return { lr_policy: 'fixed' };
    case 'step':
      return { lr_policy: 'step', gamma: policy.gamma ?? 0.1, stepsize: at(policy.percent ?? 33) };
    case 'multistep':
      return { lr_policy: 'multistep', gamma: policy.gamma ?? 0.5, stepvalue: (policy.percents ?? [50, 85]).map(at) };
    case 'exp':
      return { lr_policy: 'exp', gamma: (policy.gamma ?? 0.95) ** (1 / onePercent) };
    case 'inv':
      return { lr_policy: 'inv', gamma: (policy.gamma ?? 0.1) / onePercent, power: policy.power ?? 0.5 };
    case 'poly':
      return { lr_policy: 'poly', power: policy.power ?? 3 };
  }
}
