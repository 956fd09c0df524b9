import path from 'node:path';
import type { Command } from 'commander';
import { table } from '../text-table';
import { general } from '../tools/general';
import { logCsv } from '../tools/log-csv';
import { type LogRow, parseLog } from '../tools/parse-log';
import { action, type Context } from './command';
import { integerFrom, json } from './options';
import { writeOutput } from './text';

interface ParseLogOptions {
  delimiter: string;
  year?: number;
}

export function addParseLog(program: Command): void {
  program
    .command('parse-log')
    .argument('<log>', 'what the caffe tool wrote')
    .argument('[folder]', 'where to write LOG.train and LOG.test as CSV; without, both tables are shown')
    .description('read the training log of Caffe as tables (parse_log.py)')
    .option('--delimiter <text>', 'between the columns of CSV', ',')
    .option('--year <n>', 'when the log begins, where its lines do not say', integerFrom(1970))
    .addOption(json())
    .action(action(parse));
}

async function parse({ report }: Context, log: string, folder: string | undefined, options: ParseLogOptions): Promise<void> {
  const tables = await parseLog(log, { year: options.year });
  if (folder === undefined) {
    report(tables, `Train\n${asText(tables.train)}\nTest\n${asText(tables.test)}`);
    return;
  }
  const files: string[] = [];
  for (const name of ['train', 'test'] as const) {
    if (tables[name].length === 0) continue;
    const file = path.join(folder, `${path.basename(log)}.${name}`);
    await writeOutput(file, logCsv(tables[name], options.delimiter));
    files.push(file);
  }
  report({ ...tables, files }, files.map((file) => `${file}\n`).join(''));
}

function asText(rows: readonly LogRow[]): string {
  const [first] = rows;
  if (!first) return 'none\n';
  const names = Object.keys(first.outputs);
  const cells = rows.map(({ iteration, seconds, learningRate, outputs }) => [
    String(iteration),
    seconds.toFixed(1),
    general(learningRate),
    ...names.map((name) => general(outputs[name] ?? Number.NaN)),
  ]);
  const columns = ['iteration', 'seconds', 'learning rate', ...names];
  return table(
    [columns, ...cells],
    columns.map((_, index) => index),
  );
}
