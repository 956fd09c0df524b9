import { type Command, InvalidArgumentError } from 'commander';
import { inFile } from '../../tools/text-file';
import { action, type Context } from '../command';
import { count, integerFrom } from '../options';
import { readInput } from '../text';
import { addOperation, addReader, operation } from './operation';

interface FormatFlags {
  indent?: number | 'tab';
  width?: number;
}

export function addFormat(prototxt: Command): void {
  addOperation(prototxt, 'format', 'lay a file out anew; fields, values and comments stay')
    .option('--indent <n>', 'blanks a step, or tab', indent)
    .option('--width <n>', 'columns up to which a message in one line stays there', integerFrom(0))
    .action(operation(formatText));
}

export function addDiff(prototxt: Command): void {
  addReader(prototxt, 'diff', 'what another file differs in, as a unified diff; as data with --json')
    .argument('<other>', 'the other file')
    .action(action(diffFiles));
}

async function formatText(text: string, options: FormatFlags) {
  const { format } = await import('../../prototxt/document/format.js');
  return { result: { text: format(text, options) }, notes: [] };
}

async function diffFiles({ report }: Context, file: string, other: string): Promise<void> {
  const { diff } = await import('../../prototxt/document/diff.js');
  const { parse } = await import('../../prototxt/document/document.js');
  const read = async (name: string) => {
    const text = await readInput(name);
    return inFile(name, (async () => parse(text))());
  };
  const changes = diff(await read(file), await read(other));
  const name = other === '-' ? file : other;
  report({ changes: changes.list }, changes.unified(name === '-' ? {} : { name }));
}

function indent(text: string): number | 'tab' {
  if (text === 'tab') return 'tab';
  if (/^\d+$/.test(text)) return count(text);
  throw new InvalidArgumentError("It must be a number of blanks, or 'tab'.");
}
