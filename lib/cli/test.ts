import type { Command } from 'commander';
import type { Tensors } from '../tensor';
import { general } from '../tools/general';
import type { TestedNet } from '../tools/test-net';
import { action, type Context } from './command';
import { addStateOptions, count, json, list, type StateOptions } from './options';

interface TestOptions extends StateOptions {
  iterations: number;
}

export function addTest(program: Command): void {
  const command = program
    .command('test')
    .argument('<network>', 'prototxt file')
    .argument('<weights>', 'trained parameters; several, divided by commas, are copied in order', list)
    .description('score a trained network on the data that its file names (caffe test)')
    .option('--iterations <n>', 'batches to run', count, 50);
  addStateOptions(command).addOption(json()).action(action(test));
}

async function test({ signal, progress, report }: Context, network: string, weights: string[], options: TestOptions): Promise<void> {
  const { testNet } = await import('../tools/test-net.js');
  const { iterations, level, stage: stages } = options;
  const result = await testNet(network, weights, {
    iterations,
    level,
    stages,
    signal,
    onProgress({ done, total, outputs }) {
      for (const { name, value } of valuesOf(outputs)) progress.note(`Batch ${done - 1}, ${name} = ${general(value)}`);
      progress.update(done, total);
    },
  });
  report(result, asText(result));
}

function asText({ loss, outputs, lossWeights }: TestedNet): string {
  const lines = valuesOf(outputs).map(({ name, value }) => {
    const weight = lossWeights[name] ?? 0;
    const note = weight === 0 ? '' : ` (* ${general(weight)} = ${general(weight * value)} loss)`;
    return `${name} = ${general(value)}${note}`;
  });
  return [`Loss: ${general(loss)}`, ...lines].join('\n');
}

function valuesOf(outputs: Tensors): { name: string; value: number }[] {
  return Object.entries(outputs).flatMap(([name, { data }]) => Array.from(data, (value) => ({ name, value })));
}
