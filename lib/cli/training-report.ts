/** A training for people, event by event. */
import type { TrainingEvent } from '../train';
import { decimal, waitingText } from './command';
import type { Progress } from './progress';

export class TrainingReport {
  private iterations = 1;
  private waited = 0;

  constructor(private readonly progress: Progress) {}

  event(event: TrainingEvent): void {
    const { progress } = this;
    switch (event.type) {
      case 'search':
        progress.update(event.iteration, event.total, `looking for a learning rate: ${decimal(event.learningRate)}`);
        break;
      case 'start':
        progress.stop();
        this.iterations = event.plan.iterations;
        progress.note(startLines(event).join('\n'));
        break;
      case 'iteration': {
        const { iteration, epoch, loss, eta } = event;
        this.waited += event.waiting;
        progress.update(iteration, this.iterations, `epoch ${epoch.toFixed(1)}, loss ${decimal(loss)}, ${Math.round(eta)} s left`);
        break;
      }
      case 'validation': {
        const { epoch, accuracy, loss } = event;
        progress.note(`epoch ${epoch.toFixed(1).padStart(4)}: ${(100 * accuracy).toFixed(1)} % right, loss ${decimal(loss)}`);
        break;
      }
      case 'warning':
        progress.note(`note: ${event.message}`);
        break;
      case 'end':
        progress.note(
          `${event.reason}${event.best ? `, best snapshot: iteration ${event.best.iteration}` : ''}${waitingText(this.waited)}`,
        );
        break;
    }
  }
}

function startLines({ plan, weights, heads, learningRate }: Extract<TrainingEvent, { type: 'start' }>): string[] {
  const { images, epochs, batchSize } = plan;
  return [
    `${images.train} images, batches of ${batchSize}: ${plan.iterations} iterations for ${epochs} epochs`,
    ...heads.map(({ from, to, outputs: [before, now] }) => `classifier ${from} → ${to}, ${before ?? '?'} → ${now} outputs`),
    ...(weights ? [`${weights.copied.length} layers start from the weights, new: ${weights.missing.join(', ') || 'none'}`] : []),
    `learning rate ${decimal(learningRate.value)}${learningRate.curve ? ', found by a range test' : ''}`,
  ];
}
