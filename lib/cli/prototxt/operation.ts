/** What the operations that make a text of a text have in common. */
import type { Command } from 'commander';
import { inFile } from '../../tools/text-file';
import { action, type Context } from '../command';
import { json } from '../options';
import { readInput, writeOutput } from '../text';

/** What an operation gives: its result as the library returns it, and what it did for people, a line each. */
export interface Outcome {
  readonly result: { readonly text: string };
  readonly notes: readonly string[];
}

/** Where an operation writes to. */
export interface OutputOptions {
  /** The file for the text; without, it goes to standard output. */
  output?: string;
  /** Writes to standard output what is different, in place of the text. */
  diff?: boolean;
}

/** Adds `caffe-node prototxt NAME FILE`, for {@link operation} to do. */
export function addOperation(prototxt: Command, name: string, description: string): Command {
  return addMaker(prototxt, name, description).option('--diff', 'show what is different, as a unified diff, in place of the text');
}

/** Adds `caffe-node prototxt NAME FILE` for what makes a text of something else. */
export function addMaker(prototxt: Command, name: string, description: string): Command {
  return addReader(prototxt, name, description).option('--output <file>', 'file to write; without, standard output');
}

/** Adds `caffe-node prototxt NAME FILE` for what only reads the file. */
export function addReader(prototxt: Command, name: string, description: string): Command {
  return prototxt.command(name).argument('<file>', 'prototxt file; - reads standard input').description(description).addOption(json());
}

/**
 * The action of an operation: reads the file and writes the new text, whole, to `--output` or to standard output. What was done goes to
 * standard error; with `--json` it is the result, beside the text or the file that has it.
 */
export function operation<Options>(transform: (text: string, options: Options) => Promise<Outcome>) {
  return action(
    async (context: Context, file: string, { output, diff, json: _, ...options }: Options & OutputOptions & { json?: boolean }) => {
      const { source, outcome } = await inText(file, async (text) => ({
        source: text,
        outcome: await transform(text, options as Options),
      }));
      await finish(context, file, { output, diff }, source, outcome);
    },
  );
}

/** Reads a file and does something with its text; errors name the file. */
export async function inText<Result>(file: string, transform: (text: string) => Promise<Result>): Promise<Result> {
  const text = await readInput(file);
  return inFile(file === '-' ? 'standard input' : file, transform(text));
}

/** Writes the text that was made of that of a file, or the difference, and says what was done. */
export async function finish(
  context: Context,
  file: string,
  { output, diff }: OutputOptions,
  source: string,
  { result, notes }: Outcome,
): Promise<void> {
  const name = [output, file].find((path) => path !== undefined && path !== '-');
  const difference = diff ? await unifiedDiff(source, result.text, name) : undefined;
  const written = await writeOutput(output, result.text);
  if (!context.json) process.stderr.write(notes.map((note) => `${note}\n`).join(''));
  const { text, ...facts } = result;
  context.report(
    { ...(written ? { output, ...facts } : result), ...(difference !== undefined && { diff: difference }) },
    difference ?? (written ? `${output}\n` : text),
  );
}

async function unifiedDiff(before: string, after: string, name: string | undefined): Promise<string> {
  const { diff } = await import('../../prototxt/document/diff.js');
  return diff(before, after).unified({ name });
}
