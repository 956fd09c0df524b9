/** Caffe's solvers on one vector, written down from their formulas in float64: what the tests compare the linked library with. */

export interface ReferenceSettings {
  type: 'SGD' | 'Nesterov' | 'AdaGrad' | 'RMSProp' | 'AdaDelta' | 'Adam';
  momentum?: number;
  momentum2?: number;
  rmsDecay?: number;
  delta?: number;
  decay?: number;
  regularization?: 'L1' | 'L2';
  clip?: number;
  iterSize?: number;
}

export class ReferenceSolver {
  private readonly history: number[];
  private readonly second: number[];
  private iteration = 0;

  constructor(
    readonly weights: number[],
    private readonly settings: ReferenceSettings,
  ) {
    this.history = weights.map(() => 0);
    this.second = weights.map(() => 0);
  }

  /** @param gradient summed over iter_size batches. */
  step(gradient: number[], rate: number): void {
    const { clip = -1, iterSize = 1, decay = 0, regularization = 'L2' } = this.settings;
    const norm = Math.hypot(...gradient);
    const scale = clip >= 0 && norm > clip ? clip / norm : 1;
    gradient.forEach((each, index) => {
      const weight = this.weights[index] ?? Number.NaN;
      const penalty = decay * (regularization === 'L1' ? Math.sign(weight) : weight);
      this.weights[index] = weight - this.update((each * scale) / iterSize + penalty, rate, index);
    });
    this.iteration++;
  }

  private update(g: number, rate: number, index: number): number {
    const { type, momentum = 0, momentum2 = 0.999, rmsDecay = 0.99, delta = 1e-8 } = this.settings;
    const former = this.history[index] ?? 0;
    const formerSecond = this.second[index] ?? 0;
    const keep = (value: number) => {
      this.history[index] = value;
      return value;
    };
    switch (type) {
      case 'SGD':
        return keep(momentum * former + rate * g);
      case 'Nesterov':
        return (1 + momentum) * keep(momentum * former + rate * g) - momentum * former;
      case 'AdaGrad':
        return (rate * g) / (Math.sqrt(keep(former + g * g)) + delta);
      case 'RMSProp':
        return (rate * g) / (Math.sqrt(keep(rmsDecay * former + (1 - rmsDecay) * g * g)) + delta);
      case 'AdaDelta': {
        const squares = keep(momentum * former + (1 - momentum) * g * g);
        const change = g * Math.sqrt((formerSecond + delta) / (squares + delta));
        this.second[index] = momentum * formerSecond + (1 - momentum) * change * change;
        return rate * change;
      }
      case 'Adam': {
        const mean = keep(momentum * former + (1 - momentum) * g);
        const variance = momentum2 * formerSecond + (1 - momentum2) * g * g;
        this.second[index] = variance;
        const t = this.iteration + 1;
        return ((rate * Math.sqrt(1 - momentum2 ** t)) / (1 - momentum ** t)) * (mean / (Math.sqrt(variance) + delta));
      }
    }
  }
}
