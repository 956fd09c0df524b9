import { CaffeError } from '../errors';
import type { Metrics } from '../model-info';
import { Net, nativeOf } from '../net';
import { inspect } from '../prototxt';
import { sizeOf, type Tensor } from '../tensor';
import type { TrainingPlan } from './plan';
import { ScoreSheet } from './scores';

/** The network in its TEST phase on the parameters that are being trained; reads exactly the validation set, each time from its first image. */
export class Validation {
  private constructor(
    private readonly net: Net,
    private readonly blobs: { scores: string; label: string },
    private readonly plan: TrainingPlan,
  ) {}

  /**
   * @param trainVal the text of train_val.prototxt.
   * @param folder   the model folder, to which its paths are relative.
   * @param trained  the net whose parameters are validated.
   * @throws {CaffeError} ERR_CAFFE_UNSUPPORTED when the network has no loss over class scores.
   */
  static async open(trainVal: string, folder: string, trained: Net, plan: TrainingPlan): Promise<Validation> {
    const { scores, label } = inspect(trainVal).mainLoss ?? {};
    if (scores === undefined || label === undefined) {
      throw new CaffeError('ERR_CAFFE_UNSUPPORTED', 'The network has no loss that compares scores with labels.', {
        hint: 'End it with a SoftmaxWithLoss over the scores of the classes.',
      });
    }
    const net = await Net.from(trainVal, { phase: 'test', basePath: folder, engine: plan.engine });
    net.shareWith(trained);
    return new Validation(net, { scores, label }, plan);
  }

  /**
   * Scores every image of the validation set once. The last batch is filled up with images from the beginning, which do not count.
   *
   * @throws {CaffeError} ERR_CAFFE_DIVERGED for a score that is no number; ERR_CAFFE_ABORTED.
   */
  async run(signal?: AbortSignal): Promise<Metrics> {
    const { labels, images, validationBatchSize } = this.plan;
    const sheet = new ScoreSheet(labels);
    await nativeOf(this.net).rewind(0);
    for (let first = 0; first < images.validation; first += validationBatchSize) {
      const { [this.blobs.scores]: scores, [this.blobs.label]: label } = await this.net.forward(
        {},
        { blobs: Object.values(this.blobs), signal },
      );
      const count = Math.min(validationBatchSize, images.validation - first);
      if (scores && label) this.enter(sheet, scores, label, count);
    }
    return sheet.metrics();
  }

  dispose(): Promise<void> {
    return this.net.dispose();
  }

  private enter(sheet: ScoreSheet, scores: Tensor, label: Tensor, count: number): void {
    const classes = this.plan.labels.length;
    if (sizeOf(scores.shape) !== sizeOf(label.shape) * classes) {
      throw new CaffeError('ERR_CAFFE_SHAPE', `The scores have shape ${scores.shape.join('×')}: not ${classes} for each image.`, {
        blob: this.blobs.scores,
        hint: 'The network sees larger images than it is made for: choose a smaller cropSize, or end it with global pooling.',
      });
    }
    for (let item = 0; item < count; item++) {
      sheet.add(scores.data.subarray(item * classes, (item + 1) * classes), label.data[item] ?? -1);
    }
  }
}
