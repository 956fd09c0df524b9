/** Networks and solvers looked at: what is wrong with them, and what they cost. */
import type { Command } from 'commander';
import type { CheckResult } from '../../prototxt/check/check';
import type { Finding } from '../../prototxt/check/finding';
import type { CheckOptions } from '../../prototxt/check/options';
import { action, type Context } from '../command';
import { EXIT } from '../interruption';
import { addStateOptions, choice, count, inputs, list, type StateOptions } from '../options';
import { readInput } from '../text';
import { addReader, inText } from './operation';

interface CheckCommandOptions extends StateOptions {
  phase?: 'train' | 'test';
  batch?: number;
  input?: Record<string, number[]>;
  layerTypes?: string[];
}

export function addCheck(prototxt: Command): void {
  withOptions(addReader(prototxt, 'check', 'look for mistakes in a network or a solver, without running it')).action(action(checkFile));
}

export function addSummary(prototxt: Command): void {
  withOptions(addReader(prototxt, 'summary', 'list the layers of a network with their shapes, parameters and costs')).action(
    action(summarizeFile),
  );
}

function withOptions(command: Command): Command {
  command
    .addOption(choice('--phase <phase>', 'the net of this phase only; without, all that the file is meant for', ['train', 'test']))
    .option('--batch <n>', 'items of each batch, in place of what the file says', count)
    .option('--input <name=shape>', 'the shape of what a data layer reads: data=64,1,28,28; may be repeated', inputs)
    .option('--layer-types <names>', 'types that your Caffe has beside the usual ones, divided by commas', list);
  return addStateOptions(command);
}

async function checkFile({ report }: Context, file: string, options: CheckCommandOptions): Promise<void> {
  const { check } = await import('../../prototxt/check/check.js');
  const { excerpt } = await import('../../prototxt/text/excerpt.js');
  const text = await readInput(file);
  const result = check(text, optionsOf(options));
  const lines = text.split(/\r?\n/);
  const findings = result.findings.map((finding) => {
    const { line, column } = finding;
    return `${headOf(finding, file)}\n${excerpt(lines[line - 1] ?? '', line, column)}\n  fix: ${finding.fix}\n`;
  });
  report(result, findings.join('') + (await verdictOf(result, file)));
  if (!result.ok) process.exitCode = EXIT.failed;
}

async function summarizeFile({ json, report }: Context, file: string, options: CheckCommandOptions): Promise<void> {
  const { summary } = await import('../../prototxt/summary.js');
  const { check } = await import('../../prototxt/check/check.js');
  const [text, result] = await inText(file, async (source) => {
    const shown = summary(source, optionsOf(options));
    return [shown, json ? check(source, optionsOf(options)) : {}] as const;
  });
  report(result, text);
}

function optionsOf({ phase, level, stage, batch, input, layerTypes }: CheckCommandOptions): CheckOptions {
  return { phase, level, stages: stage, batch, inputs: input, layerTypes };
}

/** As compilers write it. */
function headOf({ severity, line, column, message, states }: Finding, file: string): string {
  const where = states ? ` (${states.join('; ')})` : '';
  return `${file}:${line}:${column}: ${severity}: ${message}${where}`;
}

async function verdictOf({ kind, name, findings, states }: CheckResult, file: string): Promise<string> {
  const { grouped, rounded, bytes } = await import('../../prototxt/quantities.js');
  const counts = (['error', 'warning'] as const).flatMap((severity) => {
    const number = findings.filter((finding) => finding.severity === severity).length;
    return number > 0 ? [`${number} ${severity}${number === 1 ? '' : 's'}`] : [];
  });
  const what = kind === 'solver' ? 'a solver' : name === '' ? 'a network' : `network '${name}'`;
  const nets = states.map(({ name: state, totals: { layers, parameters, multiplyAdds, batch, memory, complete } }) => {
    if (!complete) return `  ${state}: ${layers} layers, whose shapes are not all known\n`;
    const of = batch === undefined ? '' : ` for a batch of ${batch}`;
    return `  ${state}: ${layers} layers, ${grouped(parameters)} parameters, ${rounded(multiplyAdds / (batch ?? 1))} multiply-adds, ${bytes(memory.total)}${of}\n`;
  });
  return `${file}: ${what}, ${counts.join(' and ') || 'no mistakes found'}\n${nets.join('')}`;
}
