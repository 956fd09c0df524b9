import type { Command } from 'commander';
import { table } from '../text-table';
import type { NetTiming, Timing } from '../tools/time-net';
import { action, type Context } from './command';
import { addStateOptions, choice, count, json, type StateOptions, weights } from './options';

interface TimeOptions extends StateOptions {
  phase: 'train' | 'test';
  iterations: number;
  weights?: string[];
}

export function addTime(program: Command): void {
  const command = program
    .command('time <network>')
    .description('time the layers of a network, forward and backward (caffe time)')
    .addOption(choice('--phase <phase>', 'phase of the network', ['train', 'test']).default('train'))
    .option('--iterations <n>', 'passes to time, after one that is not', count, 50)
    .addOption(weights());
  addStateOptions(command).addOption(json()).action(action(time));
}

async function time({ signal, progress, report }: Context, network: string, options: TimeOptions): Promise<void> {
  const { timeNet } = await import('../tools/time-net.js');
  const { stage: stages, ...others } = options;
  const onProgress = ({ done, total }: { done: number; total: number }) => progress.update(done, total);
  const timing = await timeNet(network, { ...others, stages, signal, onProgress });
  report(timing, asText(timing));
}

function asText({ layers, iterations, ...totals }: NetTiming): string {
  const cells = ({ mean, min }: Timing) => [mean.toFixed(3), min.toFixed(3)];
  const rows = layers.map(({ name, type, forward, backward }) => [name, type, ...cells(forward), ...cells(backward)]);
  const heading = ['layer', 'type', 'forward', 'least', 'backward', 'least'];
  const sums = ['', '', ...cells(totals.forward), ...cells(totals.backward)];
  return (
    `Milliseconds over ${iterations} iterations: the mean, and the least.\n\n` +
    table([heading, ...rows, sums], [2, 3, 4, 5]) +
    `\nForward and backward: ${cells(totals.total).join(', at least ')} ms\n`
  );
}
