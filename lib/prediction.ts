/** A class and how probable it is. */
export interface Prediction {
  label: string;
  /** Of the class in the model's labels, from 0. */
  index: number;
  /** 0 to 1; over all classes they add up to 1. */
  probability: number;
}

/** The most probable classes, the best first. Classes without a label are called by their index. */
export function mostProbable(probabilities: Float32Array, labels: readonly string[], top: number): Prediction[] {
  return Array.from(probabilities, (probability, index) => ({ label: labels[index] ?? String(index), index, probability }))
    .sort((a, b) => b.probability - a.probability)
    .slice(0, top);
}

/** Values of any size as probabilities that add up to 1. */
export function softmax(values: Float32Array): Float32Array {
  const largest = values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  const powers = values.map((value) => Math.exp(value - largest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}
