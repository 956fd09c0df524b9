/** Settings of layers that recur in published files. */

/** Weights learn at the solver's rate; biases twice as fast, and without decay. */
export const WEIGHTS_AND_BIAS = [
  { lr_mult: 1, decay_mult: 1 },
  { lr_mult: 2, decay_mult: 0 },
];

/** Weights alone, where BatchNorm and Scale follow. */
export const WEIGHTS = [{ lr_mult: 1, decay_mult: 1 }];

/** Local response normalisation, by the values of the AlexNet paper. */
export const RESPONSE_NORMALISATION = { local_size: 5, alpha: 1e-4, beta: 0.75 };

/** Where weights and biases begin: weights drawn from a normal distribution. */
export function gaussian(std: number, bias: number) {
  return { weight_filler: { type: 'gaussian', std }, bias_filler: { type: 'constant', value: bias } };
}

/** The same, drawn by Glorot and Bengio's rule. */
export function xavier(bias: number) {
  return { weight_filler: { type: 'xavier' }, bias_filler: { type: 'constant', value: bias } };
}
