import { CaffeError } from '../errors';
import type { Metrics } from '../model-info';

/** Adds up scores of images whose class is known. */
export class ScoreSheet {
  private loss = 0;
  private readonly confusion: number[][];

  constructor(private readonly labels: readonly string[]) {
    this.confusion = labels.map(() => labels.map(() => 0));
  }

  /**
   * Takes one image.
   *
   * @param scores one for each class, before the softmax.
   * @param label  the index of its class.
   * @throws {CaffeError} ERR_CAFFE_DIVERGED for a score that is no number, which Caffe would count as right;
   *                      ERR_CAFFE_DATASET for a label beyond the classes.
   */
  add(scores: Float32Array, label: number): void {
    const row = this.confusion[label];
    if (!row) {
      throw new CaffeError('ERR_CAFFE_DATASET', `An image has label ${label}; the dataset has ${this.labels.length} classes.`, {
        hint: 'The database belongs to another dataset: create it anew.',
      });
    }
    if (!scores.every(Number.isFinite)) {
      throw new CaffeError('ERR_CAFFE_DIVERGED', 'The network gives scores that are not finite numbers.');
    }
    const guess = scores.indexOf(Math.max(...scores));
    row[guess] = (row[guess] ?? 0) + 1;
    this.loss += crossEntropy(scores, label);
  }

  /** The result over all images so far. */
  metrics(): Metrics {
    const images = sum(this.confusion.map(sum));
    const correct = sum(this.confusion.map((row, index) => row[index] ?? 0));
    return {
      loss: this.loss / images,
      accuracy: correct / images,
      perClass: this.labels.map((label, index) => {
        const row = this.confusion[index] ?? [];
        return { label, images: sum(row), accuracy: (row[index] ?? 0) / sum(row) };
      }),
      confusion: this.confusion.map((row) => [...row]),
    };
  }
}

/** −log softmax(scores)[label], without overflow. */
function crossEntropy(scores: Float32Array, label: number): number {
  const highest = Math.max(...scores);
  const total = scores.reduce((partial, score) => partial + Math.exp(score - highest), 0);
  return Math.log(total) + highest - (scores[label] ?? 0);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
