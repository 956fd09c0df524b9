/** How networks end: with a loss and accuracies in training, with probabilities in deployment. */
import { layers as L, type Top } from '../prototxt/builder/net-spec';
import type { Draft } from './draft';

export interface Measures {
  /** Name of the loss, and of its blob. */
  readonly loss?: string;
  /** Name of the loss where it is another than its blob's. */
  readonly lossLayer?: string;
  readonly weight?: number;
  /** How many places count as right, by the names of the accuracies. */
  readonly accuracies?: Readonly<Record<string, number>>;
}

/** What becomes of the scores of the classes. */
export function ending(draft: Draft, scores: Top, measures: Measures = {}): void {
  draft.section(draft.form === 'training' ? 'Loss and accuracy' : 'Probabilities');
  if (draft.form === 'training') measure(draft, scores, measures);
  else draft.net.prob = L.Softmax(scores);
}

/** A loss, and the accuracies that there can be with so few classes. */
export function measure({ net, choices }: Draft, scores: Top, measures: Measures): void {
  const { loss = 'loss', lossLayer = loss, weight, accuracies = { accuracy: 1 } } = measures;
  const label = net.label;
  net[loss] = L.SoftmaxWithLoss(scores, label, {
    ...(lossLayer !== loss && { name: lossLayer }),
    ...(weight !== undefined && { loss_weight: weight }),
  });
  for (const [name, places] of Object.entries(accuracies)) {
    if (places > choices.classes) continue;
    net[name] = L.Accuracy(scores, label, { include: { phase: 'TEST' }, ...(places > 1 && { top_k: places }) });
  }
}
