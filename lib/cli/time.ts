import type { Command } from 'commander';
import { table } from '../text-table';
import type { NetTiming, Timing } from '../tools/time-net';
import type { PlanTiming } from '../tools/time-plan';
import { action, type Context } from './command';
import { addStateOptions, choice, count, json, precision, type StateOptions, weights } from './options';

interface TimeOptions extends StateOptions {
  engine?: 'caffe' | 'onednn';
  layers?: true;
  phase?: 'train' | 'test';
  precision?: 'f32' | 'bf16';
  iterations: number;
  weights?: string[];
}

export function addTime(program: Command): void {
  const command = program
    .command('time <network>')
    .description('time the layers of a network: in Caffe forward and backward (caffe time), or the steps of the fast engine')
    .addOption(choice('--engine <engine>', 'what runs the network (default: caffe, with --layers onednn)', ['caffe', 'onednn']))
    .option('--layers', 'which layers each step of the fast engine computes, with which implementation')
    .addOption(choice('--phase <phase>', 'phase of the network (default: train, of the fast engine test)', ['train', 'test']))
    .addOption(precision())
    .option('--iterations <n>', 'passes to time, after one that is not', count, 50)
    .addOption(weights());
  addStateOptions(command).addOption(json()).action(action(time));
}

async function time({ signal, progress, report, refuse }: Context, network: string, options: TimeOptions): Promise<void> {
  const { stage: stages, layers, engine = layers ? 'onednn' : 'caffe', phase, precision: wanted, ...others } = options;
  const onProgress = ({ done, total }: { done: number; total: number }) => progress.update(done, total);
  const common = { ...others, stages, signal, onProgress };
  if (engine === 'caffe') {
    if (wanted) refuse("'--precision' is of the fast engine: use --engine onednn.");
    const { timeNet } = await import('../tools/time-net.js');
    const timing = await timeNet(network, { ...common, phase });
    report(timing, layersAsText(timing));
  } else {
    if (phase === 'train') refuse("The fast engine's steps can be timed in the phase 'test' only.");
    const { timePlan } = await import('../tools/time-plan.js');
    const timing = await timePlan(network, { ...common, precision: wanted });
    report(timing, stepsAsText(timing));
  }
}

const cells = ({ mean, min }: Timing) => [mean.toFixed(3), min.toFixed(3)];

function layersAsText({ layers, iterations, ...totals }: NetTiming): string {
  const rows = layers.map(({ name, type, forward, backward }) => [name, type, ...cells(forward), ...cells(backward)]);
  const heading = ['layer', 'type', 'forward', 'least', 'backward', 'least'];
  const sums = ['', '', ...cells(totals.forward), ...cells(totals.backward)];
  return (
    `Milliseconds over ${iterations} iterations: the mean, and the least.\n\n` +
    table([heading, ...rows, sums], [2, 3, 4, 5]) +
    `\nForward and backward: ${cells(totals.total).join(', at least ')} ms\n`
  );
}

function stepsAsText({ steps, iterations, threads, precision, bytes, forward }: PlanTiming): string {
  const rows = steps.map((step) => [
    step.layers.join(' + ') || '-',
    [...new Set(step.types)].join(' + '),
    step.engine === 'caffe' ? 'Caffe' : step.primitive,
    step.format,
    ...cells(step.forward),
  ]);
  const heading = ['layers', 'types', 'implementation', 'layout', 'forward', 'least'];
  return (
    `Milliseconds over ${iterations} iterations, ${precision}, threads: ${threads}; the mean, and the least.\n\n` +
    table([heading, ...rows, ['', '', '', '', ...cells(forward)]], [4, 5]) +
    `\nThe plan takes ${(bytes / 2 ** 20).toFixed(1)} MiB.\n`
  );
}
