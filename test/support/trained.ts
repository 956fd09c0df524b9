/** Parameters such as training leaves, without training: what must not happen to be right with zeros, ones or equal values. */
import type { Net } from '../../lib/net';

/** Held here, as globals are looked up slowly in Jest: half a minute for the weights of an AlexNet. */
const { imul } = Math;

/** Numbers from -1 to 1 that repeat for a seed. */
export function randomNumbers(seed: number): () => number {
  let state = (seed * 2654435761 + 12345) >>> 0;
  return () => {
    state = (imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

export function randomValues(count: number, seed: number): Float32Array {
  return filled(count, randomNumbers(seed));
}

/** Fills all parameters of a net; values stay near 1 through any number of layers. */
export function fillAsTrained(net: Net, seed = 1): Net {
  const next = randomNumbers(seed);
  for (const { type, params } of net.layers) {
    params.forEach((blob, index) => {
      const [outputs = 1] = blob.shape;
      const spread = index === 0 ? Math.sqrt((3 * outputs) / blob.count) : 0.3;
      if (type === 'BatchNorm') blob.set(statistics(blob.count, index, next));
      else if (type === 'Scale' && index === 0) blob.set(filled(blob.count, () => 1 + 0.6 * next()));
      else blob.set(filled(blob.count, () => spread * next()));
    });
  }
  return net;
}

/** As BatchNorm keeps them: sums of means and variances, and the weight of these sums. */
function statistics(count: number, index: number, next: () => number): Float32Array {
  const WEIGHT = 999.98;
  if (index === 2) return Float32Array.of(WEIGHT);
  return filled(count, () => WEIGHT * (index === 0 ? 0.5 * next() : 1.1 + next()));
}

function filled(count: number, next: () => number): Float32Array {
  const values = new Float32Array(count);
  for (let index = 0; index < count; index++) values[index] = next();
  return values;
}

/** Two layers have nine tenths of AlexNet's 61 million parameters; how many outputs they have is seldom the question. */
export const narrow = (text: string) => text.replaceAll('num_output: 4096', 'num_output: 128');
