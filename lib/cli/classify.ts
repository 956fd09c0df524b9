import type { Command } from 'commander';
import type { Engine, Precision } from '../net-engine';
import { action, type Context } from './command';
import { count, engine, json, precision } from './options';

interface ClassifyCommandOptions {
  top: number;
  engine?: Engine;
  precision?: Precision;
}

export function addClassify(program: Command): void {
  program
    .command('classify')
    .argument('<model>', 'model folder, or archive')
    .argument('<images...>', 'image files')
    .description('classify images with a trained model')
    .option('--top <n>', 'classes to name', count, 5)
    .addOption(engine())
    .addOption(precision())
    .addOption(json())
    .action(action(classifyImages));
}

/** Images at a time, two batches of them: the answers come in such portions. While those of one are awaited, the next is on its way. */
const IMAGES_AT_A_TIME = 20;

async function classifyImages({ signal, progress, report }: Context, path: string, images: string[], options: ClassifyCommandOptions) {
  const { classify } = await import('../classify.js');
  const { openModel } = await import('../model.js');
  const model = await openModel(path);
  try {
    const start = (first: number) => {
      const some = images.slice(first, first + IMAGES_AT_A_TIME);
      const answers = classify(model, some, { ...options, signal });
      answers.catch(() => {}); // told when it is this portion's turn
      return { some, answers };
    };
    let next = start(0);
    for (let first = 0; first < images.length; first += IMAGES_AT_A_TIME) {
      const { some, answers } = next;
      next = start(first + IMAGES_AT_A_TIME);
      const predictions = await answers;
      for (const [index, image] of some.entries()) {
        const best = predictions[index] ?? [];
        const lines = best.map(({ label, probability }) => `${(100 * probability).toFixed(2).padStart(8)} %  ${label}\n`);
        report({ image, predictions: best }, `${image}\n${lines.join('')}`);
      }
      if (images.length > IMAGES_AT_A_TIME) progress.update(Math.min(images.length, first + IMAGES_AT_A_TIME), images.length);
    }
  } finally {
    await model.dispose();
  }
}
